/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers that die: what was announced has been withdrawn, and is taken up. */
#include "health-agent/policy/test/world.h"

#define ADOPTING(ms) \
	"service4 unknown @" ms "; service6 unknown @" ms "; " \
	"web4 unknown @" ms
#define DAMPED(ms) \
	"service4 down @" ms "; service6 down @" ms "; web4 down @" ms

/* A worker dies, another one finds all well at once. */
#define DEATH "restart, lost, all good"

static void penalties_are(const struct world *w, uint32_t service4,
			  uint32_t service6, uint32_t web4)
{
	assert_int_equal(service4, health_unit(w->h, 0)->penalty);
	assert_int_equal(service6, health_unit(w->h, 1)->penalty);
	assert_int_equal(web4, health_unit(w->h, 2)->penalty);
}

WORLD_TEST(after_one_death_all_returns_at_once,
	{ 0, "all good 3", NULL },
	{ 5000, "tone4 bad 3", "service4 degraded+; service6 up+; web4 up+" },
	{ 6000, "restart, lost", ADOPTING("6800") },
	{ 6010, "sip4 good, up4 good, kam good, tone4 bad",
	  "service4 degraded+; service6 unknown @6800; web4 unknown @6800" },
	{ 6020, "sip6 good, web4 good",
	  "service4 degraded+; service6 up+; web4 up+" });

/* 1000, 890 + 1000, 1683 + 1000, which is below 1000 85.4 s later. */
WORLD_TEST(who_dies_again_and_again_is_suppressed,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 10000, DEATH, ALL_UP },
	{ 20000, DEATH, ALL_UP },
	{ 30000, "restart, lost", ADOPTING("30800") },
	{ 30010, "all good, peer 0 up", DAMPED("115431") },
	/* what is not announced cannot be lost */
	{ 40000, "restart, lost, peer 0 up", NULL },
	/* whole numbers are remembered */
	{ 40010, "all good 3", DAMPED("115421") },
	{ 115420, "", DAMPED("115421") },
	{ 115421, "", ALL_UP },
	/* 999 and 1000 more is still one that returns at once */
	{ 115421, DEATH, ALL_UP },
	{ 116000, "restart, lost, all good, peer 0 up", DAMPED("210664") });

/* Deaths of a worker and bad probes are in the same book. */
WORLD_TEST(deaths_and_bad_probes_add_up,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "web4 bad 3, web4 good 3", NULL },
	{ 10000, "web4 bad 3, web4 good 3", NULL },
	{ 15000, "", ALL_UP },
	{ 15000, DEATH ", peer 0 up",
	  "service4 up+; service6 up+; web4 down @105140" });

/* By then the others have been heard, if they are there. */
WORLD_TEST(the_last_node_returns_though_it_is_suppressed,
	{ 0, "all good 3", NULL },
	{ 5000, "", NULL },
	{ 10000, DEATH, ALL_UP },
	{ 20000, DEATH, ALL_UP },
	{ 30000, DEATH, DAMPED("35000") },
	{ 35000, "", "service4 degraded+ @115431; service6 degraded+ @115431; "
		     "web4 degraded+ @115431" });

WORLD_TEST(whoever_returns_to_a_node_with_others_is_suppressed,
	{ 0, "all good 3", NULL },
	{ 5000, "", NULL },
	{ 10000, DEATH, ALL_UP },
	{ 20000, DEATH, ALL_UP },
	{ 30000, DEATH, DAMPED("35000") },
	{ 31300, "peer 0 up", DAMPED("115431") });

/* One loss, not one for the death and one for the probe. */
WORLD_TEST(what_is_bad_after_a_death_costs_nothing_more,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", NULL },
	{ 6000, "restart, lost", NULL },
	{ 6010, "web4 bad, all good 3", NULL },
	{ 12000, "", ALL_UP },
	{ 12000, "restart, lost", NULL },
	{ 12010, "web4 bad, all good 3", NULL },
	{ 18000, "", ALL_UP });

WORLD_TEST(beside_another_node_a_remote_probe_keeps_it_away,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", NULL },
	{ 6000, "restart, lost, peer 0 up", NULL },
	{ 6010, "sip4 good, tone4 good, kam good, up4 bad, sip6 good, "
		"web4 good", "service4 down; service6 up+; web4 up+" });

