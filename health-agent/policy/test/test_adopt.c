/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a restart takes up again, and what it does not. */
#include <stdio.h>
#include <stdlib.h>

#include "health-agent/policy/test/world.h"

#define ADOPTING(ms) \
	"service4 unknown @" ms "; service6 unknown @" ms "; " \
	"web4 unknown @" ms
#define UNKNOWN "service4 unknown; service6 unknown; web4 unknown"

WORLD_TEST(the_first_good_round_keeps_what_was_announced,
	{ 0, "all good 3", NULL },
	{ 5000, "tone4 bad 3", "service4 degraded+; service6 up+; web4 up+" },
	{ 6000, "restart", ADOPTING("6800") },
	{ 6010, "sip4 good, up4 good, kam good, tone4 bad",
	  "service4 degraded+; service6 unknown @6800; web4 unknown @6800" },
	{ 6020, "sip6 good, web4 good",
	  "service4 degraded+; service6 up+; web4 up+" });

WORLD_TEST(the_first_bad_attempt_withdraws,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "restart", ADOPTING("6800") },
	{ 6010, "sip4 bad", "service4 down; service6 unknown @6800; "
			    "web4 unknown @6800" },
	{ 6020, "all good", "service4 down; service6 up+; web4 up+" },
	/* from now on rise and hold-down are needed */
	{ 6030, "all good", "service4 down; service6 up+; web4 up+" },
	{ 6040, "all good", "service4 down @11040; service6 up+; web4 up+" },
	{ 11040, "", ALL_UP });

WORLD_TEST(afterwards_a_probe_falls_as_ever,
	{ 0, "all good 3", NULL },
	{ 6000, "restart, all good", ALL_UP },
	{ 6001, "sip4 bad 2", ALL_UP },
	{ 6002, "sip4 bad", "service4 down; service6 up+; web4 up+" });

/* Though another probe of the unit has not answered yet. */
WORLD_TEST(only_the_first_attempt_decides_alone,
	{ 0, "all good 3", NULL },
	{ 6000, "restart, sip4 good, sip4 bad 2", ADOPTING("6800") },
	{ 6010, "all good", ALL_UP },
	{ 7000, "restart, sip4 good, sip4 bad 3",
	  "service4 down; service6 unknown @7800; web4 unknown @7800" });

WORLD_TEST(who_does_not_answer_in_time_is_not_adopted,
	{ 0, "all good 3", NULL },
	{ 6000, "restart", ADOPTING("6800") },
	{ 6010, "sip4 good, kam good, tone4 good, web4 good", NULL },
	{ 6799, "", "service4 unknown @6800; service6 unknown @6800; "
		    "web4 up+" },
	{ 6800, "", "service4 down; service6 down; web4 up+" },
	/* and then begins like any other */
	{ 7000, "up4 good 2, sip6 good 2", "service4 down; service6 down; "
					   "web4 up+" },
	{ 7100, "up4 good, sip6 good",
	  "service4 down @12100; service6 down @12100; web4 up+" });

WORLD_TEST(what_was_down_stays_down_and_is_decided,
	{ 0, "all good 3", NULL },
	{ 6000, "sip4 bad 3", "service4 down; service6 up+; web4 up+" },
	{ 7000, "restart", "service4 down; service6 unknown @7800; "
			   "web4 unknown @7800" },
	{ 7010, "all good", "service4 down; service6 up+; web4 up+" },
	{ 7020, "sip4 good 2, up4 good 2, tone4 good 2",
	  "service4 down @12020; service6 up+; web4 up+" });

WORLD_TEST(without_a_memory_all_begins_anew,
	{ 0, "all good 3", NULL },
	{ 6000, "restart stale", UNKNOWN },
	{ 6010, "all good", UNKNOWN },
	{ 6020, "all good 2", "service4 down @11020; service6 down @11020; "
			      "web4 down @11020" });

WORLD_TEST(an_order_outlives_what_else_is_forgotten,
	{ 0, "all good 3", NULL },
	{ 6000, "disable, restart old", "service4 disabled; "
					"service6 disabled; web4 disabled" },
	{ 6010, "all good", "service4 disabled; service6 disabled; "
			    "web4 disabled" },
	{ 6020, "drain, restart old", "service4 draining; "
				      "service6 draining; web4 draining" },
	{ 6030, "resume", UNKNOWN });

