/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hot path: bytes are loaded directly, each after the one check of len that
 * stands before it in rtp_classify().
 */
#include "rtp-pinner/relay/rtp.h"

#include <string.h>

enum {
	SEQ_MOD = 1 << 16,
	NO_SEQ = SEQ_MOD + 1, /* never equal to a sequence number */
	STUN_COOKIE = 0x2112a442,
	ZRTP_COOKIE = 0x5a525450,
};

static uint16_t be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)be16(bytes) << 16 | be16(bytes + 2);
}

/* First byte 128..191: version 2. */
static enum rtp_kind classify_version_2(const uint8_t *bytes, size_t len)
{
	size_t need;

	if (len < RTCP_HEADER_LEN)
		return RTP_KIND_NONE;
	if (bytes[1] >= 192 && bytes[1] <= 223) {
		/* The first packet of the compound; SRTCP has it in clear. */
		need = ((size_t)be16(bytes + 2) + 1) * 4;
		return need >= RTCP_HEADER_LEN && need <= len ? RTP_KIND_RTCP
							      : RTP_KIND_NONE;
	}
	need = RTP_HEADER_LEN + (size_t)(bytes[0] & 0x0f) * 4;
	if (len < need)
		return RTP_KIND_NONE;
	if (bytes[0] & 0x10) { /* header extension */
		if (len < need + 4)
			return RTP_KIND_NONE;
		need += 4 + (size_t)be16(bytes + need + 2) * 4;
		if (len < need)
			return RTP_KIND_NONE;
	}
	return RTP_KIND_RTP;
}

enum rtp_kind rtp_classify(const uint8_t *bytes, size_t len)
{
	if (!len)
		return RTP_KIND_NONE;
	if (bytes[0] >= 128 && bytes[0] <= 191)
		return classify_version_2(bytes, len);
	if (len < RTP_HEADER_LEN)
		return RTP_KIND_NONE;
	if (bytes[0] <= 3)
		return be32(bytes + 4) == STUN_COOKIE ? RTP_KIND_STUN
						      : RTP_KIND_NONE;
	if (bytes[0] >= 16 && bytes[0] <= 19)
		return be32(bytes + 4) == ZRTP_COOKIE ? RTP_KIND_ZRTP
						      : RTP_KIND_NONE;
	if (bytes[0] >= 20 && bytes[0] <= 63)
		return RTP_KIND_DTLS;
	return RTP_KIND_NONE;
}

void rtp_read(struct rtp_header *out, const uint8_t *bytes)
{
	out->payload_type = bytes[1] & 0x7f;
	out->seq = be16(bytes + 2);
	out->timestamp = be32(bytes + 4);
	out->ssrc = be32(bytes + 8);
}

uint32_t rtp_ssrc(enum rtp_kind kind, const uint8_t *bytes)
{
	return be32(bytes + (kind == RTP_KIND_RTCP ? 4 : 8));
}

uint32_t rtp_rate(const struct flow_conf *conf, uint8_t payload_type)
{
	static const uint32_t fixed[] = {
		[0] = 8000,   [3] = 8000,   [4] = 8000,	  [5] = 8000,
		[6] = 16000,  [7] = 8000,   [8] = 8000,	  [9] = 8000,
		[10] = 44100, [11] = 44100, [12] = 8000,  [13] = 8000,
		[14] = 90000, [15] = 8000,  [16] = 11025, [17] = 22050,
		[18] = 8000,  [25] = 90000, [26] = 90000, [28] = 90000,
		[31] = 90000, [32] = 90000, [33] = 90000, [34] = 90000,
	};

	for (size_t i = 0; i < FLOW_RATES_MAX && conf->rates[i].rate_khz; i++)
		if (conf->rates[i].payload_type == payload_type)
			return conf->rates[i].rate_khz * 1000u;
	return payload_type < sizeof(fixed) / sizeof(fixed[0])
		       ? fixed[payload_type]
		       : 0;
}

/* RFC 3550 A.1 init_seq() and the packet that led to it. */
static void begin_numbering(struct flow_source *s, uint16_t seq)
{
	s->base_seq = seq;
	s->max_seq = seq;
	s->bad_seq = NO_SEQ;
	s->cycles = 0;
	s->received = 1;
}

