/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/path.h"

#include <string.h>

#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/pin.h"
#include "rtp-pinner/relay/rtp.h"
#include "rtp-pinner/relay/stun.h"

enum {
	HOPS_MAX = 4, /* of calls that pass this relay more than once */
};

/* What is known of the packet on its way through this file. */
struct passage {
	const struct path *p;
	const struct path_packet *pkt;
	struct path_out *out;
	struct flow_row *row;	      /* of the arrival */
	const struct flow_conf *conf; /* of that row */
	enum pin_standing standing;
	enum rtp_kind kind;
	bool own; /* sent by a port of this relay */
	uint64_t now_us;
	uint64_t now_ms;
};

/* The functions that judge return an enum flow_drop or this. */
enum {
	PASS = FLOW_DROPS,
};

static struct flow_row *row_of(const struct path *p, uint16_t port)
{
	if (port < p->port_min || port > p->port_max)
		return NULL;
	return &p->rows[port - p->port_min];
}

static bool is_address(const struct addr *a, const struct flow_endpoint *e)
{
	return a->family == e->family &&
	       !memcmp(a->bytes_be, e->bytes_be, sizeof(a->bytes_be));
}

static bool is_own_address(const struct path *p, const struct flow_endpoint *e)
{
	return is_address(&p->media4, e) || is_address(&p->media6, e);
}

static bool is_own_port(const struct path *p, const struct flow_endpoint *e)
{
	return e->port >= p->port_min && e->port <= p->port_max &&
	       is_own_address(p, e);
}

/* SIP, ng, ... of this node: what a caller's SDP names there is no media. */
static bool is_closed(const struct path *p, const struct flow_endpoint *e)
{
	if (!is_own_address(p, e))
		return false;
	for (size_t i = 0; i < p->closed_cnt; i++)
		if (p->closed[i] == e->port)
			return true;
	return e->port < PATH_CLOSED_BELOW;
}

static bool is_mapped(const struct flow_endpoint *e)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return e->family == 6 && !memcmp(e->bytes_be, prefix, sizeof(prefix));
}

static uint16_t sink_port(const struct flow_conf *c, enum rtp_kind kind)
{
	return c->kind == FLOW_RTCP || kind == RTP_KIND_RTCP ? c->sink_rtcp
							     : c->sink;
}

/* A target that is a port of this relay: fine for another call (a B2BUA that
 * leaves media alone), never for this one, nor when what follows leads back.
 * Sources of our own latch only where SDP named them (pin.h), so the confs tell
 * the whole way, and confs of other threads may be read.
 */
static bool leads_back(const struct passage *w, const struct flow_endpoint *to)
{
	const struct path *p = w->p;
	uint16_t port = to->port;

	for (int hop = 0; hop < HOPS_MAX; hop++) {
		const struct flow_row *row = row_of(p, port);
		struct flow_conf conf;

		if (!flow_conf_read_head(&conf, row))
			return true;
		if (!conf.active)
			return false; /* it ends there, dropped */
		if (conf.call == w->conf->call)
			return true;
		row = row_of(p, sink_port(&conf, w->kind));
		if (!row)
			return false;
		if (!flow_conf_read_head(&conf, row))
			return true;
		if (!conf.active || !is_own_port(p, &conf.signalled))
			return false;
		port = conf.signalled.port;
	}
	return true;
}

static bool is_forbidden(const struct passage *w,
			 const struct flow_endpoint *to)
{
	struct addr a = { .family = to->family };

	memcpy(a.bytes_be, to->bytes_be, sizeof(a.bytes_be));
	if (!addr_is_unicast(&a) || is_mapped(to))
		return true;
	for (size_t i = 0; i < w->p->service_cnt; i++)
		if (addr_equal(&w->p->service[i], &a))
			return true;
	if (is_closed(w->p, to))
		return true;
	return is_own_port(w->p, to) && leads_back(w, to);
}

