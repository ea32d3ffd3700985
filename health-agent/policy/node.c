/* SPDX-License-Identifier: GPL-3.0-or-later */
/* node.c - the units of service groups together */
#include "health-agent/policy/health_priv.h"

static enum node_state together(const size_t cnt[static NODE_STATES],
				size_t all)
{
	if (cnt[NODE_UP] == all)
		return NODE_UP;
	if (cnt[NODE_UNKNOWN] == all)
		return NODE_UNKNOWN;
	return cnt[NODE_UP] + cnt[NODE_DEGRADED] ? NODE_DEGRADED : NODE_DOWN;
}

static enum node_state ordered(const struct health *h)
{
	switch (h->outlook.command.order) {
	case HEALTH_DRAIN:
		return NODE_DRAINING;
	case HEALTH_DISABLE:
		return NODE_DISABLED;
	default:
		return NODE_UNKNOWN;
	}
}

/* The first unit that makes the node what it is: the one that is furthest from
 * being up, or still announced in a drain.
 */
static const struct health_unit *culprit(const struct health *h)
{
	static const int badness[NODE_STATES] = {
		[NODE_UP] = 0,
		[NODE_DISABLED] = 1,
		[NODE_DRAINING] = 1,
		[NODE_DEGRADED] = 2,
		[NODE_UNKNOWN] = 3,
		[NODE_DOWN] = 4,
	};
	const struct health_unit *worst = NULL;
	int most = 0;

	for (size_t i = 0; i < h->unit_cnt; i++) {
		const struct health_unit *unit = &h->units[i].shown;
		int bad = badness[unit->state];

		if (!unit->group->is_service)
			continue;
		bad += unit->state == NODE_DRAINING && unit->announced;
		if (!worst || bad > most) {
			worst = unit;
			most = bad;
		}
	}
	return worst;
}

static void tell(const struct health *h, enum node_state state, size_t all,
		 char cause[static HEALTH_CAUSE_MAX])
{
	struct words w = words_in(cause, HEALTH_CAUSE_MAX);
	const struct health_unit *unit = culprit(h);

	if (!unit) {
		words_add(&w, "no group is part of the service");
	} else if (state == NODE_UP) {
		words_add(&w, all == 1 ? "%s is up" : "all units are up",
			  unit->group->name);
	} else if (state == NODE_DISABLED || health_drained(h)) {
		words_add(&w, "%s", unit->cause);
	} else {
		cause_add_unit(&w, unit);
		words_add(&w, " is %s: %s", node_state_name(unit->state),
			  unit->cause);
	}
}

enum node_state health_node(const struct health *h,
			    char cause[static HEALTH_CAUSE_MAX])
{
	enum node_state state = ordered(h);
	size_t cnt[NODE_STATES] = { 0 };
	size_t all = 0;

	for (size_t i = 0; i < h->unit_cnt; i++) {
		if (!h->units[i].shown.group->is_service)
			continue;
		cnt[h->units[i].shown.state]++;
		all++;
	}
	if (state == NODE_UNKNOWN && all)
		state = together(cnt, all);
	tell(h, state, all, cause);
	return state;
}
