/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/damping.h"

#include <math.h>

enum { PENALTY_BITS = 32 };	/* so many half-lives leave nothing */

static uint32_t decayed(uint32_t penalty, uint64_t age_ms,
			uint64_t half_life_ms)
{
	return (uint32_t)(penalty *
			  exp2(-(double)age_ms / (double)half_life_ms));
}

uint32_t damping_penalty(const struct damping *d,
			 const struct health_group_conf *conf, uint64_t now_ms)
{
	if (!d->penalty || !conf->penalty)
		return 0;
	return decayed(d->penalty, now_ms - d->at_ms, conf->half_life_ms);
}

static double ceiling(const struct health_group_conf *conf)
{
	double most = conf->reuse * exp2((double)conf->suppress_max_ms /
					 (double)conf->half_life_ms);

	return fmin(UINT32_MAX, fmax(most, conf->suppress + 1.0));
}

void damping_limit(struct damping *d, const struct health_group_conf *conf)
{
	double most = ceiling(conf);

	if (d->penalty > most)
		d->penalty = (uint32_t)most;
}

void damping_add(struct damping *d, const struct health_group_conf *conf,
		 uint64_t now_ms)
{
	double sum = (double)damping_penalty(d, conf, now_ms) + conf->penalty;

	if (!conf->penalty)
		return;
	d->penalty = (uint32_t)fmin(sum, UINT32_MAX);
	d->at_ms = now_ms;
	damping_limit(d, conf);
	if (d->penalty > conf->suppress && !d->suppressed) {
		d->suppressed = true;
		d->suppressed_ms = now_ms;
	}
}

/* The first moment with a penalty below reuse, by halving the span it lies in:
 * the penalty is whole numbers, and this is exact.
 */
static uint64_t below_reuse_ms(const struct damping *d,
			       const struct health_group_conf *conf)
{
	uint64_t low = 0, high = PENALTY_BITS * conf->half_life_ms;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (decayed(d->penalty, middle, conf->half_life_ms) <
		    conf->reuse)
			high = middle;
		else
			low = middle + 1;
	}
	return d->at_ms + high;
}

uint64_t damping_end_ms(const struct damping *d,
			const struct health_group_conf *conf)
{
	uint64_t most = d->suppressed_ms + conf->suppress_max_ms;
	uint64_t below;

	if (!conf->penalty)
		return d->suppressed_ms;
	below = below_reuse_ms(d, conf);
	return below < most ? below : most;
}

void damping_step(struct damping *d, const struct health_group_conf *conf,
		  uint64_t now_ms)
{
	if (d->suppressed && now_ms >= damping_end_ms(d, conf))
		d->suppressed = false;
}
