/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/histogram.h"

static unsigned bucket_of(uint64_t value)
{
	unsigned power, bucket;

	if (value < HISTOGRAM_STEPS)
		return (unsigned)value;

	power = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_STEPS_LOG2;
	bucket = (power + 1) * HISTOGRAM_STEPS +
		 (unsigned)(value >> power) - HISTOGRAM_STEPS;

	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static uint64_t bucket_end(unsigned bucket)
{
	unsigned power = bucket / HISTOGRAM_STEPS;
	uint64_t step = bucket % HISTOGRAM_STEPS;

	if (!power)
		return step;

	return ((step + HISTOGRAM_STEPS + 1) << (power - 1)) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->buckets[bucket_of(value)]++;
	h->cnt++;
}

uint64_t histogram_permille(const struct histogram *h, unsigned permille)
{
	uint64_t rank = (h->cnt * permille + 999) / 1000;
	uint64_t seen = 0;

	if (!h->cnt)
		return 0;
	if (!rank)
		rank = 1;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			return bucket_end(i);
	}
	return bucket_end(HISTOGRAM_BUCKETS - 1);
}