WORLD_TEST(a_drain_goes_on_where_it_was,
	{ 0, "all good 3", NULL },
	{ 6000, "drain force", NULL },
	{ 9000, "restart", ADOPTING("9800") },
	{ 9010, "all good", "service4 draining+ @16000; "
			    "service6 draining+ @16000; "
			    "web4 draining+ @16000" },
	{ 16000, "", "service4 draining; service6 draining; web4 draining" },
	{ 17000, "restart", "service4 draining; service6 draining; "
			    "web4 draining" },
	{ 17010, "all good", "service4 draining; service6 draining; "
			     "web4 draining" },
	{ 17020, "resume", UNKNOWN },
	{ 17030, "all good 2", "service4 down @22030; service6 down @22030; "
			       "web4 down @22030" });

WORLD_TEST(a_drain_with_its_own_wait_goes_on_too,
	{ 0, "all good 3", NULL },
	{ 6000, "drain force, drain wait 60000", NULL },
	{ 9000, "restart, all good", "service4 draining+ @66000; "
		"service6 draining+ @66000; web4 draining+ @66000" });

WORLD_TEST(a_drain_of_what_is_bad_by_now_is_withdrawn,
	{ 0, "all good 3", NULL },
	{ 6000, "drain", NULL },
	{ 9000, "restart, kam gone", "service4 draining; "
				     "service6 draining; web4 draining" });

WORLD_TEST(orders_do_not_wait_for_an_adoption,
	{ 0, "all good 3", NULL },
	{ 6000, "restart, disable", "service4 disabled; "
				    "service6 disabled; web4 disabled" },
	{ 6001, "resume", UNKNOWN });

WORLD_TEST(a_drain_during_an_adoption_waits_for_the_probes,
	{ 0, "all good 3", NULL },
	{ 6000, "restart, peer 0 up, drain", ADOPTING("6800") },
	{ 6100, "sip4 good, up4 good, tone4 good, kam good",
	  "service4 draining+ @16000; service6 unknown @6800; "
	  "web4 unknown @6800" },
	{ 6800, "", "service4 draining+ @16000; service6 draining; "
		    "web4 draining" });

WORLD_TEST(a_restart_is_no_way_out_of_damping,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "web4 bad 3, web4 good 3", NULL },
	{ 10000, "web4 bad 3, web4 good 3", NULL },
	{ 15000, "web4 bad 3, web4 good 3",
	  "service4 up+; service6 up+; web4 down @105140" },
	{ 16000, "restart, peer 0 up", NULL },
	{ 16010, "all good 3", "service4 up+; service6 up+; "
			       "web4 down @105126" });

WORLD_TEST(a_bad_first_attempt_is_a_loss,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "restart, web4 bad, all good 3", NULL },
	{ 10000, "restart, web4 bad, all good 3", NULL },
	{ 15000, "restart, peer 0 up, web4 bad, all good 3",
	  "service4 up+; service6 up+; web4 down @105140" });

WORLD_TEST(the_last_node_is_adopted_though_it_cannot_reach_others,
	{ 0, "all good 3", NULL },
	{ 6000, "restart", NULL },
	{ 6010, "up4 bad, sip4 good, kam good, tone4 good",
	  "service4 degraded+; service6 unknown @6800; "
	  "web4 unknown @6800" });

/* 2683 of three, as if it had been bad: it has been withdrawn for it. */
WORLD_TEST(not_to_answer_in_time_is_a_loss,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 10000, "restart, sip4 good, up4 good, tone4 good, sip6 good, "
		 "kam good", NULL },
	{ 10800, "web4 good 3", "service4 up+; service6 up+; "
				"web4 down @15800" },
	{ 20000, "restart, sip4 good, up4 good, tone4 good, sip6 good, "
		 "kam good", NULL },
	{ 20800, "web4 good 3", NULL },
	{ 30000, "restart, peer 0 up, sip4 good, up4 good, tone4 good, "
		 "sip6 good, kam good", NULL },
	{ 30800, "web4 good 3", "service4 up+; service6 up+; "
				"web4 down @116231" },
	/* an order is none, nor is the same loss told twice */
	{ 40000, "restart, disable", NULL },
	{ 40800, "resume, all good 3, restart, lost", NULL },
	{ 41600, "all good 3", "service4 down @46600; service6 down @46600; "
			       "web4 down @46600" });

