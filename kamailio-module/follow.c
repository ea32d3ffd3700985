/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/follow.h"

#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum {
	SET_ENTRIES = 3,
	LIMIT_MAX = 63,
	SPINS_BEFORE_YIELD = 1000,
};

struct entry {
	uint64_t key;		/* 0: never used */
	uint32_t expires_s;
	uint32_t value;		/* a transaction's answer, or struct source */
};

struct set {
	_Atomic uint32_t spin;
	uint32_t unused[3];
	struct entry entries[SET_ENTRIES];
};
static_assert(sizeof(struct set) == 64, "a set is one cache line");

struct table {
	struct set *sets;
	uint32_t mask;
	_Atomic uint64_t forgotten;
};

struct follow {
	struct follow_conf conf;
	size_t bytes;
	struct table sources;
	struct table transactions;
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
	uint32_t n = 1;

	while (n < (1U << 28) && n * (uint64_t)SET_ENTRIES < entries)
		n *= 2;
	return n;
}

static size_t head_size(void)
{
	return (sizeof(struct follow) + 63) & ~(size_t)63;
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
	f->sources.sets = sets;
	f->sources.mask = set_count(conf->sources) - 1;
	f->transactions.sets = sets + set_count(conf->sources);
	f->transactions.mask = set_count(conf->transactions) - 1;
	return f;
}

/* Held for a few instructions only; no call, no log, no wait inside. */
static struct set *set_lock(struct table *t, uint64_t key)
{
	struct set *set = &t->sets[key & t->mask];
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
static struct entry *set_take(struct table *t, struct set *set, uint32_t now_s)
{
	struct entry *oldest = &set->entries[0];

	for (unsigned i = 0; i < SET_ENTRIES; i++) {
		struct entry *e = &set->entries[i];

		if (!is_live(e, now_s))
			return e;
		if ((int32_t)(e->expires_s - oldest->expires_s) < 0)
			oldest = e;
	}
	atomic_fetch_add_explicit(&t->forgotten, 1, memory_order_relaxed);
	return oldest;
}

static uint64_t key_of(uint64_t hash)
{
	return hash ? hash : 1;
}

static uint32_t seconds(uint64_t now_ms)
{
	return (uint32_t)(now_ms / 1000);
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
	__builtin_prefetch(&f->sources.sets[key_of(source) & f->sources.mask],
			   1);
	__builtin_prefetch(&f->transactions.sets[key_of(transaction) &
						 f->transactions.mask],
			   1);
}

bool follow_judge(struct follow *f, uint64_t source, uint64_t now_ms)
{
	uint64_t key = key_of(source);
	uint32_t now_s = seconds(now_ms);
	struct set *set = set_lock(&f->sources, key);
	struct entry *e = set_find(set, key, now_s);
	struct source s = { .state = FOLLOW_NONE };
	enum follow_state before;
	bool redirect;

	if (e)
		s = source_unpack(e->value);
	else
		e = set_take(&f->sources, set, now_s);
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
	set_unlock(set);
	return redirect;
}

bool follow_mark(struct follow *f, uint64_t source, uint64_t now_ms)
{
	uint64_t key = key_of(source);
	uint32_t now_s = seconds(now_ms);
	struct set *set = set_lock(&f->sources, key);
	struct entry *e = set_find(set, key, now_s);

	if (e) {
		e->value = source_pack(
			(struct source){ .state = FOLLOW_FOLLOWS });
		e->expires_s = expiry(now_s, f->conf.expire_s);
	}
	set_unlock(set);
	return e;
}

enum follow_state follow_find(struct follow *f, uint64_t source,
			      uint64_t now_ms)
{
	uint64_t key = key_of(source);
	struct set *set = set_lock(&f->sources, key);
	struct entry *e = set_find(set, key, seconds(now_ms));
	enum follow_state state =
		e ? source_unpack(e->value).state : FOLLOW_NONE;

	set_unlock(set);
	return state;
}

bool follow_recall(struct follow *f, uint64_t transaction, uint64_t now_ms,
		   uint32_t *answer)
{
	uint64_t key = key_of(transaction);
	struct set *set = set_lock(&f->transactions, key);
	struct entry *e = set_find(set, key, seconds(now_ms));
	bool found = e;

	if (found)
		*answer = e->value;
	set_unlock(set);
	return found;
}

void follow_remember(struct follow *f, uint64_t transaction, uint64_t now_ms,
		     uint32_t answer)
{
	uint64_t key = key_of(transaction);
	uint32_t now_s = seconds(now_ms);
	struct set *set = set_lock(&f->transactions, key);

	if (!set_find(set, key, now_s)) {	/* the first answer stays */
		struct entry *e = set_take(&f->transactions, set, now_s);

		e->key = key;
		e->expires_s = expiry(now_s, FOLLOW_MEMO_MS / 1000);
		e->value = answer;
	}
	set_unlock(set);
}

void follow_summarize(struct follow *f, uint64_t now_ms,
		      struct follow_summary *out)
{
	uint32_t now_s = seconds(now_ms);

	memset(out, 0, sizeof(*out));
	out->bytes = f->bytes;
	out->source_slots = (f->sources.mask + 1) * SET_ENTRIES;
	out->transaction_slots = (f->transactions.mask + 1) * SET_ENTRIES;
	out->sources_forgotten = atomic_load(&f->sources.forgotten);
	out->transactions_forgotten = atomic_load(&f->transactions.forgotten);
	for (uint64_t at = 0; at <= f->sources.mask; at++) {
		struct set *set = set_lock(&f->sources, at);

		for (unsigned i = 0; i < SET_ENTRIES; i++)
			if (is_live(&set->entries[i], now_s))
				out->sources[source_unpack(
						set->entries[i].value)
						     .state]++;
		set_unlock(set);
	}
}
