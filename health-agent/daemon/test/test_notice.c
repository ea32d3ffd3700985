/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of changes, as lines: kind name family from > to (cause). */
#include "health-agent/daemon/test/conf_bed.h"

#include "common/test/append.h"
#include "health-agent/daemon/notice.h"

enum { NOW = 1000000, TOLD_MAX = 8192 };

static char told[TOLD_MAX];

static void tell(void *arg, const struct audit_entry *e,
		 const struct health_unit *unit)
{
	assert_ptr_equal(arg, told);
	assert_true((e->what == AUDIT_UNIT && strcmp(e->to, "gone") != 0) ==
		    (unit != NULL));
	append(told, sizeof(told), "%s %s%s %u %s > %s (%s)\n",
	       audit_what_name(e->what), e->name ? e->name : "",
	       e->group ? e->group : "", e->family, e->from, e->to, e->cause);
}

static void assert_told(const char *want)
{
	CHECK_STR(want, told, "told");
	told[0] = '\0';
}

/* ---- the policy's */

#define ONE "[probe one]\ntype = process\npid-file = /run/one\n"
#define TWO "[probe two]\ntype = process\npid-file = /run/two\n"
#define NO_WAIT "[group service]\nhold-down = 0s\n"

static struct health *health_of(struct agent_conf *conf,
				const struct health_memory *memory)
{
	struct health *h;

	assert_int_equal(health_new(&h, &conf->health, memory, 800, NOW), 0);
	return h;
}

static void attempt(struct health *h, size_t probe, enum health_attempt what)
{
	health_attempted(h, probe, what, what == HEALTH_GOOD ? "lives" : "died",
			 NOW);
	health_tick(h, NOW);
}

static void each_change_is_told_once(void **state)
{
	struct agent_conf *conf = bed_good(ONE NO_WAIT, BED_ARGS);
	struct health *h = health_of(conf, NULL);
	struct notice n;

	(void)state;
	notice_begin(&n, h, NOW);
	notice_health(&n, h, NOW, tell, told);
	assert_told("");
	attempt(h, 0, HEALTH_GOOD);
	notice_health(&n, h, NOW + 5, tell, told);
	assert_told("probe one 0 unknown > up (one: lives)\n"
		    "unit service 4 unknown > up (its probe is good)\n"
		    "unit service 6 unknown > up (its probe is good)\n"
		    "node  0 unknown > up (all units are up)\n");
	assert_int_equal(n.node_since_ms, NOW + 5);
	notice_health(&n, h, NOW + 6, tell, told);
	assert_told("");
	assert_int_equal(n.node_since_ms, NOW + 5);
	attempt(h, 0, HEALTH_GONE);
	notice_health(&n, h, NOW + 7, tell, told);
	assert_told("probe one 0 up > down (one: died)\n"
		    "unit service 4 up > down (one is gone: died)\n"
		    "unit service 6 up > down (one is gone: died)\n"
		    "node  0 up > down (service (IPv4) is down: one is gone: "
		    "died)\n");
	health_free(h);
	agent_conf_free(conf);
}

static void what_is_adopted_has_not_changed(void **state)
{
	struct agent_conf *conf = bed_good(ONE NO_WAIT, BED_ARGS);
	struct health *h = health_of(conf, NULL);
	struct health_memory memory;
	struct notice n;

	(void)state;
	attempt(h, 0, HEALTH_GOOD);
	health_remember(h, &memory, NOW);
	health_free(h);

	h = health_of(conf, &memory);
	notice_begin(&n, h, NOW);
	notice_health(&n, h, NOW, tell, told);
	assert_told("");
	attempt(h, 0, HEALTH_GOOD);
	notice_health(&n, h, NOW, tell, told);
	assert_told("probe one 0 unknown > up (one: lives)\n"
		    "node  0 unknown > up (all units are up)\n");
	health_free(h);
	agent_conf_free(conf);
}

