/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hooks.h - the operator's program, run when a unit or the node changes
 *
 * Without a shell and without arguments; what happened is in its environment:
 * ANYCAST_WHAT (unit, node), ANYCAST_GROUP, ANYCAST_FAMILY (4, 6), ANYCAST_FROM
 * and ANYCAST_TO (states), ANYCAST_CAUSE, ANYCAST_NODE, ANYCAST_PREFIXES (with
 * blanks between), and PATH; nothing else.  Its output goes where the agent's
 * messages go.
 *
 * One at a time, in order, never waited for: the next waits in a queue of
 * HOOKS_QUEUE_MAX, which loses its oldest when it is full, so that the last
 * word always gets through.  Who takes longer than the timeout is killed with
 * all its children.
 */
#ifndef DAEMON_HOOKS_H
#define DAEMON_HOOKS_H

#include <stdint.h>
#include <uv.h>

enum { HOOKS_QUEUE_MAX = 64 };

struct hook_event {
	const char *what, *group, *from, *to, *cause, *node, *prefixes;
	uint8_t family;		/* enum addr_family */
};

struct hooks_stats {
	uint64_t run;		/* begun */
	uint64_t failed;	/* not begun, killed, or exit status not 0 */
	uint64_t timeouts;	/* ... of these, the killed */
	uint64_t dropped;	/* lost from the queue */
};

struct hooks;

int hooks_new(struct hooks **out, uv_loop_t *loop);

/* program: a path, copied; "": there is none, and events are forgotten. */
void hooks_set(struct hooks *h, const char *program, uint64_t timeout_ms);

void hooks_add(struct hooks *h, const struct hook_event *event);

const struct hooks_stats *hooks_stats(const struct hooks *h);

/* Close what is in the loop, and when it has run out, free; NULL is fine.  A
 * program that runs goes on.
 */
void hooks_stop(struct hooks *h);
void hooks_free(struct hooks *h);

#endif
