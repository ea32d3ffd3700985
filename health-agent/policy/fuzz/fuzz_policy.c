/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first byte chooses a configuration, each further pair an event: an
 * attempt, an order, a peer's state, a restart or reload, time.  Each time
 *   - nothing is announced that an undecided or bad local probe speaks for, or
 *     against an order;
 *   - a route carries what its state says;
 *   - the penalty is bounded, and causes are clean;
 *   - time never hangs: what is due comes later, and there is an end to it;
 *   - a memory loses nothing, and a reload withdraws and announces nothing.
 * At last, with all probes good, everything is up again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/fuzz/harness.h"
#include "health-agent/policy/health.h"

enum {
	PROBES = 8,
	PEERS = 3,
	DUE_MOST = 64,		/* turns until nothing is due any more */
	MEMORY_EVERY = 16,	/* it is slow to look at */
};

struct life {
	struct health *h;
	uint64_t now_ms;
	enum node_state peers[PEERS];	/* as told last */
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const struct health_probe_conf probes[PROBES] = {
	{ "sip4", ADDR_IP4, HEALTH_WITHDRAW, HEALTH_LOCAL, 1, 3, 3 },
	{ "sip6", ADDR_IP6, HEALTH_WITHDRAW, HEALTH_LOCAL, 1, 2, 3 },
	{ "kam", ADDR_NONE, HEALTH_WITHDRAW, HEALTH_LOCAL, 7, 1, 1 },
	{ "up4", ADDR_IP4, HEALTH_WITHDRAW, HEALTH_REMOTE, 1, 3, 2 },
	{ "up", ADDR_NONE, HEALTH_WITHDRAW, HEALTH_REMOTE, 6, 1, 3 },
	{ "tone4", ADDR_IP4, HEALTH_DEGRADE, HEALTH_LOCAL, 3, 1, 1 },
	{ "web", ADDR_NONE, HEALTH_WITHDRAW, HEALTH_LOCAL, 2, 2, 2 },
	{ "far", ADDR_IP6, HEALTH_DEGRADE, HEALTH_REMOTE, 5, 2, 1 },
};

static struct prefix host(uint8_t family, uint8_t last)
{
	struct addr a = { .family = family, .bytes_be = { 192, 0, 2, last } };