/* Fill `out' with the way from the port of sink to its target, or to `to'. */
static int leave(struct passage *w, uint16_t port,
		 const struct flow_endpoint *to)
{
	struct flow_row *row = row_of(w->p, port);
	struct flow_conf sink;

	if (!row || port == w->pkt->port)
		return FLOW_DROP_NO_SINK;
	if (!flow_conf_read_head(&sink, row))
		return FLOW_DROP_BUSY;
	if (!sink.active || sink.call != w->conf->call ||
	    sink.thread != w->p->thread)
		return FLOW_DROP_NO_SINK;
	pin_begin(&row->state, &sink);
	if (!to)
		to = pin_target(&row->state, &sink);
	if (!to->family || !to->port)
		return FLOW_DROP_NO_TARGET;
	if (is_forbidden(w, to))
		return FLOW_DROP_FORBIDDEN;
	if (!addr_is_set(to->family == 4 ? &w->p->media4 : &w->p->media6))
		return FLOW_DROP_NO_TARGET;
	w->out->port_out = port;
	w->out->dscp = sink.dscp;
	w->out->to = *to;
	w->out->to.prefix_len = 0;
	return PASS;
}

static bool is_ours_unnamed(const struct passage *w)
{
	return w->own && !pin_same_source(&w->pkt->from, &w->conf->signalled);
}

/* The answer to a check goes to where that came from, and proves it. */
static int pass_answer(struct passage *w, const struct stun *stun)
{
	const uint16_t ports[] = { w->conf->sink, w->conf->sink_rtcp };
	int verdict = FLOW_DROP_STUN;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct flow_row *asked = row_of(w->p, ports[i]);
		struct flow_check *check;

		if (!asked || asked == w->row)
			continue;
		check = pin_check_find(&asked->state, stun->id, w->now_ms);
		if (!check)
			continue;
		/* Of an older opening, it is cleared there: no target. */
		verdict = leave(w, ports[i], &check->from);
		if (verdict == PASS && stun->class == STUN_SUCCESS)
			pin_check_succeeded(&asked->state, check,
					    &w->row->state, &w->pkt->from,
					    w->now_ms);
		break;
	}
	return verdict;
}

static int pass_stun(struct passage *w)
{
	struct flow_state *s = &w->row->state;
	struct stun stun;

	if (!(w->conf->flags & FLOW_F_ICE) ||
	    stun_parse(&stun, w->pkt->bytes, w->pkt->len) != 0 ||
	    stun.method != STUN_BINDING)
		return FLOW_DROP_STUN;
	if (is_ours_unnamed(w))
		return FLOW_DROP_OTHER_SOURCE;
	if (!pin_in_rate(s, w->conf, !s->latched ||
			 !pin_same_source(&s->source, &w->pkt->from),
			 w->now_ms))
		return FLOW_DROP_RATE;
	if (stun.class == STUN_SUCCESS || stun.class == STUN_ERROR)
		return pass_answer(w, &stun);
	if (stun.class == STUN_REQUEST)
		pin_check(s, &w->pkt->from, stun.id,
			  stun.use_candidate, w->now_ms);
	return leave(w, sink_port(w->conf, w->kind), NULL);
}

/* Whether a row carries packets of this kind, and what the pin calls them. */
static bool is_carried(enum pin_kind *out, const struct flow_conf *c,
		       enum rtp_kind kind)
{
	*out = PIN_OTHER;
	if (c->kind == FLOW_OTHER)
		return true;
	switch (kind) {
	case RTP_KIND_RTP:
	case RTP_KIND_ZRTP:
		*out = PIN_RTP;
		return c->kind == FLOW_RTP;
	case RTP_KIND_RTCP:
		*out = PIN_RTCP;
		return c->kind == FLOW_RTCP || c->flags & FLOW_F_RTCP_MUX;
	case RTP_KIND_DTLS:
		return c->flags & FLOW_F_SRTP;
	default:
		return false;
	}
}

