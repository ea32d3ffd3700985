/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/metrics.h"

#include <inttypes.h>

/* Names of groups, probes and nodes have no character that would need to be
 * quoted in a label (site_name_valid()).
 */

void metrics_head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f,
		"# HELP anycast_health_%s %s\n# TYPE anycast_health_%s %s\n",
		name, help, name, type);
}

void metrics_one(FILE *f, const char *name, const char *type, const char *help,
		 uint64_t value)
{
	metrics_head(f, name, type, help);
	fprintf(f, "anycast_health_%s %" PRIu64 "\n", name, value);
}

static void seconds(FILE *f, uint64_t us)
{
	fprintf(f, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

/* ---- the node */

static void print_states(FILE *f, const char *name, const char *labels,
			 enum node_state state)
{
	for (unsigned s = 0; s < NODE_STATES; s++)
		fprintf(f, "anycast_health_%s{%sstate=\"%s\"} %d\n", name,
			labels, node_state_name(s), s == state);
}

static bool has_calls(const struct status_view *v)
{
	return v->counted && v->relay == DRAIN_COUNTED;
}

static void print_node(FILE *f, const struct status_view *v)
{
	const struct health_command *order = health_command(v->health);
	char cause[HEALTH_CAUSE_MAX];

	metrics_head(f, "node_state", "gauge", "State of this node.");
	print_states(f, "node_state", "", health_node(v->health, cause));
	metrics_head(f, "order", "gauge", "The operator's order in force.");
	for (unsigned o = 0; o < HEALTH_ORDERS; o++)
		fprintf(f, "anycast_health_order{order=\"%s\"} %d\n",
			status_order_name(o), o == order->order);
	metrics_one(f, "drained", "gauge",
		    "1: nothing is announced by order, and no call is waited "
		    "for: safe to stop.",
		    drain_is_over(v->drain));
	metrics_head(f, "drain_phase", "gauge", "How far a drain is.");
	for (unsigned p = 0; p < DRAIN_PHASES; p++)
		fprintf(f,
			"anycast_health_drain_phase{phase=\"%s\"} %d\n",
			drain_phase_name(p), p == v->drain->phase);
	metrics_head(f, "calls", "gauge",
		     "Calls that run here; absent while the relay does not "
		     "say.");
	if (has_calls(v))
		fprintf(f, "anycast_health_calls %" PRIu32 "\n", v->calls);
	metrics_one(f, "config_error", "gauge",
		    "1: the last reload was refused.",
		    v->config_error[0] != '\0');
}

/* ---- units */

static void unit_labels(char out[static 64], const struct health_unit *u)
{
	snprintf(out, 64, "group=\"%s\",family=\"%u\",", u->group->name,
		 u->family);
}

static void print_unit_gauge(FILE *f, const struct status_view *v,
			     const char *name, const char *help,
			     uint64_t (*value)(const struct health_unit *u))
{
	metrics_head(f, name, "gauge", help);
	for (size_t i = 0; i < health_unit_cnt(v->health); i++) {
		const struct health_unit *u = health_unit(v->health, i);

		fprintf(f,
			"anycast_health_%s{group=\"%s\",family=\"%u\"} "
			"%" PRIu64 "\n",
			name, u->group->name, u->family, value(u));
	}
}

static uint64_t is_announced(const struct health_unit *u)
{
	return u->announced;
}

static uint64_t is_suppressed(const struct health_unit *u)
{
	return u->suppressed;
}

static uint64_t penalty_of(const struct health_unit *u)
{
	return u->penalty;
}

static void print_units(FILE *f, const struct status_view *v)
{
	char labels[64];

	metrics_head(f, "unit_state", "gauge",
		     "State of a group in an address family.");
	for (size_t i = 0; i < health_unit_cnt(v->health); i++) {
		unit_labels(labels, health_unit(v->health, i));
		print_states(f, "unit_state", labels,
			     health_unit(v->health, i)->state);
	}
	print_unit_gauge(f, v, "unit_announced",
			 "1: its prefixes are to be announced.", is_announced);
	print_unit_gauge(f, v, "unit_penalty",
			 "Penalty of damping, halved each half-life.",
			 penalty_of);
	print_unit_gauge(f, v, "unit_suppressed", "1: held down by damping.",
			 is_suppressed);
}

/* ---- probes */

static void print_probe(FILE *f, const char *name,
			const struct health_probe_conf *c)
{
	const char *family = c->family == ADDR_IP4 ? "4"
			   : c->family == ADDR_IP6 ? "6" : "any";

	fprintf(f, "anycast_health_probe_%s{probe=\"%s\",family=\"%s\"} ", name,
		c->name, family);
}

static void print_probe_counts(FILE *f, const struct status_view *v,
			       const char *name, const char *help,
			       uint64_t (*value)(const struct probing_stat *s))
{
	const struct health_conf *conf = health_conf(v->health);
	char family[64];

	snprintf(family, sizeof(family), "probe_%s", name);
	metrics_head(f, family, "counter", help);
	for (size_t i = 0; i < conf->probe_cnt; i++) {
		struct status_probe s = { 0 };

		v->probe(v->arg, i, &s);
		print_probe(f, name, &conf->probes[i]);
		fprintf(f, "%" PRIu64 "\n", value(&s.stat));
	}
}

static uint64_t attempts_of(const struct probing_stat *s)
{
	return s->attempts;
}

static uint64_t failures_of(const struct probing_stat *s)
{
	return s->failures;
}

static void print_probe_times(FILE *f, const struct status_view *v)
{
	const struct health_conf *conf = health_conf(v->health);

	metrics_head(f, "probe_seconds_total", "counter",
		     "Time its attempts took.");
	for (size_t i = 0; i < conf->probe_cnt; i++) {
		struct status_probe s = { 0 };

		v->probe(v->arg, i, &s);
		print_probe(f, "seconds_total", &conf->probes[i]);
		seconds(f, s.stat.took_us_sum);
	}
	metrics_head(f, "probe_last_seconds", "gauge",
		     "Time its last attempt took.");
	for (size_t i = 0; i < conf->probe_cnt; i++) {
		struct status_probe s = { 0 };

		v->probe(v->arg, i, &s);
		print_probe(f, "last_seconds", &conf->probes[i]);
		seconds(f, s.stat.took_us);
	}
}

static void print_probes(FILE *f, const struct status_view *v)
{
	const struct health_conf *conf = health_conf(v->health);
	unsigned run;

	metrics_head(f, "probe_good", "gauge",
		     "1: good; 0: bad, or not decided yet.");
	for (size_t i = 0; i < conf->probe_cnt; i++) {
		print_probe(f, "good", &conf->probes[i]);
		fprintf(f, "%d\n",
			health_probe(v->health, i, &run) == NODE_UP);
	}
	print_probe_counts(f, v, "attempts_total", "Attempts that ended.",
			   attempts_of);
	print_probe_counts(f, v, "failures_total",
			   "Attempts that were not good.", failures_of);
	print_probe_times(f, v);
}

/* ---- the guardian's side */

static void print_routes(FILE *f, const struct link_status *g)
{
	metrics_head(f, "route_proof", "gauge",
		     "Where a route is, as seen at the output.");
	for (size_t i = 0; i < g->route_cnt; i++) {
		char prefix[ROUTE_PREFIX_TEXT_MAX];

		route_format_prefix(prefix, &g->routes[i].prefix);
		for (unsigned p = 0; p < LINK_PROOFS; p++)
			fprintf(f,
				"anycast_health_route_proof{prefix=\"%s\","
				"proof=\"%s\"} %d\n",
				prefix, link_proof_name(p),
				p == g->routes[i].proof);
	}
}

static void print_sessions(FILE *f, const struct link_status *g)
{
	metrics_head(f, "session_up", "gauge", "1: the BGP session is up.");
	for (size_t i = 0; i < g->session_cnt; i++) {
		char neighbor[ADDR_TEXT_MAX];

		addr_format(neighbor, &g->sessions[i].neighbor);
		fprintf(f,
			"anycast_health_session_up{neighbor=\"%s\","
			"family=\"%u\"} %d\n",
			neighbor, g->sessions[i].family, g->sessions[i].up);
	}
}

static void print_guardian(FILE *f, const struct status_view *v)
{
	static const struct link_status unheard;
	const struct link_status *g = v->guardian ? v->guardian : &unheard;

	metrics_one(f, "guardian_heard", "gauge",
		    "1: the guardian has told its status.",
		    v->guardian != NULL);
	metrics_one(f, "commands_total", "counter",
		    "Commands given to the output.", g->commands);
	metrics_one(f, "command_errors_total", "counter",
		    "Commands it refused.", g->errors);
	metrics_one(f, "command_timeouts_total", "counter",
		    "Commands it did not answer.", g->timeouts);
	metrics_one(f, "resyncs_total", "counter",
		    "Comparisons of what is wanted with what is out.",
		    g->resyncs);
	metrics_one(f, "events_total", "counter", "Events it told of.",
		    g->events);
	metrics_one(f, "dropped_lines_total", "counter",
		    "Lines from it that were not understood.",
		    g->dropped_lines);
	metrics_one(f, "worker_starts_total", "counter",
		    "Workers the guardian has started.", g->worker_starts);
	if (g->last_ack_ms) {
		metrics_head(f, "last_ack_seconds", "gauge",
			     "Since the output last answered.");
		fprintf(f, "anycast_health_last_ack_seconds ");
		seconds(f, (v->now_ms > g->last_ack_ms
				    ? v->now_ms - g->last_ack_ms : 0) * 1000);
	}
	print_routes(f, g);
	print_sessions(f, g);
}

static void print_peers(FILE *f, const struct status_view *v)
{
	if (!v->peers)
		return;
	metrics_head(f, "peer_state", "gauge", "State of another node.");
	for (size_t i = 0; i < peers_cnt(v->peers); i++) {
		const struct peers_entry *e = peers_entry(v->peers, i);
		char labels[64];

		snprintf(labels, sizeof(labels), "peer=\"%s\",",
			 e->node->name);
		print_states(f, "peer_state", labels, e->state);
	}
	metrics_head(f, "peer_site_differs", "gauge",
		     "1: its site file is another.");
	for (size_t i = 0; v->peers && i < peers_cnt(v->peers); i++)
		fprintf(f,
			"anycast_health_peer_site_differs{peer=\"%s\"} %d\n",
			peers_entry(v->peers, i)->node->name,
			peers_differs(v->peers, i));
}

void metrics_print_view(FILE *f, const struct status_view *v)
{
	metrics_head(f, "info", "gauge", "What is running.");
	fprintf(f, "anycast_health_info{version=\"%s\",node=\"%s\"} 1\n",
		v->version, v->conf->node->name);
	print_node(f, v);
	print_units(f, v);
	print_probes(f, v);
	print_guardian(f, v);
	print_peers(f, v);
}
