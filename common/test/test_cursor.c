/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "common/cursor.h"

static void numbers_are_whole_and_bounded(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int err;
		uint64_t want;
	} rows[] = {
		{ "", 9, EBADMSG, 0 },
		{ "0", 9, 0, 0 },
		{ "9", 9, 0, 9 },
		{ "10", 9, EBADMSG, 0 },
		{ "007", 9, 0, 7 },
		{ "+1", 9, EBADMSG, 0 },
		{ "-1", UINT64_MAX, EBADMSG, 0 },
		{ " 1", 9, EBADMSG, 0 },
		{ "1 ", 9, EBADMSG, 0 },
		{ "1x", 99, EBADMSG, 0 },
		{ "0x1", 99, EBADMSG, 0 },
		{ "/", 99, EBADMSG, 0 },
		{ ":", 99, EBADMSG, 0 },
		{ "\xb1", 99, EBADMSG, 0 },
		{ "4294967295", UINT32_MAX, 0, UINT32_MAX },
		{ "4294967296", UINT32_MAX, EBADMSG, 0 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, EBADMSG, 0 },
		{ "99999999999999999999", UINT64_MAX, EBADMSG, 0 },
		{ "000000000000000000001", UINT64_MAX, EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice s = slice_str(rows[i].text);
		bool fits32 = s.len <= 10 && rows[i].max <= UINT32_MAX;
		uint32_t got32 = 77;
		uint64_t got = 77;

		CHECK_EQ(rows[i].err, slice_u64(&got, s, rows[i].max),
			 rows[i].text);
		CHECK(got == (rows[i].err ? 77 : rows[i].want), rows[i].text);
		if (!fits32)
			continue;
		CHECK_EQ(rows[i].err,
			 slice_u32(&got32, s, (uint32_t)rows[i].max),
			 rows[i].text);
		CHECK(got32 == (rows[i].err ? 77 : rows[i].want), rows[i].text);
	}
}

static void eleven_digits_are_no_u32(void **state)
{
	uint32_t got = 77;

	(void)state;
	assert_int_equal(slice_u32(&got, slice_str("00000000001"), 9), EBADMSG);
	assert_int_equal(got, 77);
}

static void case_counts_for_equal_only(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal, case_equal;
	} rows[] = {
		{ "", "", true, true },
		{ "", "a", false, false },
		{ "Invite", "INVITE", false, true },
		{ "a[", "A{", false, false },
		{ "@", "`", false, false },
		{ "\xc4", "\xe4", false, false },
		{ "ab", "abc", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice a = slice_str(rows[i].a), b = slice_str(rows[i].b);

		CHECK_EQ(rows[i].equal, slice_equal(a, b), rows[i].a);
		CHECK_EQ(rows[i].case_equal, slice_case_equal(a, b), rows[i].a);
	}
	/* no memcmp(NULL) */
	assert_true(slice_equal((struct slice){ 0 }, slice_str("")));
}

