/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a call or a branch is over.  Each call has one deadline, the earliest
 * time at which anything could be due; only then its rows are looked at.
 */
#include "rtp-pinner/call/calls_priv.h"
#include "rtp-pinner/call/rows.h"
#include "rtp-pinner/call/timers.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t after(uint64_t at_ms, uint64_t delay_ms)
{
	return delay_ms ? at_ms + delay_ms : UINT64_MAX;
}

static bool is_held(const struct call *call)
{
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *leg = &call->legs[i];
		bool talks = false;

		if (leg->ended || !leg->media_cnt)
			continue;
		for (unsigned k = 0; k < leg->media_cnt; k++) {
			const struct call_media *m = &leg->media[k];

			talks |= call_media_alive(m) &&
				 !(m->flags & CALL_M_HELD) &&
				 m->direction == SDP_SENDRECV;
		}
		if (!talks)
			return true;
	}
	return false;
}

/* The last packet of any row, or the last command. */
static uint64_t last_activity(const struct calls *calls,
			      const struct call *call)
{
	uint64_t last = call->last_signal_ms;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *leg = &call->legs[i];

		for (unsigned k = 0; k < leg->media_cnt; k++) {
			uint64_t at = rows_last_ms(calls, &leg->media[k]);

			if (at > last)
				last = at;
		}
	}
	return last;
}

static enum calls_end silence_end(const struct call *call)
{
	if (!call->answered_ms)
		return CALLS_END_OFFER_TIMEOUT;
	return is_held(call) ? CALLS_END_HOLD : CALLS_END_SILENCE;
}

/* When the call ends unless something happens after last_ms. */
static uint64_t silence_ms(const struct calls *calls, const struct call *call,
			   uint64_t last_ms)
{
	switch (silence_end(call)) {
	case CALLS_END_OFFER_TIMEOUT:
		return after(call->last_signal_ms,
			     calls->conf.offer_timeout_ms);
	case CALLS_END_HOLD:
		return after(last_ms, calls->conf.hold_timeout_ms);
	default:
		return after(last_ms, calls->conf.silence_timeout_ms);
	}
}

/* A branch that rings on after another one has answered. */
static uint64_t branch_ms(const struct calls *calls, const struct call *call,
			  const struct call_leg *leg)
{
	uint64_t at = leg->delete_at_ms ? leg->delete_at_ms : UINT64_MAX;

	if (leg->ended)
		return UINT64_MAX;
	if (call->answered_ms && leg->callee && !leg->answer_seq &&
	    leg->offered_by != CALL_NONE && !leg->tag_len)
		at = min(at, after(leg->created_ms,
				   calls->conf.offer_timeout_ms));
	return at;
}

static uint64_t deadline(const struct calls *calls, const struct call *call,
			 uint64_t last_ms)
{
	uint64_t at = silence_ms(calls, call, last_ms);

	if (call->is_probe)
		at = min(at, call->created_ms + CALLS_PROBE_MS);
	if (call->delete_at_ms)
		at = min(at, call->delete_at_ms);
	for (unsigned i = 0; i < call->leg_cnt; i++)
		at = min(at, branch_ms(calls, call, &call->legs[i]));
	return at;
}

void timers_set(struct calls *calls, struct call *call)
{
	call->deadline_ms = deadline(calls, call, call->last_signal_ms);
	calls_heap_move(calls, call);
}

/* False: the call has ended with its last branch. */
static bool end_branches(struct calls *calls, struct call *call,
			 uint64_t now_ms)
{
	bool ended = false;

	for (unsigned i = 0; i < call->leg_cnt; i++) {
		if (branch_ms(calls, call, &call->legs[i]) > now_ms)
			continue;
		if (calls_other_callee(call, call->legs[i].joined, i) ==
		    CALL_NONE) {
			calls_end(calls, call, CALLS_END_DELETED, now_ms);
			return false;
		}
		calls_end_leg(calls, call, i, now_ms);
		ended = true;
	}
	if (ended) {
		rows_push(calls, call);
		calls_report(calls, call);
	}
	return true;
}

static void due(struct calls *calls, struct call *call, uint64_t now_ms)
{
	uint64_t last_ms;

	if (call->delete_at_ms && call->delete_at_ms <= now_ms) {
		calls_end(calls, call, CALLS_END_DELETED, now_ms);
		return;
	}
	if (!end_branches(calls, call, now_ms))
		return;
	last_ms = last_activity(calls, call);
	if (silence_ms(calls, call, last_ms) <= now_ms ||
	    (call->is_probe && call->created_ms + CALLS_PROBE_MS <= now_ms)) {
		calls_end(calls, call, silence_end(call), now_ms);
		return;
	}
	call->deadline_ms = deadline(calls, call, last_ms);
	calls_heap_move(calls, call);
}

void calls_tick(struct calls *calls, uint64_t now_ms)
{
	ports_tick(calls->ports, now_ms);
	while (calls->sessions && calls->heap[0]->deadline_ms <= now_ms)
		due(calls, calls->heap[0], now_ms);
}

uint64_t calls_next_ms(const struct calls *calls)
{
	return calls->sessions ? calls->heap[0]->deadline_ms : UINT64_MAX;
}
