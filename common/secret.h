/* SPDX-License-Identifier: GPL-2.0-or-later */
/* secret.h - the site secret and the keys made from it
 *
 * The secret is the same on every node, so what one node signs every node can
 * check.  Each use has its own key, derived with a label, so that a To-tag
 * (seen by everyone) says nothing about a probe's MAC.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	SECRET_LEN_MIN = 16,		/* bytes of text in the file */
	SECRET_LEN_MAX = 1024,
	SECRET_SIPHASH_KEY_LEN = 16,	/* crypto_shorthash_KEYBYTES */
	SECRET_MAC_KEY_LEN = 32,
	SECRET_MAC_LEN = 16,
	SECRET_AEAD_KEY_LEN = 32,	/* XChaCha20-Poly1305 */
};

/* The keys of one secret; wiped by secret_fini. */
struct secret_keys {
	uint8_t totag[SECRET_SIPHASH_KEY_LEN];	/* To-tags (reply.h) */
	uint8_t table[SECRET_SIPHASH_KEY_LEN];	/* hash tables, per site */
	uint8_t probe[SECRET_MAC_KEY_LEN];	/* probe headers (probe.h) */
	uint8_t script[SECRET_MAC_KEY_LEN];	/* rendered into kamailio.cfg */
	uint8_t agent[SECRET_MAC_KEY_LEN];	/* between health agents */
	uint8_t pass[SECRET_AEAD_KEY_LEN];	/* between modules (pass.h) */
	uint8_t token[SECRET_MAC_KEY_LEN];	/* flows, Vias (token.h) */
	uint8_t peer[SECRET_MAC_KEY_LEN];	/* KDMQ requests (peersig.h) */
};

/* Derive the keys of a secret's text: surrounding white space does not count.
 * Returns 0, EINVAL when the text is shorter than SECRET_LEN_MIN or longer
 * than SECRET_LEN_MAX, or EIO when libsodium cannot start.
 */
int secret_derive(struct secret_keys *out, struct slice text);

void secret_fini(struct secret_keys *keys);

/* SipHash-2-4 (64 bits, host-order number) of len bytes. */
uint64_t secret_siphash(const uint8_t key[static SECRET_SIPHASH_KEY_LEN],
			const void *bytes, size_t len);

/* A MAC of SECRET_MAC_LEN bytes: keyed BLAKE2b. */
void secret_mac(uint8_t out[static SECRET_MAC_LEN],
		const uint8_t key[static SECRET_MAC_KEY_LEN],
		const void *bytes, size_t len);

/* The same over several parts, each preceded by its length (64 bits, network
 * order), so that no two lists of parts look the same.
 */
void secret_mac_parts(uint8_t out[static SECRET_MAC_LEN],
		      const uint8_t key[static SECRET_MAC_KEY_LEN],
		      const struct slice *parts, size_t cnt);

/* Compare two MACs in constant time. */
bool secret_mac_equal(const uint8_t a[static SECRET_MAC_LEN],
		      const uint8_t b[static SECRET_MAC_LEN]);

#endif
