/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/status.h"

#include "health-agent/daemon/json_text.h"

/* ---- pieces */

/* Takes item.  A list that lacks one is none. */
static void append(json_t **list, json_t *item)
{
	if (json_array_append_new(*list, item) < 0) {
		json_decref(*list);
		*list = NULL;
	}
}

static json_t *since(uint64_t then_ms, uint64_t now_ms)
{
	return json_integer(now_ms > then_ms ? (json_int_t)(now_ms - then_ms)
					     : 0);
}

static json_t *ago(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms ? since(then_ms, now_ms) : json_null();
}

static json_t *until(uint64_t then_ms, uint64_t now_ms)
{
	return json_integer(then_ms > now_ms ? (json_int_t)(then_ms - now_ms)
					     : 0);
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *family_of(uint8_t family)
{
	return json_integer(family);
}

static json_t *text_of_addr(const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	addr_format(text, addr);
	return json_text(text);
}

const char *status_order_name(enum health_order order)
{
	static const char *const names[HEALTH_ORDERS] = {
		[HEALTH_RESUME] = "resume",
		[HEALTH_DRAIN] = "drain",
		[HEALTH_DISABLE] = "disable",
	};

	return (unsigned)order < HEALTH_ORDERS ? names[order] : "?";
}

/* ---- groups */

enum link_proof status_proof(const struct link_status *guardian,
			     const struct prefix *prefix)
{
	const struct link_status *g = guardian;

	for (size_t i = 0; g && i < g->route_cnt; i++) {
		if (prefix_equal(&g->routes[i].prefix, prefix))
			return (enum link_proof)g->routes[i].proof;
	}
	return LINK_PROOF_NONE;
}

static json_t *route_object(const struct status_view *v,
			    const struct route_set *set,
			    const struct prefix *prefix)
{
	const struct route *r = route_find(set, prefix);
	char name[ROUTE_PREFIX_TEXT_MAX], text[ROUTE_TEXT_MAX] = "";

	route_format_prefix(name, prefix);
	if (r)
		route_format_attributes(text, sizeof(text), r);
	return json_pack("{so,so,so}", "prefix", json_text(name), "text",
			 json_text(text), "proof",
			 json_text(link_proof_name(
				 status_proof(v->guardian, prefix))));
}

static json_t *routes_of(const struct status_view *v,
			 const struct route_set *set,
			 const struct health_unit *u)
{
	json_t *list = json_array();

	for (size_t i = 0; i < u->group->prefix_cnt; i++) {
		const struct prefix *prefix = &u->group->prefixes[i];

		if (prefix->addr.family == u->family)
			append(&list, route_object(v, set, prefix));
	}
	return list;
}

static json_t *group_object(const struct status_view *v,
			    const struct route_set *set,
			    const struct health_unit *u)
{
	return json_pack(
		"{so,so,so,so,so,sb,so,sb,so,so}",
		"name", json_text(u->group->name),
		"family", family_of(u->family),
		"state", json_text(node_state_name(u->state)),
		"since_ms", since(u->since_ms, v->now_ms),
		"cause", json_text(u->cause),
		"announced", u->announced,
		"penalty", count(u->penalty),
		"suppressed", u->suppressed,
		"until_ms", until(u->until_ms, v->now_ms),
		"routes", routes_of(v, set, u));
}

static json_t *groups(const struct status_view *v)
{
	json_t *list = json_array();
	struct route_set set;

	health_routes(v->health, &set);
	for (size_t i = 0; i < health_unit_cnt(v->health); i++)
		append(&list, group_object(v, &set, health_unit(v->health, i)));
	return list;
}

/* ---- probes */

static json_t *groups_of(const struct health_conf *conf, uint32_t bits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->group_cnt; i++) {
		if (bits & UINT32_C(1) << i)
			append(&list, json_text(conf->groups[i].name));
	}
	return list;
}

