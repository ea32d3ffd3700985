/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/meters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "rtp-pinner/daemon/counts.h"
#include "rtp-pinner/daemon/why.h"
#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/pin.h"

enum {
	ROUND_TICKS = 10,
	RTCP_AT_ONCE = 1024,
	SILENT_LINES = 10, /* of the log, in a round */
};

struct meter {
	struct quality *media; /* media_cnt of them; NULL: nothing heard */
	size_t media_cnt;
	uint32_t told; /* bit per leg: its silence was logged */
};

struct meters {
	const struct calls *calls; /* borrowed, all three */
	struct relay *relay;
	const struct counters *counters;
	struct meter *by_slot;
	size_t slots;
	uint32_t at;   /* next slot of the round */
	unsigned tick; /* of the round */
	unsigned lines_left;
	uint64_t mos_sum; /* of the round that runs */
	unsigned mos_cnt;
	unsigned mos_x100; /* of the last whole round */
	unsigned mos_sources;
};

int meters_new(struct meters **out, const struct calls *calls,
	       struct relay *relay, const struct counters *counters)
{
	struct meters *m = calloc(1, sizeof(*m));

	if (!m)
		return ENOMEM;
	m->calls = calls;
	m->relay = relay;
	m->counters = counters;
	m->lines_left = SILENT_LINES;
	*out = m;
	return 0;
}

void meters_free(struct meters *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->slots; i++)
		free(m->by_slot[i].media);
	free(m->by_slot);
	free(m);
}

static struct meter *meter_at(struct meters *m, uint32_t slot)
{
	size_t slots = slot + 1;
	struct meter *grown;

	if (slot < m->slots)
		return &m->by_slot[slot];
	if (slots < 2 * m->slots)
		slots = 2 * m->slots;
	grown = reallocarray(m->by_slot, slots, sizeof(*grown));
	if (!grown)
		return NULL;
	memset(grown + m->slots, 0, (slots - m->slots) * sizeof(*grown));
	m->by_slot = grown;
	m->slots = slots;
	return &m->by_slot[slot];
}

/* Room for the quality of media i; NULL without memory. */
static struct quality *meter_media(struct meter *meter, size_t i)
{
	struct quality *grown;

