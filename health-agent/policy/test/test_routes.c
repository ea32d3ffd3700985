/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each state announces. */
#include "health-agent/policy/test/world.h"

static void each_state_has_its_attributes(void **state)
{
	static const struct {
		uint64_t at_ms;
		const char *does;
		const char *want;
	} rows[] = {
		{ 0, "all good 3", "" },
		{ 5000, "", "192.0.2.53/32 up med 100 | "
			    "2001:db8::53/128 up med 100 | "
			    "198.51.100.80/32 up med 100" },
		{ 5001, "sip6 bad 3", "192.0.2.53/32 up med 100 | "
				      "198.51.100.80/32 up med 100" },
		{ 5002, "tone4 bad 3", "192.0.2.53/32 degraded med 500 | "
				       "198.51.100.80/32 up med 100" },
		{ 5003, "drain", "192.0.2.53/32 draining med 4294967295 "
				 "community 65535:0 | "
				 "198.51.100.80/32 draining med 4294967295 "
				 "community 65535:0" },
		{ 5004, "web4 bad 3", "192.0.2.53/32 draining med 4294967295 "
				      "community 65535:0" },
		{ 5005, "disable", "" },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_do(&w, rows[i].at_ms, rows[i].does);
		CHECK_STR(rows[i].want, world_routes(&w), rows[i].does);
	}
	world_fini(&w);
}

static void attributes_are_configured(void **state)
{
	static const struct health_attributes up = {
		.med = 10,
		.community_cnt = 2,
		.communities = { 64511u << 16 | 2, 64511u << 16 | 1 },
	};
	static const struct health_attributes degraded = {
		.med = 20,
		.prepend = 2,
		.community_cnt = 1,
		.communities = { 64511u << 16 | 3 },
		.large_cnt = 2,
		.large = { { 64511, 2, 0 }, { 64511, 1, 0 } },
	};
	static const struct health_attributes draining = {
		.med = 30,
		.prepend = 3,
		.community_cnt = 2,
		.communities = { ROUTE_GRACEFUL_SHUTDOWN, 64511u << 16 },
	};
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.probe_cnt = 5;		/* no web4 */
	w.conf.groups[0].prefix_cnt = 1;
	w.conf.groups[0].up = up;
	w.conf.groups[0].degraded = degraded;
	w.conf.groups[0].draining = draining;
	w.conf.group_cnt = 1;
	w.conf.probes[2].groups = 1;	/* kam */
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	assert_string_equal("192.0.2.53/32 up med 10 community 64511:1 "
			    "64511:2", world_routes(&w));
	world_do(&w, 5001, "tone4 bad 3");
	assert_string_equal("192.0.2.53/32 degraded med 20 prepend 2 community "
			    "64511:3 64511:1:0 64511:2:0", world_routes(&w));
	world_do(&w, 5002, "drain");
	assert_string_equal("192.0.2.53/32 draining med 30 prepend 3 community "
			    "64511:0 65535:0", world_routes(&w));
	world_fini(&w);
}

/* However many communities are configured. */
static void a_local_node_is_not_exported(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.class = SITE_LOCAL;
	for (uint32_t i = 0; i < HEALTH_COMMUNITIES_MAX; i++)
		w.conf.groups[1].draining.communities[i] = 100 - i;
	w.conf.groups[1].draining.community_cnt = HEALTH_COMMUNITIES_MAX;
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	assert_string_equal("192.0.2.53/32 up med 100 community 65535:65281 | "
			    "2001:db8::53/128 up med 100 community "
			    "65535:65281 | 198.51.100.80/32 up med 100 "
			    "community 65535:65281", world_routes(&w));
	world_do(&w, 5001, "sip4 bad 3, sip6 bad 3, drain");
	assert_string_equal("198.51.100.80/32 draining med 4294967295 "
			    "community 0:87 0:88 0:89 0:90 0:91 0:92 0:93 "
			    "0:94 0:95 0:96 0:97 0:98 0:99 0:100 65535:0 "
			    "65535:65281", world_routes(&w));
	world_fini(&w);
}

static void all_prefixes_of_a_unit_move_together(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.groups[1].prefixes[1] = world_prefix("2001:db8:80::/48");
	w.conf.groups[1].prefixes[2] = world_prefix("203.0.113.0/24");
	w.conf.groups[1].prefix_cnt = 3;
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "sip4 bad 3");
	assert_string_equal("2001:db8::53/128 up med 100 | "
			    "198.51.100.80/32 up med 100 | "
			    "203.0.113.0/24 up med 100 | "
			    "2001:db8:80::/48 up med 100", world_routes(&w));
	world_do(&w, 5001, "web4 bad 3");
	assert_string_equal("2001:db8::53/128 up med 100 | "
			    "2001:db8:80::/48 up med 100", world_routes(&w));
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_has_its_attributes),
		cmocka_unit_test(attributes_are_configured),
		cmocka_unit_test(a_local_node_is_not_exported),
		cmocka_unit_test(all_prefixes_of_a_unit_move_together),
	};

	return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
