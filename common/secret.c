/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/secret.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

#include "common/be.h"

static_assert(SECRET_SIPHASH_KEY_LEN == crypto_shorthash_KEYBYTES, "");
static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "");
static_assert(SECRET_MAC_LEN >= crypto_generichash_BYTES_MIN, "");
static_assert(SECRET_MAC_KEY_LEN >= crypto_generichash_KEYBYTES_MIN, "");
static_assert(SECRET_MAC_KEY_LEN <= crypto_generichash_KEYBYTES_MAX, "");
static_assert(SECRET_AEAD_KEY_LEN ==
	      crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "");

/* One use's key: BLAKE2b of its label, keyed with the hash of the text.
 * A label never changes its meaning; a new use gets a new one.
 */
static void derive(uint8_t *out, size_t len, const uint8_t *root,
		   const char *label)
{
	crypto_generichash(out, len, (const uint8_t *)label, strlen(label),
			   root, crypto_generichash_BYTES);
}

int secret_derive(struct secret_keys *out, struct slice text)
{
	uint8_t root[crypto_generichash_BYTES];

	text = slice_trim(text);
	if (text.len < SECRET_LEN_MIN || text.len > SECRET_LEN_MAX)
		return EINVAL;
	if (sodium_init() < 0)
		return EIO;

	crypto_generichash(root, sizeof(root), (const uint8_t *)text.text,
			   text.len, NULL, 0);
	derive(out->totag, sizeof(out->totag), root, "sip-anycast totag 1");
	derive(out->table, sizeof(out->table), root, "sip-anycast table 1");
	derive(out->probe, sizeof(out->probe), root, "sip-anycast probe 1");
	derive(out->script, sizeof(out->script), root, "sip-anycast script 1");
	derive(out->agent, sizeof(out->agent), root, "sip-anycast agent 1");
	derive(out->pass, sizeof(out->pass), root, "sip-anycast pass 1");
	derive(out->token, sizeof(out->token), root, "sip-anycast token 1");
	derive(out->peer, sizeof(out->peer), root, "sip-anycast peer 1");
	sodium_memzero(root, sizeof(root));
	return 0;
}

void secret_fini(struct secret_keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

uint64_t secret_siphash(const uint8_t key[static SECRET_SIPHASH_KEY_LEN],
			const void *bytes, size_t len)
{
	uint8_t le[crypto_shorthash_BYTES];
	uint64_t value = 0;

	crypto_shorthash(le, bytes, len, key);
	for (size_t i = sizeof(le); i-- > 0;)
		value = value << 8 | le[i];
	return value;
}

void secret_mac(uint8_t out[static SECRET_MAC_LEN],
		const uint8_t key[static SECRET_MAC_KEY_LEN],
		const void *bytes, size_t len)
{
	crypto_generichash(out, SECRET_MAC_LEN, bytes, len, key,
			   SECRET_MAC_KEY_LEN);
}

void secret_mac_parts(uint8_t out[static SECRET_MAC_LEN],
		      const uint8_t key[static SECRET_MAC_KEY_LEN],
		      const struct slice *parts, size_t cnt)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, SECRET_MAC_KEY_LEN,
				SECRET_MAC_LEN);
	for (size_t i = 0; i < cnt; i++) {
		uint8_t len_be[8];

		be_put(len_be, parts[i].len, sizeof(len_be));
		crypto_generichash_update(&state, len_be, sizeof(len_be));
		crypto_generichash_update(&state,
					  (const uint8_t *)parts[i].text,
					  parts[i].len);
	}
	crypto_generichash_final(&state, out, SECRET_MAC_LEN);
	sodium_memzero(&state, sizeof(state));
}

bool secret_mac_equal(const uint8_t a[static SECRET_MAC_LEN],
		      const uint8_t b[static SECRET_MAC_LEN])
{
	return sodium_memcmp(a, b, SECRET_MAC_LEN) == 0;
}
