/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/follow.h"

#include <assert.h>
#include <string.h>

#include "kamailio-module/sets.h"

enum {
	SET_ENTRIES = 3,
	LIMIT_MAX = 63,
};

/* An entry's value is a transaction's answer, or a struct source. */
struct set {
	struct sets_head head;
	struct sets_entry entries[SET_ENTRIES];
};
static_assert(sizeof(struct set) == SETS_ALIGN, "a set is one cache line");

static const struct sets_shape shape = {
	.set_bytes = sizeof(struct set),
	.entry_bytes = sizeof(struct sets_entry),
	.entries = SET_ENTRIES,
	.sets_max = 1 << 28,
};

struct follow {
	struct follow_conf conf;
	size_t bytes;
	struct sets sources;
	struct sets transactions;
};

/* What the 32 value bits of a source say. */
struct source {
	enum follow_state state;
	unsigned unfollowed;	/* 0..LIMIT_MAX */
	uint32_t since_ms;	/* low 24 bits of the time: 4.6 hours */
};

enum { SINCE_MASK = 0xffffff };

static uint32_t source_pack(struct source s)
{
	return (uint32_t)s.state << 30 | (uint32_t)s.unfollowed << 24 |
	       (s.since_ms & SINCE_MASK);
}

static struct source source_unpack(uint32_t value)
{
	return (struct source){
		.state = (enum follow_state)(value >> 30),
		.unfollowed = value >> 24 & LIMIT_MAX,
		.since_ms = value & SINCE_MASK,
	};
}

const char *follow_state_name(enum follow_state state)
{
	static const char *const names[FOLLOW_STATES] = {
		[FOLLOW_NONE] = "unknown",
		[FOLLOW_TRYING] = "trying",
		[FOLLOW_FOLLOWS] = "follows",
		[FOLLOW_SERVED] = "served",
	};

	return state < FOLLOW_STATES ? names[state] : "unknown";
}

static uint32_t set_count(uint32_t entries)
{
	return sets_count(shape, entries);
}

static size_t head_size(void)
{
	return sets_aligned(sizeof(struct follow));
}

size_t follow_size(const struct follow_conf *conf)
{
	return head_size() + ((size_t)set_count(conf->sources) +
			      set_count(conf->transactions)) *
				     sizeof(struct set);
}

struct follow *follow_init(void *mem, const struct follow_conf *conf)
{
	struct follow *f = mem;
	struct set *sets = (void *)((char *)mem + head_size());

	memset(mem, 0, follow_size(conf));
	f->conf = *conf;
	if (f->conf.limit > LIMIT_MAX)
		f->conf.limit = LIMIT_MAX;
	f->bytes = follow_size(conf);
	f->sources.first = sets;
	f->sources.mask = set_count(conf->sources) - 1;
	f->transactions.first = sets + set_count(conf->sources);
	f->transactions.mask = set_count(conf->transactions) - 1;
	return f;
}

static uint64_t key_of(uint64_t hash)
{
	return hash ? hash : 1;
}

/* In whole seconds: an entry is kept as long as asked, or up to 1 s longer. */
static uint32_t expiry(uint32_t now_s, uint32_t keep_s)
{
	return now_s + keep_s + 1;
}

/* Decide for a source that is being redirected now; true: redirect. */
static bool source_step(struct source *s, const struct follow_conf *conf,
			uint32_t now_ms)
{
	uint32_t age_ms = (now_ms - s->since_ms) & SINCE_MASK;

	switch (s->state) {
	case FOLLOW_FOLLOWS:
		return true;
	case FOLLOW_SERVED:
		return false;
	case FOLLOW_TRYING:
		if (age_ms < conf->grace_ms)
			return true;	/* it may still be on its way */
		if (s->unfollowed >= conf->limit) {
			s->state = FOLLOW_SERVED;
			return false;
		}
		s->unfollowed++;
		s->since_ms = now_ms;
		return true;
	default:
		s->state = FOLLOW_TRYING;
		s->unfollowed = 1;
		s->since_ms = now_ms;
		return true;
	}
}

void follow_prefetch(const struct follow *f, uint64_t source,
		     uint64_t transaction)
{
	__builtin_prefetch(sets_of_key(&f->sources, shape, key_of(source)), 1);
	__builtin_prefetch(sets_of_key(&f->transactions, shape,
				       key_of(transaction)),
			   1);
}

