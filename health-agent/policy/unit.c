/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit.c - one unit: what it is now, from its probes, the order and time
 *
 * Nothing but the few times of struct unit is kept from step to step: each
 * step decides anew, so no event can be missed and none counts twice.
 */
#include "health-agent/policy/health_priv.h"

struct decision {
	enum node_state state;
	bool announced;
	enum health_hold hold;
	uint64_t until_ms;
};

static struct decision is_down(enum health_hold hold, uint64_t until_ms)
{
	return (struct decision){ NODE_DOWN, false, hold, until_ms };
}

static struct decision is_out(enum node_state state, enum health_hold hold,
			      uint64_t until_ms)
{
	return (struct decision){ state, true, hold, until_ms };
}

uint64_t unit_after(uint64_t ms, uint64_t wait_ms)
{
	return ms > UINT64_MAX - wait_ms ? UINT64_MAX : ms + wait_ms;
}

uint64_t unit_drain_wait_ms(const struct unit *u,
			    const struct health_command *c)
{
	return c->has_wait ? c->wait_ms : u->shown.group->drain_wait_ms;
}

static void since_keep(struct since *s, bool holds, uint64_t now_ms)
{
	if (holds && !s->set)
		s->ms = now_ms;
	s->set = holds;
}

static void watch(struct unit *u, const struct outlook *o)
{
	enum says says = u->survey.says;

	since_keep(&u->good, says == SAYS_GOOD || says == SAYS_DEGRADED,
		   o->now_ms);
	since_keep(&u->local, says >= SAYS_REMOTE, o->now_ms);
	since_keep(&u->remote, says == SAYS_REMOTE && o->other_up, o->now_ms);
	damping_step(&u->damping, u->shown.group, o->now_ms);
}

/* ---- no order: what the probes say */

static bool is_last(const struct outlook *o)
{
	return o->others && !o->other_up;
}

/* Not announced, and the probes have nothing against it since then. */
static struct decision rise(const struct unit *u, const struct outlook *o,
			    struct decision risen, uint64_t since_ms)
{
	const struct health_group_conf *g = u->shown.group;
	uint64_t held = unit_after(since_ms, g->hold_down_ms);
	uint64_t damped = 0;

	if (u->damping.suppressed) {
		damped = damping_end_ms(&u->damping, g);
		if (is_last(o) && held < o->hear_ms)
			held = o->hear_ms;
	}
	if (o->now_ms < held && (damped <= held || is_last(o)))
		return is_down(HEALTH_HOLD_DOWN, held);
	if (damped && is_last(o))
		return is_out(NODE_DEGRADED, HEALTH_HOLD_DAMPED_LAST, damped);
	return damped ? is_down(HEALTH_HOLD_DAMPED, damped) : risen;
}

static struct decision be_good(const struct unit *u, const struct outlook *o,
			       struct decision risen, const struct since *since)
{
	if (!u->shown.announced && !u->at_once)
		return rise(u, o, risen, since->ms);
	/* only as the last node it was let out in spite of it */
	if (u->damping.suppressed)
		return is_out(NODE_DEGRADED, HEALTH_HOLD_DAMPED_LAST,
			      damping_end_ms(&u->damping, u->shown.group));
	return risen;
}

/* "I cannot reach others" */
static struct decision be_remote(const struct unit *u, const struct outlook *o)
{
	uint64_t end = unit_after(u->remote.ms,
				  u->shown.group->remote_wait_ms);

	if (!o->other_up)
		return be_good(u, o, is_out(NODE_DEGRADED,
					    HEALTH_HOLD_REMOTE_LAST, 0),
			       &u->local);
	if (u->shown.announced && o->now_ms < end)
		return is_out(NODE_DEGRADED, HEALTH_HOLD_REMOTE, end);
	return is_down(HEALTH_HOLD_REMOTE, 0);
}

static struct decision be_undecided(const struct unit *u)
{
	struct decision d = is_down(HEALTH_HOLD_UNDECIDED, 0);

	if (u->shown.state != NODE_DOWN)
		d.state = NODE_UNKNOWN;
	return d;
}

static struct decision follow_probes(const struct unit *u,
				     const struct outlook *o)
{
	switch (u->survey.says) {
	case SAYS_NOTHING:
		return is_down(HEALTH_HOLD_NO_PROBE, 0);
	case SAYS_BAD:
		return is_down(HEALTH_HOLD_PROBES, 0);
	case SAYS_UNDECIDED:
		return be_undecided(u);
	case SAYS_REMOTE:
		return be_remote(u, o);
	case SAYS_DEGRADED:
		return be_good(u, o, is_out(NODE_DEGRADED, HEALTH_HOLD_PROBES,
					    0), &u->good);
	case SAYS_GOOD:
		break;
	}
	return be_good(u, o, is_out(NODE_UP, HEALTH_HOLD_NONE, 0), &u->good);
}

/* ---- orders */

