/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/again.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "health-agent/guardian/child.h"

/* Where the program lies; the kernel says so when another lies there now. */
static int find_path(char out[static PATH_MAX])
{
	static const char deleted[] = " (deleted)";
	size_t tail = strlen(deleted);
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (n < 0)
		return errno;
	out[n] = '\0';
	if ((size_t)n > tail && strcmp(out + n - tail, deleted) == 0)
		out[(size_t)n - tail] = '\0';
	return 0;
}

int again_init(struct again *a, int argc, char *const argv[])
{
	static char check[] = "--check-config";

	*a = (struct again){ .argv = argv, .pidfd = -1 };
	a->check_argv = calloc((size_t)argc + 2, sizeof(*a->check_argv));
	if (!a->check_argv)
		return ENOMEM;
	a->check_argv[0] = argv[0];
	a->check_argv[1] = check;
	for (int i = 1; i < argc; i++)
		a->check_argv[i + 1] = argv[i];
	return find_path(a->path);
}

static int reap(struct again *a, int flags)
{
	int status = 0;
	pid_t pid;

	do {
		pid = waitpid(a->pid, &status, flags);
	} while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return -1;
	a->pid = 0;
	if (a->pidfd >= 0)
		close(a->pidfd);
	a->pidfd = -1;
	return status;
}

void again_fini(struct again *a)
{
	if (a->pid) {
		kill(-a->pid, SIGKILL);
		reap(a, 0);
	}
	free(a->check_argv);
	a->check_argv = NULL;
}

int again_begin(struct again *a, uint64_t now_ms)
{
	pid_t guardian = getpid();

	if (a->pid)
		return 0;
	a->pid = fork();
	if (a->pid == 0) {
		child_begin(guardian);
		execv(a->path, a->check_argv);
		_exit(CHILD_CANNOT);
	}
	if (a->pid < 0) {
		a->pid = 0;
		return errno;
	}
	setpgid(a->pid, a->pid);
	a->pidfd = pidfd_open(a->pid, 0);
	a->deadline_ms = now_ms + AGAIN_CHECK_MS;
	return 0;
}

enum again_verdict again_step(struct again *a, uint64_t now_ms)
{
	int status;

	if (!a->pid)
		return AGAIN_IDLE;
	if (now_ms >= a->deadline_ms)
		kill(-a->pid, SIGKILL);
	status = reap(a, WNOHANG);
	if (status < 0)
		return AGAIN_CHECKING;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return AGAIN_GOOD;
	log_err("guardian: not restarted: %s --check-config ended with %s %d",
		a->path, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return AGAIN_BAD;
}

size_t again_fds(const struct again *a, struct pollfd out[static 1])
{
	if (a->pidfd < 0)
		return 0;
	out[0] = (struct pollfd){ .fd = a->pidfd, .events = POLLIN };
	return 1;
}

uint64_t again_due(const struct again *a)
{
	return a->pid ? a->deadline_ms : UINT64_MAX;
}

int again_exec(const struct again *a)
{
	execv(a->path, a->argv);
	return errno;
}
