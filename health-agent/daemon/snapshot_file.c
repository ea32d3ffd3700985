/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of a snapshot, and the thread that keeps it up. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/textfile.h"
#include "health-agent/daemon/snapshot.h"

#define BOOT_PATH "/proc/sys/kernel/random/boot_id"
#define FILE_NAME "health.memory"

int snapshot_boot(char out[static SNAPSHOT_BOOT_LEN])
{
	size_t len;
	char *text;
	int err = textfile_read(&text, &len, BOOT_PATH, 256);

	memset(out, 0, SNAPSHOT_BOOT_LEN);
	if (err)
		return err;
	snprintf(out, SNAPSHOT_BOOT_LEN, "%.36s", text);
	textfile_free(text, len);
	return 0;
}

static int path_of(char out[static PATH_MAX], const char *dir, const char *end)
{
	int n = snprintf(out, PATH_MAX, "%s/" FILE_NAME "%s", dir, end);

	return n < 0 || n >= PATH_MAX ? ENAMETOOLONG : 0;
}

int snapshot_read(struct health_memory *out, bool *fresh, const char *dir,
		  const char boot[static SNAPSHOT_BOOT_LEN], uint64_t now_ms)
{
	char path[PATH_MAX];
	char *text;
	size_t len;
	int err = path_of(path, dir, "");

	memset(out, 0, sizeof(*out));
	*fresh = false;
	if (!err)
		err = textfile_read(&text, &len, path, SNAPSHOT_LEN);
	if (err)
		return err == EFBIG ? EBADMSG : err;
	err = snapshot_decode(out, fresh, (const uint8_t *)text, len, boot,
			      now_ms);
	textfile_free(text, len);
	return err;
}

static int fill(int fd, const uint8_t *bytes, bool durable)
{
	ssize_t n = pwrite(fd, bytes, SNAPSHOT_LEN, 0);

	if (n != SNAPSHOT_LEN)
		return n < 0 ? errno : ENOSPC;
	return durable && fsync(fd) < 0 ? errno : 0;
}

/* The names change places; only a file system that cannot do that, or has no
 * file of the name yet, loses one of the two.
 */
static int swap(const char *next, const char *path)
{
	if (renameat2(AT_FDCWD, next, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return 0;
	return rename(next, path) < 0 ? errno : 0;
}

static int sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return errno;
	if (fsync(fd) < 0)
		err = errno;
	close(fd);
	return err;
}

int snapshot_write(const char *dir, const uint8_t bytes[static SNAPSHOT_LEN],
		   bool durable)
{
	char path[PATH_MAX], next[PATH_MAX];
	int err, fd;

	err = path_of(path, dir, "");
	if (!err)
		err = path_of(next, dir, ".next");
	if (err)
		return err;
	fd = open(next, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	err = fill(fd, bytes, durable);
	close(fd);
	if (!err)
		err = swap(next, path);
	if (!err && durable)
		err = sync_folder(dir);
	return err;
}

/* ---- kept up */

struct snapshot {
	uv_loop_t *loop;	/* borrowed */
	char dir[PATH_MAX];
	char boot[SNAPSHOT_BOOT_LEN];
	uv_work_t work;
	bool busy, waiting, warned;
	struct snapshot_stats stats;

	uint8_t next[SNAPSHOT_LEN];	/* waits, if `waiting' */
	bool next_durable;
	bool said_order, forced;	/* the order saved last */
	enum health_order order;

	/* the thread's while busy */
	uint8_t bytes[SNAPSHOT_LEN];
	char to[PATH_MAX];
	bool durable;
	int err;
};

static void work(uv_work_t *req)
{
	struct snapshot *s = req->data;

	s->err = snapshot_write(s->to, s->bytes, s->durable);
}

static void begin(struct snapshot *s);

static void account(struct snapshot *s, int err)
{
	s->stats.err = err;
	if (err) {
		s->stats.failed++;
		s->next_durable |= s->durable;	/* still owed */
		if (!s->warned)
			log_warn("state: %s/" FILE_NAME " cannot be written "
				 "(%s): a restart will not know what is so now",
				 s->dir, strerror(err));
		s->warned = true;
		return;
	}
	s->stats.written++;
	if (s->warned)
		log_info("state: %s/" FILE_NAME " is written again", s->dir);
	s->warned = false;
}

static void done(uv_work_t *req, int status)
{
	struct snapshot *s = req->data;

	s->busy = false;
	s->stats.busy_ms = 0;
	account(s, status < 0 ? -status : s->err);
	if (s->waiting)
		begin(s);
}

static void begin(struct snapshot *s)
{
	memcpy(s->bytes, s->next, sizeof(s->bytes));
	snprintf(s->to, sizeof(s->to), "%s", s->dir);
	s->durable = s->next_durable;
	s->next_durable = false;
	s->waiting = false;
	s->busy = true;
	s->stats.busy_ms = clock_boot_ms();
	s->work.data = s;
	if (uv_queue_work(s->loop, &s->work, work, done) != 0) {
		s->busy = false;
		s->stats.busy_ms = 0;
		account(s, ENOMEM);
	}
}

int snapshot_new(struct snapshot **out, uv_loop_t *loop, const char *dir)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;
	s->loop = loop;
	snprintf(s->dir, sizeof(s->dir), "%s", dir);
	err = snapshot_boot(s->boot);
	if (err)
		log_warn("state: " BOOT_PATH " cannot be read (%s): a restart "
			 "will begin anew", strerror(err));
	*out = s;
	return 0;
}

void snapshot_save(struct snapshot *s, const struct health_memory *m)
{
	bool news = !s->said_order || s->order != m->order ||
		    s->forced != m->forced;

	s->said_order = true;
	s->order = m->order;
	s->forced = m->forced;
	snapshot_encode(s->next, m, s->boot);
	s->next_durable |= news;
	s->waiting = true;
	if (!s->busy)
		begin(s);
}

void snapshot_move(struct snapshot *s, const char *dir)
{
	snprintf(s->dir, sizeof(s->dir), "%s", dir);
	s->next_durable = true;	/* nothing is there yet */
}

bool snapshot_is_idle(const struct snapshot *s)
{
	return !s->busy && !s->waiting;
}

const struct snapshot_stats *snapshot_stats(const struct snapshot *s)
{
	return &s->stats;
}

void snapshot_free(struct snapshot *s)
{
	free(s);
}
