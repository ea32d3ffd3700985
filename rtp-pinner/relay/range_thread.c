/* SPDX-License-Identifier: GPL-3.0-or-later */
/* range_thread.c - the loop of a range thread: receive, judge, send
 *
 * It blocks in recvmmsg() alone, for RELAY_LOOK_MS at most: that socket is
 * where all its packets come from.  ICMP errors can wait that long.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "rtp-pinner/relay/icmp.h"
#include "rtp-pinner/relay/relay_range.h"
#include "rtp-pinner/relay/thread.h"

/* What the kernel adds to a packet. */
struct arrival {
	uint16_t port;		/* 0: not known */
	uint64_t at_ns;		/* CLOCK_REALTIME; 0: not known */
};

static void read_control(struct arrival *out, struct msghdr *msg)
{
	*out = (struct arrival){ 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;
		uint16_t port_be;

		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			out->at_ns = (uint64_t)ts.tv_sec * 1000000000 +
				     (uint64_t)ts.tv_nsec;
		} else if ((c->cmsg_level == IPPROTO_IP &&
			    c->cmsg_type == IP_ORIGDSTADDR) ||
			   (c->cmsg_level == IPPROTO_IPV6 &&
			    c->cmsg_type == IPV6_ORIGDSTADDR)) {
			/* the port is at one place in both families */
			memcpy(&port_be,
			       CMSG_DATA(c) +
				       offsetof(struct sockaddr_in, sin_port),
			       sizeof(port_be));
			out->port = ntohs(port_be);
		}
	}
}

_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
		       offsetof(struct sockaddr_in6, sin6_port),
	       "read_control() relies on it");

static void prepare(struct range_thread *rt, int first, int cnt)
{
	for (int i = first; i < cnt; i++) {
		struct msghdr *msg = &rt->msgs[i].msg_hdr;

		msg->msg_namelen = sizeof(rt->from[i]);
		msg->msg_controllen = RANGE_CONTROL;
	}
}

static void prepare_all(struct range_thread *rt)
{
	for (int i = 0; i < RANGE_BATCH; i++) {
		struct msghdr *msg = &rt->msgs[i].msg_hdr;

		rt->iov[i].iov_base = rt->slots[i].payload;
		rt->iov[i].iov_len = sizeof(rt->slots[i].payload);
		msg->msg_iov = &rt->iov[i];
		msg->msg_iovlen = 1;
		msg->msg_name = &rt->from[i];
		msg->msg_control = rt->control[i];
	}
	prepare(rt, 0, RANGE_BATCH);
}

static void relay_one(struct relay_thread *t, struct range_thread *rt, int i,
		      uint64_t now_us, uint64_t wall_ns)
{
	struct msghdr *msg = &rt->msgs[i].msg_hdr;
	uint8_t *payload = rt->slots[i].payload;
	struct path_packet pkt;
	struct path_out out;
	struct arrival arrival;
	struct rawsend *raw;

	read_control(&arrival, msg);
	sock_endpoint(&pkt.from, &rt->from[i]);
	pkt.port = arrival.port;
	pkt.truncated = msg->msg_flags & MSG_TRUNC;
	pkt.age_us = thread_age_us(wall_ns, arrival.at_ns);
	pkt.bytes = payload;
	pkt.len = rt->msgs[i].msg_len;
	if (!thread_judge(t, &out, &pkt, now_us))
		return;

	raw = out.to.family == ADDR_IP6 ? &rt->raw6 : &rt->raw4;
	if (raw->fd < 0)
		thread_refused(t, &out);	/* path.h does not let it be */
	else
		rawsend_add(raw, &out, payload, pkt.len);
}

static void icmp_error(void *arg, uint16_t port)
{
	struct relay_thread *t = arg;
	const struct flow_row *row = flow_table_find(&t->relay->rows, port);

	/* each thread hears all errors */
	if (row && __atomic_load_n(&row->conf.thread, __ATOMIC_RELAXED) ==
			   t->index)
		thread_icmp_error(t, port);
}

static void look_around(struct relay_thread *t, struct range_thread *rt,
			uint64_t now_ms)
{
	if (now_ms - rt->looked_ms < RELAY_LOOK_MS)
		return;
	rt->looked_ms = now_ms;
	if (rt->icmp4 >= 0)
		icmp_read(rt->icmp4, &t->path.media4, icmp_error, t);
	if (rt->icmp6 >= 0)
		icmp_read(rt->icmp6, &t->path.media6, icmp_error, t);
}

void range_run(struct relay_thread *t, struct range_thread *rt)
{
	prepare_all(rt);
	while (!relay_stopping(t->relay)) {
		int cnt = recvmmsg(rt->media, rt->msgs, RANGE_BATCH,
				   MSG_WAITFORONE, NULL);
		uint64_t now_ns = clock_ns();

		if (cnt > 0) {
			uint64_t wall_ns = clock_wall_ns();

			for (int i = 0; i < cnt; i++)
				relay_one(t, rt, i, now_ns / 1000, wall_ns);
			rawsend_flush(&rt->raw4);
			rawsend_flush(&rt->raw6);
			prepare(rt, 0, cnt);
		}
		look_around(t, rt, now_ns / 1000000);
	}
}
