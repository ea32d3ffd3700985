/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>

#include "rtp-pinner/ng/cookies.h"

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct cookies *cookies_of(size_t entries, size_t bytes)
{
	struct cookies_conf conf = {
		.entries_max = entries,
		.bytes_max = bytes,
		.generation_ms = 1000,
	};
	struct cookies *c = NULL;

	assert_int_equal(cookies_new(&c, &conf), 0);
	return c;
}

static void only_the_same_command_of_the_same_sender_is_answered(void **state)
{
	static const struct {
		const char *what, *from;
		uint16_t port;
		const char *datagram;
		bool want;
	} rows[] = {
		{ "sent again", "192.0.2.1", 5000, "1_2_3 de", true },
		{ "another address", "192.0.2.2", 5000, "1_2_3 de", false },
		{ "another port", "192.0.2.1", 5001, "1_2_3 de", false },
		{ "another cookie", "192.0.2.1", 5000, "1_2_4 de", false },
		{ "another dict", "192.0.2.1", 5000, "1_2_3 d1:a1:be", false },
		{ "shorter", "192.0.2.1", 5000, "1_2_3 d", false },
		{ "another family", "::ffff:192.0.2.1", 5000, "1_2_3 de",
		  false },
	};
	struct cookies *c = cookies_of(8, 1024);
	struct addr from = addr_of("192.0.2.1");
	struct slice answer;

	(void)state;
	cookies_put(c, &from, 5000, slice_str("1_2_3 de"), slice_str("pong"),
		    0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr a = addr_of(rows[i].from);

		CHECK_EQ(rows[i].want,
			 cookies_find(&answer, c, &a, rows[i].port,
				      slice_str(rows[i].datagram)),
			 rows[i].what);
		if (rows[i].want)
			CHECK(slice_equal(answer, slice_str("pong")),
			      rows[i].what);
	}
	cookies_free(c);
}

static void an_answer_is_kept_one_to_two_generations(void **state)
{
	static const struct {
		uint64_t put_ms, at_ms;
		bool want;
	} rows[] = {
		{ 0, 999, true },    { 0, 1000, true },	  { 0, 1999, true },
		{ 0, 2000, false },  { 999, 1999, true }, { 999, 2000, false },
		{ 1000, 2999, true }, { 1000, 3000, false },
	};
	struct addr from = addr_of("2001:db8::1");
	struct slice answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cookies *c = cookies_of(8, 1024);
		char what[32];

		snprintf(what, sizeof(what), "row %zu", i);
		for (uint64_t t = 0; t <= rows[i].at_ms; t++) {
			cookies_tick(c, 10000 + t);
			if (t == rows[i].put_ms)
				cookies_put(c, &from, 1, slice_str("c de"),
					    slice_str("x"), 10000 + t);
		}
		CHECK_EQ(rows[i].want,
			 cookies_find(&answer, c, &from, 1,
				      slice_str("c de")),
			 what);
		cookies_free(c);
	}
}

static void after_a_pause_nothing_old_is_left(void **state)
{
	struct cookies *c = cookies_of(8, 1024);
	struct addr from = addr_of("192.0.2.1");
	struct slice answer;

	(void)state;
	cookies_put(c, &from, 1, slice_str("c de"), slice_str("x"), 5000);
	cookies_tick(c, 50000);
	assert_int_equal(cookies_count(c), 0);
	assert_false(cookies_find(&answer, c, &from, 1, slice_str("c de")));
	cookies_free(c);
}

/* A flood turns the generations early; the last answers are still there. */
static void entries_and_bytes_are_bounded(void **state)
{
	static const struct {
		size_t entries, bytes;
	} rows[] = { { 16, 1 << 20 }, { 1 << 16, 16 * 10 } };
	struct addr from = addr_of("192.0.2.1");
	struct slice answer;

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		struct cookies *c = cookies_of(rows[r].entries, rows[r].bytes);
		char datagram[32];

		for (unsigned i = 0; i < 1000; i++) {
			snprintf(datagram, sizeof(datagram), "%u de", i);
			cookies_put(c, &from, 1, slice_str(datagram),
				    slice_str("ten bytes."), 0);
			assert_true(cookies_count(c) <= 32);
			assert_true(cookies_find(&answer, c, &from, 1,
						 slice_str(datagram)));
			assert_true(slice_equal(answer,
						slice_str("ten bytes.")));
		}
		for (unsigned i = 990; i < 1000; i++) {
			snprintf(datagram, sizeof(datagram), "%u de", i);
			assert_true(cookies_find(&answer, c, &from, 1,
						 slice_str(datagram)));
		}
		assert_false(cookies_find(&answer, c, &from, 1,
					  slice_str("0 de")));
		cookies_free(c);
	}
}

static void an_answer_larger_than_the_bound_is_not_kept(void **state)
{
	struct cookies *c = cookies_of(4, 4);
	struct addr from = addr_of("192.0.2.1");
	struct slice answer;

	(void)state;
	cookies_put(c, &from, 1, slice_str("c de"), slice_str("fives"), 0);
	assert_false(cookies_find(&answer, c, &from, 1, slice_str("c de")));
	cookies_put(c, &from, 1, slice_str("c de"), slice_str("four"), 0);
	assert_true(cookies_find(&answer, c, &from, 1, slice_str("c de")));
	cookies_free(c);
}

static void nonsense_is_no_cache(void **state)
{
	static const struct cookies_conf rows[] = {
		{ .entries_max = 0, .bytes_max = 1, .generation_ms = 1 },
		{ .entries_max = 1, .bytes_max = 0, .generation_ms = 1 },
		{ .entries_max = 1, .bytes_max = 1, .generation_ms = 0 },
		{ .entries_max = SIZE_MAX, .bytes_max = 1,
		  .generation_ms = 1 },
	};
	struct cookies *c = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(cookies_new(&c, &rows[i]), EINVAL);
	cookies_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			only_the_same_command_of_the_same_sender_is_answered),
		cmocka_unit_test(an_answer_is_kept_one_to_two_generations),
		cmocka_unit_test(after_a_pause_nothing_old_is_left),
		cmocka_unit_test(entries_and_bytes_are_bounded),
		cmocka_unit_test(an_answer_larger_than_the_bound_is_not_kept),
		cmocka_unit_test(nonsense_is_no_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
