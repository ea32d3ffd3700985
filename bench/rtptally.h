/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtptally.h - streams, and what became of their packets
 *
 * A stream is one direction of a call: packets go out by one flow, to a port
 * of the relay, and must come back by another, from the port the other party
 * was told, each once, in order.  A phase is a stretch of load that is counted
 * by itself; packets of an earlier one are stale.  Pure; one thread.
 */
#ifndef BENCH_RTPTALLY_H
#define BENCH_RTPTALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/rtpframe.h"

enum rtptally_verdict {
	RTPTALLY_RIGHT,
	RTPTALLY_FOREIGN,	/* another run's, or no packet of ours */
	RTPTALLY_STALE,		/* of an earlier phase */
	RTPTALLY_DUPLICATE,
	RTPTALLY_MISROUTED,	/* from or to where it does not belong */
	RTPTALLY_VERDICTS,
};

struct rtpstream {
	struct rtpflow out;	/* as it is sent */
	struct rtpflow want;	/* as it must arrive */
	uint32_t sent;		/* packets so far: the next sequence number */
	uint32_t newest;	/* highest sequence number that came, + 1 */
	uint64_t seen;		/* bit n: newest - 1 - n came */
};

struct rtptally {
	struct rtpstream *streams;	/* owned */
	size_t cnt;
	size_t next;			/* whose turn it is */
	uint32_t run;
	uint32_t phase;

	/* of this phase */
	uint64_t sent;
	uint64_t verdicts[RTPTALLY_VERDICTS];
	uint64_t reordered;		/* right, but after a later one */
	uint64_t late;			/* right, but after late_ns */
	uint64_t late_ns;		/* set by the caller; 0: never */
	struct histogram delay_ns;	/* of the right ones */
};

/* 0 or ENOMEM; streams are zero. */
int rtptally_init(struct rtptally *t, size_t stream_cnt, uint32_t run);
void rtptally_fini(struct rtptally *t);

/* Counters at 0; what is still on its way becomes stale. */
void rtptally_begin(struct rtptally *t);

/* The next packet to send: the streams take turns. */
const struct rtpflow *rtptally_next(struct rtptally *t, struct rtpmark *mark,
				    uint64_t now_ns);

/* Judge and count an IPv4 packet that came at now_ns. */
enum rtptally_verdict rtptally_take(struct rtptally *t, const uint8_t *ip,
				    size_t len, uint64_t now_ns);

static inline uint64_t rtptally_lost(const struct rtptally *t)
{
	return t->sent - t->verdicts[RTPTALLY_RIGHT];
}

const char *rtptally_verdict_name(enum rtptally_verdict verdict);

#endif
