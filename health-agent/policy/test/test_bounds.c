/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What health_new() refuses, and that it survives a lack of memory. */
#include <errno.h>
#include <stdlib.h>

#include "health-agent/policy/test/world.h"

static unsigned good;		/* allocations that still succeed, plus one */

void *__real_calloc(size_t cnt, size_t size);
void *__wrap_calloc(size_t cnt, size_t size);

void *__wrap_calloc(size_t cnt, size_t size)
{
	return good && --good == 0 ? NULL : __real_calloc(cnt, size);
}

static void check(const struct health_conf *conf, int want, const char *what)
{
	struct health *h = NULL;

	CHECK_EQ(want, health_new(&h, conf, NULL, 0, 0), what);
	CHECK(!h == !!want, what);
	health_free(h);
}

/* One change each to a good configuration. */
#define REFUSED(change) \
	do { \
		world_init(&w); \
		change; \
		check(&w.conf, EINVAL, #change); \
	} while (0)

#define ALLOWED(change) \
	do { \
		world_init(&w); \
		change; \
		check(&w.conf, 0, #change); \
	} while (0)

static void a_probe_must_make_sense(void **state)
{
	struct world w;

	(void)state;
	REFUSED(w.conf.probes[0].rise = 0);
	REFUSED(w.conf.probes[0].fall = 0);
	REFUSED(w.conf.probes[0].family = 5);
	REFUSED(w.conf.probes[0].failure = 2);
	REFUSED(w.conf.probes[0].scope = 2);
	REFUSED(w.conf.probes[0].groups = 4);
	REFUSED(w.conf.probes[0].name[0] = '\0');
	REFUSED(w.conf.probes[0].name[1] = '\n');
	REFUSED(w.conf.probes[0].name[1] = ' ');
	REFUSED(w.conf.probes[0].name[1] = '\x80');
	REFUSED(memset(w.conf.probes[0].name, 'x', HEALTH_NAME_MAX));
	REFUSED(w.conf.probe_cnt = HEALTH_PROBES_MAX + 1);
	ALLOWED(w.conf.probe_cnt = 0);
	ALLOWED(w.conf.probes[0].groups = 0);
}

static void a_group_must_make_sense(void **state)
{
	struct health_group_conf *g;
	struct world w;

	(void)state;
	g = &w.conf.groups[1];
	REFUSED(w.conf.group_cnt = 0);
	REFUSED(w.conf.group_cnt = HEALTH_GROUPS_MAX + 1);
	REFUSED(w.conf.group_cnt = 3);
	REFUSED(g->prefix_cnt = 0);
	REFUSED(g->prefix_cnt = ROUTE_PREFIXES_MAX + 1);
	REFUSED(g->prefix_cnt = 2);
	REFUSED(g->prefixes[0].len = 33);
	REFUSED(g->prefixes[0].addr.family = 5);
	REFUSED(g->name[0] = '\0');
	REFUSED(memcpy(g->name, "service", 8));
	REFUSED(g->prefixes[0] = world_prefix("192.0.2.53"));
	REFUSED((g->prefixes[1] = g->prefixes[0], g->prefix_cnt = 2));
	REFUSED(g->hold_down_ms = HEALTH_TIME_MAX_MS + 1);
	REFUSED(g->drain_wait_ms = HEALTH_TIME_MAX_MS + 1);
	REFUSED(g->remote_wait_ms = HEALTH_TIME_MAX_MS + 1);
	ALLOWED(g->hold_down_ms = HEALTH_TIME_MAX_MS);
	ALLOWED(g->prefixes[0] = world_prefix("192.0.2.0/24"));
	REFUSED(w.conf.peer_cnt = SITE_NODES_MAX + 1);
	ALLOWED(w.conf.peer_cnt = SITE_NODES_MAX);
	REFUSED(w.conf.class = 2);
}

static void damping_must_make_sense_where_there_is_any(void **state)
{
	struct health_group_conf *g;
	struct world w;

	(void)state;
	g = &w.conf.groups[1];
	REFUSED(g->reuse = 0);
	REFUSED(g->reuse = g->suppress);
	REFUSED(g->half_life_ms = 0);
	REFUSED(g->half_life_ms = HEALTH_TIME_MAX_MS + 1);
	REFUSED(g->suppress_max_ms = HEALTH_TIME_MAX_MS + 1);
	ALLOWED((g->penalty = 0, g->half_life_ms = 0, g->reuse = 0));
}

static void attributes_must_fit(void **state)
{
	struct health_group_conf *g;
	struct world w;

	(void)state;
	g = &w.conf.groups[0];
	REFUSED(g->up.prepend = ROUTE_PREPEND_MAX + 1);
	REFUSED(g->degraded.community_cnt = HEALTH_COMMUNITIES_MAX + 1);
	REFUSED(g->draining.large_cnt = ROUTE_LARGE_MAX + 1);
	ALLOWED(g->draining.community_cnt = HEALTH_COMMUNITIES_MAX);
}

static void there_is_room_for_all_prefixes(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ROUTE_PREFIXES_MAX; i++) {
		struct prefix p = world_prefix("203.0.113.0");

		p.addr.bytes_be[3] = (uint8_t)i;
		w.conf.groups[1].prefixes[i] = p;
	}
	w.conf.groups[1].prefix_cnt = ROUTE_PREFIXES_MAX - 2;
	check(&w.conf, 0, "as many as a set holds");
	w.conf.groups[1].prefix_cnt++;
	check(&w.conf, EINVAL, "one more");
}

static void without_memory_there_is_no_policy(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (unsigned nth = 1; nth <= 2; nth++) {
		good = nth;
		check(&w.conf, ENOMEM, "calloc fails");
	}
	check(&w.conf, 0, "calloc succeeds");
	health_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_must_make_sense),
		cmocka_unit_test(a_group_must_make_sense),
		cmocka_unit_test(damping_must_make_sense_where_there_is_any),
		cmocka_unit_test(attributes_must_fit),
		cmocka_unit_test(there_is_room_for_all_prefixes),
		cmocka_unit_test(without_memory_there_is_no_policy),
	};

	return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