/* ---- more than tables */

static void a_state_that_is_adopted_keeps_its_age(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	world_do(&w, 6000, "restart");
	assert_int_equal(6000, health_unit(w.h, 0)->since_ms);
	world_do(&w, 6010, "all good");
	assert_int_equal(5000, health_unit(w.h, 0)->since_ms);
	world_do(&w, 7000, "restart");
	world_do(&w, 7010, "tone4 bad");
	world_do(&w, 7020, "all good");
	assert_int_equal(NODE_DEGRADED, health_unit(w.h, 0)->state);
	assert_int_equal(7020, health_unit(w.h, 0)->since_ms);
	assert_int_equal(5000, health_unit(w.h, 1)->since_ms);
	world_fini(&w);
}

static void it_is_decided_when_nothing_is_adopted_any_more(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "");
	assert_true(health_decided(w.h));
	world_do(&w, 0, "all good 3");
	world_do(&w, 6000, "restart");
	assert_false(health_decided(w.h));
	world_do(&w, 6010, "sip4 bad, web4 good, kam good");
	assert_false(health_decided(w.h));
	world_do(&w, 6020, "sip6 good");
	assert_true(health_decided(w.h));
	world_do(&w, 6030, "restart");
	world_do(&w, 6829, "");
	assert_false(health_decided(w.h));
	world_do(&w, 6830, "");
	assert_true(health_decided(w.h));
	world_fini(&w);
}

static void an_adoption_may_have_no_end(void **state)
{
	struct health_memory m;
	struct world w;
	struct health *h;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	health_remember(w.h, &m, 5000);
	assert_int_equal(0, health_new(&h, &w.conf, &m, 0, 5000));
	assert_true(health_tick(h, 5000) == UINT64_MAX);
	assert_true(health_tick(h, UINT64_MAX / 2) == UINT64_MAX);
	assert_false(health_decided(h));
	assert_int_equal(0, health_unit(h, 0)->until_ms);
	health_free(h);
	world_fini(&w);
}

static void what_waits_to_be_adopted_is_kept(void **state)
{
	struct route_set before, want;
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	health_routes(w.h, &before);
	before.routes[1].med = 7;	/* as it is, not as it would be */
	world_do(&w, 6000, "restart, sip4 bad");
	health_routes(w.h, &want);
	assert_int_equal(0, want.cnt);
	health_keep(w.h, &before, &want);
	assert_int_equal(2, want.cnt);
	assert_true(route_equal(&before.routes[1], &want.routes[0]));
	assert_true(route_equal(&before.routes[2], &want.routes[1]));
	/* nothing that was not there, and nothing twice */
	health_keep(w.h, &before, &want);
	assert_int_equal(2, want.cnt);
	before.cnt = 2;
	want.cnt = 0;
	health_keep(w.h, &before, &want);
	assert_int_equal(1, want.cnt);
	/* once it is decided there is nothing to keep */
	world_do(&w, 6100, "all bad");
	want.cnt = 0;
	health_keep(w.h, &before, &want);
	assert_int_equal(0, want.cnt);
	world_fini(&w);
}

/* A reload with a probe that is new to the group, and slow. */
static void what_is_inherited_needs_its_fall_as_ever(void **state)
{
	struct health_memory m;
	struct health *old;
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	old = w.h;
	health_remember(old, &m, 6000);
	w.conf.probes[w.conf.probe_cnt++] = (struct health_probe_conf){
		.name = "slow", .groups = 1, .rise = 3, .fall = 3,
	};
	assert_int_equal(0, health_new(&w.h, &w.conf, &m, 800, 6000));
	for (size_t i = 0; i < health_conf(old)->probe_cnt; i++)
		health_inherit(w.h, i, old, i, 6000);
	health_free(old);
	world_do(&w, 6010, "sip4 bad");
	assert_int_equal(0, health_probe_needs(w.h, 0));
	assert_int_equal(1, health_probe_needs(w.h, 6));
	world_do(&w, 6020, "slow good");
	assert_string_equal(ALL_UP, world_tell(&w));
	world_fini(&w);
}

