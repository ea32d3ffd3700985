/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <stdio.h>

#include "health-agent/policy/damping.h"

static const struct health_group_conf usual = {
	.penalty = 1000,
	.suppress = 2500,
	.reuse = 1000,
	.half_life_ms = 60000,
	.suppress_max_ms = 600000,
};

static void the_penalty_halves_each_half_life(void **state)
{
	static const struct {
		uint64_t at_ms;
		uint32_t want;
	} rows[] = {
		{ 5000, 1000 },
		{ 5001, 999 },
		{ 65000, 500 },
		{ 125000, 250 },
		{ 185000, 125 },
		{ 605000, 0 },
		{ UINT64_MAX, 0 },
	};
	struct damping d = { 0 };

	(void)state;
	assert_int_equal(0, damping_penalty(&d, &usual, 5000));
	damping_add(&d, &usual, 5000);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		CHECK_EQ(rows[i].want,
			 damping_penalty(&d, &usual, rows[i].at_ms), what);
	}
}

static void losses_add_up_until_it_is_suppressed(void **state)
{
	static const struct {
		uint64_t at_ms;
		uint32_t penalty;
		bool suppressed;
	} rows[] = {
		{ 0, 1000, false },
		{ 60000, 1500, false },
		{ 120000, 1750, false },
		{ 120000, 2750, true },
		{ 180000, 2375, true },
	};
	struct damping d = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		damping_step(&d, &usual, rows[i].at_ms);
		damping_add(&d, &usual, rows[i].at_ms);
		CHECK_EQ(rows[i].penalty,
			 damping_penalty(&d, &usual, rows[i].at_ms), what);
		CHECK_EQ(rows[i].suppressed, d.suppressed, what);
	}
}

/* Exactly suppress is not above it. */
static void suppress_itself_does_not_suppress(void **state)
{
	struct health_group_conf conf = usual;
	struct damping d = { 0 };

	(void)state;
	conf.suppress = 2000;
	damping_add(&d, &conf, 0);
	damping_add(&d, &conf, 0);
	assert_int_equal(2000, d.penalty);
	assert_false(d.suppressed);
	conf.penalty = 1;
	damping_add(&d, &conf, 0);
	assert_true(d.suppressed);
}

static void a_suppression_ends_at_its_millisecond(void **state)
{
	static const struct {
		const char *what;
		uint32_t losses;
		uint32_t reuse;
		uint64_t half_life_ms, max_ms;
		uint64_t end_ms;	/* after the last loss */
	} rows[] = {
		/* 60 s * log2(3000 / 1000) = 95.0977 s */
		{ "below reuse", 3, 1000, 60000, 600000, 95098 },
		/* 60 s * log2(3000 / 750) = 120 s is 750, so one later */
		{ "at reuse is not below it", 3, 750, 60000, 600000, 120001 },
		{ "suppress_max comes first", 3, 1000, 60000, 60000, 60000 },
		{ "no time at all", 3, 1000, 60000, 0, 0 },
		{ "to nothing", 3, 1, 1000, 600000, 11551 },
		{ "days", 3, 1000, 86400000, 2592000000, 136940761 },
		{ "a millisecond", 3, 1000, 1, 600000, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct health_group_conf conf = usual;
		struct damping d = { 0 };
		uint64_t end_ms = 7000 + rows[i].end_ms;

		conf.reuse = rows[i].reuse;
		conf.half_life_ms = rows[i].half_life_ms;
		conf.suppress_max_ms = rows[i].max_ms;
		for (uint32_t k = 0; k < rows[i].losses; k++)
			damping_add(&d, &conf, 7000);
		CHECK(d.suppressed || !rows[i].max_ms, rows[i].what);
		CHECK_EQ(end_ms, damping_end_ms(&d, &conf), rows[i].what);
		if (rows[i].end_ms) {
			damping_step(&d, &conf, end_ms - 1);
			CHECK(d.suppressed, rows[i].what);
		}
		damping_step(&d, &conf, end_ms);
		CHECK(!d.suppressed, rows[i].what);
	}
}

static void the_penalty_has_a_ceiling(void **state)
{
	static const struct {
		const char *what;
		uint64_t max_ms;
		uint32_t reuse, suppress, penalty, want;
	} rows[] = {
		{ "what decays to reuse in suppress_max",
		  120000, 1000, 2500, 1000, 4000 },
		{ "suppress can be passed", 60000, 1000, 2500, 1000, 2501 },
		{ "numbers end somewhere",
		  6000000, 1000, 2500, UINT32_MAX, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct health_group_conf conf = usual;
		struct damping d = { 0 };

		conf.suppress_max_ms = rows[i].max_ms;
		conf.reuse = rows[i].reuse;
		conf.suppress = rows[i].suppress;
		conf.penalty = rows[i].penalty;
		for (unsigned k = 0; k < 100; k++)
			damping_add(&d, &conf, 1000);
		CHECK_EQ(rows[i].want, d.penalty, rows[i].what);
		CHECK(d.suppressed, rows[i].what);
		CHECK(damping_end_ms(&d, &conf) <= 1000 + rows[i].max_ms,
		      rows[i].what);
	}
}

static void a_later_loss_does_not_begin_a_suppression_anew(void **state)
{
	struct damping d = { 0 };

	(void)state;
	for (uint64_t ms = 1000; ms <= 4000; ms += 1000)
		damping_add(&d, &usual, ms);
	assert_true(d.suppressed);
	assert_int_equal(3000, d.suppressed_ms);
}

static void no_penalty_is_no_damping(void **state)
{
	struct health_group_conf off = { 0 };
	struct damping d = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		damping_add(&d, &off, 1000);
	assert_int_equal(0, damping_penalty(&d, &off, 1000));
	assert_false(d.suppressed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_penalty_halves_each_half_life),
		cmocka_unit_test(losses_add_up_until_it_is_suppressed),
		cmocka_unit_test(suppress_itself_does_not_suppress),
		cmocka_unit_test(a_suppression_ends_at_its_millisecond),
		cmocka_unit_test(the_penalty_has_a_ceiling),
		cmocka_unit_test(
			a_later_loss_does_not_begin_a_suppression_anew),
		cmocka_unit_test(no_penalty_is_no_damping),
	};

	return cmocka_run_group_tests_name("damping", tests, NULL, NULL);
}