static json_t *probe_object(const struct status_view *v, size_t i)
{
	const struct health_conf *conf = health_conf(v->health);
	const struct health_probe_conf *c = &conf->probes[i];
	struct status_probe s = { 0 };
	enum node_state state;
	unsigned run;

	v->probe(v->arg, i, &s);
	state = health_probe(v->health, i, &run);
	return json_pack(
		"{so,so,so,so,so,so,so,so,so,so,so,so,so,so,so,so}",
		"name", json_text(c->name),
		"kind", json_text(prober_kind_name(
				v->conf->probes[i].prober.kind)),
		"family", family_of(c->family),
		"target", json_text(s.target),
		"groups", groups_of(conf, c->groups),
		"failure", json_text(c->failure == HEALTH_DEGRADE ? "degrade"
								  : "withdraw"),
		"scope", json_text(c->scope == HEALTH_REMOTE ? "remote"
							     : "local"),
		"state", json_text(node_state_name(state)),
		"run", count(run),
		"rise", count(c->rise),
		"fall", count(c->fall),
		"text", json_text(health_probe_text(v->health, i)),
		"took_us", count(s.stat.took_us),
		"attempts", count(s.stat.attempts),
		"failures", count(s.stat.failures),
		"age_ms", ago(s.stat.ended_ms, v->now_ms));
}

static json_t *probes(const struct status_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < health_conf(v->health)->probe_cnt; i++)
		append(&list, probe_object(v, i));
	return list;
}

/* ---- others */

static json_t *session_object(const struct status_view *v,
			      const struct link_session *s)
{
	return json_pack("{so,so,so,sb,so,so}",
			 "neighbor", text_of_addr(&s->neighbor),
			 "as", count(s->remote_as),
			 "family", family_of(s->family),
			 "up", s->up,
			 "since_ms", since(s->since_ms, v->now_ms),
			 "reason", json_text(s->reason));
}

static json_t *sessions(const struct status_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; v->guardian && i < v->guardian->session_cnt; i++)
		append(&list, session_object(v, &v->guardian->sessions[i]));
	return list;
}

static json_t *calls_said(uint32_t calls)
{
	return calls == PEERS_CALLS_UNKNOWN ? json_null() : count(calls);
}

/* Its own words, and for how long they are so by now. */
static json_t *since_said(const struct status_view *v,
			  const struct peers_entry *e)
{
	if (e->state == NODE_UNKNOWN || !e->said.site)
		return json_null();
	return json_integer((json_int_t)(UINT64_C(1000) * e->said.since_s +
					 v->now_ms - e->heard_ms));
}

static json_t *peer_object(const struct status_view *v, size_t i)
{
	const struct peers_entry *e = peers_entry(v->peers, i);
	bool heard = e->state != NODE_UNKNOWN;

	return json_pack("{so,so,so,so,so,so,sb,so}",
			 "name", json_text(e->node->name),
			 "state", json_text(node_state_name(e->state)),
			 "age_ms", ago(e->heard_ms, v->now_ms),
			 "skew_ms", e->heard_ms ? json_integer(e->skew_ms)
						: json_null(),
			 "since_ms", since_said(v, e),
			 "calls", heard ? calls_said(e->said.calls)
					: json_null(),
			 "drained", heard && e->said.drained,
			 "same_site", heard && e->said.site
				? json_boolean(!peers_differs(v->peers, i))
				: json_null());
}

static json_t *peers(const struct status_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; v->peers && i < peers_cnt(v->peers); i++)
		append(&list, peer_object(v, i));
	return list;
}

static json_t *guardian(const struct status_view *v)
{
	static const struct link_status unheard;
	const struct link_status *g = v->guardian ? v->guardian : &unheard;

	return json_pack("{so,so,so,so,so,so,so,so}",
			 "commands", count(g->commands),
			 "errors", count(g->errors),
			 "timeouts", count(g->timeouts),
			 "resyncs", count(g->resyncs),
			 "events", count(g->events),
			 "dropped_lines", count(g->dropped_lines),
			 "last_ack_ms", ago(g->last_ack_ms, v->now_ms),
			 "worker_starts", count(g->worker_starts));
}

