/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/rows.h"

#include <limits.h>
#include <string.h>

#include "rtp-pinner/call/gate.h"

unsigned rows_speaker(const struct call *call, unsigned owner)
{
	unsigned speaker = owner;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *leg = &call->legs[i];

		if (leg->borrows == owner && !leg->ended &&
		    leg->answer_seq > call->legs[speaker].answer_seq)
			speaker = i;
	}
	return speaker;
}

static void set_endpoint(struct flow_endpoint *out,
			 const struct call_endpoint *e)
{
	*out = (struct flow_endpoint){ 0 };
	if (!addr_is_set(&e->addr) || !e->port)
		return;
	out->family = e->addr.family;
	out->port = e->port;
	memcpy(out->bytes_be, e->addr.bytes_be, sizeof(out->bytes_be));
}

/* The media of a leg that lives on this transport: itself and, where it heads
 * a bundle, those it carries.
 */
static bool is_carried(const struct call_leg *leg, unsigned media,
		       unsigned head)
{
	return media == head || leg->media[media].bundle_head == head;
}

static void add_gate(struct gate *gate, const struct call_leg *leg,
		     unsigned head)
{
	for (unsigned i = 0; i < leg->media_cnt; i++)
		for (unsigned k = 0; is_carried(leg, i, head) &&
				     k < leg->media[i].gate_cnt; k++)
			gate_add(gate, &leg->media[i].gate[k]);
}

static void set_gate(struct flow_conf *out, const struct call *call,
		     unsigned owner, unsigned speaker, unsigned media)
{
	struct gate gate = { .cnt = 0 };

	add_gate(&gate, &call->legs[speaker], media);
	for (unsigned i = 0; i < call->leg_cnt; i++)
		if (!call->legs[i].ended &&
		    (i == owner || call->legs[i].borrows == owner))
			add_gate(&gate, &call->legs[i], media);
	for (unsigned i = 0; i < gate.cnt; i++) {
		const struct call_gate *e = &gate.entries[i];

		out->gate[i].family = e->addr.family;
		out->gate[i].prefix_len = e->prefix_len;
		memcpy(out->gate[i].bytes_be, e->addr.bytes_be,
		       sizeof(out->gate[i].bytes_be));
	}
	out->gate_cnt = gate.cnt;
	out->gate_mode = call->legs[speaker].gate_mode;
}

static void add_rates(struct flow_conf *out, const struct call_leg *leg,
		      unsigned head)
{
	for (unsigned i = 0; i < leg->media_cnt; i++) {
		const struct call_media *m = &leg->media[i];

		for (unsigned k = 0; is_carried(leg, i, head) &&
				     k < m->rate_cnt; k++) {
			unsigned at = 0;

			while (at < FLOW_RATES_MAX && out->rates[at].rate_khz &&
			       out->rates[at].payload_type !=
				       m->rates[k].payload_type)
				at++;
			if (at < FLOW_RATES_MAX && !out->rates[at].rate_khz)
				out->rates[at] = m->rates[k];
		}
	}
}

/* Where the packets of speaker leave, which arrive at own.  Its payload types
 * are those the other side has described (RFC 3264 5.1), so these rates come
 * first.
 */
static void set_sink(struct flow_conf *out, const struct call *call,
		     const struct call_media *own, unsigned speaker,
		     unsigned media)
{
	unsigned joined = call->legs[speaker].joined;
	const struct call_leg *other;
	const struct call_media *m;
	const struct call_media *transport;

	if (joined >= call->leg_cnt || call->legs[joined].ended)
		return;
	other = &call->legs[joined];
	if (media >= other->media_cnt)
		return;
	add_rates(out, other, media);
	m = &other->media[media];
	transport = call_transport(call, joined, media);
	if (!call_media_alive(m) || m->flags & CALL_M_HELD || !transport ||
	    !transport->port || transport == own)
		return;
	out->sink = transport->port;
	if (out->kind == FLOW_OTHER || !(m->flags & CALL_M_RTP))
		return;
	if (m->flags & CALL_M_MUX)
		out->sink_rtcp = transport->port;
	else if (transport->flags & CALL_M_RTCP_OPEN)
		out->sink_rtcp = (uint16_t)(transport->port + 1);
}

static uint16_t flags_of(const struct call_leg *leg,
			 const struct call_media *m, bool rtcp)
{
	uint16_t flags = leg->flow_flags;

	if (!rtcp && m->flags & CALL_M_RTP &&
	    m->flags & (CALL_M_MUX | CALL_M_MUX_ASKED | CALL_M_MUX_OFFERED))
		flags |= FLOW_F_RTCP_MUX;
	if (m->flags & CALL_M_ICE)
		flags |= FLOW_F_ICE;
	if (m->flags & CALL_M_SRTP)
		flags |= FLOW_F_SRTP;
	return flags;
}

/* Of the row, and of what the party that borrows it said last. */
static uint32_t epoch_of(const struct call_media *own,
			 const struct call_media *m, bool rtcp)
{
	uint32_t epoch = rtcp ? own->rtcp_epoch : own->epoch;

	if (m != own)
		epoch |= (uint32_t)(rtcp ? m->rtcp_epoch : m->epoch) << 16;
	return epoch;
}

