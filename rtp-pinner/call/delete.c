/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deletes.  Kamailio's rtpengine_manage() sends one for a CANCEL, a BYE and
 * every final reply of 300 and above, with the via-branch of the transaction it
 * is about, and cannot tell one that ends a call from one that does not:
 *
 *   a re-offer is pending    it is undone, unless the via-branch tells that
 *                            this is another transaction (a BYE)
 *   via-branch of a leg      that branch ends
 *   else                     the tags decide, to-tag first
 */
#include <stdlib.h>

#include "rtp-pinner/call/calls_priv.h"

enum {
	/* A re-INVITE is answered within Timer C (RFC 3261 16.6) or never. */
	PENDING_MAX_MS = 200 * 1000,
};

static uint64_t branch_hash(const struct ng_command *command)
{
	return command->via_branch.len ? text_hash(command->via_branch) : 0;
}

/* ---- a re-offer that was refused ---- */

/* The leg whose re-offer this delete answers; CALL_NONE. */
static unsigned find_pending(const struct call *call,
			     const struct ng_command *command, uint64_t branch,
			     uint64_t now_ms)
{
	unsigned leg = call_find_tag(call, command->from_tag);
	const struct call_leg *l;

	if (leg == CALL_NONE)
		return CALL_NONE;
	l = &call->legs[leg];
	if (!l->pending_ms || now_ms - l->pending_ms > PENDING_MAX_MS)
		return CALL_NONE;
	if (branch && l->pending_branch && branch != l->pending_branch)
		return CALL_NONE;
	return leg;
}

/* Those of the refused offer are used up, as are those of before. */
static void pass_epochs(struct call_media *saved, unsigned saved_cnt,
			const struct call_media *media, unsigned cnt)
{
	for (unsigned i = 0; i < saved_cnt && i < cnt; i++) {
		if (saved[i].epoch != media[i].epoch)
			saved[i].epoch = (uint16_t)(media[i].epoch + 1);
		if (saved[i].rtcp_epoch != media[i].rtcp_epoch)
			saved[i].rtcp_epoch =
				(uint16_t)(media[i].rtcp_epoch + 1);
	}
}

static void restore_media(struct calls *calls, struct call_leg *leg,
			  uint64_t now_ms)
{
	struct call_media *media = leg->media;
	unsigned cnt = leg->media_cnt;

	if (!leg->saved)
		return;
	pass_epochs(leg->saved, leg->saved_cnt, media, cnt);
	leg->media = leg->saved;
	leg->media_cnt = leg->saved_cnt;
	leg->saved = NULL;
	leg->saved_cnt = 0;
	leg->gate_mode = leg->saved_gate_mode;
	leg->family = leg->saved_family;
	leg->flow_flags = leg->saved_flow_flags;
	calls_drop_media(calls, leg, media, cnt, now_ms);
}

static void roll_back(struct calls *calls, struct call *call, unsigned offerer,
		      uint64_t branch, uint64_t now_ms)
{
	call->legs[offerer].pending_ms = 0;
	restore_media(calls, &call->legs[offerer], now_ms);
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		struct call_leg *leg = &call->legs[i];

		if (leg->offered_by != offerer || !leg->tag_len)
			continue;
		leg->offered_by = CALL_NONE;
		if (!leg->pending_ms)
			restore_media(calls, leg, now_ms);
	}
	call->rolled_branch = branch;
	calls_count(calls, CALLS_C_ROLLED_BACK);
}

/* ---- whom a delete means ---- */

/* A reply to another transaction than any that began a leg: whatever was
 * refused there (a re-INVITE without SDP, an UPDATE), the dialog goes on.
 */
static bool is_reply_inside(const struct call *call,
			    const struct ng_command *command)
{
	bool branches = false;

	for (unsigned i = 0; i < call->leg_cnt; i++)
		branches |= call->legs[i].branch_len > 0;
	return command->message_type == NG_SIP_REPLY && call->answered_ms &&
	       branches && command->via_branch.len;
}

static unsigned find_unanswered(const struct call *call, unsigned by)
{
	for (unsigned i = call->leg_cnt; i-- > 0;)
		if (call->legs[i].offered_by == by && !call->legs[i].ended &&
		    !call->legs[i].tag_len)
			return i;
	return CALL_NONE;
}

