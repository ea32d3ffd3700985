/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/hold_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/log.h"
#include "rtp-pinner/daemon/fdstore.h"

enum {
	FIRST = 3,		/* where sd_listen_fds(3) looks */
	/* ours lie above all places of the child's, so that none is in the
	 * way when they are moved there
	 */
	OURS = FIRST + FDSTORE_MAX,
	MESSAGE_MAX = 4096,
};

struct held {
	char name[FDSTORE_NAME_MAX];
	int fd;
};

struct hold_fds {
	int socket;
	char address[HOLD_ADDRESS_MAX];	/* @ in place of the leading NUL */
	struct held held[FDSTORE_MAX];
	size_t cnt;
};

static int open_socket(struct hold_fds *fds)
{
	struct sockaddr_un self = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa_family_t);	/* the kernel finds a name */
	size_t name_len;
	int on = 1;

	fds->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			     0);
	if (fds->socket < 0 ||
	    setsockopt(fds->socket, SOL_SOCKET, SO_PASSCRED, &on,
		       sizeof(on)) < 0 ||
	    bind(fds->socket, (struct sockaddr *)&self, len) < 0)
		return errno;
	len = sizeof(self);
	if (getsockname(fds->socket, (struct sockaddr *)&self, &len) < 0)
		return errno;
	name_len = len - offsetof(struct sockaddr_un, sun_path);
	if (name_len < 2 || name_len >= sizeof(fds->address))
		return ENAMETOOLONG;
	memcpy(fds->address, self.sun_path, name_len);
	fds->address[0] = '@';
	fds->address[name_len] = '\0';
	return 0;
}

int hold_fds_new(struct hold_fds **out)
{
	struct hold_fds *fds = calloc(1, sizeof(*fds));
	int err;

	*out = NULL;
	if (!fds)
		return ENOMEM;
	err = open_socket(fds);
	if (err) {
		hold_fds_free(fds);
		return err;
	}
	*out = fds;
	return 0;
}

void hold_fds_free(struct hold_fds *fds)
{
	if (!fds)
		return;
	for (size_t i = 0; i < fds->cnt; i++)
		close(fds->held[i].fd);
	if (fds->socket >= 0)
		close(fds->socket);
	free(fds);
}

int hold_fds_socket(const struct hold_fds *fds)
{
	return fds->socket;
}

/* ---- messages */

struct message {
	bool store;
	bool remove;
	struct slice name;
	struct hold_notice notice;
};

static void parse(struct message *out, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);

	*out = (struct message){ .name = slice_str("stored") };
	while (cursor_left(&c)) {
		struct slice line = cursor_until(&c, "\n");

		if (cursor_left(&c))
			cursor_byte(&c);
		if (slice_equal(line, slice_str("FDSTORE=1")))
			out->store = true;
		else if (slice_equal(line, slice_str("FDSTOREREMOVE=1")))
			out->remove = true;
		else if (slice_equal(line, slice_str("READY=1")))
			out->notice.ready = true;
		else if (slice_equal(line, slice_str("STOPPING=1")))
			out->notice.stopping = true;
		else if (line.len > 7 && memcmp(line.text, "FDNAME=", 7) == 0)
			out->name = slice_of(line.text + 7, line.len - 7);
	}
	if (out->name.len >= FDSTORE_NAME_MAX ||
	    memchr(out->name.text, ':', out->name.len))
		out->name = slice_str("stored");
}

static void remove_named(struct hold_fds *fds, struct slice name)
{
	for (size_t i = fds->cnt; i > 0; i--) {
		struct held *h = &fds->held[i - 1];

		if (!slice_equal(slice_str(h->name), name))
			continue;
		close(h->fd);
		*h = fds->held[--fds->cnt];
	}
}

static bool is_held(const struct hold_fds *fds, struct slice name, int fd)
{
	pid_t pid = getpid();

	for (size_t i = 0; i < fds->cnt; i++) {
		if (slice_equal(slice_str(fds->held[i].name), name) &&
		    syscall(SYS_kcmp, pid, pid, KCMP_FILE,
			    (unsigned long)fds->held[i].fd,
			    (unsigned long)fd) == 0)
			return true;
	}
	return false;
}

/* Takes the descriptor. */
static void hold(struct hold_fds *fds, struct slice name, int fd)
{
	struct held *h = &fds->held[fds->cnt];
	int above;

	if (is_held(fds, name, fd)) {
		close(fd);
		return;
	}
	above = fds->cnt < FDSTORE_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, OURS) : -1;
	close(fd);
	if (above < 0) {
		log_warn("hold: %.*s cannot be kept (%s)", (int)name.len,
			 name.text, fds->cnt < FDSTORE_MAX ? strerror(errno)
							   : "too many");
		return;
	}
	*h = (struct held){ .fd = above };
	memcpy(h->name, name.text, name.len);
	fds->cnt++;
}

/* Everything a message brings along. */
struct received {
	pid_t pid;		/* 0: not said */
	int fds[16];
	size_t fd_cnt;
};

static void take_control(struct received *out, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS &&
		    len >= sizeof(struct ucred)) {
			struct ucred cred;

			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			out->pid = cred.pid;
		} else if (c->cmsg_type == SCM_RIGHTS &&
			   len <= sizeof(out->fds)) {
			memcpy(out->fds, CMSG_DATA(c), len);
			out->fd_cnt = len / sizeof(int);
		}
	}
}

/* False when there is none. */
static bool read_one(struct hold_fds *fds, pid_t from, struct hold_notice *out)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct ucred)) +
			  CMSG_SPACE(16 * sizeof(int))];
	} control;
	char text[MESSAGE_MAX];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct received got = { 0 };
	struct message m;
	ssize_t n = recvmsg(fds->socket, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EINTR;
	take_control(&got, &msg);
	parse(&m, slice_of(text, (size_t)n));
	if (got.pid != from || (msg.msg_flags & MSG_TRUNC))
		m = (struct message){ 0 };
	if (m.remove)
		remove_named(fds, m.name);
	for (size_t i = 0; i < got.fd_cnt; i++) {
		if (m.store)
			hold(fds, m.name, got.fds[i]);
		else
			close(got.fds[i]);
	}
	out->ready = out->ready || m.notice.ready;
	out->stopping = out->stopping || m.notice.stopping;
	return true;
}

void hold_fds_read(struct hold_fds *fds, pid_t from, struct hold_notice *out)
{
	*out = (struct hold_notice){ 0 };
	while (read_one(fds, from, out))
		;
}

/* ---- the child */

int hold_fds_hand_over(const struct hold_fds *fds)
{
	static char names[FDSTORE_MAX * FDSTORE_NAME_MAX];
	char number[32];
	size_t len = 0;

	for (size_t i = 0; i < fds->cnt; i++) {
		if (dup2(fds->held[i].fd, FIRST + (int)i) < 0)
			return errno;
		len += (size_t)snprintf(names + len, sizeof(names) - len,
					"%s%s", i ? ":" : "",
					fds->held[i].name);
	}
	if (fds->cnt) {
		snprintf(number, sizeof(number), "%zu", fds->cnt);
		setenv("LISTEN_FDS", number, 1);
		setenv("LISTEN_FDNAMES", names, 1);
		snprintf(number, sizeof(number), "%d", (int)getpid());
		setenv("LISTEN_PID", number, 1);
	}
	snprintf(number, sizeof(number), "%d", FDSTORE_MAX);
	setenv("FDSTORE", number, 1);
	setenv("NOTIFY_SOCKET", fds->address, 1);
	return 0;
}
