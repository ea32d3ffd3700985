/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "health-agent/policy/words.h"

enum { PREFIXES_TEXT_MAX = ROUTE_PREFIXES_MAX * PREFIX_TEXT_MAX };

/* ---- telling of changes */

void agent_record(struct agent *a, const struct audit_entry *e)
{
	const char *subject = e->group ? e->group : e->name;
	const char *family = words_family(e->family);
	bool from = e->from && e->from[0];

	log_info("%s %s%s%s: %s%s%s (%s)", audit_what_name(e->what),
		 subject ? subject : a->conf->node->name,
		 family[0] ? " " : "", family, from ? e->from : "",
		 from ? " -> " : "", e->to ? e->to : "",
		 e->cause ? e->cause : "");
	audit_add(a->audit, e);
}

static void format_prefixes(char out[static PREFIXES_TEXT_MAX],
			    const struct health_unit *u)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; u && i < u->group->prefix_cnt; i++) {
		const struct prefix *prefix = &u->group->prefixes[i];
		char text[PREFIX_TEXT_MAX];

		if (prefix->addr.family != u->family)
			continue;
		prefix_format(text, prefix);
		len += (size_t)snprintf(out + len, PREFIXES_TEXT_MAX - len,
					"%s%s", len ? " " : "", text);
	}
}

static void run_hook(struct agent *a, const struct audit_entry *e,
		     const struct health_unit *unit)
{
	char prefixes[PREFIXES_TEXT_MAX];

	format_prefixes(prefixes, unit);
	hooks_add(a->hooks, &(struct hook_event){
				    .what = audit_what_name(e->what),
				    .group = e->group,
				    .family = e->family,
				    .from = e->from,
				    .to = e->to,
				    .cause = e->cause,
				    .node = a->conf->node->name,
				    .prefixes = prefixes });
}

void agent_notice(void *arg, const struct audit_entry *e,
		      const struct health_unit *unit)
{
	struct agent *a = arg;

	agent_record(a, e);
	if (e->what == AUDIT_UNIT)
		a->stats.transitions++;
	if (e->what == AUDIT_UNIT || e->what == AUDIT_NODE)
		run_hook(a, e, unit);
}

/* ---- what is wanted */

static bool same_set(const struct route_set *a, const struct route_set *b)
{
	if (a->cnt != b->cnt)
		return false;
	for (size_t i = 0; i < a->cnt; i++) {
		const struct route *other = route_find(b, &a->routes[i].prefix);

		if (!other || !route_equal(&a->routes[i], other))
			return false;
	}
	return true;
}

/* Units that are being adopted keep the routes they have; as long as nobody has
 * said which these are, nothing can be wanted.
 */
static bool make_want(struct agent *a, struct route_set *out)
{
	const struct link_want *was = uplink_wanted(a->uplink);
	const struct route_set *there = was
		? &was->set : agent_left(uplink_status(a->uplink));

	health_routes(a->health, out);
	if (health_decided(a->health))
		return true;
	if (!there)
		return false;
	health_keep(a->health, there, out);
	return true;
}

static void send_want(struct agent *a)
{
	const struct link_want *was = uplink_wanted(a->uplink);
	bool drained = health_drained(a->health);
	struct route_set set;

	if (!make_want(a, &set))
		return;
	if (!was || drained != was->drained || !same_set(&set, &was->set))
		uplink_want(a->uplink, &set, drained);
}

/* ---- what is remembered and told */

void agent_save(struct agent *a)
{
	struct health_memory memory;

	a->saved_ms = clock_boot_ms();
	health_remember(a->health, &memory, a->saved_ms);
	memory.withdrawn_ms = a->drain.withdrawn_ms;
	snapshot_save(a->snapshot, &memory);
}

static void fill_peers(struct nodestate *s, const struct peers *peers)
{
	size_t cnt = peers_cnt(peers);

	s->peers = cnt ? calloc(cnt, sizeof(*s->peers)) : NULL;
	for (size_t i = 0; s->peers && i < cnt; i++) {
		const struct peers_entry *e = peers_entry(peers, i);
		struct nodestate_peer *peer;

		if (e->state == NODE_UNKNOWN)
			continue;
		peer = &s->peers[s->peer_cnt++];
		snprintf(peer->name, sizeof(peer->name), "%s", e->node->name);
		peer->state = e->state;
		peer->heard_ms = e->heard_ms;
	}
}

/* What others are told.  While units are being adopted the node is what it was;
 * after a start that is not known here, but they know it.
 */
static bool told_state(const struct agent *a, enum node_state *out)
{
	char cause[HEALTH_CAUSE_MAX];

	*out = a->notice.node;
	if (!health_decided(a->health))
		return *out != NODE_UNKNOWN;
	*out = health_node(a->health, cause);
	return true;
}

/* Always with its `until': when the agent is gone, whatever it said last, this
 * node goes on serving what still comes to it.  Its route is withdrawn then, so
 * that is little, and nobody else would serve it.
 */
void agent_write_node_state(struct agent *a)
{
	struct nodestate s = {
		.has_until = true,
		.until_ms = clock_boot_ms() + AGENT_STATE_MS,
	};
	int err;

	if (!told_state(a, &s.state))
		return;
	snprintf(s.self, sizeof(s.self), "%s", a->conf->node->name);
	if (a->peering)
		fill_peers(&s, peering_peers(a->peering));
	err = nodestate_write(&s, a->conf->node_state);
	nodestate_fini(&s);
	a->stats.node_state_failed += err != 0;
	if (err && !a->node_state_err)
		log_warn("state: %s cannot be written (%s): Kamailio and the "
			 "pinner take this node to be up", a->conf->node_state,
			 strerror(err));
	else if (!err && a->node_state_err)
		log_info("state: %s is written again", a->conf->node_state);
	a->node_state_err = err;
}

