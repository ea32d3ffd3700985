/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/pinner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "rtp-pinner/call/pack.h"
#include "rtp-pinner/relay/flow_access.h"

enum {
	STORE_SLOTS_PER_PAIR = 8,
	STORE_LOG_MS = 10000,
};

static int op_open(void *arg, uint16_t port, const struct flow_conf *conf)
{
	struct pinner *p = arg;

	return relay_open(p->relay, port, conf);
}

static void op_set(void *arg, uint16_t port, const struct flow_conf *conf)
{
	struct pinner *p = arg;

	relay_set(p->relay, port, conf);
}

static void op_close(void *arg, uint16_t port)
{
	struct pinner *p = arg;

	relay_close(p->relay, port);
}

static const struct flow_row *op_row(void *arg, uint16_t port)
{
	struct pinner *p = arg;

	return relay_row(p->relay, port);
}

static void op_changed(void *arg, const struct call *call)
{
	struct pinner *p = arg;
	size_t len = call_pack(call, p->packed, CALLS_PACKED_MAX);
	int err = len ? store_put(p->store, call->slot, p->packed, len)
		      : EMSGSIZE;

	if (!err)
		return;
	/* What it was: by now its ports may be those of another call. */
	store_del(p->store, call->slot);
	counter_add(&p->counters, PINNER_C_STORE_FAILED, 1);
	if (p->now_ms < p->log_after_ms)
		return;
	p->log_after_ms = p->now_ms + STORE_LOG_MS;
	log_warn("store: a call is not kept, a restart will not know it (%s)",
		 strerror(err));
}

uint64_t pinner_row_errors(const struct flow_state *state)
{
	return (uint64_t)state->drops[FLOW_DROP_FORBIDDEN] +
	       state->drops[FLOW_DROP_TOO_BIG] + state->drops[FLOW_DROP_OLD] +
	       state->drops[FLOW_DROP_RATE] + state->drops[FLOW_DROP_SEND] +
	       state->drops[FLOW_DROP_BUSY];
}

/* How many legs sent anything, and what all of them sent. */
static unsigned sum_call(struct pinner *p, const struct call *call)
{
	unsigned heard = 0;

	for (unsigned l = 0; l < call->leg_cnt; l++) {
		const struct call_leg *leg = &call->legs[l];
		bool sent = false;

		for (unsigned i = 0; i < leg->media_cnt; i++) {
			uint16_t port = leg->media[i].port;
			const struct flow_row *row =
				port ? relay_row(p->relay, port) : NULL;
			struct flow_state state;

			if (!row)
				continue;
			flow_state_read(&state, row);
			sent |= state.packets_in > 0;
			p->ended.packets += state.packets_in;
			p->ended.bytes += state.bytes_in;
			p->ended.errors += pinner_row_errors(&state);
		}
		heard += sent;
	}
	return heard;
}

static void count_ended(struct pinner *p, const struct call *call,
			enum calls_end end)
{
	unsigned heard = sum_call(p, call);

	p->ended.by_end[end]++;
	if (call->answered_ms) {
		p->ended.answered++;
		p->ended.duration_ms += p->now_ms - call->answered_ms;
		if (heard == 0)
			counter_add(&p->counters, PINNER_C_ENDED_NO_WAY, 1);
		else if (heard == 1)
			counter_add(&p->counters, PINNER_C_ENDED_ONE_WAY, 1);
	}
}

static void op_ended(void *arg, const struct call *call, enum calls_end end)
{
	struct pinner *p = arg;

	if (!call->is_probe)
		count_ended(p, call, end);
	store_del(p->store, call->slot);
	meters_forget(p->meters, call);
}

static enum ng_gate gate_of(enum site_gate gate)
{
	switch (gate) {
	case SITE_GATE_LEARN:
		return NG_GATE_LEARN;
	case SITE_GATE_OFF:
		return NG_GATE_OFF;
	default:
		return NG_GATE_STRICT;
	}
}

