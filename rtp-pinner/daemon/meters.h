/* SPDX-License-Identifier: GPL-3.0-or-later */
/* meters.h - the quality of each call's media, by the call's slot
 *
 * Feeds quality/ from the rows and the RTCP copies, spreads that over a second
 * so that no command waits for it, and tells once for each leg that a strict
 * gate keeps out the one who talks.  Memory comes with a call's first packet.
 */
#ifndef DAEMON_METERS_H
#define DAEMON_METERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/counters.h"
#include "rtp-pinner/call/calls.h"
#include "rtp-pinner/quality/quality.h"
#include "rtp-pinner/relay/relay.h"

struct meters;

/* All borrowed; counters are those of counts.h. */
int meters_new(struct meters **out, const struct calls *calls,
	       struct relay *relay, const struct counters *counters);
void meters_free(struct meters *m);

/* A tenth of all calls; call it every 100 ms. */
void meters_tick(struct meters *m, uint64_t now_ms);

/* Bring one call up to date, before a reply tells of it or its ports close. */
void meters_refresh(struct meters *m, const struct call *call, uint64_t now_ms);

/* The call is over: its slot may be another's next. */
void meters_forget(struct meters *m, const struct call *call);

/* One struct quality for each media (by its index in the SDP), cnt of them;
 * NULL and 0 before anything was heard.
 */
const struct quality *meters_of(const struct meters *m,
				const struct call *call, size_t *cnt);

/* Mean of the last MOS samples of all sources heard in the last seconds, times
 * 100; 0 when there is none.  *sources: how many.  As of the last round.
 */
unsigned meters_mos_x100(const struct meters *m, unsigned *sources);

#endif