bool follow_judge(struct follow *f, uint64_t source, uint64_t now_ms)
{
	uint64_t key = key_of(source);
	uint32_t now_s = sets_seconds(now_ms);
	struct set *set = sets_lock(&f->sources, shape, key);
	struct sets_entry *e = sets_find(set, shape, key, now_s);
	struct source s = { .state = FOLLOW_NONE };
	enum follow_state before;
	bool redirect;

	if (e)
		s = source_unpack(e->value);
	else
		e = sets_take(&f->sources, set, shape, now_s);
	before = s.state;
	redirect = source_step(&s, &f->conf, (uint32_t)now_ms);
	e->key = key;
	/* A follower proves itself at the node, not by being redirected: once
	 * it stops following it is forgotten and tried afresh.  Who is served
	 * cannot prove anything, so that has an end of its own: a 302 that was
	 * lost must not keep a busy trunk here for ever.
	 */
	if (s.state == FOLLOW_TRYING)
		e->expires_s = expiry(now_s, f->conf.expire_s);
	else if (s.state == FOLLOW_SERVED && before != FOLLOW_SERVED)
		e->expires_s = expiry(now_s, f->conf.retry_s);
	e->value = source_pack(s);
	sets_unlock(set);
	return redirect;
}

bool follow_mark(struct follow *f, uint64_t source, uint64_t now_ms)
{
	uint64_t key = key_of(source);
	uint32_t now_s = sets_seconds(now_ms);
	struct set *set = sets_lock(&f->sources, shape, key);
	struct sets_entry *e = sets_find(set, shape, key, now_s);

	if (e) {
		e->value = source_pack(
			(struct source){ .state = FOLLOW_FOLLOWS });
		e->expires_s = expiry(now_s, f->conf.expire_s);
	}
	sets_unlock(set);
	return e;
}

enum follow_state follow_find(struct follow *f, uint64_t source,
			      uint64_t now_ms)
{
	uint64_t key = key_of(source);
	struct set *set = sets_lock(&f->sources, shape, key);
	struct sets_entry *e = sets_find(set, shape, key, sets_seconds(now_ms));
	enum follow_state state =
		e ? source_unpack(e->value).state : FOLLOW_NONE;

	sets_unlock(set);
	return state;
}

bool follow_recall(struct follow *f, uint64_t transaction, uint64_t now_ms,
		   uint32_t *answer)
{
	uint64_t key = key_of(transaction);
	struct set *set = sets_lock(&f->transactions, shape, key);
	struct sets_entry *e = sets_find(set, shape, key, sets_seconds(now_ms));
	bool found = e;

	if (found)
		*answer = e->value;
	sets_unlock(set);
	return found;
}

void follow_remember(struct follow *f, uint64_t transaction, uint64_t now_ms,
		     uint32_t answer)
{
	uint64_t key = key_of(transaction);
	uint32_t now_s = sets_seconds(now_ms);
	struct set *set = sets_lock(&f->transactions, shape, key);
	struct sets_entry *e;

	/* the first answer stays */
	if (!sets_find(set, shape, key, now_s)) {
		e = sets_take(&f->transactions, set, shape, now_s);
		e->key = key;
		e->expires_s = expiry(now_s, FOLLOW_MEMO_MS / 1000);
		e->value = answer;
	}
	sets_unlock(set);
}

void follow_summarize(struct follow *f, uint64_t now_ms,
		      struct follow_summary *out)
{
	uint32_t now_s = sets_seconds(now_ms);

	memset(out, 0, sizeof(*out));
	out->bytes = f->bytes;
	out->source_slots = (f->sources.mask + 1) * SET_ENTRIES;
	out->transaction_slots = (f->transactions.mask + 1) * SET_ENTRIES;
	out->sources_forgotten = atomic_load(&f->sources.forgotten);
	out->transactions_forgotten = atomic_load(&f->transactions.forgotten);
	for (uint64_t at = 0; at <= f->sources.mask; at++) {
		struct set *set = sets_lock(&f->sources, shape, at);

		for (unsigned i = 0; i < SET_ENTRIES; i++)
			if (sets_is_live(&set->entries[i], now_s))
				out->sources[source_unpack(
						set->entries[i].value)
						     .state]++;
		sets_unlock(set);
	}
}