static uint32_t port_cnt(const struct conf *conf)
{
	return (uint32_t)conf->port_max - conf->port_min + 1;
}

/* A call whose media is rejected, or a stream, takes no port: there is a limit
 * where the ports are none, and the store has room for so many.
 */
static uint32_t sessions_max(const struct conf *conf)
{
	uint32_t most = port_cnt(conf);

	return conf->max_sessions && conf->max_sessions < most
		       ? conf->max_sessions
		       : most;
}

static int make_calls(struct pinner *p)
{
	const struct conf *conf = p->conf;
	const struct calls_ops ops = {
		.open = op_open,
		.set = op_set,
		.close = op_close,
		.row = op_row,
		.changed = op_changed,
		.ended = op_ended,
		.arg = p,
	};
	struct calls_conf cc = {
		.media4 = conf->media4,
		.media6 = conf->media6,
		.advertised4 = conf->advertised4,
		.advertised6 = conf->advertised6,
		.service_cnt = conf->service_cnt,
		.port_min = conf->port_min,
		.port_max = conf->port_max,
		.threads = relay_threads(p->relay),
		.dscp = conf->dscp,
		.max_sessions = sessions_max(conf),
		.packet_rate_max = conf->max_packet_rate,
		.call_ports_max = conf->max_call_ports,
		.offer_timeout_ms = conf->offer_timeout_ms,
		.silence_timeout_ms = conf->silence_timeout_ms,
		.hold_timeout_ms = conf->hold_timeout_ms,
		.delete_delay_ms = conf->delete_delay_ms,
		.quarantine_ms = conf->quarantine_ms,
		.gate = gate_of(conf->gate),
		.trusted_proxies = conf->trusted_proxies,
		.trusted_proxy_cnt = conf->trusted_proxy_cnt,
		.site = conf->site,
	};
	int err;

	memcpy(cc.service, conf->service, sizeof(cc.service));
	if (getrandom(cc.seed, sizeof(cc.seed), 0) != (ssize_t)sizeof(cc.seed))
		return EIO;
	err = calls_new(&p->calls, &cc, &ops);
	if (err)
		log_err("calls: cannot be set up (%s)", strerror(err));
	return err;
}

/* What listens at the node's own addresses is no phone: a caller must not be
 * able to talk to it through us, from an address that may be trusted there.
 */
static void close_services(struct relay_conf *rc, const struct conf *conf)
{
	const uint16_t ports[] = {
		conf->node->sip_port, conf->node->sips_port,
		conf->site->http_port, conf->site->https_port,
	};
	size_t cnt = 0;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		rc->closed[cnt++] = ports[i];
	for (size_t i = 0; i < conf->listen_cnt && cnt < RELAY_CLOSED_MAX; i++)
		rc->closed[cnt++] = conf->listen[i].port;
	rc->closed_cnt = cnt;
}

static int make_relay(struct pinner *p, struct fdstore *fds)
{
	const struct conf *conf = p->conf;
	struct relay_conf rc = {
		.kind = conf->relay,
		.port_min = conf->port_min,
		.port_max = conf->port_max,
		.threads = conf->threads,
		.media4 = conf->media4,
		.media6 = conf->media6,
		.service_cnt = conf->service_cnt,
		.state_dir = conf->state_dir,
	};

	memcpy(rc.service, conf->service, sizeof(rc.service));
	close_services(&rc, conf);
	return relay_new(&p->relay, &rc, fdstore_keeper(fds));
}

static void damaged(void *arg, uint32_t id, const char *why)
{
	struct pinner *p = arg;

	counter_add(&p->counters, PINNER_C_STORE_DAMAGED, 1);
	log_warn("store: record %" PRIu32 " dropped (%s)", id, why);
}

