/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/notice.h"

#include <stdio.h>
#include <string.h>

#include "health-agent/daemon/status.h"

enum { CAUSE_MAX = HEALTH_CAUSE_MAX + HEALTH_NAME_MAX };

struct teller {
	notice_h *tell;		/* NULL: nobody listens */
	void *arg;
};

static void tell(const struct teller *t, const struct audit_entry *entry,
		 const struct health_unit *unit)
{
	if (t->tell)
		t->tell(t->arg, entry, unit);
}

/* ---- probes */

static const struct notice_probe *find_probe(const struct notice *n,
					     const struct health_probe_conf *c)
{
	for (size_t i = 0; i < n->probe_cnt; i++) {
		if (n->probes[i].family == c->family &&
		    strcmp(n->probes[i].name, c->name) == 0)
			return &n->probes[i];
	}
	return NULL;
}

static void look_at_probe(const struct notice *was, struct notice *is,
			  const struct health *h, size_t i,
			  const struct teller *t)
{
	const struct health_probe_conf *conf = &health_conf(h)->probes[i];
	struct notice_probe *probe = &is->probes[is->probe_cnt++];
	const struct notice_probe *old = find_probe(was, conf);
	enum node_state from = old ? old->verdict : NODE_UNKNOWN;
	char cause[CAUSE_MAX];
	unsigned run;

	snprintf(probe->name, sizeof(probe->name), "%s", conf->name);
	probe->family = conf->family;
	probe->verdict = health_probe(h, i, &run);
	if (probe->verdict == from)
		return;
	snprintf(cause, sizeof(cause), "%s: %s", conf->name,
		 health_probe_text(h, i));
	tell(t, &(struct audit_entry){ .what = AUDIT_PROBE,
				       .name = conf->name,
				       .family = conf->family,
				       .from = node_state_name(from),
				       .to = node_state_name(probe->verdict),
				       .cause = cause },
	     NULL);
}

/* ---- units */

static const struct notice_unit *find_unit(const struct notice *n,
					   const char *group, uint8_t family)
{
	for (size_t i = 0; i < n->unit_cnt; i++) {
		if (n->units[i].family == family &&
		    strcmp(n->units[i].group, group) == 0)
			return &n->units[i];
	}
	return NULL;
}

static void look_at_unit(const struct notice *was, struct notice *is,
			 const struct health_unit *u, const struct teller *t)
{
	struct notice_unit *unit = &is->units[is->unit_cnt++];
	const struct notice_unit *old =
		find_unit(was, u->group->name, u->family);
	enum node_state from = old ? old->state : NODE_UNKNOWN;

	snprintf(unit->group, sizeof(unit->group), "%s", u->group->name);
	unit->family = u->family;
	/* nothing is known yet that would make it another */
	unit->state = u->hold == HEALTH_HOLD_ADOPTING ? from : u->state;
	if (unit->state != from)
		tell(t, &(struct audit_entry){
				.what = AUDIT_UNIT,
				.group = u->group->name,
				.family = u->family,
				.from = node_state_name(from),
				.to = node_state_name(u->state),
				.cause = u->cause },
		     u);
}

static void tell_of_lost_units(const struct notice *was,
			       const struct notice *is, const struct teller *t)
{
	for (size_t i = 0; i < was->unit_cnt; i++) {
		const struct notice_unit *u = &was->units[i];

		if (!find_unit(is, u->group, u->family))
			tell(t, &(struct audit_entry){
					.what = AUDIT_UNIT,
					.group = u->group,
					.family = u->family,
					.from = node_state_name(u->state),
					.to = "gone",
					.cause = "no longer configured" },
			     NULL);
	}
}

static void look_at_node(struct notice *n, const struct health *h,
			 uint64_t now_ms, const struct teller *t)
{
	char cause[HEALTH_CAUSE_MAX];
	enum node_state state = health_node(h, cause);

	if (state == n->node || !health_decided(h))
		return;
	tell(t, &(struct audit_entry){ .what = AUDIT_NODE,
				       .from = node_state_name(n->node),
				       .to = node_state_name(state),
				       .cause = cause },
	     NULL);
	n->node = state;
	n->node_since_ms = now_ms;
}

static void look(struct notice *n, const struct health *h, uint64_t now_ms,
		 const struct teller *t)
{
	struct notice was = *n;

	n->probe_cnt = 0;
	for (size_t i = 0; i < health_conf(h)->probe_cnt; i++)
		look_at_probe(&was, n, h, i, t);
	n->unit_cnt = 0;
	for (size_t i = 0; i < health_unit_cnt(h); i++)
		look_at_unit(&was, n, health_unit(h, i), t);
	tell_of_lost_units(&was, n, t);
	look_at_node(n, h, now_ms, t);
}

