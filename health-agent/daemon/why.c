/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/why.h"

#include <inttypes.h>
#include <stdarg.h>

#include "health-agent/daemon/why_priv.h"

void why_begin(struct why *y)
{
	y->w = words_in(y->text, sizeof(y->text));
}

void why_end(struct why *y)
{
	char clean[WHY_LINE_MAX];

	words_clean(clean, sizeof(clean), y->text);
	y->line(y->arg, clean);
}

void why_say(struct why *y, const char *fmt, ...)
{
	va_list ap;

	why_begin(y);
	va_start(ap, fmt);
	words_vadd(&y->w, fmt, ap);
	va_end(ap);
	why_end(y);
}

static void add_left(struct why *y, uint64_t end_ms)
{
	uint64_t now_ms = y->view->now_ms;

	words_add_duration(&y->w, end_ms > now_ms ? end_ms - now_ms : 0);
}

void why_add_age(struct why *y, uint64_t since_ms)
{
	uint64_t now_ms = y->view->now_ms;

	words_add(&y->w, " for ");
	words_add_duration(&y->w, now_ms > since_ms ? now_ms - since_ms : 0);
}

/* ---- headlines */

static void tell_node(struct why *y)
{
	char cause[HEALTH_CAUSE_MAX];
	enum node_state state = status_node(y->view, cause);

	why_begin(y);
	words_add(&y->w, "%s is %s", y->view->conf->node->name,
		  node_state_name(state));
	why_add_age(y, y->view->node_since_ms);
	words_add(&y->w, ": %s", cause);
	why_end(y);
}

static void tell_head(struct why *y, const struct health_unit *u)
{
	why_begin(y);
	words_add(&y->w, "%s (%s) is %s", u->group->name,
		  words_family(u->family), node_state_name(u->state));
	why_add_age(y, u->since_ms);
	words_add(&y->w, ": %s", u->cause);
	why_end(y);
}

/* ---- probes */

static const struct health_probe_conf *probe_conf(const struct why *y,
						  size_t probe)
{
	return &health_conf(y->view->health)->probes[probe];
}

static void tell_need(struct why *y, const struct health_unit *u, size_t probe)
{
	const struct health_probe_conf *conf = probe_conf(y, probe);
	unsigned needs = health_probe_needs(y->view->health, probe);
	char told[HEALTH_CAUSE_MAX];

	health_probe_tell(y->view->health, probe, told, sizeof(told));
	why_begin(y);
	words_add(&y->w, "  needs %u %sgood attempt%s%s", needs,
		  needs < conf->rise && u->hold != HEALTH_HOLD_ADOPTING
			? "more " : "",
		  needs == 1 ? "" : "s", needs > 1 ? " in a row" : "");
	if (conf->failure == HEALTH_DEGRADE)
		words_add(&y->w, " or is degraded");
	words_add(&y->w, ": %s", told);
	why_end(y);
}

/* Every probe that is not good, those that withdraw before those that
 * degrade.
 */
static void tell_needs(struct why *y, size_t unit, enum health_failure failure)
{
	const struct health *h = y->view->health;

	for (size_t i = 0; i < health_conf(h)->probe_cnt; i++) {
		if (health_speaks(h, i, unit) && health_probe_needs(h, i) &&
		    probe_conf(y, i)->failure == failure)
			tell_need(y, health_unit(h, unit), i);
	}
}

static void tell_failing(struct why *y, size_t unit)
{
	const struct health *h = y->view->health;

	for (size_t i = 0; i < health_conf(h)->probe_cnt; i++) {
		char told[HEALTH_CAUSE_MAX];

		if (!health_speaks(h, i, unit) || health_probe_needs(h, i) ||
		    !health_probe_undecided(h, i))
			continue;
		health_probe_tell(h, i, told, sizeof(told));
		why_say(y, "  watch: %s", told);
	}
}

/* ---- what holds it besides */

/* What comes when its probes are good. */
static void tell_hold_down(struct why *y, const struct health_unit *u)
{
	if (u->announced || !u->group->hold_down_ms ||
	    (u->state != NODE_DOWN && u->state != NODE_UNKNOWN) ||
	    u->hold == HEALTH_HOLD_DAMPED || u->hold == HEALTH_HOLD_ADOPTING)
		return;
	why_begin(y);
	if (u->hold == HEALTH_HOLD_DOWN) {
		words_add(&y->w, "  needs ");
		add_left(y, u->until_ms);
		words_add(&y->w, " more without a bad probe (hold-down)");
	} else {
		words_add(&y->w, "  then ");
		words_add_duration(&y->w, u->group->hold_down_ms);
		words_add(&y->w, " of hold-down");
	}
	why_end(y);
}

