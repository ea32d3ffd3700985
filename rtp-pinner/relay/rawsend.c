/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/rawsend.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "rtp-pinner/relay/sock.h"

enum {
	SEND_BUFFER = 4 << 20,
};

/* The queue of the local device a code point belongs to, as pfifo_fast and its
 * like sort by (TC_PRIO_INTERACTIVE, _BULK, _BESTEFFORT): voice and signalling
 * classes first, CS1 last.
 */
static int priority_of(uint8_t dscp)
{
	if (dscp >= 40)
		return 6;
	return dscp == 8 ? 2 : 0;
}

int rawsend_init(struct rawsend *s, const struct addr *media, rawsend_h *done,
		 void *arg)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->done = done;
	s->arg = arg;
	s->from.family = media->family;
	memcpy(s->from.bytes_be, media->bytes_be, sizeof(s->from.bytes_be));
	if (getrandom(&s->id, sizeof(s->id), 0) < 0)
		s->id = 1;

	err = sock_open(&s->fd, media, 0, SOCK_RAW, IPPROTO_RAW, 0);
	if (!err)
		err = sock_drop_all(s->fd);	/* protocol 255 may be sent to us */
	if (err) {
		rawsend_fini(s);
		return err;
	}
	sock_send_buffer(s->fd, SEND_BUFFER);

	for (unsigned i = 0; i < RAWSEND_BATCH; i++) {
		struct msghdr *msg = &s->msgs[i].msg_hdr;

		msg->msg_iov = &s->iov[i];
		msg->msg_iovlen = 1;
		msg->msg_name = &s->to[i];
		if (media->family == ADDR_IP4) {
			msg->msg_namelen = sizeof(s->to[i].in4);
			s->to[i].in4.sin_family = AF_INET;
		} else {
			msg->msg_namelen = sizeof(s->to[i].in6);
			s->to[i].in6.sin6_family = AF_INET6;
		}
	}
	return 0;
}

void rawsend_fini(struct rawsend *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void rawsend_add(struct rawsend *s, const struct path_out *out,
		 uint8_t *payload, size_t len)
{
	int priority = priority_of(out->dscp);
	unsigned i;
	size_t head;

	if (s->cnt == RAWSEND_BATCH || (priority != s->priority && s->cnt))
		rawsend_flush(s);
	if (priority != s->priority &&
	    !setsockopt(s->fd, SOL_SOCKET, SO_PRIORITY, &priority,
			sizeof(priority)))
		s->priority = priority;

	i = s->cnt++;
	s->outs[i] = *out;
	s->from.port = out->port_out;
	head = rawip_head(payload, len, &s->from, &out->to, out->dscp);
	s->iov[i].iov_base = payload - head;
	s->iov[i].iov_len = head + len;
	/* the port stays 0: in a raw socket it is the protocol (raw(7)) */
	if (s->from.family == ADDR_IP4)
		memcpy(&s->to[i].in4.sin_addr, out->to.bytes_be, 4);
	else
		memcpy(&s->to[i].in6.sin6_addr, out->to.bytes_be, 16);
}

/* The MTU of the path to the address of message i; 0 if nobody knows. */
static size_t path_mtu(const struct rawsend *s, unsigned i)
{
	const struct msghdr *msg = &s->msgs[i].msg_hdr;
	union rawsend_to to = s->to[i];
	struct addr media = { .family = s->from.family };
	int level = IPPROTO_IP, name = IP_MTU, mtu = 0, fd;
	socklen_t len = sizeof(mtu);

	memcpy(media.bytes_be, s->from.bytes_be, sizeof(media.bytes_be));
	if (sock_open(&fd, &media, 0, SOCK_DGRAM, 0, 0))
		return 0;
	if (media.family == ADDR_IP6) {
		level = IPPROTO_IPV6;
		name = IPV6_MTU;
		to.in6.sin6_port = htons(9);
	} else {
		to.in4.sin_port = htons(9);
	}
	/* sends nothing: a connected socket has a route, the route an MTU */
	if (connect(fd, (const struct sockaddr *)&to, msg->msg_namelen) ||
	    getsockopt(fd, level, name, &mtu, &len))
		mtu = 0;
	close(fd);
	return (size_t)mtu;
}

/* Rare: a few packets a second at most of video with a small path MTU. */
static bool send_fragments(struct rawsend *s, unsigned i)
{
	struct rawip_piece pieces[RAWIP_PIECES_MAX];
	size_t cnt = rawip_fragment(pieces, s->iov[i].iov_base,
				    s->iov[i].iov_len, path_mtu(s, i), s->id++);

	for (size_t k = 0; k < cnt; k++) {
		struct rawip_piece *piece = &pieces[k];
		struct iovec iov[2] = {
			{ .iov_base = piece->head, .iov_len = piece->head_len },
			{ .iov_base = (void *)(uintptr_t)piece->bytes,
			  .iov_len = piece->len },
		};
		struct msghdr msg = s->msgs[i].msg_hdr;

		msg.msg_iov = iov;
		msg.msg_iovlen = 2;
		if (sendmsg(s->fd, &msg, MSG_DONTWAIT) < 0)
			return false;
	}
	return cnt > 0;
}

static void report(const struct rawsend *s, unsigned i, bool sent)
{
	size_t head = s->from.family == ADDR_IP4 ? 28 : 48;

	s->done(s->arg, &s->outs[i], s->iov[i].iov_len - head, sent);
}

void rawsend_flush(struct rawsend *s)
{
	unsigned next = 0;

	while (next < s->cnt) {
		int sent = sendmmsg(s->fd, s->msgs + next, s->cnt - next,
				    MSG_DONTWAIT);

		if (sent > 0) {
			for (; sent; sent--)
				report(s, next++, true);
		} else if (sent < 0 && errno == EINTR) {
			continue;
		} else {
			/* it is the first one that cannot be sent */
			bool done = sent < 0 && errno == EMSGSIZE &&
				    send_fragments(s, next);

			report(s, next++, done);
		}
	}
	s->cnt = 0;
}
