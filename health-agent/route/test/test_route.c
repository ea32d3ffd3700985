/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>

#include "health-agent/route/route.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(0, prefix_parse(&p, slice_str(text)));
	return p;
}

static void communities_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t want;
	} rows[] = {
		{ "65535:0", 0, ROUTE_GRACEFUL_SHUTDOWN },
		{ "graceful-shutdown", 0, ROUTE_GRACEFUL_SHUTDOWN },
		{ "no-export", 0, ROUTE_NO_EXPORT },
		{ "NO-EXPORT", 0, ROUTE_NO_EXPORT },
		{ "65535:65281", 0, ROUTE_NO_EXPORT },
		{ "no-advertise", 0, 0xffffff02 },
		{ "no-export-subconfed", 0, 0xffffff03 },
		{ "no-peer", 0, 0xffffff04 },
		{ "blackhole", 0, 0xffff029a },
		{ "64511:20", 0, 64511u << 16 | 20 },
		{ "0:0", 0, 0 },
		{ "65535:65535", 0, UINT32_MAX },
		{ "", EINVAL, 7 },
		{ ":", EINVAL, 7 },
		{ "1:", EINVAL, 7 },
		{ ":1", EINVAL, 7 },
		{ "1", EINVAL, 7 },
		{ "1:2:3", EINVAL, 7 },
		{ "1:2:", EINVAL, 7 },
		{ "65536:0", EINVAL, 7 },
		{ "0:65536", EINVAL, 7 },
		{ "1: 2", EINVAL, 7 },
		{ "1:2\n", EINVAL, 7 },
		{ "-1:2", EINVAL, 7 },
		{ "0x1:2", EINVAL, 7 },
		{ "no-exports", EINVAL, 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t got = 7;

		CHECK_EQ(rows[i].err,
			 route_parse_community(&got, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(rows[i].want, got, rows[i].text);
	}
}

static void large_communities_are_parsed(void **state)
{
	static const struct {
		const char *text;
		int err;
		struct route_large want;
	} rows[] = {
		{ "64511:1:2", 0, { 64511, 1, 2 } },
		{ "4294967295:4294967295:4294967295",
		  0,
		  { UINT32_MAX, UINT32_MAX, UINT32_MAX } },
		{ "0:0:0", 0, { 0, 0, 0 } },
		{ "4294967296:0:0", EINVAL, { 7, 7, 7 } },
		{ "1:2", EINVAL, { 7, 7, 7 } },
		{ "1:2:3:4", EINVAL, { 7, 7, 7 } },
		{ "1:2:3:", EINVAL, { 7, 7, 7 } },
		{ "", EINVAL, { 7, 7, 7 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct route_large got = { 7, 7, 7 };

		CHECK_EQ(rows[i].err,
			 route_parse_large(&got, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(rows[i].want.global, got.global, rows[i].text);
		CHECK_EQ(rows[i].want.local1, got.local1, rows[i].text);
		CHECK_EQ(rows[i].want.local2, got.local2, rows[i].text);
	}
}

static void communities_stand_in_order_and_once(void **state)
{
	static const uint32_t given[] = { 5, 3, 9, 3, 5, UINT32_MAX, 0 };
	static const uint32_t want[] = { 0, 3, 5, 9, UINT32_MAX };
	struct route r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		assert_true(route_add_community(&r, given[i]));
	assert_int_equal(ARRAY_SIZE(want), r.community_cnt);
	assert_memory_equal(want, r.communities, sizeof(want));
}

static void large_communities_stand_in_order_and_once(void **state)
{
	static const struct route_large given[] = {
		{ 2, 0, 0 }, { 1, 2, 3 }, { 1, 2, 1 },
		{ 1, 1, 9 }, { 1, 2, 3 }, { 2, 0, 0 },
	};
	static const struct route_large want[] = {
		{ 1, 1, 9 }, { 1, 2, 1 }, { 1, 2, 3 }, { 2, 0, 0 },
	};
	struct route r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		assert_true(route_add_large(&r, &given[i]));
	assert_int_equal(ARRAY_SIZE(want), r.large_cnt);
	assert_memory_equal(want, r.large, sizeof(want));
}

static void a_full_route_stays_as_it_is(void **state)
{
	struct route r = { 0 }, before;

	(void)state;
	for (uint32_t i = 0; i < ROUTE_COMMUNITIES_MAX; i++)
		assert_true(route_add_community(&r, 10 + i));
	for (uint32_t i = 0; i < ROUTE_LARGE_MAX; i++)
		assert_true(route_add_large(
			&r, &(struct route_large){ 10 + i, 0, 0 }));
	before = r;
	assert_false(route_add_community(&r, 1));
	assert_false(route_add_community(&r, 99));
	assert_false(route_add_large(&r, &(struct route_large){ 1, 0, 0 }));
	assert_false(route_add_large(&r, &(struct route_large){ 99, 0, 0 }));
	assert_true(route_equal(&before, &r));
	/* what it has it can take again */
	assert_true(route_add_community(&r, 10));
	assert_true(route_add_large(&r, &(struct route_large){ 10, 0, 0 }));
}

static struct route full(void)
{
	return (struct route){
		.prefix = prefix("192.0.2.53/32"),
		.state = NODE_UP,
		.prepend = 2,
		.med = 100,
		.community_cnt = 1,
		.communities = { ROUTE_GRACEFUL_SHUTDOWN },
		.large_cnt = 1,
		.large = { { 64511, 1, 2 } },
	};
}

static void every_attribute_makes_a_difference(void **state)
{
	const struct route r = full();
	struct route other[10];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		other[i] = r;
	other[0].prefix.len = 31;
	other[1].prefix.addr.bytes_be[0] = 1;
	other[2].state = NODE_DRAINING;
	other[3].prepend = 1;
	other[4].med = 101;
	other[5].communities[0] = ROUTE_NO_EXPORT;
	other[6].community_cnt = 0;
	other[7].large[0].local2 = 3;
	other[8].large_cnt = 0;
	for (size_t i = 0; i < 9; i++) {
		if (route_equal(&r, &other[i]))
			fail_msg("other %zu is equal", i);
	}
	/* places behind the counts do not */
	other[9].communities[1] = 9;
	other[9].large[1].global = 9;
	assert_true(route_equal(&r, &other[9]));
}

static void a_prefix_is_found(void **state)
{
	struct prefix p4 = prefix("192.0.2.53"), p6 = prefix("2001:db8::53");
	struct prefix wide = prefix("192.0.2.0/24");
	struct route_set set = {
		.routes = { { .prefix = p4 }, { .prefix = p6 } },
		.cnt = 2,
	};

	(void)state;
	assert_ptr_equal(&set.routes[0], route_find(&set, &p4));
	assert_ptr_equal(&set.routes[1], route_find(&set, &p6));
	assert_null(route_find(&set, &wide));
	set.cnt = 1;
	assert_null(route_find(&set, &p6));
}

static void a_route_reads_well(void **state)
{
	struct route r = full(), bare = { .prefix = prefix("2001:db8::/48"),
					  .state = NODE_DRAINING,
					  .med = UINT32_MAX };
	char text[ROUTE_TEXT_MAX];

	(void)state;
	route_format(text, sizeof(text), &r);
	assert_string_equal("192.0.2.53/32 up med 100 prepend 2 "
			    "community 65535:0 64511:1:2", text);
	route_format(text, sizeof(text), &bare);
	assert_string_equal("2001:db8::/48 draining med 4294967295", text);
	assert_int_equal(14, route_format_attributes(text, sizeof(text),
						     &bare));
	assert_string_equal("med 4294967295", text);
	r.prepend = 0;
	r.community_cnt = 0;
	route_format(text, sizeof(text), &r);
	assert_string_equal("192.0.2.53/32 up med 100 community 64511:1:2",
			    text);
}

static void a_route_is_cut_where_it_does_not_fit(void **state)
{
	struct route r = full();
	char whole[ROUTE_TEXT_MAX], text[ROUTE_TEXT_MAX];
	size_t len = route_format(whole, sizeof(whole), &r);

	(void)state;
	assert_int_equal(strlen(whole), len);
	memset(text, '!', sizeof(text));
	assert_int_equal(0, route_format(text, 0, &r));
	assert_int_equal('!', text[0]);
	for (size_t room = 1; room <= len; room++) {
		memset(text, '!', sizeof(text));
		assert_int_equal(room - 1, route_format(text, room, &r));
		assert_memory_equal(whole, text, room - 1);
		assert_int_equal('\0', text[room - 1]);
		assert_int_equal('!', text[room]);
	}
}

static void the_longest_route_fits(void **state)
{
	struct route r = { .prefix = prefix("2001:db8:ffff:ffff:ffff:ffff:"
					    "ffff:ffff"),
			   .state = NODE_DRAINING,
			   .prepend = ROUTE_PREPEND_MAX,
			   .med = UINT32_MAX };
	char text[ROUTE_TEXT_MAX];

	(void)state;
	for (uint32_t i = 0; i < ROUTE_COMMUNITIES_MAX; i++)
		route_add_community(&r, UINT32_MAX - i);
	for (uint32_t i = 0; i < ROUTE_LARGE_MAX; i++)
		route_add_large(&r, &(struct route_large){
			UINT32_MAX, UINT32_MAX, UINT32_MAX - i });
	assert_true(route_format(text, sizeof(text), &r) < sizeof(text) - 1);
	assert_non_null(strstr(text, ":4294967295:4294967295"));
	assert_string_equal("4294967295",
			    strrchr(text, ':') + 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(communities_are_parsed),
		cmocka_unit_test(large_communities_are_parsed),
		cmocka_unit_test(communities_stand_in_order_and_once),
		cmocka_unit_test(large_communities_stand_in_order_and_once),
		cmocka_unit_test(a_full_route_stays_as_it_is),
		cmocka_unit_test(every_attribute_makes_a_difference),
		cmocka_unit_test(a_prefix_is_found),
		cmocka_unit_test(a_route_reads_well),
		cmocka_unit_test(a_route_is_cut_where_it_does_not_fit),
		cmocka_unit_test(the_longest_route_fits),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
