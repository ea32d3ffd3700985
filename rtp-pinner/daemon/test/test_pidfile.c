/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/textfile.h"
#include "rtp-pinner/daemon/pidfile.h"

static char folder[] = "/tmp/test-pidfile.XXXXXX";
static char path[64], other[64];

static void check_file(const char *name, const char *want)
{
	size_t len;
	char *text;

	if (!want) {
		assert_int_equal(ENOENT, textfile_read(&text, &len, name, 64));
		return;
	}
	assert_int_equal(0, textfile_read(&text, &len, name, 64));
	assert_string_equal(want, text);
	textfile_free(text, len);
}

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void it_has_our_number_and_goes_with_us(void **state)
{
	char want[16];

	(void)state;
	snprintf(want, sizeof(want), "%d\n", getpid());
	assert_int_equal(0, pidfile_write(path));
	check_file(path, want);
	assert_int_equal(0, pidfile_write(path));
	check_file(path, want);
	pidfile_remove(path);
	check_file(path, NULL);
	pidfile_remove(path);
}

/* A killed one left it; or a new one is there before we are gone. */
static void it_may_be_somebody_elses(void **state)
{
	static const char *const texts[] = { "1\n", "", "x", "999999999999\n" };
	char want[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		write_text(path, texts[i]);
		pidfile_remove(path);
		check_file(path, texts[i]);
	}
	snprintf(want, sizeof(want), "%d\n", getpid());
	assert_int_equal(0, pidfile_write(path));
	check_file(path, want);
	pidfile_remove(path);
}

static void it_is_written_through_no_link(void **state)
{
	char new[80];

	(void)state;
	write_text(other, "precious");
	snprintf(new, sizeof(new), "%s.new", path);
	assert_int_equal(0, symlink(other, new));
	assert_int_equal(ELOOP, pidfile_write(path));
	check_file(other, "precious");
	check_file(path, NULL);
	unlink(other);
	unlink(new);

	/* the name itself may be one: it is replaced */
	write_text(other, "precious");
	assert_int_equal(0, symlink(other, path));
	assert_int_equal(0, pidfile_write(path));
	check_file(other, "precious");
	pidfile_remove(path);
	check_file(path, NULL);
	unlink(other);
}

static void what_cannot_be_written_is_told(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "%s/none/pid", folder);
	assert_int_equal(ENOENT, pidfile_write(name));
	assert_int_equal(0, mkdir(path, 0755));
	assert_int_equal(EISDIR, pidfile_write(path));
	assert_int_equal(0, rmdir(path));
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pid", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

/* Nothing may be left in it. */
static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_our_number_and_goes_with_us),
		cmocka_unit_test(it_may_be_somebody_elses),
		cmocka_unit_test(it_is_written_through_no_link),
		cmocka_unit_test(what_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
