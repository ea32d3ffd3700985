/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reply_call.h - what `query' and `delete' tell of a call
 *
 * The keys are rtpengine's, so that Kamailio's $rtpestat and its MOS variables
 * work: created, created_us, last signal, SSRC, tags, totals.  A stream's stats
 * count what came from that party.  Units: MOS times 10, loss in percent,
 * jitter in ms, round trips in us, times in Unix seconds.
 *
 * Our own keys stand beside them in each stream: `gate' (mode and addresses),
 * `drops' by reason, `relatches', and `why': one sentence on why the party is
 * not heard, where it is not.
 */
#ifndef DAEMON_REPLY_CALL_H
#define DAEMON_REPLY_CALL_H

#include "rtp-pinner/call/call.h"
#include "rtp-pinner/daemon/pinner.h"
#include "rtp-pinner/ng/dict.h"

/* Add to the reply's root.  first is the leg that comes first, followed by
 * those it is joined to or that are joined to it; CALL_NONE: all legs.
 * brief: without tags, for a call too large for a datagram.
 */
void reply_call(const struct pinner *p, struct ng_dict *reply,
		const struct call *call, unsigned first, bool brief,
		uint64_t now_ms);

#endif
