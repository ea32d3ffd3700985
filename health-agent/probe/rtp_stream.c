/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/rtp_stream.h"

#include <assert.h>
#include <string.h>

#include "health-agent/probe/rtp_ortp.h"

enum {
	PAYLOAD_TYPE = 0,	/* PCMU, RFC 3551: 8 bits, 8000 Hz */
	SAMPLES = 160,		/* 20 ms */
};

static_assert(RTP_PACKET_LEN == RTP_HEADER_LEN + SAMPLES, "a packet");

void rtp_stream_begin(struct rtp_stream *s,
		      const uint8_t random[static RTP_STREAM_RANDOM],
		      unsigned cnt, uint64_t delay_max_ns)
{
	*s = (struct rtp_stream){
		.cnt = cnt < RTP_STREAM_MAX ? cnt : RTP_STREAM_MAX,
		.delay_max_ns = delay_max_ns,
	};
	memcpy(&s->key, random, sizeof(s->key));
	memcpy(&s->ssrc, random + 8, sizeof(s->ssrc));
	memcpy(&s->timestamp, random + 12, sizeof(s->timestamp));
	memcpy(&s->seq, random + 16, sizeof(s->seq));
}

/* SplitMix64: not to be secret, only never the same. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static void make(const struct rtp_stream *s, unsigned at,
		 uint8_t out[static RTP_PACKET_LEN])
{
	const struct rtp_head head = {
		.marker = at == 0,	/* RFC 3551 4.1: after silence */
		.payload_type = PAYLOAD_TYPE,
		.seq = (uint16_t)(s->seq + at),
		.timestamp = s->timestamp + at * SAMPLES,
		.ssrc = s->ssrc,
	};

	rtp_ortp_write(out, &head);
	for (unsigned i = 0; i < SAMPLES; i += sizeof(uint64_t)) {
		uint64_t word = mix(s->key + at * SAMPLES + i);

		memcpy(out + RTP_HEADER_LEN + i, &word, sizeof(word));
	}
}

bool rtp_stream_write(struct rtp_stream *s, uint8_t out[static RTP_PACKET_LEN],
		      uint64_t now_ns)
{
	if (s->sent == s->cnt)
		return false;
	make(s, s->sent, out);
	s->sent_ns[s->sent++] = now_ns;
	return true;
}

static enum rtp_heard judge(struct rtp_stream *s, struct slice packet,
			    uint64_t now_ns)
{
	uint8_t want[RTP_PACKET_LEN];
	struct rtp_head head;
	uint64_t delay_ns;
	unsigned at;

	if (rtp_ortp_read(&head, packet) || head.ssrc != s->ssrc)
		return RTP_FOREIGN;
	at = (uint16_t)(head.seq - s->seq);
	if (at >= s->sent)
		return RTP_FOREIGN;
	if (s->came[at])
		return RTP_DOUBLE;
	s->came[at] = true;
	make(s, at, want);
	if (!slice_equal(packet, slice_of((const char *)want, sizeof(want))))
		return RTP_ALTERED;
	delay_ns = now_ns - s->sent_ns[at];
	if (delay_ns > s->delay_max_ns)
		return RTP_LATE;
	if (delay_ns > s->slowest_ns)
		s->slowest_ns = delay_ns;
	return RTP_GOOD;
}

enum rtp_heard rtp_stream_read(struct rtp_stream *s, struct slice packet,
			       uint64_t now_ns)
{
	enum rtp_heard heard = judge(s, packet, now_ns);

	s->heard[heard]++;
	return heard;
}

bool rtp_stream_is_over(const struct rtp_stream *s)
{
	return s->heard[RTP_GOOD] + s->heard[RTP_LATE] +
		       s->heard[RTP_ALTERED] == s->cnt;
}

unsigned rtp_stream_loss_percent(const struct rtp_stream *s)
{
	unsigned lost = s->cnt - s->heard[RTP_GOOD];

	return s->cnt ? 100 * lost / s->cnt : 100;
}
