/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sockets_thread.c - the loop of a sockets thread: wait, receive, judge, send
 *
 * Events are edge-triggered: a socket is read until a batch is not full.  One
 * that stays full is rearmed, so that it cannot starve the others.
 */
#include <errno.h>
#include <time.h>
#include <linux/errqueue.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "rtp-pinner/relay/relay_sockets.h"
#include "rtp-pinner/relay/thread.h"

enum {
	BATCHES_MAX = 4,	/* of one socket before the others' turn */
	ERRORS_MAX = 64,	/* of one socket at a time */
	SEND_TRIES = 16,	/* of one packet */
};

static int fd_of(const struct port_sockets *p, uint8_t family)
{
	return __atomic_load_n(family == ADDR_IP6 ? &p->fd6 : &p->fd4,
			       __ATOMIC_ACQUIRE);
}

static struct port_sockets *port_of(const struct relay_thread *t,
				    const struct sockets *s, uint16_t port)
{
	return &s->ports[port - t->path.port_min];
}

/* An ICMP error about an earlier packet fails a send once, whatever it sends.
 * Anybody can forge those, and fast: so a packet is tried several times.
 */
static void flush(struct relay_thread *t, struct sockets_thread *st)
{
	unsigned next = 0, tried = 0;

	while (next < st->out_cnt) {
		int sent = sendmmsg(st->out_fd, st->out + next,
				    st->out_cnt - next, MSG_DONTWAIT);

		if (sent > 0) {
			for (; sent; sent--, next++)
				thread_sent(t, &st->outs[next],
					    st->out_iov[next].iov_len);
			tried = 0;
		} else if (errno != EAGAIN && ++tried < SEND_TRIES) {
			continue;
		} else {
			thread_refused(t, &st->outs[next++]);
			tried = 0;
		}
	}
	st->out_cnt = 0;
}

static void add(struct relay_thread *t, struct sockets *s,
		struct sockets_thread *st, const struct path_out *out,
		uint8_t *bytes, size_t len)
{
	int fd = fd_of(port_of(t, s, out->port_out), out->to.family);
	struct msghdr *msg;
	unsigned i;

	if (fd < 0) {		/* its port is about to close */
		thread_refused(t, out);
		return;
	}
	if (st->out_cnt && fd != st->out_fd)
		flush(t, st);
	st->out_fd = fd;
	i = st->out_cnt++;
	st->outs[i] = *out;
	st->out_iov[i] = (struct iovec){ .iov_base = bytes, .iov_len = len };
	msg = &st->out[i].msg_hdr;
	msg->msg_namelen = sock_address(&st->to[i], &out->to);
}

static void judge(struct relay_thread *t, struct sockets *s,
		  struct sockets_thread *st, uint16_t port, int cnt)
{
	uint64_t now_us = clock_ns() / 1000, wall_ns = clock_wall_ns();

	for (int i = 0; i < cnt; i++) {
		struct msghdr *msg = &st->in[i].msg_hdr;
		struct path_packet pkt = {
			.port = port,
			.truncated = msg->msg_flags & MSG_TRUNC,
			.age_us = thread_age_us(wall_ns,
						sock_timestamp_ns(msg)),
			.bytes = st->payload[i],
			.len = st->in[i].msg_len,
		};
		struct path_out out;

		sock_endpoint(&pkt.from, &st->from[i]);
		if (thread_judge(t, &out, &pkt, now_us))
			add(t, s, st, &out, st->payload[i], pkt.len);
		msg->msg_namelen = sizeof(st->from[i]);
		msg->msg_controllen = SOCKETS_CONTROL;
	}
	flush(t, st);
}

/* True when there may be more. */
static bool read_packets(struct relay_thread *t, struct sockets *s,
			 struct sockets_thread *st, uint16_t port, int fd)
{
	for (int batch = 0; batch < BATCHES_MAX; batch++) {
		int cnt = recvmmsg(fd, st->in, SOCKETS_BATCH, MSG_DONTWAIT,
				   NULL);

		if (cnt > 0)
			judge(t, s, st, port, cnt);
		else if (errno == EAGAIN || errno == EBADF)
			return false;
		/* else it was an ICMP error, which has been cleared */
		if (cnt > 0 && cnt < SOCKETS_BATCH)
			return false;
	}
	return true;
}

