/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/cpuwatch.h"

static void a_process_is_read_whatever_its_name(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "12 (relay) S 1 77 12 0 -1 4194560 1 2 3 4 500 60 0 0 20", 0 },
		{ "12 (a) (b 9 9 9) R 1 77 12 0 -1 4 1 2 3 4 500 60\n", 0 },
		{ "12 (relay) S 1 77 12 0 -1 4194560 1 2 3 4 500", EBADMSG },
		{ "12 (relay) S 1 x 12 0 -1 4194560 1 2 3 4 500 60", EBADMSG },
		{ "12 relay S 1 77 12 0 -1 4194560 1 2 3 4 500 60", EBADMSG },
		{ "", EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t user = 0, system = 0;
		pid_t group = 0;

		assert_int_equal(cpuwatch_parse_stat(&group, &user, &system,
						     slice_str(rows[i].text)),
				 rows[i].err);
		if (rows[i].err)
			continue;
		assert_int_equal(group, 77);
		assert_int_equal(user, 500);
		assert_int_equal(system, 60);
	}
}

static void a_core_is_idle_also_when_the_host_has_it(void **state)
{
	static const char text[] =
		"cpu  9 9 9 9 9 9 9 9 0 0\n"
		"cpu0 1 2 3 1000 2000 4 5 4000 0 0\n"
		"cpu10 8 8 8 8 8 8 8 8 0 0\n"
		"cpu1 10 0 0 0 0 0 7 0 0 0\n"
		"intr 5 5\n";
	uint64_t idle, softirq;

	(void)state;
	assert_int_equal(cpuwatch_parse_core(&idle, &softirq, slice_str(text),
					     0), 0);
	assert_int_equal(idle, 7000);
	assert_int_equal(softirq, 5);
	assert_int_equal(cpuwatch_parse_core(&idle, &softirq, slice_str(text),
					     1), 0);
	assert_int_equal(idle, 0);
	assert_int_equal(cpuwatch_parse_core(&idle, &softirq, slice_str(text),
					     2), ENOENT);
	assert_int_equal(cpuwatch_parse_core(&idle, &softirq,
					     slice_str("cpu0 1 2\n"), 0),
			 EBADMSG);
}

/* What it sees of ourselves grows as we work. */
static void a_group_is_found_and_its_time_grows(void **state)
{
	struct cpusample before, after;
	struct cpuwatch w;

	(void)state;
	/* in a pid namespace the group we came with may be out of sight */
	setpgid(0, 0);
	assert_int_equal(cpuwatch_open(&w, getpgrp(), 0), 0);
	assert_int_equal(cpuwatch_read(&w, &before), 0);
	for (unsigned i = 0; i < 1000000000; i++) {
		if (i % 1000000)
			continue;
		assert_int_equal(cpuwatch_read(&w, &after), 0);
		after = cpusample_since(&after, &before);
		if (after.tasks_ns > 1000000)
			break;
	}
	assert_true(after.tasks_ns > 1000000);
	assert_int_equal(cpuwatch_open(&w, INT32_MAX, 0), ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_read_whatever_its_name),
		cmocka_unit_test(a_core_is_idle_also_when_the_host_has_it),
		cmocka_unit_test(a_group_is_found_and_its_time_grows),
	};

	return cmocka_run_group_tests_name("cpuwatch", tests, NULL, NULL);
}
