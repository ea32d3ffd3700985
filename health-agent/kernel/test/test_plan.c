/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "health-agent/kernel/plan.h"

enum { TABLE = 200, DEVICE = 7 };

static struct prefix prefix(const char *text, size_t len)
{
	struct prefix p;

	assert_int_equal(0, prefix_parse(&p, slice_of(text, len)));
	return p;
}

/* "PREFIX METRIC", up to `,'; what is not ours has a letter behind it: p
 * another protocol, d another device, t another table, b a blackhole.
 */
static void see(struct plan_table *t, const char *text)
{
	plan_begin(t, TABLE, DEVICE);
	while (*text) {
		struct rtnl_route r = {
			.table = TABLE,
			.ifindex = DEVICE,
			.protocol = PLAN_PROTOCOL,
			.type = RTN_UNICAST,
		};
		size_t len = strcspn(text, " ");
		unsigned metric;
		char kind = ' ';

		assert_true(sscanf(text + len, "%u%c", &metric, &kind) >= 1);
		r.prefix = prefix(text, len);
		r.metric = metric;
		if (kind == 'p')
			r.protocol = RTPROT_STATIC;
		else if (kind == 'd')
			r.ifindex = DEVICE + 1;
		else if (kind == 't')
			r.table = RT_TABLE_MAIN;
		else if (kind == 'b')
			r.type = RTN_BLACKHOLE;
		plan_see(t, &r);
		text += strcspn(text, ",");
		text += strspn(text, ", ");
	}
}

/* "PREFIX STATE", up to `,' */
static void wish(struct route_set *want, const char *text)
{
	*want = (struct route_set){ .cnt = 0 };
	while (*text) {
		struct route *r = &want->routes[want->cnt++];
		size_t len = strcspn(text, " ");
		struct slice word = slice_of(text + len + 1,
					     strcspn(text + len + 1, ","));
		enum node_state state;

		r->prefix = prefix(text, len);
		assert_int_equal(0, node_state_parse(&state, word));
		r->state = (uint8_t)state;
		text += strcspn(text, ",");
		text += strspn(text, ", ");
	}
}

static void tell(char out[static 512], const struct plan_change *changes,
		 size_t cnt)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < cnt; i++) {
		const struct rtnl_route *r = &changes[i].route;
		char text[PREFIX_TEXT_MAX];

		assert_int_equal(TABLE, r->table);
		assert_int_equal(DEVICE, r->ifindex);
		assert_int_equal(PLAN_PROTOCOL, r->protocol);
		assert_int_equal(RTN_UNICAST, r->type);
		prefix_format(text, &r->prefix);
		len += (size_t)snprintf(out + len, 512 - len, "%s%c%s %u",
					i ? ", " : "",
					changes[i].add ? '+' : '-', text,
					r->metric);
	}
}

#define P "192.0.2.53"
#define Q "2001:db8:53::53"

static void one_step_towards_what_is_wanted(void **state)
{
	static const struct {
		const char *table, *want, *plan;
	} rows[] = {
		{ "", "", "" },
		{ "", P " up", "+" P " 1" },
		{ "", P " degraded", "+" P " 5" },
		{ "", P " draining", "+" P " 10" },
		{ "", P " up, " Q " up", "+" P " 1, +" Q " 1" },
		{ P " 1", P " up", "" },
		{ P " 1", "", "-" P " 1" },
		/* no gap: the new one first, the old one when it is there */
		{ P " 1", P " draining", "+" P " 10" },
		{ P " 1, " P " 10", P " draining", "-" P " 1" },
		{ P " 10", P " draining", "" },
		{ P " 10", P " up", "+" P " 1" },
		{ P " 1, " P " 10", P " up", "-" P " 10" },
		{ P " 1, " P " 5, " P " 10", P " degraded",
		  "-" P " 1, -" P " 10" },
		{ P " 1, " P " 10", "", "-" P " 1, -" P " 10" },
		/* withdrawals go before */
		{ Q " 1", P " up", "-" Q " 1, +" P " 1" },
		/* a metric nobody of ours has: of another version */
		{ P " 3", P " up", "+" P " 1" },
		{ P " 3, " P " 1", P " up", "-" P " 3" },
		/* states that are not announced */
		{ P " 1", P " down", "-" P " 1" },
		{ P " 1", P " disabled", "-" P " 1" },
		{ P " 1", P " unknown", "-" P " 1" },
		{ "", P " down", "" },
		/* what is not ours is left alone, and is no proof */
		{ P " 1p", "", "" },
		{ P " 1d", "", "" },
		{ P " 1b", "", "" },
		{ P " 1t", "", "" },
		{ P " 1p", P " up", "+" P " 1" },
		/* longer and shorter prefixes are others */
		{ "192.0.2.0/24 1", P " up", "-192.0.2.0/24 1, +" P " 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static struct plan_change changes[PLAN_CHANGES_MAX];
		struct plan_table t;
		struct route_set want;
		char text[512];

		see(&t, rows[i].table);
		wish(&want, rows[i].want);
		tell(text, changes, plan_make(changes, &t, &want));
		CHECK_STR(rows[i].plan, text, rows[i].table);
	}
}

static void the_table_is_the_proof(void **state)
{
	static const struct {
		const char *table, *want;
		enum link_proof proof;
	} rows[] = {
		{ "", "", LINK_PROOF_NONE },
		{ "", P " up", LINK_PROOF_MISSING },
		{ P " 1", P " up", LINK_PROOF_ADVERTISED },
		{ P " 1", "", LINK_PROOF_UNWANTED },
		{ P " 1", P " draining", LINK_PROOF_UNWANTED },
		{ P " 1, " P " 10", P " draining", LINK_PROOF_UNWANTED },
		{ P " 1", P " down", LINK_PROOF_UNWANTED },
		{ "", P " down", LINK_PROOF_NONE },
		{ P " 1p", P " up", LINK_PROOF_MISSING },
		{ P " 1p", "", LINK_PROOF_NONE },
		{ Q " 1", "", LINK_PROOF_NONE },
	};
	struct prefix p = prefix(P, strlen(P));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_table t;
		struct route_set want;

		see(&t, rows[i].table);
		wish(&want, rows[i].want);
		CHECK_EQ(rows[i].proof, plan_proof(&t, &want, &p),
			 rows[i].table);
	}
}

