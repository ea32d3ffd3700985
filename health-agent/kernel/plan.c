/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/kernel/plan.h"

#include <linux/rtnetlink.h>

uint32_t plan_metric(enum node_state state)
{
	switch (state) {
	case NODE_UP:
		return PLAN_METRIC_UP;
	case NODE_DEGRADED:
		return PLAN_METRIC_DEGRADED;
	case NODE_DRAINING:
		return PLAN_METRIC_DRAINING;
	default:
		return 0;
	}
}

enum node_state plan_state(uint32_t metric)
{
	switch (metric) {
	case PLAN_METRIC_UP:
		return NODE_UP;
	case PLAN_METRIC_DEGRADED:
		return NODE_DEGRADED;
	case PLAN_METRIC_DRAINING:
		return NODE_DRAINING;
	default:
		return NODE_UNKNOWN;
	}
}

bool plan_is_shared(uint32_t table)
{
	return table == RT_TABLE_MAIN || table == RT_TABLE_DEFAULT;
}

void plan_begin(struct plan_table *t, uint32_t table, uint32_t ifindex)
{
	*t = (struct plan_table){ .table = table, .ifindex = ifindex };
}

static bool is_ours(const struct plan_table *t, const struct rtnl_route *r)
{
	return r->protocol == PLAN_PROTOCOL && r->type == RTN_UNICAST &&
	       t->ifindex && r->ifindex == t->ifindex;
}

void plan_see(struct plan_table *t, const struct rtnl_route *r)
{
	if (r->table != t->table ||
	    (plan_is_shared(t->table) && r->protocol != PLAN_PROTOCOL))
		return;
	if (!is_ours(t, r)) {
		if (!t->foreign_cnt++)
			t->foreign = *r;
	} else if (t->ours_cnt < PLAN_OURS_MAX) {
		t->ours[t->ours_cnt++] = *r;
	}
}

/* The metric this prefix is wanted with; 0: it is not wanted. */
static uint32_t wanted_metric(const struct route_set *want,
			      const struct prefix *prefix)
{
	const struct route *r = route_find(want, prefix);

	return r ? plan_metric(r->state) : 0;
}

static bool has(const struct plan_table *t, const struct prefix *prefix,
		uint32_t metric)
{
	for (size_t i = 0; i < t->ours_cnt; i++) {
		if (t->ours[i].metric == metric &&
		    prefix_equal(&t->ours[i].prefix, prefix))
			return true;
	}
	return false;
}

/* One that is in the way: not wanted, or its successor is there. */
static bool is_over(const struct plan_table *t, const struct route_set *want,
		    const struct rtnl_route *r)
{
	uint32_t metric = wanted_metric(want, &r->prefix);

	if (!metric)
		return true;
	return r->metric != metric && has(t, &r->prefix, metric);
}

size_t plan_make(struct plan_change out[static PLAN_CHANGES_MAX],
		 const struct plan_table *t, const struct route_set *want)
{
	size_t cnt = 0;

	for (size_t i = 0; i < t->ours_cnt; i++) {
		if (is_over(t, want, &t->ours[i]))
			out[cnt++] = (struct plan_change){
				.route = t->ours[i],
			};
	}
	for (size_t i = 0; i < want->cnt; i++) {
		const struct prefix *prefix = &want->routes[i].prefix;
		uint32_t metric = wanted_metric(want, prefix);

		if (!metric || has(t, prefix, metric))
			continue;
		out[cnt++] = (struct plan_change){
			.add = true,
			.route = {
				.prefix = *prefix,
				.table = t->table,
				.metric = metric,
				.ifindex = t->ifindex,
				.protocol = PLAN_PROTOCOL,
				.type = RTN_UNICAST,
			},
		};
	}
	return cnt;
}

enum link_proof plan_proof(const struct plan_table *t,
			   const struct route_set *want,
			   const struct prefix *prefix)
{
	uint32_t metric = wanted_metric(want, prefix);

	for (size_t i = 0; i < t->ours_cnt; i++) {
		if (t->ours[i].metric != metric &&
		    prefix_equal(&t->ours[i].prefix, prefix))
			return LINK_PROOF_UNWANTED;
	}
	if (!metric)
		return LINK_PROOF_NONE;
	return has(t, prefix, metric) ? LINK_PROOF_ADVERTISED
				      : LINK_PROOF_MISSING;
}

static void found_one(struct route_set *out, const struct rtnl_route *r)
{
	enum node_state state = plan_state(r->metric);

	if (state == NODE_UNKNOWN)
		return;
	for (size_t i = 0; i < out->cnt; i++) {
		struct route *known = &out->routes[i];

		if (!prefix_equal(&known->prefix, &r->prefix))
			continue;
		if (r->metric < plan_metric(known->state))
			known->state = (uint8_t)state;
		return;
	}
	if (out->cnt < ROUTE_PREFIXES_MAX)
		out->routes[out->cnt++] = (struct route){
			.prefix = r->prefix,
			.state = (uint8_t)state,
		};
}

void plan_found(struct route_set *out, const struct plan_table *t)
{
	*out = (struct route_set){ .cnt = 0 };
	for (size_t i = 0; i < t->ours_cnt; i++)
		found_one(out, &t->ours[i]);
}
