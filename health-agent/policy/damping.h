/* SPDX-License-Identifier: GPL-3.0-or-later */
/* damping.h - the penalty of a unit that comes and goes
 *
 * As route flap damping (RFC 2439), at the source: each loss adds to the
 * penalty, which halves every half-life; above suppress the unit is suppressed
 * until the penalty is below reuse, at most for suppress_max.
 *
 * Pure.  The caller embeds the struct; a zeroed one has no penalty.  The
 * penalty stands still between losses and is only looked at through time, so
 * how often it is asked makes no difference.
 */
#ifndef POLICY_DAMPING_H
#define POLICY_DAMPING_H

#include <stdbool.h>
#include <stdint.h>

#include "health-agent/policy/health.h"

struct damping {
	uint32_t penalty;	/* at at_ms */
	uint64_t at_ms;
	bool suppressed;
	uint64_t suppressed_ms;	/* since */
};

uint32_t damping_penalty(const struct damping *d,
			 const struct health_group_conf *conf, uint64_t now_ms);

/* To what decays to reuse in suppress_max, or suppress + 1 if that is more. */
void damping_limit(struct damping *d, const struct health_group_conf *conf);

/* A loss.  Limits too. */
void damping_add(struct damping *d, const struct health_group_conf *conf,
		 uint64_t now_ms);

/* Ends a suppression that is over. */
void damping_step(struct damping *d, const struct health_group_conf *conf,
		  uint64_t now_ms);

/* When a suppression ends: exactly then damping_step() ends it. */
uint64_t damping_end_ms(const struct damping *d,
			const struct health_group_conf *conf);

#endif
