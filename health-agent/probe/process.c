/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Process probes: the process a pid file names lives.
 *
 * Its death is heard of by a pidfd within milliseconds, and told at once as
 * HEALTH_GONE, without an attempt; unless the file names a successor by then,
 * or within the grace period, which is watched from there on.  An attempt
 * looks at the file: it must name the process that is watched, or a live one,
 * which is then watched.  A process somebody has stopped (SIGSTOP) is bad.
 *
 * A pidfd stays with its process, whoever gets the number next.  But a file
 * that was left behind may name a number somebody else has got: after a death
 * the same file, not written again, is not believed any more.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/textfile.h"
#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/process_text.h"

enum {
	PID_FILE_MAX = 64,
	STAT_MAX = 4096,
	GRACE_LOOK_MS = 20,	/* between looks for a successor */
};

/* A pid file as it was written once. */
struct written {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec at;
	int32_t pid;
};

struct watch {
	uv_poll_t poll;
	struct process *owner;	/* NULL: given up */
	int pidfd;
	uint64_t start;		/* of the process; 0: not to be read */
	struct written file;
};

struct process {
	struct prober p;	/* first */
	struct watch *watch;	/* NULL: nobody is watched */
	struct written left;	/* by a process that died; pid 0: none */
	uv_timer_t grace;
	uint64_t grace_end_ms;	/* uv_now() */
};

static const char *file_of(const struct process *pr)
{
	return pr->p.conf->pid_file;
}

/* ---- the file and the process ---- */

static bool same_file(const struct written *a, const struct written *b)
{
	return a->pid == b->pid && a->dev == b->dev && a->ino == b->ino &&
	       a->size == b->size && a->at.tv_sec == b->at.tv_sec &&
	       a->at.tv_nsec == b->at.tv_nsec;
}

/* 0; or EINVAL, with text saying what is wrong with it. */
static int read_file(struct written *out, char text[static PROBER_TEXT_MAX],
		     const char *path)
{
	struct stat st;
	char *bytes;
	size_t len;
	int err;

	*out = (struct written){ .pid = 0 };
	if (stat(path, &st) < 0)
		return errno == ENOENT
			       ? prober_say(text, "%s is not there", path)
			       : prober_say(text, "%s: %s", path,
					    strerror(errno));
	err = textfile_read(&bytes, &len, path, PID_FILE_MAX);
	if (err)
		return prober_say(text, "%s: %s", path, strerror(err));
	err = process_read_pid(&out->pid, slice_of(bytes, len));
	textfile_free(bytes, len);
	if (err)
		return prober_say(text, "%s has no process number in it", path);
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	out->size = st.st_size;
	out->at = st.st_mtim;
	return 0;
}

/* What /proc says; false when it says nothing: gone, or hidepid=2. */
static bool read_stat(struct process_stat *out, int32_t pid)
{
	char path[32], *bytes;
	size_t len;
	int err;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/stat", pid);
	if (textfile_read(&bytes, &len, path, STAT_MAX))
		return false;
	err = process_read_stat(out, slice_of(bytes, len));
	textfile_free(bytes, len);
	return !err;
}

static bool has_ended(int pidfd)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	return poll(&fd, 1, 0) != 0;
}

/* ---- watching ---- */

static void on_ended(uv_poll_t *poll, int status, int events);

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *w = handle->data;

	close(w->pidfd);
	free(w);
}

