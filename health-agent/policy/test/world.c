/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/test/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/test/append.h"

enum { ADOPT_MS = 800 };

struct prefix world_prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(0, prefix_parse(&p, slice_str(text)));
	return p;
}

static const struct health_group_conf usual_group = {
	.hold_down_ms = 5000,
	.drain_wait_ms = 10000,
	.remote_wait_ms = 5000,
	.penalty = 1000,
	.suppress = 2500,
	.reuse = 1000,
	.half_life_ms = 60000,
	.suppress_max_ms = 600000,
	.up = { .med = 100 },
	.degraded = { .med = 500 },
	.draining = { .med = UINT32_MAX },
};

static void usual_conf(struct health_conf *conf)
{
	static const struct health_probe_conf probes[] = {
		{ "sip4", ADDR_IP4, HEALTH_WITHDRAW, HEALTH_LOCAL, 1, 3, 3 },
		{ "sip6", ADDR_IP6, HEALTH_WITHDRAW, HEALTH_LOCAL, 1, 3, 3 },
		{ "kam", ADDR_NONE, HEALTH_WITHDRAW, HEALTH_LOCAL, 3, 1, 3 },
		{ "up4", ADDR_IP4, HEALTH_WITHDRAW, HEALTH_REMOTE, 1, 3, 3 },
		{ "tone4", ADDR_IP4, HEALTH_DEGRADE, HEALTH_LOCAL, 1, 3, 3 },
		{ "web4", ADDR_IP4, HEALTH_WITHDRAW, HEALTH_LOCAL, 2, 3, 3 },
	};
	struct health_group_conf *service = &conf->groups[0];
	struct health_group_conf *web = &conf->groups[1];

	memset(conf, 0, sizeof(*conf));
	memcpy(conf->probes, probes, sizeof(probes));
	conf->probe_cnt = ARRAY_SIZE(probes);
	*service = *web = usual_group;
	snprintf(service->name, sizeof(service->name), "service");
	service->is_service = true;
	service->prefixes[0] = world_prefix("192.0.2.53");
	service->prefixes[1] = world_prefix("2001:db8::53");
	service->prefix_cnt = 2;
	snprintf(web->name, sizeof(web->name), "web");
	web->prefixes[0] = world_prefix("198.51.100.80");
	web->prefix_cnt = 1;
	conf->group_cnt = 2;
	conf->peer_cnt = 2;
	conf->peer_local[0] = 1 << 1;
}

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	usual_conf(&w->conf);
}

void world_fini(struct world *w)
{
	health_free(w->h);
	w->h = NULL;
}

static void start(struct world *w, const struct health_memory *memory)
{
	struct health *old = w->h;

	assert_int_equal(0, health_new(&w->h, &w->conf, memory, ADOPT_MS,
				       w->now_ms));
	health_free(old);
}

size_t world_probe(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->conf.probe_cnt; i++) {
		if (strcmp(w->conf.probes[i].name, name) == 0)
			return i;
	}
	fail_msg("no probe %s", name);
	return 0;
}

static void attempt_one(struct world *w, size_t probe, const char *what)
{
	if (strcmp(what, "good") == 0)
		health_attempted(w->h, probe, HEALTH_GOOD, "fine", w->now_ms);
	else if (strcmp(what, "bad") == 0)
		health_attempted(w->h, probe, HEALTH_BAD,
				 "no answer in 500 ms", w->now_ms);
	else if (strcmp(what, "gone") == 0)
		health_attempted(w->h, probe, HEALTH_GONE,
				 "process 4711 ended", w->now_ms);
	else
		fail_msg("no attempt is %s", what);
}

static void attempt(struct world *w, const char *name, const char *what,
		    const char *times)
{
	bool all = strcmp(name, "all") == 0;

	for (long n = times ? strtol(times, NULL, 10) : 1; n > 0; n--) {
		for (size_t i = 0; i < w->conf.probe_cnt; i++) {
			if (all || i == world_probe(w, name))
				attempt_one(w, i, what);
		}
	}
}

static void order(struct world *w, const char *name, const char *how,
		  const char *ms)
{
	struct health_command c = { .order = HEALTH_RESUME };

	if (strcmp(name, "drain") == 0)
		c.order = HEALTH_DRAIN;
	else if (strcmp(name, "disable") == 0)
		c.order = HEALTH_DISABLE;
	c.force = how && strcmp(how, "force") == 0;
	c.has_wait = how && strcmp(how, "wait") == 0;
	if (c.has_wait)
		c.wait_ms = strtoull(ms, NULL, 10);
	health_ordered(w->h, &c, w->now_ms);
}

