/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node as a whole, and every cause in words. */
#include "health-agent/policy/test/world.h"

static void the_node_is_made_of_its_service_units(void **state)
{
	static const struct {
		uint64_t at_ms;
		const char *does;
		enum node_state want;
		const char *cause;
	} rows[] = {
		{ 0, "", NODE_UNKNOWN,
		  "service (IPv4) is unknown: sip4 (IPv4) has not "
		  "answered yet (and 3 more probes)" },
		{ 100, "sip6 good 3, kam good", NODE_DOWN,
		  "service (IPv6) is down: hold-down: up in 5.0 s" },
		{ 5100, "", NODE_DEGRADED,
		  "service (IPv4) is unknown: sip4 (IPv4) has not "
		  "answered yet (and 2 more probes)" },
		{ 5200, "all good 3", NODE_DEGRADED,
		  "service (IPv4) is down: hold-down: up in 5.0 s" },
		{ 10200, "", NODE_UP, "all units are up" },
		{ 10201, "web4 bad 3", NODE_UP, "all units are up" },
		{ 10202, "tone4 bad 3", NODE_DEGRADED,
		  "service (IPv4) is degraded: tone4 (IPv4) has failed 3 "
		  "times: no answer in 500 ms" },
		{ 10203, "sip4 bad 3", NODE_DEGRADED,
		  "service (IPv4) is down: sip4 (IPv4) has failed 3 times: no "
		  "answer in 500 ms" },
		{ 10204, "sip4 good 3", NODE_DEGRADED,
		  "service (IPv4) is down: hold-down: up in 5.0 s" },
		{ 15204, "sip6 bad 4", NODE_DEGRADED,
		  "service (IPv6) is down: sip6 (IPv6) has failed 4 times: no "
		  "answer in 500 ms" },
		{ 15204, "sip4 bad 3", NODE_DOWN,
		  "service (IPv4) is down: sip4 (IPv4) has failed 3 times: no "
		  "answer in 500 ms" },
		{ 15205, "drain", NODE_DRAINING, "withdrawn by a drain" },
		{ 15206, "disable", NODE_DISABLED, "disabled by an operator" },
	};
	char cause[HEALTH_CAUSE_MAX];
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_do(&w, rows[i].at_ms, rows[i].does);
		CHECK_EQ(rows[i].want, health_node(w.h, cause), rows[i].does);
		CHECK_STR(rows[i].cause, cause, rows[i].does);
	}
	world_fini(&w);
}

static void a_drain_names_the_unit_that_is_still_announced(void **state)
{
	char cause[HEALTH_CAUSE_MAX];
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "sip4 bad 3, peer 0 up, drain");
	assert_int_equal(NODE_DRAINING, health_node(w.h, cause));
	assert_string_equal("service (IPv6) is draining: withdrawn in "
			    "10 s", cause);
	world_fini(&w);
}

static void one_unit_is_called_by_its_name(void **state)
{
	char cause[HEALTH_CAUSE_MAX];
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.groups[0].prefix_cnt = 1;
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	assert_int_equal(NODE_UP, health_node(w.h, cause));
	assert_string_equal("service is up", cause);
	world_fini(&w);
}

static void without_a_service_there_is_nothing_to_say(void **state)
{
	char cause[HEALTH_CAUSE_MAX];
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.groups[0].is_service = false;
	world_do(&w, 0, "all good 3");
	assert_int_equal(NODE_UNKNOWN, health_node(w.h, cause));
	assert_string_equal("no group is part of the service", cause);
	world_do(&w, 0, "drain");
	assert_int_equal(NODE_DRAINING, health_node(w.h, cause));
	world_fini(&w);
}

struct told {
	uint64_t at_ms;
	const char *does;
	enum health_hold hold;
	const char *cause;
};

