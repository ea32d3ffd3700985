/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.h - from what the table has and what is wanted to what has to change
 *
 * Pure.  A route of ours is one in the private table, of our protocol and to
 * our device; everything else in the table is foreign: never touched, counted.
 * The main table (for FRR, which follows no other) is everybody's: there only
 * other routes of our protocol are foreign, the rest is no business of ours.
 *
 * The metric tells the state to whoever learns the table (BIRD: krt_metric,
 * FRR: match metric); the lower the better, as the kernel has it:
 *
 *	 1 up        5 degraded        10 draining
 *
 * To the kernel a route with another metric is another route.  So a change of
 * state adds the new one first and removes the old one when the table has been
 * seen to have the new one: who learns the table sees no gap, and where the
 * new one cannot be added the old one stays.
 */
#ifndef KERNEL_PLAN_H
#define KERNEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health-agent/guardian/link.h"
#include "health-agent/kernel/rtnl.h"
#include "health-agent/route/route.h"

enum {
	PLAN_PROTOCOL = 200,	/* of ours: no name in iproute2's rt_protos */
	PLAN_METRIC_UP = 1,
	PLAN_METRIC_DEGRADED = 5,
	PLAN_METRIC_DRAINING = 10,
	PLAN_OURS_MAX = 4 * ROUTE_PREFIXES_MAX,
	PLAN_CHANGES_MAX = PLAN_OURS_MAX + ROUTE_PREFIXES_MAX,
};

/* What a dump has shown. */
struct plan_table {
	uint32_t table;
	uint32_t ifindex;	/* of our device */
	struct rtnl_route ours[PLAN_OURS_MAX];
	size_t ours_cnt;	/* more than fit are seen once these are gone */
	struct rtnl_route foreign;	/* the first of them */
	size_t foreign_cnt;
};

struct plan_change {
	bool add;		/* else delete */
	struct rtnl_route route;
};

/* 0: routes of such a state are not to be in the table. */
uint32_t plan_metric(enum node_state state);

/* NODE_UNKNOWN: no metric of ours. */
enum node_state plan_state(uint32_t metric);

/* Do others have their routes in this table? */
bool plan_is_shared(uint32_t table);

/* An empty table, to be filled by plan_see(). */
void plan_begin(struct plan_table *t, uint32_t table, uint32_t ifindex);

/* A route of the dump; those of other tables are passed over. */
void plan_see(struct plan_table *t, const struct rtnl_route *r);

/* The next step towards want, withdrawals first; 0: it is reached.  To be asked
 * again after the next dump.
 */
size_t plan_make(struct plan_change out[static PLAN_CHANGES_MAX],
		 const struct plan_table *t, const struct route_set *want);

/* What the table says of one prefix: NONE, ADVERTISED, MISSING or UNWANTED (it
 * is there with another state, too).
 */
enum link_proof plan_proof(const struct plan_table *t,
			   const struct route_set *want,
			   const struct prefix *prefix);

/* What is ours in the table, for who adopts it; each prefix once, in the best
 * of its states.
 */
void plan_found(struct route_set *out, const struct plan_table *t);

#endif
