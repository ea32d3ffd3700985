/* SPDX-License-Identifier: GPL-2.0-or-later */
/* histogram.h - latencies in fixed memory, read as percentiles
 *
 * Log-linear: each power of two is cut into HISTOGRAM_STEPS equal steps, so
 * a percentile is right to 1/HISTOGRAM_STEPS of its value.  Pure; the caller
 * owns the struct, which is empty when zeroed.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_STEPS_LOG2 = 5,
	HISTOGRAM_STEPS = 1 << HISTOGRAM_STEPS_LOG2,
	HISTOGRAM_POWERS = 36,		/* values up to 2^40 ns, 18 minutes */
	HISTOGRAM_BUCKETS = HISTOGRAM_POWERS * HISTOGRAM_STEPS,
};

struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t cnt;
};

/* Values beyond the last bucket are counted in it. */
void histogram_add(struct histogram *h, uint64_t value);

/* The upper end of the bucket that holds the value at permille/1000 of all;
 * 0 when the histogram is empty.
 */
uint64_t histogram_permille(const struct histogram *h, unsigned permille);

#endif