/* Of service4. */
static void check_causes(const struct told *rows, size_t cnt)
{
	struct world w;

	world_init(&w);
	for (size_t i = 0; i < cnt; i++) {
		const struct health_unit *u;

		world_do(&w, rows[i].at_ms, rows[i].does);
		u = health_unit(w.h, 0);
		CHECK_EQ(rows[i].hold, u->hold, rows[i].does);
		CHECK_STR(rows[i].cause, u->cause, rows[i].does);
	}
	world_fini(&w);
}

static void probes_are_told_in_words(void **state)
{
	static const struct told rows[] = {
		{ 0, "sip4 good 2", HEALTH_HOLD_UNDECIDED,
		  "sip4 (IPv4): 2 of 3 good attempts (and 3 more probes)" },
		{ 1, "all good 3, tone4 bad 2, sip4 good",
		  HEALTH_HOLD_DOWN, "hold-down: up in 5.0 s" },
		{ 1801, "", HEALTH_HOLD_DOWN, "hold-down: up in 3.2 s" },
		{ 5001, "", HEALTH_HOLD_NONE, "all 4 probes are good" },
		{ 5002, "tone4 bad 3", HEALTH_HOLD_PROBES,
		  "tone4 (IPv4) has failed 5 times: no answer in 500 ms" },
		{ 5003, "sip4 bad 3", HEALTH_HOLD_PROBES,
		  "sip4 (IPv4) has failed 3 times: no answer in 500 ms" },
		{ 5004, "kam gone", HEALTH_HOLD_PROBES,
		  "sip4 (IPv4) has failed 3 times: no answer in 500 ms (and 1 "
		  "more probe)" },
		{ 5005, "sip4 good 3", HEALTH_HOLD_PROBES,
		  "kam is gone: process 4711 ended" },
	};

	(void)state;
	check_causes(rows, ARRAY_SIZE(rows));
}

static void remote_probes_are_told_in_words(void **state)
{
	static const struct told rows[] = {
		{ 0, "all good 3, peer 0 up", HEALTH_HOLD_DOWN,
		  "hold-down: up in 5.0 s" },
		{ 5000, "up4 bad 3", HEALTH_HOLD_REMOTE,
		  "up4 (IPv4) has failed 3 times: no answer in 500 ms; "
		  "withdrawn in 5.0 s if another node stays up" },
		{ 10000, "", HEALTH_HOLD_REMOTE,
		  "up4 (IPv4) has failed 3 times: no answer in 500 ms; another "
		  "node is up" },
		{ 10001, "peer 0 down", HEALTH_HOLD_REMOTE_LAST,
		  "up4 (IPv4) has failed 3 times: no answer in 500 ms; no "
		  "other node is up" },
	};

	(void)state;
	check_causes(rows, ARRAY_SIZE(rows));
}

static void damping_is_told_in_words(void **state)
{
	static const struct told rows[] = {
		{ 0, "all good 3, peer 0 up", HEALTH_HOLD_DOWN,
		  "hold-down: up in 5.0 s" },
		{ 5000, "sip4 bad 3, sip4 good 3", HEALTH_HOLD_DOWN,
		  "hold-down: up in 5.0 s" },
		{ 10000, "sip4 bad 3, sip4 good 3", HEALTH_HOLD_DOWN,
		  "hold-down: up in 5.0 s" },
		{ 15000, "sip4 bad 3", HEALTH_HOLD_PROBES,
		  "sip4 (IPv4) has failed 3 times: no answer in 500 ms" },
		{ 16000, "sip4 good 3", HEALTH_HOLD_DAMPED,
		  "damped: penalty 2800, below 1000 in 90 s" },
		{ 17000, "peer 0 unknown", HEALTH_HOLD_DOWN,
		  "damped, announced in 4.0 s if no other node is up by then" },
		{ 17000, "peer 0 up", HEALTH_HOLD_DAMPED,
		  "damped: penalty 2768, below 1000 in 89 s" },
		{ 100000, "peer 0 down", HEALTH_HOLD_DAMPED_LAST,
		  "damped, but no other node is up: penalty 1061, below 1000 "
		  "in 5.2 s" },
		{ 100000, "peer 0 up", HEALTH_HOLD_DAMPED_LAST,
		  "damped, but announced since no other node was up: penalty "
		  "1061, below 1000 in 5.2 s" },
	};

	(void)state;
	check_causes(rows, ARRAY_SIZE(rows));
}

