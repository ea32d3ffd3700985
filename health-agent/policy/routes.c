/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/health_priv.h"

static const struct health_attributes *
configured(const struct health_group_conf *group, enum node_state state)
{
	if (state == NODE_DRAINING)
		return &group->draining;
	return state == NODE_UP ? &group->up : &group->degraded;
}

/* Through a route, which knows how to keep communities in order and once. */
void routes_attributes(struct health_attributes *out,
		       const struct health_group_conf *group,
		       enum node_state state, enum site_class class)
{
	const struct health_attributes *from = configured(group, state);
	struct route r = { .med = from->med, .prepend = from->prepend };

	/* bounds_check() has left room for all */
	if (state == NODE_DRAINING)
		(void)route_add_community(&r, ROUTE_GRACEFUL_SHUTDOWN);
	if (class == SITE_LOCAL)
		(void)route_add_community(&r, ROUTE_NO_EXPORT);
	for (size_t i = 0; i < from->community_cnt; i++)
		(void)route_add_community(&r, from->communities[i]);
	for (size_t i = 0; i < from->large_cnt; i++)
		(void)route_add_large(&r, &from->large[i]);

	*out = (struct health_attributes){
		.med = r.med,
		.prepend = r.prepend,
		.community_cnt = r.community_cnt,
		.large_cnt = r.large_cnt,
	};
	for (size_t i = 0; i < r.community_cnt; i++)
		out->communities[i] = r.communities[i];
	for (size_t i = 0; i < r.large_cnt; i++)
		out->large[i] = r.large[i];
}

static void add_route(struct route_set *set, const struct prefix *prefix,
		      const struct health_unit *unit)
{
	const struct health_attributes *a = &unit->attributes;
	struct route *r;

	if (set->cnt == ROUTE_PREFIXES_MAX)
		return;	/* bounds_check() lets no configuration get here */
	r = &set->routes[set->cnt++];
	*r = (struct route){
		.prefix = *prefix,
		.state = (uint8_t)unit->state,
		.prepend = a->prepend,
		.community_cnt = a->community_cnt,
		.large_cnt = a->large_cnt,
		.med = a->med,
	};
	for (size_t i = 0; i < a->community_cnt; i++)
		r->communities[i] = a->communities[i];
	for (size_t i = 0; i < a->large_cnt; i++)
		r->large[i] = a->large[i];
}

void health_routes(const struct health *h, struct route_set *out)
{
	*out = (struct route_set){ 0 };
	for (size_t i = 0; i < h->unit_cnt; i++) {
		const struct health_unit *unit = &h->units[i].shown;

		for (size_t k = 0; k < unit->group->prefix_cnt; k++) {
			const struct prefix *p = &unit->group->prefixes[k];

			if (unit->announced && p->addr.family == unit->family)
				add_route(out, p, unit);
		}
	}
}

static void keep(const struct route_set *announced, struct route_set *want,
		 const struct prefix *prefix)
{
	const struct route *there = route_find(announced, prefix);

	if (there && !route_find(want, prefix) &&
	    want->cnt < ROUTE_PREFIXES_MAX)
		want->routes[want->cnt++] = *there;
}

void health_keep(const struct health *h, const struct route_set *announced,
		 struct route_set *want)
{
	for (size_t i = 0; i < h->unit_cnt; i++) {
		const struct health_unit *unit = &h->units[i].shown;

		for (size_t k = 0; k < unit->group->prefix_cnt; k++) {
			const struct prefix *p = &unit->group->prefixes[k];

			if (h->units[i].adopting &&
			    p->addr.family == unit->family)
				keep(announced, want, p);
		}
	}
}
