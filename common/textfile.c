/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_MIN = 4096 };

/* What has been read, and room for more and a NUL. */
struct buffer {
	char *text;
	size_t len, room;
};

static int check_regular(size_t *size, int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return EFBIG;
	*size = (size_t)st.st_size;
	return 0;
}

/* By hand: realloc() might leave a part of a secret behind. */
static int set_room(struct buffer *b, size_t room)
{
	char *text = malloc(room);

	if (!text)
		return ENOMEM;
	if (b->len)
		memcpy(text, b->text, b->len);
	textfile_free(b->text, b->len);
	b->text = text;
	b->room = room;
	return 0;
}

/* Up to the end, or the end of the room. */
static int read_on(struct buffer *b, int fd)
{
	while (b->len < b->room) {
		ssize_t n = read(fd, b->text + b->len, b->room - b->len);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		b->len += (size_t)n;
	}
	return 0;
}

/* The size fstat() tells is a hint only: 0 in /proc, and a file may grow.  One
 * byte more than that shows there are more.
 */
static int read_fd(struct buffer *b, int fd, size_t max)
{
	size_t size = 0;
	int err = check_regular(&size, fd, max);

	if (!err)
		err = set_room(b, size + 1);
	if (!err)
		err = read_on(b, fd);
	while (!err && b->len == b->room) {
		size_t room = b->room < ROOM_MIN ? ROOM_MIN : b->room * 2;

		if (b->len > max)
			return EFBIG;
		err = set_room(b, room < max + 1 ? room : max + 1);
		if (!err)
			err = read_on(b, fd);
	}
	return err;
}

int textfile_read(char **out, size_t *len, const char *path, size_t max)
{
	struct buffer b = { 0 };
	int fd;
	int err;

	*out = NULL;
	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;
	err = read_fd(&b, fd, max);
	close(fd);
	if (err) {
		textfile_free(b.text, b.len);
		return err;
	}
	b.text[b.len] = '\0';
	*out = b.text;
	*len = b.len;
	return 0;
}

void textfile_free(char *text, size_t len)
{
	if (!text)
		return;
	explicit_bzero(text, len);
	free(text);
}
