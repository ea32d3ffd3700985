/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/quality/quality.h"

#include <string.h>

#include "rtp-pinner/quality/rtcp.h"
#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/rtp.h"

enum {
	RTT_MAX_US = 30000000, /* longer ones are an error of a clock */
};

static struct quality_source *find(struct quality *q, uint16_t port,
				   uint32_t ssrc)
{
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++)
		if (q->sources[i].port == port && q->sources[i].ssrc == ssrc)
			return &q->sources[i];
	return NULL;
}

const struct quality_source *quality_find(const struct quality *q,
					  uint16_t port, uint32_t ssrc)
{
	return find((struct quality *)q, port, ssrc);
}

static struct quality_source *find_free(struct quality *q)
{
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++)
		if (!q->sources[i].port)
			return &q->sources[i];
	return NULL;
}

/* The one that was heard longest ago: of this port when that has its half, so
 * that a party with many sources does not push out those of the other.
 */
static struct quality_source *oldest(struct quality *q, uint16_t port)
{
	struct quality_source *own = NULL, *any = NULL;
	unsigned cnt = 0;

	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++) {
		struct quality_source *s = &q->sources[i];

		if (!any || s->heard_ms < any->heard_ms)
			any = s;
		if (s->port != port)
			continue;
		cnt++;
		if (!own || s->heard_ms < own->heard_ms)
			own = s;
	}
	return cnt >= QUALITY_SOURCES_MAX / 2 ? own : any;
}

static struct quality_source *find_or_add(struct quality *q, uint16_t port,
					  uint32_t ssrc, uint64_t now_ms)
{
	struct quality_source *s = find(q, port, ssrc);

	if (s)
		return s;
	s = find_free(q);
	if (!s)
		s = oldest(q, port);
	memset(s, 0, sizeof(*s));
	s->port = port;
	s->ssrc = ssrc;
	s->heard_ms = now_ms;
	return s;
}

uint64_t quality_lost(const struct quality_source *s)
{
	return s->expected > s->received ? s->expected - s->received : 0;
}

static uint32_t mean(uint64_t sum, uint32_t cnt)
{
	return cnt ? (uint32_t)((sum + cnt / 2) / cnt) : 0;
}

void quality_average(struct quality_sample *out, const struct quality_source *s)
{
	*out = (struct quality_sample){
		.at_ms = s->last.at_ms,
		.mos_x100 = (uint16_t)mean(s->mos_x100_sum, s->sample_cnt),
		.loss_x100 = (uint16_t)mean(s->loss_x100_sum, s->sample_cnt),
		.jitter_us = mean(s->jitter_us_sum, s->sample_cnt),
		.rtt_us = mean(s->rtt_us_sum, s->rtt_cnt),
		.rtt_leg_us = mean(s->rtt_leg_us_sum, s->rtt_leg_cnt),
	};
}

static bool is_fresh(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms && now_ms < then_ms + QUALITY_REPORT_MS;
}

/* From here to the party behind the port, as that party's reports tell of any
 * source it hears.
 */
static uint32_t rtt_to(const struct quality *q, uint16_t port, uint64_t now_ms)
{
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++) {
		const struct quality_source *s = &q->sources[i];

		if (s->port && s->sr_rtt_port == port &&
		    is_fresh(s->sr_rtt_ms, now_ms))
			return s->sr_rtt_us;
	}
	return 0;
}

