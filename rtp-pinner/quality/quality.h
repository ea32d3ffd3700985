/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quality.h - how well the media of a call is heard
 *
 * One struct quality for each media of a call.  Control feeds it with the rows
 * of the media's RTP ports and with the RTCP that passed, and reads from it,
 * per source (SSRC), what `query' and the metrics tell.  Pure, fixed size,
 * no allocation.
 *
 * A sample is a MOS with the loss, jitter and round trip it was made of.  It
 * comes from the receiver's RTCP report about the source (all the way to the
 * ear); while none comes, every QUALITY_INTERVAL_MS from what arrived here (the
 * way to us only).  Loss is that of the interval, not of the call.
 *
 *   party A --- port a [pinner] port b --- party B
 *
 * A source of A arrives on port a.  B's report about it arrives on port b (or
 * on that port's RTCP port).  The round trip from here to B is what B's report
 * says of A's sender report; the one between A and B is the sum of both legs.
 */
#ifndef QUALITY_QUALITY_H
#define QUALITY_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/quality/mos.h"
#include "rtp-pinner/relay/flow.h"

enum {
	QUALITY_SOURCES_MAX = 4,	/* the least recently heard gives way, of
					 * a party's own when they are half */
	QUALITY_INTERVAL_MS = 5000,
	QUALITY_FIRST_MS = 1000,	/* of the first interval */
	QUALITY_REPORT_MS = 12000,	/* so long a report speaks for its source */
};

struct quality_sample {
	uint64_t at_ms;		/* CLOCK_MONOTONIC */
	uint16_t mos_x100;	/* 100..450; 0: no sample */
	uint16_t loss_x100;	/* percent times 100 */
	uint32_t jitter_us;
	uint32_t rtt_us;	/* between the parties; 0: not known */
	uint32_t rtt_leg_us;	/* between here and the listener; 0: not known */
};

struct quality_source {
	uint32_t ssrc;
	uint16_t port;		/* RTP port it arrives on; 0: free entry */
	uint8_t payload_type;	/* the last one */
	uint8_t codec;		/* enum mos_codec */
	uint32_t rate_hz;	/* RTP clock; 0: not known */
	bool ended;		/* said BYE */
	uint8_t far_mos_x10;	/* the listener's own, by RTCP XR: 10..50; 0 none */
	uint64_t heard_ms;	/* last packet, or report about it */
	/* as it arrived here, since the call began */
	uint64_t expected;
	uint64_t received;	/* duplicates too; lost: expected - received */
	uint32_t jitter_us;
	uint32_t jitter_max_us;
	/* as the listener reported it last */
	int32_t far_lost;	/* since it began to listen */
	uint32_t far_jitter_us;
	uint32_t far_rtt_us;	/* by RTCP XR; 0: it did not say */
	uint64_t reported_ms;	/* 0: never */
	/* samples */
	uint32_t sample_cnt;
	uint64_t mos_x100_sum;
	uint64_t loss_x100_sum;
	uint64_t jitter_us_sum;
	uint64_t rtt_us_sum;
	uint64_t rtt_leg_us_sum;
	uint32_t rtt_cnt;	/* samples that knew it */
	uint32_t rtt_leg_cnt;
	struct quality_sample lowest;
	struct quality_sample highest;
	struct quality_sample last;
	/* private: what the next report or poll is compared with */
	uint32_t sr_ntp;	/* middle 32 bits of its last sender report */
	uint32_t sr_rtt_us;	/* from here to who reported about it */
	uint64_t sr_ms;
	uint64_t sr_rtt_ms;
	uint16_t sr_rtt_port;	/* that party's RTP port */
	uint32_t far_max_seq;
	uint32_t seen_expected;
	uint32_t seen_received;
	uint64_t due_ms;
	uint64_t due_expected;
	uint64_t due_received;
};

struct quality {
	struct quality_source sources[QUALITY_SOURCES_MAX];
	uint32_t rtcp_packets;	/* that were read */
	uint32_t rtcp_broken;
};

/* A zeroed struct quality is an empty one. */

/* Take in what a row of an RTP port knows; once a second or so will do, and
 * once more before the port is closed.  Reads row as control may (flow_access.h).
 */
void quality_poll(struct quality *q, uint16_t port, const struct flow_row *row,
		  uint64_t now_ms);

/* Take in RTCP of the party behind this RTP port (also when it came to the
 * RTCP port beside it), from relay_take_rtcp().  Broken RTCP is only counted.
 */
void quality_rtcp(struct quality *q, uint16_t port, const uint8_t *bytes,
		  size_t len, uint64_t at_ms);

/* The source that arrives on an RTP port, NULL if not known.  (Two parties may
 * have chosen the same SSRC.)
 */
const struct quality_source *quality_find(const struct quality *q,
					  uint16_t port, uint32_t ssrc);

/* The mean of all samples; mos_x100 is 0 if there is none, at_ms that of the
 * last one.  (lowest and highest are in the source.)
 */
void quality_average(struct quality_sample *out,
		     const struct quality_source *s);

/* Packets lost before they came here, never below 0. */
uint64_t quality_lost(const struct quality_source *s);

#endif
