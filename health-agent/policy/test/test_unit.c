/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Up, degraded and down: probes, groups, families, hold-down, damping. */
#include "health-agent/policy/test/world.h"

WORLD_TEST(nothing_is_announced_before_everything_serves,
	{ 1000, "", "service4 unknown; service6 unknown; web4 unknown" },
	{ 1100, "all good 2", "service4 unknown; service6 unknown; "
			      "web4 unknown" },
	/* all but sip6 */
	{ 1200, "sip4 good, kam good, up4 good, tone4 good, web4 good",
	  "service4 down @6200; service6 unknown; web4 down @6200" },
	{ 6199, "", "service4 down @6200; service6 unknown; web4 down @6200" },
	{ 6200, "", "service4 up+; service6 unknown; web4 up+" },
	{ 9000, "sip6 good", "service4 up+; service6 down @14000; web4 up+" },
	{ 14000, "", ALL_UP });

WORLD_TEST(a_degrading_probe_is_waited_for_too,
	{ 1000, "all good 2, sip4 good, up4 good",
	  "service4 unknown; service6 unknown; web4 unknown" },
	{ 1100, "tone4 bad 3", "service4 down @6100; service6 unknown; "
			       "web4 unknown" },
	{ 6100, "", "service4 degraded+; service6 unknown; web4 unknown" });

WORLD_TEST(a_bad_probe_at_the_start_is_down,
	{ 1000, "sip4 bad 3", "service4 down; service6 unknown; "
			      "web4 unknown" },
	{ 1100, "kam gone", "service4 down; service6 down; web4 down" },
	/* others that have no verdict yet are worse than none bad */
	{ 1200, "kam good", "service4 down; service6 down; web4 down" },
	{ 1300, "all good 3",
	  "service4 down @6300; service6 down @6300; web4 down @6300" });

WORLD_TEST(hold_down_begins_anew_with_each_bad_verdict,
	{ 0, "all good 3",
	  "service4 down @5000; service6 down @5000; web4 down @5000" },
	{ 4999, "sip4 bad 3", "service4 down; service6 down @5000; "
			      "web4 down @5000" },
	{ 5000, "", "service4 down; service6 up+; web4 up+" },
	{ 6000, "sip4 good 2", "service4 down; service6 up+; web4 up+" },
	{ 7000, "sip4 good", "service4 down @12000; service6 up+; web4 up+" },
	{ 11999, "", "service4 down @12000; service6 up+; web4 up+" },
	{ 12000, "", ALL_UP });

WORLD_TEST(hold_down_is_not_moved_by_a_degrading_probe,
	{ 0, "all good 3", NULL },
	{ 3000, "tone4 bad 3", "service4 down @5000; service6 down @5000; "
			       "web4 down @5000" },
	{ 5000, "", "service4 degraded+; service6 up+; web4 up+" });

WORLD_TEST(each_family_is_decided_by_itself,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "sip6 bad 3", "service4 up+; service6 down; web4 up+" },
	{ 7000, "sip4 bad 3", "service4 down; service6 down; web4 up+" },
	{ 8000, "sip6 good 3", "service4 down; service6 down @13000; "
			       "web4 up+" },
	{ 13000, "", "service4 down; service6 up+; web4 up+" });

WORLD_TEST(a_probe_of_no_family_speaks_for_both,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "kam gone", "service4 down; service6 down; web4 down" },
	{ 6100, "kam good",
	  "service4 down @11100; service6 down @11100; web4 down @11100" });

WORLD_TEST(a_bad_probe_moves_only_its_groups,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "web4 bad 3", "service4 up+; service6 up+; web4 down" },
	{ 7000, "tone4 bad 3", "service4 degraded+; service6 up+; "
			       "web4 down" });

WORLD_TEST(a_degrading_probe_degrades_and_lets_go_at_once,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "tone4 bad 2", ALL_UP },
	{ 6100, "tone4 bad", "service4 degraded+; service6 up+; web4 up+" },
	{ 7000, "sip4 bad 3", "service4 down; service6 up+; web4 up+" },
	{ 8000, "sip4 good 3", "service4 down @13000; service6 up+; "
			       "web4 up+" },
	{ 13000, "", "service4 degraded+; service6 up+; web4 up+" },
	{ 14000, "tone4 good 2", "service4 degraded+; service6 up+; "
				 "web4 up+" },
	{ 14100, "tone4 good", ALL_UP });

WORLD_TEST(attempts_that_alternate_change_nothing,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "sip4 bad, sip4 good, sip4 bad, sip4 good", ALL_UP },
	{ 6100, "sip4 bad 2, sip4 good, sip4 bad 2, sip4 good", ALL_UP },
	{ 7000, "sip4 bad 3", "service4 down; service6 up+; web4 up+" },
	{ 7100, "sip4 good 2, sip4 bad, sip4 good 2, sip4 bad",
	  "service4 down; service6 up+; web4 up+" },
	{ 99000, "sip4 good 2", "service4 down; service6 up+; web4 up+" });

