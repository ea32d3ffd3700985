/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_regular(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	return st.st_size < 0 || (uint64_t)st.st_size > max ? EFBIG : 0;
}

/* Up to size bytes; *len says how many there were. */
static int read_all(char *buf, size_t size, size_t *len, int fd)
{
	*len = 0;
	while (*len < size) {
		ssize_t n = read(fd, buf + *len, size - *len);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		*len += (size_t)n;
	}
	return 0;
}

/* The size fstat() tells is a hint only (0 in /proc, and a file may grow), so
 * the buffer has room for max bytes and one more, which shows there are more.
 */
static int read_fd(char **out, size_t *len, int fd, size_t max)
{
	char *text;
	char *fitting;
	int err = check_regular(fd, max);

	if (err)
		return err;
	text = malloc(max + 1);
	if (!text)
		return ENOMEM;
	err = read_all(text, max + 1, len, fd);
	if (!err && *len > max)
		err = EFBIG;
	if (err) {
		textfile_free(text, *len);
		return err;
	}
	text[*len] = '\0';
	fitting = realloc(text, *len + 1);
	*out = fitting ? fitting : text;
	return 0;
}

int textfile_read(char **out, size_t *len, const char *path, size_t max)
{
	int fd;
	int err;

	*out = NULL;
	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;
	err = read_fd(out, len, fd, max);
	close(fd);
	return err;
}

void textfile_free(char *text, size_t len)
{
	if (!text)
		return;
	explicit_bzero(text, len);
	free(text);
}
