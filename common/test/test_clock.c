/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <time.h>

#include "common/clock.h"

static uint64_t ms_of(clockid_t id)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(id, &ts), 0);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Each clock reads between two readings of the one it is made of. */
static void clocks_are_the_kernels(void **state)
{
	uint64_t before, got;

	(void)state;
	before = ms_of(CLOCK_MONOTONIC);
	got = clock_ms();
	assert_in_range(got, before, ms_of(CLOCK_MONOTONIC));

	before = ms_of(CLOCK_BOOTTIME);
	got = clock_boot_ms();
	assert_in_range(got, before, ms_of(CLOCK_BOOTTIME));

	before = ms_of(CLOCK_REALTIME) / 1000;
	got = clock_wall_s();
	assert_in_range(got, before, ms_of(CLOCK_REALTIME) / 1000);

	before = ms_of(CLOCK_REALTIME);
	got = clock_wall_ns() / 1000000;
	assert_in_range(got, before, ms_of(CLOCK_REALTIME));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
