/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp-pinner-hold: a small parent that keeps the daemon's descriptors
 *
 * What systemd does for a service, for ./run and containers: hears its
 * notices, keeps the descriptors it sends, and when it dies by a signal (or
 * fails after it was ready) starts it again at once and hands them back.  An
 * exit of 0, 64 or 78 is what was meant, or would happen again: then this
 * ends too, with the same status.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "rtp-pinner/daemon/fdstore.h"
#include "rtp-pinner/daemon/hold_fds.h"

enum {
	USAGE = 64,		/* EX_USAGE of sysexits.h */
	CONFIG = 78,		/* EX_CONFIG */
	RESTARTS = 8,		/* at most so many ... */
	RESTARTS_MS = 10000,	/* ... in this time: it would die for ever */
};

struct holder {
	char *const *command;
	struct fdstore *above;	/* whom --notify tells */
	bool notify;
	struct hold_fds *fds;
	int signals;		/* signalfd */
	pid_t child;
	bool was_ready;		/* this child */
	bool told_above;
	bool stopping;		/* a signal to end was passed on */
	uint64_t restarts[RESTARTS];	/* when; a ring */
	unsigned restart_cnt;
};

static const int passed_on[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1,
				 SIGUSR2 };

static void heard_set(sigset_t *out)
{
	sigemptyset(out);
	sigaddset(out, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(out, passed_on[i]);
}

static void become_child(const struct holder *h, pid_t parent)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* nobody would hear its notices, or end it, without us */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	err = hold_fds_hand_over(h->fds);
	if (!err) {
		execvp(h->command[0], h->command);
		err = errno;
	}
	log_err("hold: %s cannot be started: %s", h->command[0], strerror(err));
	_exit(USAGE);
}

static int start(struct holder *h)
{
	pid_t self = getpid();

	h->was_ready = false;
	h->child = fork();
	if (h->child == 0)
		become_child(h, self);
	if (h->child < 0) {
		log_err("hold: no process for %s: %s", h->command[0],
			strerror(errno));
		return errno;
	}
	return 0;
}

static void read_notices(struct holder *h)
{
	struct hold_notice notice;

	hold_fds_read(h->fds, h->child, &notice);
	h->was_ready = h->was_ready || notice.ready;
	if (!h->notify)
		return;
	if (notice.ready && !h->told_above)
		(void)fdstore_notify(h->above, "READY=1");
	h->told_above = h->told_above || notice.ready;
	if (notice.stopping)
		(void)fdstore_notify(h->above, "STOPPING=1");
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

static bool may_restart(struct holder *h, uint64_t now_ms)
{
	uint64_t *oldest = &h->restarts[h->restart_cnt % RESTARTS];

	if (h->restart_cnt >= RESTARTS && now_ms - *oldest < RESTARTS_MS)
		return false;
	*oldest = now_ms;
	h->restart_cnt++;
	return true;
}

/* True: go on with a new child. */
static bool child_ended(struct holder *h, int status)
{
	int code = status_of(status);
	bool meant = WIFEXITED(status) &&
		     (code == 0 || code == USAGE || code == CONFIG);

	if (h->stopping || meant || (WIFEXITED(status) && !h->was_ready))
		return false;
	if (!may_restart(h, clock_ms())) {
		log_err("hold: %s died %d times in %d s: given up",
			h->command[0], RESTARTS + 1, RESTARTS_MS / 1000);
		return false;
	}
	log_warn("hold: %s pid=%d %s %d: started again", h->command[0],
		 (int)h->child,
		 WIFSIGNALED(status) ? "was ended by signal" : "exited with",
		 WIFSIGNALED(status) ? WTERMSIG(status) : code);
	return start(h) == 0;
}

/* -1: go on; else the exit status. */
static int reap(struct holder *h)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != h->child)
			continue;
		/* what it sent before it died counts */
		read_notices(h);
		if (!child_ended(h, status))
			return status_of(status);
	}
	return -1;
}

static int take_signal(struct holder *h)
{
	struct signalfd_siginfo info;
	int signo;

	if (read(h->signals, &info, sizeof(info)) != sizeof(info))
		return -1;
	signo = (int)info.ssi_signo;
	if (signo == SIGCHLD)
		return reap(h);
	if (signo == SIGTERM || signo == SIGINT || signo == SIGQUIT)
		h->stopping = true;
	kill(h->child, signo);
	return -1;
}

static int hold(struct holder *h)
{
	struct pollfd polled[] = {
		{ .fd = h->signals, .events = POLLIN },
		{ .fd = hold_fds_socket(h->fds), .events = POLLIN },
	};
	int status = -1;

	if (start(h))
		return 1;
	while (status < 0) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return 1;
		/* notices first: a child that died may have left some */
		if (polled[1].revents)
			read_notices(h);
		if (polled[0].revents)
			status = take_signal(h);
	}
	return status;
}

static int usage(FILE *f, int status)
{
	fputs("usage: rtp-pinner-hold [--notify] -- COMMAND [ARGUMENT]...\n\n"
	      "Runs COMMAND, keeps the descriptors it sends the way systemd "
	      "does, and starts\nit again when it dies by a signal.  Exits "
	      "with its status.\n\n"
	      "  --notify   pass READY=1 on to NOTIFY_SOCKET\n", f);
	return status;
}

int main(int argc, char **argv)
{
	struct holder h = { .signals = -1 };
	sigset_t heard;
	int at = 1, err, status;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (strcmp(argv[at], "--help") == 0)
			return usage(stdout, 0);
		if (strcmp(argv[at], "--notify") != 0)
			return usage(stderr, USAGE);
		h.notify = true;
	}
	if (at + 1 >= argc)
		return usage(stderr, USAGE);
	h.command = argv + at + 1;

	heard_set(&heard);
	sigprocmask(SIG_BLOCK, &heard, NULL);
	err = fdstore_new(&h.above);
	if (!err)
		err = hold_fds_new(&h.fds);
	if (!err) {
		h.signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
		err = h.signals < 0 ? errno : 0;
	}
	if (err) {
		log_err("hold: cannot begin: %s", strerror(err));
		return 1;
	}
	status = hold(&h);
	hold_fds_free(h.fds);
	fdstore_free(h.above);
	close(h.signals);
	return status;
}