static int pass_media(struct passage *w)
{
	struct pin_packet pin = {
		.from = &w->pkt->from,
		.standing = w->standing,
		.own = w->own,
	};
	struct flow_state *s = &w->row->state;
	struct rtp_header header;

	if (!is_carried(&pin.kind, w->conf, w->kind))
		return FLOW_DROP_NOT_MEDIA;
	if (pin.kind != PIN_OTHER)
		pin.ssrc = rtp_ssrc(w->kind, w->pkt->bytes);
	switch (pin_judge(s, w->conf, &pin, w->now_ms)) {
	case PIN_STRANGER:
		return FLOW_DROP_STRANGER;
	case PIN_OTHER_SOURCE:
		return FLOW_DROP_OTHER_SOURCE;
	case PIN_PASS:
		break;
	}
	if (!pin_in_rate(s, w->conf, false, w->now_ms))
		return FLOW_DROP_RATE;
	s->last_ms = w->now_ms;
	if (w->kind == RTP_KIND_RTP && w->conf->kind == FLOW_RTP) {
		rtp_read(&header, w->pkt->bytes);
		rtp_sources_count(s->sources, &header,
				  rtp_rate(w->conf, header.payload_type),
				  w->now_us - w->pkt->age_us);
	}
	if (pin.kind == PIN_RTCP && !(w->conf->flags & FLOW_F_SRTP)) {
		w->out->rtcp = s->copies < PATH_COPIES_MAX;
		w->out->rtcp_over = !w->out->rtcp;
		s->copies += w->out->rtcp;
	}
	return leave(w, sink_port(w->conf, w->kind), NULL);
}

static int pass(struct passage *w)
{
	struct flow_state *s = &w->row->state;

	w->standing = pin_standing(s, w->conf, &w->pkt->from);
	if (w->standing == PIN_OUTSIDE) {
		if (w->conf->kind == FLOW_RTP &&
		    rtp_classify(w->pkt->bytes, w->pkt->len) == RTP_KIND_RTP)
			pin_stranger(s, &w->pkt->from, w->now_ms);
		return FLOW_DROP_STRANGER;
	}
	if (!w->pkt->from.port)
		return FLOW_DROP_NOT_MEDIA; /* nobody to answer */
	if (w->pkt->truncated)
		return FLOW_DROP_TOO_BIG;
	if (w->pkt->age_us > PATH_AGE_MAX_US &&
	    w->now_us < w->p->began_us + w->pkt->age_us)
		return FLOW_DROP_OLD;
	w->own = is_own_port(w->p, &w->pkt->from);
	w->kind = rtp_classify(w->pkt->bytes, w->pkt->len);
	if (w->conf->kind == FLOW_OTHER &&
	    !(w->conf->flags & FLOW_F_ICE && w->kind == RTP_KIND_STUN))
		w->kind = RTP_KIND_NONE; /* whatever it may look like */
	return w->kind == RTP_KIND_STUN ? pass_stun(w) : pass_media(w);
}

enum path_verdict path_packet(struct path_out *out, const struct path *p,
			      const struct path_packet *pkt, uint64_t now_us)
{
	struct passage w = {
		.p = p,
		.pkt = pkt,
		.out = out,
		.row = row_of(p, pkt->port),
		.now_us = now_us,
		.now_ms = now_us / 1000,
	};
	struct flow_conf conf;
	int verdict;

	memset(out, 0, sizeof(*out));
	out->port_in = pkt->port;
	if (!w.row ||
	    __atomic_load_n(&w.row->conf.thread, __ATOMIC_RELAXED) != p->thread)
		return PATH_UNOWNED;
	if (!flow_conf_read(&conf, w.row)) {
		verdict = FLOW_DROP_BUSY;
	} else if (!conf.active || conf.thread != p->thread) {
		return PATH_UNOWNED;
	} else {
		w.conf = &conf;
		pin_begin(&w.row->state, &conf);
		verdict = pass(&w);
	}
	if (verdict != PASS) {
		out->drop = (enum flow_drop)verdict;
		w.row->state.drops[verdict]++;
		return PATH_DROP;
	}
	w.row->state.packets_in++;
	w.row->state.bytes_in += pkt->len;
	return PATH_SEND;
}

void path_sent(const struct path *p, const struct path_out *out, size_t len)
{
	struct flow_row *row = row_of(p, out->port_out);

	if (row) {
		row->state.packets_out++;
		row->state.bytes_out += len;
	}
}

void path_refused(const struct path *p, const struct path_out *out)
{
	struct flow_row *row = row_of(p, out->port_in);

	if (row)
		row->state.drops[FLOW_DROP_SEND]++;
}

void path_icmp_error(const struct path *p, uint16_t port)
{
	struct flow_row *row = row_of(p, port);

	if (row)
		row->state.errors++;
}