static void watch_stop(struct process *pr)
{
	struct watch *w = pr->watch;

	pr->watch = NULL;
	if (!w)
		return;
	w->owner = NULL;
	uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static int open_pidfd(int *out, int32_t pid)
{
	/* close-on-exec by itself */
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return errno;
	if (has_ended(fd)) {	/* nobody has waited for it yet */
		close(fd);
		return ESRCH;
	}
	*out = fd;
	return 0;
}

/* Watch whom the file names, in place of anybody else.  0; ESRCH it does not
 * live; or an errno.
 */
static int watch_start(struct process *pr, const struct written *file)
{
	struct process_stat stat = { .state = '\0' };
	struct watch *w = calloc(1, sizeof(*w));
	int err = w ? open_pidfd(&w->pidfd, file->pid) : ENOMEM;

	if (err) {
		free(w);
		return err;
	}
	(void)read_stat(&stat, file->pid);
	w->start = stat.start;
	w->file = *file;
	w->poll.data = w;
	err = -uv_poll_init(pr->p.loop, &w->poll, w->pidfd);
	if (err) {
		close(w->pidfd);
		free(w);
		return err;
	}
	watch_stop(pr);
	pr->watch = w;
	pr->left.pid = 0;
	w->owner = pr;
	return -uv_poll_start(&w->poll, UV_READABLE, on_ended);
}

/* ---- its death ---- */

/* The file names somebody else who lives: watch him. */
static bool take_successor(struct process *pr)
{
	char text[PROBER_TEXT_MAX];
	struct written file;

	return !read_file(&file, text, file_of(pr)) &&
	       !same_file(&file, &pr->left) && !watch_start(pr, &file);
}

static void on_grace(uv_timer_t *timer)
{
	struct process *pr = timer->data;
	int32_t pid = pr->left.pid;

	if (pr->watch || take_successor(pr))
		return;
	if (uv_now(pr->p.loop) < pr->grace_end_ms) {
		uv_timer_start(timer, on_grace, GRACE_LOOK_MS, 0);
		return;
	}
	prober_report(&pr->p, HEALTH_GONE,
		      "process %" PRId32 " of %s has died, and no other came "
		      "in %" PRIu64 " ms",
		      pid, file_of(pr), pr->p.conf->grace_ms);
}

static void died(struct process *pr)
{
	pr->left = pr->watch->file;
	watch_stop(pr);
	if (take_successor(pr))
		return;
	if (!pr->p.conf->grace_ms) {
		prober_report(&pr->p, HEALTH_GONE,
			      "process %" PRId32 " of %s has died",
			      pr->left.pid, file_of(pr));
		return;
	}
	pr->grace_end_ms = uv_now(pr->p.loop) + pr->p.conf->grace_ms;
	uv_timer_start(&pr->grace, on_grace, 0, 0);
}

static void on_ended(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;

	(void)events;
	if (w->owner && (status < 0 || has_ended(w->pidfd)))
		died(w->owner);
}

/* ---- an attempt ---- */

/* Somebody lives under the watched number: is it he, and does he run? */
static void judge(struct process *pr, const char *how)
{
	struct watch *w = pr->watch;
	struct process_stat stat = { .state = '\0' };
	int32_t pid = w->file.pid;

	if (read_stat(&stat, pid) && w->start && stat.start != w->start)
		prober_done(&pr->p, HEALTH_BAD,
			    "%s is of a process %" PRId32 " that is gone",
			    file_of(pr), pid);
	else if (stat.state == 'T')
		prober_done(&pr->p, HEALTH_BAD,
			    "process %" PRId32 " of %s is stopped (SIGSTOP)",
			    pid, file_of(pr));
	else
		prober_done(&pr->p, HEALTH_GOOD, "process %" PRId32 " %s", pid,
			    how);
}

static void begin_watch(struct process *pr, const struct written *file)
{
	bool is_other = pr->watch;
	int err = same_file(file, &pr->left) ? ESRCH : watch_start(pr, file);

	if (!err)
		judge(pr, is_other ? "has taken over" : "lives");
	else if (err == ESRCH)
		prober_done(&pr->p, HEALTH_BAD,
			    "%s is of a process %" PRId32 " that is gone",
			    file_of(pr), file->pid);
	else
		prober_done(&pr->p, HEALTH_BAD,
			    "process %" PRId32 " cannot be watched (%s)",
			    file->pid, strerror(err));
}

static void process_begin(struct prober *p)
{
	struct process *pr = (struct process *)p;
	char text[PROBER_TEXT_MAX];
	struct written file;

	/* the loop has not told yet */
	if (pr->watch && has_ended(pr->watch->pidfd))
		died(pr);
	if (p->phase != PROBER_RUNNING)
		return;
	if (uv_is_active((uv_handle_t *)&pr->grace) && !pr->watch &&
	    !take_successor(pr)) {
		prober_done(p, HEALTH_GOOD,
			    "process %" PRId32 " has died, another is waited "
			    "for", pr->left.pid);
		return;
	}
	if (read_file(&file, text, file_of(pr))) {
		prober_done(p, HEALTH_BAD, "%s", text);
		return;
	}
	if (pr->watch && pr->watch->file.pid == file.pid) {
		pr->watch->file = file;
		judge(pr, "lives");
		return;
	}
	begin_watch(pr, &file);
}

/* ---- the type ---- */

static int process_check(char text[static PROBER_TEXT_MAX],
			 const struct prober_conf *conf)
{
	if (conf->pid_file[0] != '/')
		return prober_say(text, "pid-file must be a path that begins "
					"with /");
	return 0;
}

static int process_init(struct prober *p)
{
	struct process *pr = (struct process *)p;

	uv_timer_init(p->loop, &pr->grace);
	pr->grace.data = pr;
	prober_hold(p);
	return 0;
}

static void process_close(struct prober *p)
{
	struct process *pr = (struct process *)p;

	watch_stop(pr);
	uv_close((uv_handle_t *)&pr->grace, prober_drop_handle);
}

static size_t process_target(char out[static PROBER_TEXT_MAX],
			     const struct prober *p)
{
	const struct process *pr = (const struct process *)p;

	if (pr->watch)
		snprintf(out, PROBER_TEXT_MAX, "process %" PRId32 " of %.160s",
			 pr->watch->file.pid, file_of(pr));
	else
		snprintf(out, PROBER_TEXT_MAX, "process of %.160s",
			 file_of(pr));
	return strlen(out);
}

const struct prober_type prober_process = {
	.size = sizeof(struct process),
	.check = process_check,
	.init = process_init,
	.begin = process_begin,
	.close = process_close,
	.target = process_target,
};
