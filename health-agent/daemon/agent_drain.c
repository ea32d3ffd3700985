/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a drain: what there is to see of it, and what is told of it. */
#include <stdio.h>

#include "common/clock.h"
#include "health-agent/daemon/agent.h"
#include "health-agent/policy/words.h"

/* The guardian has taken up what is wanted; false: that is not known yet. */
static bool is_taken_up(const struct agent *a)
{
	const struct link_want *want = uplink_wanted(a->uplink);
	const struct link_status *g = uplink_status(a->uplink);

	return g && want && g->generation == want->generation;
}

bool agent_is_withdrawn(const struct agent *a)
{
	const struct link_want *want = uplink_wanted(a->uplink);
	const struct link_status *g = uplink_status(a->uplink);

	if (!is_taken_up(a) || !want->drained || !health_drained(a->health))
		return false;
	for (size_t i = 0; i < g->route_cnt; i++) {
		if (g->routes[i].proof != LINK_PROOF_NONE)
			return false;
	}
	return true;
}

/* The order's own times go before those of the configuration. */
static void set_times(struct drain_sight *s, const struct agent *a)
{
	const struct health_command *c = health_command(a->health);

	s->deadline_ms = c->has_deadline ? c->deadline_ms
					 : a->conf->drain_deadline_ms;
	s->phones_ms = c->has_phones ? c->phones_ms : a->conf->drain_phones_ms;
}

/* False: what there is to see is not known yet, as after a start. */
static bool look(const struct agent *a, struct drain_sight *out,
		 uint64_t now_ms)
{
	*out = (struct drain_sight){
		.ordered = health_command(a->health)->order != HEALTH_RESUME,
		.withdrawn = agent_is_withdrawn(a),
	};
	set_times(out, a);
	if (!counting_look(a->counting, &out->relay, &out->calls, now_ms))
		return !out->ordered;
	return !out->ordered || out->withdrawn || is_taken_up(a) ||
	       !health_drained(a->health);
}

/* From where it was announced, through the calls, to the end. */
static void tell(struct agent *a, enum drain_phase was, uint64_t now_ms)
{
	char cause[HEALTH_CAUSE_MAX];
	struct words w = words_in(cause, sizeof(cause));

	if (a->drain.phase == DRAIN_NONE || a->drain.phase == DRAIN_ANNOUNCED)
		return;		/* the order, or the unit, has said so */
	drain_tell(&w, &a->drain, now_ms);
	agent_record(a, &(struct audit_entry){
				.what = AUDIT_DRAIN,
				.from = drain_phase_name(was),
				.to = drain_phase_name(a->drain.phase),
				.cause = cause });
}

void agent_see_drain(struct agent *a)
{
	uint64_t now_ms = clock_boot_ms();
	enum drain_phase was = a->drain.phase;
	struct drain_sight sight;

	if (!look(a, &sight, now_ms))
		return;
	if (drain_step(&a->drain, &sight, now_ms)) {
		/* what it was before the start has been told then */
		if (a->drain_seen)
			tell(a, was, now_ms);
		agent_save(a);
	}
	a->drain_seen = true;
}

void agent_calls_told(void *arg)
{
	agent_see_drain(arg);
}

void agent_set_relay(struct agent *a)
{
	struct endpoint relay;
	bool has = agent_conf_pinner(a->conf, &relay);

	counting_set(a->counting, has ? &relay : NULL);
}
