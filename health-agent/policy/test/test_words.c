/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <stdio.h>

#include "health-agent/policy/words.h"

static void durations_are_rounded_up(void **state)
{
	static const struct {
		uint64_t ms;
		const char *want;
	} rows[] = {
		{ 0, "0 s" },
		{ 1, "0.1 s" },
		{ 100, "0.1 s" },
		{ 101, "0.2 s" },
		{ 3200, "3.2 s" },
		{ 9900, "9.9 s" },
		{ 9901, "10 s" },
		{ 10000, "10 s" },
		{ 10001, "11 s" },
		{ 97915, "98 s" },
		{ 600000, "600 s" },
		{ 600001, "11 min" },
		{ 36000000, "600 min" },
		{ 36000001, "11 h" },
		{ UINT64_MAX, "5124095576031 h" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];
		struct words w = words_in(text, sizeof(text));

		words_add_duration(&w, rows[i].ms);
		CHECK_STR(rows[i].want, text, rows[i].want);
		CHECK_EQ(strlen(text), w.len, rows[i].want);
	}
}

static void what_does_not_fit_is_cut(void **state)
{
	char text[6];
	struct words w = words_in(text, 5);

	(void)state;
	text[5] = '!';
	words_add(&w, "%s", "abc");
	words_add(&w, "%s", "defg");
	assert_string_equal("abcd", text);
	words_add(&w, "h");
	assert_string_equal("abcd", text);
	assert_int_equal(4, w.len);
	assert_int_equal('!', text[5]);
}

static void text_of_others_is_cleaned(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "302 to sip:x", "302 to " },
		{ "a\nb\r\x1b", "a?b??" },
		{ "\x7f\x80\xc3\xa9", "????" },
		{ " ~", " ~" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[8];

		memset(text, '!', sizeof(text));
		words_clean(text, sizeof(text), rows[i].text);
		CHECK_STR(rows[i].want, text, rows[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_rounded_up),
		cmocka_unit_test(what_does_not_fit_is_cut),
		cmocka_unit_test(text_of_others_is_cleaned),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