static void add_sample(const struct quality *q, struct quality_source *s,
		       double loss_percent, uint32_t jitter_us, uint64_t now_ms)
{
	uint32_t near_us = rtt_to(q, s->port, now_ms);
	uint32_t far_us = is_fresh(s->sr_rtt_ms, now_ms) ? s->sr_rtt_us : 0;
	struct quality_sample sample = {
		.at_ms = now_ms,
		.loss_x100 = (uint16_t)(loss_percent * 100 + 0.5),
		.jitter_us = jitter_us,
		.rtt_us = near_us && far_us ? near_us + far_us : s->far_rtt_us,
		.rtt_leg_us = far_us,
	};

	/* Half of the way is better than none. */
	sample.mos_x100 =
		mos_x100((enum mos_codec)s->codec,
			 sample.rtt_us ? sample.rtt_us : near_us + far_us,
			 jitter_us, loss_percent);
	if (!s->sample_cnt || sample.mos_x100 < s->lowest.mos_x100)
		s->lowest = sample;
	if (!s->sample_cnt || sample.mos_x100 > s->highest.mos_x100)
		s->highest = sample;
	s->last = sample;
	s->sample_cnt++;
	s->mos_x100_sum += sample.mos_x100;
	s->loss_x100_sum += sample.loss_x100;
	s->jitter_us_sum += sample.jitter_us;
	s->rtt_us_sum += sample.rtt_us;
	s->rtt_cnt += sample.rtt_us != 0;
	s->rtt_leg_us_sum += sample.rtt_leg_us;
	s->rtt_leg_cnt += sample.rtt_leg_us != 0;
}

/* What arrived here in the interval, while no report tells more. */
static void sample_own(const struct quality *q, struct quality_source *s,
		       uint64_t now_ms)
{
	uint64_t expected = s->expected - s->due_expected;
	uint64_t received = s->received - s->due_received;
	double loss = expected > received
			      ? 100.0 * (double)(expected - received) /
					(double)expected
			      : 0;

	if (!s->due_ms)		/* all that came before counts for the first */
		s->due_ms = now_ms + QUALITY_FIRST_MS;
	if (now_ms < s->due_ms)
		return;
	if (received && !is_fresh(s->reported_ms, now_ms))
		add_sample(q, s, loss, s->jitter_us, now_ms);
	s->due_ms = now_ms + QUALITY_INTERVAL_MS;
	s->due_expected = s->expected;
	s->due_received = s->received;
}

static void poll_source(struct quality *q, uint16_t port,
			const struct flow_source *flow,
			const struct flow_conf *conf, uint64_t now_ms)
{
	uint32_t expected = rtp_source_expected(flow);
	uint32_t received = rtp_source_received(flow);
	struct quality_source *s = find(q, port, flow->ssrc);

	/* One that has fallen silent, and was pushed out, does not come back
	 * in the place of one that is heard.
	 */
	if (!s && (int32_t)((uint32_t)now_ms - flow->last_ms) >=
			  RTP_SOURCE_IDLE_MS && !find_free(q))
		return;
	if (!s || received != s->seen_received) {
		s = find_or_add(q, port, flow->ssrc, now_ms);
		s->heard_ms = now_ms;
	}
	/* Less than before: the row has begun to count it anew. */
	if (received < s->seen_received || expected < s->seen_expected)
		s->seen_received = s->seen_expected = 0;
	s->expected += expected - s->seen_expected;
	s->received += received - s->seen_received;
	s->seen_expected = expected;
	s->seen_received = received;
	s->jitter_us = rtp_source_jitter_us(flow);
	if (s->jitter_max_us < flow->jitter_max_us)
		s->jitter_max_us = flow->jitter_max_us;
	s->payload_type = flow->payload_type;
	s->rate_hz = rtp_rate(conf, flow->payload_type);
	s->codec = (uint8_t)mos_codec_of(flow->payload_type, s->rate_hz);
	sample_own(q, s, now_ms);
}

void quality_poll(struct quality *q, uint16_t port, const struct flow_row *row,
		  uint64_t now_ms)
{
	struct flow_state state;
	struct flow_conf conf;

	if (!flow_conf_read_head(&conf, row))
		return;
	flow_state_read(&state, row);
	for (size_t i = 0; i < FLOW_SOURCES_MAX; i++)
		if (state.sources[i].valid)
			poll_source(q, port, &state.sources[i], &conf, now_ms);
}

