/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The schedule of probes, over a simulated clock. */
#include "common/test/table.h"
#include "health-agent/daemon/schedule.h"

enum { PROBES = 8, START = 5000, INTERVAL = 1000, FAST = 100, TIMEOUT = 500 };

static void make(struct schedule *s, size_t cnt)
{
	schedule_init(s);
	for (size_t i = 0; i < cnt; i++)
		assert_true(schedule_add(s, INTERVAL, FAST, TIMEOUT, START));
}

/* Begin all that is due; returns how many. */
static size_t begin_due(struct schedule *s, uint64_t now_ms)
{
	size_t cnt = 0;

	for (size_t i; (i = schedule_due(s, now_ms)) != SIZE_MAX; cnt++)
		schedule_begin(s, i, now_ms);
	return cnt;
}

static void first_attempts_are_due_at_once(void **state)
{
	struct schedule s;

	(void)state;
	make(&s, PROBES);
	assert_int_equal(schedule_next(&s), START);
	assert_int_equal(begin_due(&s, START - 1), 0);
	assert_int_equal(begin_due(&s, START), PROBES);
	assert_int_equal(begin_due(&s, START + 10000), 0);
}

static void an_undecided_probe_waits_the_fast_interval(void **state)
{
	static const struct {
		const char *what;
		bool undecided;
		uint64_t ended, due;
	} rows[] = {
		{ "first result", true, 5007, 5107 },
		{ "still undecided, timed out", true, 5607, 5707 },
		{ "decided: its first slow wait", false, 5710, 6710 },
		{ "good again", false, 6720, 7720 },
		{ "it fails", true, 8220, 8320 },
		{ "decided bad", false, 8820, 9820 },
	};
	struct schedule s;

	(void)state;
	make(&s, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		schedule_begin(&s, 0, rows[i].ended);
		CHECK_EQ(SIZE_MAX, schedule_due(&s, rows[i].due),
			 "nothing is due in flight");
		schedule_end(&s, 0, rows[i].undecided, rows[i].ended);
		CHECK_EQ(rows[i].due, schedule_next(&s), rows[i].what);
		CHECK_EQ(SIZE_MAX, schedule_due(&s, rows[i].due - 1),
			 rows[i].what);
		CHECK_EQ(0, schedule_due(&s, rows[i].due), rows[i].what);
	}
}

static void probes_do_not_stay_bunched(void **state)
{
	uint64_t due[PROBES];
	struct schedule s;

	(void)state;
	make(&s, PROBES);
	begin_due(&s, START);
	for (size_t i = 0; i < PROBES; i++)
		schedule_end(&s, i, false, START + 1);
	for (size_t i = 0; i < PROBES; i++) {
		due[i] = s.probes[i].due_ms;
		assert_in_range(due[i], START + 1 + INTERVAL / 2,
				START + 1 + INTERVAL);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(due[j], due[i]);
	}
	/* and no wait after the first is another than the interval */
	for (size_t i = 0; i < PROBES; i++) {
		schedule_begin(&s, i, due[i]);
		schedule_end(&s, i, false, due[i] + 2);
		assert_int_equal(s.probes[i].due_ms, due[i] + 2 + INTERVAL);
	}
}

static void a_result_out_of_turn_sets_the_next_attempt(void **state)
{
	struct schedule s;

	(void)state;
	make(&s, 1);
	schedule_begin(&s, 0, START);
	schedule_end(&s, 0, false, START);
	/* a watch saw its process die, long before the next attempt */
	schedule_end(&s, 0, true, START + 10);
	assert_int_equal(schedule_due(&s, START + 10 + FAST), 0);
}

static void an_attempt_without_an_end_is_found(void **state)
{
	struct schedule s;
	uint64_t late = START + TIMEOUT + SCHEDULE_LATE_MS;

	(void)state;
	make(&s, 2);
	schedule_begin(&s, 1, START);
	assert_int_equal(schedule_late(&s, late - 1), SIZE_MAX);
	assert_int_equal(schedule_late(&s, late), 1);
	schedule_end(&s, 0, false, START);
	s.probes[0].due_ms = late + 1;
	assert_int_equal(schedule_next(&s), late);
	schedule_end(&s, 1, true, late);
	assert_int_equal(schedule_late(&s, late), SIZE_MAX);
}

static void fast_is_never_slower(void **state)
{
	struct schedule s;

	(void)state;
	schedule_init(&s);
	assert_true(schedule_add(&s, 50, 100, TIMEOUT, START));
	schedule_begin(&s, 0, START);
	schedule_end(&s, 0, true, START);
	assert_int_equal(schedule_next(&s), START + 50);
}

static void it_holds_so_many_and_no_more(void **state)
{
	struct schedule s;

	(void)state;
	schedule_init(&s);
	assert_int_equal(schedule_next(&s), UINT64_MAX);
	assert_int_equal(schedule_due(&s, UINT64_MAX), SIZE_MAX);
	make(&s, HEALTH_PROBES_MAX);
	assert_false(schedule_add(&s, INTERVAL, FAST, TIMEOUT, START));
	assert_int_equal(begin_due(&s, START), HEALTH_PROBES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_attempts_are_due_at_once),
		cmocka_unit_test(an_undecided_probe_waits_the_fast_interval),
		cmocka_unit_test(probes_do_not_stay_bunched),
		cmocka_unit_test(a_result_out_of_turn_sets_the_next_attempt),
		cmocka_unit_test(an_attempt_without_an_end_is_found),
		cmocka_unit_test(fast_is_never_slower),
		cmocka_unit_test(it_holds_so_many_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
