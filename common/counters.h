/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counters.h - named counters: one enum and one table per program
 *
 * A program declares `enum x_counter { ..., X_COUNTERS }` and a table of
 * names and help texts of the same size; counters live where the program
 * puts them (a static array, shared memory) and are relaxed atomics, so any
 * thread or process may add to them and any may read them.
 */
#ifndef COMMON_COUNTERS_H
#define COMMON_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct counter_desc {
	const char *name;	/* Prometheus style: lower case and '_' */
	const char *help;	/* one sentence, as printed in docs/operations.md */
};

struct counters {
	const struct counter_desc *desc;
	size_t cnt;
	_Atomic uint64_t *values;	/* borrowed: cnt of them, zeroed */
};

static inline void counter_add(const struct counters *c, unsigned which,
			       uint64_t n)
{
	atomic_fetch_add_explicit(&c->values[which], n, memory_order_relaxed);
}

static inline uint64_t counter_get(const struct counters *c, unsigned which)
{
	return atomic_load_explicit(&c->values[which], memory_order_relaxed);
}

/* Call line once per counter, "name value", in the order of the table. */
void counters_dump(const struct counters *c,
		   void (*line)(void *arg, const char *text), void *arg);

#endif