/* A reload: no unit moves for it. */
static void verdicts_are_inherited(void **state)
{
	struct health_memory m;
	struct health *old;
	struct world w;
	char text[128];

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "tone4 bad 5, web4 bad 3, web4 good 2");
	old = w.h;
	health_remember(old, &m, 6000);
	assert_int_equal(0, health_new(&w.h, &w.conf, &m, 800, 6000));
	assert_int_equal(1, health_probe_needs(w.h, 4));
	for (size_t i = 0; i < w.conf.probe_cnt; i++)
		health_inherit(w.h, i, old, i, 6000);
	health_inherit(w.h, 6, old, 0, 6000);
	health_inherit(w.h, 0, old, 6, 6000);
	health_free(old);
	assert_string_equal("service4 degraded+; service6 up+; web4 down",
			    world_tell(&w));
	assert_true(health_decided(w.h));
	assert_int_equal(52, health_probe_tell(w.h, 4, text, sizeof(text)));
	assert_string_equal("tone4 (IPv4) has failed 5 times: no answer in 500 "
			    "ms", text);
	assert_int_equal(0, health_probe_tell(w.h, 4, text, 0));
	assert_int_equal(3, health_probe_needs(w.h, 4));
	assert_int_equal(0, health_probe_needs(w.h, 0));
	assert_string_equal("no answer in 500 ms", health_probe_text(w.h, 4));
	world_do(&w, 6001, "web4 good");
	assert_string_equal("service4 degraded+; service6 up+; "
			    "web4 down @11001", world_tell(&w));
	world_fini(&w);
}

static void what_a_probe_has_seen_itself_goes_before(void **state)
{
	struct health *old;
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "web4 bad 3, web4 good 2");
	old = w.h;
	w.h = NULL;
	world_do(&w, 1, "web4 good");
	health_inherit(w.h, 5, old, 5, 1);
	assert_int_equal(2, health_probe_needs(w.h, 5));
	health_free(old);
	world_fini(&w);
}

static void remembers_the_same(struct world *w, const char *what)
{
	struct health_memory first, second;
	struct health *h;

	health_remember(w->h, &first, w->now_ms);
	assert_int_equal(0, health_new(&h, &w->conf, &first, 800, w->now_ms));
	health_remember(h, &second, w->now_ms);
	if (memcmp(&first, &second, sizeof(first)) != 0)
		fail_msg("%s: it remembers something else", what);
	health_free(h);
}

static void a_memory_loses_nothing(void **state)
{
	static const struct {
		uint64_t at_ms;
		const char *does;
	} rows[] = {
		{ 100, "" },
		{ 200, "all good 3" },
		{ 5200, "" },
		{ 5201, "sip4 bad 3, sip4 good 3" },
		{ 10201, "tone4 bad 3" },
		{ 10202, "sip4 bad 3, sip4 good 3" },
		{ 15202, "peer 0 up" },
		{ 15203, "sip4 bad 3, sip4 good 3" },
		{ 15204, "restart" },
		{ 15205, "sip6 good" },
		{ 15206, "kam good" },
		{ 15207, "drain" },
		{ 15208, "drain force" },
		{ 15209, "drain wait 17" },
		{ 15210, "all good 3" },
		{ 15211, "restart" },
		{ 15300, "" },
		{ 16011, "" },
		{ 16012, "disable" },
		{ 16013, "resume" },
		{ 26013, "all good 3" },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_do(&w, rows[i].at_ms, rows[i].does);
		remembers_the_same(&w, rows[i].does);
	}
	world_fini(&w);
}

/* A file may say anything. */
static void a_memory_of_nonsense_does_no_harm(void **state)
{
	struct health_memory m;
	struct world w;
	struct health *h;
	char cause[HEALTH_CAUSE_MAX];

	(void)state;
	world_init(&w);
	memset(&m, 0xff, sizeof(m));
	m.forced = true;
	m.has_wait = true;
	for (size_t i = 0; i < HEALTH_UNITS_MAX; i++) {
		m.units[i].announced = true;
		m.units[i].suppressed = true;
	}
	for (size_t i = 0; i < 3; i++) {
		snprintf(m.units[i].group, HEALTH_NAME_MAX, "%s",
			 i < 2 ? "service" : "web");
		m.units[i].family = i == 1 ? ADDR_IP6 : ADDR_IP4;
	}
	m.units[1].state = NODE_UP;
	m.units[2].state = NODE_DISABLED;
	assert_int_equal(0, health_new(&h, &w.conf, &m, UINT64_MAX, 1000));
	assert_int_equal(HEALTH_RESUME, health_command(h)->order);
	assert_int_equal(0, health_command(h)->force);
	assert_int_equal(HEALTH_HOLD_UNDECIDED, health_unit(h, 0)->hold);
	assert_int_equal(HEALTH_HOLD_ADOPTING, health_unit(h, 1)->hold);
	assert_int_equal(HEALTH_HOLD_UNDECIDED, health_unit(h, 2)->hold);
	assert_true(health_unit(h, 0)->penalty <= 1024000);
	assert_true(health_tick(h, 1000) > 1000);
	assert_int_equal(NODE_UNKNOWN, health_node(h, cause));
	health_free(h);
	world_fini(&w);
}

