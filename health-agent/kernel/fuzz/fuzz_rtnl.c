/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of the kernel, seen as the dump of a table; the last bytes say what
 * is wanted.  Followed, the plans lead there, never by touching what is not
 * ours, and a prefix that is wanted before and after is never without a route
 * of ours once it has one.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/kernel/plan.h"

enum { TABLE = 200, DEVICE = 3, STEPS_MAX = 8 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_there(const struct plan_table *t, const struct prefix *p)
{
	for (size_t i = 0; i < t->ours_cnt; i++) {
		if (prefix_equal(&t->ours[i].prefix, p))
			return true;
	}
	return false;
}

/* As the kernel would, but that it may refuse an add. */
static void carry_out(struct plan_table *t, const struct plan_change *changes,
		      size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct rtnl_route *r = &changes[i].route;
		size_t at = 0;

		check(r->table == TABLE && r->ifindex == DEVICE &&
		      r->protocol == PLAN_PROTOCOL);
		while (at < t->ours_cnt &&
		       (t->ours[at].metric != r->metric ||
			!prefix_equal(&t->ours[at].prefix, &r->prefix)))
			at++;
		if (changes[i].add) {
			check(at == t->ours_cnt);
			plan_see(t, r);
		} else {
			check(at < t->ours_cnt);
			t->ours[at] = t->ours[--t->ours_cnt];
		}
	}
}

static void wish(struct route_set *want, const struct plan_table *t,
		 const uint8_t *data, size_t size)
{
	*want = (struct route_set){ .cnt = 0 };
	for (size_t i = 0; i < size && i < t->ours_cnt && i < 16; i++) {
		struct route *r = &want->routes[want->cnt];

		r->prefix = t->ours[i].prefix;
		r->state = data[size - 1 - i] % NODE_STATES;
		if (!route_find(want, &r->prefix))
			want->cnt++;
	}
}

static void no_gap(const struct plan_table *before,
		   const struct plan_table *after, const struct route_set *want)
{
	for (size_t i = 0; i < want->cnt; i++) {
		const struct prefix *p = &want->routes[i].prefix;

		if (plan_metric(want->routes[i].state) && is_there(before, p))
			check(is_there(after, p));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((const char *)data, size);
	static struct plan_change changes[PLAN_CHANGES_MAX];
	static struct plan_table t, before;
	struct route_set want, found;
	struct rtnl_message m;
	unsigned steps = 0;
	size_t cnt;

	plan_begin(&t, TABLE, DEVICE);
	while (!rtnl_read(&m, &c)) {
		if (m.kind == RTNL_ROUTE && t.ours_cnt < PLAN_OURS_MAX / 2)
			plan_see(&t, &m.route);
	}
	/* the kernel has no two of the same */
	for (size_t i = 0; i < t.ours_cnt; i++) {
		for (size_t k = i + 1; k < t.ours_cnt;) {
			if (t.ours[i].metric == t.ours[k].metric &&
			    prefix_equal(&t.ours[i].prefix,
					 &t.ours[k].prefix))
				t.ours[k] = t.ours[--t.ours_cnt];
			else
				k++;
		}
	}
	plan_found(&found, &t);
	check(found.cnt <= t.ours_cnt && found.cnt <= ROUTE_PREFIXES_MAX);
	wish(&want, &t, data, size);
	while ((cnt = plan_make(changes, &t, &want))) {
		check(++steps < STEPS_MAX);
		before = t;
		carry_out(&t, changes, cnt);
		no_gap(&before, &t, &want);
	}
	for (size_t i = 0; i < want.cnt; i++) {
		enum link_proof proof =
			plan_proof(&t, &want, &want.routes[i].prefix);

		check(proof == (plan_metric(want.routes[i].state)
					? LINK_PROOF_ADVERTISED
					: LINK_PROOF_NONE));
	}
	return 0;
}
