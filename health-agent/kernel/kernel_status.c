/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/kernel/kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SAY(...) ((void)snprintf(out, LINK_TEXT_MAX, __VA_ARGS__))

static const char *why_refused(const struct output *o, size_t i)
{
	if (o->refused[i] == EEXIST)
		return "somebody else has this route with our metric";
	return strerror(o->refused[i]);
}

static bool say_refused(const struct output *o, char out[static LINK_TEXT_MAX])
{
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < o->own_cnt; i++) {
		if (!o->refused[i])
			continue;
		prefix_format(text, &o->own[i]);
		if (o->refused[i] == EACCES &&
		    o->own[i].addr.family == ADDR_IP6)
			SAY("%s: IPv6 is switched off "
			    "(net.ipv6.conf.%s.disable_ipv6)", text,
			    o->device);
		else
			SAY("%s: %s", text, why_refused(o, i));
		return true;
	}
	return false;
}

/* What ails it, the worst first. */
static void say(const struct output *o, char out[static LINK_TEXT_MAX])
{
	char text[PREFIX_TEXT_MAX];

	out[0] = '\0';
	if (o->device_err) {
		SAY("%s: %s", o->device, strerror(o->device_err));
	} else if (say_refused(o, out)) {
		return;
	} else if (o->table.foreign_cnt) {
		prefix_format(text, &o->table.foreign.prefix);
		SAY("in table %u, not ours: %zu route%s, %s proto %u metric %u",
		    o->table_id, o->table.foreign_cnt,
		    o->table.foreign_cnt == 1 ? "" : "s", text,
		    o->table.foreign.protocol, o->table.foreign.metric);
	} else if (o->packets) {
		SAY("%" PRIu64 " packets came to %s and were dropped: %s",
		    o->packets, o->device,
		    plan_is_shared(o->table_id)
			    ? "their address is not on this machine"
			    : "a rule looks into its table");
	}
}

static enum link_proof proof(const struct output *o, size_t i)
{
	enum link_proof proof;

	if (!o->table_known || !o->has_want)
		return LINK_PROOF_NONE;
	proof = plan_proof(&o->table, &o->want, &o->own[i]);
	if (proof != LINK_PROOF_MISSING || o->device_err)
		return proof;
	if (o->refused[i])
		return LINK_PROOF_REFUSED;
	return o->rounds && o->request.asking == KERNEL_IDLE
		       ? LINK_PROOF_MISSING
		       : LINK_PROOF_PENDING;
}

/* What somebody waits for; counters alone can wait for the next second. */
static bool has_changed(struct output *o, const struct link_status *out)
{
	bool changed = o->told_generation != out->generation ||
		       o->told_found != out->found_known ||
		       strcmp(o->told_text, out->output_text) != 0;

	o->told_generation = out->generation;
	o->told_found = out->found_known;
	memcpy(o->told_text, out->output_text, sizeof(o->told_text));
	for (size_t i = 0; i < out->route_cnt; i++) {
		changed |= o->told_proofs[i] != out->routes[i].proof;
		o->told_proofs[i] = out->routes[i].proof;
	}
	return changed;
}

bool kernel_status(struct output *o, struct link_status *out)
{
	out->generation = o->done_generation;
	snprintf(out->output, sizeof(out->output), "kernel");
	say(o, out->output_text);
	out->last_ack_ms = o->last_ack_ms;
	out->commands = o->commands;
	out->errors = o->errors;
	out->timeouts = o->timeouts;
	out->resyncs = o->resyncs;
	out->events = o->heard;
	out->dropped_lines = o->lost;
	out->route_cnt = o->own_cnt;
	for (size_t i = 0; i < o->own_cnt; i++) {
		out->routes[i].prefix = o->own[i];
		out->routes[i].proof = (uint8_t)proof(o, i);
	}
	out->session_cnt = 0;
	out->found_known = o->found_known;
	out->found = o->found;
	return has_changed(o, out);
}
