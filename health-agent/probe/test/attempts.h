/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attempts.h - one prober on a loop of its own, and its results */
#ifndef PROBE_ATTEMPTS_H
#define PROBE_ATTEMPTS_H

#include "common/test/table.h"

#include "health-agent/probe/prober.h"

enum { LIMIT_MS = 5000 };

static uv_loop_t loop;
static struct prober *prober;
static struct prober_result result;
static unsigned results;

/* For prober_new(). */
static inline void on_result(void *arg, struct prober *p,
			     const struct prober_result *r)
{
	(void)arg, (void)p;
	result = *r;
	results++;
}

static inline void turn_until(unsigned cnt)
{
	uint64_t end_ns = uv_hrtime() + UINT64_C(1000000) * LIMIT_MS;

	while (results < cnt) {
		assert_true(uv_hrtime() < end_ns);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
}

/* Begin an attempt, and wait for its result. */
static inline void attempt_one(void)
{
	unsigned before = results;

	assert_int_equal(0, prober_attempt(prober));
	turn_until(before + 1);
	assert_int_equal(before + 1, results);
}

#endif
