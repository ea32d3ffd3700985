/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h - the requests a closed loop has outstanding
 *
 * A fixed number of slots; a slot holds one request from window_take() until
 * window_done() or until it has waited longer than the timeout.  Ids are
 * never used twice, so an answer that comes late, or a second time, finds no
 * slot and can never be counted as right.
 *
 * Pure: the time is an argument.
 */
#ifndef BENCH_WINDOW_H
#define BENCH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_slot {
	uint64_t id;
	uint64_t sent_ns;
	uint64_t key;		/* the caller's: who sends this request */
	bool busy;
};

struct window {
	struct window_slot *slots;	/* owned; slot_cnt of them */
	uint32_t *idle;			/* owned; a stack of slot numbers */
	size_t slot_cnt;
	size_t idle_cnt;
};

/* Returns 0, EINVAL for no slots, or ENOMEM. */
int window_init(struct window *w, size_t slot_cnt);
void window_fini(struct window *w);

/* Start a request in an idle slot, with a new id; NULL when all are busy. */
struct window_slot *window_take(struct window *w, uint64_t now_ns);

/* The outstanding request of this id, or NULL. */
struct window_slot *window_find(const struct window *w, uint64_t id);

void window_done(struct window *w, struct window_slot *slot);

/* Give up what waits for timeout_ns or longer.  Returns how many that were. */
size_t window_expire(struct window *w, uint64_t now_ns, uint64_t timeout_ns);

static inline size_t window_busy_cnt(const struct window *w)
{
	return w->slot_cnt - w->idle_cnt;
}

static inline size_t window_number(const struct window *w,
				   const struct window_slot *slot)
{
	return (size_t)(slot - w->slots);
}

#endif