static void tell_damping(struct why *y, const struct health_unit *u)
{
	if (!u->suppressed)
		return;
	why_begin(y);
	words_add(&y->w, "  is damped for ");
	add_left(y, u->suppressed_until_ms);
	words_add(&y->w, " more (penalty %" PRIu32 ", free below %" PRIu32
		  "); `anycastctl resume' forgives it", u->penalty,
		  u->group->reuse);
	why_end(y);
}

static void tell_wait(struct why *y, const struct health_unit *u,
		      const char *then)
{
	why_begin(y);
	words_add(&y->w, "  is withdrawn in ");
	add_left(y, u->until_ms);
	words_add(&y->w, "%s", then);
	why_end(y);
}

static void tell_hold(struct why *y, const struct health_unit *u)
{
	switch (u->hold) {
	case HEALTH_HOLD_NO_PROBE:
		why_say(y, "  needs a probe for %s that has %s among its "
			"groups, in %s", words_family(u->family),
			u->group->name, y->view->conf->file);
		break;
	case HEALTH_HOLD_ADOPTING:
		if (u->until_ms)
			tell_wait(y, u, " if there is no answer by then");
		break;
	case HEALTH_HOLD_REMOTE:
		if (u->announced)
			tell_wait(y, u, " if another node stays up");
		break;
	case HEALTH_HOLD_REMOTE_LAST:
	case HEALTH_HOLD_DAMPED_LAST:
		why_say(y, health_others_up(y->view->health)
			? "  stays announced: to withdraw it would be one "
			  "more loss"
			: "  is announced because no other node is up");
		break;
	case HEALTH_HOLD_DRAIN_WAIT:
		tell_wait(y, u, "; `anycastctl resume' keeps it");
		break;
	case HEALTH_HOLD_DRAIN_LAST:
		why_say(y, "  is withdrawn by `anycastctl drain --force' too; "
			"`anycastctl resume' keeps it");
		break;
	case HEALTH_HOLD_DRAINED:
	case HEALTH_HOLD_DISABLED:
		why_say(y, "  comes back by `anycastctl resume'");
		break;
	default:
		break;
	}
}

/* ---- what is fine */

static bool is_fine(const struct health *h, size_t probe)
{
	return !health_probe_needs(h, probe) &&
	       !health_probe_undecided(h, probe);
}

static void add_fine_probes(struct why *y, size_t unit, const char **separator)
{
	const struct health *h = y->view->health;

	for (size_t i = 0; i < health_conf(h)->probe_cnt; i++) {
		if (!health_speaks(h, i, unit) || !is_fine(h, i))
			continue;
		words_add(&y->w, "%s%s", *separator, probe_conf(y, i)->name);
		*separator = ", ";
	}
}

static void tell_fine(struct why *y, size_t unit)
{
	const struct health_unit *u = health_unit(y->view->health, unit);
	const char *separator = "";

	why_begin(y);
	words_add(&y->w, "  fine: ");
	add_fine_probes(y, unit, &separator);
	why_add_fine_routes(y, u, &separator);
	why_add_fine_sessions(y, u, &separator);
	if (separator[0])
		why_end(y);
}

static void tell_unit(struct why *y, size_t unit)
{
	const struct health_unit *u = health_unit(y->view->health, unit);

	tell_head(y, u);
	tell_hold(y, u);
	tell_needs(y, unit, HEALTH_WITHDRAW);
	tell_needs(y, unit, HEALTH_DEGRADE);
	tell_hold_down(y, u);
	tell_damping(y, u);
	tell_failing(y, unit);
	why_routes(y, u);
	why_sessions(y, u);
	tell_fine(y, unit);
}

void why_tell(const struct status_view *v, why_line_h *line, void *arg)
{
	struct why y = { .view = v, .line = line, .arg = arg };

	tell_node(&y);
	for (size_t i = 0; i < health_unit_cnt(v->health); i++)
		tell_unit(&y, i);
	why_all(&y);
}
