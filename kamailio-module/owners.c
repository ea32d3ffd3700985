/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/owners.h"

#include <assert.h>
#include <sched.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

enum {
	SET_ENTRIES = 5,
	SETS_MAX = 1 << 22,
	SPINS_BEFORE_YIELD = 1000,
	KEY_BYTES = 8,
};
static_assert(KEY_BYTES <= crypto_generichash_BYTES_MIN, "a part of the hash");

struct entry {
	uint64_t key;		/* 0: never used, or forgotten */
	uint32_t expires_s;
	uint32_t unused;
	char node[SITE_NAME_MAX];
};

struct set {
	_Atomic uint32_t spin;
	uint32_t unused[3];
	struct entry entries[SET_ENTRIES];
};
static_assert(sizeof(struct set) == 256, "a set is four cache lines");

struct owners {
	size_t bytes;
	struct set *sets;
	uint32_t mask;
	_Atomic uint64_t forgotten;
};

static uint32_t set_count(uint32_t entries)
{
	uint32_t n = 1;

	while (n < SETS_MAX && n * (uint64_t)SET_ENTRIES < entries)
		n *= 2;
	return n;
}

static size_t head_size(void)
{
	return (sizeof(struct owners) + 63) & ~(size_t)63;
}

size_t owners_size(uint32_t entries)
{
	return head_size() + set_count(entries) * sizeof(struct set);
}

struct owners *owners_init(void *mem, uint32_t entries)
{
	struct owners *o = mem;

	memset(mem, 0, owners_size(entries));
	o->bytes = owners_size(entries);
	o->sets = (void *)((char *)mem + head_size());
	o->mask = set_count(entries) - 1;
	return o;
}

static void hash_number(crypto_generichash_state *state, uint64_t value)
{
	uint8_t be[8];

	for (size_t i = sizeof(be); i-- > 0; value >>= 8)
		be[i] = (uint8_t)value;
	crypto_generichash_update(state, be, sizeof(be));
}

static void hash_text(crypto_generichash_state *state, struct slice text)
{
	hash_number(state, text.len);
	crypto_generichash_update(state, (const uint8_t *)text.text, text.len);
}

uint64_t owners_key(struct slice call_id, struct slice from_tag, uint32_t cseq)
{
	crypto_generichash_state state;
	uint8_t hash[crypto_generichash_BYTES_MIN];
	uint64_t key = 0;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	hash_text(&state, call_id);
	hash_text(&state, from_tag);
	hash_number(&state, cseq);
	crypto_generichash_final(&state, hash, sizeof(hash));
	for (size_t i = 0; i < KEY_BYTES; i++)
		key = key << 8 | hash[i];
	return key ? key : 1;
}

/* Held for a few instructions only; no call, no log, no wait inside. */
static struct set *set_lock(struct owners *o, uint64_t key)
{
	struct set *set = &o->sets[key & o->mask];
	unsigned spins = 0;

	while (atomic_exchange_explicit(&set->spin, 1, memory_order_acquire))
		if (++spins % SPINS_BEFORE_YIELD == 0)
			sched_yield();
	return set;
}

static void set_unlock(struct set *set)
{
	atomic_store_explicit(&set->spin, 0, memory_order_release);
}

static bool is_live(const struct entry *e, uint32_t now_s)
{
	return e->key && (int32_t)(e->expires_s - now_s) > 0;
}

static struct entry *set_find(struct set *set, uint64_t key, uint32_t now_s)
{
	for (unsigned i = 0; i < SET_ENTRIES; i++)
		if (set->entries[i].key == key &&
		    is_live(&set->entries[i], now_s))
			return &set->entries[i];
	return NULL;
}

/* An entry to write to: a dead one, else the one nearest to its expiry. */
static struct entry *set_take(struct owners *o, struct set *set, uint32_t now_s)
{
	struct entry *oldest = &set->entries[0];

