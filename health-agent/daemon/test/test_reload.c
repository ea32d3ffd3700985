/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new configuration while the worker runs. */
#include "health-agent/daemon/test/life.h"

static const char site_of_one[] =
	"[service]\ndomain = sip.example.net\nsecret = correct horse battery\n"
	"address = 192.0.2.53\n[node a]\naddress = 127.0.53.11\n"
	"[node b]\naddress = 127.0.53.12\n";

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
	scratch_write("site.conf", life_site, strlen(life_site));
	assert_ok(&l, "{\"command\":\"reload\"}");
	reply = ask(&l, "{\"command\":\"status\"}");
	assert_string_equal(text_in(reply, "config_error"), "");
	json_decref(reply);
	assert_int_equal(l.withdrawals, 0);
	stop(&l);
	assert_int_equal(logged("\"to\":\"refused\""), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_reload_moves_nothing_that_stays),
		STORY(a_prefix_that_is_gone_is_withdrawn_before_the_restart),
		STORY(a_broken_configuration_changes_nothing),
	};

	return cmocka_run_group_tests(tests, life_setup, life_teardown);
}
