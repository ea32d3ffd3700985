/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/lines.h"

#include "common/inifile.h"

static void add(struct lines *got, unsigned line, const char *kind,
		struct slice a, struct slice b)
{
	char text[512];

	snprintf(text, sizeof(text), "%u %s <%.*s> <%.*s>", line, kind,
		 (int)a.len, a.text ? a.text : "", (int)b.len,
		 b.text ? b.text : "");
	lines_add(got, text);
}

static void take_section(void *arg, unsigned line, struct slice name)
{
	add(arg, line, name.text ? "section" : "lost", name, slice_of(NULL, 0));
}

static void take_key(void *arg, unsigned line, struct slice name,
		     struct slice value)
{
	add(arg, line, "key", name, value);
}

static void take_bad(void *arg, unsigned line, const char *text)
{
	add(arg, line, "bad", slice_str(text), slice_of(NULL, 0));
}

static const struct inifile_handler with_sections = {
	.section = take_section, .key = take_key, .bad = take_bad,
};
static const struct inifile_handler flat = {
	.key = take_key, .bad = take_bad,
};

struct row {
	struct slice text;
	const char *want;
};

#define TEXT(literal) { literal, sizeof(literal) - 1 }

static void check(const struct inifile_handler *handler, const struct row *rows,
		  size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct lines got = { 0 };

		CHECK_EQ(0, inifile_read(rows[i].text, handler, &got),
			 rows[i].text.text);
		CHECK_STR(rows[i].want, got.text, rows[i].text.text);
	}
}

static void keys_have_values(void **state)
{
	static const struct row rows[] = {
		{ TEXT(""), "" },
		{ TEXT("\n\n# a\n; b\n"), "" },
		{ TEXT("a = b"), "1 key <a> <b>\n" },
		{ TEXT("\xef\xbb\xbf" "a=b\r\n\tc = d ; e\n"),
		  "1 key <a> <b>\n2 key <c> <d>\n" },
		{ TEXT("a =\nb = c;d\ne: f\n"),
		  "1 key <a> <>\n2 key <b> <c;d>\n3 key <e> <f>\n" },
		{ TEXT("one\ntwo = 2\nthree word\n"),
		  "1 bad <`one': not key = value> <>\n2 key <two> <2>\n"
		  "3 bad <`three': not key = value> <>\n" },
		/* a secret may be what is not the word of a key */
		{ TEXT("secret YWJj==\nYWJj\n= YWJj\nmd5 p: q\n"),
		  "1 bad <`secret': not key = value> <>\n"
		  "2 bad <this is not key = value> <>\n"
		  "3 bad <this is not key = value> <>\n"
		  "4 bad <this is not key = value> <>\n" },
		{ TEXT("a = b\0c\nd = e\x1b\nf = g\n"),
		  "1 bad <there is a control character (or a NUL) in the line: "
		  "text only> <>\n"
		  "2 bad <there is a control character (or a NUL) in the line: "
		  "text only> <>\n3 key <f> <g>\n" },
		{ TEXT("[x]\na = b\n"),
		  "1 bad <`[x]': there are no sections here, only key = value> "
		  "<>\n2 key <a> <b>\n" },
	};

	(void)state;
	check(&flat, rows, ARRAY_SIZE(rows));
}

static void sections_are_told_in_order(void **state)
{
	static const struct row rows[] = {
		{ TEXT("a = 1\n[x]\n[ y  z ] ; why\nb = 2\n[]\n"),
		  "1 key <a> <1>\n2 section <x> <>\n3 section <y  z> <>\n"
		  "4 key <b> <2>\n5 section <> <>\n" },
		{ TEXT("Z1\n"), "1 bad <this is neither [section] nor key = "
		  "value> <>\n" },
		{ TEXT("[x\na = 1\n[y] z = 2\nb\n"),
		  "1 bad <`[x': the section is not closed by ]> <>\n"
		  "1 lost <> <>\n2 key <a> <1>\n"
		  "3 bad <[y]: nothing but a comment may follow the section> "
		  "<>\n3 section <y> <>\n"
		  "4 bad <`b': neither [section] nor key = value> <>\n" },
	};

	(void)state;
	check(&with_sections, rows, ARRAY_SIZE(rows));
}

static void long_lines_are_refused_whole(void **state)
{
	struct lines got = { 0 };
	char text[512];
	int n = snprintf(text, sizeof(text), "k = %0195d\n", 0);

	(void)state;
	inifile_read(slice_of(text, (size_t)n), &flat, &got);
	assert_string_equal(got.text, "1 bad <the line has 199 bytes: at most "
				      "198 can be read> <>\n");
	got = (struct lines){ 0 };
	n = snprintf(text, sizeof(text), "k = %0194d\n[%0300d]\n", 0, 0);
	inifile_read(slice_of(text, (size_t)n), &with_sections, &got);
	assert_int_equal(got.cnt, 2);
	assert_int_equal(strncmp(got.text, "1 key <k> <000", 14), 0);
	assert_non_null(strstr(got.text, "2 section <000"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_values),
		cmocka_unit_test(sections_are_told_in_order),
		cmocka_unit_test(long_lines_are_refused_whole),
	};

	return cmocka_run_group_tests_name("inifile", tests, NULL, NULL);
}