/* The leg the tags name; CALL_NONE: they do not match. */
static unsigned find_tagged(const struct call *call,
			    const struct ng_command *command)
{
	unsigned from = call_find_tag(call, command->from_tag);
	unsigned to = call_find_tag(call, command->to_tag);

	if (!command->to_tag.len)
		return from;
	if (to != CALL_NONE)
		return to;
	/* The to-tag of a callee that never sent an SDP. */
	return from != CALL_NONE ? find_unanswered(call, from) : CALL_NONE;
}

static bool is_last_callee(const struct call *call, unsigned leg)
{
	const struct call_leg *l = &call->legs[leg];

	return !l->callee || l->joined == CALL_NONE ||
	       calls_other_callee(call, l->joined, leg) == CALL_NONE;
}

/* Another branch has answered, so that a delete of this one by its tag is not
 * the end of the call.
 */
static bool others_have_answered(const struct call *call, unsigned leg)
{
	unsigned other;

	if (is_last_callee(call, leg))
		return false;
	other = calls_other_callee(call, call->legs[leg].joined, leg);
	return call->legs[other].answer_seq > 0;
}

/* ---- the delete ---- */

static uint64_t earlier(uint64_t at_ms, uint64_t than_ms)
{
	return at_ms && at_ms < than_ms ? at_ms : than_ms;
}

/* A branch ends with all that answered in it, a party alone. */
static void end_leg_at(struct calls *calls, struct call *call, unsigned leg,
		       bool branch, uint64_t at_ms)
{
	bool last = true;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		struct call_leg *l = &call->legs[i];

		if (i == leg || (branch && l->borrows == leg && !l->ended))
			l->delete_at_ms = earlier(l->delete_at_ms, at_ms);
		else if (l->callee && !l->ended && !l->delete_at_ms)
			last = false;
	}
	if (last)
		calls_doom(calls, call, at_ms);
}

static void unmatched(struct calls *calls, struct calls_deleted *out,
		      const struct ng_command *command)
{
	calls_count(calls, CALLS_C_DELETE_UNMATCHED);
	out->warning = calls_result_text(CALLS_UNMATCHED);
	if (command->flags & NG_F(NG_FATAL)) {
		out->result = CALLS_UNMATCHED;
		out->text = out->warning;
	}
}

/* False when nothing matches. */
static bool end_matched(struct calls *calls, struct call *call,
			struct calls_deleted *out,
			const struct ng_command *command, uint64_t at_ms)
{
	unsigned leg = call_find_branch(call, command->via_branch);

	if (!command->from_tag.len) {
		calls_doom(calls, call, at_ms);
		return true;
	}
	if (leg != CALL_NONE) {
		out->leg = leg;
		end_leg_at(calls, call, leg, true, at_ms);
		return true;
	}
	if (is_reply_inside(call, command)) {
		out->leg = call_find_tag(call, command->from_tag);
		return true;
	}
	leg = find_tagged(call, command);
	if (leg == CALL_NONE)
		return false;
	out->leg = leg;
	if (command->to_tag.len && others_have_answered(call, leg))
		end_leg_at(calls, call, leg, false, at_ms);
	else
		calls_doom(calls, call, at_ms);
	return true;
}

static uint64_t delay_ms(const struct calls *calls,
			 const struct ng_command *command)
{
	if (!command->from_tag.len)
		return 0;
	return command->delete_delay_ms >= 0 ?
		(uint64_t)command->delete_delay_ms :
		calls->conf.delete_delay_ms;
}

void calls_delete(struct calls *calls, struct calls_deleted *out,
		  const struct ng_command *command, uint64_t now_ms)
{
	uint64_t branch = branch_hash(command);
	struct call *call;
	unsigned pending;

	*out = (struct calls_deleted){ .result = CALLS_OK, .leg = CALL_NONE };
	calls_tick(calls, now_ms);
	if (!command->call_id.len) {
		out->result = CALLS_NO_CALL_ID;
		out->text = calls_result_text(CALLS_NO_CALL_ID);
		return;
	}
	call = calls_lookup(calls, command->call_id);
	if (!call) {
		unmatched(calls, out, command);
		return;
	}
	pending = find_pending(call, command, branch, now_ms);
	if (pending != CALL_NONE) {
		roll_back(calls, call, pending, branch, now_ms);
		out->rolled_back = true;
		out->leg = pending;
	} else if (branch && branch == call->rolled_branch) {
		out->rolled_back = true;
		out->leg = call_find_tag(call, command->from_tag);
	} else if (!end_matched(calls, call, out, command,
				now_ms + delay_ms(calls, command))) {
		unmatched(calls, out, command);
		return;
	}
	out->call = call;
	call->last_signal_ms = now_ms;
	calls_changed(calls, call);
}
