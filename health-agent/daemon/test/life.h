/* SPDX-License-Identifier: GPL-3.0-or-later */
/* life.h - a whole worker in a process of its own, the test being its guardian
 *
 * Its probes look for the files `one' and `two' of the scratch folder, so that
 * making and removing these is what happens to the node.
 */
#ifndef AGENT_LIFE_H
#define AGENT_LIFE_H

#include "common/test/scratch.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/textfile.h"
#include "health-agent/daemon/worker.h"
#include "health-agent/guardian/link.h"

enum { PATIENCE_MS = 20000, TEXT_MAX = 262144 };

static const char life_site[] =
	"[service]\ndomain = sip.example.net\nsecret = correct horse battery\n"
	"address = 192.0.2.53, 2001:db8:53::53\n"
	"[node a]\naddress = 127.0.53.11, 2001:db8::11\n"
	"[node b]\naddress = 127.0.53.12\n";

static const char agent_text[] =
	"[agent]\noutput = dry-run\nsite = %1$s/site.conf\nnode = a\n"
	"node-state = %1$s/run/node.state\ncontrol = %1$s/run/control.sock\n"
	"state-dir = %1$s/state\naudit-log = %1$s/state/audit.log\n"
	"peers = no\ninterval = 100ms\nfast-interval = 10ms\ntimeout = 100ms\n"
	"rise = 1\nfall = 2\nlog-level = err\n%2$s"
	"[probe one]\ntype = command\ncommand = /usr/bin/test -e %1$s/one\n";

static const char two_text[] =
	"[probe two]\ntype = command\ncommand = /usr/bin/test -e %s/two\n"
	"failure = degrade\n";

static const char group_text[] =
	"[group service]\nhold-down = 0s\ndrain-wait = 30ms\npenalty = 0\n";

struct life {
	pid_t pid;
	int fd;
	struct link_status status;
	struct link_want want;		/* the last one */
	bool wanting;
	bool idle;			/* does nothing of it */
	unsigned beats;
	bool ended;
	unsigned withdrawals;	/* wants with fewer routes than before */
};

static bool restart_asked;
static pid_t alive;		/* of a story that failed */

/* ---- files */

static inline void touch(const char *name)
{
	scratch_write(name, "", 0);
}

static inline void forget(const char *name)
{
	unlink(scratch_path(name));
}

static inline void write_conf(const char *agent_more, const char *more)
{
	char text[8192], two[512];

	snprintf(two, sizeof(two), two_text, scratch_dir);
	snprintf(text, sizeof(text), agent_text, scratch_dir, agent_more);
	strncat(text, two, sizeof(text) - strlen(text) - 1);
	strncat(text, group_text, sizeof(text) - strlen(text) - 1);
	strncat(text, more, sizeof(text) - strlen(text) - 1);
	scratch_write("conf", text, strlen(text));
}

static inline char *read_text(const char *name)
{
	char *text;
	size_t len;

	if (textfile_read(&text, &len, scratch_path(name), TEXT_MAX))
		return strdup("");
	return text;
}

static inline void remove_all(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s/*", scratch_dir);
	assert_int_equal(system(command), 0);
}

/* ---- the worker's life */

static inline void complain(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

__attribute__((noreturn))
static inline void be_worker(int fd)	/* all others are the guardian's */
{
	char config[PATH_MAX];
	char *argv[] = { (char[]){ "anycast-health" }, (char[]){ "--config" },
			 config, NULL };
	struct agent_conf *conf;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(config, sizeof(config), "%s", scratch_path("conf"));
	if (dup2(fd, LINK_FD) < 0 || close_range(LINK_FD + 1, ~0u, 0) < 0 ||
	    agent_conf_new(&conf, 3, argv, complain, NULL))
		_exit(2);
	_exit(worker_run(conf, 3, argv, "0.1.0 (test)") ? 1 : 0);
}

static inline void tell(struct life *l)
{
	if (!l->ended)
		link_send(l->fd, &l->status, sizeof(l->status), LINK_STATUS);
}

/* status: of a guardian that has just started it. */
static inline void start_under(struct life *l, const struct link_status *status)
{
	int ends[2];

	memset(l, 0, sizeof(*l));
	l->status = *status;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    ends), 0);
	l->pid = fork();
	if (l->pid == 0)
		be_worker(ends[1]);
	assert_true(l->pid > 0);
	alive = l->pid;
	close(ends[1]);
	l->fd = ends[0];
	tell(l);
}

/* found: what it is told to be announced at the guardian's start; starts: how
 * many workers this guardian has started.
 */
static inline void start_as(struct life *l, const struct route_set *found,
			    uint32_t starts)
{
	struct link_status status = {
		.output = "dry-run", .worker_starts = starts,
		.found_known = true,
	};

	if (found)
		status.found = *found;
	start_under(l, &status);
}