static void tell_peers(struct agent *a)
{
	uint64_t now_ms = clock_boot_ms();
	struct peers_word word = {
		.since_s = (uint32_t)((now_ms - a->notice.node_since_ms) /
				      1000),
		.calls = PEERS_CALLS_UNKNOWN,
		.drained = drain_is_over(&a->drain),
	};
	enum drain_relay relay;
	uint32_t calls;

	if (!a->peering || !told_state(a, &word.state))
		return;
	if (counting_look(a->counting, &relay, &calls, now_ms) &&
	    relay == DRAIN_COUNTED)
		word.calls = calls;
	peering_tell(a->peering, &word);
}

/* ---- the policy's turn */

static void on_tick(uv_timer_t *timer)
{
	agent_settle(timer->data);
}

static void arm(struct agent *a, uint64_t due_ms, uint64_t now_ms)
{
	if (due_ms == UINT64_MAX) {
		uv_timer_stop(&a->tick);
		return;
	}
	uv_update_time(&a->loop);
	uv_timer_start(&a->tick, on_tick, due_ms > now_ms ? due_ms - now_ms : 0,
		       0);
}

void agent_settle(struct agent *a)
{
	uint64_t now_ms = clock_boot_ms();
	enum node_state node = a->notice.node;
	uint64_t due_ms = health_tick(a->health, now_ms);
	bool changed = health_changed(a->health);

	/* routes first: all else can wait for a millisecond */
	send_want(a);
	arm(a, due_ms, now_ms);
	notice_health(&a->notice, a->health, now_ms, agent_notice, a);
	if (changed) {
		agent_save(a);
		agent_write_node_state(a);
		if (a->notice.node != node)
			tell_peers(a);
	}
	agent_see_drain(a);
}

bool agent_probed(void *arg, size_t probe, const struct prober_result *result,
		  uint64_t now_ms)
{
	struct agent *a = arg;

	health_attempted(a->health, probe, result->what, result->text, now_ms);
	agent_settle(a);
	return health_probe_undecided(a->health, probe);
}

void agent_peer_told(void *arg, size_t peer, enum node_state state)
{
	struct agent *a = arg;
	bool others = health_others_up(a->health) > 0;

	health_peer(a->health, peer, state, clock_boot_ms());
	/* there may be thousands, each second */
	if (others != (health_others_up(a->health) > 0))
		agent_settle(a);
}

void agent_order(struct agent *a, const struct health_command *command,
		 const char *by)
{
	enum health_order was = health_command(a->health)->order;
	char cause[128];
	struct words w = words_in(cause, sizeof(cause));

	health_ordered(a->health, command, clock_boot_ms());
	words_add(&w, "by %s%s", by, command->force ? ", forced" : "");
	if (command->has_wait) {
		words_add(&w, ", wait ");
		words_add_duration(&w, command->wait_ms);
	}
	if (command->has_deadline) {
		words_add(&w, ", deadline ");
		words_add_duration(&w, command->deadline_ms);
	}
	if (command->has_phones) {
		words_add(&w, ", phones ");
		words_add_duration(&w, command->phones_ms);
	}
	agent_record(a, &(struct audit_entry){
				.what = AUDIT_ORDER,
				.from = status_order_name(was),
				.to = status_order_name(command->order),
				.cause = cause });
	agent_settle(a);
	/* the policy may see no news in it, but it is to outlive us */
	agent_save(a);
}

/* ---- each second */

/* An address in use is most often that of an agent about to end. */
static void listen_for_metrics(struct agent *a)
{
	for (size_t i = 0; i < a->conf->metrics_cnt; i++) {
		char text[ENDPOINT_TEXT_MAX];
		int err;

		if (a->metrics[i].listening)
			continue;
		err = httpd_listen(a->httpd, &a->conf->metrics[i]);
		a->metrics[i].listening = !err;
		endpoint_format(text, &a->conf->metrics[i]);
		if (!err)
			log_info("metrics: http://%s/metrics", text);
		else if (!a->metrics[i].warned)
			log_warn("metrics: cannot listen on %s (%s), tried "
				 "again each second", text, strerror(err));
		a->metrics[i].warned = err != 0;
	}
}

/* Once for each set of nodes that have another site file. */
static void warn_of_sites(struct agent *a)
{
	char text[AGENT_ERROR_MAX];

	agent_tell_sites(a, text);
	if (strcmp(text, a->sites) == 0)
		return;
	if (text[0])
		log_warn("peers: %s", text);
	else
		log_info("peers: the site file of all nodes that are heard is "
			 "the same");
	memcpy(a->sites, text, sizeof(a->sites));
}

void agent_second(struct agent *a)
{
	uint64_t now_ms = clock_boot_ms();

	if (a->peering)
		peering_tick(a->peering, now_ms);
	tell_peers(a);
	agent_write_node_state(a);
	if (now_ms - a->saved_ms >= AGENT_SAVE_MS)
		agent_save(a);
	control_tick(a->control);
	warn_of_sites(a);
	counting_ask(a->counting);
	agent_see_drain(a);
	listen_for_metrics(a);
	agent_hangup_tick(a);
	agent_free_retired(a, false);
}
