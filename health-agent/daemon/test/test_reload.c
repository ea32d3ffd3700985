/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new configuration while the worker runs. */
#include "health-agent/daemon/test/life.h"

#include "common/nodestate.h"
#include "health-agent/daemon/snapshot.h"

static const char site_of_one[] =
	"[service]\ndomain = sip.example.net\nsecret = correct horse battery\n"
	"address = 192.0.2.53\n[node a]\naddress = 127.0.53.11\n"
	"[node b]\naddress = 127.0.53.12\n";

static void a_reload_moves_nothing_that_stays(void **state)
{
	struct life l;

	(void)state;
	start_good(&l);
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
	start_good(&l);
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

/* The new guardian would not know it as its own, and leave it where it is. */
static void so_it_is_before_a_restart_that_is_ordered(void **state)
{
	struct life l;

	(void)state;
	start_good(&l);
	scratch_write("site.conf", site_of_one, strlen(site_of_one));
	assert_ok(&l, "{\"command\":\"restart\"}");
	UNTIL(&l, restart_asked);
	assert_int_equal(l.want.set.cnt, 1);
	assert_int_equal(l.withdrawals, 1);
	stop(&l);
	assert_int_equal(logged("no longer configured"), 1);
}

static void a_broken_configuration_changes_nothing(void **state)
{
	struct life l;
	json_t *reply;

	(void)state;
	start_good(&l);
	scratch_write("site.conf", "[service]\nadress = x\n", 21);
	reply = ask(&l, "{\"command\":\"reload\"}");
	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_non_null(strstr(text_in(reply, "error"), "site.conf:2"));
	json_decref(reply);
	reply = ask(&l, "{\"command\":\"status\"}");
	assert_non_null(strstr(text_in(reply, "config_error"), "site.conf:2"));
	json_decref(reply);
	scratch_write("site.conf", life_site, strlen(life_site));
	assert_ok(&l, "{\"command\":\"reload\"}");
	reply = ask(&l, "{\"command\":\"status\"}");
	assert_string_equal(text_in(reply, "config_error"), "");
	json_decref(reply);
	assert_int_equal(l.withdrawals, 0);
	stop(&l);
	assert_int_equal(logged("\"to\":\"refused\""), 1);
}

/* Somebody else has moved it away (logrotate). */
static void a_reload_begins_the_audit_log_anew(void **state)
{
	char path[PATH_MAX], old[PATH_MAX];
	struct life l;

	(void)state;
	start_good(&l);
	snprintf(path, sizeof(path), "%s", scratch_path("state/audit.log"));
	snprintf(old, sizeof(old), "%s", scratch_path("state/audit.log.1"));
	UNTIL(&l, logged("\"what\":\"start\"") == 1);
	assert_int_equal(rename(path, old), 0);
	assert_ok(&l, "{\"command\":\"reload\"}");
	UNTIL(&l, access(path, F_OK) == 0 && logged("\"done\"") == 1);
	assert_int_equal(logged("\"what\":\"start\""), 0);
	stop(&l);
}

/* By signals that come faster than any probe answers. */
static void a_storm_of_reloads_hides_no_failure(void **state)
{
	struct life l;
	uint64_t end_ms;

	(void)state;
	touch("one");
	touch("two");
	write_conf("", "[probe slow]\ntype = command\ninterval = 1s\n"
		   "timeout = 300ms\ncommand = /bin/true\n");
	start(&l, NULL);
	UNTIL(&l, l.want.set.cnt == 2);
	/* never answers again */
	write_conf("", "[probe slow]\ntype = command\ninterval = 1s\n"
		   "timeout = 300ms\ncommand = /bin/sleep 1000\n");
	end_ms = clock_ms() + PATIENCE_MS;
	while (l.want.set.cnt && clock_ms() < end_ms) {
		kill(l.pid, SIGHUP);
		turn(&l);
	}
	assert_int_equal(l.want.set.cnt, 0);
	/* and the last one counts */
	write_conf("", "");
	kill(l.pid, SIGHUP);
	UNTIL(&l, l.want.set.cnt == 2);
	stop(&l);
	assert_true(logged("by SIGHUP") < 50);
}

static void a_restart_with_a_broken_file_is_refused(void **state)
{
	struct life l;
	json_t *reply;

	(void)state;
	start(&l, NULL);
	UNTIL(&l, l.beats >= 1);
	scratch_write("site.conf", "[service]\nadress = x\n", 21);
	reply = ask(&l, "{\"command\":\"restart\"}");
	assert_true(json_is_false(json_object_get(reply, "ok")));
	assert_non_null(strstr(text_in(reply, "error"), "site.conf:2"));
	json_decref(reply);
	l.beats = 0;
	UNTIL(&l, l.beats >= 3);
	assert_false(restart_asked);
	scratch_write("site.conf", life_site, strlen(life_site));
	assert_ok(&l, "{\"command\":\"restart\"}");
	UNTIL(&l, restart_asked);
	stop(&l);
	assert_int_equal(logged("\"to\":\"restart refused\""), 1);
}

static bool warns(struct life *l, const char *part)
{
	json_t *reply = ask(l, "{\"command\":\"status\"}");
	json_t *warnings = json_object_get(reply, "warnings");
	bool does = false;

	for (size_t i = 0; i < json_array_size(warnings); i++)
		does |= strstr(json_string_value(json_array_get(warnings, i)),
			       part) != NULL;
	json_decref(reply);
	return does;
}

static void a_restart_that_does_not_come_is_told_of(void **state)
{
	struct life l;

	(void)state;
	start(&l, NULL);
	assert_ok(&l, "{\"command\":\"restart\"}");
	UNTIL(&l, restart_asked);
	assert_false(warns(&l, "has not taken place"));
	UNTIL(&l, warns(&l, "has not taken place"));
	stop(&l);
}

/* What the next worker finds in the new folder. */
static void an_order_moves_with_the_state_dir(void **state)
{
	char boot[SNAPSHOT_BOOT_LEN], conf[8192], *old, *at;
	struct health_memory memory;
	struct life l;
	bool fresh;

	(void)state;
	touch("one");
	touch("two");
	start(&l, NULL);
	assert_ok(&l, "{\"command\":\"disable\"}");
	old = read_text("conf");
	at = strstr(old, "/state\n");
	snprintf(conf, sizeof(conf), "%.*s/moved%s", (int)(at - old), old,
		 at + strlen("/state"));
	free(old);
	scratch_write("conf", conf, strlen(conf));
	assert_ok(&l, "{\"command\":\"reload\"}");
	UNTIL(&l, restart_asked);
	snapshot_boot(boot);
	assert_int_equal(snapshot_read(&memory, &fresh, scratch_path("moved"),
				       boot, clock_boot_ms()), 0);
	assert_int_equal(memory.order, HEALTH_DISABLE);
	assert_true(fresh);
	stop(&l);
}

static void while_a_new_probe_is_slow_the_node_is_what_it_was(void **state)
{
	uint64_t begun_ms, until_ms = 0;
	struct nodestate s;
	struct life l;

	(void)state;
	start_good(&l);
	write_conf("", "[probe slow]\ntype = command\ncommand = /bin/sleep 3\n"
		   "interval = 10s\ntimeout = 10s\n");
	assert_ok(&l, "{\"command\":\"reload\"}");
	begun_ms = clock_boot_ms();
	while (until_ms < begun_ms + 6500 &&
	       clock_boot_ms() < begun_ms + 2900) {
		turn(&l);
		if (nodestate_read(&s, scratch_path("run/node.state")))
			continue;
		assert_int_equal(s.state, NODE_UP);
		until_ms = s.until_ms;
		nodestate_fini(&s);
	}
	assert_true(until_ms >= begun_ms + 6500);
	assert_int_equal(l.withdrawals, 0);
	stop(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_reload_moves_nothing_that_stays),
		STORY(a_prefix_that_is_gone_is_withdrawn_before_the_restart),
		STORY(so_it_is_before_a_restart_that_is_ordered),
		STORY(a_broken_configuration_changes_nothing),
		STORY(a_reload_begins_the_audit_log_anew),
		STORY(a_storm_of_reloads_hides_no_failure),
		STORY(a_restart_with_a_broken_file_is_refused),
		STORY(a_restart_that_does_not_come_is_told_of),
		STORY(an_order_moves_with_the_state_dir),
		STORY(while_a_new_probe_is_slow_the_node_is_what_it_was),
	};

	return cmocka_run_group_tests(tests, life_setup, life_teardown);
}
