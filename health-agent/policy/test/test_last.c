/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last node: "I cannot reach others", damping, and who counts as up. */
#include "health-agent/policy/test/world.h"

WORLD_TEST(what_it_cannot_reach_does_not_withdraw_the_last_node,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "up4 bad 3", "service4 degraded+" REST_UP },
	{ 999000, "up4 bad", "service4 degraded+" REST_UP },
	{ 999100, "up4 good 3", ALL_UP });

WORLD_TEST(what_is_wrong_here_withdraws_the_last_node_too,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "up4 bad 3, sip4 bad 3", "service4 down" REST_UP });

WORLD_TEST(another_node_must_stay_up_for_a_while,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "up4 bad 3", "service4 degraded+ @11000" REST_UP },
	{ 10999, "", "service4 degraded+ @11000" REST_UP },
	{ 11000, "", "service4 down" REST_UP },
	/* back only when it is good itself, after hold-down */
	{ 20000, "up4 good 3", "service4 down @25000" REST_UP },
	{ 25000, "", ALL_UP });

WORLD_TEST(two_nodes_of_one_uplink_do_not_both_withdraw,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "up4 bad 3", "service4 degraded+ @11000" REST_UP },
	/* the other one has found out as well */
	{ 9500, "peer 0 degraded", "service4 degraded+" REST_UP },
	{ 11000, "", "service4 degraded+" REST_UP },
	/* the wait begins anew */
	{ 20000, "peer 0 up", "service4 degraded+ @25000" REST_UP },
	{ 24999, "peer 0 unknown", "service4 degraded+" REST_UP },
	{ 25000, "", "service4 degraded+" REST_UP });

WORLD_TEST(one_that_withdrew_returns_at_once_when_it_is_the_last,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "up4 bad 3", NULL },
	{ 11000, "", "service4 down" REST_UP },
	{ 60000, "peer 0 unknown", "service4 degraded+" REST_UP },
	{ 61000, "peer 0 up", "service4 degraded+ @66000" REST_UP },
	{ 66000, "", "service4 down" REST_UP });

/* Hold-down counts from when all that is local was good. */
WORLD_TEST(the_last_node_is_held_down_for_local_probes_only,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "up4 bad 3, sip4 bad 3", "service4 down" REST_UP },
	{ 20000, "sip4 good 3", "service4 down" REST_UP },
	{ 22000, "peer 0 down", "service4 down @25000" REST_UP },
	{ 25000, "", "service4 degraded+" REST_UP });

WORLD_TEST(at_the_start_what_others_serve_is_left_to_them,
	{ 0, "peer 0 up", NULL },
	{ 100, "all good 2, sip4 good, kam good, tone4 good, up4 bad 3",
	  "service4 down; service6 unknown; web4 unknown" },
	{ 90000, "", "service4 down; service6 unknown; web4 unknown" },
	{ 90001, "peer 0 disabled",
	  "service4 degraded+; service6 unknown; web4 unknown" });

