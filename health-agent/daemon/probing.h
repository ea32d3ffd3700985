/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probing.h - all probes, each at its time: probers (probe/prober.h) driven by
 * the schedule
 *
 * A probe that cannot begin, for want of memory or descriptors, is a bad
 * attempt; so is one that never ends.
 */
#ifndef DAEMON_PROBING_H
#define DAEMON_PROBING_H

#include <uv.h>

#include "health-agent/daemon/conf.h"

struct probing_stat {
	uint64_t attempts;	/* results: of attempts, or of a watch */
	uint64_t failures;	/* ... that were not good */
	uint64_t took_us;	/* the last one */
	uint64_t ended_ms;	/* when that was, CLOCK_BOOTTIME; 0: never */
	uint64_t took_us_sum;
};

/* Tell the policy; returns whether the probe is undecided now. */
typedef bool probing_result_h(void *arg, size_t probe,
			      const struct prober_result *result,
			      uint64_t now_ms);

struct probing;

/* conf is borrowed, also for a turn of the loop after probing_stop().  Probes
 * begin with the loop.
 */
int probing_new(struct probing **out, uv_loop_t *loop,
		const struct agent_conf *conf, probing_result_h *result,
		void *arg);

const struct probing_stat *probing_stat(const struct probing *p, size_t probe);

/* A probe of another life of the same name: its counts go on. */
void probing_set_stat(struct probing *p, size_t probe,
		      const struct probing_stat *stat);

void probing_target(const struct probing *p, size_t probe,
		    char out[static PROBER_TEXT_MAX]);

/* Frees itself when the loop has closed its handles; NULL is fine. */
void probing_stop(struct probing *p);

#endif
