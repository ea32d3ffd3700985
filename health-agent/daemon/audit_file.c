/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int audit_file_init(struct audit_file *f, const char *path, uint64_t max)
{
	int n = snprintf(f->path, sizeof(f->path), "%s", path);

	f->fd = -1;
	f->size = 0;
	f->max = max;
	return n < 0 || (size_t)n + 2 >= sizeof(f->path) ? ENAMETOOLONG : 0;
}

/* Not through a link, and not into a FIFO that nobody reads. */
static int open_file(struct audit_file *f)
{
	struct stat st;

	f->fd = open(f->path,
		     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			     O_NONBLOCK | O_NOCTTY,
		     0640);
	if (f->fd < 0)
		return errno;
	if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		audit_file_reopen(f);
		return EINVAL;
	}
	f->size = (uint64_t)st.st_size;
	return 0;
}

/* Where it cannot be moved it goes on growing: the log is worth more than its
 * size.
 */
static int rotate(struct audit_file *f)
{
	char old[PATH_MAX + 2];

	snprintf(old, sizeof(old), "%s.1", f->path);
	if (rename(f->path, old) < 0)
		return 0;
	audit_file_reopen(f);
	return open_file(f);
}

int audit_file_write(struct audit_file *f, const char *line, size_t len)
{
	int err = f->fd < 0 ? open_file(f) : 0;
	ssize_t n;

	if (!err && f->size && f->size + len > f->max)
		err = rotate(f);
	if (err)
		return err;
	n = write(f->fd, line, len);
	if (n == (ssize_t)len) {
		f->size += len;
		return 0;
	}
	err = n < 0 ? errno : ENOSPC;
	/* a part of a line is worse than none */
	if (n > 0 && ftruncate(f->fd, (off_t)f->size) < 0)
		f->size += (uint64_t)n;
	audit_file_reopen(f);
	return err;
}

void audit_file_reopen(struct audit_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void audit_file_tail(const struct audit_file *f, char *out, size_t room,
		     size_t *len)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = pread(fd, out, room,
			  st.st_size > (off_t)room ? st.st_size - (off_t)room
						   : 0);
	close(fd);
	if (n > 0)
		*len = (size_t)n;
}

void audit_file_fini(struct audit_file *f)
{
	audit_file_reopen(f);
}
