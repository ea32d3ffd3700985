/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How calls and legs end: ports are closed, then rest. */
#include <stdlib.h>

#include "rtp-pinner/call/calls_priv.h"

static bool has_port(const struct call_media *media, unsigned cnt, unsigned i,
		     uint16_t port)
{
	return media && i < cnt && media[i].port == port;
}

/* The port of m lives on in an array that has it too: what is open stays. */
static bool inherit(struct call_media *media, unsigned cnt, unsigned i,
		    const struct call_media *m)
{
	if (!m->port || !has_port(media, cnt, i, m->port))
		return false;
	media[i].flags |= m->flags & CALL_M_RTCP_OPEN;
	return true;
}

void calls_close_media(struct calls *calls, const struct call_media *m,
		       uint64_t now_ms)
{
	calls->ops.close(calls->ops.arg, m->port);
	if (m->flags & CALL_M_RTCP_OPEN)
		calls->ops.close(calls->ops.arg, (uint16_t)(m->port + 1));
	if (!ports_give(calls->ports, m->port, now_ms))
		calls_count(calls, CALLS_C_PORT_DOUBLE_FREE);
}

void calls_drop_media(struct calls *calls, struct call_leg *leg,
		      struct call_media *media, unsigned cnt, uint64_t now_ms)
{
	for (unsigned i = 0; media && i < cnt; i++) {
		bool kept = inherit(leg->media, leg->media_cnt, i, &media[i]);

		kept |= inherit(leg->saved, leg->saved_cnt, i, &media[i]);
		if (media[i].port && !kept)
			calls_close_media(calls, &media[i], now_ms);
	}
	call_media_free(media, cnt);
}

unsigned calls_other_callee(const struct call *call, unsigned leg,
			    unsigned but)
{
	unsigned best = CALL_NONE;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *l = &call->legs[i];

		if (i == leg || i == but || l->ended || l->joined != leg)
			continue;
		if (best == CALL_NONE ||
		    l->answer_seq >= call->legs[best].answer_seq)
			best = i;
	}
	return best;
}

/* Who borrows from leg: the first takes the ports over, for all others. */
static void hand_over_ports(struct call *call, unsigned leg)
{
	struct call_leg *old = &call->legs[leg];
	unsigned heir = CALL_NONE;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		struct call_leg *l = &call->legs[i];

		if (l->borrows != leg || l->ended)
			continue;
		l->borrows = (uint8_t)heir;
		if (heir != CALL_NONE)
			continue;
		heir = i;
		for (unsigned k = 0; k < l->media_cnt && k < old->media_cnt;
		     k++) {
			const struct call_media *from = &old->media[k];

			if (l->media[k].port || !from->port)
				continue;
			l->media[k].port = from->port;
			l->media[k].flags |= from->flags & CALL_M_RTCP_OPEN;
			l->media[k].epoch = (uint16_t)(from->epoch + 1);
			l->media[k].rtcp_epoch =
				(uint16_t)(from->rtcp_epoch + 1);
			if (has_port(old->saved, old->saved_cnt, k, from->port))
				old->saved[k].port = 0;
			old->media[k].port = 0;
			old->media[k].flags &= (uint16_t)~CALL_M_RTCP_OPEN;
		}
	}
}

static void drop_all_media(struct calls *calls, struct call_leg *leg,
			   uint64_t now_ms)
{
	struct call_media *media = leg->media;
	struct call_media *saved = leg->saved;
	unsigned cnt = leg->media_cnt;
	unsigned saved_cnt = leg->saved_cnt;

	leg->saved = NULL;
	leg->saved_cnt = 0;
	calls_drop_media(calls, leg, saved, saved_cnt, now_ms);
	for (unsigned i = 0; i < cnt; i++) {
		if (media[i].port)
			calls_close_media(calls, &media[i], now_ms);
		media[i].port = 0;
		media[i].flags &= (uint16_t)~CALL_M_RTCP_OPEN;
	}
}

void calls_end_leg(struct calls *calls, struct call *call, unsigned leg,
		   uint64_t now_ms)
{
	hand_over_ports(call, leg);
	drop_all_media(calls, &call->legs[leg], now_ms);
	call->legs[leg].ended = true;
	call->legs[leg].delete_at_ms = 0;
	call->legs[leg].pending_ms = 0;
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		struct call_leg *l = &call->legs[i];

		if (l->offered_by == leg)
			l->offered_by = CALL_NONE;
		if (l->joined == leg && i != leg && !l->ended)
			l->joined = (uint8_t)calls_other_callee(call, i, leg);
	}
	calls_count(calls, CALLS_C_BRANCH_ENDED);
}

void calls_doom(struct calls *calls, struct call *call, uint64_t at_ms)
{
	if (!call->delete_at_ms && !call->is_probe)
		calls->ending++;
	if (!call->delete_at_ms || at_ms < call->delete_at_ms)
		call->delete_at_ms = at_ms;
}

void calls_spare(struct calls *calls, struct call *call)
{
	if (call->delete_at_ms && !call->is_probe)
		calls->ending--;
	call->delete_at_ms = 0;
}

void calls_end(struct calls *calls, struct call *call, enum calls_end end,
	       uint64_t now_ms)
{
	static const enum calls_counter counters[CALLS_ENDS] = {
		[CALLS_END_DELETED] = CALLS_C_ENDED_DELETED,
		[CALLS_END_OFFER_TIMEOUT] = CALLS_C_ENDED_OFFER_TIMEOUT,
		[CALLS_END_SILENCE] = CALLS_C_ENDED_SILENCE,
		[CALLS_END_HOLD] = CALLS_C_ENDED_HOLD,
	};

	if (!call->is_probe)
		calls_count(calls, counters[end]);
	else if (end != CALLS_END_DELETED)
		calls_count(calls, CALLS_C_PROBES_LEFT);
	if (calls->ops.ended)
		calls->ops.ended(calls->ops.arg, call, end);
	for (unsigned i = 0; i < call->leg_cnt; i++)
		drop_all_media(calls, &call->legs[i], now_ms);
	if (call->answered_ms && !call->is_probe)
		calls->answered--;
	calls_spare(calls, call);
	calls_remove(calls, call);
	call_free(call);
}
