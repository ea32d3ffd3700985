/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/choice.h"

#include "rtp-pinner/call/call_priv.h"

static bool is_open(const struct call_leg *leg)
{
	return !leg->tag_len && !leg->ended;
}

/* A callee that was offered to by `by' (any, for CALL_NONE) and has not
 * answered; the newest one.
 */
static unsigned find_open(const struct call *call, unsigned by)
{
	for (unsigned i = call->leg_cnt; i-- > 0;)
		if (is_open(&call->legs[i]) &&
		    (by == CALL_NONE || call->legs[i].offered_by == by ||
		     call->legs[i].joined == by))
			return i;
	return CALL_NONE;
}

/* The callee of `by' with this branch. */
static unsigned find_branch(const struct call *call, unsigned by,
			    struct slice branch)
{
	unsigned leg = call_find_branch(call, branch);

	if (leg == CALL_NONE || by == CALL_NONE)
		return leg;
	return call->legs[leg].offered_by == by ||
	       call->legs[leg].joined == by ? leg : CALL_NONE;
}

static unsigned joined_alive(const struct call *call, unsigned leg)
{
	unsigned joined = call->legs[leg].joined;

	return joined != CALL_NONE && !call->legs[joined].ended ? joined :
								  CALL_NONE;
}

/* Whom an offer without to-tag is for. */
static unsigned untold_callee(const struct call *call, unsigned from,
			      struct slice branch)
{
	unsigned leg;

	if (call->legs[from].callee)
		return joined_alive(call, from);
	if (branch.len) {
		leg = find_branch(call, from, branch);
		if (leg != CALL_NONE)
			return leg;
		/* An offer of before, without a branch, is the same fork. */
		leg = find_open(call, from);
		return leg != CALL_NONE && !call->legs[leg].branch_len ?
			leg : CALL_NONE;
	}
	leg = find_open(call, from);
	return leg != CALL_NONE ? leg : joined_alive(call, from);
}

/* Whom an offer with an unknown to-tag is for: one that has no tag yet. */
static unsigned told_callee(const struct call *call, unsigned from,
			    struct slice branch)
{
	unsigned leg = find_branch(call, from, branch);

	return leg != CALL_NONE && is_open(&call->legs[leg]) ?
		leg : find_open(call, from);
}

void choice_of_offer(struct choice *out, const struct call *call,
		     const struct ng_command *command)
{
	struct slice to_tag = command->to_tag;

	if (slice_equal(to_tag, command->from_tag))
		to_tag.len = 0;
	*out = (struct choice){
		.from = call_find_tag(call, command->from_tag),
		.to = call_find_tag(call, to_tag),
		.from_tag = command->from_tag,
		.to_tag = to_tag,
		.from_borrows = CALL_NONE,
	};
	/* The callee's first word in this call, before its answer. */
	if (out->from == CALL_NONE && out->to != CALL_NONE)
		out->from = find_open(call, out->to);
	if (out->to == CALL_NONE && out->from != CALL_NONE)
		out->to = to_tag.len ?
			told_callee(call, out->from, command->via_branch) :
			untold_callee(call, out->from, command->via_branch);
	if (out->to == out->from)
		out->to = CALL_NONE;
	out->reoffer = command->to_tag.len && out->from != CALL_NONE &&
		       out->to != CALL_NONE &&
		       call_have_talked(call, out->from, out->to);
}

/* The SDP is what this leg said last, or made by the same program. */
static bool is_own(const struct call *call, unsigned leg, unsigned other,
		   const struct sdp *sdp, uint32_t origin_hash)
{
	const struct call_leg *l = &call->legs[leg];

	if (l->media_cnt && sdp_media_cnt(sdp)) {
		const struct sdp_media *m = sdp_media(sdp, 0);
		const struct call_endpoint e = {
			.addr = m->addr,
			.port = (uint16_t)m->port,
		};

		if (call_endpoint_equal(&e, &l->media[0].rtp))
			return true;
	}
	return l->origin_hash == origin_hash &&
	       (other == CALL_NONE ||
		call->legs[other].origin_hash != origin_hash);
}

/* The tags are swapped: to-tag names who offered, from-tag who answers. */
static bool try_swap(struct choice *out, const struct call *call,
		     const struct ng_command *command, const struct sdp *sdp,
		     uint32_t origin_hash)
{
	unsigned offerer = out->from;	/* by to-tag */
	unsigned answerer = out->to;	/* by from-tag */

	if (offerer == CALL_NONE)
		return false;
	if (answerer == CALL_NONE)
		answerer = find_open(call, offerer);
	if (answerer == CALL_NONE || call->legs[answerer].offered_by != offerer)
		return false;
	if (call->legs[offerer].offered_by == answerer)
		return false;
	if (is_own(call, offerer, out->to, sdp, origin_hash))
		return false;
	out->from = answerer;
	out->to = offerer;
	out->from_tag = command->from_tag;
	out->to_tag = command->to_tag;
	out->swapped = true;
	return true;
}

/* The answerer's tag is new: whose word is it? */
static void choose_answerer(struct choice *out, const struct call *call,
			    const struct ng_command *command)
{
	unsigned leg = find_branch(call, out->to, command->via_branch);

	if (leg == CALL_NONE)
		leg = find_open(call, out->to);
	if (leg == CALL_NONE && out->to != CALL_NONE)
		leg = joined_alive(call, out->to);
	if (leg == CALL_NONE || leg == out->to)
		return;
	if (is_open(&call->legs[leg]))
		out->from = leg;
	else
		out->from_borrows = call->legs[leg].borrows != CALL_NONE ?
			call->legs[leg].borrows : leg;
	if (out->to == CALL_NONE)
		out->to = joined_alive(call, leg);
}

void choice_of_answer(struct choice *out, const struct call *call,
		      const struct ng_command *command, const struct sdp *sdp,
		      uint32_t origin_hash)
{
	*out = (struct choice){
		.from = call_find_tag(call, command->to_tag),
		.to = call_find_tag(call, command->from_tag),
		.from_tag = command->to_tag,
		.to_tag = command->from_tag,
		.from_borrows = CALL_NONE,
	};
	if (out->to == out->from)
		out->to = CALL_NONE;
	if (out->from != CALL_NONE && out->to != CALL_NONE &&
	    call->legs[out->from].offered_by == out->to)
		return;
	if (try_swap(out, call, command, sdp, origin_hash))
		return;
	if (out->from == CALL_NONE)
		choose_answerer(out, call, command);
	else if (out->to == CALL_NONE)
		out->to = call->legs[out->from].offered_by != CALL_NONE ?
			call->legs[out->from].offered_by :
			joined_alive(call, out->from);
}
