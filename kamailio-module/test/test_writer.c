/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include "kamailio-module/writer.h"

static void numbers_are_decimal(void **state)
{
	static const struct {
		uint32_t number;
		const char *want;
	} rows[] = {
		{ 0, "0" }, { 9, "9" }, { 10, "10" }, { 5060, "5060" },
		{ 999999999, "999999999" }, { UINT32_MAX, "4294967295" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[16] = "";
		struct writer w = writer_of(out, sizeof(out));

		writer_u32(&w, rows[i].number);
		CHECK_STR(rows[i].want, out, rows[i].want);
		CHECK_EQ(strlen(rows[i].want), writer_len(&w), rows[i].want);
	}
}

static void pieces_follow_each_other(void **state)
{
	char out[16] = "";
	struct writer w = writer_of(out, sizeof(out));

	(void)state;
	CHECK_EQ(0, writer_len(&w), "nothing yet");
	writer_str(&w, "a");
	writer_slice(&w, (struct slice){ 0 });
	writer_put(&w, NULL, 0);
	writer_slice(&w, slice_of("bcd", 2));
	writer_str(&w, "");
	writer_u32(&w, 7);
	CHECK_STR("abc7", out, "pieces");
	CHECK_EQ(4, writer_len(&w), "length");
}

static void only_folding_breaks_a_line(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", "" },		{ "a b", "a b" },
		{ "a\r\n b", "a\r\n b" }, { "a\n b", "a\n b" },
		{ "a\rb", "a b" },	{ "\ra", " a" },
		{ "a\r", "a " },	{ "\r\r\n b", " \r\n b" },
		{ "a\r\r\r", "a   " },	{ "\r", " " },
		{ "\r\n", "\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[16] = "";
		struct writer w = writer_of(out, sizeof(out));

		writer_folded(&w, slice_str(rows[i].text));
		CHECK_STR(rows[i].want, out, rows[i].want);
		CHECK_EQ(strlen(rows[i].want), writer_len(&w), rows[i].want);
	}
}

static void what_does_not_fit_spoils_the_whole(void **state)
{
	char out[5] = { 0, 0, 0, 0, '#' };
	struct writer w = writer_of(out, 4);

	(void)state;
	writer_str(&w, "abcd");
	CHECK_EQ(4, writer_len(&w), "to the last byte");
	writer_put(&w, NULL, 0);
	CHECK_EQ(4, writer_len(&w), "nothing more fits");
	writer_str(&w, "e");
	CHECK_EQ(0, writer_len(&w), "one byte too many");
	CHECK_EQ(4, w.len, "where it was");
	CHECK_EQ('#', out[4], "not written");

	w = writer_of(out, 4);
	writer_str(&w, "abcde");
	writer_str(&w, "x");	/* would fit, but the text has a hole */
	CHECK_EQ(0, writer_len(&w), "sticky");
	CHECK_EQ('a', out[0], "not written");

	w = writer_of(NULL, 0);
	writer_put(&w, NULL, 0);
	CHECK(!w.failed, "nothing in nothing");
	writer_u32(&w, 1);
	CHECK(w.failed, "something in nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(pieces_follow_each_other),
		cmocka_unit_test(only_folding_breaks_a_line),
		cmocka_unit_test(what_does_not_fit_spoils_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
