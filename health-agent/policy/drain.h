/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drain.h - the end of a drain or disable: when is it safe to stop?
 *
 *   order --> ANNOUNCED --nothing is out--> CALLS --0 calls--------> DRAINED
 *                ^                            |                        ^
 *                |                            +--deadline--> LEFT -----+
 *                +--- something is out again (from any of them)   0 calls
 *
 * The routes are gone when the guardian has seen it (withdrawn).  From then on
 * the calls that run end by themselves: until there is none, or for `deadline'.
 * Phones that have registered here are called by way of this node until they
 * register elsewhere, where the routes lead them: they are given `phones'.
 * LEFT is the end too, with calls that are to be ended by the stop.  A resume
 * leads to NONE from everywhere.
 *
 * Calls are counted by the media relay.  Where there is none, DRAINED follows
 * the withdrawal; one that should answer and does not counts as having calls.
 * A call that begins after the last one has ended (a phone that is still
 * served here) leads back from DRAINED to CALLS, but never beyond the deadline.
 *
 * Pure; time as in health.h.
 */
#ifndef POLICY_DRAIN_H
#define POLICY_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "health-agent/policy/words.h"

enum drain_phase {
	DRAIN_NONE,		/* no order */
	DRAIN_ANNOUNCED,
	DRAIN_CALLS,
	DRAIN_DRAINED,
	DRAIN_LEFT,
	DRAIN_PHASES
};

enum drain_relay {
	DRAIN_NO_RELAY,		/* nobody counts calls here */
	DRAIN_SILENT,		/* it does not say how many there are */
	DRAIN_COUNTED,
};

/* What there is to see. */
struct drain_sight {
	bool ordered;		/* a drain or a disable */
	bool withdrawn;		/* nothing is out */
	enum drain_relay relay;
	uint32_t calls;		/* COUNTED */
	uint64_t deadline_ms;	/* from the withdrawal on; 0: waits for none */
	uint64_t phones_ms;	/* likewise, and not beyond the deadline */
};

struct drain {
	enum drain_phase phase;
	struct drain_sight sight;	/* the last one */
	uint64_t withdrawn_ms;	/* since when; 0: it is not */
	uint64_t until_ms;	/* CALLS: the deadline */
	uint64_t phones_until_ms;	/* CALLS: not over before */
};

/* withdrawn_ms as remembered by the last worker, 0: nothing is. */
void drain_init(struct drain *d, uint64_t withdrawn_ms);

/* True: the phase is another one. */
bool drain_step(struct drain *d, const struct drain_sight *sight,
		uint64_t now_ms);

/* DRAINED or LEFT */
bool drain_is_over(const struct drain *d);

/* "none", "announced", "calls", "drained", "left" */
const char *drain_phase_name(enum drain_phase phase);

/* "withdrawn 8.0 s ago, 12 calls go on, for 120 min at most", "drained: not
 * announced, no call is left"; nothing before the withdrawal.
 */
void drain_tell(struct words *w, const struct drain *d, uint64_t now_ms);

#endif
