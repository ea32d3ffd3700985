/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker as its guardian and its operator see it. */
#include "health-agent/daemon/test/life.h"

#include <fcntl.h>
#include <netinet/in.h>

#include "common/nodestate.h"
#include "health-agent/daemon/snapshot.h"

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
	start_good(&l);
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
	start_good(&l);
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
	assert_int_equal(logged(", forced"), 1);
}

static bool is_drained(struct life *l)
{
	json_t *reply = ask(l, "{\"command\":\"status\"}");
	bool is = json_is_true(json_object_get(reply, "drained"));

	json_decref(reply);
	return is;
}

/* To decide it is not to have it: ExaBGP may be frozen. */
static void it_is_drained_when_the_guardian_says_so(void **state)
{
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	l.idle = true;
	assert_ok(&l, "{\"command\":\"drain\",\"force\":true}");
	UNTIL(&l, l.want.drained);
	assert_false(is_drained(&l));
	/* acknowledged, but still there */
	l.status.generation = l.want.generation;
	l.status.routes[1].proof = LINK_PROOF_UNWANTED;
	tell(&l);
	l.beats = 0;
	UNTIL(&l, l.beats >= 2);
	assert_false(is_drained(&l));
	l.idle = false;
	UNTIL(&l, is_drained(&l));
	stop(&l);
}

/* What a restart would find now. */
static struct health_memory memory_now(void)
{
	char boot[SNAPSHOT_BOOT_LEN];
	struct health_memory memory;
	bool fresh;

	snapshot_boot(boot);
	snapshot_read(&memory, &fresh, scratch_path("state"), boot,
		      clock_boot_ms());
	return memory;
}

static enum health_order remembered(void)
{
	return memory_now().order;
}

static bool remembers_routes(void)
{
	struct health_memory memory = memory_now();

	return memory.unit_cnt == 2 && memory.units[0].announced &&
	       memory.units[1].announced;
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
	start_good(&l);
	assert_ok(&l, "{\"command\":\"disable\"}");
	UNTIL(&l, l.want.set.cnt == 0);
	UNTIL(&l, node_is(&l, "disabled"));
	UNTIL(&l, remembered() == HEALTH_DISABLE);
	kill(l.pid, SIGKILL);
	end(&l);

	start_as(&l, NULL, 2);
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
	start_good(&l);
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

/* Whatever the guardian found when it started itself. */
static void what_a_dead_worker_had_announced_is_there_no_more(void **state)
{
	struct route_set found;
	struct life l;

	(void)state;
	touch("one");
	touch("two");
	write_conf("", "[probe slow]\ntype = command\ninterval = 1s\n"
		   "command = /bin/sleep 0.3\ntimeout = 1s\n");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, remembers_routes());
	kill(l.pid, SIGKILL);
	end(&l);
	found = l.want.set;

	start_as(&l, &found, 2);
	UNTIL(&l, l.wanting);
	assert_int_equal(l.want.set.cnt, 0);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, logged("a loss, for 2 units") == 1);
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
}

static void what_is_found_gone_is_a_loss(void **state)
{
	struct link_status exabgp = {
		.output = "exabgp", .worker_starts = 1, .found_known = true,
		.sessions = { { .family = ADDR_IP4 }, { .family = ADDR_IP6 } },
		.session_cnt = 2,
	};
	struct life l;

	(void)state;
	start_good(&l);
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
	/* a dry run finds nothing, and that is no loss */
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
	assert_int_equal(logged("a loss"), 0);

	start_under(&l, &exabgp);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
	assert_int_equal(logged("a loss, for 2 units"), 1);

	/* nobody hears of IPv6, so nobody can find it */
	exabgp.session_cnt = 1;
	start_under(&l, &exabgp);
	UNTIL(&l, l.want.set.cnt == 2);
	UNTIL(&l, node_is(&l, "up"));
	stop(&l);
	assert_int_equal(logged("a loss, for 1 unit\""), 1);
	assert_int_equal(logged("a loss"), 2);
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
	start_good(&l);
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

/* ---- metrics at two addresses */

/* A port of ours that others find taken. */
static int take_port(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static bool answers(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool does = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0;

	close(fd);
	return does;
}

static bool warns_of_metrics(struct life *l)
{
	json_t *reply = ask(l, "{\"command\":\"status\"}");
	json_t *warnings = json_object_get(reply, "warnings");
	bool does = false;

	for (size_t i = 0; i < json_array_size(warnings); i++)
		does |= strstr(json_string_value(json_array_get(warnings, i)),
			       "metrics") != NULL;
	json_decref(reply);
	return does;
}

static void metrics_are_missed_until_each_address_has_them(void **state)
{
	struct sockaddr_in at[2];
	char metrics[64];
	struct life l;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		fds[i] = take_port(&at[i]);
	snprintf(metrics, sizeof(metrics),
		 "metrics = 127.0.0.1:%u, 127.0.0.1:%u\n",
		 ntohs(at[0].sin_port), ntohs(at[1].sin_port));
	write_conf(metrics, "");
	start(&l, NULL);
	UNTIL(&l, warns_of_metrics(&l));
	close(fds[1]);
	UNTIL(&l, answers(&at[1]));
	assert_true(warns_of_metrics(&l));
	close(fds[0]);
	UNTIL(&l, answers(&at[0]));
	assert_false(warns_of_metrics(&l));
	stop(&l);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(it_beats_and_wants_nothing_before_it_is_sure),
		STORY(routes_follow_the_probes),
		STORY(a_drain_ends_and_is_taken_back),
		STORY(it_is_drained_when_the_guardian_says_so),
		STORY(why_says_what_holds_the_node),
		STORY(an_order_outlives_the_worker),
		STORY(a_new_worker_takes_over_without_a_flap),
		STORY(what_a_dead_worker_had_announced_is_there_no_more),
		STORY(what_is_found_gone_is_a_loss),
		STORY(a_damaged_memory_is_none),
		STORY(hooks_are_run_for_units_and_node),
		STORY(the_node_state_is_told_and_left_behind),
		STORY(metrics_are_missed_until_each_address_has_them),
		STORY(it_ends_with_its_guardian),
		STORY(the_log_goes_on_where_the_last_worker_ended),
		STORY(without_a_guardian_it_does_not_begin),
	};

	return cmocka_run_group_tests(tests, life_setup, life_teardown);
}
