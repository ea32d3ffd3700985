/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch.h - a folder of the test's own, gone when the test is */
#ifndef COMMON_TEST_SCRATCH_H
#define COMMON_TEST_SCRATCH_H

#include "common/test/table.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_dir[] = "/tmp/sip-anycast-test.XXXXXX";

static inline int scratch_setup(void **state)
{
	(void)state;
	return mkdtemp(scratch_dir) ? 0 : -1;
}

/* How many files are in it; they are removed when so told. */
static inline size_t scratch_files(int remove_them)
{
	DIR *dir = opendir(scratch_dir);
	char path[PATH_MAX];
	struct dirent *e;
	size_t cnt = 0;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		cnt++;
		snprintf(path, sizeof(path), "%s/%s", scratch_dir, e->d_name);
		if (remove_them && remove(path) < 0)
			perror(path);
	}
	closedir(dir);
	return cnt;
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	scratch_files(1);
	return rmdir(scratch_dir);
}

/* PATH of a name in the folder; good until the next call. */
static inline const char *scratch_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
	return path;
}

static inline void scratch_write(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(scratch_path(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

#endif
