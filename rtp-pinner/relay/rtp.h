/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp.h - what a packet is, and RFC 3550's statistics of a source
 *
 * Kinds are told apart as in RFC 7983 (first byte) and RFC 5761 4 (RTP payload
 * types 64 to 95 with the marker are RTCP packet types 192 to 223).  A header
 * that does not fit its packet makes it RTP_KIND_NONE.
 */
#ifndef RELAY_RTP_H
#define RELAY_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/relay/flow.h"

enum rtp_kind {
	RTP_KIND_NONE,
	RTP_KIND_RTP,
	RTP_KIND_RTCP,
	RTP_KIND_STUN,		/* by its first byte and cookie; see stun.h */
	RTP_KIND_DTLS,
	RTP_KIND_ZRTP,
};

enum {
	RTP_HEADER_LEN = 12,
	RTCP_HEADER_LEN = 8,	/* with the SSRC of the sender */
	/* RFC 3550 A.1 */
	RTP_MAX_DROPOUT = 3000,
	RTP_MAX_MISORDER = 100,
	RTP_SOURCE_IDLE_MS = 1000,	/* then it gives way to another */
	RTP_TRANSIT_MAX_US = 2000000,	/* a longer step is a new clock */
};

struct rtp_header {
	uint16_t seq;
	uint8_t payload_type;
	uint32_t timestamp;
	uint32_t ssrc;
};

enum rtp_kind rtp_classify(const uint8_t *bytes, size_t len);

/* Of bytes that were classified as RTP. */
void rtp_read(struct rtp_header *out, const uint8_t *bytes);

/* Of bytes that were classified as RTP, RTCP or ZRTP: who sent it. */
uint32_t rtp_ssrc(enum rtp_kind kind, const uint8_t *bytes);

/* The RTP clock of a payload type in Hz: of the conf, else of RFC 3551 6; 0 if
 * neither knows it.
 */
uint32_t rtp_rate(const struct flow_conf *conf, uint8_t payload_type);

/* Count a packet in the source of its SSRC (A.1, A.8).  A new SSRC takes a free
 * entry or one idle for RTP_SOURCE_IDLE_MS; else it is not counted.  rate_hz 0
 * leaves the jitter as it is.
 */
void rtp_sources_count(struct flow_source sources[static FLOW_SOURCES_MAX],
		       const struct rtp_header *h, uint32_t rate_hz,
		       uint64_t arrived_us);

/* Packets the source has sent by its sequence numbers, and those that came
 * (duplicates count); A.3.  Both go on over a restart of the numbering.
 */
uint32_t rtp_source_expected(const struct flow_source *s);
uint32_t rtp_source_received(const struct flow_source *s);

static inline uint32_t rtp_source_jitter_us(const struct flow_source *s)
{
	return s->jitter_us_q4 >> 4;
}

#endif