static int open_store(struct pinner *p, bool *resumed)
{
	const struct conf *conf = p->conf;
	uint32_t ports = port_cnt(conf);
	char path[CONF_PATH_MAX + 8];
	struct store_conf sc = {
		.path = path,
		.layout = CALL_PACK_LAYOUT,
		.port_min = conf->port_min,
		.port_max = conf->port_max,
		.records = ports,
		.slots = ports / 2 * STORE_SLOTS_PER_PAIR + STORE_SLOTS_MIN,
	};

	snprintf(path, sizeof(path), "%s/calls", conf->state_dir);
	return store_open(&p->store, resumed, &sc, damaged, p);
}

struct restoring {
	struct pinner *p;
	unsigned restored;
	unsigned lost;
};

static void restore(void *arg, uint32_t id, const void *bytes, size_t len)
{
	struct restoring *r = arg;
	int err = calls_restore(r->p->calls, id, bytes, len, r->p->now_ms);

	if (!err) {
		r->restored++;
		return;
	}
	r->lost++;
	log_warn("store: call %" PRIu32 " cannot be taken up (%s)", id,
		 strerror(err));
	store_del(r->p->store, id);
}

/* Rows of an earlier run that no call owns: nobody would ever close them.
 * Those of a probe are no wonder, none is kept.
 */
static void close_left_over(struct pinner *p)
{
	unsigned closed = 0;

	for (uint32_t port = p->conf->port_min; port <= p->conf->port_max;
	     port++) {
		const struct flow_row *row =
			relay_row(p->relay, (uint16_t)port);
		const struct call *call;

		if (!row || !row->conf.active)
			continue;
		call = calls_at(p->calls, row->conf.call);
		if (call && call_owns_port(call, (uint16_t)port))
			continue;
		closed += !(row->conf.flags & FLOW_F_PROBE);
		relay_close(p->relay, (uint16_t)port);
		calls_quarantine(p->calls, (uint16_t)port, p->now_ms);
	}
	if (closed) {
		counter_add(&p->counters, PINNER_C_ROWS_LEFT_OVER, closed);
		log_warn("store: %u ports of an earlier run belong to no call, "
			 "closed",
			 closed);
	}
}

static void take_up(struct pinner *p, bool resumed)
{
	struct restoring r = { .p = p };

	if (resumed)
		store_each(p->store, restore, &r);
	if (relay_resumed(p->relay))
		close_left_over(p);
	if (r.restored || r.lost)
		log_info("store: %u calls go on, %u lost", r.restored, r.lost);
}

int pinner_new(struct pinner **out, const struct conf *conf,
	       const char *version, struct fdstore *fds, uint64_t now_ms)
{
	struct pinner *p = calloc(1, sizeof(*p));
	bool resumed = false;
	int err;

	if (!p)
		return ENOMEM;
	p->conf = conf;
	p->version = version;
	p->started_ms = now_ms;
	p->now_ms = now_ms;
	p->wall_ms = (int64_t)(clock_wall_ns() / 1000000) - (int64_t)now_ms;
	p->counters = (struct counters){
		.desc = pinner_counter_desc,
		.cnt = PINNER_COUNTERS,
		.values = p->values,
	};
	p->packed = malloc(CALLS_PACKED_MAX);
	err = p->packed ? 0 : ENOMEM;
	if (!err)
		err = make_relay(p, fds);
	if (!err)
		err = open_store(p, &resumed);
	if (!err)
		err = make_calls(p);
	if (!err)
		err = meters_new(&p->meters, p->calls, p->relay, &p->counters);
	if (!err) {
		take_up(p, resumed);
		drain_init(&p->drain, conf->state_dir);
		pinner_tick(p, now_ms);
		err = relay_start(p->relay);
		if (err)
			log_err("relay: cannot start (%s)", strerror(err));
	}

	if (err)
		pinner_free(p);
	else
		*out = p;
	return err;
}

void pinner_free(struct pinner *p)
{
	if (!p)
		return;
	relay_free(p->relay); /* its threads first */
	meters_free(p->meters);
	calls_free(p->calls);
	store_close(p->store);
	free(p->packed);
	free(p);
}

