/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The child is watched by its pidfd: libuv's uv_spawn() waits until the program
 * has been loaded, which a dead file server can make as long as it likes.
 */
#include "health-agent/daemon/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

enum {
	VARIABLES = 9,
	EXIT_NOT_RUN = 127,	/* as the shells have it */
};

struct hook {
	struct hook *next;
	char *env[VARIABLES + 1];
};

struct hooks {
	uv_loop_t *loop;	/* borrowed */
	char program[PATH_MAX];
	uint64_t timeout_ms;
	struct hook *first, **last;	/* the queue */
	unsigned queued;
	struct hooks_stats stats;

	struct hook *running;
	pid_t pid;
	int fd;			/* its pidfd */
	bool killed;
	uv_poll_t *poll;	/* frees itself when closed */
	uv_timer_t timer;
};

/* ---- the queue */

static void hook_free(struct hook *hook)
{
	if (!hook)
		return;
	for (unsigned i = 0; i < VARIABLES; i++)
		free(hook->env[i]);
	free(hook);
}

static bool set(char **out, const char *name, const char *value)
{
	if (asprintf(out, "%s=%s", name, value ? value : "") >= 0)
		return true;
	*out = NULL;
	return false;
}

static struct hook *hook_new(const struct hook_event *e)
{
	struct hook *hook = calloc(1, sizeof(*hook));
	char family[4];

	if (!hook)
		return NULL;
	snprintf(family, sizeof(family), "%u", e->family);
	if (set(&hook->env[0], "PATH",
		"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
		"/bin") &&
	    set(&hook->env[1], "ANYCAST_WHAT", e->what) &&
	    set(&hook->env[2], "ANYCAST_GROUP", e->group) &&
	    set(&hook->env[3], "ANYCAST_FAMILY", e->family ? family : "") &&
	    set(&hook->env[4], "ANYCAST_FROM", e->from) &&
	    set(&hook->env[5], "ANYCAST_TO", e->to) &&
	    set(&hook->env[6], "ANYCAST_CAUSE", e->cause) &&
	    set(&hook->env[7], "ANYCAST_NODE", e->node) &&
	    set(&hook->env[8], "ANYCAST_PREFIXES", e->prefixes))
		return hook;
	hook_free(hook);
	return NULL;
}

static struct hook *take_first(struct hooks *h)
{
	struct hook *hook = h->first;

	if (!hook)
		return NULL;
	h->first = hook->next;
	if (!h->first)
		h->last = &h->first;
	h->queued--;
	return hook;
}

static void put_last(struct hooks *h, struct hook *hook)
{
	*h->last = hook;
	h->last = &hook->next;
	h->queued++;
}

/* ---- the child */

/* Between fork() and exec only what a signal handler may call. */
static void become(const char *program, char *const env[])
{
	char *const argv[] = { (char *)(uintptr_t)program, NULL };
	sigset_t none;
	int null;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	null = open("/dev/null", O_RDONLY);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 &&
	    close_range(3, ~0u, 0) == 0)
		execve(program, argv, env);
	_exit(EXIT_NOT_RUN);
}

static void begin_next(struct hooks *h);

static void failed(struct hooks *h, const char *why)
{
	const struct hook *hook = h->running;

	h->stats.failed++;
	log_warn("hook: %s failed at %s %s %s (%s)", h->program, hook->env[1],
		 hook->env[2], hook->env[5], why);
}

static void judge(struct hooks *h, int status)
{
	char why[64];

	if (h->killed)
		snprintf(why, sizeof(why), "killed: it took longer than %u ms",
			 (unsigned)h->timeout_ms);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXIT_NOT_RUN)
		snprintf(why, sizeof(why), "it cannot be run, or exit 127");
	else if (WEXITSTATUS(status))
		snprintf(why, sizeof(why), "exit %d", WEXITSTATUS(status));
	else
		return;
	failed(h, why);
}

static void ended(struct hooks *h)
{
	hook_free(h->running);
	h->running = NULL;
	begin_next(h);
}

static void free_poll(uv_handle_t *poll)
{
	free(poll);
}

static void on_end(uv_poll_t *poll, int err, int events)
{
	struct hooks *h = poll->data;
	int status = 0;

	(void)err;
	(void)events;
	if (waitpid(h->pid, &status, WNOHANG) == 0)
		return;
	uv_timer_stop(&h->timer);
	uv_poll_stop(poll);
	close(h->fd);
	uv_close((uv_handle_t *)poll, free_poll);
	h->poll = NULL;
	judge(h, status);
	ended(h);
}

static void kill_all(pid_t pid)
{
	/* it may not have come to setsid() yet */
	if (kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
}

static void on_timeout(uv_timer_t *timer)
{
	struct hooks *h = timer->data;

	h->killed = true;
	h->stats.timeouts++;
	kill_all(h->pid);
}

static int watch(struct hooks *h)
{
	int err;

	h->fd = pidfd_open(h->pid, 0);
	if (h->fd < 0)
		return errno;
	h->poll = calloc(1, sizeof(*h->poll));
	err = h->poll ? -uv_poll_init(h->loop, h->poll, h->fd) : ENOMEM;
	if (err) {
		free(h->poll);
		h->poll = NULL;
		close(h->fd);
		return err;
	}
	h->poll->data = h;
	uv_poll_start(h->poll, UV_READABLE, on_end);
	return 0;
}

/* 0, or an errno: there is no child. */
static int start(struct hooks *h)
{
	int err;

	h->killed = false;
	h->pid = fork();
	if (h->pid < 0)
		return errno;
	if (h->pid == 0)
		become(h->program, h->running->env);
	err = watch(h);
	if (err) {
		kill_all(h->pid);
		waitpid(h->pid, NULL, 0);
		return err;
	}
	h->stats.run++;
	uv_timer_start(&h->timer, on_timeout, h->timeout_ms, 0);
	return 0;
}

static void begin_next(struct hooks *h)
{
	while (!h->running && (h->running = take_first(h))) {
		int err = start(h);

		if (!err)
			return;
		failed(h, strerror(err));
		hook_free(h->running);
		h->running = NULL;
	}
}

/* ---- from outside */

int hooks_new(struct hooks **out, uv_loop_t *loop)
{
	struct hooks *h = calloc(1, sizeof(*h));

	if (!h)
		return ENOMEM;
	h->loop = loop;
	h->last = &h->first;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	*out = h;
	return 0;
}

void hooks_set(struct hooks *h, const char *program, uint64_t timeout_ms)
{
	snprintf(h->program, sizeof(h->program), "%s", program);
	h->timeout_ms = timeout_ms;
	while (!h->program[0] && h->first)
		hook_free(take_first(h));
}

void hooks_add(struct hooks *h, const struct hook_event *event)
{
	struct hook *hook;

	if (!h->program[0])
		return;
	hook = hook_new(event);
	if (!hook) {
		h->stats.dropped++;
		return;
	}
	if (h->queued == HOOKS_QUEUE_MAX) {
		hook_free(take_first(h));
		h->stats.dropped++;
	}
	put_last(h, hook);
	begin_next(h);
}

const struct hooks_stats *hooks_stats(const struct hooks *h)
{
	return &h->stats;
}

void hooks_stop(struct hooks *h)
{
	if (!h)
		return;
	uv_close((uv_handle_t *)&h->timer, NULL);
	if (h->poll) {
		uv_poll_stop(h->poll);
		close(h->fd);
		uv_close((uv_handle_t *)h->poll, free_poll);
		h->poll = NULL;
	}
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	while (h->first)
		hook_free(take_first(h));
	hook_free(h->running);
	free(h);
}
