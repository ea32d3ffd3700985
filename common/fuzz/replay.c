// SPDX-License-Identifier: GPL-2.0-or-later
/* replay.c - feeds stored inputs to a fuzz harness, without libFuzzer
 *
 * The main() of every fuzz target in ordinary builds.  Arguments are files
 * and folders (not searched deeper); each file becomes one call of
 * LLVMFuzzerTestOneInput() with a malloc of exactly its size, so that a
 * sanitizer or valgrind sees a read one byte past the end.
 *
 * Exit status: 0 all inputs were fed, 1 something could not be read or there
 * was no input at all (a replay of nothing proves nothing).  A harness that
 * finds a fault aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fuzz/harness.h"

static size_t fed;

static int read_all(FILE *f, uint8_t *buf, size_t size)
{
	if (size && fread(buf, 1, size, f) != size)
		return EIO;

	return 0;
}

static int feed_file(const char *path, size_t size)
{
	uint8_t *buf;
	FILE *f;
	int err;

	f = fopen(path, "rb");
	if (!f)
		return errno;

	buf = malloc(size);	/* of 0 bytes too: never NULL with glibc */
	if (!buf) {
		err = ENOMEM;
		goto out;
	}

	err = read_all(f, buf, size);
	if (err)
		goto out;

	(void)LLVMFuzzerTestOneInput(buf, size);
	fed++;
out:
	free(buf);
	fclose(f);

	return err;
}

static int feed(const char *path);

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int feed_folder(const char *path)
{
	struct dirent **entries;
	int err = 0;
	int n;

	n = scandir(path, &entries, not_hidden, alphasort);
	if (n < 0)
		return errno;

	for (int i = 0; i < n; i++) {
		char *name = NULL;

		if (!err && asprintf(&name, "%s/%s", path,
				     entries[i]->d_name) < 0)
			err = ENOMEM;
		if (!err)
			err = feed(name);
		free(name);
		free(entries[i]);
	}
	free(entries);

	return err;
}

static int feed(const char *path)
{
	struct stat st;
	int err;

	if (stat(path, &st))
		err = errno;
	else if (S_ISDIR(st.st_mode))
		return feed_folder(path);
	else
		err = feed_file(path, (size_t)st.st_size);

	if (err)
		fprintf(stderr, "replay: %s: %s\n", path, strerror(err));

	return err;
}

int main(int argc, char **argv)
{
	int err = 0;

	for (int i = 1; i < argc; i++) {
		int one = feed(argv[i]);

		if (one)
			err = one;
	}

	printf("replayed %zu inputs\n", fed);
	if (!fed)
		fprintf(stderr, "replay: no input found in the corpus\n");

	return err || !fed;
}
