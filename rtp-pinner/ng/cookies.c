/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/ng/cookies.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

struct key {
	uint8_t hash[crypto_shorthash_siphashx24_BYTES];
	struct addr from;
	uint16_t port;
};

struct entry {
	struct key key;
	uint32_t next; /* index + 1 of the next in the bucket */
	size_t offset;
	size_t len;
};

struct generation {
	struct entry *entries;
	uint32_t *buckets; /* index + 1; entries_max of them */
	char *bytes;
	size_t entry_cnt;
	size_t byte_cnt;
};

struct cookies {
	struct cookies_conf conf;
	uint8_t secret[crypto_shorthash_siphashx24_KEYBYTES];
	struct generation generations[2];
	unsigned young;
	uint64_t young_since_ms;
	size_t map_len; /* of one generation */
	char *map[2];
};

static size_t align_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static int generation_map(struct cookies *c, unsigned i)
{
	struct generation *g = &c->generations[i];
	size_t entries = align_up(c->conf.entries_max * sizeof(*g->entries));
	size_t buckets = align_up(c->conf.entries_max * sizeof(*g->buckets));
	void *map;

	c->map_len = entries + buckets + c->conf.bytes_max;
	map = mmap(NULL, c->map_len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return ENOMEM;

	c->map[i] = map;
	g->entries = map;
	g->buckets = (void *)(c->map[i] + entries);
	g->bytes = c->map[i] + entries + buckets;
	return 0;
}

int cookies_new(struct cookies **out, const struct cookies_conf *conf)
{
	struct cookies *c;
	int err;

	if (!out || !conf->entries_max || !conf->bytes_max ||
	    !conf->generation_ms || conf->entries_max >= UINT32_MAX)
		return EINVAL;

	c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	c->conf = *conf;
	err = getrandom(c->secret, sizeof(c->secret), 0) ==
			      (ssize_t)sizeof(c->secret)
		      ? 0
		      : EIO;
	if (!err)
		err = generation_map(c, 0);
	if (!err)
		err = generation_map(c, 1);

	if (err)
		cookies_free(c);
	else
		*out = c;
	return err;
}

void cookies_free(struct cookies *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (c->map[i])
			munmap(c->map[i], c->map_len);
	}
	free(c);
}

/* The old generation becomes the empty young one: its pages go back to the
 * kernel and read as zeros.
 */
static void turn(struct cookies *c, uint64_t now_ms)
{
	struct generation *g;

	c->young ^= 1;
	c->young_since_ms = now_ms;
	g = &c->generations[c->young];
	if (!g->entry_cnt)
		return;
	if (madvise(c->map[c->young], c->map_len, MADV_DONTNEED))
		memset(g->buckets, 0,
		       c->conf.entries_max * sizeof(*g->buckets));
	g->entry_cnt = 0;
	g->byte_cnt = 0;
}

void cookies_tick(struct cookies *c, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - c->young_since_ms;

	if (age_ms < c->conf.generation_ms)
		return;
	/* after a long pause both are over */
	if (age_ms >= 2 * c->conf.generation_ms)
		turn(c, now_ms);
	turn(c, now_ms);
}

static struct key key_of(const struct cookies *c, const struct addr *from,
			 uint16_t port, struct slice datagram)
{
	struct key key = { .from = *from, .port = port };

	crypto_shorthash_siphashx24(key.hash, (const uint8_t *)datagram.text,
				    datagram.len, c->secret);
	return key;
}

static bool key_equal(const struct key *a, const struct key *b)
{
	return !memcmp(a->hash, b->hash, sizeof(a->hash)) &&
	       a->port == b->port && addr_equal(&a->from, &b->from);
}

static size_t bucket_of(const struct cookies *c, const struct key *key)
{
	uint64_t n;

	memcpy(&n, key->hash, sizeof(n));
	return n % c->conf.entries_max;
}

static const struct entry *
find(const struct cookies *c, const struct generation *g, const struct key *key)
{
	uint32_t i = g->buckets[bucket_of(c, key)];

	while (i) {
		const struct entry *e = &g->entries[i - 1];

		if (key_equal(&e->key, key))
			return e;
		i = e->next;
	}
	return NULL;
}

bool cookies_find(struct slice *answer, const struct cookies *c,
		  const struct addr *from, uint16_t port, struct slice datagram)
{
	struct key key = key_of(c, from, port, datagram);

	for (unsigned i = 0; i < 2; i++) {
		const struct generation *g = &c->generations[c->young ^ i];
		const struct entry *e = find(c, g, &key);

		if (e) {
			*answer = slice_of(g->bytes + e->offset, e->len);
			return true;
		}
	}
	return false;
}

void cookies_put(struct cookies *c, const struct addr *from, uint16_t port,
		 struct slice datagram, struct slice answer, uint64_t now_ms)
{
	struct generation *g;
	struct entry *e;
	size_t bucket;

	if (answer.len > c->conf.bytes_max)
		return;
	cookies_tick(c, now_ms);
	g = &c->generations[c->young];
	if (g->entry_cnt == c->conf.entries_max ||
	    answer.len > c->conf.bytes_max - g->byte_cnt) {
		turn(c, now_ms);
		g = &c->generations[c->young];
	}

	e = &g->entries[g->entry_cnt++];
	e->key = key_of(c, from, port, datagram);
	e->offset = g->byte_cnt;
	e->len = answer.len;
	if (answer.len)
		memcpy(g->bytes + e->offset, answer.text, answer.len);
	g->byte_cnt += answer.len;
	bucket = bucket_of(c, &e->key);
	e->next = g->buckets[bucket];
	g->buckets[bucket] = (uint32_t)g->entry_cnt;
}

size_t cookies_count(const struct cookies *c)
{
	return c->generations[0].entry_cnt + c->generations[1].entry_cnt;
}
