/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/orphans.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cursor.h"

enum {
	LIST_MAX = 4096,	/* some 500 children */
};

void orphans_inherit(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static bool is_own(pid_t pid, const pid_t *own, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (own[i] == pid)
			return true;
	}
	return false;
}

/* The kernel's list: numbers with blanks between. */
static struct slice read_children(char out[static LIST_MAX])
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return slice_of(out, 0);
	n = read(fd, out, LIST_MAX);
	close(fd);
	return slice_of(out, n > 0 ? (size_t)n : 0);
}

void orphans_kill(const pid_t *own, size_t cnt)
{
	char text[LIST_MAX];
	struct slice list = read_children(text);
	struct cursor c = cursor_of(list.text, list.len);

	while (cursor_left(&c)) {
		uint32_t pid;

		if (!slice_u32(&pid, cursor_until(&c, " "), INT32_MAX) &&
		    pid > 1 && !is_own((pid_t)pid, own, cnt))
			kill((pid_t)pid, SIGKILL);
		if (cursor_left(&c))
			cursor_byte(&c);
	}
}

void orphans_reap(const pid_t *own, size_t cnt)
{
	for (;;) {
		siginfo_t info = { 0 };

		/* looked at only: own ones are for those who wait for them */
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    !info.si_pid || is_own(info.si_pid, own, cnt) ||
		    waitpid(info.si_pid, NULL, WNOHANG) <= 0)
			return;
	}
}
