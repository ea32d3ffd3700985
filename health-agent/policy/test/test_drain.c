/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a drain ends, and that a resume ends it at any point. */
#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "health-agent/policy/drain.h"

/* What is seen, in words: "drain" or "resume" first; "out" or "gone"; "-" (no
 * relay), "?" (silent) or the number of calls.
 */
static struct drain_sight see(const char *words, uint64_t deadline_ms)
{
	struct drain_sight s = { .deadline_ms = deadline_ms };
	char copy[64], *save = NULL, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	s.ordered = strcmp(strtok_r(copy, " ", &save), "drain") == 0;
	s.withdrawn = strcmp(strtok_r(NULL, " ", &save), "gone") == 0;
	word = strtok_r(NULL, " ", &save);
	if (*word == '?')
		s.relay = DRAIN_SILENT;
	else if (*word != '-')
		s.relay = DRAIN_COUNTED;
	s.calls = (uint32_t)strtoul(word, NULL, 10);
	return s;
}

struct step {
	uint64_t at_ms;
	const char *sees;
	const char *phase;
	const char *tells;
};

static uint64_t phones_ms;	/* of the test that runs */

static void run(const struct step *steps, size_t cnt, struct drain *d,
		uint64_t deadline_ms)
{
	enum drain_phase was = d->phase;

	for (size_t i = 0; i < cnt; i++) {
		struct drain_sight sight = see(steps[i].sees, deadline_ms);
		bool changed;
		char what[96], text[128];
		struct words w = words_in(text, sizeof(text));

		sight.phones_ms = phones_ms;
		changed = drain_step(d, &sight, steps[i].at_ms);
		snprintf(what, sizeof(what), "step %zu at %llu: %s", i,
			 (unsigned long long)steps[i].at_ms, steps[i].sees);
		CHECK_STR(steps[i].phase, drain_phase_name(d->phase), what);
		CHECK_EQ(d->phase != was, changed, what);
		CHECK_EQ(strcmp(steps[i].phase, "drained") == 0 ||
				 strcmp(steps[i].phase, "left") == 0,
			 drain_is_over(d), what);
		drain_tell(&w, d, steps[i].at_ms);
		CHECK_STR(steps[i].tells, text, what);
		was = d->phase;
	}
}

#define DRAIN_TEST(name_, deadline_, ...) \
	static void name_(void **state) \
	{ \
		static const struct step steps[] = { __VA_ARGS__ }; \
		struct drain d; \
		(void)state; \
		drain_init(&d, 0); \
		run(steps, ARRAY_SIZE(steps), &d, deadline_); \
	} \
	static void name_(void **state)

#define NO_CALL "drained: not announced, no call is left"

DRAIN_TEST(the_calls_are_waited_for, 7200000,
	{ 1000, "resume out 3", "none", "" },
	{ 2000, "drain out 3", "announced", "" },
	{ 11999, "drain out 2", "announced", "" },
	{ 12000, "drain gone 2", "calls", "withdrawn 0 s ago, 2 calls go on, "
	  "for 120 min at most" },
	{ 20000, "drain gone 1", "calls", "withdrawn 8.0 s ago, 1 call goes "
	  "on, for 120 min at most" },
	{ 30000, "drain gone 0", "drained", NO_CALL },
	{ 9000000, "drain gone 0", "drained", NO_CALL });

DRAIN_TEST(not_longer_than_the_deadline, 60000,
	{ 1000, "drain gone 9", "calls", "withdrawn 0 s ago, 9 calls go on, "
	  "for 60 s at most" },
	{ 60999, "drain gone 7", "calls", "withdrawn 60 s ago, 7 calls go on, "
	  "for 0.1 s at most" },
	{ 61000, "drain gone 7", "left",
	  "drained: not announced, and time is over: 7 calls left" },
	{ 62000, "drain gone 1", "left",
	  "drained: not announced, and time is over: 1 call left" },
	{ 63000, "drain gone 0", "drained", NO_CALL },
	/* it is too late to be waited for */
	{ 64000, "drain gone 1", "left",
	  "drained: not announced, and time is over: 1 call left" });

DRAIN_TEST(a_deadline_of_nothing_waits_for_none, 0,
	{ 1000, "drain out 9", "announced", "" },
	{ 2000, "drain gone 9", "left",
	  "drained: not announced, and time is over: 9 calls left" });

DRAIN_TEST(a_call_of_a_phone_that_is_still_served_is_waited_for, 60000,
	{ 1000, "drain gone 0", "drained", NO_CALL },
	{ 5000, "drain gone 1", "calls", "withdrawn 4.0 s ago, 1 call goes on, "
	  "for 56 s at most" },
	{ 6000, "drain gone 0", "drained", NO_CALL });

DRAIN_TEST(where_there_is_no_relay_nothing_is_waited_for, 60000,
	{ 1000, "drain out -", "announced", "" },
	{ 2000, "drain gone -", "drained", "drained: not announced" });