/* RFC 3550 A.1 update_seq(), without its probation. */
static void count_seq(struct flow_source *s, uint16_t seq)
{
	uint16_t ahead = (uint16_t)(seq - s->max_seq);

	if (ahead < RTP_MAX_DROPOUT) {
		if (seq < s->max_seq)
			s->cycles += SEQ_MOD;
		s->max_seq = seq;
	} else if (ahead <= SEQ_MOD - RTP_MAX_MISORDER) {
		if (seq != s->bad_seq) {
			s->bad_seq = (uint16_t)(seq + 1);
			return;
		}
		/* Two in a row: the sender began anew without telling. */
		s->expected_prior = rtp_source_expected(s);
		s->received_prior = rtp_source_received(s);
		begin_numbering(s, seq);
		return;
	}
	s->received++;
}

/* RFC 3550 A.8 on a clock of microseconds, so that the payload types of one
 * source may have different RTP clocks.
 */
static void count_jitter(struct flow_source *s, const struct rtp_header *h,
			 uint32_t rate_hz, uint32_t arrived_us)
{
	int64_t sent_us = (int64_t)(int32_t)(h->timestamp - s->timestamp) *
			  1000000 / rate_hz;
	int64_t d = (int32_t)(arrived_us - s->arrived_us) - sent_us;

	/* Packets of one instant (a video frame, a telephone event) are sent
	 * one after the other: their spread is no jitter.
	 */
	if (h->timestamp == s->timestamp)
		return;
	s->timestamp = h->timestamp;
	s->arrived_us = arrived_us;
	if (d < 0)
		d = -d;
	if (d > RTP_TRANSIT_MAX_US)
		return;
	s->jitter_us_q4 += (uint32_t)d - ((s->jitter_us_q4 + 8) >> 4);
	if (s->jitter_max_us < s->jitter_us_q4 >> 4)
		s->jitter_max_us = s->jitter_us_q4 >> 4;
}

static struct flow_source *find(struct flow_source *sources, uint32_t ssrc,
				uint32_t now_ms)
{
	struct flow_source *idle = NULL;

	for (size_t i = 0; i < FLOW_SOURCES_MAX; i++) {
		struct flow_source *s = &sources[i];

		if (s->valid && s->ssrc == ssrc)
			return s;
		if (!s->valid) {
			if (!idle || idle->valid)
				idle = s;
		} else if ((int32_t)(now_ms - s->last_ms) >=
				   RTP_SOURCE_IDLE_MS &&
			   (!idle ||
			    (idle->valid &&
			     (int32_t)(idle->last_ms - s->last_ms) > 0))) {
			idle = s;
		}
	}
	return idle;
}

void rtp_sources_count(struct flow_source sources[static FLOW_SOURCES_MAX],
		       const struct rtp_header *h, uint32_t rate_hz,
		       uint64_t arrived_us)
{
	uint32_t now_ms = (uint32_t)(arrived_us / 1000);
	struct flow_source *s = find(sources, h->ssrc, now_ms);
	bool known;

	if (!s)
		return;
	known = s->valid && s->ssrc == h->ssrc;
	if (!known) {
		memset(s, 0, sizeof(*s));
		s->ssrc = h->ssrc;
		s->valid = 1;
		begin_numbering(s, h->seq);
	} else {
		count_seq(s, h->seq);
	}
	if (known && rate_hz && h->payload_type == s->payload_type) {
		count_jitter(s, h, rate_hz, (uint32_t)arrived_us);
	} else {
		s->timestamp = h->timestamp;
		s->arrived_us = (uint32_t)arrived_us;
	}
	s->payload_type = h->payload_type;
	s->last_ms = now_ms;
}

uint32_t rtp_source_expected(const struct flow_source *s)
{
	return s->valid ? s->expected_prior + s->cycles + s->max_seq -
				  s->base_seq + 1
			: 0;
}

uint32_t rtp_source_received(const struct flow_source *s)
{
	return s->valid ? s->received_prior + s->received : 0;
}