	if (i < meter->media_cnt)
		return &meter->media[i];
	grown = reallocarray(meter->media, i + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	memset(grown + meter->media_cnt, 0,
	       (i + 1 - meter->media_cnt) * sizeof(*grown));
	meter->media = grown;
	meter->media_cnt = i + 1;
	return &meter->media[i];
}

static void tell_silence(struct meters *m, struct meter *meter,
			 const struct call *call, unsigned leg, uint16_t port,
			 const struct flow_endpoint *who)
{
	struct slice id = call_id(call), tag = call_leg_tag(&call->legs[leg]);
	char from[ADDR_TEXT_MAX + 6], alone[ADDR_TEXT_MAX];
	struct addr addr = why_addr(who);

	if (meter->told & (UINT32_C(1) << leg))
		return;
	if (!m->lines_left) /* another round */
		return;
	m->lines_left--;
	meter->told |= UINT32_C(1) << leg;
	counter_add(m->counters, PINNER_C_SILENT_LEGS, 1);
	why_format_endpoint(from, who);
	addr_format(alone, &addr);
	log_warn("gate: nothing heard from a party while one stranger sends "
		 "RTP call=%.*s leg=%.*s port=%u from=%s (dropped; if that is "
		 "the party, offer with gate=%s, or add a [peer] with `gate = "
		 "prefix %s' to the site file)",
		 (int)(id.len < 128 ? id.len : 128), id.text,
		 (int)(tag.len < 128 ? tag.len : 128), tag.text, port, from,
		 alone, alone);
}

static void poll_media(struct meters *m, struct meter *meter,
		       const struct call *call, unsigned leg, unsigned i,
		       uint64_t now_ms)
{
	const struct call_media *media = &call->legs[leg].media[i];
	const struct flow_row *row =
		media->port ? relay_row(m->relay, media->port) : NULL;
	struct flow_endpoint who;
	struct flow_state state;
	struct quality *q;

	if (!row || !(media->flags & CALL_M_RTP))
		return;
	flow_state_read(&state, row);
	if (pin_complaint(&who, &row->conf, &state, now_ms))
		tell_silence(m, meter, call, leg, media->port, &who);
	if (!state.packets_in)
		return;
	q = meter_media(meter, i);
	if (q)
		quality_poll(q, media->port, row, now_ms);
}

static void poll_call(struct meters *m, struct meter *meter,
		      const struct call *call, uint64_t now_ms)
{
	for (unsigned l = 0; l < call->leg_cnt; l++) {
		const struct call_leg *leg = &call->legs[l];

		if (leg->ended || leg->borrows != CALL_NONE)
			continue;
		for (unsigned i = 0; i < leg->media_cnt; i++)
			poll_media(m, meter, call, l, i, now_ms);
	}
}

static void sum_mos(struct meters *m, const struct meter *meter,
		    uint64_t now_ms)
{
	for (size_t i = 0; i < meter->media_cnt; i++) {
		for (size_t s = 0; s < QUALITY_SOURCES_MAX; s++) {
			const struct quality_source *source =
				&meter->media[i].sources[s];

			if (!source->port || !source->last.mos_x100 ||
			    source->heard_ms + QUALITY_REPORT_MS < now_ms)
				continue;
			m->mos_sum += source->last.mos_x100;
			m->mos_cnt++;
		}
	}
}

static bool find_rtp_port(const struct call *call, uint16_t port,
			  unsigned *media)
{
	for (unsigned l = 0; l < call->leg_cnt; l++) {
		const struct call_leg *leg = &call->legs[l];

		for (unsigned i = 0; i < leg->media_cnt; i++) {
			if (leg->media[i].port != port)
				continue;
			*media = i;
			return true;
		}
	}
	return false;
}

static void take_rtcp(void *arg, uint16_t port, uint64_t at_ms,
		      const uint8_t *bytes, size_t len)
{
	struct meters *m = arg;
	const struct flow_row *row = relay_row(m->relay, port);
	const struct call *call = NULL;
	struct meter *meter;
	struct quality *q;
	uint16_t rtp_port = port & (uint16_t)~1u;
	unsigned media;

	if (row && row->conf.active)
		call = calls_at(m->calls, row->conf.call);
	if (!call || !find_rtp_port(call, rtp_port, &media)) {
		counter_add(m->counters, PINNER_C_RTCP_NO_CALL, 1);
		return;
	}
	meter = meter_at(m, call->slot);
	q = meter ? meter_media(meter, media) : NULL;
	if (!q)
		return;
	counter_add(m->counters, PINNER_C_RTCP_READ, 1);
	quality_rtcp(q, rtp_port, bytes, len, at_ms);
}

void meters_tick(struct meters *m, uint64_t now_ms)
{
	uint32_t slots = calls_slots(m->calls);
	uint32_t share = slots / ROUND_TICKS + 1;

	relay_take_rtcp(m->relay, RTCP_AT_ONCE, take_rtcp, m);
	for (; share && m->at < slots; share--, m->at++) {
		const struct call *call = calls_at(m->calls, m->at);
		struct meter *meter = call ? meter_at(m, m->at) : NULL;

		if (!meter)
			continue;
		poll_call(m, meter, call, now_ms);
		sum_mos(m, meter, now_ms);
	}
	if (++m->tick < ROUND_TICKS)
		return;
	m->tick = 0;
	m->at = 0;
	m->lines_left = SILENT_LINES;
	m->mos_sources = m->mos_cnt;
	m->mos_x100 = m->mos_cnt ? (unsigned)(m->mos_sum / m->mos_cnt) : 0;
	m->mos_sum = 0;
	m->mos_cnt = 0;
}

void meters_refresh(struct meters *m, const struct call *call, uint64_t now_ms)
{
	struct meter *meter = meter_at(m, call->slot);

	relay_take_rtcp(m->relay, RTCP_AT_ONCE, take_rtcp, m);
	if (meter)
		poll_call(m, meter, call, now_ms);
}

void meters_forget(struct meters *m, const struct call *call)
{
	struct meter *meter;

	if (call->slot >= m->slots)
		return;
	meter = &m->by_slot[call->slot];
	free(meter->media);
	*meter = (struct meter){ 0 };
}

const struct quality *meters_of(const struct meters *m, const struct call *call,
				size_t *cnt)
{
	*cnt = 0;
	if (call->slot >= m->slots)
		return NULL;
	*cnt = m->by_slot[call->slot].media_cnt;
	return m->by_slot[call->slot].media;
}

unsigned meters_mos_x100(const struct meters *m, unsigned *sources)
{
	*sources = m->mos_sources;
	return m->mos_x100;
}
