/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.h - notices to who keeps this program: sd_notify(3) by itself
 *
 * Datagrams to the socket that NOTIFY_SOCKET names, without libsystemd.  Where
 * nobody asked for notices, sending is nothing.
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
	/* WATCHDOG_USEC counts whoever WATCHDOG_PID is: a child feeds for the
	 * whole service (NotifyAccess=all)
	 */
	NOTIFY_ANY_PID = 1,
	/* a notice that would have to wait is lost: EAGAIN */
	NOTIFY_NONBLOCK = 2,
};

struct notify {
	int fd;			/* -1: nobody hears notices */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ms;	/* how often WATCHDOG=1 is due: half of what
				 * the keeper waits; 0: never, as where
				 * nobody hears it */
};

/* What the environment says; it is left as it is. */
void notify_open(struct notify *n, unsigned flags);
void notify_close(struct notify *n);

/* "READY=1", "STATUS=...", several with newlines between them; fd, if not -1,
 * goes with it.  0, ENOENT nobody asked, or an errno.
 */
int notify_send(const struct notify *n, const char *state, int fd);

/* Take what a keeper has put there out of the environment, so that no child
 * inherits it.
 */
void notify_forget(void);

#endif
