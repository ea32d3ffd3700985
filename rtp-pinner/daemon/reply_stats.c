/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/reply_stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "rtp-pinner/relay/flow_access.h"

struct number {
	const char *key;
	uint64_t value;
};

static void put_numbers(struct ng_dict *d, struct ng_value *to,
			const struct number *numbers, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		ng_put_integer(d, to, numbers[i].key,
			       numbers[i].value > INT64_MAX
				       ? INT64_MAX
				       : (int64_t)numbers[i].value);
}

#define PUT_NUMBERS(d_, to_, numbers_) \
	put_numbers(d_, to_, numbers_, sizeof(numbers_) / sizeof((numbers_)[0]))

static uint64_t sum_drops(const struct relay_totals *t)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < FLOW_DROPS; i++)
		sum += t->drops[i];
	return sum;
}

static void put_current(const struct pinner *p, struct ng_dict *d,
			struct ng_value *to)
{
	struct ng_value *current = ng_put_dict(d, to, "currentstatistics");
	struct calls_gauges g;

	calls_gauges(p->calls, &g);
	const struct number numbers[] = {
		{ "sessionsown", g.sessions },
		{ "sessionsforeign", 0 },
		{ "sessionstotal", g.sessions },
		{ "transcodedmedia", 0 },
		{ "packetrate_user", p->rate.packets },
		{ "byterate_user", p->rate.bytes },
		{ "errorrate_user", p->rate.errors },
		{ "packetrate_kernel", 0 },
		{ "byterate_kernel", 0 },
		{ "errorrate_kernel", 0 },
		{ "packetrate", p->rate.packets },
		{ "byterate", p->rate.bytes },
		{ "errorrate", p->rate.errors },
		{ "media_userspace", g.ports_used },
		{ "media_kernel", 0 },
		{ "media_mixed", 0 },
	};
	PUT_NUMBERS(d, current, numbers);
}

static void put_totals(const struct pinner *p, struct ng_dict *d,
		       struct ng_value *to, uint64_t now_ms)
{
	struct ng_value *total = ng_put_dict(d, to, "totalstatistics");
	const struct counters *c = calls_counters(p->calls);
	const struct pinner_ended *e = &p->ended;
	uint64_t refused = counter_get(c, CALLS_C_REFUSED_SESSIONS) +
			   counter_get(c, CALLS_C_REFUSED_DRAINING) +
			   counter_get(c, CALLS_C_REFUSED_PORTS);
	uint64_t silent =
		e->by_end[CALLS_END_SILENCE] + e->by_end[CALLS_END_HOLD];
	uint64_t offers = e->by_end[CALLS_END_OFFER_TIMEOUT];
	uint64_t mean_us =
		e->answered ? e->duration_ms * 1000 / e->answered : 0;
	struct relay_totals t;

	relay_read_totals(p->relay, &t);
	const struct number numbers[] = {
		{ "managedsessions",
		  e->by_end[CALLS_END_DELETED] + silent + offers },
		{ "rejectedsessions", refused },
		{ "timeoutsessions", silent + offers },
		{ "silenttimeoutsessions", silent },
		{ "finaltimeoutsessions", 0 },
		{ "offertimeoutsessions", offers },
		{ "regularterminatedsessions", e->by_end[CALLS_END_DELETED] },
		{ "forcedterminatedsessions", 0 },
		{ "relayedpackets_user", t.packets_out },
		{ "relayedpacketerrors_user", sum_drops(&t) },
		{ "relayedbytes_user", t.bytes_out },
		{ "relayedpackets_kernel", 0 },
		{ "relayedpacketerrors_kernel", 0 },
		{ "relayedbytes_kernel", 0 },
		{ "relayedpackets", t.packets_out },
		{ "relayedpacketerrors", sum_drops(&t) },
		{ "relayedbytes", t.bytes_out },
		{ "zerowaystreams",
		  counter_get(&p->counters, PINNER_C_ENDED_NO_WAY) },
		{ "onewaystreams",
		  counter_get(&p->counters, PINNER_C_ENDED_ONE_WAY) },
	};
	ng_put_text(d, total, "uptime", "%" PRIu64,
		    (now_ms - p->started_ms) / 1000);
	PUT_NUMBERS(d, total, numbers);
	ng_put_text(d, total, "avgcallduration", "%" PRIu64 ".%06" PRIu64,
		    mean_us / 1000000, mean_us % 1000000);
	ng_put_text(d, total, "totalcallsduration",
		    "%" PRIu64 ".%03" PRIu64 "000", e->duration_ms / 1000,
		    e->duration_ms % 1000);
}

static void put_mos(const struct pinner *p, struct ng_dict *d,
		    struct ng_value *to)
{
	struct ng_value *mos = ng_put_dict(d, to, "mos");
	unsigned sources;
	unsigned mean = meters_mos_x100(p->meters, &sources);

	ng_put_text(d, mos, "mos_average", "%u.%02u", mean / 100, mean % 100);
	ng_put_integer(d, mos, "mos_samples_total", sources);
}

static const struct {
	const char *prefix;
	enum ng_verb verb;
} counted[] = {
	{ "ping", NG_PING },	    { "offer", NG_OFFER },
	{ "answer", NG_ANSWER },    { "delete", NG_DELETE },
	{ "query", NG_QUERY },	    { "list", NG_LIST },
	{ "stats", NG_STATISTICS },
};