WORLD_TEST(a_probe_without_any_verdict_holds_nothing_up_for_ever,
	{ 0, "sip4 good 3, sip6 good 3, kam good, up4 good 3, web4 good 3",
	  "service4 unknown; service6 down @5000; web4 down @5000" },
	{ 5000, "tone4 good, tone4 bad, tone4 good, tone4 bad, tone4 good, "
		"tone4 bad, tone4 good, tone4 bad, tone4 good, tone4 bad, "
		"tone4 good", "service4 unknown; service6 up+; web4 up+" },
	{ 5100, "tone4 bad", "service4 down @10100; service6 up+; web4 up+" },
	{ 10100, "", "service4 degraded+; service6 up+; web4 up+" });

WORLD_TEST(a_process_that_dies_needs_no_second_attempt,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 5001, "kam gone", "service4 down; service6 down; web4 down" });

/* With a half-life of 60 s: 1000, 890 + 1000, 1683 + 1000, which is below 1000
 * after 60 s * log2(2.683) = 85.431 s.
 */
WORLD_TEST(a_flapping_unit_is_damped,
	{ 0, "all good 3", NULL },
	{ 10000, "web4 bad 3", "service4 up+; service6 up+; web4 down" },
	{ 11000, "web4 good 3", "service4 up+; service6 up+; "
				"web4 down @16000" },
	{ 16000, "peer 0 up", ALL_UP },
	{ 20000, "web4 bad 3", "service4 up+; service6 up+; web4 down" },
	{ 21000, "web4 good 3", NULL },
	{ 26000, "", ALL_UP },
	{ 30000, "web4 bad 3", "service4 up+; service6 up+; web4 down" },
	{ 31000, "web4 good 3", "service4 up+; service6 up+; "
				"web4 down @115431" },
	{ 115430, "", "service4 up+; service6 up+; web4 down @115431" },
	{ 115431, "", ALL_UP },
	/* what is left of the penalty still counts: 999 / 2 + 2 * 1000 */
	{ 175431, "web4 bad 3", NULL },
	{ 175431, "web4 good 3", "service4 up+; service6 up+; "
				 "web4 down @180431" });

WORLD_TEST(failing_while_damped_costs_nothing_more,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "web4 bad 3, web4 good 3", NULL },
	{ 10000, "web4 bad 3, web4 good 3", NULL },
	{ 15000, "web4 bad 3, web4 good 3", "service4 up+; service6 up+; "
					    "web4 down @105140" },
	{ 20000, "web4 bad 3", "service4 up+; service6 up+; web4 down" },
	{ 21000, "web4 good 3", "service4 up+; service6 up+; "
				"web4 down @105140" },
	/* the later of both counts */
	{ 104000, "web4 bad 3, web4 good 3", "service4 up+; service6 up+; "
					     "web4 down @109000" },
	{ 105140, "", "service4 up+; service6 up+; web4 down @109000" },
	{ 109000, "", ALL_UP });

/* ---- configurations of their own */

static void told(struct world *w, const char *want)
{
	CHECK_STR(want, world_tell(w), "told");
}

static void without_hold_down_a_unit_is_up_at_once(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.groups[0].hold_down_ms = w.conf.groups[1].hold_down_ms = 0;
	world_do(&w, 7, "all good 3");
	told(&w, ALL_UP);
	world_do(&w, 8, "sip4 bad 3");
	told(&w, "service4 down; service6 up+; web4 up+");
	world_do(&w, 8, "sip4 good 3");
	told(&w, ALL_UP);
	world_fini(&w);
}

static void a_unit_no_probe_speaks_for_stays_down(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.probes[1].family = ADDR_IP4;	/* sip6 */
	w.conf.probes[2].family = ADDR_IP4;	/* kam */
	world_do(&w, 0, "");
	told(&w, "service4 unknown; service6 down; web4 unknown");
	world_do(&w, 1000, "all good 3");
	world_do(&w, 99000, "");
	told(&w, "service4 up+; service6 down; web4 up+");
	assert_string_equal("no probe speaks for it",
			    health_unit(w.h, 1)->cause);
	world_fini(&w);
}

static void a_unit_without_a_prefix_does_not_exist(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.groups[0].prefix_cnt = 1;
	world_do(&w, 0, "sip6 bad 3");
	told(&w, "service4 unknown; web4 unknown");
	world_fini(&w);
}

/* HTTP may also only degrade what SIP shares with it. */
static void a_probe_may_degrade_a_shared_prefix(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.probes[5].groups = 3;		/* web4 */
	w.conf.probes[5].failure = HEALTH_DEGRADE;
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	told(&w, ALL_UP);
	world_do(&w, 6000, "web4 bad 3");
	told(&w, "service4 degraded+; service6 up+; web4 degraded+");
	world_fini(&w);
}

