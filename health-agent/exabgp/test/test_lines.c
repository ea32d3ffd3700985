/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"
#include "common/test/append.h"

#include "health-agent/exabgp/lines.h"

static struct lines lines;

static int setup(void **state)
{
	(void)state;
	lines_init(&lines);
	return 0;
}

/* Give the text in pieces of this size; the lines found, each with '|'. */
static const char *cut(const char *text, size_t len, size_t piece)
{
	static char found[4 * LINES_MAX];
	struct slice line;

	found[0] = '\0';
	for (size_t at = 0; at < len;) {
		size_t room, n;
		char *to = lines_room(&lines, &room);

		assert_true(room > 0);
		n = len - at < piece ? len - at : piece;
		n = n < room ? n : room;
		memcpy(to, text + at, n);
		lines_added(&lines, n);
		at += n;
		while (lines_next(&lines, &line))
			append(found, sizeof(found), "%.*s|", (int)line.len,
			       line.text);
	}
	return found;
}

static void lines_come_whole_however_they_are_cut(void **state)
{
	static const char text[] = "done\n\nneighbor x up\r\n\nerror\nha";

	(void)state;
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		lines_init(&lines);
		CHECK_STR("done||neighbor x up||error|",
			  cut(text, strlen(text), piece), "pieces");
		CHECK_STR("half|", cut("lf\n", 3, piece), "the rest");
		CHECK_EQ(0, lines.dropped, "dropped");
	}
}

static void a_line_too_long_is_dropped_to_its_end(void **state)
{
	static char text[10 * LINES_MAX];
	static const size_t lengths[] = {
		LINES_MAX + 1, 2 * LINES_MAX, 4 * LINES_MAX - 1,
		4 * LINES_MAX, 4 * LINES_MAX + 1, 9 * LINES_MAX,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (size_t piece = 1; piece < 2 * sizeof(text);
		     piece = piece * 5 + 1) {
			size_t len = lengths[i];

			memset(text, 'x', len);
			memcpy(text + len, "\ndone\n", 6);
			lines_init(&lines);
			CHECK_STR("done|", cut(text, len + 6, piece), "after");
			CHECK_EQ(1, lines.dropped, "dropped");
		}
	}
}

static void the_longest_line_is_kept(void **state)
{
	static char text[LINES_MAX + 1];
	size_t piece = 1000;

	(void)state;
	memset(text, 'x', LINES_MAX);
	text[LINES_MAX] = '\n';
	CHECK_EQ(LINES_MAX + 1, strlen(cut(text, sizeof(text), piece)), "len");
	CHECK_EQ(0, lines.dropped, "dropped");
}

static void a_stream_without_any_end_costs_no_memory(void **state)
{
	static char text[3 * LINES_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 1000; i++)
		CHECK_STR("", cut(text, sizeof(text), 777), "nothing");
	CHECK_EQ(1, lines.dropped, "dropped");
	CHECK_STR("done|", cut("\ndone\n", 6, 6), "after");
}

static void a_NUL_is_a_character_of_its_line(void **state)
{
	struct slice line;
	size_t room;

	(void)state;
	memcpy(lines_room(&lines, &room), "a\0b\n", 4);
	lines_added(&lines, 4);
	assert_true(lines_next(&lines, &line));
	assert_int_equal(line.len, 3);
	assert_memory_equal(line.text, "a\0b", 3);
	assert_false(lines_next(&lines, &line));
}

#define EACH(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(lines_come_whole_however_they_are_cut),
		EACH(a_line_too_long_is_dropped_to_its_end),
		EACH(the_longest_line_is_kept),
		EACH(a_stream_without_any_end_costs_no_memory),
		EACH(a_NUL_is_a_character_of_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
