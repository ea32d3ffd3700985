/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests at the control socket, carried out. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "health-agent/daemon/agent.h"
#include "health-agent/daemon/command.h"
#include "health-agent/daemon/json_text.h"
#include "health-agent/daemon/why.h"
#include "health-agent/policy/words.h"

enum { DISK_SLOW_MS = 2000 };

/* ---- the view */

static void add_warning(struct status_view *v, const char **warnings,
			const char *text)
{
	if (v->warning_cnt < AGENT_WARNINGS_MAX)
		warnings[v->warning_cnt++] = text;
}

/* It fails, or has not answered for so long that it cannot be relied on. */
static bool is_ill(int err, uint64_t busy_ms, uint64_t now_ms)
{
	return err || (busy_ms && now_ms - busy_ms >= DISK_SLOW_MS);
}

static bool memory_is_ill(const struct agent *a, uint64_t now_ms)
{
	const struct snapshot_stats *s = snapshot_stats(a->snapshot);

	return is_ill(s->err, s->busy_ms, now_ms);
}

static bool metrics_are_ill(const struct agent *a)
{
	for (size_t i = 0; i < a->conf->metrics_cnt; i++) {
		if (a->metrics[i].warned)
			return true;
	}
	return false;
}

void agent_tell_sites(const struct agent *a, char out[static AGENT_ERROR_MAX])
{
	const struct peers *peers = a->peering ? peering_peers(a->peering)
					       : NULL;
	/* room for the end */
	struct words w = words_in(out, AGENT_ERROR_MAX - 64);
	size_t cnt = 0;

	for (size_t i = 0; peers && i < peers_cnt(peers); i++) {
		const struct peers_entry *e = peers_entry(peers, i);

		if (e->state != NODE_UNKNOWN && peers_differs(peers, i))
			words_add(&w, "%s%s", cnt++ ? ", " : "",
				  e->node->name);
	}
	w.room = AGENT_ERROR_MAX;
	if (cnt)
		words_add(&w, ": %s site file is not that of this node",
			  cnt > 1 ? "their" : "its");
}

static void add_warnings(struct agent *a, struct status_view *v,
			 const char **warnings)
{
	const struct audit_stats *audit = audit_stats(a->audit);

	if (is_ill(audit->err, audit->busy_ms, v->now_ms))
		add_warning(v, warnings,
			    "the audit log cannot be written: lines are lost");
	if (memory_is_ill(a, v->now_ms))
		add_warning(v, warnings,
			    "health.memory cannot be written: orders do not "
			    "outlive a restart");
	if (a->node_state_err)
		add_warning(v, warnings,
			    "node.state cannot be written: Kamailio and the "
			    "pinner take this node to be up");
	if (a->sites[0])
		add_warning(v, warnings, a->sites);
	if (metrics_are_ill(a))
		add_warning(v, warnings, "metrics cannot be served");
	if (a->restart_due)
		add_warning(v, warnings,
			    "the new configuration needs a restart in place, "
			    "which waits until what it no longer has is "
			    "withdrawn");
	if (a->restart_ms && v->now_ms - a->restart_ms >= AGENT_RESTART_MS)
		add_warning(v, warnings,
			    "the restart in place has not taken place: the log "
			    "says why");
}

static void view_probe(void *arg, size_t i, struct status_probe *out)
{
	const struct agent *a = arg;

	out->stat = *probing_stat(a->probing, i);
	probing_target(a->probing, i, out->target);
}

void agent_view(struct agent *a, struct status_view *out,
		const char *warnings[static AGENT_WARNINGS_MAX])
{
	uint64_t now_ms = clock_boot_ms();

	health_tick(a->health, now_ms);	/* for times of now in its causes */
	*out = (struct status_view){
		.version = a->version,
		.conf = a->conf,
		.health = a->health,
		.guardian = uplink_status(a->uplink),
		.peers = a->peering ? peering_peers(a->peering) : NULL,
		.config_error = a->config_error,
		.warnings = warnings,
		.drain = &a->drain,
		.node_since_ms = a->notice.node_since_ms,
		.now_ms = now_ms,
		.probe = view_probe,
		.arg = a,
	};
	out->counted = counting_look(a->counting, &out->relay, &out->calls,
				     now_ms);
	add_warnings(a, out, warnings);
}