static void time_does_not_go_back(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 10000, "all good 3");
	told(&w, "service4 down @15000; service6 down @15000; "
		 "web4 down @15000");
	assert_int_equal(15000, health_tick(w.h, 1));
	world_do(&w, 15000, "");
	told(&w, ALL_UP);
	health_attempted(w.h, world_probe(&w, "sip4"), HEALTH_GONE, "", 3);
	assert_int_equal(15000, health_unit(w.h, 0)->since_ms);
	world_fini(&w);
}

static void changes_are_told_once(void **state)
{
	static const struct {
		const char *does;
		uint64_t at_ms;
		bool changed;
	} rows[] = {
		{ "", 0, true },
		{ "", 0, false },
		{ "all good", 1, false },
		{ "all good 2", 2, true },
		{ "", 5001, false },
		{ "", 5002, true },
		{ "sip4 bad 2", 5003, false },
		{ "sip4 bad", 5004, true },
		{ "drain", 5005, true },
		{ "drain", 5006, false },
		{ "drain force", 5007, true },
		{ "drain wait 20000", 5008, true },
		{ "resume", 5009, true },
		{ "resume", 5010, false },
		{ "peer 0 up", 5011, false },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_do(&w, rows[i].at_ms, rows[i].does);
		CHECK_EQ(rows[i].changed, health_changed(w.h), rows[i].does);
	}
	world_fini(&w);
}

/* Though the unit is down all the same: the memory of it has changed. */
static void the_end_of_a_suppression_is_a_change(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3, peer 0 up");
	world_do(&w, 5000, "web4 bad 3, web4 good 3");
	world_do(&w, 10000, "web4 bad 3, web4 good 3");
	world_do(&w, 15000, "web4 bad 3");
	assert_true(health_unit(w.h, 2)->suppressed);
	assert_int_equal(105140, health_unit(w.h, 2)->suppressed_until_ms);
	assert_int_equal(105140, w.due_ms);
	assert_true(health_changed(w.h));
	world_do(&w, 105139, "");
	assert_false(health_changed(w.h));
	world_do(&w, 105140, "");
	assert_false(health_unit(w.h, 2)->suppressed);
	assert_int_equal(0, health_unit(w.h, 2)->suppressed_until_ms);
	assert_true(health_changed(w.h));
	assert_true(w.due_ms == UINT64_MAX);
	world_fini(&w);
}

static void since_is_when_the_state_began(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 100, "");
	assert_int_equal(100, health_unit(w.h, 0)->since_ms);
	world_do(&w, 200, "all good 3");
	assert_int_equal(200, health_unit(w.h, 0)->since_ms);
	world_do(&w, 5200, "all good");
	world_do(&w, 6000, "all good");
	assert_int_equal(5200, health_unit(w.h, 0)->since_ms);
	world_fini(&w);
}

static void who_is_not_there_is_not_heard(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	health_attempted(w.h, 6, HEALTH_GONE, "", 0);
	health_attempted(w.h, SIZE_MAX, HEALTH_GONE, "", 0);
	health_peer(w.h, 2, NODE_UP, 0);
	assert_int_equal(0, health_others_up(w.h));
	world_do(&w, 5000, "");
	told(&w, ALL_UP);
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_announced_before_everything_serves),
		cmocka_unit_test(a_degrading_probe_is_waited_for_too),
		cmocka_unit_test(a_bad_probe_at_the_start_is_down),
		cmocka_unit_test(hold_down_begins_anew_with_each_bad_verdict),
		cmocka_unit_test(hold_down_is_not_moved_by_a_degrading_probe),
		cmocka_unit_test(each_family_is_decided_by_itself),
		cmocka_unit_test(a_probe_of_no_family_speaks_for_both),
		cmocka_unit_test(a_bad_probe_moves_only_its_groups),
		cmocka_unit_test(
			a_degrading_probe_degrades_and_lets_go_at_once),
		cmocka_unit_test(attempts_that_alternate_change_nothing),
		cmocka_unit_test(
			a_probe_without_any_verdict_holds_nothing_up_for_ever),
		cmocka_unit_test(a_process_that_dies_needs_no_second_attempt),
		cmocka_unit_test(a_flapping_unit_is_damped),
		cmocka_unit_test(failing_while_damped_costs_nothing_more),
		cmocka_unit_test(without_hold_down_a_unit_is_up_at_once),
		cmocka_unit_test(a_unit_no_probe_speaks_for_stays_down),
		cmocka_unit_test(a_unit_without_a_prefix_does_not_exist),
		cmocka_unit_test(a_probe_may_degrade_a_shared_prefix),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(changes_are_told_once),
		cmocka_unit_test(the_end_of_a_suppression_is_a_change),
		cmocka_unit_test(since_is_when_the_state_began),
		cmocka_unit_test(who_is_not_there_is_not_heard),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
