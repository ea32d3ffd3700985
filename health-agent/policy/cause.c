/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cause.c - why a unit is as it is, in one sentence for status and audit log */
#include <inttypes.h>

#include "health-agent/policy/health_priv.h"

void cause_add_unit(struct words *w, const struct health_unit *unit)
{
	words_add(w, "%s (%s)", unit->group->name, words_family(unit->family));
}

static void add_others(struct words *w, const struct survey *s)
{
	if (s->worst_cnt > 1)
		words_add(w, " (and %u more probe%s)", s->worst_cnt - 1,
			  s->worst_cnt > 2 ? "s" : "");
}

/* The first of the worst probes, and how many there are besides. */
static void add_worst(struct words *w, const struct health *h,
		      const struct unit *u)
{
	size_t i = u->survey.worst;

	verdict_add_words(w, &h->verdicts[i], &h->conf.probes[i]);
	add_others(w, &u->survey);
}

static void add_left(struct words *w, const struct unit *u, uint64_t now_ms)
{
	words_add_duration(w, u->shown.until_ms - now_ms);
}

static void add_damping(struct words *w, const struct unit *u, uint64_t now_ms)
{
	const struct health_group_conf *g = u->shown.group;

	words_add(w, "penalty %" PRIu32, u->shown.penalty);
	if (damping_penalty(&u->damping, g, u->shown.until_ms) < g->reuse)
		words_add(w, ", below %" PRIu32 " in ", g->reuse);
	else
		words_add(w, ", released in ");
	add_left(w, u, now_ms);
}

/* The last node is let out in spite of its penalty, and stays out. */
static void add_damped_last(struct words *w, const struct health *h,
			    const struct unit *u)
{
	if (h->outlook.other_up)
		words_add(w, "damped, but announced since no other node was "
			  "up: ");
	else
		words_add(w, "damped, but no other node is up: ");
	add_damping(w, u, h->outlook.now_ms);
}

static void add_hold_down(struct words *w, const struct unit *u,
			  uint64_t now_ms)
{
	/* only the last node does not wait for that too */
	bool damped = u->shown.suppressed_until_ms > u->shown.until_ms;

	words_add(w, damped ? "damped, announced in " : "hold-down: up in ");
	add_left(w, u, now_ms);
	if (damped)
		words_add(w, " if no other node is up by then");
}

static void add_good(struct words *w, const struct unit *u)
{
	if (u->survey.cnt == 1)
		words_add(w, "its probe is good");
	else if (u->survey.cnt == 2)
		words_add(w, "both probes are good");
	else
		words_add(w, "all %u probes are good", u->survey.cnt);
}

static void add_remote(struct words *w, const struct health *h,
		       const struct unit *u)
{
	add_worst(w, h, u);
	if (!u->shown.announced) {
		words_add(w, "; another node is up");
		return;
	}
	words_add(w, "; withdrawn in ");
	add_left(w, u, h->outlook.now_ms);
	words_add(w, " if another node stays up");
}

/* Of a drain that waits for another node. */
static void add_others_wait(struct words *w, const struct health *h,
			    const struct unit *u)
{
	uint64_t wait_ms = unit_drain_wait_ms(u, &h->outlook.command);

	if (!h->outlook.others) {
		words_add(w, "announced until forced: there is no other node");
	} else if (!wait_ms) {
		words_add(w, "announced until another node is up");
	} else {
		words_add(w, "announced until another node has been up for ");
		words_add_duration(w, wait_ms);
	}
}

static void add_drain(struct words *w, const struct health *h,
		      const struct unit *u)
{
	if (u->shown.hold == HEALTH_HOLD_DRAIN_WAIT) {
		words_add(w, "withdrawn in ");
		add_left(w, u, h->outlook.now_ms);
	} else if (u->shown.hold == HEALTH_HOLD_DRAINED) {
		words_add(w, "withdrawn by a drain");
	} else {
		add_others_wait(w, h, u);
	}
}

static void add_adopting(struct words *w, const struct health *h,
			 const struct unit *u)
{
	words_add(w, "was announced before, waiting for ");
	verdict_add_name(w, &h->conf.probes[u->survey.worst]);
	add_others(w, &u->survey);
}

void cause_tell(const struct health *h, struct unit *u)
{
	struct words w = words_in(u->shown.cause, sizeof(u->shown.cause));
	uint64_t now_ms = h->outlook.now_ms;

	switch (u->shown.hold) {
	case HEALTH_HOLD_NONE:
		add_good(&w, u);
		break;
	case HEALTH_HOLD_NO_PROBE:
		words_add(&w, "no probe speaks for it");
		break;
	case HEALTH_HOLD_ADOPTING:
		add_adopting(&w, h, u);
		break;
	case HEALTH_HOLD_UNDECIDED:
	case HEALTH_HOLD_PROBES:
		add_worst(&w, h, u);
		break;
	case HEALTH_HOLD_REMOTE:
		add_remote(&w, h, u);
		break;
	case HEALTH_HOLD_REMOTE_LAST:
		add_worst(&w, h, u);
		words_add(&w, "; no other node is up");
		break;
	case HEALTH_HOLD_DOWN:
		add_hold_down(&w, u, now_ms);
		break;
	case HEALTH_HOLD_DAMPED:
		words_add(&w, "damped: ");
		add_damping(&w, u, now_ms);
		break;
	case HEALTH_HOLD_DAMPED_LAST:
		add_damped_last(&w, h, u);
		break;
	case HEALTH_HOLD_DRAIN_WAIT:
	case HEALTH_HOLD_DRAIN_LAST:
	case HEALTH_HOLD_DRAINED:
		add_drain(&w, h, u);
		break;
	case HEALTH_HOLD_DISABLED:
		words_add(&w, "disabled by an operator");
		break;
	case HEALTH_HOLDS:
		break;
	}
}