static void foreign_routes_are_counted(void **state)
{
	struct plan_table t;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	see(&t, P " 1, " Q " 3p, " P " 1d, " P " 9t");
	assert_int_equal(1, t.ours_cnt);
	assert_int_equal(2, t.foreign_cnt);
	prefix_format(text, &t.foreign.prefix);
	assert_string_equal(Q, text);
}

static void in_the_main_table_others_are_passed_over(void **state)
{
	const struct rtnl_route others[] = {
		{ .protocol = RTPROT_STATIC, .ifindex = DEVICE },
		{ .protocol = RTPROT_BOOT, .ifindex = DEVICE + 1 },
		{ .protocol = PLAN_PROTOCOL, .ifindex = DEVICE + 1 },
	};
	struct plan_table t;

	(void)state;
	assert_false(plan_is_shared(TABLE));
	plan_begin(&t, RT_TABLE_MAIN, DEVICE);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct rtnl_route r = others[i];

		r.prefix = prefix(P, strlen(P));
		r.table = RT_TABLE_MAIN;
		r.type = RTN_UNICAST;
		plan_see(&t, &r);
	}
	assert_int_equal(0, t.ours_cnt);
	assert_int_equal(1, t.foreign_cnt);
	assert_int_equal(PLAN_PROTOCOL, t.foreign.protocol);
}

static void what_is_there_can_be_adopted(void **state)
{
	struct plan_table t;
	struct route_set found;

	(void)state;
	see(&t, P " 10, " Q " 5, " P " 1, 192.0.2.0/24 1p, 192.0.2.54 3");
	plan_found(&found, &t);
	assert_int_equal(2, found.cnt);
	assert_int_equal(NODE_UP, found.routes[0].state);
	assert_int_equal(NODE_DEGRADED, found.routes[1].state);
}

static void states_and_metrics_are_pairs(void **state)
{
	(void)state;
	for (enum node_state s = 0; s < NODE_STATES; s++) {
		uint32_t metric = plan_metric(s);

		CHECK_EQ(metric ? s : NODE_UNKNOWN, plan_state(metric),
			 node_state_name(s));
	}
	assert_true(plan_metric(NODE_UP) < plan_metric(NODE_DEGRADED));
	assert_true(plan_metric(NODE_DEGRADED) < plan_metric(NODE_DRAINING));
}

/* More than there is room for, and no device at all. */
static void odd_tables_do_no_harm(void **state)
{
	static struct plan_change changes[PLAN_CHANGES_MAX];
	struct rtnl_route r = {
		.prefix = prefix(P, strlen(P)),
		.table = TABLE,
		.ifindex = DEVICE,
		.protocol = PLAN_PROTOCOL,
		.type = RTN_UNICAST,
	};
	struct plan_table t;
	struct route_set want = { .cnt = 0 };

	(void)state;
	plan_begin(&t, TABLE, DEVICE);
	for (r.metric = 1; r.metric <= 2 * PLAN_OURS_MAX; r.metric++)
		plan_see(&t, &r);
	assert_int_equal(PLAN_OURS_MAX, plan_make(changes, &t, &want));

	plan_begin(&t, TABLE, 0);
	r.ifindex = 0;
	plan_see(&t, &r);
	assert_int_equal(1, t.foreign_cnt);
	assert_int_equal(0, plan_make(changes, &t, &want));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_step_towards_what_is_wanted),
		cmocka_unit_test(the_table_is_the_proof),
		cmocka_unit_test(foreign_routes_are_counted),
		cmocka_unit_test(in_the_main_table_others_are_passed_over),
		cmocka_unit_test(what_is_there_can_be_adopted),
		cmocka_unit_test(states_and_metrics_are_pairs),
		cmocka_unit_test(odd_tables_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