static void orders_are_told_in_words(void **state)
{
	static const struct told rows[] = {
		{ 0, "all good 3", HEALTH_HOLD_DOWN,
		  "hold-down: up in 5.0 s" },
		{ 5000, "peer 0 up, drain", HEALTH_HOLD_DRAIN_WAIT,
		  "withdrawn in 10 s" },
		{ 7500, "", HEALTH_HOLD_DRAIN_WAIT,
		  "withdrawn in 7.5 s" },
		{ 7500, "peer 0 unknown", HEALTH_HOLD_DRAIN_LAST,
		  "announced until another node has been up for 10 s" },
		{ 7500, "drain wait 0", HEALTH_HOLD_DRAIN_LAST,
		  "announced until another node is up" },
		{ 7500, "drain wait 10000", HEALTH_HOLD_DRAIN_LAST,
		  "announced until another node has been up for 10 s" },
		{ 15001, "peer 0 up", HEALTH_HOLD_DRAIN_WAIT,
		  "withdrawn in 10 s" },
		{ 25001, "", HEALTH_HOLD_DRAINED,
		  "withdrawn by a drain" },
		{ 25002, "disable", HEALTH_HOLD_DISABLED,
		  "disabled by an operator" },
		{ 25003, "resume, restart", HEALTH_HOLD_ADOPTING,
		  "was announced before, waiting for sip4 (IPv4) (and "
		  "3 more probes)" },
	};

	(void)state;
	check_causes(rows, ARRAY_SIZE(rows));
}

static void what_is_rare_is_told_in_words(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.peer_cnt = 0;
	w.conf.groups[0].suppress_max_ms = 60000;
	w.conf.groups[0].hold_down_ms = 0;
	w.conf.probes[1].family = ADDR_IP4;	/* sip6 */
	world_do(&w, 0, "all good 3");
	assert_string_equal("its probe is good", health_unit(w.h, 1)->cause);
	for (unsigned i = 0; i < 3; i++)
		world_do(&w, 1000, "sip4 bad 3, sip4 good 3");
	assert_string_equal("damped: penalty 2501, released in 60 s",
			    health_unit(w.h, 0)->cause);
	world_do(&w, 61000, "drain wait 0");
	assert_string_equal("announced until forced: there is no other node",
			    health_unit(w.h, 0)->cause);
	world_fini(&w);
}

/* The longest name, text and count there are. */
static void a_long_cause_keeps_its_end(void **state)
{
	char text[1000];
	struct world w;

	(void)state;
	world_init(&w);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memset(w.conf.probes[3].name, 'p', HEALTH_NAME_MAX - 1);
	world_do(&w, 0, "all good 3, peer 0 up");
	for (unsigned i = 0; i < 1000; i++)
		health_attempted(w.h, 3, HEALTH_BAD, text, 5000);
	assert_non_null(strstr(health_unit(w.h, 0)->cause, " 1000 times: x"));
	assert_non_null(strstr(health_unit(w.h, 0)->cause,
			       "xx; withdrawn in 5.0 s if another node stays "
			       "up"));
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_node_is_made_of_its_service_units),
		cmocka_unit_test(
			a_drain_names_the_unit_that_is_still_announced),
		cmocka_unit_test(one_unit_is_called_by_its_name),
		cmocka_unit_test(without_a_service_there_is_nothing_to_say),
		cmocka_unit_test(probes_are_told_in_words),
		cmocka_unit_test(remote_probes_are_told_in_words),
		cmocka_unit_test(damping_is_told_in_words),
		cmocka_unit_test(orders_are_told_in_words),
		cmocka_unit_test(what_is_rare_is_told_in_words),
		cmocka_unit_test(a_long_cause_keeps_its_end),
	};

	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