static void who_begins_alike_agrees(void **state)
{
	static const struct {
		const char *a, *b;
		bool want;
	} rows[] = {
		{ "", "", true }, { "", "a", true }, { "ab", "abc", true },
		{ "ab", "ab", true }, { "ab", "aB", false },
		{ "ab", "bab", false }, { "b", "abc", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice a = slice_str(rows[i].a), b = slice_str(rows[i].b);

		CHECK_EQ(rows[i].want, slice_agree(a, b), rows[i].b);
		CHECK_EQ(rows[i].want, slice_agree(b, a), rows[i].b);
	}
}

static void trim_takes_white_space_off_both_ends(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },	       { " \t\r\n", "" },
		{ "a", "a" },	       { " a b\r\n", "a b" },
		{ "\va\v", "\va\v" }, { "a ", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(slice_equal(slice_trim(slice_str(rows[i].text)),
				  slice_str(rows[i].want)), rows[i].text);
	assert_int_equal(slice_trim((struct slice){ 0 }).len, 0);
}

static void a_tab_is_the_only_control_in_text(void **state)
{
	static const struct {
		struct slice text;
		bool want;
	} rows[] = {
		{ { "", 0 }, false },
		{ { " \t~", 3 }, false },
		{ { "\x80\xc3\xa9\xff", 4 }, false },
		{ { "a\0b", 3 }, true },
		{ { "a\x1f", 2 }, true },
		{ { "\n", 1 }, true },
		{ { "a\r", 2 }, true },
		{ { "\x7f", 1 }, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want, slice_has_controls(rows[i].text),
			 rows[i].text.text);
}

static void an_error_sticks(void **state)
{
	struct cursor c = cursor_of("abc", 3);

	(void)state;
	assert_int_equal(cursor_byte(&c), 'a');
	assert_int_equal(cursor_take(&c, 3).len, 0);
	assert_false(cursor_ok(&c));
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_peek(&c), 0);
	assert_int_equal(cursor_byte(&c), 0);
	assert_int_equal(cursor_until(&c, "c").len, 0);
	cursor_skip_blanks(&c);
	cursor_expect(&c, slice_str(""));
	assert_false(cursor_ok(&c));
}

static void the_end_is_no_error_until_it_is_read(void **state)
{
	struct cursor c = cursor_of("", 0);

	(void)state;
	assert_int_equal(cursor_peek(&c), 0);
	assert_int_equal(cursor_until(&c, "x").len, 0);
	assert_int_equal(cursor_take(&c, 0).len, 0);
	cursor_skip_blanks(&c);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_byte(&c), 0);
	assert_false(cursor_ok(&c));
}

static void until_leaves_the_stop_byte(void **state)
{
	static const char text[] = "ab\0c;d";
	struct cursor c = cursor_of(text, sizeof(text) - 1);
	struct slice s;

	(void)state;
	/* a NUL in the text is a byte like any other */
	s = cursor_until(&c, ";,");
	assert_int_equal(s.len, 4);
	assert_int_equal(cursor_peek(&c), ';');
	s = cursor_until(&c, ";,");
	assert_int_equal(s.len, 0);
	cursor_byte(&c);
	s = cursor_until(&c, ";,");
	assert_true(slice_equal(s, slice_str("d")));
	assert_int_equal(cursor_left(&c), 0);
}

static void expect_takes_that_text_and_no_other(void **state)
{
	static const struct {
		const char *text, *want;
		bool ok;
		size_t left;
	} rows[] = {
		{ "SIP/2.0 x", "SIP/2.0", true, 2 },
		{ "SIP/2.0", "SIP/2.0", true, 0 },
		{ "SIP/2", "SIP/2.0", false, 0 },
		{ "sip/2.0", "SIP/2.0", false, 0 },
		{ "", "x", false, 0 },
		{ "x", "", true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cursor c = cursor_of(rows[i].text, strlen(rows[i].text));

		cursor_expect(&c, slice_str(rows[i].want));
		CHECK_EQ(rows[i].ok, cursor_ok(&c), rows[i].text);
		CHECK_EQ(rows[i].left, cursor_left(&c), rows[i].text);
	}
}

static void blanks_are_spaces_and_tabs(void **state)
{
	struct cursor c = cursor_of(" \t \nx", 5);

	(void)state;
	cursor_skip_blanks(&c);
	assert_int_equal(cursor_peek(&c), '\n');
	assert_int_equal(cursor_left(&c), 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole_and_bounded),
		cmocka_unit_test(eleven_digits_are_no_u32),
		cmocka_unit_test(case_counts_for_equal_only),
		cmocka_unit_test(who_begins_alike_agrees),
		cmocka_unit_test(trim_takes_white_space_off_both_ends),
		cmocka_unit_test(a_tab_is_the_only_control_in_text),
		cmocka_unit_test(an_error_sticks),
		cmocka_unit_test(the_end_is_no_error_until_it_is_read),
		cmocka_unit_test(until_leaves_the_stop_byte),
		cmocka_unit_test(expect_takes_that_text_and_no_other),
		cmocka_unit_test(blanks_are_spaces_and_tabs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
