/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory.c - what outlives a restart, and how it is taken up again
 *
 * It comes from a file: nothing in it is believed to be within its bounds.
 */
#include <string.h>

#include "health-agent/policy/health_priv.h"

static void remember_order(const struct health *h, struct health_memory *out,
			   uint64_t now_ms)
{
	const struct health_command *c = &h->outlook.command;

	memset(out, 0, sizeof(*out));
	out->order = c->order;
	out->forced = c->force;
	out->has_wait = c->has_wait;
	out->wait_ms = c->wait_ms;
	out->has_deadline = c->has_deadline;
	out->deadline_ms = c->deadline_ms;
	out->has_phones = c->has_phones;
	out->phones_ms = c->phones_ms;
	out->order_ms = h->outlook.ordered_ms;
	out->saved_ms = now_ms < h->outlook.now_ms ? h->outlook.now_ms : now_ms;
}

/* Under the name of this group. */
static void remember_unit(struct health_memory *out, const struct unit *u,
			  const char name[static HEALTH_NAME_MAX])
{
	const struct health_unit *s = &u->shown;
	size_t i = out->unit_cnt++;

	memcpy(out->units[i].group, name, HEALTH_NAME_MAX);
	out->units[i].family = s->family;
	out->units[i].state = (uint8_t)(u->adopting ? u->adopt_state
						    : s->state);
	out->units[i].announced = u->adopting || s->announced;
	out->units[i].since_ms = u->adopting ? u->adopt_since_ms : s->since_ms;
	out->units[i].penalty = damping_penalty(&u->damping, s->group,
						out->saved_ms);
	out->units[i].suppressed = u->damping.suppressed;
	out->units[i].suppressed_ms = u->damping.suppressed_ms;
}

void health_remember(const struct health *h, struct health_memory *out,
		     uint64_t now_ms)
{
	remember_order(h, out, now_ms);
	for (size_t i = 0; i < h->unit_cnt; i++)
		remember_unit(out, &h->units[i],
			      h->units[i].shown.group->name);
}

static bool has_prefix(const struct health_group_conf *g,
		       const struct prefix *p)
{
	for (size_t i = 0; i < g->prefix_cnt; i++) {
		if (prefix_equal(&g->prefixes[i], p))
			return true;
	}
	return false;
}

/* The unit of old that a group of a new configuration goes on from: that of its
 * name; else, where it is new, the one that has had one of its prefixes.
 */
static const struct unit *forerunner(const struct health *old,
				     const struct health_group_conf *g,
				     uint8_t family)
{
	const struct unit *found = NULL;

	for (size_t i = 0; i < old->unit_cnt; i++) {
		const struct health_unit *s = &old->units[i].shown;

		if (s->family != family)
			continue;
		if (strcmp(s->group->name, g->name) == 0)
			return &old->units[i];
		for (size_t k = 0; !found && k < g->prefix_cnt; k++) {
			if (g->prefixes[k].addr.family == family &&
			    has_prefix(s->group, &g->prefixes[k]))
				found = &old->units[i];
		}
	}
	return found;
}

void health_remember_for(const struct health *h, const struct health_conf *next,
			 struct health_memory *out, uint64_t now_ms)
{
	static const uint8_t families[] = { ADDR_IP4, ADDR_IP6 };

	remember_order(h, out, now_ms);
	for (size_t i = 0; i < next->group_cnt; i++) {
		const struct health_group_conf *g = &next->groups[i];

		for (size_t k = 0; k < sizeof(families); k++) {
			const struct unit *u = forerunner(h, g, families[k]);

			if (u)
				remember_unit(out, u, g->name);
		}
	}
}

static uint64_t not_after(uint64_t ms, uint64_t most_ms)
{
	return ms < most_ms ? ms : most_ms;
}

static void recall_damping(struct unit *u, const struct health_memory *m,
			   size_t i, uint64_t now_ms)
{
	if (!u->shown.group->penalty)
		return;
	u->damping = (struct damping){
		.penalty = m->units[i].penalty,
		.at_ms = not_after(m->saved_ms, now_ms),
		.suppressed = m->units[i].suppressed,
		.suppressed_ms = not_after(m->units[i].suppressed_ms, now_ms),
	};
	damping_limit(&u->damping, u->shown.group);
}

static bool is_out(uint8_t state)
{
	return state == NODE_UP || state == NODE_DEGRADED ||
	       state == NODE_DRAINING;
}

static void recall_unit(struct unit *u, const struct health_memory *m,
			size_t i, uint64_t adopt_ms, uint64_t now_ms)
{
	enum node_state state = m->units[i].state < NODE_STATES
		? (enum node_state)m->units[i].state : NODE_UNKNOWN;
	uint64_t since_ms = not_after(m->units[i].since_ms, now_ms);

	recall_damping(u, m, i, now_ms);
	if (m->units[i].announced && is_out(m->units[i].state)) {
		u->adopting = true;
		u->adopt_state = state;
		u->adopt_since_ms = since_ms;
		u->adopt_end_ms = adopt_ms ? unit_after(now_ms, adopt_ms)
					   : UINT64_MAX;
	} else {
		u->shown.state = state;
		u->shown.since_ms = since_ms;
	}
}

static struct unit *find(struct health *h, const char *group, uint8_t family)
{
	for (size_t i = 0; i < h->unit_cnt; i++) {
		const struct health_unit *s = &h->units[i].shown;

		if (s->family == family &&
		    strncmp(s->group->name, group, HEALTH_NAME_MAX) == 0)
			return &h->units[i];
	}
	return NULL;
}

static void recall_drain(struct health_command *c,
			 const struct health_memory *m)
{
	c->force = m->forced;
	c->has_wait = m->has_wait;
	if (m->has_wait)
		c->wait_ms = not_after(m->wait_ms, HEALTH_TIME_MAX_MS);
	c->has_deadline = m->has_deadline;
	if (m->has_deadline)
		c->deadline_ms = not_after(m->deadline_ms, HEALTH_TIME_MAX_MS);
	c->has_phones = m->has_phones;
	if (m->has_phones)
		c->phones_ms = not_after(m->phones_ms, HEALTH_TIME_MAX_MS);
}

void memory_recall(struct health *h, const struct health_memory *m,
		   uint64_t adopt_ms)
{
	uint64_t now_ms = h->outlook.now_ms;

	if ((unsigned)m->order < HEALTH_ORDERS)
		h->outlook.command.order = m->order;
	h->outlook.ordered_ms = not_after(m->order_ms, now_ms);
	if (m->order == HEALTH_DRAIN)
		recall_drain(&h->outlook.command, m);
	for (size_t i = 0; i < m->unit_cnt && i < HEALTH_UNITS_MAX; i++) {
		struct unit *u = find(h, m->units[i].group,
				      m->units[i].family);

		if (u)
			recall_unit(u, m, i, adopt_ms, now_ms);
	}
}

static void follow(struct since *is, const struct since *was)
{
	if (is->set && was->set && was->ms < is->ms)
		is->ms = was->ms;
}

void memory_follow(struct health *h, const struct health *old)
{
	h->outlook.hear_ms = old->outlook.hear_ms;
	if (h->outlook.other_up && old->outlook.other_up)
		h->outlook.other_up_ms = old->outlook.other_up_ms;
	for (size_t i = 0; i < h->unit_cnt; i++) {
		struct unit *u = &h->units[i];
		const struct unit *was = forerunner(old, u->shown.group,
						    u->shown.family);

		if (!was)
			continue;
		follow(&u->good, &was->good);
		follow(&u->local, &was->local);
		follow(&u->remote, &was->remote);
	}
}
