/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/ward.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "health-agent/guardian/child.h"

int ward_init(struct ward *w, int argc, char *const argv[],
	      uint64_t timeout_ms, uint64_t now_ms)
{
	static char worker[] = "--worker";

	*w = (struct ward){
		.timeout_ms = timeout_ms, .pidfd = -1, .link = -1,
		.start_ms = now_ms, .wait_ms = WARD_WAIT_MS,
	};
	w->argv = calloc((size_t)argc + 2, sizeof(*w->argv));
	if (!w->argv)
		return ENOMEM;
	w->argv[0] = argv[0];
	w->argv[1] = worker;
	for (int i = 1; i < argc; i++)
		w->argv[i + 1] = argv[i];
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Reaped, or not a child of ours any more. */
static bool is_gone(const struct ward *w, int *status, int flags)
{
	pid_t pid;

	do {
		pid = waitpid(w->pid, status, flags);
	} while (pid < 0 && errno == EINTR);
	return pid != 0;
}

/* Its group too. */
static void kill_it(struct ward *w)
{
	close_fd(&w->link);
	if (w->state != WARD_LIVING)
		return;
	kill(w->pid, SIGKILL);
	kill(-w->pid, SIGKILL);
	w->state = WARD_DYING;
}

void ward_fini(struct ward *w)
{
	int status;

	kill_it(w);
	if (w->state == WARD_DYING)
		is_gone(w, &status, 0);
	w->state = WARD_NONE;
	close_fd(&w->pidfd);
	free(w->argv);
	w->argv = NULL;
}

/* ---- the start */

static void become_worker(const struct ward *w, int link, pid_t guardian)
{
	child_begin(guardian);
	if (link == LINK_FD)
		fcntl(link, F_SETFD, 0);
	else if (dup2(link, LINK_FD) < 0)
		_exit(CHILD_CANNOT);
	execv("/proc/self/exe", w->argv);
	_exit(CHILD_CANNOT);
}

static int try_start(struct ward *w)
{
	int ends[2], err = 0;
	pid_t guardian = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return errno;
	w->pid = fork();
	if (w->pid == 0)
		become_worker(w, ends[1], guardian);
	if (w->pid < 0)
		err = errno;
	close(ends[1]);
	w->link = ends[0];
	if (!err) {
		setpgid(w->pid, w->pid);
		w->state = WARD_LIVING;
		w->pidfd = pidfd_open(w->pid, 0);
		if (w->pidfd < 0)
			err = errno;
	}
	if (err)
		kill_it(w);
	return err;
}

static void wait_before_next(struct ward *w, uint64_t now_ms)
{
	w->start_ms = now_ms + w->wait_ms;
	w->wait_ms = 2 * w->wait_ms < WARD_WAIT_MAX_MS ? 2 * w->wait_ms :
							 WARD_WAIT_MAX_MS;
}

void ward_start(struct ward *w, uint64_t now_ms)
{
	int err;

	if (w->state != WARD_NONE || now_ms < w->start_ms)
		return;
	err = try_start(w);
	w->started_ms = w->heard_ms = now_ms;
	w->has_beaten = w->reload_due = false;
	if (!err) {
		w->starts++;
		log_info("guardian: worker started pid=%d", (int)w->pid);
		return;
	}
	close_fd(&w->link);
	wait_before_next(w, now_ms);
	log_err("guardian: no worker can be started: %s (tried again)",
		strerror(err));
}

/* ---- its life */

size_t ward_fds(const struct ward *w, struct pollfd out[static WARD_FDS_MAX])
{
	size_t cnt = 0;

	if (w->link >= 0)
		out[cnt++] = (struct pollfd){ .fd = w->link, .events = POLLIN };
	if (w->pidfd >= 0)
		out[cnt++] = (struct pollfd){ .fd = w->pidfd,
					      .events = POLLIN };
	return cnt;
}

bool ward_receive(struct ward *w, union link_message *out, uint64_t now_ms)
{
	int err;

	while (w->link >= 0) {
		err = link_receive(w->link, out);
		if (!err) {
			w->heard_ms = now_ms;
			w->has_beaten = true;
			if (w->reload_due)
				ward_reload(w);
			return true;
		}
		if (err == EBADMSG) {
			w->dropped++;
			continue;
		}
		if (err != EAGAIN)
			close_fd(&w->link);
		return false;
	}
	return false;
}

int ward_send(struct ward *w, const void *message, size_t len,
	      enum link_type type)
{
	return w->link < 0 ? EPIPE : link_send(w->link, message, len, type);
}

bool ward_is_well(const struct ward *w, uint64_t now_ms)
{
	return w->state == WARD_LIVING && w->has_beaten &&
	       now_ms - w->heard_ms < w->timeout_ms;
}

void ward_paused(struct ward *w, uint64_t ms)
{
	w->heard_ms += ms;
}

void ward_reload(struct ward *w)
{
	w->reload_due = !w->has_beaten;
	if (w->state == WARD_LIVING && w->has_beaten)
		kill(w->pid, SIGHUP);
}

/* ---- its end */

void ward_end(struct ward *w)
{
	if (w->state == WARD_LIVING)
		kill(w->pid, SIGTERM);
	w->leaving = true;
}

static void log_end(const struct ward *w, int status)
{
	if (w->leaving && WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFSIGNALED(status))
		log_err("guardian: worker killed pid=%d signal=%d", (int)w->pid,
			WTERMSIG(status));
	else
		log_err("guardian: worker ended pid=%d status=%d", (int)w->pid,
			WEXITSTATUS(status));
}

/* Its pidfd says so, or its end of the socket is closed. */
static bool is_dead(const struct ward *w)
{
	struct pollfd p = { .fd = w->pidfd, .events = POLLIN };

	return (w->link < 0 && !w->leaving) || poll(&p, 1, 0) > 0;
}

static bool is_silent(const struct ward *w, uint64_t now_ms)
{
	if (w->leaving || now_ms - w->heard_ms < w->timeout_ms)
		return false;
	log_err("guardian: worker is silent pid=%d (for %llu ms, killed)",
		(int)w->pid, (unsigned long long)(now_ms - w->heard_ms));
	return true;
}

static void bury(struct ward *w, uint64_t now_ms)
{
	int status = 0;

	if (w->state != WARD_DYING || !is_gone(w, &status, WNOHANG))
		return;
	log_end(w, status);
	close_fd(&w->pidfd);
	w->state = WARD_NONE;
	if (now_ms - w->started_ms >= WARD_STEADY_MS)
		w->wait_ms = WARD_WAIT_MS;
	wait_before_next(w, now_ms);
}

void ward_stop(struct ward *w, uint64_t now_ms)
{
	struct pollfd p = { .fd = w->pidfd, .events = POLLIN };

	kill_it(w);
	if (p.fd >= 0)
		poll(&p, 1, WARD_STOP_MS);
	bury(w, now_ms);
}

bool ward_check(struct ward *w, uint64_t now_ms)
{
	bool lost = false;

	if (w->state == WARD_LIVING) {
		lost = is_dead(w) || is_silent(w, now_ms);
		if (lost)
			kill_it(w);
	}
	bury(w, now_ms);
	return lost;
}

uint64_t ward_due(const struct ward *w)
{
	switch (w->state) {
	case WARD_NONE:
		return w->start_ms;
	case WARD_LIVING:
		if (!w->leaving)
			return w->heard_ms + w->timeout_ms;
		break;
	case WARD_DYING:
		break;
	}
	return UINT64_MAX;
}
