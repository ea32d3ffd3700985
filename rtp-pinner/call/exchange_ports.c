/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ports of an exchange.  New ones are opened at once, shut to everybody, so
 * that a port somebody else holds is found out while another can be taken.
 */
#include <errno.h>

#include "rtp-pinner/call/exchange.h"
#include "rtp-pinner/call/media.h"
#include "rtp-pinner/call/rows.h"

enum {
	TRIES_MAX = 8,
};

static int open_shut(struct exchange *x, uint16_t port, enum flow_kind kind)
{
	struct flow_conf conf;
	int err;

	rows_shut(&conf, x->call, kind);
	err = x->calls->ops.open(x->calls->ops.arg, port, &conf);
	if (err)
		calls_count(x->calls, CALLS_C_PORT_OPEN_FAILED);
	return err;
}

static int open_pair(struct exchange *x, uint16_t port, bool rtp)
{
	int err = open_shut(x, port, rtp ? FLOW_RTP : FLOW_OTHER);

	if (err || !rtp)
		return err;
	err = open_shut(x, (uint16_t)(port + 1), FLOW_RTCP);
	if (err)
		x->calls->ops.close(x->calls->ops.arg, port);
	return err;
}

/* Has the call all the ports one may have?  A body with dozens of sections,
 * forked to dozens of branches, is not to take those of everybody else.
 */
static bool is_full(struct exchange *x)
{
	uint32_t max = x->calls->conf.call_ports_max;

	for (unsigned i = 0; !x->has_pairs && i < x->call->leg_cnt; i++) {
		const struct call_leg *leg = &x->call->legs[i];

		for (unsigned k = 0; k < leg->media_cnt; k++)
			x->pairs += leg->media[k].port != 0;
	}
	x->has_pairs = true;
	return max && 2 * (x->pairs + 1) > max;
}

/* 0, or no port could be had. */
static int take(struct exchange *x, struct call_media *m)
{
	if (is_full(x))
		return ENOSPC;
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		uint16_t port = ports_take(x->calls->ports);
		bool rtp = m->flags & CALL_M_RTP;
		int err;

		if (!port)
			return ENOSPC;
		err = open_pair(x, port, rtp);
		if (!err) {
			x->pairs++;
			m->port = port;
			if (rtp)
				m->flags |= CALL_M_RTCP_OPEN;
			else
				m->flags &= (uint16_t)~CALL_M_RTCP_OPEN;
			return 0;
		}
		ports_give(x->calls->ports, port, x->now_ms);
		if (err != EADDRINUSE)
			return err;
	}
	return EADDRINUSE;
}

uint16_t exchange_port(const struct exchange *x,
		       const struct exchange_side *side, unsigned media)
{
	const struct call_leg *leg = &x->call->legs[side->leg];

	if (side->media[media].bundle_head < x->cnt)
		media = side->media[media].bundle_head;
	if (side->media[media].port || leg->borrows == CALL_NONE)
		return side->media[media].port;
	leg = &x->call->legs[leg->borrows];
	return media < leg->media_cnt ? leg->media[media].port : 0;
}

/* Closed at the commit, when nothing else holds it. */
static void leave(struct call_media *m)
{
	m->port = 0;
	m->flags &= (uint16_t)~CALL_M_RTCP_OPEN;
}

static int ensure(struct exchange *x, struct exchange_side *side, unsigned i)
{
	const struct call_leg *leg = &x->call->legs[side->leg];

	if (exchange_port(x, side, i))
		return 0;
	/* It had one before a re-offer that is still open. */
	if (i < leg->saved_cnt && leg->saved[i].port) {
		leave(&side->media[i]);
		side->media[i].port = leg->saved[i].port;
		side->media[i].flags |=
			leg->saved[i].flags & CALL_M_RTCP_OPEN;
		return 0;
	}
	return take(x, &side->media[i]);
}

/* Another branch that still uses this media of the leg that gets the answer. */
static bool is_used_by_others(const struct exchange *x, unsigned media)
{
	const struct call *call = x->call;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *leg = &call->legs[i];

		if (i == x->from.leg || i == x->to.leg || leg->ended ||
		    leg->joined != x->to.leg || media >= leg->media_cnt)
			continue;
		if (call_media_alive(&leg->media[media]) &&
		    leg->media[media].bundle_head == CALL_NONE &&
		    call_media_port(call, i, media))
			return true;
	}
	return false;
}

static bool is_borrowed(const struct call *call, unsigned leg)
{
	for (unsigned i = 0; i < call->leg_cnt; i++)
		if (call->legs[i].borrows == leg && !call->legs[i].ended)
			return true;
	return false;
}

/* Give back what this exchange has taken; what the leg had stays. */
static void untake(struct exchange *x, struct exchange_side *side, unsigned i)
{
	const struct call_leg *leg = &x->call->legs[side->leg];
	struct call_media *m = &side->media[i];

	if (!m->port || (i < leg->media_cnt && leg->media[i].port == m->port) ||
	    (i < leg->saved_cnt && leg->saved[i].port == m->port))
		return;
	calls_close_media(x->calls, m, x->now_ms);
	leave(m);
}

/* No port to be had: the call goes on without this media. */
static void disable(struct exchange *x, unsigned i)
{
	calls_count(x->calls, CALLS_C_MEDIA_WITHOUT_PORT);
	untake(x, &x->from, i);
	untake(x, &x->to, i);
	media_reject(&x->from.media[i]);
	media_reject(&x->to.media[i]);
}

/* Another endpoint gets another port, where the command wants that.  The old
 * one stays until the answer; without a free port it is the only one.
 */
static void renew(struct exchange *x, unsigned i)
{
	const struct call_leg *from = &x->call->legs[x->from.leg];
	const struct call_leg *leg = &x->call->legs[x->to.leg];
	struct call_media *to = &x->to.media[i];
	struct call_media before = *to;

	if (!x->offer || !x->choice.reoffer || !to->port || leg->saved ||
	    !(x->command->flags & NG_F(NG_NO_PORT_LATCHING)) ||
	    i >= leg->media_cnt || leg->media[i].port != to->port ||
	    i >= from->media_cnt ||
	    call_endpoint_equal(&from->media[i].rtp, &x->from.media[i].rtp))
		return;
	if (take(x, to))
		*to = before;
}

static enum calls_result media_ports(struct exchange *x, unsigned i)
{
	struct call_media *from = &x->from.media[i];
	struct call_media *to = &x->to.media[i];
	bool alive = call_media_alive(from);
	bool own = alive && from->bundle_head == CALL_NONE;

	if (own && (ensure(x, &x->from, i) || ensure(x, &x->to, i))) {
		bool fresh = x->first || x->choice.to == CALL_NONE;

		if (x->offer && fresh)
			return CALLS_PORTS;
		disable(x, i);
		own = false;
	}
	if (own)
		renew(x, i);
	if (x->offer || own)
		return CALLS_OK;
	if (!is_borrowed(x->call, x->from.leg))
		leave(from);
	if (!is_used_by_others(x, i))
		leave(to);
	return CALLS_OK;
}

/* A head first: those it carries need nothing of their own then. */
enum calls_result exchange_ports(struct exchange *x)
{
	for (unsigned i = 0; i < x->cnt; i++) {
		enum calls_result result = media_ports(x, i);

		if (result)
			return result;
	}
	return CALLS_OK;
}
