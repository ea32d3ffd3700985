/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/textfile.h"

enum {
	PID_TEXT_MAX = 16,
};

static int write_new(const char *path, const char *text, size_t len)
{
	/* readable for the group, as umask says; never through a link */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
			    O_NOFOLLOW, 0644);
	ssize_t n;
	int err;

	if (fd < 0)
		return errno;
	n = write(fd, text, len);
	err = n < 0 ? errno : n != (ssize_t)len ? ENOSPC : 0;
	if (close(fd) < 0 && !err)
		err = errno;
	return err;
}

int pidfile_write(const char *path)
{
	char text[PID_TEXT_MAX], new[PATH_MAX];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	int err;

	if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new))
		return ENAMETOOLONG;
	err = write_new(new, text, (size_t)len);
	if (!err && rename(new, path) < 0)
		err = errno;
	if (err)
		(void)unlink(new);
	return err;
}

void pidfile_remove(const char *path)
{
	char *text;
	size_t len;
	uint32_t pid = 0;

	if (textfile_read(&text, &len, path, PID_TEXT_MAX))
		return;
	(void)slice_u32(&pid, slice_trim(slice_of(text, len)), INT_MAX);
	textfile_free(text, len);
	if (pid == (uint32_t)getpid())
		(void)unlink(path);
}
