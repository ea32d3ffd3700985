/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeper.h - the service manager NOTIFY_SOCKET names, played by the test */
#ifndef COMMON_TEST_KEEPER_H
#define COMMON_TEST_KEEPER_H

#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int keeper = -1;
static char keeper_address[128];

static inline int keeper_setup(void **state)
{
	struct sockaddr_un self = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa_family_t);

	(void)state;
	keeper = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (keeper < 0 || bind(keeper, (struct sockaddr *)&self, len) < 0)
		return -1;
	len = sizeof(self);
	if (getsockname(keeper, (struct sockaddr *)&self, &len) < 0)
		return -1;
	snprintf(keeper_address, sizeof(keeper_address), "@%.*s",
		 (int)(len - offsetof(struct sockaddr_un, sun_path) - 1),
		 self.sun_path + 1);
	setenv("NOTIFY_SOCKET", keeper_address, 1);
	return 0;
}

/* The next message is this one, with a descriptor or without; "": there is
 * none.
 */
static inline void keeper_check_heard(const char *want, int with_fd)
{
	char text[1024];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(keeper, &msg, MSG_CMSG_CLOEXEC);
	int fd = -1;

	text[n < 0 ? 0 : n] = '\0';
	if (n >= 0 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(int));
	assert_string_equal(text, want);
	assert_int_equal(n, want[0] ? (ssize_t)strlen(want) : -1);
	assert_int_equal(fd >= 0, with_fd);
	if (fd >= 0)
		close(fd);
}

#endif
