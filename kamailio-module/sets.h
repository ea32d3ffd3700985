/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sets.h - a bounded table that processes share: sets of a few entries
 *
 * A key chooses one set, which has a spin bit and whole cache lines of its own.
 * A set that is full forgets its entry nearest to expiry, which is counted.  So
 * the memory never grows, and no lock is waited for but a set's own, which is
 * held for a few instructions only: no call, no log, no wait inside.
 *
 * The caller lays out a set: struct sets_head, then entries of one size that
 * begin with struct sets_entry.  All is zero at first.  Time is in seconds of
 * one clock and may wrap.  Inline and unrolled, as the shape is a constant of
 * each caller and an INVITE waits for it.
 */
#ifndef KAMAILIO_MODULE_SETS_H
#define KAMAILIO_MODULE_SETS_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SETS_ALIGN = 64,		/* a cache line */
	SETS_SPINS_BEFORE_YIELD = 1000,
};

struct sets_head {
	_Atomic uint32_t spin;
	uint32_t unused[3];
};

struct sets_entry {
	uint64_t key;		/* 0: never used, or forgotten */
	uint32_t expires_s;
	uint32_t value;		/* the caller's */
};

struct sets_shape {
	uint32_t set_bytes;
	uint32_t entry_bytes;
	uint32_t entries;	/* in a set */
	uint32_t sets_max;	/* a power of two */
};

struct sets {
	void *first;
	uint32_t mask;		/* their count - 1 */
	_Atomic uint64_t forgotten;	/* live entries pushed out */
};

/* How many sets have room for so many entries: a power of two. */
static inline uint32_t sets_count(struct sets_shape shape, uint32_t entries)
{
	uint32_t n = 1;

	while (n < shape.sets_max && n * (uint64_t)shape.entries < entries)
		n *= 2;
	return n;
}

/* Bytes of what stands before the first set. */
static inline size_t sets_aligned(size_t bytes)
{
	return (bytes + SETS_ALIGN - 1) & ~(size_t)(SETS_ALIGN - 1);
}

static inline uint32_t sets_seconds(uint64_t now_ms)
{
	return (uint32_t)(now_ms / 1000);
}

static inline bool sets_is_live(const struct sets_entry *e, uint32_t now_s)
{
	return e->key && (int32_t)(e->expires_s - now_s) > 0;
}

static inline void *sets_of_key(const struct sets *t, struct sets_shape shape,
				uint64_t key)
{
	return (char *)t->first + (key & t->mask) * shape.set_bytes;
}

static inline void *sets_entry_at(void *set, struct sets_shape shape,
				  uint32_t i)
{
	return (char *)set + sizeof(struct sets_head) +
	       (size_t)i * shape.entry_bytes;
}

/* The key's set, locked. */
static inline void *sets_lock(const struct sets *t, struct sets_shape shape,
			      uint64_t key)
{
	struct sets_head *head = sets_of_key(t, shape, key);
	unsigned spins = 0;

	while (atomic_exchange_explicit(&head->spin, 1, memory_order_acquire))
		if (++spins % SETS_SPINS_BEFORE_YIELD == 0)
			sched_yield();
	return head;
}

static inline void sets_unlock(void *set)
{
	struct sets_head *head = set;

	atomic_store_explicit(&head->spin, 0, memory_order_release);
}

/* The key's live entry in its locked set, or NULL. */
static inline void *sets_find(void *set, struct sets_shape shape, uint64_t key,
			      uint32_t now_s)
{
#pragma GCC unroll 8
	for (uint32_t i = 0; i < shape.entries; i++) {
		struct sets_entry *e = sets_entry_at(set, shape, i);

		if (e->key == key && sets_is_live(e, now_s))
			return e;
	}
	return NULL;
}

/* An entry to write to: a dead one, else the one nearest to its expiry. */
static inline void *sets_take(struct sets *t, void *set,
			      struct sets_shape shape, uint32_t now_s)
{
	struct sets_entry *oldest = sets_entry_at(set, shape, 0);

#pragma GCC unroll 8
	for (uint32_t i = 0; i < shape.entries; i++) {
		struct sets_entry *e = sets_entry_at(set, shape, i);

		if (!sets_is_live(e, now_s))
			return e;
		if ((int32_t)(e->expires_s - oldest->expires_s) < 0)
			oldest = e;
	}
	atomic_fetch_add_explicit(&t->forgotten, 1, memory_order_relaxed);
	return oldest;
}

#endif
