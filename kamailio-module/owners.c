/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/owners.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "common/be.h"
#include "kamailio-module/sets.h"

enum {
	SET_ENTRIES = 5,
	KEY_BYTES = 8,
};
static_assert(KEY_BYTES <= crypto_generichash_BYTES_MIN, "a part of the hash");

struct entry {
	struct sets_entry head;
	char node[SITE_NAME_MAX];
};

struct set {
	struct sets_head head;
	struct entry entries[SET_ENTRIES];
};
static_assert(sizeof(struct set) == 4 * SETS_ALIGN, "four cache lines");

static const struct sets_shape shape = {
	.set_bytes = sizeof(struct set),
	.entry_bytes = sizeof(struct entry),
	.entries = SET_ENTRIES,
	.sets_max = 1 << 22,
};

struct owners {
	size_t bytes;
	struct sets table;
};

static size_t head_size(void)
{
	return sets_aligned(sizeof(struct owners));
}

size_t owners_size(uint32_t entries)
{
	return head_size() + sets_count(shape, entries) * sizeof(struct set);
}

struct owners *owners_init(void *mem, uint32_t entries)
{
	struct owners *o = mem;

	memset(mem, 0, owners_size(entries));
	o->bytes = owners_size(entries);
	o->table.first = (char *)mem + head_size();
	o->table.mask = sets_count(shape, entries) - 1;
	return o;
}

static void hash_number(crypto_generichash_state *state, uint64_t value)
{
	uint8_t be[8];

	be_put(be, value, sizeof(be));
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

/* One try under the lock.  Writes when nobody has it, or who has it is `dead'
 * (a name, or NULL).  Else, and always, owner is who has it.
 */
static enum owners_claim try_claim(char owner[static SITE_NAME_MAX],
				   struct owners *o, uint64_t key,
				   const char node[static SITE_NAME_MAX],
				   const char *dead, uint32_t now_s)
{
	struct set *set = sets_lock(&o->table, shape, key);
	struct entry *e = sets_find(set, shape, key, now_s);
	enum owners_claim result = OWNERS_NEW;

	if (e && !memcmp(e->node, node, SITE_NAME_MAX))
		result = OWNERS_AGAIN;
	else if (e && !(dead && !memcmp(e->node, dead, SITE_NAME_MAX)))
		result = OWNERS_OTHERS;
	if (!e)
		e = sets_take(&o->table, set, shape, now_s);
	if (result != OWNERS_OTHERS) {
		e->head.key = key;
		e->head.expires_s = now_s + OWNERS_KEEP_MS / 1000 + 1;
		memcpy(e->node, node, SITE_NAME_MAX);
	}
	memcpy(owner, e->node, SITE_NAME_MAX);
	sets_unlock(set);
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
	result = try_claim(owner, o, key, name, NULL, sets_seconds(now_ms));
	if (result != OWNERS_OTHERS || alive(arg, slice_str(owner)))
		return result;
	/* somebody quicker may have replaced the dead one by now */
	memcpy(dead, owner, sizeof(dead));
	return try_claim(owner, o, key, name, dead, sets_seconds(now_ms));
}

bool owners_find(char owner[static SITE_NAME_MAX], struct owners *o,
		 uint64_t key, owners_alive_h *alive, void *arg,
		 uint64_t now_ms)
{
	struct set *set = sets_lock(&o->table, shape, key);
	struct entry *e = sets_find(set, shape, key, sets_seconds(now_ms));

	memset(owner, 0, SITE_NAME_MAX);
	if (e)
		memcpy(owner, e->node, SITE_NAME_MAX);
	sets_unlock(set);
	if (owner[0] && !alive(arg, slice_str(owner)))
		owner[0] = '\0';
	return owner[0];
}

bool owners_forget(struct owners *o, uint64_t key, struct slice node)
{
	struct set *set = sets_lock(&o->table, shape, key);
	bool had = false;

	for (unsigned i = 0; i < SET_ENTRIES; i++) {
		struct entry *e = &set->entries[i];

		if (e->head.key != key || strlen(e->node) != node.len ||
		    memcmp(e->node, node.text, node.len) != 0)
			continue;
		e->head.key = 0;
		had = true;
	}
	sets_unlock(set);
	return had;
}

void owners_summarize(struct owners *o, uint64_t now_ms,
		      struct owners_summary *out)
{
	uint32_t now_s = sets_seconds(now_ms);

	memset(out, 0, sizeof(*out));
	out->bytes = o->bytes;
	out->slots = (o->table.mask + 1) * SET_ENTRIES;
	out->forgotten = atomic_load(&o->table.forgotten);
	for (uint64_t at = 0; at <= o->table.mask; at++) {
		struct set *set = sets_lock(&o->table, shape, at);

		for (unsigned i = 0; i < SET_ENTRIES; i++)
			if (sets_is_live(&set->entries[i].head, now_s))
				out->used++;
		sets_unlock(set);
	}
}