void notice_begin(struct notice *n, const struct health *h, uint64_t now_ms)
{
	static const struct teller silent = { 0 };
	struct health_memory was;

	*n = (struct notice){ .node_since_ms = now_ms };
	look(n, h, now_ms, &silent);
	/* what is adopted is still what it was */
	health_remember(h, &was, now_ms);
	for (size_t i = 0; i < n->unit_cnt; i++) {
		if (health_unit(h, i)->hold == HEALTH_HOLD_ADOPTING)
			n->units[i].state = was.units[i].state;
	}
}

void notice_health(struct notice *n, const struct health *h, uint64_t now_ms,
		   notice_h *handler, void *arg)
{
	struct teller t = { handler, arg };

	look(n, h, now_ms, &t);
}

/* ---- the guardian's */

static struct notice_route *find_route(struct notice *n,
				       const struct prefix *prefix)
{
	for (size_t i = 0; i < n->route_cnt; i++) {
		if (prefix_equal(&n->routes[i].prefix, prefix))
			return &n->routes[i];
	}
	if (n->route_cnt == ROUTE_PREFIXES_MAX)
		return NULL;
	n->routes[n->route_cnt].prefix = *prefix;
	n->routes[n->route_cnt].proof = LINK_PROOF_NONE;
	return &n->routes[n->route_cnt++];
}

static void look_at_route(struct notice *n, const struct prefix *prefix,
			  uint8_t proof, const struct link_status *s,
			  const struct teller *t)
{
	struct notice_route *route = find_route(n, prefix);
	char name[PREFIX_TEXT_MAX], cause[CAUSE_MAX];

	if (!route || proof == route->proof || proof == LINK_PROOF_PENDING)
		return;
	prefix_format(name, prefix);
	snprintf(cause, sizeof(cause), "%s%s%s", s->output,
		 s->output_text[0] ? ": " : "", s->output_text);
	tell(t, &(struct audit_entry){ .what = AUDIT_ROUTE,
				       .name = name,
				       .family = prefix->addr.family,
				       .from = link_proof_name(route->proof),
				       .to = link_proof_name(proof),
				       .cause = cause },
	     NULL);
	route->proof = proof;
}

/* What is not there is like what never was: reloads do not fill the table. */
static void forget_absent(struct notice *n)
{
	size_t cnt = 0;

	for (size_t i = 0; i < n->route_cnt; i++) {
		if (n->routes[i].proof != LINK_PROOF_NONE)
			n->routes[cnt++] = n->routes[i];
	}
	n->route_cnt = cnt;
}

static void look_at_routes(struct notice *n, const struct link_status *s,
			   const struct teller *t)
{
	/* those it says nothing of any more */
	for (size_t i = 0; i < n->route_cnt; i++) {
		struct prefix prefix = n->routes[i].prefix;

		look_at_route(n, &prefix, status_proof(s, &prefix), s, t);
	}
	for (size_t i = 0; i < s->route_cnt; i++)
		look_at_route(n, &s->routes[i].prefix, s->routes[i].proof, s,
			      t);
	forget_absent(n);
}

static const struct notice_session *
find_session(const struct notice *n, const struct link_session *s)
{
	for (size_t i = 0; i < n->session_cnt; i++) {
		if (n->sessions[i].family == s->family &&
		    addr_equal(&n->sessions[i].neighbor, &s->neighbor))
			return &n->sessions[i];
	}
	return NULL;
}

static void look_at_session(const struct notice *was, struct notice *is,
			    const struct link_session *s,
			    const struct teller *t)
{
	const struct notice_session *old = find_session(was, s);
	const char *from = old ? old->up ? "up" : "down" : "unknown";
	char name[ADDR_TEXT_MAX], cause[CAUSE_MAX];

	is->sessions[is->session_cnt++] = (struct notice_session){
		.neighbor = s->neighbor, .family = s->family, .up = s->up
	};
	if (old && old->up == s->up)
		return;
	addr_format(name, &s->neighbor);
	snprintf(cause, sizeof(cause), "%s%s%s", name,
		 s->up || !s->reason[0] ? "" : ": ", s->up ? "" : s->reason);
	tell(t, &(struct audit_entry){ .what = AUDIT_SESSION,
				       .name = name,
				       .family = s->family,
				       .from = from,
				       .to = s->up ? "up" : "down",
				       .cause = cause },
	     NULL);
}

void notice_guardian(struct notice *n, const struct link_status *status,
		     notice_h *handler, void *arg)
{
	struct teller t = { handler, arg };
	struct notice was = *n;

	n->session_cnt = 0;
	for (size_t i = 0; i < status->session_cnt; i++)
		look_at_session(&was, n, &status->sessions[i], &t);
	look_at_routes(n, status, &t);
}
