/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schedule.h - when each probe makes its next attempt
 *
 * Pure.  An attempt is due a wait after the end of the one before: `fast' as
 * long as the probe is undecided, `interval' else, never more.  The first
 * attempts are all due at once, so that a decision comes as soon as it can;
 * what would then go on in step for ever is drawn apart when a probe comes to
 * its interval: that one wait is shorter, by another part of the interval for
 * each probe.
 *
 *   IDLE --due, schedule_begin--> IN FLIGHT --result, schedule_end--> IDLE
 *
 * An attempt that has not ended SCHEDULE_LATE_MS after its timeout will never:
 * schedule_late() finds it, so that no probe goes on being believed that is no
 * longer made.
 */
#ifndef DAEMON_SCHEDULE_H
#define DAEMON_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health-agent/policy/health.h"

enum { SCHEDULE_LATE_MS = 1000 };

struct schedule {
	struct schedule_probe {
		uint64_t interval_ms, fast_ms, timeout_ms;
		uint64_t due_ms;	/* to begin; in flight: to end */
		bool in_flight;
		bool slow;		/* waits its interval */
	} probes[HEALTH_PROBES_MAX];
	size_t cnt;
};

/* No probes. */
void schedule_init(struct schedule *s);

/* Probe s->cnt, due now; false when there is no room. */
bool schedule_add(struct schedule *s, uint64_t interval_ms, uint64_t fast_ms,
		  uint64_t timeout_ms, uint64_t now_ms);

/* One that is due, SIZE_MAX: none.  Call until then, with schedule_begin() for
 * each.
 */
size_t schedule_due(const struct schedule *s, uint64_t now_ms);
void schedule_begin(struct schedule *s, size_t probe, uint64_t now_ms);

/* A result has come, of an attempt or of a watch on its own. */
void schedule_end(struct schedule *s, size_t probe, bool undecided,
		  uint64_t now_ms);

/* One in flight that should have ended, SIZE_MAX: none. */
size_t schedule_late(const struct schedule *s, uint64_t now_ms);

/* When anything is due or late; UINT64_MAX: never, there are no probes. */
uint64_t schedule_next(const struct schedule *s);

#endif