static inline void start(struct life *l, const struct route_set *found)
{
	start_as(l, found, 1);
}

static inline void take_want(struct life *l, const struct link_want *want)
{
	if (l->wanting && want->set.cnt < l->want.set.cnt)
		l->withdrawals++;
	l->want = *want;
	l->wanting = true;
	if (l->idle)
		return;
	/* done at once, as in a dry run */
	l->status.generation = want->generation;
	l->status.route_cnt = want->set.cnt;
	for (size_t i = 0; i < want->set.cnt; i++) {
		l->status.routes[i].prefix = want->set.routes[i].prefix;
		l->status.routes[i].proof = LINK_PROOF_ADVERTISED;
	}
	tell(l);
}

/* One message, or a little time. */
static inline void turn(struct life *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	union link_message m;
	int err;

	poll(&p, 1, 20);
	err = link_receive(l->fd, &m);
	if (err == EAGAIN)
		return;
	if (err) {
		l->ended = true;
		return;
	}
	if (m.head.type == LINK_BEAT)
		l->beats++;
	else if (m.head.type == LINK_WANT)
		take_want(l, &m.want);
	else if (m.head.type == LINK_RESTART)
		restart_asked = true;
}

#define UNTIL(l, condition) \
	do { \
		uint64_t end_ms_ = clock_ms() + PATIENCE_MS; \
		bool met_; \
		while (!(met_ = (condition)) && clock_ms() < end_ms_ && \
		       !(l)->ended) \
			turn(l); \
		if (!met_) \
			fail_msg("gave up waiting for: %s", #condition); \
	} while (0)

/* Its two probes are good from the beginning, and both routes are wanted. */
static inline void start_good(struct life *l)
{
	touch("one");
	touch("two");
	start(l, NULL);
	UNTIL(l, l->want.set.cnt == 2);
}

static inline int end(struct life *l)
{
	uint64_t end_ms = clock_ms() + PATIENCE_MS;
	int status;

	while (!l->ended && clock_ms() < end_ms)
		turn(l);
	assert_true(l->ended);
	close(l->fd);
	assert_int_equal(waitpid(l->pid, &status, 0), l->pid);
	alive = 0;
	return status;
}

static inline void stop(struct life *l)
{
	kill(l->pid, SIGTERM);
	assert_int_equal(end(l), 0);
}

/* ---- its control socket */

static inline json_t *ask(struct life *l, const char *request)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	static char reply[TEXT_MAX];
	size_t len = 0;
	ssize_t n;
	int fd = -1;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/run/control.sock",
		 scratch_dir);
	UNTIL(l, (fd >= 0 || (fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0) &&
			 connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	assert_int_equal(send(fd, request, strlen(request), 0),
			 strlen(request));
	assert_int_equal(send(fd, "\n", 1, 0), 1);
	while ((n = recv(fd, reply + len, sizeof(reply) - len, 0)) > 0)
		len += (size_t)n;
	close(fd);
	assert_true(len > 0 && reply[len - 1] == '\n');
	return json_loadb(reply, len, 0, NULL);
}

static const char *text_in(json_t *object, const char *name)
{
	json_t *text = json_object_get(object, name);

	return json_is_string(text) ? json_string_value(text) : "(none)";
}

static inline void assert_ok(struct life *l, const char *request)
{
	json_t *reply = ask(l, request);

	if (!json_is_true(json_object_get(reply, "ok")))
		fail_msg("%s: %s", request, text_in(reply, "error"));
	json_decref(reply);
}

static inline bool node_is(struct life *l, const char *state)
{
	json_t *reply = ask(l, "{\"command\":\"status\"}");
	bool is = strcmp(text_in(reply, "state"), state) == 0;

	json_decref(reply);
	return is;
}

/* How many lines of the audit log have this text in them. */
static inline unsigned logged(const char *part)
{
	char *text = read_text("state/audit.log"), *line, *rest;
	unsigned cnt = 0;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		cnt += strstr(line, part) != NULL;
	free(text);
	return cnt;
}

/* ---- a story */

static inline int begin(void **state)
{
	(void)state;
	remove_all();
	restart_asked = false;
	scratch_write("site.conf", life_site, strlen(life_site));
	write_conf("", "");
	return 0;
}

static inline int finish(void **state)
{
	(void)state;
	if (alive) {
		kill(alive, SIGKILL);
		waitpid(alive, NULL, 0);
	}
	alive = 0;
	return 0;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)

static inline int life_setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	return scratch_setup(state);
}

static inline int life_teardown(void **state)
{
	(void)state;
	remove_all();
	return rmdir(scratch_dir);
}

#endif
