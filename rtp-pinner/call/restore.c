/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of an earlier run of the daemon. */
#include <errno.h>

#include "rtp-pinner/call/calls_priv.h"
#include "rtp-pinner/call/rows.h"
#include "rtp-pinner/call/timers.h"

static void not_after(uint64_t *at_ms, uint64_t now_ms)
{
	if (*at_ms > now_ms)
		*at_ms = now_ms;
}

/* Of another clock, or damaged: as if it were now. */
static void bound_times(struct call *call, uint64_t now_ms)
{
	not_after(&call->created_ms, now_ms);
	not_after(&call->last_signal_ms, now_ms);
	not_after(&call->answered_ms, now_ms);
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		not_after(&call->legs[i].created_ms, now_ms);
		not_after(&call->legs[i].answered_ms, now_ms);
		not_after(&call->legs[i].pending_ms, now_ms);
	}
}

static int settle(struct calls *calls, struct call *call, uint32_t slot)
{
	int err;

	if (calls_lookup(calls, call_id(call)))
		return EEXIST;
	if (!rows_take(calls, call))
		return EBADMSG;
	call->deadline_ms = UINT64_MAX;
	err = calls_add(calls, call, &slot);
	if (err) {
		rows_put_back(calls, call);
		return err;
	}
	err = rows_open(calls, call);
	if (err) {
		calls_remove(calls, call);
		rows_put_back(calls, call);
	}
	return err;
}

int calls_restore(struct calls *calls, uint32_t slot, const uint8_t *bytes,
		  size_t len, uint64_t now_ms)
{
	struct call *call;
	int err = call_unpack(&call, bytes, len);

	if (!err) {
		bound_times(call, now_ms);
		call->thread = (uint8_t)(call->thread % calls->conf.threads);
		err = settle(calls, call, slot);
	}
	if (err) {
		call_free(call);
		calls_count(calls, CALLS_C_RESTORE_FAILED);
		return err;
	}
	if (call->answered_ms)
		calls->answered++;
	if (call->delete_at_ms)
		calls->ending++;
	timers_set(calls, call);
	calls_count(calls, CALLS_C_RESTORED);
	return 0;
}