DRAIN_TEST(a_relay_that_says_nothing_may_have_calls, 60000,
	{ 1000, "drain gone ?", "calls", "withdrawn 0 s ago, the relay does "
	  "not say how many calls go on, for 60 s at most" },
	{ 2000, "drain gone 2", "calls", "withdrawn 1.0 s ago, 2 calls go on, "
	  "for 59 s at most" },
	{ 61000, "drain gone ?", "left", "drained: not announced, and time is "
	  "over: the relay does not say how many calls are left" },
	/* it has ended, and all calls with it */
	{ 62000, "drain gone -", "drained", "drained: not announced" });

DRAIN_TEST(a_resume_ends_it_at_any_point, 60000,
	{ 1000, "drain out 1", "announced", "" },
	{ 2000, "resume out 1", "none", "" },
	{ 3000, "drain gone 1", "calls", "withdrawn 0 s ago, 1 call goes on, "
	  "for 60 s at most" },
	{ 4000, "resume gone 1", "none", "" },
	{ 5000, "resume out 1", "none", "" },
	/* the next one knows nothing of it */
	{ 6000, "drain gone 1", "calls", "withdrawn 0 s ago, 1 call goes on, "
	  "for 60 s at most" },
	{ 66000, "drain gone 1", "left",
	  "drained: not announced, and time is over: 1 call left" },
	{ 67000, "resume gone 1", "none", "" },
	{ 68000, "drain gone 0", "drained", NO_CALL },
	{ 69000, "resume out 0", "none", "" });

/* The order of resume and drain without the route having come back: as a
 * worker that is started, or a route that somebody else keeps.
 */
DRAIN_TEST(what_is_out_again_is_withdrawn_again, 60000,
	{ 1000, "drain gone 1", "calls", "withdrawn 0 s ago, 1 call goes on, "
	  "for 60 s at most" },
	{ 2000, "drain out 1", "announced", "" },
	{ 3000, "drain gone 1", "calls", "withdrawn 0 s ago, 1 call goes on, "
	  "for 60 s at most" });

static void phones_are_given_time_to_register_elsewhere(void **state)
{
	static const struct step waits[] = {
		{ 1000, "drain gone 1", "calls", "withdrawn 0 s ago, 1 call "
		  "goes on, for 60 s at most" },
		{ 6000, "drain gone 0", "calls", "withdrawn 5.0 s ago, no call "
		  "is left, phones have 15 s more to register elsewhere" },
		{ 20999, "drain gone -", "calls", "withdrawn 20 s ago, no call "
		  "is left, phones have 0.1 s more to register elsewhere" },
		{ 21000, "drain gone 0", "drained", NO_CALL },
	};
	/* the deadline goes before */
	static const struct step no_longer[] = {
		{ 1000, "drain gone 0", "calls", "withdrawn 0 s ago, no call "
		  "is left, phones have 8.0 s more to register elsewhere" },
		{ 9000, "drain gone 0", "drained", NO_CALL },
	};
	struct drain d;

	(void)state;
	phones_ms = 20000;
	drain_init(&d, 0);
	run(waits, ARRAY_SIZE(waits), &d, 60000);
	drain_init(&d, 0);
	run(no_longer, ARRAY_SIZE(no_longer), &d, 8000);
	phones_ms = 0;
}

static void a_restart_goes_on_from_the_withdrawal(void **state)
{
	static const struct step steps[] = {
		{ 50000, "drain gone 1", "calls", "withdrawn 40 s ago, 1 call "
		  "goes on, for 20 s at most" },
		{ 70000, "drain gone 1", "left",
		  "drained: not announced, and time is over: 1 call left" },
	};
	static const struct step future[] = {
		{ 50000, "drain gone 1", "calls", "withdrawn 0 s ago, 1 call "
		  "goes on, for 60 s at most" },
	};
	struct drain d;

	(void)state;
	drain_init(&d, 10000);
	run(steps, ARRAY_SIZE(steps), &d, 60000);
	drain_init(&d, 90000);
	run(future, ARRAY_SIZE(future), &d, 60000);
}

static void a_deadline_does_not_go_round(void **state)
{
	const struct drain_sight sight = see("drain gone 1", UINT64_MAX);
	struct drain d;

	(void)state;
	drain_init(&d, 0);
	assert_true(drain_step(&d, &sight, 5000));
	assert_int_equal(d.phase, DRAIN_CALLS);
}

static void every_phase_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DRAIN_PHASES; i++)
		assert_string_not_equal(drain_phase_name(i), "?");
	assert_string_equal(drain_phase_name(DRAIN_PHASES), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_calls_are_waited_for),
		cmocka_unit_test(not_longer_than_the_deadline),
		cmocka_unit_test(a_deadline_of_nothing_waits_for_none),
		cmocka_unit_test(
			a_call_of_a_phone_that_is_still_served_is_waited_for),
		cmocka_unit_test(
			where_there_is_no_relay_nothing_is_waited_for),
		cmocka_unit_test(a_relay_that_says_nothing_may_have_calls),
		cmocka_unit_test(a_resume_ends_it_at_any_point),
		cmocka_unit_test(what_is_out_again_is_withdrawn_again),
		cmocka_unit_test(phones_are_given_time_to_register_elsewhere),
		cmocka_unit_test(a_restart_goes_on_from_the_withdrawal),
		cmocka_unit_test(a_deadline_does_not_go_round),
		cmocka_unit_test(every_phase_has_a_name),
	};

	return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
