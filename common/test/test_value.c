/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/value.h"

static void durations_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
		const char *printed;
	} rows[] = {
		{ "0", 0, "0s" },	    { "0ms", 0, "0s" },
		{ "500ms", 500, "500ms" },  { "30s", 30000, "30s" },
		{ "2m", 120000, "2m" },	    { "60m", 3600000, "1h" },
		{ "1500ms", 1500, "1500ms" }, { "61s", 61000, "61s" },
	};
	static const char *const bad[] = { "", "1", "s", "1d", "1S", "-1s",
					   "1.5s", "1s ", "99999999999s" };
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[VALUE_DURATION_MAX];

		CHECK_EQ(0, value_duration(&ms, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(rows[i].ms, ms, rows[i].text);
		value_format_duration(text, ms);
		CHECK_STR(rows[i].printed, text, rows[i].text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(EINVAL, value_duration(&ms, slice_str(bad[i])),
			 bad[i]);
}

static void quoted_text_fits_a_line(void **state)
{
	char text[200], out[VALUE_QUOTED_MAX];

	(void)state;
	value_quote(out, slice_str("a\tb\x1b[1m\xff"));
	assert_string_equal(out, "a\\x09b\\x1b[1m\\xff");
	value_quote(out, slice_of(NULL, 0));
	assert_string_equal(out, "");
	memset(text, 'x', sizeof(text));
	for (size_t len = 80; len < sizeof(text); len++) {
		bool cut;

		value_quote(out, slice_of(text, len));
		cut = strlen(out) != len;
		assert_true(cut || len < VALUE_QUOTED_MAX);
		assert_true(!cut || len > 88);
		assert_true(!cut || strcmp(out + strlen(out) - 4, "x...") == 0);
	}
	memset(text, '\xff', sizeof(text));
	value_quote(out, slice_of(text, sizeof(text)));
	assert_true(strlen(out) < sizeof(out));
	assert_string_equal(out + strlen(out) - 7, "\\xff...");
}

static void lists_have_commas(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* each element in < > */
	} rows[] = {
		{ "", "<>" },		    { "a", "<a>" },
		{ " a , b ", "<a><b>" },    { "a,,b", "<a><><b>" },
		{ "a,", "<a><>" },	    { "a b,c", "<a b><c>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cursor c = cursor_of(rows[i].text, strlen(rows[i].text));
		bool begun = false;
		struct slice element;
		char got[64] = "";
		size_t len = 0;

		while (value_next(&c, &begun, &element))
			len += (size_t)snprintf(got + len, sizeof(got) - len,
						"<%.*s>", (int)element.len,
						element.text);
		CHECK_STR(rows[i].want, got, rows[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(quoted_text_fits_a_line),
		cmocka_unit_test(lists_have_commas),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
