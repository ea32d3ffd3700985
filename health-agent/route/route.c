/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/route/route.h"

#include <string.h>

static int compare_large(const struct route_large *a,
			 const struct route_large *b)
{
	if (a->global != b->global)
		return a->global < b->global ? -1 : 1;
	if (a->local1 != b->local1)
		return a->local1 < b->local1 ? -1 : 1;
	if (a->local2 != b->local2)
		return a->local2 < b->local2 ? -1 : 1;
	return 0;
}

bool route_equal(const struct route *a, const struct route *b)
{
	if (!prefix_equal(&a->prefix, &b->prefix) || a->state != b->state ||
	    a->prepend != b->prepend || a->med != b->med ||
	    a->community_cnt != b->community_cnt ||
	    a->large_cnt != b->large_cnt)
		return false;
	for (size_t i = 0; i < a->community_cnt; i++) {
		if (a->communities[i] != b->communities[i])
			return false;
	}
	for (size_t i = 0; i < a->large_cnt; i++) {
		if (compare_large(&a->large[i], &b->large[i]) != 0)
			return false;
	}
	return true;
}

const struct route *route_find(const struct route_set *set,
			       const struct prefix *prefix)
{
	for (size_t i = 0; i < set->cnt; i++) {
		if (prefix_equal(&set->routes[i].prefix, prefix))
			return &set->routes[i];
	}
	return NULL;
}

bool route_add_community(struct route *r, uint32_t community)
{
	size_t at = 0;

	while (at < r->community_cnt && r->communities[at] < community)
		at++;
	if (at < r->community_cnt && r->communities[at] == community)
		return true;
	if (r->community_cnt == ROUTE_COMMUNITIES_MAX)
		return false;
	memmove(&r->communities[at + 1], &r->communities[at],
		(r->community_cnt - at) * sizeof(r->communities[0]));
	r->communities[at] = community;
	r->community_cnt++;
	return true;
}

bool route_add_large(struct route *r, const struct route_large *large)
{
	size_t at = 0;

	while (at < r->large_cnt && compare_large(&r->large[at], large) < 0)
		at++;
	if (at < r->large_cnt && compare_large(&r->large[at], large) == 0)
		return true;
	if (r->large_cnt == ROUTE_LARGE_MAX)
		return false;
	memmove(&r->large[at + 1], &r->large[at],
		(r->large_cnt - at) * sizeof(r->large[0]));
	r->large[at] = *large;
	r->large_cnt++;
	return true;
}