void rows_fill(struct flow_conf *out, const struct calls *calls,
	       const struct call *call, unsigned leg, unsigned media,
	       bool rtcp)
{
	const struct call_media *own = &call->legs[leg].media[media];
	unsigned speaker = rows_speaker(call, leg);
	const struct call_leg *l = &call->legs[speaker];
	const struct call_media *m = media < l->media_cnt ? &l->media[media] :
							    own;

	memset(out, 0, sizeof(*out));
	out->active = 1;
	out->thread = call->thread;
	out->kind = FLOW_OTHER;
	if (rtcp)
		out->kind = FLOW_RTCP;
	else if (m->flags & CALL_M_RTP)
		out->kind = FLOW_RTP;
	out->dscp = call->dscp;
	out->flags = flags_of(l, m, rtcp);
	if (call->is_probe)
		out->flags |= FLOW_F_PROBE;
	out->epoch = epoch_of(own, m, rtcp);
	out->call = call->slot;
	out->packet_rate_max = calls->conf.packet_rate_max;
	set_endpoint(&out->signalled, rtcp ? &m->rtcp : &m->rtp);
	set_gate(out, call, leg, speaker, media);
	set_sink(out, call, own, speaker, media);
	if (rtcp)
		out->sink = out->sink_rtcp;
	add_rates(out, l, media);
}

static uint64_t last_ms(const struct calls *calls, uint16_t port)
{
	const struct flow_row *row = calls->ops.row(calls->ops.arg, port);

	/* Written by the thread that owns the row. */
	return row ? __atomic_load_n(&row->state.last_ms, __ATOMIC_RELAXED) : 0;
}

uint64_t rows_last_ms(const struct calls *calls, const struct call_media *m)
{
	uint64_t rtp = m->port ? last_ms(calls, m->port) : 0;
	uint64_t rtcp = m->port && m->flags & CALL_M_RTCP_OPEN ?
		last_ms(calls, (uint16_t)(m->port + 1)) : 0;

	return rtp > rtcp ? rtp : rtcp;
}

static struct addr addr_of(const struct flow_endpoint *e)
{
	struct addr a = { .family = e->family };

	memcpy(a.bytes_be, e->bytes_be, sizeof(a.bytes_be));
	return a;
}

/* The row is latched to a source that this conf has no longer in its gate: it
 * is not heard, so it shall not be talked to.  The state may change meanwhile;
 * an epoch too many does no harm.
 */
static bool shuts_out(const struct flow_conf *conf, const struct flow_row *row)
{
	const struct flow_endpoint source = row->state.source;
	const struct addr from = addr_of(&source);

	if (conf->gate_mode != FLOW_GATE_STRICT || !row->state.latched ||
	    row->state.generation != row->conf.generation ||
	    row->state.epoch != conf->epoch)
		return false;
	for (unsigned i = 0; i < conf->gate_cnt; i++) {
		const struct prefix p = {
			.addr = addr_of(&conf->gate[i]),
			.len = conf->gate[i].prefix_len,
		};

		if (prefix_has(&p, &from))
			return false;
	}
	return true;
}

static void set(struct calls *calls, struct call *call, unsigned leg,
		unsigned media, bool rtcp)
{
	struct call_media *own = &call->legs[leg].media[media];
	uint16_t port = (uint16_t)(own->port + rtcp);
	const struct flow_row *row = calls->ops.row(calls->ops.arg, port);
	struct flow_conf conf;

	rows_fill(&conf, calls, call, leg, media, rtcp);
	if (row && shuts_out(&conf, row)) {
		if (rtcp)
			own->rtcp_epoch++;
		else
			own->epoch++;
		rows_fill(&conf, calls, call, leg, media, rtcp);
	}
	if (row) {
		conf.seq = row->conf.seq;
		conf.generation = row->conf.generation;
		if (!memcmp(&conf, &row->conf, sizeof(conf)))
			return;
	}
	calls->ops.set(calls->ops.arg, port, &conf);
}

void rows_shut(struct flow_conf *out, const struct call *call,
	       enum flow_kind kind)
{
	memset(out, 0, sizeof(*out));
	out->active = 1;
	out->thread = call->thread;
	out->kind = (uint8_t)kind;
	out->gate_mode = FLOW_GATE_STRICT;
	out->call = call->slot;
}

/* ---- all ports of a call ---- */

enum which {
	RTP,
	RTCP,
	SAVED_RTP,		/* held for a roll-back alone */
	SAVED_RTCP,
	WHICHES
};

struct spot {
	unsigned leg;
	unsigned media;
	unsigned which;
};

static uint16_t media_port(const struct call_media *media, unsigned cnt,
			   unsigned i)
{
	return media && i < cnt ? media[i].port : 0;
}

