/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp_stream.h - the packets of one direction: made, and known again
 *
 * A stream is a few packets of 20 ms of G.711, as a phone sends them: an SSRC,
 * the first sequence number and timestamp, and what is inside, all random for
 * each attempt.  A relay must change nothing, so a packet that comes is
 * compared byte for byte with the one that was sent.  What an earlier attempt
 * sent has another SSRC and is foreign.
 *
 * Pure: no sockets, no clock, no memory of its own.
 */
#ifndef PROBE_RTP_STREAM_H
#define PROBE_RTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	RTP_STREAM_MAX = 50,	/* packets */
	RTP_STREAM_RANDOM = 24,	/* bytes a stream is made from */
	RTP_PACKET_LEN = 172,
};

enum rtp_heard {
	RTP_GOOD,
	RTP_LATE,		/* slower than allowed: lost */
	RTP_DOUBLE,		/* it has come already */
	RTP_ALTERED,		/* ours, but not as it was sent: lost */
	RTP_FOREIGN,		/* no packet of this stream */
	RTP_HEARDS
};

struct rtp_stream {
	uint64_t key;		/* of what is inside */
	uint32_t ssrc;
	uint32_t timestamp;	/* of the first packet */
	uint16_t seq;
	uint64_t delay_max_ns;	/* allowed */
	unsigned cnt;		/* to be sent */
	unsigned sent;
	uint64_t sent_ns[RTP_STREAM_MAX];
	bool came[RTP_STREAM_MAX];	/* in whatever way */
	unsigned heard[RTP_HEARDS];
	uint64_t slowest_ns;	/* of the good ones */
};

/* cnt: at most RTP_STREAM_MAX. */
void rtp_stream_begin(struct rtp_stream *s,
		      const uint8_t random[static RTP_STREAM_RANDOM],
		      unsigned cnt, uint64_t delay_max_ns);

/* The next packet, which is sent now.  False: there is no more. */
bool rtp_stream_write(struct rtp_stream *s, uint8_t out[static RTP_PACKET_LEN],
		      uint64_t now_ns);

enum rtp_heard rtp_stream_read(struct rtp_stream *s, struct slice packet,
			       uint64_t now_ns);

/* All have been sent, and have come in whatever way. */
bool rtp_stream_is_over(const struct rtp_stream *s);

/* Of those that were to be sent; 100: none came as it should. */
unsigned rtp_stream_loss_percent(const struct rtp_stream *s);

#endif
