/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>

#include "core/dprint.h"
#include "core/parser/msg_parser.h"
#include "core/route.h"
#include "core/timer_ticks.h"
#include "modules/tm/tm_load.h"

#include "kamailio-module/anycast_wait.h"

enum
{
	BRANCH_BITS = 8,
	BRANCH_MASK = (1 << BRANCH_BITS) - 1,
};

static const struct tm_binds *_tm;

void anycast_wait_init(const struct tm_binds *tm)
{
	_tm = tm;
}

/* What a callback has to know, in place of the pointer it is handed. */
static void *pack(ticks_t timeout, int branch)
{
	return (void *)((uintptr_t)timeout << BRANCH_BITS | (uintptr_t)branch);
}

/* tm sends a branch, calls TMCB_REQUEST_SENT, starts the branch's timer with
 * t->fr_timeout, and calls TMCB_REQUEST_OUT (t_send_branch() and its callers in
 * 5.6 to 6.0).  The first sets the timeout of this branch, the second the
 * transaction's own again; nobody else is in between, for all that is done by
 * the process that relays.  What is sent again, or is an ACK or CANCEL of tm's,
 * comes with flags or another type.
 */
static void set_timeout(struct cell *t, int type, struct tmcb_params *params)
{
	uintptr_t packed = (uintptr_t)*params->param;

	if(params->flags != TMCB_NONE_F || params->code != TYPE_REQUEST
			|| params->branch != (int)(packed & BRANCH_MASK))
		return;
	t->fr_timeout = (ticks_t)(packed >> BRANCH_BITS);
}

int anycast_next_wait(struct sip_msg *msg, int wait_ms)
{
	struct cell *t = _tm ? _tm->t_gett() : NULL;
	const tm_ctx_t *context = _tm ? _tm->tm_ctx_get() : NULL;
	int branch = context ? context->branch_index : -1;

	if(t == NULL || t == T_UNDEFINED || get_route_type() != BRANCH_ROUTE
			|| branch < 0 || branch > BRANCH_MASK || wait_ms < 1
			|| wait_ms > ANYCAST_WAIT_MAX_MS)
		return -1;
	/* both or none: the first without the second is for all branches */
	if(_tm->register_tmcb(msg, t, TMCB_REQUEST_OUT, set_timeout,
			   pack(t->fr_timeout, branch), NULL)
					> 0
			&& _tm->register_tmcb(msg, t, TMCB_REQUEST_SENT, set_timeout,
					   pack(MS_TO_TICKS((ticks_t)wait_ms), branch), NULL)
					   > 0)
		return 1;
	LM_ERR("no memory to wait for a branch no longer than %d ms\n", wait_ms);
	return -1;
}
