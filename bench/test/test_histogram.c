/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/histogram.h"

static void an_empty_histogram_has_no_percentiles(void **state)
{
	static struct histogram h;

	(void)state;
	assert_int_equal(histogram_permille(&h, 500), 0);
	assert_int_equal(histogram_permille(&h, 1000), 0);
}

static void small_values_are_exact(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	for (uint64_t v = 1; v <= 20; v++)
		histogram_add(&h, v);
	assert_int_equal(h.cnt, 20);
	assert_int_equal(histogram_permille(&h, 0), 1);
	assert_int_equal(histogram_permille(&h, 500), 10);
	assert_int_equal(histogram_permille(&h, 1000), 20);
}

static void a_percentile_is_right_to_a_step(void **state)
{
	(void)state;
	for (uint64_t v = 1; v < (uint64_t)1 << 39; v = v * 7 / 5 + 1) {
		struct histogram h = { 0 };
		uint64_t got;

		histogram_add(&h, v);
		got = histogram_permille(&h, 500);
		assert_true(got >= v);
		assert_true(got - v <= v / HISTOGRAM_STEPS);
	}
}

static void the_tail_is_in_the_99th_percentile(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	for (unsigned i = 0; i < 980; i++)
		histogram_add(&h, 1000);
	for (unsigned i = 0; i < 20; i++)
		histogram_add(&h, 1000000);
	assert_true(histogram_permille(&h, 500) < 1100);
	assert_true(histogram_permille(&h, 990) >= 1000000);
}

static void a_huge_value_lands_in_the_last_bucket(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	histogram_add(&h, UINT64_MAX);
	assert_int_equal(h.buckets[HISTOGRAM_BUCKETS - 1], 1);
	assert_true(histogram_permille(&h, 500) > (uint64_t)1 << 39);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_percentiles),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(a_percentile_is_right_to_a_step),
		cmocka_unit_test(the_tail_is_in_the_99th_percentile),
		cmocka_unit_test(a_huge_value_lands_in_the_last_bucket),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