/* ---- the commands */

static void add_line(void *arg, const char *line)
{
	json_array_append_new(arg, json_text(line));
}

static json_t *tell_why(const struct status_view *v)
{
	json_t *lines = json_array();

	why_tell(v, add_line, lines);
	return json_pack("{sb,so}", "ok", 1, "lines", lines);
}

static json_t *tell_log(struct agent *a, unsigned lines)
{
	return json_pack("{sb,so}", "ok", 1, "lines",
			 audit_last(a->audit, lines));
}

/* What the operator should know of an order that is carried out. */
static json_t *order(struct agent *a, const struct health_command *command,
		     const char *by)
{
	const char *warning = "";

	agent_order(a, command, by);
	if (memory_is_ill(a, clock_boot_ms()))
		warning = "the order does not outlive a restart: health.memory "
			  "cannot be written";
	if (command->order == HEALTH_DRAIN && !command->force &&
	    !health_drained(a->health) && !health_others_up(a->health))
		warning = a->conf->health.peer_cnt
			? "no other node is known to be up: this one stays "
			  "announced until one is, or the drain is forced"
			: "there is no other node: this one stays announced "
			  "until the drain is forced";
	return json_pack("{sb,so}", "ok", 1, "warning", json_text(warning));
}

static json_t *reload(struct agent *a, const char *by)
{
	return agent_reload(a, by) ? status_error(a->config_error)
				   : status_ok();
}

static json_t *restart(struct agent *a, const char *by)
{
	char error[AGENT_ERROR_MAX];

	return agent_restart(a, by, error) ? status_error(error) : status_ok();
}

static json_t *carry_out(struct agent *a, const struct command *c,
			 const char *by)
{
	static const enum health_order orders[COMMAND_VERBS] = {
		[COMMAND_DRAIN] = HEALTH_DRAIN,
		[COMMAND_RESUME] = HEALTH_RESUME,
		[COMMAND_DISABLE] = HEALTH_DISABLE,
	};
	const char *warnings[AGENT_WARNINGS_MAX];
	struct status_view view;

	agent_view(a, &view, warnings);
	switch (c->verb) {
	case COMMAND_STATUS:
		return status_json(&view);
	case COMMAND_NODES:
		return status_nodes(&view);
	case COMMAND_WHY:
		return tell_why(&view);
	case COMMAND_LOG:
		return tell_log(a, c->lines);
	case COMMAND_RELOAD:
		return reload(a, by);
	case COMMAND_RESTART:
		return restart(a, by);
	case COMMAND_VERBS:
		return NULL;
	case COMMAND_DRAIN:
	case COMMAND_RESUME:
	case COMMAND_DISABLE:
		break;
	}
	return order(a, &(struct health_command){ .order = orders[c->verb],
						  .force = c->force,
						  .has_wait = c->has_wait,
						  .wait_ms = c->wait_ms,
						  .has_deadline = c->has_deadline,
						  .deadline_ms = c->deadline_ms,
						  .has_phones = c->has_phones,
						  .phones_ms = c->phones_ms },
		     by);
}

char *agent_answer(void *arg, const char *text, size_t len, uid_t uid)
{
	struct agent *a = arg;
	char error[COMMAND_ERROR_MAX], by[32];
	struct command command;

	if (command_parse(&command, error, text, len))
		return json_line(status_error(error));
	snprintf(by, sizeof(by), "uid %u", (unsigned)uid);
	return json_line(carry_out(a, &command, by));
}
