/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/cpuwatch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

enum {
	TEXT_MAX = 8192,
	PATH_LEN = 64,
	/* fields of /proc/PID/stat, counted from the state */
	FIELD_GROUP = 2,
	FIELD_USER = 11,
	FIELD_SYSTEM = 12,
};

/* of /proc/stat's cpu lines */
enum column {
	USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMNS
};

static struct slice next_word(struct cursor *c)
{
	cursor_skip_blanks(c);
	return cursor_until(c, " \n");
}

int cpuwatch_parse_stat(pid_t *group, uint64_t *user_ticks,
			uint64_t *system_ticks, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	uint64_t values[FIELD_SYSTEM + 1] = { 0 };

	/* the name may hold anything, also a parenthesis; numbers do not */
	for (size_t i = text.len; i > 0; i--)
		if (text.text[i - 1] == ')') {
			cursor_take(&c, i);
			break;
		}
	if (!c.pos)
		return EBADMSG;

	for (unsigned i = 0; i <= FIELD_SYSTEM; i++) {
		struct slice word = next_word(&c);

		if (i != FIELD_GROUP && i < FIELD_USER)
			continue;
		if (slice_u64(&values[i], word, UINT64_MAX))
			return EBADMSG;
	}
	*group = (pid_t)values[FIELD_GROUP];
	*user_ticks = values[FIELD_USER];
	*system_ticks = values[FIELD_SYSTEM];
	return 0;
}

int cpuwatch_parse_core(uint64_t *idle_ticks, uint64_t *softirq_ticks,
			struct slice text, unsigned core)
{
	struct cursor c = cursor_of(text.text, text.len);
	uint64_t ticks[COLUMNS];
	char want[16];

	snprintf(want, sizeof(want), "cpu%u", core);
	while (!slice_equal(next_word(&c), slice_str(want))) {
		cursor_until(&c, "\n");
		if (!cursor_left(&c))
			return ENOENT;
		cursor_byte(&c);
	}
	for (unsigned i = 0; i < COLUMNS; i++)
		if (slice_u64(&ticks[i], next_word(&c), UINT64_MAX))
			return EBADMSG;
	*idle_ticks = ticks[IDLE] + ticks[IOWAIT] + ticks[STEAL];
	*softirq_ticks = ticks[SOFTIRQ];
	return 0;
}

static int read_text(struct slice *out, char *text, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno;
	n = read(fd, text, TEXT_MAX);
	*out = slice_of(text, n > 0 ? (size_t)n : 0);
	close(fd);
	return n < 0 ? EIO : 0;
}

static int read_stat(pid_t pid, pid_t *group, uint64_t *user,
		     uint64_t *system)
{
	char path[PATH_LEN], text[TEXT_MAX];
	struct slice got;
	int err;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	err = read_text(&got, text, path);
	return err ? err : cpuwatch_parse_stat(group, user, system, got);
}

/* The number a name of /proc is, or 0. */
static uint32_t entry_number(const struct dirent *entry)
{
	uint32_t number = 0;

	if (slice_u32(&number, slice_str(entry->d_name), INT32_MAX))
		return 0;
	return number;
}

int cpuwatch_open(struct cpuwatch *w, pid_t group, unsigned core)
{
	const struct dirent *entry;
	DIR *proc = opendir("/proc");

	*w = (struct cpuwatch){ .core = core };
	if (!proc)
		return errno;
	while ((entry = readdir(proc))) {
		pid_t pid = (pid_t)entry_number(entry), its;
		uint64_t user, system;

		if (!pid || read_stat(pid, &its, &user, &system) ||
		    its != group)
			continue;
		if (w->cnt == CPUWATCH_PIDS_MAX) {
			closedir(proc);
			return E2BIG;
		}
		w->pids[w->cnt++] = pid;
	}
	closedir(proc);
	return w->cnt ? 0 : ESRCH;
}

/* Nanoseconds on a CPU of a process's threads. */
static int read_threads(uint64_t *sum, pid_t pid)
{
	char path[PATH_LEN], text[TEXT_MAX];
	const struct dirent *entry;
	int err = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		return errno;
	while (!err && (entry = readdir(tasks))) {
		uint32_t tid = entry_number(entry);
		struct cursor c;
		struct slice got = { 0 };
		uint64_t ns;

		if (!tid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%u/schedstat",
			 (int)pid, tid);
		err = read_text(&got, text, path);
		if (err)
			break;
		c = cursor_of(got.text, got.len);
		err = slice_u64(&ns, next_word(&c), UINT64_MAX);
		if (!err)
			*sum += ns;
	}
	closedir(tasks);
	return err;
}

int cpuwatch_read(const struct cpuwatch *w, struct cpusample *out)
{
	uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t idle = 0, softirq = 0;
	char text[TEXT_MAX];
	struct slice got;
	int err;

	*out = (struct cpusample){ 0 };
	err = read_text(&got, text, "/proc/stat");
	if (!err)
		err = cpuwatch_parse_core(&idle, &softirq, got, w->core);
	/* what is not idle: the busy columns are only sampled */
	out->busy_ns = clock_ns() - idle * tick_ns;
	out->softirq_ns = softirq * tick_ns;

	for (size_t i = 0; i < w->cnt && !err; i++) {
		uint64_t user, system;
		pid_t group;

		err = read_threads(&out->tasks_ns, w->pids[i]);
		if (!err)
			err = read_stat(w->pids[i], &group, &user, &system);
		if (err)
			break;
		out->user_ns += user * tick_ns;
		out->system_ns += system * tick_ns;
	}
	return err;
}

struct cpusample cpusample_since(const struct cpusample *later,
				 const struct cpusample *earlier)
{
	return (struct cpusample){
		.tasks_ns = later->tasks_ns - earlier->tasks_ns,
		.user_ns = later->user_ns - earlier->user_ns,
		.system_ns = later->system_ns - earlier->system_ns,
		.busy_ns = later->busy_ns - earlier->busy_ns,
		.softirq_ns = later->softirq_ns - earlier->softirq_ns,
	};
}
