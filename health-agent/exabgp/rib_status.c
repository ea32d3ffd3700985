/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/rib_priv.h"

#include <stdio.h>
#include <string.h>

static enum link_proof prove_unwanted(const struct rib *rib,
				      const struct rib_pair *pair)
{
	if (!rib->wants || pair->there == RIB_ABSENT)
		return LINK_PROOF_NONE;
	return pair->there == RIB_UNKNOWN ? LINK_PROOF_PENDING :
					    LINK_PROOF_UNWANTED;
}

static enum link_proof prove(const struct rib *rib, size_t neighbor,
			     size_t prefix)
{
	const struct rib_pair *pair = &rib->pairs[neighbor][prefix];

	if (!rib_wanted(rib, prefix))
		return prove_unwanted(rib, pair);
	if (pair->refused)
		return LINK_PROOF_REFUSED;
	if (pair->missing)
		return LINK_PROOF_MISSING;
	if (!rib->sessions[neighbor].up)
		return LINK_PROOF_SESSION_DOWN;
	return pair->there == RIB_SAME && pair->proven ?
	       LINK_PROOF_ADVERTISED : LINK_PROOF_PENDING;
}

/* The worst over its neighbours; wanted without any is missing everywhere. */
static enum link_proof prove_prefix(const struct rib *rib, size_t prefix)
{
	enum link_proof worst = LINK_PROOF_NONE;
	bool any = false;

	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		enum link_proof proof;

		if (!rib_is_pair(rib, i, prefix))
			continue;
		any = true;
		proof = prove(rib, i, prefix);
		worst = proof > worst ? proof : worst;
	}
	if (!any && rib_wanted(rib, prefix))
		return LINK_PROOF_MISSING;
	return worst;
}

static void put_routes(const struct rib *rib, struct link_status *out)
{
	out->route_cnt = 0;
	for (size_t i = 0; i < rib->conf.own_cnt; i++) {
		out->routes[out->route_cnt].prefix = rib->conf.own[i];
		out->routes[out->route_cnt++].proof =
			(uint8_t)prove_prefix(rib, i);
	}
	for (size_t i = 0; i < rib->want.cnt; i++) {
		const struct prefix *p = &rib->want.routes[i].prefix;

		if (rib_own(rib, p) < rib->conf.own_cnt ||
		    out->route_cnt == ROUTE_PREFIXES_MAX)
			continue;
		out->routes[out->route_cnt].prefix = *p;
		out->routes[out->route_cnt++].proof = LINK_PROOF_REFUSED;
	}
}

/* The first pair whose proof is this, for a sentence about it. */
static bool find_proof(const struct rib *rib, enum link_proof proof,
		       char prefix[static PREFIX_TEXT_MAX],
		       char neighbor[static ADDR_TEXT_MAX])
{
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		for (size_t j = 0; j < rib->conf.own_cnt; j++) {
			if (!rib_is_pair(rib, i, j) ||
			    prove(rib, i, j) != proof)
				continue;
			prefix_format(prefix, &rib->conf.own[j]);
			addr_format(neighbor, &rib->conf.neighbors[i].addr);
			return true;
		}
	}
	return false;
}

/* What ails it, the worst first. */
static void put_text(const struct rib *rib, char out[static LINK_TEXT_MAX],
		     uint64_t now_ms)
{
	char prefix[PREFIX_TEXT_MAX], neighbor[ADDR_TEXT_MAX];

	out[0] = '\0';
	if (rib->leaving)
		snprintf(out, LINK_TEXT_MAX, "ExaBGP is shutting down");
	else if (!rib_alive(rib, now_ms))
		snprintf(out, LINK_TEXT_MAX, rib->last_ack_ms ?
			 "ExaBGP does not answer" :
			 "ExaBGP has never answered (is its api.ack true?)");
	else if (!rib->conf.neighbor_cnt)
		snprintf(out, LINK_TEXT_MAX, "this node has no neighbor");
	else if (find_proof(rib, LINK_PROOF_UNWANTED, prefix, neighbor))
		snprintf(out, LINK_TEXT_MAX, "%s is not withdrawn from %s yet",
			 prefix, neighbor);
	else if (find_proof(rib, LINK_PROOF_REFUSED, prefix, neighbor))
		snprintf(out, LINK_TEXT_MAX,
			 "ExaBGP refuses %s to %s (see log)", prefix,
			 neighbor);
	else if (find_proof(rib, LINK_PROOF_MISSING, prefix, neighbor))
		snprintf(out, LINK_TEXT_MAX,
			 "ExaBGP has lost %s for %s", prefix,
			 neighbor);
}

bool rib_status(struct rib *rib, struct link_status *out, uint64_t now_ms)
{
	bool changed = rib->changed;
	char text[LINK_TEXT_MAX];

	put_routes(rib, out);
	put_text(rib, text, now_ms);
	changed = changed || strcmp(text, out->output_text) != 0;
	memcpy(out->output_text, text, sizeof(text));
	out->generation = rib->done_generation;
	out->last_ack_ms = rib->last_ack_ms;
	out->commands = rib->counts.commands;
	out->errors = rib->counts.errors;
	out->timeouts = rib->counts.timeouts;
	out->resyncs = rib->counts.resyncs;
	out->events = rib->counts.events;
	out->dropped_lines = rib->counts.dropped;
	out->session_cnt = rib->conf.neighbor_cnt;
	memcpy(out->sessions, rib->sessions,
	       rib->conf.neighbor_cnt * sizeof(out->sessions[0]));
	out->found_known = rib->found_known;
	out->found = rib->found;
	rib->changed = false;
	return changed;
}
