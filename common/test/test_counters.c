/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <pthread.h>
#include <stdio.h>

#include "common/counters.h"

enum test_counter {
	TEST_REDIRECTED,
	TEST_DROPPED,
	TEST_COUNTERS
};

static const struct counter_desc desc[TEST_COUNTERS] = {
	[TEST_REDIRECTED] = { "redirected", "Requests answered with 302." },
	[TEST_DROPPED] = { "dropped", "Requests without an answer." },
};

static void append(void *arg, const char *text)
{
	char *all = arg;
	size_t len = strlen(all);

	snprintf(all + len, 256 - len, "%s\n", text);
}

static void dump_names_every_counter_in_order(void **state)
{
	_Atomic uint64_t values[TEST_COUNTERS] = { 0 };
	struct counters c = { desc, TEST_COUNTERS, values };
	char all[256] = "";

	(void)state;
	counter_add(&c, TEST_DROPPED, 2);
	counter_add(&c, TEST_DROPPED, UINT32_MAX);
	counters_dump(&c, append, all);
	assert_string_equal(all, "redirected 0\ndropped 4294967297\n");
	assert_int_equal(counter_get(&c, TEST_REDIRECTED), 0);
}

static void no_counters_are_no_lines(void **state)
{
	struct counters c = { 0 };
	char all[256] = "";

	(void)state;
	counters_dump(&c, append, all);
	assert_string_equal(all, "");
}

enum { ADDITIONS = 20000 };

static void *add_many(void *arg)
{
	for (int i = 0; i < ADDITIONS; i++)
		counter_add(arg, TEST_REDIRECTED, 1);
	return NULL;
}

static void no_addition_is_lost_between_threads(void **state)
{
	_Atomic uint64_t values[TEST_COUNTERS] = { 0 };
	struct counters c = { desc, TEST_COUNTERS, values };
	pthread_t threads[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many,
						&c), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter_get(&c, TEST_REDIRECTED), 2 * ADDITIONS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(dump_names_every_counter_in_order),
		cmocka_unit_test(no_counters_are_no_lines),
		cmocka_unit_test(no_addition_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
