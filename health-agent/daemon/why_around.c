/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why_around.c - what is amiss outside of the policy */
#include <string.h>

#include "health-agent/daemon/why_priv.h"

/* ---- routes */

/* None ever is: the guardian says so in its text. */
static bool is_dry_run(const struct link_status *s)
{
	return strcmp(s->output, "dry-run") == 0;
}

/* Where a route is when it is out. */
static const char *where(const struct link_status *s)
{
	if (strcmp(s->output, "exabgp") == 0)
		return "ExaBGP's adj-rib-out";
	return "the kernel's table";
}

static void tell_announced(struct why *y, const char *route,
			   enum link_proof proof)
{
	const struct link_status *s = y->view->guardian;

	switch (proof) {
	case LINK_PROOF_ADVERTISED:
		break;
	case LINK_PROOF_NONE:
		why_say(y, "  route %s is not in %s yet", route, where(s));
		break;
	case LINK_PROOF_PENDING:
		why_say(y, "  route %s has been sent, and not been seen in %s "
			"yet", route, where(s));
		break;
	case LINK_PROOF_SESSION_DOWN:
		why_say(y, "  route %s is not heard where a session is down",
			route);
		break;
	case LINK_PROOF_MISSING:
		why_say(y, "  route %s was acknowledged, but is not in %s",
			route, where(s));
		break;
	case LINK_PROOF_REFUSED:
		why_say(y, "  route %s was refused by %s", route, s->output);
		break;
	default:
		why_say(y, "  route %s is %s", route, link_proof_name(proof));
		break;
	}
}

static void tell_withdrawn(struct why *y, const char *route,
			   enum link_proof proof)
{
	const struct link_status *s = y->view->guardian;

	switch (proof) {
	case LINK_PROOF_NONE:
	case LINK_PROOF_SESSION_DOWN:
		break;
	case LINK_PROOF_PENDING:
		why_say(y, "  route %s is being withdrawn", route);
		break;
	case LINK_PROOF_ADVERTISED:
	case LINK_PROOF_UNWANTED:
		why_say(y, "  route %s is still in %s and should not be",
			route, where(s));
		break;
	default:
		why_say(y, "  route %s is %s", route, link_proof_name(proof));
		break;
	}
}

static bool is_of(const struct health_unit *u, size_t prefix)
{
	return u->group->prefixes[prefix].addr.family == u->family;
}

void why_routes(struct why *y, const struct health_unit *u)
{
	const struct link_status *s = y->view->guardian;

	if (!s || is_dry_run(s))
		return;
	for (size_t i = 0; i < u->group->prefix_cnt; i++) {
		const struct prefix *p = &u->group->prefixes[i];
		char text[ROUTE_PREFIX_TEXT_MAX];

		if (!is_of(u, i) || u->hold == HEALTH_HOLD_ADOPTING)
			continue;
		route_format_prefix(text, p);
		if (u->announced)
			tell_announced(y, text, status_proof(s, p));
		else
			tell_withdrawn(y, text, status_proof(s, p));
	}
}

void why_add_fine_routes(struct why *y, const struct health_unit *u,
			 const char **separator)
{
	const struct link_status *s = y->view->guardian;

	for (size_t i = 0; s && i < u->group->prefix_cnt; i++) {
		const struct prefix *p = &u->group->prefixes[i];
		char text[ROUTE_PREFIX_TEXT_MAX];

		if (!is_of(u, i) || !u->announced ||
		    status_proof(s, p) != LINK_PROOF_ADVERTISED)
			continue;
		route_format_prefix(text, p);
		words_add(&y->w, "%s%s advertised", *separator, text);
		*separator = ", ";
	}
}

/* ---- sessions */

static void tell_session(struct why *y, const struct link_session *s)
{
	char text[ADDR_TEXT_MAX];

	addr_format(text, &s->neighbor);
	why_begin(y);
	words_add(&y->w, "  session with %s (AS %u) is down", text,
		  s->remote_as);
	if (s->since_ms)
		why_add_age(y, s->since_ms);
	if (s->reason[0])
		words_add(&y->w, ": %s", s->reason);
	why_end(y);
}

void why_sessions(struct why *y, const struct health_unit *u)
{
	const struct link_status *s = y->view->guardian;
	size_t cnt = 0;

	for (size_t i = 0; s && i < s->session_cnt; i++) {
		if (s->sessions[i].family != u->family)
			continue;
		cnt++;
		if (!s->sessions[i].up)
			tell_session(y, &s->sessions[i]);
	}
	if (s && !cnt && strcmp(s->output, "exabgp") == 0)
		why_say(y, "  has no neighbor of %s: nobody hears of it",
			words_family(u->family));
}

void why_add_fine_sessions(struct why *y, const struct health_unit *u,
			   const char **separator)
{
	const struct link_status *s = y->view->guardian;

	for (size_t i = 0; s && i < s->session_cnt; i++) {
		char text[ADDR_TEXT_MAX];

		if (s->sessions[i].family != u->family || !s->sessions[i].up)
			continue;
		addr_format(text, &s->sessions[i].neighbor);
		words_add(&y->w, "%ssession with %s", *separator, text);
		*separator = ", ";
	}
}

/* ---- the others */

static void add_node(struct why *y, const struct peers_entry *e)
{
	words_add(&y->w, ", %s %s", e->node->name, node_state_name(e->state));
	if (e->state != NODE_UNKNOWN)
		return;
	if (!e->heard_ms) {
		words_add(&y->w, " (never heard)");
		return;
	}
	words_add(&y->w, " (not heard");
	why_add_age(y, e->heard_ms);
	words_add(&y->w, ")");
}

static void tell_nodes(struct why *y)
{
	const struct peers *peers = y->view->peers;
	size_t cnt = peers ? peers_cnt(peers) : 0, up = 0, named = 0;

	if (!cnt)
		return;
	for (size_t i = 0; i < cnt; i++)
		up += peers_entry(peers, i)->state == NODE_UP;
	why_begin(y);
	words_add(&y->w, "other nodes: %zu of %zu up", up, cnt);
	for (size_t i = 0; i < cnt && named < WHY_NODES_MAX; i++) {
		if (peers_entry(peers, i)->state == NODE_UP)
			continue;
		add_node(y, peers_entry(peers, i));
		named++;
	}
	if (cnt - up > named)
		words_add(&y->w, ", and %zu more that are not",
			  cnt - up - named);
	why_end(y);
}

void why_all(struct why *y)
{
	const struct link_status *s = y->view->guardian;

	if (!s)
		why_say(y, "the guardian has not been heard yet: what is "
			"announced is not known");
	else if (s->output_text[0])
		why_say(y, "%s", s->output_text);
	if (s && s->worker_starts > 1)
		why_say(y, "the guardian has started %u workers: each that "
			"ends withdraws what is announced, which is a loss; "
			"`anycastctl log' says when, the journal why",
			s->worker_starts);
	tell_nodes(y);
	if (y->view->config_error && y->view->config_error[0])
		why_say(y, "the last reload was refused, what was read before "
			"it counts: %s", y->view->config_error);
	for (size_t i = 0; i < y->view->warning_cnt; i++)
		why_say(y, "%s", y->view->warnings[i]);
}