static void read_errors(struct relay_thread *t, uint16_t port, int fd)
{
	for (int i = 0; i < ERRORS_MAX; i++) {
		uint8_t control[256] __attribute__((aligned(16)));
		struct msghdr msg = {
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
		     c = CMSG_NXTHDR(&msg, c)) {
			struct sock_extended_err err;

			if (!(c->cmsg_level == IPPROTO_IP &&
			      c->cmsg_type == IP_RECVERR) &&
			    !(c->cmsg_level == IPPROTO_IPV6 &&
			      c->cmsg_type == IPV6_RECVERR))
				continue;
			memcpy(&err, CMSG_DATA(c), sizeof(err));
			/* the path MTU is the kernel's business */
			if (err.ee_origin != SO_EE_ORIGIN_LOCAL &&
			    err.ee_errno != EMSGSIZE)
				thread_icmp_error(t, port);
		}
	}
}

static void rearm(const struct sockets_thread *st, int fd, uint64_t data)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLET,
		.data.u64 = data,
	};

	epoll_ctl(st->epoll, EPOLL_CTL_MOD, fd, &event);
}

void sockets_close_port(struct relay_thread *t, struct port_sockets *p)
{
	int *fds[] = { &p->fd4, &p->fd6 };

	for (size_t i = 0; i < 2; i++) {
		int fd = *fds[i];

		if (fd < 0)
			continue;
		thread_count(&t->counts.overflows, sock_drops(fd));
		__atomic_store_n(fds[i], -1, __ATOMIC_RELEASE);
		close(fd);	/* leaves the epoll set: there is no other */
	}
	p->phase = PORT_FREE;
}

static void read_mailbox(struct relay_thread *t, struct sockets *s,
			 struct sockets_thread *st)
{
	struct mailbox *m = &st->mailbox;
	uint64_t cnt;

	if (read(m->event, &cnt, sizeof(cnt)) < 0)
		return;
	pthread_mutex_lock(&m->lock);
	while (m->cnt)
		sockets_close_port(t, port_of(t, s, m->ports[--m->cnt]));
	pthread_cond_signal(&m->closed);
	pthread_mutex_unlock(&m->lock);
}

static void prepare(struct sockets_thread *st)
{
	for (int i = 0; i < SOCKETS_BATCH; i++) {
		struct msghdr *in = &st->in[i].msg_hdr;
		struct msghdr *out = &st->out[i].msg_hdr;

		st->in_iov[i].iov_base = st->payload[i];
		st->in_iov[i].iov_len = RELAY_SLOT;
		in->msg_iov = &st->in_iov[i];
		in->msg_iovlen = 1;
		in->msg_name = &st->from[i];
		in->msg_namelen = sizeof(st->from[i]);
		in->msg_control = st->control[i];
		in->msg_controllen = SOCKETS_CONTROL;
		out->msg_iov = &st->out_iov[i];
		out->msg_iovlen = 1;
		out->msg_name = &st->to[i];
	}
}

void sockets_run(struct relay_thread *t, struct sockets *s)
{
	struct sockets_thread *st = s->threads[t->index];
	struct epoll_event events[SOCKETS_EVENTS];

	prepare(st);
	while (!relay_stopping(t->relay)) {
		int cnt = epoll_wait(st->epoll, events, SOCKETS_EVENTS, -1);
		bool mail = false;

		for (int i = 0; i < cnt; i++) {
			uint64_t data = events[i].data.u64;
			uint16_t port = (uint16_t)data;
			int fd;

			if (data == SOCKETS_MAILBOX) {
				mail = true;
				continue;
			}
			/* the family is told by the upper half */
			fd = fd_of(port_of(t, s, port), (uint8_t)(data >> 32));
			if (events[i].events & EPOLLERR)
				read_errors(t, port, fd);
			if (read_packets(t, s, st, port, fd))
				rearm(st, fd, data);
		}
		if (mail)
			read_mailbox(t, s, st);
	}
}
