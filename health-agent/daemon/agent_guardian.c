/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the guardian says, and what it means that it says so. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "health-agent/daemon/agent.h"

/* The guardian has withdrawn all when the worker before this one died. */
const struct route_set *agent_left(const struct link_status *g)
{
	static const struct route_set nothing;

	if (g && g->worker_starts > 1)
		return &nothing;
	return g && g->found_known ? &g->found : NULL;
}

static void tell_of_worker(struct agent *a, const struct link_status *is)
{
	char cause[64];

	if (is->worker_starts < 2)
		return;
	snprintf(cause, sizeof(cause), "the guardian has started %u so far",
		 is->worker_starts);
	agent_record(a, &(struct audit_entry){ .what = AUDIT_WORKER,
					       .from = "ended",
					       .to = "started",
					       .cause = cause });
}

static bool has_session(const struct link_status *is, uint8_t family)
{
	for (size_t i = 0; i < is->session_cnt; i++) {
		if (is->sessions[i].family == family)
			return true;
	}
	return false;
}

/* Nobody would be told of it, so it can neither be found nor be lost. */
static void add_unheard(struct route_set *there, const struct link_status *is,
			const struct health_unit *u)
{
	for (size_t i = 0; i < u->group->prefix_cnt; i++) {
		const struct prefix *p = &u->group->prefixes[i];

		if (p->addr.family == u->family &&
		    !has_session(is, u->family) && !route_find(there, p) &&
		    there->cnt < ROUTE_PREFIXES_MAX)
			there->routes[there->cnt++].prefix = *p;
	}
}

static bool is_output(const struct link_status *is, const char *name)
{
	return strcmp(is->output, name) == 0;
}

/* What this worker remembers as announced, and is no longer there.  A dry run
 * finds nothing, ever.
 */
static void take_losses(struct agent *a, const struct link_status *is)
{
	const struct route_set *known = agent_left(is);
	struct route_set there;
	char cause[96];
	size_t cnt;

	if (!known || (is->worker_starts < 2 && is_output(is, "dry-run")))
		return;
	there = *known;
	for (size_t i = 0; i < health_unit_cnt(a->health); i++) {
		if (is_output(is, "exabgp"))
			add_unheard(&there, is, health_unit(a->health, i));
	}
	cnt = health_lost(a->health, &there, clock_boot_ms());
	if (!cnt)
		return;
	snprintf(cause, sizeof(cause),
		 "before this worker began: a loss, for %zu unit%s", cnt,
		 cnt > 1 ? "s" : "");
	agent_record(a, &(struct audit_entry){ .what = AUDIT_ROUTE,
					       .from = "announced",
					       .to = "withdrawn",
					       .cause = cause });
}

void agent_guardian_told(void *arg, const struct link_status *was,
			 const struct link_status *is)
{
	struct agent *a = arg;

	if (!was)
		tell_of_worker(a, is);
	/* what is out at the start is no news */
	notice_guardian(&a->notice, is, was ? agent_notice : NULL, a);
	if (!uplink_wanted(a->uplink)) {
		take_losses(a, is);
		agent_settle(a);
	}
	agent_see_drain(a);
	agent_restart_tick(a, is);
}
