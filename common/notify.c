/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"

static uint64_t number_of(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t number;

	if (!text || slice_u64(&number, slice_str(text), UINT64_MAX))
		return 0;
	return number;
}

/* A path, or @name in the abstract namespace. */
static void open_socket(struct notify *n, const char *path, unsigned flags)
{
	int nonblock = flags & NOTIFY_NONBLOCK ? SOCK_NONBLOCK : 0;
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 ||
	    len >= sizeof(n->to.sun_path)) {
		log_warn("notify: NOTIFY_SOCKET=%s is no socket's address "
			 "(notices go nowhere)", path);
		return;
	}
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, path, len);
	if (path[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | nonblock, 0);
	if (n->fd < 0)
		log_warn("notify: no socket for notices: %s", strerror(errno));
}

void notify_open(struct notify *n, unsigned flags)
{
	const char *path = getenv("NOTIFY_SOCKET");
	uint64_t pid = number_of("WATCHDOG_PID");

	*n = (struct notify){ .fd = -1 };
	if (path)
		open_socket(n, path, flags);
	if (n->fd >= 0 && ((flags & NOTIFY_ANY_PID) || !pid ||
			   pid == (uint64_t)getpid()))
		n->watchdog_ms = number_of("WATCHDOG_USEC") / 2000;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

int notify_send(const struct notify *n, const char *state, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec text = { (void *)(uintptr_t)state, strlen(state) };
	struct msghdr msg = {
		.msg_name = (void *)(uintptr_t)&n->to,
		.msg_namelen = n->to_len, .msg_iov = &text, .msg_iovlen = 1,
	};

	if (n->fd < 0)
		return ENOENT;
	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	while (sendmsg(n->fd, &msg, MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

void notify_forget(void)
{
	static const char *const variables[] = {
		"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
		"WATCHDOG_PID", "WATCHDOG_USEC", "FDSTORE",
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
}