/* RTCP of the party behind port, at a moment. */
struct hearing {
	struct quality *q;
	uint16_t port;
	uint64_t at_ms;
};

/* RFC 3550 6.4.1, figure 2; measured from here instead of from the sender. */
static void take_round_trip(struct quality_source *s,
			    const struct rtcp_report *report, uint16_t port,
			    uint64_t at_ms)
{
	int64_t rtt_us;

	if (!report->lsr || report->lsr != s->sr_ntp || at_ms < s->sr_ms)
		return;
	rtt_us = (int64_t)(at_ms - s->sr_ms) * 1000 -
		 (int64_t)(((uint64_t)report->dlsr * 1000000) >> 16);
	if (rtt_us > RTT_MAX_US)
		return;
	/* Clocks of milliseconds: less than one is one, not unknown. */
	s->sr_rtt_us = rtt_us > 0 ? (uint32_t)rtt_us : 1;
	s->sr_rtt_port = port;
	s->sr_rtt_ms = at_ms;
}

static void take_report(const struct hearing *h,
			const struct rtcp_report *report)
{
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++) {
		struct quality_source *s = &h->q->sources[i];
		uint32_t jitter_us = s->jitter_us;

		if (!s->port || s->port == h->port || s->ssrc != report->ssrc)
			continue;
		take_round_trip(s, report, h->port, h->at_ms);
		if (s->rate_hz)
			jitter_us = (uint32_t)((uint64_t)report->jitter *
					       1000000 / s->rate_hz);
		s->far_lost = report->lost;
		s->far_jitter_us = jitter_us;
		s->heard_ms = h->at_ms;
		/* Nothing new was heard since: nothing to score. */
		if (s->reported_ms && report->max_seq == s->far_max_seq)
			continue;
		s->reported_ms = h->at_ms;
		s->far_max_seq = report->max_seq;
		add_sample(h->q, s, report->fraction_lost * 100.0 / 256,
			   jitter_us, h->at_ms);
	}
}

static void take_voip(const struct hearing *h, const struct rtcp_item *item)
{
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++) {
		struct quality_source *s = &h->q->sources[i];

		if (!s->port || s->port == h->port || s->ssrc != item->ssrc)
			continue;
		if (item->mos_lq_x10 >= 10 && item->mos_lq_x10 <= 50)
			s->far_mos_x10 = item->mos_lq_x10;
		s->far_rtt_us = (uint32_t)item->round_trip_ms * 1000;
	}
}

static void take_item(void *arg, const struct rtcp_item *item)
{
	const struct hearing *h = arg;
	struct quality_source *s;

	switch (item->type) {
	case RTCP_TYPE_SR:
		s = find_or_add(h->q, h->port, item->ssrc, h->at_ms);
		s->heard_ms = h->at_ms;
		s->sr_ntp = item->ntp_middle;
		s->sr_ms = h->at_ms;
		__attribute__((fallthrough));
	case RTCP_TYPE_RR:
		for (size_t i = 0; i < item->report_cnt; i++)
			take_report(h, &item->reports[i]);
		break;
	case RTCP_TYPE_BYE:
		for (size_t i = 0; i < item->bye_cnt; i++) {
			s = find(h->q, h->port, item->byes[i]);
			if (s)
				s->ended = true;
		}
		break;
	case RTCP_TYPE_VOIP:
		take_voip(h, item);
		break;
	case RTCP_TYPE_SDES:
	case RTCP_TYPE_OTHER:
		break;
	}
}

void quality_rtcp(struct quality *q, uint16_t port, const uint8_t *bytes,
		  size_t len, uint64_t at_ms)
{
	struct hearing h = { .q = q, .port = port, .at_ms = at_ms };

	if (!port || rtcp_parse(bytes, len, take_item, &h) != 0)
		q->rtcp_broken++;
	else
		q->rtcp_packets++;
}