static void look_at_node(struct pinner *p)
{
	bool was = calls_draining(p->calls);
	bool was_broken = p->drain.broken;
	int err = drain_look(&p->drain, p->conf->node_state, p->conf->site,
			     p->conf->node, clock_boot_ms());

	if (err) {
		counter_add(&p->counters, PINNER_C_NODE_STATE_BROKEN, 1);
		if (!was_broken)
			log_warn("%s: cannot be read (%s), the state known "
				 "before stays",
				 p->conf->node_state,
				 err == EBADMSG ? "no node state file"
						: strerror(err));
	}
	calls_drain(p->calls, drain_is_on(&p->drain));
	if (was == calls_draining(p->calls))
		return;
	if (was)
		log_info("drain: over, new calls are taken");
	else
		log_info("drain: new calls go to other nodes (%s)",
			 drain_reason(&p->drain));
}

static void measure_rate(struct pinner *p, uint64_t now_ms)
{
	uint64_t ms = now_ms - p->rate_at_ms;
	struct pinner_rate sum = { 0 };
	struct relay_totals t;

	if (!ms)
		return;
	relay_read_totals(p->relay, &t);
	sum.packets = t.packets_out;
	sum.bytes = t.bytes_out;
	for (unsigned i = 0; i < FLOW_DROPS; i++)
		sum.errors += t.drops[i];
	p->rate = (struct pinner_rate){
		.packets = (sum.packets - p->rate_from.packets) * 1000 / ms,
		.bytes = (sum.bytes - p->rate_from.bytes) * 1000 / ms,
		.errors = (sum.errors - p->rate_from.errors) * 1000 / ms,
	};
	p->rate_from = sum;
	p->rate_at_ms = now_ms;
}

void pinner_tick(struct pinner *p, uint64_t now_ms)
{
	p->now_ms = now_ms;
	calls_tick(p->calls, now_ms);
	meters_tick(p->meters, now_ms);
	/* sooner than the Kamailio module (state_interval, 200 ms): it must
	 * not send a call here that would be refused
	 */
	look_at_node(p);
	if (p->ticks++ % (1000 / PINNER_TICK_MS) == 0)
		measure_rate(p, now_ms);
}

void pinner_settle(struct pinner *p, uint64_t now_ms)
{
	p->now_ms = now_ms;
	calls_tick(p->calls, now_ms);
}

void pinner_set_drain(struct pinner *p, bool on)
{
	int err = drain_set(&p->drain, on);

	if (err)
		log_warn("%s: %s; a restart will not know of it", p->drain.path,
			 strerror(err));
	look_at_node(p);
}

void pinner_take_site(struct pinner *p)
{
	calls_set_site(p->calls, p->conf->site, p->conf->trusted_proxies,
		       p->conf->trusted_proxy_cnt);
	look_at_node(p);
}

static struct pinner_client *client_of(struct pinner *p,
				       const struct addr *addr)
{
	for (size_t i = 0; i < p->client_cnt; i++) {
		if (addr_equal(&p->clients[i].addr, addr))
			return &p->clients[i];
	}
	if (p->client_cnt == PINNER_CLIENTS_MAX)
		return NULL;
	p->clients[p->client_cnt].addr = *addr;
	return &p->clients[p->client_cnt++];
}

void pinner_count(struct pinner *p, const struct addr *client,
		  enum ng_verb verb, bool error, uint64_t us)
{
	struct pinner_client *who[2] = { &p->all, client_of(p, client) };

	if (error)
		counter_add(&p->counters, PINNER_C_ERRORS, 1);
	for (unsigned i = 0; i < 2; i++) {
		if (!who[i])
			continue;
		who[i]->errors += error;
		if (verb >= NG_VERBS)
			continue;
		who[i]->commands[verb]++;
		who[i]->us[verb] += us;
	}
}

int64_t pinner_wall_ms(const struct pinner *p, uint64_t ms)
{
	return ms ? (int64_t)ms + p->wall_ms : 0;
}