static void a_reload_shows_what_came_and_what_went(void **state)
{
	struct agent_conf *conf = bed_good(ONE NO_WAIT, BED_ARGS);
	struct agent_conf *other =
		bed_good(TWO "[group service]\nhold-down = 0s\n"
			     "[group media]\nprefix = 203.0.113.0/24\n"
			     "hold-down = 0s\n", BED_ARGS);
	struct health *h = health_of(conf, NULL);
	struct notice n;

	(void)state;
	notice_begin(&n, h, NOW);
	attempt(h, 0, HEALTH_GOOD);
	notice_health(&n, h, NOW, tell, told);
	told[0] = '\0';
	health_free(h);

	h = health_of(other, NULL);
	attempt(h, 0, HEALTH_GOOD);
	notice_health(&n, h, NOW, tell, told);
	assert_told("probe two 0 unknown > up (two: lives)\n"
		    "unit media 4 unknown > up (its probe is good)\n");
	health_free(h);

	h = health_of(conf, NULL);
	attempt(h, 0, HEALTH_GOOD);
	notice_health(&n, h, NOW, tell, told);
	assert_told("probe one 0 unknown > up (one: lives)\n"
		    "unit media 4 up > gone (no longer configured)\n");
	health_free(h);
	agent_conf_free(conf);
	agent_conf_free(other);
}

/* ---- the guardian's */

static struct link_status status_of(unsigned routes)
{
	struct link_status s = { .output = "exabgp", .route_cnt = routes };

	for (unsigned i = 0; i < routes; i++) {
		s.routes[i].prefix = (struct prefix){
			{ ADDR_IP4, { 192, 0, 2, (uint8_t)(53 + i) } }, 32
		};
		s.routes[i].proof = LINK_PROOF_ADVERTISED;
	}
	return s;
}

static void routes_are_told_of_where_they_settle(void **state)
{
	struct link_status s = status_of(2);
	struct notice n = { 0 };

	(void)state;
	s.routes[0].proof = s.routes[1].proof = LINK_PROOF_PENDING;
	notice_guardian(&n, &s, tell, told);
	assert_told("");
	s = status_of(2);
	notice_guardian(&n, &s, tell, told);
	assert_told("route 192.0.2.53 4 none > advertised (exabgp)\n"
		    "route 192.0.2.54 4 none > advertised (exabgp)\n");
	s.routes[1].proof = LINK_PROOF_PENDING;
	notice_guardian(&n, &s, tell, told);
	assert_told("");
	s.routes[1].proof = LINK_PROOF_REFUSED;
	snprintf(s.output_text, sizeof(s.output_text), "it said error");
	notice_guardian(&n, &s, tell, told);
	assert_told("route 192.0.2.54 4 advertised > refused "
		    "(exabgp: it said error)\n");
	s = status_of(1);
	notice_guardian(&n, &s, tell, told);
	assert_told("route 192.0.2.54 4 refused > none (exabgp)\n");
	assert_int_equal(n.route_cnt, 1);
	s = status_of(0);
	notice_guardian(&n, &s, NULL, NULL);
	assert_int_equal(n.route_cnt, 0);
	s = status_of(ROUTE_PREFIXES_MAX);
	notice_guardian(&n, &s, NULL, NULL);
	assert_int_equal(n.route_cnt, ROUTE_PREFIXES_MAX);
	notice_guardian(&n, &s, tell, told);
	assert_told("");
}

static void sessions_are_told_of_by_their_neighbours(void **state)
{
	struct link_status s = status_of(0);
	struct notice n = { 0 };

	(void)state;
	s.session_cnt = 2;
	s.sessions[0] = (struct link_session){
		.neighbor = { ADDR_IP4, { 198, 51, 100, 1 } },
		.family = ADDR_IP4, .up = true,
	};
	s.sessions[1] = (struct link_session){
		.neighbor = { ADDR_IP6, { 0x20, 1, 13, 184, [15] = 1 } },
		.family = ADDR_IP6, .reason = "refused",
	};
	notice_guardian(&n, &s, tell, told);
	assert_told("session 198.51.100.1 4 unknown > up (198.51.100.1)\n"
		    "session 2001:db8::1 6 unknown > down "
		    "(2001:db8::1: refused)\n");
	notice_guardian(&n, &s, tell, told);
	assert_told("");
	s.sessions[0].up = false;
	snprintf(s.sessions[0].reason, LINK_TEXT_MAX, "hold time");
	s.sessions[1].up = true;
	notice_guardian(&n, &s, tell, told);
	assert_told("session 198.51.100.1 4 up > down "
		    "(198.51.100.1: hold time)\n"
		    "session 2001:db8::1 6 down > up (2001:db8::1)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_told_once),
		cmocka_unit_test(what_is_adopted_has_not_changed),
		cmocka_unit_test(a_reload_shows_what_came_and_what_went),
		cmocka_unit_test(routes_are_told_of_where_they_settle),
		cmocka_unit_test(sessions_are_told_of_by_their_neighbours),
	};

	return cmocka_run_group_tests(tests, bed_setup, scratch_teardown);
}