static const char *output_of(const struct status_view *v)
{
	static const char *const names[] = {
		[AGENT_EXABGP] = "exabgp",
		[AGENT_KERNEL] = "kernel",
		[AGENT_DRY_RUN] = "dry-run",
	};

	return v->guardian ? v->guardian->output : names[v->conf->output];
}

static json_t *warnings(const struct status_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->warning_cnt; i++)
		append(&list, json_text(v->warnings[i]));
	return list;
}

/* ---- a drain */

static json_t *calls(const struct status_view *v)
{
	return v->counted && v->relay == DRAIN_COUNTED ? count(v->calls)
						       : json_null();
}

enum node_state status_node(const struct status_view *v,
			    char cause[static HEALTH_CAUSE_MAX])
{
	enum node_state state = health_node(v->health, cause);
	struct words w;

	if (health_command(v->health)->order != HEALTH_DRAIN || !v->drain ||
	    v->drain->phase == DRAIN_NONE || v->drain->phase == DRAIN_ANNOUNCED)
		return state;
	w = words_in(cause, HEALTH_CAUSE_MAX);
	drain_tell(&w, v->drain, v->now_ms);
	return state;
}

static const char *relay_name(enum drain_relay relay)
{
	switch (relay) {
	case DRAIN_COUNTED:
		return "counted";
	case DRAIN_SILENT:
		return "silent";
	default:
		return "none";
	}
}

static json_t *drain_object(const struct status_view *v)
{
	const struct drain *d = v->drain;
	bool counted = d->sight.relay == DRAIN_COUNTED;

	if (d->phase == DRAIN_NONE)
		return json_null();
	return json_pack("{so,so,so,so,so,so}",
			 "phase", json_text(drain_phase_name(d->phase)),
			 "withdrawn_ms", ago(d->withdrawn_ms, v->now_ms),
			 "until_ms", until(d->phase == DRAIN_CALLS
					   ? d->until_ms : 0, v->now_ms),
			 "phones_ms", until(d->phase == DRAIN_CALLS
					    ? d->phones_until_ms : 0,
					    v->now_ms),
			 "relay", json_text(relay_name(d->sight.relay)),
			 "calls", counted ? count(d->sight.calls)
					  : json_null());
}

json_t *status_json(const struct status_view *v)
{
	const struct health_command *order = health_command(v->health);
	char cause[HEALTH_CAUSE_MAX];
	enum node_state state = status_node(v, cause);

	return json_pack(
		"{sb,so,so,so,so,so,so,so,so,sb,sb,so,so,so,so,so,so,so,so,so}",
		"ok", 1,
		"node", json_text(v->conf->node->name),
		"state", json_text(node_state_name(state)),
		"since_ms", since(v->node_since_ms, v->now_ms),
		"cause", json_text(cause),
		"version", json_text(v->version),
		"output", json_text(output_of(v)),
		"output_text", json_text(v->guardian ? v->guardian->output_text
						     : "not heard yet"),
		"order", json_text(status_order_name(order->order)),
		"forced", order->force,
		"drained", drain_is_over(v->drain),
		"config_error", json_text(v->config_error),
		"groups", groups(v),
		"probes", probes(v),
		"sessions", sessions(v),
		"peers", peers(v),
		"guardian", guardian(v),
		"warnings", warnings(v),
		"calls", calls(v),
		"drain", drain_object(v));
}

json_t *status_nodes(const struct status_view *v)
{
	char cause[HEALTH_CAUSE_MAX];
	enum node_state state = status_node(v, cause);

	return json_pack("{sb,s{so,so,so,so,sb},so}", "ok", 1, "self",
			 "name", json_text(v->conf->node->name),
			 "state", json_text(node_state_name(state)),
			 "since_ms", since(v->node_since_ms, v->now_ms),
			 "calls", calls(v),
			 "drained", drain_is_over(v->drain),
			 "peers", peers(v));
}

/* ---- replies */

json_t *status_error(const char *text)
{
	return json_pack("{sb,so}", "ok", 0, "error", json_text(text));
}

json_t *status_ok(void)
{
	return json_pack("{sb}", "ok", 1);
}
