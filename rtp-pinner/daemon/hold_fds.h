/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hold_fds.h - the keeper's side of fdstore.h: descriptors and notices
 *
 * A socket hears sd_notify() messages; only those of one process are heeded.
 * Descriptors it sends are kept, and handed to the next one it becomes.
 */
#ifndef DAEMON_HOLD_FDS_H
#define DAEMON_HOLD_FDS_H

#include <stdbool.h>
#include <sys/types.h>

struct hold_fds;

enum {
	HOLD_ADDRESS_MAX = 108,	/* of NOTIFY_SOCKET, with its NUL */
};

struct hold_notice {
	bool ready;		/* READY=1 was in it */
	bool stopping;
};

/* 0, ENOMEM, or why there is no socket. */
int hold_fds_new(struct hold_fds **out);
void hold_fds_free(struct hold_fds *fds);

/* To be polled for reading. */
int hold_fds_socket(const struct hold_fds *fds);

/* Read all that has come; messages of others than from are dropped.  out has
 * what was in any of them.
 */
void hold_fds_read(struct hold_fds *fds, pid_t from, struct hold_notice *out);

/* In the child, between fork and exec: put the descriptors where they belong
 * and say so in its environment.  0 or errno.
 */
int hold_fds_hand_over(const struct hold_fds *fds);

#endif