	return prefix_of(&a);
}

/* Bits of the byte: no hold-down, no damping, short damping, short waits, a
 * local node, no peers, a peer that is local, no IPv6.
 */
static void make_conf(struct health_conf *conf, uint8_t bits)
{
	*conf = (struct health_conf){
		.probe_cnt = PROBES,
		.group_cnt = 3,
		.class = bits & 16 ? SITE_LOCAL : SITE_GLOBAL,
		.peer_cnt = bits & 32 ? 0 : PEERS,
		.peer_local = { bits & 64 ? 1 : 0 },
	};
	memcpy(conf->probes, probes, sizeof(probes));
	for (uint8_t i = 0; i < 3; i++) {
		struct health_group_conf *g = &conf->groups[i];

		*g = (struct health_group_conf){
			.name = { 'g', (char)('0' + i) },
			.is_service = i != 1,
			.prefixes = { host(ADDR_IP4, i), host(ADDR_IP6, i) },
			.prefix_cnt = bits & 128 ? 1 : 2,
			.hold_down_ms = bits & 1 ? 0 : 5000,
			.drain_wait_ms = bits & 8 ? 1 : 10000,
			.remote_wait_ms = bits & 8 ? 0 : 5000,
			.penalty = bits & 2 ? 0 : 1000,
			.suppress = 2500,
			.reuse = 1000,
			.half_life_ms = bits & 4 ? 10 : 60000,
			.suppress_max_ms = bits & 4 ? 15 : 600000,
			.up = { .med = 100 },
			.degraded = { .med = 500, .prepend = 2 },
			.draining = { .med = UINT32_MAX },
		};
	}
}

static bool has(const struct health_attributes *a, uint32_t community)
{
	for (size_t i = 0; i < a->community_cnt; i++) {
		if (a->communities[i] == community)
			return true;
	}
	return false;
}

static void check_announced(const struct health *h, size_t i)
{
	const struct health_unit *u = health_unit(h, i);
	enum health_order order = health_command(h)->order;
	bool spoken_for = false;

	check(order != HEALTH_DISABLE);
	check((order == HEALTH_DRAIN) == (u->state == NODE_DRAINING));
	check(u->state == NODE_UP || u->state == NODE_DEGRADED ||
	      u->state == NODE_DRAINING);
	for (size_t k = 0; k < PROBES; k++) {
		enum node_state verdict;
		unsigned run;

		if (!health_speaks(h, k, i))
			continue;
		spoken_for = true;
		verdict = health_probe(h, k, &run);
		check(verdict != NODE_UNKNOWN && run > 0);
		check(verdict == NODE_UP || probes[k].scope == HEALTH_REMOTE ||
		      probes[k].failure == HEALTH_DEGRADE);
		check(verdict == NODE_UP || u->state != NODE_UP);
	}
	check(spoken_for);
	check(has(&u->attributes, ROUTE_GRACEFUL_SHUTDOWN) ==
	      (u->state == NODE_DRAINING));
	check(has(&u->attributes, ROUTE_NO_EXPORT) ==
	      (health_conf(h)->class == SITE_LOCAL));
	check(u->attributes.med == (u->state == NODE_UP ? 100 :
	      u->state == NODE_DEGRADED ? 500 : UINT32_MAX));
}

static void check_text(const char text[static HEALTH_CAUSE_MAX])
{
	size_t len = strnlen(text, HEALTH_CAUSE_MAX);

	check(len > 0 && len < HEALTH_CAUSE_MAX);
	for (size_t i = 0; i < len; i++)
		check(text[i] >= ' ' && text[i] <= '~');
}

static size_t check_units(const struct health *h, uint64_t now_ms)
{
	size_t announced = 0;

	for (size_t i = 0; i < health_unit_cnt(h); i++) {
		const struct health_unit *u = health_unit(h, i);

		check_text(u->cause);
		check((u->hold == HEALTH_HOLD_NONE) == (u->state == NODE_UP));
		check(u->since_ms <= now_ms);
		check(!u->until_ms || u->until_ms > now_ms);
		check(u->penalty <= 1024000);
		check(!u->suppressed || u->group->penalty);
		if (u->announced)
			check_announced(h, i);
		announced += u->announced;
	}
	return announced;
}

static void check_memory(const struct health *h, uint64_t now_ms)
{
	struct health_memory first, second;
	struct health *again;

	health_remember(h, &first, now_ms);
	check(health_new(&again, health_conf(h), &first, 800, now_ms) == 0);
	health_remember(again, &second, now_ms);
	check(memcmp(&first, &second, sizeof(first)) == 0);
	check(check_units(again, now_ms) == 0 || health_decided(again));
	health_free(again);
}

static void check_all(struct health *h, uint64_t now_ms)
{
	char cause[HEALTH_CAUSE_MAX];
	struct route_set set;

	check(health_tick(h, now_ms) > now_ms);
	health_routes(h, &set);
	check(check_units(h, now_ms) == set.cnt);
	check(!health_drained(h) || set.cnt == 0);
	check(health_node(h, cause) < NODE_STATES);
	check_text(cause);
}

static void restart(struct life *l, uint8_t how)
{
	struct health_conf conf = *health_conf(l->h);
	struct health_memory m;

	health_remember(l->h, &m, l->now_ms);
	if (how & 1)
		m.unit_cnt = 0;
	health_free(l->h);
	memset(l->peers, 0, sizeof(l->peers));
	check(health_new(&l->h, &conf, how & 2 ? NULL : &m, how & 4 ? 0 : 800,
			 l->now_ms) == 0);
	if (how & 8) {
		struct route_set there = {
			.routes[0].prefix = host(ADDR_IP6, 2), .cnt = how & 1,
		};

		health_lost(l->h, &there, l->now_ms);
	}
}

/* But that an adoption has more time, and damping ends a little sooner, as whole
 * numbers are remembered.
 */
static bool is_as_before(const struct health_unit *is,
			 const struct health_unit *was)
{
	return is->announced == was->announced && is->state == was->state &&
	       is->hold == was->hold &&
	       is->suppressed == was->suppressed &&
	       (is->suppressed || is->hold == HEALTH_HOLD_ADOPTING ||
		is->until_ms == was->until_ms);
}

static void reload(struct life *l)
{
	struct health *old = l->h;
	struct health_memory m;

	health_tick(old, l->now_ms);
	health_remember_for(old, health_conf(old), &m, l->now_ms);
	check(health_new(&l->h, health_conf(old), &m, 800, l->now_ms) == 0);
	for (size_t i = 0; i < PEERS; i++)
		health_peer(l->h, i, l->peers[i], l->now_ms);
	for (size_t i = 0; i < PROBES; i++)
		health_inherit(l->h, i, old, i, l->now_ms);
	health_follow(l->h, old, l->now_ms);
	for (size_t i = 0; i < health_unit_cnt(old); i++)
		check(is_as_before(health_unit(l->h, i), health_unit(old, i)));
	check(health_decided(l->h) == health_decided(old));
	health_free(old);
}

static void pass(struct life *l, uint8_t how)
{
	uint64_t due_ms = health_tick(l->h, l->now_ms);

	if (how < 128)
		l->now_ms += how;
	else if (how < 192)
		l->now_ms += 100 * (uint64_t)(how - 128);
	else if (due_ms == UINT64_MAX)
		l->now_ms += 1000000;
	else	/* when something is due, or just before */
		l->now_ms = how & 1 ? due_ms : due_ms - 1;
}

static void order(struct life *l, uint8_t how)
{
	struct health_command c = {
		.order = how % HEALTH_ORDERS,
		.force = how & 16,
		.has_wait = how & 32,
		.wait_ms = how & 64 ? 100 : UINT64_MAX,
	};

	health_ordered(l->h, &c, l->now_ms);
}

static void peer(struct life *l, uint8_t how)
{
	size_t i = how / 8 % (PEERS + 1);

	if (i < PEERS)
		l->peers[i] = how % NODE_STATES;
	health_peer(l->h, i, how % NODE_STATES, l->now_ms);
}

static void attempt(struct life *l, uint8_t how, unsigned times)
{
	static const char *const texts[] = { "", "no\nanswer\x1b", "302" };

	for (unsigned n = 0; n < times; n++)
		health_attempted(l->h, how / 8 % (PROBES + 1), how % 3,
				 texts[how % 3], l->now_ms);
}

static void happen(struct life *l, uint8_t what, uint8_t how)
{
	switch (what % 8) {
	case 0:
		order(l, how);
		break;
	case 1:
		peer(l, how);
		break;
	case 2:
		if (how >= 192)
			restart(l, how);
		else if (how >= 128)
			reload(l);
		break;
	case 3:
		pass(l, how);
		break;
	default:
		attempt(l, how, what % 8 - 3u);
		break;
	}
}

/* All is well for as long as anything can hold: every unit is up. */
static void check_return(struct health *h, uint64_t now_ms)
{
	const struct health_command resume = { .order = HEALTH_RESUME };
	unsigned turns = 0;
	uint64_t due_ms;

	health_ordered(h, &resume, now_ms);
	for (unsigned n = 0; n < 3; n++) {
		for (size_t k = 0; k < PROBES; k++)
			health_attempted(h, k, HEALTH_GOOD, "", now_ms);
	}
	while ((due_ms = health_tick(h, now_ms)) != UINT64_MAX) {
		check(due_ms > now_ms && turns++ < DUE_MOST);
		now_ms = due_ms;
	}
	check(health_decided(h));
	for (size_t i = 0; i < health_unit_cnt(h); i++)
		check(health_unit(h, i)->state == NODE_UP);
	check_all(h, now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct life l = { .now_ms = 1000 };
	struct health_conf conf;

	if (!size || size > 512)
		return 0;
	make_conf(&conf, data[0]);
	check(health_new(&l.h, &conf, NULL, 0, l.now_ms) == 0);
	check_all(l.h, l.now_ms);
	for (size_t i = 1; i + 1 < size; i += 2) {
		happen(&l, data[i], data[i + 1]);
		check_all(l.h, l.now_ms);
		if (i % MEMORY_EVERY == 1)
			check_memory(l.h, l.now_ms);
	}
	check_memory(l.h, l.now_ms);
	check_return(l.h, l.now_ms);
	health_free(l.h);
	return 0;
}
