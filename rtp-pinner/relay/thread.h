/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thread.h - what a relay thread of either backend does with a packet
 *
 * Around path.h: the totals of the thread and the copies of RTCP.  Called by
 * the thread itself.
 */
#ifndef RELAY_THREAD_H
#define RELAY_THREAD_H

#include "rtp-pinner/relay/relay_priv.h"

static inline void thread_count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* As path_packet(), but true only for PATH_SEND: all else is counted.  A
 * packet that is to be sent ends in thread_sent() or thread_refused().
 */
bool thread_judge(struct relay_thread *t, struct path_out *out,
		  const struct path_packet *pkt, uint64_t now_us);
void thread_sent(struct relay_thread *t, const struct path_out *out,
		 size_t len);
void thread_refused(struct relay_thread *t, const struct path_out *out);
void thread_icmp_error(struct relay_thread *t, uint16_t port);

/* Start and join the threads of a relay. */
int thread_start(struct relay_thread *t);
void thread_join(struct relay_thread *t);

/* How long a packet waited: its SO_TIMESTAMPNS against clock_wall_ns(). */
static inline uint32_t thread_age_us(uint64_t now_ns, uint64_t at_ns)
{
	uint64_t us;

	if (!at_ns || at_ns >= now_ns)
		return 0;	/* or the clock was set back meanwhile */
	us = (now_ns - at_ns) / 1000;
	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

#endif