static void peer(struct world *w, const char *index, const char *state)
{
	size_t i = strtoul(index, NULL, 10);

	assert_true(i < WORLD_PEERS);
	assert_int_equal(0, node_state_parse(&w->peers[i], slice_str(state)));
	health_peer(w->h, i, w->peers[i], w->now_ms);
}

static void restart(struct world *w, const char *how)
{
	struct health_memory m;

	health_remember(w->h, &m, w->now_ms);
	if (how && strcmp(how, "old") == 0)
		m.unit_cnt = 0;
	start(w, how && strcmp(how, "stale") == 0 ? NULL : &m);
	memset(w->peers, 0, sizeof(w->peers));
}

static void reload(struct world *w)
{
	struct health *old = w->h;
	struct health_memory m;

	health_remember_for(old, &w->conf, &m, w->now_ms);
	w->h = NULL;
	start(w, &m);
	for (size_t i = 0; i < WORLD_PEERS; i++)
		health_peer(w->h, i, w->peers[i], w->now_ms);
	for (size_t i = 0; i < w->conf.probe_cnt; i++)
		health_inherit(w->h, i, old, i, w->now_ms);
	health_follow(w->h, old, w->now_ms);
	health_free(old);
}

/* Prefixes that are still there, or none. */
static void lose(struct world *w, const char *there)
{
	struct route_set set = { 0 };

	if (there)
		set.routes[set.cnt++].prefix = world_prefix(there);
	health_lost(w->h, &set, w->now_ms);
}

static void do_one(struct world *w, char *event)
{
	char *save = NULL;
	char *what = strtok_r(event, " ", &save);
	char *how = strtok_r(NULL, " ", &save);
	char *more = strtok_r(NULL, " ", &save);

	if (!what)
		return;
	if (strcmp(what, "drain") == 0 || strcmp(what, "resume") == 0 ||
	    strcmp(what, "disable") == 0)
		order(w, what, how, more);
	else if (strcmp(what, "peer") == 0)
		peer(w, how, more);
	else if (strcmp(what, "restart") == 0)
		restart(w, how);
	else if (strcmp(what, "reload") == 0)
		reload(w);
	else if (strcmp(what, "lost") == 0)
		lose(w, how);
	else
		attempt(w, what, how, more);
}

void world_do(struct world *w, uint64_t at_ms, const char *events)
{
	char copy[256], *save = NULL;

	w->now_ms = at_ms;
	if (!w->h)
		start(w, NULL);
	health_tick(w->h, at_ms);
	snprintf(copy, sizeof(copy), "%s", events);
	for (char *event = strtok_r(copy, ",", &save); event;
	     event = strtok_r(NULL, ",", &save))
		do_one(w, event);
	w->due_ms = health_tick(w->h, at_ms);
	CHECK(w->due_ms > at_ms, events);
}

const char *world_tell(struct world *w)
{
	w->text[0] = '\0';
	for (size_t i = 0; i < health_unit_cnt(w->h); i++) {
		const struct health_unit *u = health_unit(w->h, i);

		append(w->text, sizeof(w->text), "%s%s%u %s%s",
		       i ? "; " : "", u->group->name, u->family,
		       node_state_name(u->state), u->announced ? "+" : "");
		if (u->until_ms)
			append(w->text, sizeof(w->text), " @%" PRIu64,
			       u->until_ms);
	}
	return w->text;
}

const char *world_routes(struct world *w)
{
	struct route_set set;
	char line[ROUTE_TEXT_MAX];

	w->text[0] = '\0';
	health_routes(w->h, &set);
	for (size_t i = 0; i < set.cnt; i++) {
		route_format(line, sizeof(line), &set.routes[i]);
		append(w->text, sizeof(w->text), "%s%s", i ? " | " : "", line);
	}
	return w->text;
}

void world_run(struct world *w, const struct world_step *steps, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		char what[128];

		snprintf(what, sizeof(what), "step %zu at %" PRIu64 ": %s", i,
			 steps[i].at_ms, steps[i].does);
		world_do(w, steps[i].at_ms, steps[i].does);
		if (steps[i].want)
			CHECK_STR(steps[i].want, world_tell(w), what);
	}
}
