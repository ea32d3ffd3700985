/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	LINK_MAGIC = 0x68616c6b,	/* "hlak" */
	LINK_VERSION = 1,		/* of the structs of link.h */
};

static size_t length_of(enum link_type type)
{
	switch (type) {
	case LINK_WANT:
		return sizeof(struct link_want);
	case LINK_STATUS:
		return sizeof(struct link_status);
	case LINK_BEAT:
	case LINK_RESTART:
	case LINK_STOP:
	case LINK_TYPES:
		break;
	}
	return sizeof(struct link_head);
}

int link_send(int fd, const void *message, size_t len, enum link_type type)
{
	struct link_head head = {
		.magic = LINK_MAGIC, .version = LINK_VERSION,
		.type = (uint16_t)type,
	};
	struct iovec iov[2] = { { &head, sizeof(head) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };

	if (len > sizeof(head)) {
		iov[1].iov_base = (char *)(uintptr_t)message + sizeof(head);
		iov[1].iov_len = len - sizeof(head);
		msg.msg_iovlen = 2;
	}
	while (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == ENOBUFS || errno == EWOULDBLOCK)
			return EAGAIN;
		return errno == ECONNRESET || errno == ENOTCONN ? EPIPE : errno;
	}
	return 0;
}

static bool set_is_valid(const struct route_set *set)
{
	if (set->cnt > ROUTE_PREFIXES_MAX)
		return false;
	for (size_t i = 0; i < set->cnt; i++) {
		if (set->routes[i].community_cnt > ROUTE_COMMUNITIES_MAX ||
		    set->routes[i].large_cnt > ROUTE_LARGE_MAX ||
		    set->routes[i].prepend > ROUTE_PREPEND_MAX)
			return false;
	}
	return true;
}

static bool status_is_valid(const struct link_status *s)
{
	if (s->route_cnt > ROUTE_PREFIXES_MAX ||
	    s->session_cnt > LINK_SESSIONS_MAX ||
	    !memchr(s->output, '\0', sizeof(s->output)) ||
	    !memchr(s->output_text, '\0', sizeof(s->output_text)))
		return false;
	for (size_t i = 0; i < s->session_cnt; i++) {
		if (!memchr(s->sessions[i].reason, '\0', LINK_TEXT_MAX))
			return false;
	}
	return set_is_valid(&s->found);
}

static bool is_valid(const union link_message *m, size_t len)
{
	if (len < sizeof(m->head) || m->head.magic != LINK_MAGIC ||
	    m->head.version != LINK_VERSION || m->head.type >= LINK_TYPES ||
	    len != length_of(m->head.type))
		return false;
	if (m->head.type == LINK_WANT)
		return set_is_valid(&m->want.set);
	return m->head.type != LINK_STATUS || status_is_valid(&m->status);
}

int link_receive(int fd, union link_message *out)
{
	ssize_t n;

	do {
		n = recv(fd, out, sizeof(*out), MSG_DONTWAIT | MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? EAGAIN : errno;
	if (n == 0)
		return ECONNRESET;
	return is_valid(out, (size_t)n) ? 0 : EBADMSG;
}

const char *link_proof_name(enum link_proof proof)
{
	static const char *const names[] = {
		[LINK_PROOF_NONE] = "none",
		[LINK_PROOF_ADVERTISED] = "advertised",
		[LINK_PROOF_PENDING] = "pending",
		[LINK_PROOF_SESSION_DOWN] = "session down",
		[LINK_PROOF_MISSING] = "missing",
		[LINK_PROOF_REFUSED] = "refused",
		[LINK_PROOF_UNWANTED] = "unwanted",
	};

	if ((unsigned)proof >= LINK_PROOFS)
		return "?";
	return names[proof];
}
