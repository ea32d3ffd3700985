/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/call/media.h"
#include "rtp-pinner/call/rows.h"

static bool has_flag(const struct exchange *x, enum ng_flag flag)
{
	return x->command->flags & NG_F(flag);
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* ---- drafts ---- */

static enum calls_result choose_legs(struct exchange *x)
{
	unsigned next = x->call->leg_cnt;

	x->from.leg = x->choice.from != CALL_NONE ? x->choice.from : next++;
	x->to.leg = x->choice.to != CALL_NONE ? x->choice.to : next++;
	if (next > CALL_LEGS_MAX)
		return CALLS_LEGS;
	x->new_legs = next - x->call->leg_cnt;
	if (call_reserve_legs(x->call, x->new_legs))
		return CALLS_MEMORY;
	if (x->choice.from == CALL_NONE)
		x->call->legs[x->from.leg].borrows =
			(uint8_t)x->choice.from_borrows;
	return CALLS_OK;
}

/* The texts a side will have, where one of them is new. */
static enum calls_result draft_text(struct exchange *x,
				    struct exchange_side *side,
				    struct slice tag, struct slice branch,
				    struct slice label)
{
	const struct call_leg *leg = &x->call->legs[side->leg];
	bool is_new = side->leg >= x->call->leg_cnt;

	if (leg->tag_len || !tag.len)
		tag = call_leg_tag(leg);
	if (!is_new || !branch.len)
		branch = call_leg_branch(leg);
	if (!label.len)
		label = call_leg_label(leg);
	if (!is_new && tag.len == leg->tag_len &&
	    slice_equal(label, call_leg_label(leg)))
		return CALLS_OK;
	side->text = call_text_new(tag, branch, label);
	if (!side->text)
		return CALLS_MEMORY;
	side->tag_len = (uint16_t)tag.len;
	side->branch_len = (uint16_t)branch.len;
	side->label_len = (uint16_t)label.len;
	return CALLS_OK;
}

static enum calls_result draft_media(struct exchange *x,
				     struct exchange_side *side)
{
	const struct call_leg *leg = &x->call->legs[side->leg];

	side->media = call_media_clone(leg->media, leg->media_cnt, x->cnt);
	return side->media ? CALLS_OK : CALLS_MEMORY;
}

static enum calls_result draft(struct exchange *x)
{
	const struct slice none = { 0 };
	enum calls_result result = choose_legs(x);

	if (result)
		return result;
	x->cnt = max((unsigned)sdp_media_cnt(x->sdp),
		     max(x->call->legs[x->from.leg].media_cnt,
			 x->call->legs[x->to.leg].media_cnt));
	result = draft_text(x, &x->from, x->choice.from_tag, none,
			    x->command->label);
	if (!result)
		result = draft_text(x, &x->to, x->choice.to_tag,
				    x->offer ? x->command->via_branch : none,
				    none);
	if (!result)
		result = draft_media(x, &x->from);
	if (!result)
		result = draft_media(x, &x->to);
	return result;
}

/* ---- what the SDP says ---- */

static bool is_our_addr(const struct exchange *x, const struct addr *a)
{
	const struct calls_conf *conf = &x->calls->conf;
	const struct addr *const ours[] = {
		&conf->media4, &conf->media6,
		&conf->advertised4, &conf->advertised6,
	};

	if (!addr_is_set(a))
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (addr_equal(ours[i], a))
			return true;
	for (unsigned i = 0; i < x->call->leg_cnt; i++)
		if (addr_equal(&x->call->legs[i].advertised, a))
			return true;
	return false;
}

static bool is_port_of_call(const struct call *call, uint16_t port)
{
	for (unsigned i = 0; i < call->leg_cnt; i++)
		for (unsigned k = 0; k < call->legs[i].media_cnt; k++)
			if (call->legs[i].media[k].port &&
			    call->legs[i].media[k].port == (port & ~1))
				return true;
	return false;
}

static bool is_hairpin(const struct exchange *x, const struct call_endpoint *e)
{
	return is_our_addr(x, &e->addr) && is_port_of_call(x->call, e->port);
}

/* A phone whose ICE is done offers the address its peer saw it at (RFC 8839
 * 4.4.1: the selected pair), and behind a relay that is a port of this call.
 * It says nothing of where the phone is.
 */
static bool is_told_by_ice(const struct exchange *x,
			   const struct call_media *m,
			   const struct sdp_media *section)
{
	struct call_endpoint said = {
		.addr = section->addr,
		.port = (uint16_t)section->port,
	};

	return section->ice && addr_is_set(&m->rtp.addr) &&
	       is_hairpin(x, &said);
}

static enum calls_result check_target(const struct exchange *x,
				      const struct call_media *m,
				      const struct sdp_media *section)
{
	const struct calls_conf *conf = &x->calls->conf;

	if (!call_media_alive(m))
		return CALLS_OK;
	if (gate_is_service(conf, &section->addr) ||
	    gate_is_service(conf, &section->rtcp_addr))
		return CALLS_SERVICE_ADDRESS;
	return is_hairpin(x, &m->rtp) || is_hairpin(x, &m->rtcp) ?
		CALLS_HAIRPIN : CALLS_OK;
}

static void count_gate(struct exchange *x, const struct gate *gate)
{
	if (gate->mode == FLOW_GATE_LEARN)
		calls_count(x->calls, CALLS_C_GATE_LEARN);
	else if (gate->mode == FLOW_GATE_OFF)
		calls_count(x->calls, CALLS_C_GATE_OFF);
	else if (gate->by_prefix)
		calls_count(x->calls, CALLS_C_GATE_PREFIX);
	else if (!gate->cnt)
		calls_count(x->calls, CALLS_C_GATE_EMPTY);
	if (gate->truncated)
		calls_count(x->calls, CALLS_C_GATE_TRUNCATED);
	if (gate->proxy_left_out)
		calls_count(x->calls, CALLS_C_GATE_PROXY_LEFT_OUT);
}

static enum calls_result describe_one(struct exchange *x, unsigned i)
{
	const struct sdp_media *section = sdp_media(x->sdp, i);
	struct call_media *m = &x->from.media[i];
	enum calls_result result;
	struct gate gate;

	if (media_describe(m, &gate, &x->calls->conf, x->command, section,
			   is_told_by_ice(x, m, section)))
		return CALLS_MEMORY;
	result = check_target(x, m, section);
	if (result || !call_media_alive(m))
		return result;
	count_gate(x, &gate);
	x->gate_mode = gate.mode;
	if (addr_is_set(&section->addr) && !x->from_family)
		x->from_family = section->addr.family;
	return CALLS_OK;
}

static enum calls_result describe(struct exchange *x)
{
	bool crossed = x->call->legs[x->to.leg].pending_ms;

	x->gate_mode = gate_default_mode(&x->calls->conf);
	for (unsigned i = 0; i < x->cnt; i++) {
		enum calls_result result = CALLS_OK;

		if (i < sdp_media_cnt(x->sdp))
			result = describe_one(x, i);
		else
			media_reject(&x->from.media[i]);
		if (result)
			return result;
		if (x->offer)
			media_offer(&x->from.media[i], &x->to.media[i],
				    x->command, crossed);
		else
			media_answer(&x->from.media[i], &x->to.media[i],
				     x->command);
	}
	return CALLS_OK;
}

enum calls_result exchange_prepare(struct exchange *x)
{
	enum calls_result result = draft(x);

	if (!result)
		result = describe(x);
	if (!result)
		result = exchange_ports(x);
	if (!result)
		result = exchange_text(x);
	return result;
}

/* ---- commit ---- */

static void commit_text(struct exchange *x, struct exchange_side *side)
{
	struct call_leg *leg = &x->call->legs[side->leg];

	if (!side->text)
		return;
	free(leg->text);
	leg->text = side->text;
	leg->tag_len = side->tag_len;
	leg->branch_len = side->branch_len;
	leg->label_len = side->label_len;
	side->text = NULL;
}

/* Before anything of the leg is replaced. */
static void save_terms(const struct exchange *x, struct call_leg *leg)
{
	if (!x->offer || !x->choice.reoffer || leg->saved)
		return;
	leg->saved_gate_mode = leg->gate_mode;
	leg->saved_family = leg->family;
	leg->saved_flow_flags = leg->flow_flags;
}

static void commit_media(struct exchange *x, struct exchange_side *side)
{
	struct call_leg *leg = &x->call->legs[side->leg];
	struct call_media *old = leg->media;
	unsigned old_cnt = leg->media_cnt;

	leg->media = side->media;
	leg->media_cnt = (uint8_t)x->cnt;
	side->media = NULL;
	if (x->offer && x->choice.reoffer && !leg->saved) {
		leg->saved = old;
		leg->saved_cnt = (uint8_t)old_cnt;
		return;
	}
	calls_drop_media(x->calls, leg, old, old_cnt, x->now_ms);
}

static void drop_saved(struct exchange *x, struct call_leg *leg)
{
	struct call_media *saved = leg->saved;
	unsigned cnt = leg->saved_cnt;

	leg->saved = NULL;
	leg->saved_cnt = 0;
	calls_drop_media(x->calls, leg, saved, cnt, x->now_ms);
}

/* Several parties answer at one port: when another one speaks now, at another
 * endpoint, what was latched there is void.
 */
static void turn_epochs(struct exchange *x, struct exchange_side *side)
{
	struct call *call = x->call;
	const struct call_leg *leg = &call->legs[side->leg];
	unsigned owner = leg->borrows != CALL_NONE ? leg->borrows : side->leg;
	unsigned before = rows_speaker(call, owner);

	if (before == side->leg)
		return;
	for (unsigned i = 0; i < x->cnt; i++) {
		struct call_media *m = &side->media[i];

		if (owner != side->leg) {
			if (i >= call->legs[owner].media_cnt)
				break;
			m = &call->legs[owner].media[i];
		}
		if (i < call->legs[before].media_cnt &&
		    call_endpoint_equal(&side->media[i].rtp,
					&call->legs[before].media[i].rtp))
			continue;
		m->epoch++;
		m->rtcp_epoch++;
	}
}

/* It is talked to again: its re-offer is answered. */
static bool speaks_again(const struct call_leg *to)
{
	return to->callee && to->answer_seq;
}

static uint16_t flow_flags(const struct exchange *x)
{
	uint16_t flags = 0;

	if (has_flag(x, NG_STRICT_SOURCE))
		flags |= FLOW_F_STRICT_SOURCE;
	if (has_flag(x, NG_ASYMMETRIC) && !has_flag(x, NG_SYMMETRIC))
		flags |= FLOW_F_ASYMMETRIC;
	if (has_flag(x, NG_MEDIA_HANDOVER))
		flags |= FLOW_F_HANDOVER;
	return flags;
}

static void commit_new_legs(struct exchange *x)
{
	struct call *call = x->call;
	unsigned first_new = call->leg_cnt;

	call->leg_cnt = (uint8_t)(call->leg_cnt + x->new_legs);
	for (unsigned i = first_new; i < call->leg_cnt; i++) {
		call->legs[i].created_ms = x->now_ms;
		call->legs[i].gate_mode = gate_default_mode(&x->calls->conf);
		call->legs[i].callee = x->offer == (i == x->to.leg);
	}
}

static void commit_offer(struct exchange *x)
{
	struct call *call = x->call;
	struct call_leg *from = &call->legs[x->from.leg];
	struct call_leg *to = &call->legs[x->to.leg];

	to->offered_by = (uint8_t)x->from.leg;
	if (to->joined == CALL_NONE)
		to->joined = (uint8_t)x->from.leg;
	if (from->joined == CALL_NONE || call->legs[from->joined].ended ||
	    !call_have_talked(call, x->from.leg, from->joined))
		from->joined = (uint8_t)x->to.leg;
	if (!x->choice.reoffer)
		return;
	from->pending_ms = x->now_ms;
	from->pending_branch = x->command->via_branch.len ?
		text_hash(x->command->via_branch) : 0;
}

static void commit_answer(struct exchange *x)
{
	struct call *call = x->call;
	struct call_leg *from = &call->legs[x->from.leg];
	struct call_leg *to = &call->legs[x->to.leg];

	from->joined = (uint8_t)x->to.leg;
	to->joined = (uint8_t)x->from.leg;
	from->offered_by = CALL_NONE;
	from->answered_ms = x->now_ms;
	from->answer_seq = ++call->answer_cnt;
	if (speaks_again(to))
		to->answer_seq = ++call->answer_cnt;
	to->pending_ms = 0;
	drop_saved(x, to);
	if (!from->pending_ms)
		drop_saved(x, from);
	if (!call->answered_ms) {
		call->answered_ms = x->now_ms;
		x->calls->answered += !call->is_probe;
	}
}

/* Whoever signals wants the call to live. */
static void revoke_deletes(struct exchange *x)
{
	struct call *call = x->call;
	struct call_leg *from = &call->legs[x->from.leg];
	struct call_leg *to = &call->legs[x->to.leg];

	if (call->delete_at_ms || from->delete_at_ms || to->delete_at_ms)
		calls_count(x->calls, CALLS_C_DELETE_REVOKED);
	calls_spare(x->calls, call);
	from->delete_at_ms = 0;
	to->delete_at_ms = 0;
}

void exchange_commit(struct exchange *x)
{
	struct call *call = x->call;
	struct call_leg *from;
	struct call_leg *to;

	commit_new_legs(x);
	if (!x->offer) {
		turn_epochs(x, &x->from);
		if (speaks_again(&call->legs[x->to.leg]))
			turn_epochs(x, &x->to);
	}
	commit_text(x, &x->from);
	commit_text(x, &x->to);
	from = &call->legs[x->from.leg];
	to = &call->legs[x->to.leg];
	save_terms(x, from);
	save_terms(x, to);
	commit_media(x, &x->from);
	commit_media(x, &x->to);
	from->origin_hash = x->origin_hash;
	from->flow_flags = flow_flags(x);
	from->gate_mode = (uint8_t)x->gate_mode;
	if (x->from_family)
		from->family = x->from_family;
	to->family = x->to_family;
	to->advertised = x->command->media_address;
	if (x->offer)
		commit_offer(x);
	else
		commit_answer(x);
	revoke_deletes(x);
	if (x->command->tos >= 0)
		call->dscp = (uint8_t)(x->command->tos >> 2) & 63;
	call->last_signal_ms = x->now_ms;
	if (x->choice.swapped)
		calls_count(x->calls, CALLS_C_ANSWER_SWAPPED);
	x->committed = true;
}

/* ---- what was not committed ---- */

static void fini_side(struct exchange *x, struct exchange_side *side)
{
	free(side->text);
	if (side->media)
		calls_drop_media(x->calls, &x->call->legs[side->leg],
				 side->media, x->cnt, x->now_ms);
	side->text = NULL;
	side->media = NULL;
}

void exchange_fini(struct exchange *x)
{
	if (!x->committed) {
		fini_side(x, &x->from);
		fini_side(x, &x->to);
	}
	free(x->sdp_text);
	x->sdp_text = NULL;
}
