/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole worker in a process of its own, with this test as its guardian.  Its
 * probes look for files of the scratch folder, so that making and removing
 * these is what happens to the node.
 */
#include "common/test/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/nodestate.h"
#include "common/textfile.h"
#include "health-agent/daemon/snapshot.h"
#include "health-agent/daemon/worker.h"
#include "health-agent/guardian/link.h"

enum { PATIENCE_MS = 20000, TEXT_MAX = 262144 };

static const char site_text[] =
	"[service]\ndomain = sip.example.net\nsecret = correct horse battery\n"
	"address = 192.0.2.53, 2001:db8:53::53\n"
	"[node a]\naddress = 127.0.53.11, 2001:db8::11\n"
	"[node b]\naddress = 127.0.53.12\n";

static const char site_of_one[] =
	"[service]\ndomain = sip.example.net\nsecret = correct horse battery\n"
	"address = 192.0.2.53\n[node a]\naddress = 127.0.53.11\n"
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
	unsigned beats;
	bool ended;
	unsigned long withdrawals;	/* wants with fewer routes than before */
};

static bool restart_asked;
static pid_t alive;		/* of a story that failed */

/* ---- files */

static void touch(const char *name)
{
	scratch_write(name, "", 0);
}

static void forget(const char *name)
{
	unlink(scratch_path(name));
}

static void write_conf(const char *agent_more, const char *more)
{
	char text[4096], two[512];

	snprintf(two, sizeof(two), two_text, scratch_dir);
	snprintf(text, sizeof(text), agent_text, scratch_dir, agent_more);
	strncat(text, two, sizeof(text) - strlen(text) - 1);
	strncat(text, group_text, sizeof(text) - strlen(text) - 1);
	strncat(text, more, sizeof(text) - strlen(text) - 1);
	scratch_write("conf", text, strlen(text));
}

static char *read_text(const char *name)
{
	char *text;
	size_t len;

	if (textfile_read(&text, &len, scratch_path(name), TEXT_MAX))
		return strdup("");
	return text;
}