static void only_a_global_node_that_is_up_counts(void **state)
{
	static const struct {
		const char *peer;
		size_t up;
		const char *want;
	} rows[] = {
		{ "peer 0 up", 1, "service4 degraded+ @5100" REST_UP },
		{ "peer 0 degraded", 0, "service4 degraded+" REST_UP },
		{ "peer 0 draining", 0, "service4 degraded+" REST_UP },
		{ "peer 0 down", 0, "service4 degraded+" REST_UP },
		{ "peer 0 disabled", 0, "service4 degraded+" REST_UP },
		{ "peer 0 unknown", 0, "service4 degraded+" REST_UP },
		{ "peer 1 up", 0, "service4 degraded+" REST_UP },
		{ "peer 0 up, peer 0 up, peer 0 down", 0,
		  "service4 degraded+" REST_UP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct world w;

		world_init(&w);
		w.conf.groups[0].hold_down_ms = 0;
		w.conf.groups[1].hold_down_ms = 0;
		world_do(&w, 0, "all good 3");
		world_do(&w, 100, rows[i].peer);
		world_do(&w, 100, "up4 bad 3");
		CHECK_EQ(rows[i].up, health_others_up(w.h), rows[i].peer);
		CHECK_STR(rows[i].want, world_tell(&w), rows[i].peer);
		world_fini(&w);
	}
}

static void with_no_wait_it_withdraws_at_once(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.groups[0].remote_wait_ms = 0;
	world_do(&w, 0, "all good 3, peer 0 up");
	world_do(&w, 5000, "up4 bad 3");
	assert_string_equal("service4 down" REST_UP, world_tell(&w));
	world_fini(&w);
}

WORLD_TEST(to_withdraw_for_what_is_remote_is_a_loss_too,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "sip4 bad 3, sip4 good 3", NULL },
	{ 10000, "sip4 bad 3, sip4 good 3", NULL },
	{ 15000, "up4 bad 3", "service4 degraded+ @20000" REST_UP },
	/* 1943 * 2^(-10/60) + 1000 = 2731; 86.966 s of it */
	{ 20000, "up4 good 2", "service4 down" REST_UP },
	{ 20001, "up4 good", "service4 down @106966" REST_UP });

/* ---- damping */

#define FLAP "sip4 bad 3, sip4 good 3"

WORLD_TEST(the_last_node_is_announced_though_damped,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, FLAP, NULL },
	{ 10000, FLAP, NULL },
	{ 15000, FLAP, "service4 down @105140" REST_UP },
	{ 50000, "peer 0 down", "service4 degraded+ @105140" REST_UP },
	/* once out it stays out */
	{ 60000, "peer 0 up", "service4 degraded+ @105140" REST_UP },
	{ 105140, "", ALL_UP });

WORLD_TEST(the_last_node_is_held_down_as_ever,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, FLAP, NULL },
	{ 10000, FLAP, NULL },
	{ 15000, FLAP ", peer 0 unknown", "service4 down @20000" REST_UP },
	{ 20000, "", "service4 degraded+ @105140" REST_UP },
	/* another loss: 2833 * 2^(-10/60) + 1000 = 3523; 109.009 s */
	{ 25000, "sip4 bad 3", "service4 down" REST_UP },
	{ 26000, "sip4 good 3", "service4 down @31000" REST_UP },
	{ 31000, "", "service4 degraded+ @134009" REST_UP },
	{ 134009, "", ALL_UP });

static void a_node_alone_is_damped(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.peer_local[0] = 3;	/* nobody could take over */
	world_do(&w, 0, "all good 3, peer 0 up");
	world_do(&w, 5000, FLAP);
	world_do(&w, 10000, FLAP);
	world_do(&w, 15000, FLAP);
	assert_string_equal("service4 down @105140" REST_UP, world_tell(&w));
	/* but it does not withdraw for what is remote */
	world_do(&w, 105140, "up4 bad 3");
	assert_string_equal("service4 degraded+" REST_UP, world_tell(&w));
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_it_cannot_reach_does_not_withdraw_the_last_node),
		cmocka_unit_test(
			what_is_wrong_here_withdraws_the_last_node_too),
		cmocka_unit_test(another_node_must_stay_up_for_a_while),
		cmocka_unit_test(two_nodes_of_one_uplink_do_not_both_withdraw),
		cmocka_unit_test(
			one_that_withdrew_returns_at_once_when_it_is_the_last),
		cmocka_unit_test(
			the_last_node_is_held_down_for_local_probes_only),
		cmocka_unit_test(
			at_the_start_what_others_serve_is_left_to_them),
		cmocka_unit_test(only_a_global_node_that_is_up_counts),
		cmocka_unit_test(with_no_wait_it_withdraws_at_once),
		cmocka_unit_test(
			to_withdraw_for_what_is_remote_is_a_loss_too),
		cmocka_unit_test(the_last_node_is_announced_though_damped),
		cmocka_unit_test(the_last_node_is_held_down_as_ever),
		cmocka_unit_test(a_node_alone_is_damped),
	};

	return cmocka_run_group_tests_name("last", tests, NULL, NULL);
}