static void put_client(struct ng_dict *d, struct ng_value *to,
		       const struct pinner_client *c, const char *before)
{
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		uint64_t us = c->us[counted[i].verb];
		char key[32];
		int len = snprintf(key, sizeof(key), "%s%scount", before,
				   counted[i].prefix);

		ng_add_integer(d, to, ng_copy(d, slice_of(key, (size_t)len)),
			       (int64_t)c->commands[counted[i].verb]);
		if (*before)
			continue;
		len = snprintf(key, sizeof(key), "%sduration",
			       counted[i].prefix);
		struct slice name = ng_copy(d, slice_of(key, (size_t)len));
		struct ng_value *v =
			ng_put_text(d, to, NULL, "%" PRIu64 ".%06" PRIu64,
				    us / 1000000, us % 1000000);
		if (v)
			v->key = name;
	}
	if (!*before)
		ng_put_integer(d, to, "errorcount", (int64_t)c->errors);
}

static void put_control(const struct pinner *p, struct ng_dict *d,
			struct ng_value *to)
{
	struct ng_value *control = ng_put_dict(d, to, "controlstatistics");
	struct ng_value *proxies = ng_put_list(d, control, "proxies");

	for (size_t i = 0; i < p->client_cnt; i++) {
		struct ng_value *proxy = ng_put_dict(d, proxies, NULL);
		char text[ADDR_TEXT_MAX];

		addr_format(text, &p->clients[i].addr);
		ng_put_text(d, proxy, "proxy", "%s", text);
		put_client(d, proxy, &p->clients[i], "");
	}
	put_client(d, control, &p->all, "total");
	ng_put_integer(d, control, "totalerrorcount", (int64_t)p->all.errors);
}

static void put_interface(const struct pinner *p, struct ng_dict *d,
			  struct ng_value *list, const struct addr *a)
{
	struct ng_value *interface, *ports;
	char text[ADDR_TEXT_MAX];
	struct calls_gauges g;
	uint64_t used_x10000, all;

	if (!addr_is_set(a))
		return;
	addr_format(text, a);
	calls_gauges(p->calls, &g);
	all = (uint64_t)g.ports_used + g.ports_free + g.ports_quarantined;
	used_x10000 = all ? (uint64_t)g.ports_used * 10000 / all : 0;
	interface = ng_put_dict(d, list, NULL);
	ng_put(d, interface, "name", slice_str("default"));
	ng_put_text(d, interface, "address", "%s", text);
	ports = ng_put_dict(d, interface, "ports");
	const struct number numbers[] = {
		{ "min", p->conf->port_min },
		{ "max", p->conf->port_max },
		{ "used", (uint64_t)g.ports_used * 2 },
		{ "free", (uint64_t)g.ports_free * 2 },
		{ "quarantined", (uint64_t)g.ports_quarantined * 2 },
		{ "totals", all * 2 },
	};
	PUT_NUMBERS(d, ports, numbers);
	ng_put_text(d, ports, "used_pct", "%" PRIu64 ".%02" PRIu64,
		    used_x10000 / 100, used_x10000 % 100);
}

void reply_statistics(const struct pinner *p, struct ng_dict *reply,
		      uint64_t now_ms)
{
	struct ng_value *s = ng_put_dict(reply, ng_root(reply), "statistics");
	struct ng_value *interfaces;

	put_current(p, reply, s);
	put_totals(p, reply, s, now_ms);
	put_mos(p, reply, s);
	put_control(p, reply, s);
	interfaces = ng_put_list(reply, s, "interfaces");
	put_interface(p, reply, interfaces, &p->conf->advertised4);
	put_interface(p, reply, interfaces, &p->conf->advertised6);
	ng_put_list(reply, s, "transcoders");
}

static void put_optional_addr(struct ng_dict *d, const char *key,
			      const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	addr_format(text, a);
	ng_put_text(d, ng_root(d), key, "%s", text);
}

void reply_node_info(const struct pinner *p, struct ng_dict *reply,
		     uint64_t now_ms)
{
	struct ng_value *root = ng_root(reply);
	const struct conf *conf = p->conf;
	struct calls_gauges g;

	calls_gauges(p->calls, &g);
	ng_put(reply, root, "node", slice_str(conf->node_name));
	ng_put(reply, root, "version", slice_str(p->version));
	ng_put(reply, root, "relay",
	       slice_str(relay_is_range(p->relay) ? "range" : "sockets"));
	ng_put(reply, root, "relay reason", slice_str(relay_reason(p->relay)));
	put_optional_addr(reply, "media-address-4", &conf->advertised4);
	put_optional_addr(reply, "media-address-6", &conf->advertised6);
	const struct number numbers[] = {
		{ "threads", relay_threads(p->relay) },
		{ "port min", conf->port_min },
		{ "port max", conf->port_max },
		{ "ports free", (uint64_t)g.ports_free * 2 },
		{ "ports used", (uint64_t)g.ports_used * 2 },
		{ "ports quarantined", (uint64_t)g.ports_quarantined * 2 },
		{ "sessions", g.sessions },
		{ "answered", g.answered },
		{ "running", g.sessions - g.ending },
		{ "probes", g.probes },
		{ "max sessions", conf->max_sessions },
		{ "uptime", (now_ms - p->started_ms) / 1000 },
		{ "resumed", relay_resumed(p->relay) },
		{ "draining", calls_draining(p->calls) },
	};
	PUT_NUMBERS(reply, root, numbers);
	if (calls_draining(p->calls))
		ng_put(reply, root, "drain reason",
		       slice_str(drain_reason(&p->drain)));
}