	for (unsigned i = 0; i < SET_ENTRIES; i++) {
		struct entry *e = &set->entries[i];

		if (!is_live(e, now_s))
			return e;
		if ((int32_t)(e->expires_s - oldest->expires_s) < 0)
			oldest = e;
	}
	atomic_fetch_add_explicit(&o->forgotten, 1, memory_order_relaxed);
	return oldest;
}

static uint32_t seconds(uint64_t now_ms)
{
	return (uint32_t)(now_ms / 1000);
}

/* One try under the lock.  Writes when nobody has it, or who has it is `dead'
 * (a name, or NULL).  Else, and always, owner is who has it.
 */
static enum owners_claim try_claim(char owner[static SITE_NAME_MAX],
				   struct owners *o, uint64_t key,
				   const char node[static SITE_NAME_MAX],
				   const char *dead, uint32_t now_s)
{
	struct set *set = set_lock(o, key);
	struct entry *e = set_find(set, key, now_s);
	enum owners_claim result = OWNERS_NEW;

	if (e && !memcmp(e->node, node, SITE_NAME_MAX))
		result = OWNERS_AGAIN;
	else if (e && !(dead && !memcmp(e->node, dead, SITE_NAME_MAX)))
		result = OWNERS_OTHERS;
	if (!e)
		e = set_take(o, set, now_s);
	if (result != OWNERS_OTHERS) {
		e->key = key;
		e->expires_s = now_s + OWNERS_KEEP_MS / 1000 + 1;
		memcpy(e->node, node, SITE_NAME_MAX);
	}
	memcpy(owner, e->node, SITE_NAME_MAX);
	set_unlock(set);
	return result;
}

enum owners_claim owners_claim(char owner[static SITE_NAME_MAX],
			       struct owners *o, uint64_t key,
			       struct slice node, owners_alive_h *alive,
			       void *arg, uint64_t now_ms)
{
	char name[SITE_NAME_MAX], dead[SITE_NAME_MAX];
	enum owners_claim result;

	if (!site_name_copy(name, node)) {
		memset(owner, 0, SITE_NAME_MAX);
		return OWNERS_OTHERS;
	}
	result = try_claim(owner, o, key, name, NULL, seconds(now_ms));
	if (result != OWNERS_OTHERS || alive(arg, slice_str(owner)))
		return result;
	/* somebody quicker may have replaced the dead one by now */
	memcpy(dead, owner, sizeof(dead));
	return try_claim(owner, o, key, name, dead, seconds(now_ms));
}

bool owners_find(char owner[static SITE_NAME_MAX], struct owners *o,
		 uint64_t key, owners_alive_h *alive, void *arg,
		 uint64_t now_ms)
{
	struct set *set = set_lock(o, key);
	struct entry *e = set_find(set, key, seconds(now_ms));

	memset(owner, 0, SITE_NAME_MAX);
	if (e)
		memcpy(owner, e->node, SITE_NAME_MAX);
	set_unlock(set);
	if (owner[0] && !alive(arg, slice_str(owner)))
		owner[0] = '\0';
	return owner[0];
}

bool owners_forget(struct owners *o, uint64_t key, struct slice node)
{
	struct set *set = set_lock(o, key);
	bool had = false;

	for (unsigned i = 0; i < SET_ENTRIES; i++) {
		struct entry *e = &set->entries[i];

		if (e->key != key || strlen(e->node) != node.len ||
		    memcmp(e->node, node.text, node.len) != 0)
			continue;
		e->key = 0;
		had = true;
	}
	set_unlock(set);
	return had;
}

void owners_summarize(struct owners *o, uint64_t now_ms,
		      struct owners_summary *out)
{
	uint32_t now_s = seconds(now_ms);

	memset(out, 0, sizeof(*out));
	out->bytes = o->bytes;
	out->slots = (o->mask + 1) * SET_ENTRIES;
	out->forgotten = atomic_load(&o->forgotten);
	for (uint64_t at = 0; at <= o->mask; at++) {
		struct set *set = set_lock(o, at);

		for (unsigned i = 0; i < SET_ENTRIES; i++)
			if (is_live(&set->entries[i], now_s))
				out->used++;
		set_unlock(set);
	}
}