/* 0: there is none. */
static uint16_t port_at(const struct call *call, const struct spot *s)
{
	const struct call_leg *leg = &call->legs[s->leg];
	uint16_t port = media_port(leg->media, leg->media_cnt, s->media);
	bool rtcp = s->which == RTCP || s->which == SAVED_RTCP;
	const struct call_media *media = leg->media;

	if (s->which >= SAVED_RTP) {
		uint16_t saved =
			media_port(leg->saved, leg->saved_cnt, s->media);

		port = saved == port ? 0 : saved;
		media = leg->saved;
	}
	if (!port || !rtcp)
		return port;
	return media[s->media].flags & (CALL_M_RTP | CALL_M_RTCP_OPEN) ?
		(uint16_t)(port + 1) : 0;
}

/* The first port at or behind s; 0: there is none. */
static uint16_t find_port(const struct call *call, struct spot *s)
{
	for (; s->leg < call->leg_cnt; s->leg++, s->media = 0) {
		const struct call_leg *leg = &call->legs[s->leg];

		for (; s->media < leg->media_cnt || s->media < leg->saved_cnt;
		     s->media++, s->which = 0)
			for (; s->which < WHICHES; s->which++)
				if (port_at(call, s))
					return port_at(call, s);
	}
	return 0;
}

/* What was no RTP before has its port + 1, but not open. */
static void open_missing(struct calls *calls, struct call *call,
			 const struct spot *s)
{
	struct call_media *m = &call->legs[s->leg].media[s->media];
	struct flow_conf conf;

	if (m->flags & CALL_M_RTCP_OPEN)
		return;
	rows_shut(&conf, call, FLOW_RTCP);
	if (calls->ops.open(calls->ops.arg, port_at(call, s), &conf))
		calls_count(calls, CALLS_C_PORT_OPEN_FAILED);
	else
		m->flags |= CALL_M_RTCP_OPEN;
}

static bool is_open(const struct call *call, const struct spot *s)
{
	return s->which == RTP ||
	       call->legs[s->leg].media[s->media].flags & CALL_M_RTCP_OPEN;
}

void rows_push(struct calls *calls, struct call *call)
{
	for (struct spot s = { 0 }; find_port(call, &s); s.which++)
		if (s.which == RTCP)
			open_missing(calls, call, &s);
	for (struct spot s = { 0 }; find_port(call, &s); s.which++)
		if (s.which <= RTCP && is_open(call, &s))
			set(calls, call, s.leg, s.media, s.which == RTCP);
}

static int open_at(struct calls *calls, const struct call *call,
		   const struct spot *s)
{
	const struct call_leg *leg = &call->legs[s->leg];
	struct flow_conf conf;

	if (s->which <= RTCP)
		rows_fill(&conf, calls, call, s->leg, s->media,
			  s->which == RTCP);
	else if (s->which == SAVED_RTCP)
		rows_shut(&conf, call, FLOW_RTCP);
	else
		rows_shut(&conf, call,
			  leg->saved[s->media].flags & CALL_M_RTP ?
				  FLOW_RTP : FLOW_OTHER);
	return calls->ops.open(calls->ops.arg, port_at(call, s), &conf);
}

/* All will be open, or the call is gone: rows may point there already. */
static void mark_open(struct call *call)
{
	for (struct spot s = { 0 }; find_port(call, &s); s.which++) {
		struct call_leg *leg = &call->legs[s.leg];

		if (s.which == RTCP)
			leg->media[s.media].flags |= CALL_M_RTCP_OPEN;
		else if (s.which == SAVED_RTCP)
			leg->saved[s.media].flags |= CALL_M_RTCP_OPEN;
	}
}

static void close_first(struct calls *calls, const struct call *call,
			unsigned cnt)
{
	struct spot s = { 0 };
	uint16_t port;

	for (; cnt && (port = find_port(call, &s)); cnt--, s.which++)
		calls->ops.close(calls->ops.arg, port);
}

int rows_open(struct calls *calls, struct call *call)
{
	unsigned opened = 0;

	mark_open(call);
	for (struct spot s = { 0 }; find_port(call, &s); s.which++) {
		int err = open_at(calls, call, &s);

		if (err) {
			close_first(calls, call, opened);
			return err;
		}
		opened++;
	}
	return 0;
}

/* ---- taking ports back ---- */

static void put_back_first(struct calls *calls, const struct call *call,
			   unsigned cnt)
{
	struct spot s = { 0 };
	uint16_t port;

	for (; cnt && (port = find_port(call, &s)); s.which++)
		if (!(port % 2)) {
			ports_put_back(calls->ports, port);
			cnt--;
		}
}

void rows_put_back(struct calls *calls, const struct call *call)
{
	put_back_first(calls, call, UINT_MAX);
}

bool rows_take(struct calls *calls, const struct call *call)
{
	unsigned taken = 0;
	uint16_t port;

	for (struct spot s = { 0 }; (port = find_port(call, &s)); s.which++) {
		if (port % 2)
			continue;
		if (!ports_take_this(calls->ports, port)) {
			put_back_first(calls, call, taken);
			return false;
		}
		taken++;
	}
	return true;
}
