/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/clock.h"

#include <time.h>

static struct timespec now(clockid_t id)
{
	struct timespec ts = { 0 };

	/* fails only for an unknown clock; ours exist since Linux 2.6.39 */
	clock_gettime(id, &ts);
	return ts;
}

static uint64_t to_ns(struct timespec ts)
{
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t to_ms(struct timespec ts)
{
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t clock_ms(void)
{
	return to_ms(now(CLOCK_MONOTONIC));
}

uint64_t clock_ns(void)
{
	return to_ns(now(CLOCK_MONOTONIC));
}

uint64_t clock_boot_ms(void)
{
	return to_ms(now(CLOCK_BOOTTIME));
}

uint64_t clock_wall_s(void)
{
	return (uint64_t)now(CLOCK_REALTIME).tv_sec;
}

uint64_t clock_wall_ns(void)
{
	return to_ns(now(CLOCK_REALTIME));
}
