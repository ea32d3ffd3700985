/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/keyed.h"

#include <sodium.h>
#include <string.h>

_Static_assert(KEYED_SEED_LEN == crypto_shorthash_KEYBYTES, "SipHash key");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES, "SipHash result");

static uint64_t hash(const struct keyed *k, const void *bytes, size_t len)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t n;

	crypto_shorthash(out, bytes, len, k->seed);
	memcpy(&n, out, sizeof(n));
	return n;
}

uint64_t keyed_hash(const struct keyed *k, struct slice text)
{
	uint64_t n = hash(k, text.len ? text.text : "", text.len);

	return n ? n : 1;
}

uint64_t text_hash(struct slice text)
{
	static const struct keyed fixed;

	return keyed_hash(&fixed, text);
}

uint64_t keyed_next(struct keyed *k)
{
	uint64_t n = ++k->drawn;

	return hash(k, &n, sizeof(n));
}
