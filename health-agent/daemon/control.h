/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control.h - the control socket: one request a line, one reply line, closed
 *
 * A unix stream socket, mode 0660, for root and for the agent's own user and
 * group (SO_PEERCRED).  It takes the place of what an earlier agent has left
 * there, but not of a socket that answers; where it cannot be had it is tried
 * again each second.
 *
 * A request has CONTROL_REQUEST_MAX bytes at most.  Who has not finished within
 * CONTROL_SLOW_MS is closed; when all CONTROL_CLIENTS_MAX places are taken,
 * within CONTROL_FULL_MS, and others wait in the kernel's queue.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <sys/types.h>
#include <uv.h>

enum {
	CONTROL_REQUEST_MAX = 4096,	/* with its newline */
	CONTROL_CLIENTS_MAX = 64,
	CONTROL_SLOW_MS = 5000,
	CONTROL_FULL_MS = 250,
};

/* The reply to a request (len bytes, without newline) of a user, malloc'ed, one
 * line with its newline; NULL without memory.
 */
typedef char *control_request_h(void *arg, const char *text, size_t len,
				uid_t uid);

enum control_counter {
	CONTROL_REQUESTS,
	CONTROL_REFUSED,	/* another user */
	CONTROL_TOO_LONG,
	CONTROL_SLOW,		/* not finished in time */
	CONTROL_BROKEN,		/* closed or failed before its reply was out */
	CONTROL_COUNTERS
};

struct control;

/* The path is copied. */
int control_new(struct control **out, uv_loop_t *loop, const char *path,
		control_request_h *request, void *arg);

/* Each second: have the socket, if it is not there. */
void control_tick(struct control *c);

const uint64_t *control_counts(const struct control *c);
const char *control_counter_name(enum control_counter which);

/* Close what is in the loop and remove the socket; when the loop has run out,
 * free.  NULL is fine.
 */
void control_stop(struct control *c);
void control_free(struct control *c);

#endif