static void remove_all(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s/*", scratch_dir);
	assert_int_equal(system(command), 0);
}

/* ---- the worker's life */

static void complain(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

__attribute__((noreturn))
static void be_worker(int fd)	/* all others are the guardian's */
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

static void tell(struct life *l)
{
	if (!l->ended)
		link_send(l->fd, &l->status, sizeof(l->status), LINK_STATUS);
}

/* found: what it is told to be announced at its start. */
static void start(struct life *l, const struct route_set *found)
{
	int ends[2];

	memset(l, 0, sizeof(*l));
	l->status.found_known = true;
	l->status.worker_starts = 1;
	snprintf(l->status.output, sizeof(l->status.output), "dry-run");
	if (found)
		l->status.found = *found;
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

static void take_want(struct life *l, const struct link_want *want)
{
	if (l->wanting && want->set.cnt < l->want.set.cnt)
		l->withdrawals++;
	l->want = *want;
	l->wanting = true;
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
static void turn(struct life *l)
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

static int end(struct life *l)
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

static void stop(struct life *l)
{
	kill(l->pid, SIGTERM);
	assert_int_equal(end(l), 0);
}

/* ---- its control socket */

static json_t *ask(struct life *l, const char *request)
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

static void assert_ok(struct life *l, const char *request)
{
	json_t *reply = ask(l, request);

	if (!json_is_true(json_object_get(reply, "ok")))
		fail_msg("%s: %s", request, text_in(reply, "error"));
	json_decref(reply);
}

static bool node_is(struct life *l, const char *state)
{
	json_t *reply = ask(l, "{\"command\":\"status\"}");
	bool is = strcmp(text_in(reply, "state"), state) == 0;

	json_decref(reply);
	return is;
}

/* How many lines of the audit log have this text in them. */
static unsigned logged(const char *part)
{
	char *text = read_text("state/audit.log"), *line, *rest;
	unsigned cnt = 0;

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		cnt += strstr(line, part) != NULL;
	free(text);
	return cnt;
}

/* ---- the stories */

static int begin(void **state)
{
	(void)state;
	remove_all();
	restart_asked = false;
	scratch_write("site.conf", site_text, strlen(site_text));
	write_conf("", "");
	return 0;
}

static void it_beats_and_wants_nothing_before_it_is_sure(void **state)
{
	struct life l;
	uint64_t begun_ms = clock_ms();

	(void)state;
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.beats >= 4);
	assert_true(clock_ms() - begun_ms >= 3 * LINK_BEAT_MS - 100);
	assert_true(l.wanting);
	assert_int_equal(l.want.set.cnt, 0);
	UNTIL(&l, node_is(&l, "down"));
	stop(&l);
}

static void routes_follow_the_probes(void **state)
{
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	assert_int_equal(l.want.set.routes[0].state, NODE_UP);
	assert_int_equal(l.want.set.routes[0].med, 100);
	forget("two");
	UNTIL(&l, l.want.set.routes[0].state == NODE_DEGRADED);
	assert_int_equal(l.want.set.cnt, 2);
	assert_int_equal(l.want.set.routes[1].med, 500);
	forget("one");
	UNTIL(&l, l.want.set.cnt == 0);
	touch("one");
	touch("two");
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
	assert_int_equal(logged("\"what\":\"start\""), 1);
	assert_true(logged("\"to\":\"degraded\",\"cause\":\"two has failed") >=
		    2);
	assert_int_equal(logged("\"what\":\"node\""), 4);
	assert_true(logged("\"what\":\"route\",\"name\":\"192.0.2.53\"") >= 3);
}

static void a_drain_ends_and_is_taken_back(void **state)
{
	struct life l;
	json_t *reply;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	/* the other node has not been heard: it waits for it */
	reply = ask(&l, "{\"command\":\"drain\"}");
	assert_non_null(strstr(text_in(reply, "warning"), "no other node"));
	json_decref(reply);
	UNTIL(&l, l.want.set.routes[0].state == NODE_DRAINING);
	assert_int_equal(l.want.set.routes[0].communities[0],
			 ROUTE_GRACEFUL_SHUTDOWN);
	assert_false(l.want.drained);
	assert_ok(&l, "{\"command\":\"drain\",\"force\":true}");
	UNTIL(&l, l.want.drained);
	assert_int_equal(l.want.set.cnt, 0);
	assert_ok(&l, "{\"command\":\"resume\"}");
	UNTIL(&l, l.want.set.cnt == 2);
	assert_false(l.want.drained);
	stop(&l);
	assert_int_equal(logged("\"what\":\"order\""), 3);
	assert_int_equal(logged("forced"), 1);
}

/* The order that a restart would find now. */
static enum health_order remembered(void)
{
	char boot[SNAPSHOT_BOOT_LEN];
	struct health_memory memory;
	bool fresh;

	snapshot_boot(boot);
	snapshot_read(&memory, &fresh, scratch_path("state"), boot,
		      clock_boot_ms());
	return memory.order;
}

static void why_says_what_holds_the_node(void **state)
{
	json_t *reply, *lines;
	struct life l;
	bool said = false;

	(void)state;
	touch("two");
	start(&l, NULL);
	UNTIL(&l, node_is(&l, "down"));
	reply = ask(&l, "{\"command\":\"why\"}");
	lines = json_object_get(reply, "lines");
	for (size_t i = 0; i < json_array_size(lines); i++)
		said |= strstr(json_string_value(json_array_get(lines, i)),
			       "one has failed") != NULL;
	assert_true(said);
	json_decref(reply);
	stop(&l);
}

static void an_order_outlives_the_worker(void **state)
{
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	assert_ok(&l, "{\"command\":\"disable\"}");
	UNTIL(&l, l.want.set.cnt == 0);
	UNTIL(&l, node_is(&l, "disabled"));
	UNTIL(&l, remembered() == HEALTH_DISABLE);
	kill(l.pid, SIGKILL);
	end(&l);

	start(&l, NULL);
	l.status.worker_starts = 2;
	UNTIL(&l, node_is(&l, "disabled"));
	assert_int_equal(l.want.set.cnt, 0);
	assert_ok(&l, "{\"command\":\"resume\"}");
	UNTIL(&l, l.want.set.cnt == 2);
	stop(&l);
}

static void a_new_worker_takes_over_without_a_flap(void **state)
{
	struct route_set found;
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	/* what it remembers is on its way */
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
	found = l.want.set;

	start(&l, &found);
	UNTIL(&l, l.beats >= 2 && node_is(&l, "up"));
	assert_int_equal(l.want.set.cnt, 2);
	assert_int_equal(l.withdrawals, 0);
	assert_int_equal(logged("goes on from what is remembered"), 1);
	/* units have not moved */
	assert_int_equal(logged("\"what\":\"unit\""), 2);
	stop(&l);

	/* and what has failed meanwhile is not taken over */
	forget("one");
	start(&l, &found);
	UNTIL(&l, l.wanting && l.want.set.cnt == 0);
	stop(&l);
}

static void a_damaged_memory_is_none(void **state)
{
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	assert_int_equal(mkdir(scratch_path("state"), 0700), 0);
	scratch_write("state/health.memory", "nonsense", 8);
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	stop(&l);
	assert_int_equal(logged("damaged, and ignored"), 1);
}

static void a_reload_moves_nothing_that_stays(void **state)
{
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, node_is(&l, "up"));
	write_conf("", "med-up = 70\n");
	assert_ok(&l, "{\"command\":\"reload\"}");
	UNTIL(&l, l.want.set.routes[0].med == 70);
	assert_int_equal(l.want.set.cnt, 2);
	kill(l.pid, SIGHUP);
	UNTIL(&l, logged("by SIGHUP") == 1);
	UNTIL(&l, node_is(&l, "up"));
	assert_int_equal(l.withdrawals, 0);
	assert_false(restart_asked);
	/* a new probe that is bad decides with its first attempts */
	write_conf("", "[probe three]\ntype = command\n"
		       "command = /bin/false\n");
	assert_ok(&l, "{\"command\":\"reload\"}");
	UNTIL(&l, l.want.set.cnt == 0);
	stop(&l);
	assert_int_equal(logged("\"what\":\"unit\""), 4);
}

static void a_prefix_that_is_gone_is_withdrawn_before_the_restart(void **state)
{
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	scratch_write("site.conf", site_of_one, strlen(site_of_one));
	assert_ok(&l, "{\"command\":\"reload\"}");
	UNTIL(&l, restart_asked);
	assert_int_equal(l.want.set.cnt, 1);
	assert_int_equal(l.want.set.routes[0].prefix.addr.family, ADDR_IP4);
	assert_int_equal(l.withdrawals, 1);
	stop(&l);
	assert_int_equal(logged("no longer configured"), 1);
	assert_int_equal(logged("followed by a restart in place"), 1);
}

static void a_broken_configuration_changes_nothing(void **state)
{
	struct life l;
	json_t *reply;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	scratch_write("site.conf", "[service]\nadress = x\n", 21);
	reply = ask(&l, "{\"command\":\"reload\"}");
	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_non_null(strstr(text_in(reply, "error"), "site.conf:2"));
	json_decref(reply);
	reply = ask(&l, "{\"command\":\"status\"}");
	assert_non_null(strstr(text_in(reply, "config_error"), "site.conf:2"));
	json_decref(reply);
	scratch_write("site.conf", site_text, strlen(site_text));
	assert_ok(&l, "{\"command\":\"reload\"}");
	reply = ask(&l, "{\"command\":\"status\"}");
	assert_string_equal(text_in(reply, "config_error"), "");
	json_decref(reply);
	assert_int_equal(l.withdrawals, 0);
	stop(&l);
	assert_int_equal(logged("\"to\":\"refused\""), 1);
}

static void hooks_are_run_for_units_and_node(void **state)
{
	char script[PATH_MAX + 256], more[PATH_MAX + 16];
	struct life l;
	char *text;

	(void)state;
	touch("one");
	touch("two");
	snprintf(script, sizeof(script),
		 "#!/bin/sh\necho \"$ANYCAST_WHAT $ANYCAST_GROUP "
		 "$ANYCAST_FAMILY $ANYCAST_FROM $ANYCAST_TO $ANYCAST_NODE "
		 "$ANYCAST_PREFIXES\" >>%s/hooked\n", scratch_dir);
	scratch_write("hook", script, strlen(script));
	assert_int_equal(chmod(scratch_path("hook"), 0755), 0);
	snprintf(more, sizeof(more), "hook = %s\n", scratch_path("hook"));
	write_conf(more, "");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	text = NULL;
	do {
		free(text);
		turn(&l);
		text = read_text("hooked");
	} while (!strstr(text, "node "));
	assert_string_equal(text,
		"unit service 4 unknown up a 192.0.2.53\n"
		"unit service 6 unknown up a 2001:db8:53::53\n"
		"node   unknown up a \n");
	free(text);
	stop(&l);
}

static void the_node_state_is_told_and_left_behind(void **state)
{
	struct nodestate s;
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, nodestate_read(&s, scratch_path("run/node.state")) == 0 &&
			  (nodestate_fini(&s), true));
	assert_ok(&l, "{\"command\":\"drain\",\"force\":true}");
	UNTIL(&l, l.want.drained);
	stop(&l);
	assert_int_equal(nodestate_read(&s, scratch_path("run/node.state")),
			 0);
	assert_string_equal(s.self, "a");
	assert_int_equal(s.state, NODE_DRAINING);
	assert_true(s.has_until);
	assert_true(s.until_ms > clock_boot_ms());
	assert_true(s.until_ms <= clock_boot_ms() + 5000);
	nodestate_fini(&s);
	/* and no socket is */
	assert_int_equal(access(scratch_path("run/control.sock"), F_OK), -1);
}

static void it_ends_with_its_guardian(void **state)
{
	struct life l;
	int status;

	(void)state;
	start(&l, NULL);
	UNTIL(&l, l.beats >= 1);
	close(l.fd);
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	alive = 0;
	assert_int_equal(status, 0);
	assert_int_equal(logged("the guardian is gone"), 1);
}

static void the_log_goes_on_where_the_last_worker_ended(void **state)
{
	json_t *reply, *lines;
	struct life l;

	(void)state;
	start(&l, NULL);
	UNTIL(&l, l.beats >= 1);
	stop(&l);
	start(&l, NULL);
	reply = ask(&l, "{\"command\":\"log\",\"lines\":256}");
	lines = json_object_get(reply, "lines");
	assert_string_equal(text_in(json_array_get(lines, 0), "what"),
			    "start");
	assert_true(json_array_size(lines) >= 3);
	json_decref(reply);
	reply = ask(&l, "{\"command\":\"log\",\"lines\":1}");
	assert_int_equal(json_array_size(json_object_get(reply, "lines")), 1);
	json_decref(reply);
	stop(&l);
}

static void without_a_guardian_it_does_not_begin(void **state)
{
	struct life l;
	int status;

	(void)state;
	l.pid = fork();
	if (l.pid == 0) {
		int null = open("/dev/null", O_RDWR);

		be_worker(null);
	}
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static int finish(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(it_beats_and_wants_nothing_before_it_is_sure),
		STORY(routes_follow_the_probes),
		STORY(a_drain_ends_and_is_taken_back),
		STORY(why_says_what_holds_the_node),
		STORY(an_order_outlives_the_worker),
		STORY(a_new_worker_takes_over_without_a_flap),
		STORY(a_damaged_memory_is_none),
		STORY(a_reload_moves_nothing_that_stays),
		STORY(a_prefix_that_is_gone_is_withdrawn_before_the_restart),
		STORY(a_broken_configuration_changes_nothing),
		STORY(hooks_are_run_for_units_and_node),
		STORY(the_node_state_is_told_and_left_behind),
		STORY(it_ends_with_its_guardian),
		STORY(the_log_goes_on_where_the_last_worker_ended),
		STORY(without_a_guardian_it_does_not_begin),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN);
	failed = cmocka_run_group_tests(tests, scratch_setup, NULL);
	remove_all();
	rmdir(scratch_dir);
	return failed;
}