WORLD_TEST(a_drain_of_the_last_node_goes_on_after_a_death,
	{ 0, "all good 3", NULL },
	{ 6000, "drain", NULL },
	{ 7000, DEATH, NULL },
	{ 8000, DEATH, NULL },
	{ 9000, DEATH, "service4 draining+; service6 draining+; "
		       "web4 draining+" });

/* ---- more than tables */

static void only_what_is_not_there_any_more_is_lost(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	world_do(&w, 6000, "restart, lost 2001:db8::53");
	penalties_are(&w, 1000, 0, 1000);
	/* what the guardian says comes again and again */
	world_do(&w, 6000, "lost 2001:db8::53, lost 192.0.2.53");
	penalties_are(&w, 1000, 1000, 1000);
	world_do(&w, 6000, "lost");
	penalties_are(&w, 1000, 1000, 1000);
	world_do(&w, 6000, "all good");
	assert_string_equal(ALL_UP, world_tell(&w));
	world_fini(&w);
}

static void a_restart_that_leaves_the_routes_costs_nothing(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	for (uint64_t ms = 6000; ms < 7000; ms += 100)
		world_do(&w, ms, "restart, all good");
	/* known too late, and before anything was announced */
	world_do(&w, 7000, "lost");
	penalties_are(&w, 0, 0, 0);
	world_do(&w, 7000, "restart stale, lost, all good 3, lost");
	penalties_are(&w, 0, 0, 0);
	world_fini(&w);
}

/* Whoever never comes to a decision pays all the same: it may have. */
static void each_death_counts(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	for (unsigned n = 1; n <= 3; n++) {
		world_do(&w, 5000, "restart, lost");
		penalties_are(&w, 1000 * n, 1000 * n, 1000 * n);
	}
	assert_true(health_unit(w.h, 0)->suppressed);
	world_fini(&w);
}

/* With no hold-down either: others are heard before it is the last one. */
static void others_are_given_the_time_to_speak(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < w.conf.group_cnt; i++)
		w.conf.groups[i].hold_down_ms = 0;
	world_do(&w, 0, "all good 3");
	world_do(&w, 10000, DEATH);
	world_do(&w, 20000, DEATH);
	assert_string_equal(ALL_UP, world_tell(&w));
	world_do(&w, 30000, DEATH);
	assert_string_equal(DAMPED("33000"), world_tell(&w));
	world_do(&w, 32999, "");
	assert_string_equal(DAMPED("33000"), world_tell(&w));
	world_do(&w, 33000, "");
	assert_int_equal(HEALTH_HOLD_DAMPED_LAST, health_unit(w.h, 0)->hold);
	world_fini(&w);
}

static void without_damping_it_always_returns(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < w.conf.group_cnt; i++)
		w.conf.groups[i].penalty = 0;
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	for (uint64_t ms = 6000; ms < 7000; ms += 100)
		world_do(&w, ms, DEATH);
	assert_string_equal(ALL_UP, world_tell(&w));
	world_fini(&w);
}

static void a_resume_forgives_deaths_too(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3, peer 0 up");
	world_do(&w, 5000, "");
	world_do(&w, 6000, DEATH);
	world_do(&w, 6001, DEATH);
	world_do(&w, 6002, DEATH ", peer 0 up");
	assert_int_equal(HEALTH_HOLD_DAMPED, health_unit(w.h, 0)->hold);
	world_do(&w, 12000, "resume");
	assert_string_equal(ALL_UP, world_tell(&w));
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_one_death_all_returns_at_once),
		cmocka_unit_test(who_dies_again_and_again_is_suppressed),
		cmocka_unit_test(deaths_and_bad_probes_add_up),
		cmocka_unit_test(the_last_node_returns_though_it_is_suppressed),
		cmocka_unit_test(
			whoever_returns_to_a_node_with_others_is_suppressed),
		cmocka_unit_test(what_is_bad_after_a_death_costs_nothing_more),
		cmocka_unit_test(
			beside_another_node_a_remote_probe_keeps_it_away),
		cmocka_unit_test(
			a_drain_of_the_last_node_goes_on_after_a_death),
		cmocka_unit_test(only_what_is_not_there_any_more_is_lost),
		cmocka_unit_test(
			a_restart_that_leaves_the_routes_costs_nothing),
		cmocka_unit_test(each_death_counts),
		cmocka_unit_test(others_are_given_the_time_to_speak),
		cmocka_unit_test(without_damping_it_always_returns),
		cmocka_unit_test(a_resume_forgives_deaths_too),
	};

	return cmocka_run_group_tests_name("lost", tests, NULL, NULL);
}