/* When is it withdrawn?  A node that comes up meanwhile is heard of sooner than
 * its routes have spread: it is given the same time.
 */
static uint64_t drain_end_ms(const struct unit *u, const struct outlook *o)
{
	const struct health_command *c = &o->command;
	uint64_t since = o->ordered_ms;

	if (!c->force && o->other_up_ms > since)
		since = o->other_up_ms;
	return unit_after(since, unit_drain_wait_ms(u, c));
}

static struct decision be_draining(const struct unit *u,
				   const struct outlook *o)
{
	struct decision d = { NODE_DRAINING, false, HEALTH_HOLD_DRAINED, 0 };
	uint64_t end = drain_end_ms(u, o);

	if (!u->shown.announced || u->survey.says <= SAYS_UNDECIDED)
		return d;
	if (!o->command.force && !o->other_up)
		return is_out(NODE_DRAINING, HEALTH_HOLD_DRAIN_LAST, 0);
	if (o->now_ms < end)
		return is_out(NODE_DRAINING, HEALTH_HOLD_DRAIN_WAIT, end);
	return d;
}

/* ---- adoption */

static struct decision be_adopting(const struct unit *u)
{
	return (struct decision){
		.state = NODE_UNKNOWN,
		.hold = HEALTH_HOLD_ADOPTING,
		.until_ms = u->adopt_end_ms == UINT64_MAX ? 0
							  : u->adopt_end_ms,
	};
}

/* Is it known by now what becomes of it?  If so it is as if there had been no
 * restart, and what is decided next is decided as ever.
 */
static bool end_adoption(struct unit *u, const struct outlook *o)
{
	enum says says = u->survey.says;

	if (o->command.order != HEALTH_DISABLE && says == SAYS_UNDECIDED &&
	    o->now_ms < u->adopt_end_ms)
		return false;
	u->adopting = false;
	if (says == SAYS_UNDECIDED) {
		if (!u->lost && o->command.order == HEALTH_RESUME)
			damping_add(&u->damping, u->shown.group, o->now_ms);
		u->shown.state = NODE_DOWN;
		u->shown.since_ms = o->now_ms;
		return true;
	}
	/* a drain may have to go on announcing it, whoever has died */
	u->shown.announced = !u->lost || o->command.order == HEALTH_DRAIN;
	u->at_once |= u->lost && !u->damping.suppressed;
	u->shown.state = u->adopt_state;
	u->shown.since_ms = u->adopt_since_ms;
	return true;
}

bool unit_lose(struct unit *u, uint64_t now_ms)
{
	if (!u->adopting || u->lost)
		return false;
	u->lost = true;
	damping_add(&u->damping, u->shown.group, now_ms);
	return true;
}

/* ---- all of it */

static struct decision decide(struct unit *u, const struct outlook *o)
{
	if (u->adopting && !end_adoption(u, o))
		return be_adopting(u);
	if (o->command.order == HEALTH_DISABLE)
		return (struct decision){ NODE_DISABLED, false,
					  HEALTH_HOLD_DISABLED, 0 };
	if (o->command.order == HEALTH_DRAIN)
		return be_draining(u, o);
	return follow_probes(u, o);
}

/* A loss that probes are to blame for, and not an order. */
static bool is_loss(const struct unit *u, const struct decision *d)
{
	return u->shown.announced && d->state == NODE_DOWN &&
	       (d->hold == HEALTH_HOLD_PROBES || d->hold == HEALTH_HOLD_REMOTE);
}

static void show(struct unit *u, const struct decision *d, uint64_t now_ms)
{
	if (u->shown.state != d->state)
		u->shown.since_ms = now_ms;
	u->shown.state = d->state;
	u->shown.announced = d->announced;
	u->shown.hold = d->hold;
	u->shown.until_ms = d->until_ms;
	u->shown.suppressed = u->damping.suppressed;
	u->shown.suppressed_until_ms = u->damping.suppressed
		? damping_end_ms(&u->damping, u->shown.group) : 0;
	u->shown.penalty = damping_penalty(&u->damping, u->shown.group,
					   now_ms);
}

uint64_t unit_due_ms(const struct unit *u)
{
	uint64_t due_ms = u->shown.until_ms ? u->shown.until_ms : UINT64_MAX;

	if (u->shown.suppressed && u->shown.suppressed_until_ms < due_ms)
		due_ms = u->shown.suppressed_until_ms;
	return due_ms;
}

bool unit_step(struct unit *u, const struct outlook *o, enum site_class class)
{
	struct health_unit before = u->shown;
	struct decision d;

	watch(u, o);
	d = decide(u, o);
	if (is_loss(u, &d))
		damping_add(&u->damping, u->shown.group, o->now_ms);
	show(u, &d, o->now_ms);
	u->at_once = false;
	routes_attributes(&u->shown.attributes, u->shown.group, d.state, class);
	return before.state != d.state || before.announced != d.announced ||
	       before.suppressed != u->shown.suppressed;
}
