/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/textfile.h"

static size_t largest, refused;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	if (size > largest)
		largest = size;
	return refused && size >= refused ? NULL : __real_malloc(size);
}

static void a_file_is_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		int want;
	} rows[] = {
		{ "", 0, 0 },	   { "", 10, 0 },     { "x", 0, EFBIG },
		{ "0123", 3, EFBIG }, { "0123", 4, 0 }, { "0123", 5, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = 99;
		char *text;
		int err;

		scratch_write("file", rows[i].text, strlen(rows[i].text));
		err = textfile_read(&text, &len, scratch_path("file"),
				    rows[i].max);
		CHECK_EQ(rows[i].want, err, rows[i].text);
		CHECK_EQ(!err, text != NULL, rows[i].text);
		if (text) {
			CHECK_STR(rows[i].text, text, rows[i].text);
			CHECK_EQ(strlen(rows[i].text), len, rows[i].text);
		}
		textfile_free(text, len);
	}
}

static void what_is_no_file_does_not_block(void **state)
{
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	assert_int_equal(textfile_read(&text, &len, scratch_path("fifo"), 9),
			 EINVAL);
	assert_null(text);
	assert_int_equal(textfile_read(&text, &len, "/dev/zero", 9), EINVAL);
	assert_int_equal(textfile_read(&text, &len, scratch_dir, 9), EISDIR);
	assert_int_equal(textfile_read(&text, &len, scratch_path("none"), 9),
			 ENOENT);
	assert_int_equal(textfile_read(&text, &len, "", 9), ENOENT);
	textfile_free(NULL, 0);
}

/* fstat() says 0 bytes there. */
static void a_file_of_proc_is_read_too(void **state)
{
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(textfile_read(&text, &len, "/proc/self/status",
				       65536), 0);
	assert_true(len > 10);
	assert_memory_equal(text, "Name:", 5);
	textfile_free(text, len);
	assert_int_equal(textfile_read(&text, &len, "/proc/self/status", 4),
			 EFBIG);
}

/* A reader allows for the largest file there may be; most are small. */
static void memory_is_taken_for_what_there_is(void **state)
{
	static char long_text[100000];
	size_t len;
	char *text;

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	scratch_write("long", long_text, sizeof(long_text) - 1);
	largest = 0;
	assert_int_equal(textfile_read(&text, &len, scratch_path("long"),
				       8 << 20), 0);
	assert_string_equal(text, long_text);
	assert_int_equal(largest, sizeof(long_text));
	textfile_free(text, len);

	largest = 0;
	assert_int_equal(textfile_read(&text, &len, "/proc/self/smaps",
				       8 << 20), 0);
	assert_true(len > 4096);
	assert_in_range(largest, len + 1, 2 * len + 4096);
	textfile_free(text, len);
}

static void without_memory_nothing_is_read(void **state)
{
	size_t len;
	char *text;

	(void)state;
	for (refused = 1; refused <= 8192; refused *= 2) {
		assert_int_equal(textfile_read(&text, &len, "/proc/self/smaps",
					       8 << 20), ENOMEM);
		assert_null(text);
	}
	refused = 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
		cmocka_unit_test(what_is_no_file_does_not_block),
		cmocka_unit_test(a_file_of_proc_is_read_too),
		cmocka_unit_test(memory_is_taken_for_what_there_is),
		cmocka_unit_test(without_memory_nothing_is_read),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
