/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new configuration: no unit moves for it, and none is held up by it. */
#include "health-agent/policy/test/world.h"

WORLD_TEST(hold_down_goes_on,
	{ 0, "all good 3", HELD_DOWN("5000") },
	{ 1000, "reload", HELD_DOWN("5000") },
	{ 4999, "reload, reload", HELD_DOWN("5000") },
	{ 5000, "reload", ALL_UP });

WORLD_TEST(hold_down_begins_with_what_was_good_last,
	{ 0, "all good 3, sip4 bad 3", NULL },
	{ 1000, "reload", "service4 down; service6 down @5000; web4 down "
			  "@5000" },
	{ 2000, "sip4 good 3", "service4 down @7000; service6 down @5000; "
			       "web4 down @5000" },
	{ 3000, "sip4 bad 3, reload", "service4 down; service6 down @5000; "
				      "web4 down @5000" },
	{ 4000, "sip4 good 3", "service4 down @9000; service6 down @5000; "
			       "web4 down @5000" });

WORLD_TEST(the_wait_for_another_node_goes_on,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "up4 bad 3", "service4 degraded+ @11000" REST_UP },
	{ 8000, "reload", "service4 degraded+ @11000" REST_UP },
	{ 10999, "reload", "service4 degraded+ @11000" REST_UP },
	{ 11000, "", "service4 down" REST_UP });

WORLD_TEST(the_last_node_is_held_down_no_longer,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "up4 bad 3, sip4 bad 3", "service4 down" REST_UP },
	{ 20000, "sip4 good 3", "service4 down" REST_UP },
	{ 22000, "peer 0 down, reload", "service4 down @25000" REST_UP },
	{ 24000, "reload", "service4 down @25000" REST_UP },
	{ 25000, "", "service4 degraded+" REST_UP });

WORLD_TEST(orders_and_damping_go_on,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "web4 bad 3, web4 good 3", NULL },
	{ 10000, "web4 bad 3, web4 good 3", NULL },
	{ 15000, "web4 bad 3, web4 good 3",
	  "service4 up+; service6 up+; web4 down @105140" },
	/* whole numbers are remembered */
	{ 16000, "reload", "service4 up+; service6 up+; web4 down @105126" },
	{ 17000, "drain", "service4 draining+ @27000; service6 draining+ "
			  "@27000; web4 draining" },
	{ 18000, "reload", "service4 draining+ @27000; service6 draining+ "
			   "@27000; web4 draining" });

WORLD_TEST(a_drain_goes_on_beside_a_node_that_came_up,
	{ 0, "all good 3, peer 0 down", NULL },
	{ 6000, "drain", NULL },
	{ 12000, "peer 0 up", "service4 draining+ @22000; service6 draining+ "
			      "@22000; web4 draining+ @22000" },
	{ 21000, "reload", "service4 draining+ @22000; service6 draining+ "
			   "@22000; web4 draining+ @22000" },
	{ 22000, "", "service4 draining; service6 draining; web4 draining" });

/* Others have been heard, or not, long ago. */
static void nobody_is_waited_for_anew(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < w.conf.group_cnt; i++)
		w.conf.groups[i].hold_down_ms = 0;
	world_do(&w, 0, "all good 3");
	world_do(&w, 10000, "restart, lost, all good");
	world_do(&w, 10001, "restart, lost, all good");
	world_do(&w, 10002, "restart, lost, all good");
	assert_string_equal(HELD_DOWN("13002"), world_tell(&w));
	world_do(&w, 12000, "reload");
	assert_string_equal(HELD_DOWN("13002"), world_tell(&w));
	world_fini(&w);
}

/* A group that is new has nobody to follow. */
static void a_new_group_is_held_down_as_ever(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.group_cnt = 1;
	for (size_t i = 0; i < w.conf.probe_cnt; i++)
		w.conf.probes[i].groups = 1;
	world_do(&w, 0, "all good 3");
	assert_string_equal("service4 down @5000; service6 down @5000",
			    world_tell(&w));
	w.conf.group_cnt = 2;
	w.conf.probes[5].groups = 2;
	world_do(&w, 3000, "reload");
	assert_string_equal("service4 down @5000; service6 down @5000; "
			    "web4 down @8000", world_tell(&w));
	world_fini(&w);
}

/* What is announced is a prefix; a name is only how it is called. */
static void another_name_is_no_reason_to_withdraw(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "web4 bad 3, web4 good 3");
	world_do(&w, 6000, "tone4 bad 3");
	memcpy(w.conf.groups[0].name, "phones", 7);
	memcpy(w.conf.groups[1].name, "pages", 6);
	world_do(&w, 7000, "reload");
	assert_string_equal("phones4 degraded+; phones6 up+; "
			    "pages4 down @10000", world_tell(&w));
	assert_int_equal(977, health_unit(w.h, 2)->penalty);
	world_fini(&w);
}

/* It was announced, for what the probes of its old group said. */
static void a_prefix_that_moves_to_a_new_group_stays(void **state)
{
	struct health_group_conf *new;
	struct world w;

	(void)state;
	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	new = &w.conf.groups[w.conf.group_cnt++];
	*new = w.conf.groups[0];
	memcpy(new->name, "six", 4);
	new->prefixes[0] = new->prefixes[1];
	new->prefix_cnt = w.conf.groups[0].prefix_cnt = 1;
	w.conf.probes[1].groups = 1 << 2;
	world_do(&w, 6000, "reload");
	assert_string_equal("service4 up+; web4 up+; six6 up+",
			    world_tell(&w));
	/* and to one that was there it is what that is */
	w.conf.groups[1].prefixes[1] = new->prefixes[0];
	w.conf.groups[1].prefix_cnt = 2;
	w.conf.group_cnt = 2;
	w.conf.probes[1].groups = 1 << 1;
	world_do(&w, 7000, "web4 bad 3, reload");
	assert_string_equal("service4 up+; web4 down; web6 up+",
			    world_tell(&w));
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hold_down_goes_on),
		cmocka_unit_test(hold_down_begins_with_what_was_good_last),
		cmocka_unit_test(the_wait_for_another_node_goes_on),
		cmocka_unit_test(the_last_node_is_held_down_no_longer),
		cmocka_unit_test(orders_and_damping_go_on),
		cmocka_unit_test(
			a_drain_goes_on_beside_a_node_that_came_up),
		cmocka_unit_test(nobody_is_waited_for_anew),
		cmocka_unit_test(a_new_group_is_held_down_as_ever),
		cmocka_unit_test(another_name_is_no_reason_to_withdraw),
		cmocka_unit_test(a_prefix_that_moves_to_a_new_group_stays),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