static void a_drain_from_the_future_begins_now(void **state)
{
	struct health_memory m = { .order = HEALTH_DRAIN,
				   .order_ms = 99999,
				   .has_wait = true,
				   .wait_ms = UINT64_MAX };
	struct world w;
	struct health *h;

	(void)state;
	world_init(&w);
	assert_int_equal(0, health_new(&h, &w.conf, &m, 0, 1000));
	health_remember(h, &m, 1000);
	assert_int_equal(1000, m.order_ms);
	assert_true(health_command(h)->wait_ms == HEALTH_TIME_MAX_MS);
	health_free(h);
	world_fini(&w);
}

static void a_penalty_goes_down_while_nobody_is_there(void **state)
{
	struct health_memory m;
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "web4 bad 3");
	health_remember(w.h, &m, 5000);
	health_free(w.h);
	assert_int_equal(0, health_new(&w.h, &w.conf, &m, 800, 65000));
	assert_int_equal(500, health_unit(w.h, 2)->penalty);
	world_fini(&w);
}

static void units_that_are_no_more_are_forgotten(void **state)
{
	struct health_memory m;
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	health_remember(w.h, &m, 5000);
	health_free(w.h);
	memcpy(w.conf.groups[1].name, "www", 4);
	w.conf.groups[0].prefix_cnt = 1;
	assert_int_equal(0, health_new(&w.h, &w.conf, &m, 800, 5000));
	assert_string_equal("service4 unknown @5800; www4 unknown",
			    world_tell(&w));
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_first_good_round_keeps_what_was_announced),
		cmocka_unit_test(the_first_bad_attempt_withdraws),
		cmocka_unit_test(afterwards_a_probe_falls_as_ever),
		cmocka_unit_test(only_the_first_attempt_decides_alone),
		cmocka_unit_test(who_does_not_answer_in_time_is_not_adopted),
		cmocka_unit_test(what_was_down_stays_down_and_is_decided),
		cmocka_unit_test(without_a_memory_all_begins_anew),
		cmocka_unit_test(an_order_outlives_what_else_is_forgotten),
		cmocka_unit_test(a_drain_goes_on_where_it_was),
		cmocka_unit_test(a_drain_with_its_own_wait_goes_on_too),
		cmocka_unit_test(a_drain_of_what_is_bad_by_now_is_withdrawn),
		cmocka_unit_test(orders_do_not_wait_for_an_adoption),
		cmocka_unit_test(
			a_drain_during_an_adoption_waits_for_the_probes),
		cmocka_unit_test(a_restart_is_no_way_out_of_damping),
		cmocka_unit_test(a_bad_first_attempt_is_a_loss),
		cmocka_unit_test(not_to_answer_in_time_is_a_loss),
		cmocka_unit_test(
			the_last_node_is_adopted_though_it_cannot_reach_others),
		cmocka_unit_test(a_state_that_is_adopted_keeps_its_age),
		cmocka_unit_test(
			it_is_decided_when_nothing_is_adopted_any_more),
		cmocka_unit_test(an_adoption_may_have_no_end),
		cmocka_unit_test(what_waits_to_be_adopted_is_kept),
		cmocka_unit_test(what_is_inherited_needs_its_fall_as_ever),
		cmocka_unit_test(verdicts_are_inherited),
		cmocka_unit_test(what_a_probe_has_seen_itself_goes_before),
		cmocka_unit_test(a_memory_loses_nothing),
		cmocka_unit_test(a_memory_of_nonsense_does_no_harm),
		cmocka_unit_test(a_drain_from_the_future_begins_now),
		cmocka_unit_test(a_penalty_goes_down_while_nobody_is_there),
		cmocka_unit_test(units_that_are_no_more_are_forgotten),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
