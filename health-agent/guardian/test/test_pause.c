/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include "health-agent/guardian/pause.h"

static void only_who_slept_forgives(void **state)
{
	static const struct {
		const char *what;
		uint64_t looked_ms, due_ms, now_ms, want_ms;
	} rows[] = {
		{ "in time", 1000, 1500, 1500, 0 },
		{ "before its time", 1000, 1500, 1100, 0 },
		{ "late, as on a busy machine", 1000, 1500, 1700, 0 },
		{ "stopped", 1000, 1500, 1701, 701 },
		{ "suspended", 1000, 1500, 3601000, 3600000 },
		{ "had nothing to do", 1000, UINT64_MAX, 3601000, 0 },
		{ "wanted to run at once, and did", 5000, 1000, 5001, 0 },
		{ "and did again: it is not late for ever", 5001, 1000, 5002,
		  0 },
		{ "wanted to run at once, and was stopped", 5000, 1000, 6000,
		  1000 },
		{ "the clock's first moments", 0, 0, 100, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want_ms,
			 pause_ms(rows[i].looked_ms, rows[i].due_ms,
				  rows[i].now_ms), rows[i].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_slept_forgives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
