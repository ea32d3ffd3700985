/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routes, sessions, output, other nodes. */
#include "health-agent/daemon/test/why_told.h"

#include <stdio.h>

enum { SELF, AMS1, LON1, NODES };

/* ---- what the guardian says */

static void check_guardian(struct link_status *guardian, bool announced,
			   const char *want)
{
	struct status_view v = { .guardian = guardian };
	struct why_told told;
	struct world w;
	char *web;

	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	world_do(&w, 65000, announced ? "" : "web4 bad 3");
	why_told(&told, &w, &v);
	/* the last unit is looked at, behind its headline */
	web = strstr(told.text, "\nweb (IPv4) is");
	assert_non_null(web);
	web = strchr(web + 1, '\n') + 1;
	CHECK_STR(want, web, want);
	world_fini(&w);
}

#define FINE "  fine: kam, web4, session with 198.51.100.1\n"
#define NEEDS \
	"  needs 3 good attempts in a row: web4 (IPv4) has failed 3 times: " \
	"no answer in 500 ms\n  then 5.0 s of hold-down\n"
#define REST "  fine: kam, session with 198.51.100.1\n"

static void a_route_is_told_of_when_it_is_not_as_it_should_be(void **state)
{
	static const struct {
		enum link_proof proof;
		bool announced;
		const char *output;
		const char *want;
	} rows[] = {
		{ LINK_PROOF_NONE, true, "exabgp",
		  "  route 198.51.100.80/32 "
		  "is not in ExaBGP's adj-rib-out yet\n" FINE },
		{ LINK_PROOF_PENDING, true, "exabgp",
		  "  route 198.51.100.80/32 "
		  "has been sent, and not been seen in ExaBGP's adj-rib-out "
		  "yet\n" FINE },
		{ LINK_PROOF_SESSION_DOWN, true, "exabgp",
		  "  route 198.51.100.80/32 "
		  "is not heard where a session is down\n" FINE },
		{ LINK_PROOF_MISSING, true, "kernel",
		  "  route 198.51.100.80/32 "
		  "was acknowledged, but is not in the kernel's table\n" FINE },
		{ LINK_PROOF_REFUSED, true, "exabgp",
		  "  route 198.51.100.80/32 "
		  "was refused by exabgp\n" FINE },
		{ LINK_PROOF_UNWANTED, true, "exabgp",
		  "  route 198.51.100.80/32 "
		  "is unwanted\n" FINE },
		{ LINK_PROOF_NONE, false, "exabgp", NEEDS REST },
		{ LINK_PROOF_SESSION_DOWN, false, "exabgp", NEEDS REST },
		{ LINK_PROOF_PENDING, false, "exabgp",
		  NEEDS "  route 198.51.100.80/32 "
		  "is being withdrawn\n" REST },
		{ LINK_PROOF_ADVERTISED, false, "kernel",
		  NEEDS "  route 198.51.100.80/32 "
		  "is still in the kernel's table and should not be\n" REST },
		{ LINK_PROOF_UNWANTED, false, "exabgp",
		  NEEDS "  route 198.51.100.80/32 "
		  "is still in ExaBGP's adj-rib-out and should not be\n" REST },
		{ LINK_PROOF_PENDING, true, "dry-run", FINE },
		{ LINK_PROOF_PENDING, false, "dry-run", NEEDS REST },
		{ LINK_PROOF_REFUSED, false, "exabgp",
		  NEEDS "  route 198.51.100.80/32 "
		  "is refused\n" REST },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct link_status s = {
			.routes = { { .proof = (uint8_t)rows[i].proof } },
			.route_cnt = 1,
			.sessions = { { .family = ADDR_IP4, .up = true } },
			.session_cnt = 1,
		};

		snprintf(s.output, sizeof(s.output), "%s", rows[i].output);
		s.routes[0].prefix = world_prefix("198.51.100.80");
		s.sessions[0].neighbor = why_addr("198.51.100.1");
		check_guardian(&s, rows[i].announced, rows[i].want);
	}
}

static void a_session_is_told_of_when_it_is_down(void **state)
{
	struct link_status s = {
		.output = "exabgp",
		.routes = { { .proof = LINK_PROOF_ADVERTISED } },
		.route_cnt = 1,
		.sessions = {
			{ .family = ADDR_IP6, .remote_as = 64500 },
			{ .family = ADDR_IP4, .remote_as = 64500, .up = true },
			{ .family = ADDR_IP4, .remote_as = 4200000000,
			  .since_ms = 62000, .reason = "hold time expired" },
			{ .family = ADDR_IP4, .remote_as = 64500 },
		},
		.session_cnt = 4,
	};

	(void)state;
	s.routes[0].prefix = world_prefix("198.51.100.80");
	for (size_t i = 0; i < s.session_cnt; i++) {
		s.sessions[i].neighbor = why_addr("198.51.100.1");
		s.sessions[i].neighbor.bytes_be[3] = (uint8_t)i;
	}
	check_guardian(&s, true,
		       "  session with 198.51.100.2 (AS 4200000000) is down "
		       "for 3.0 s: hold time expired\n"
		       "  session with 198.51.100.3 (AS 64500) is down\n"
		       "  fine: kam, web4, 198.51.100.80/32 advertised, "
		       "session with 198.51.100.1\n");
	s.session_cnt = 1;
	check_guardian(&s, true,
		       "  has no neighbor of IPv4: nobody hears of it\n"
		       "  fine: kam, web4, 198.51.100.80/32 advertised\n");
	snprintf(s.output, sizeof(s.output), "kernel");
	snprintf(s.output_text, sizeof(s.output_text), "no\x1bTUN");
	check_guardian(&s, true,
		       "  fine: kam, web4, 198.51.100.80/32 advertised\n"
		       "no?TUN\n");
	check_guardian(NULL, true,
		       "  fine: kam, web4\n"
		       "the guardian has not been heard yet: what is announced "
		       "is not known\n");
}

/* ---- the other nodes */

/* What follows the units of a node that is fine, or "". */
static const char *last_line(struct status_view *v, uint64_t now_ms)
{
	static struct why_told told;
	struct link_status guardian;
	struct world w;
	char *at;

	world_init(&w);
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	why_guardian(&guardian, w.h);
	v->guardian = &guardian;
	world_do(&w, now_ms, "");
	why_told(&told, &w, v);
	world_fini(&w);
	at = strstr(told.text, "\nweb (IPv4)");
	at = strchr(at + 1, '\n') + 1;
	return strchr(at, '\n') + 1;
}

struct neighbors {
	struct site site;
	struct site_node nodes[NODES + WHY_NODES_MAX];
	struct peers *peers[NODES];
};

static void know(struct neighbors *n, size_t cnt)
{
	memset(n, 0, sizeof(*n));
	n->site.nodes = n->nodes;
	n->site.node_cnt = cnt;
	for (size_t i = 0; i < cnt; i++) {
		snprintf(n->nodes[i].name, SITE_NAME_MAX, "%s",
			 i == SELF ? "fra1" : i == AMS1 ? "ams1" : "lon1");
		if (i > LON1)
			snprintf(n->nodes[i].name, SITE_NAME_MAX, "n%zu", i);
		n->nodes[i].ip4 = why_addr("203.0.113.0");
		n->nodes[i].ip4.bytes_be[3] = (uint8_t)i;
	}
	for (size_t i = 0; i < NODES && i < cnt; i++)
		assert_int_equal(0, peers_new(&n->peers[i], &n->site,
					      &n->nodes[i], i + 1));
}

static void forget(struct neighbors *n)
{
	for (size_t i = 0; i < NODES; i++)
		peers_free(n->peers[i]);
}

/* Both ways twice: introduced, then believed. */
static void hear(struct neighbors *n, size_t from, enum node_state state,
		 uint64_t now_ms)
{
	const struct peers_word up = { .state = NODE_UP };
	const struct peers_word word = { .state = state };
	uint8_t bytes[PEERS_DATAGRAM_MAX];
	size_t index, len;

	for (unsigned i = 0; i < 2; i++) {
		/* fra1 is the first of the others; ams1, lon1 come in order */
		len = peers_write(n->peers[SELF], from - 1, &up, 0, bytes);
		peers_read(n->peers[from], &n->nodes[SELF].ip4, bytes, len, 0,
			   now_ms, &index);
		len = peers_write(n->peers[from], 0, &word, 0, bytes);
		peers_read(n->peers[SELF], &n->nodes[from].ip4, bytes, len, 0,
			   now_ms, &index);
	}
	assert_int_equal(state, peers_entry(n->peers[SELF], from - 1)->state);
}

static void other_nodes_are_told_of_when_they_are_not_up(void **state)
{
	struct neighbors n;
	struct status_view v = { 0 };

	(void)state;
	know(&n, NODES);
	v.peers = n.peers[SELF];
	assert_string_equal("other nodes: 0 of 2 up, ams1 unknown (never "
			    "heard), lon1 unknown (never heard)\n",
			    last_line(&v, 60000));
	hear(&n, AMS1, NODE_UP, 60000);
	hear(&n, LON1, NODE_DRAINING, 62000);
	assert_string_equal("other nodes: 1 of 2 up, lon1 draining\n",
			    last_line(&v, 62000));
	hear(&n, LON1, NODE_UP, 62500);
	assert_string_equal("other nodes: 2 of 2 up\n", last_line(&v, 62500));
	while (peers_expire(n.peers[SELF], 65000) != SIZE_MAX)
		;
	assert_string_equal("other nodes: 1 of 2 up, ams1 unknown (not heard "
			    "for 5.0 s)\n", last_line(&v, 65000));
	forget(&n);
}

static void only_some_of_many_nodes_are_named(void **state)
{
	struct neighbors n;
	struct status_view v = { 0 };

	(void)state;
	know(&n, NODES + WHY_NODES_MAX);
	v.peers = n.peers[SELF];
	assert_non_null(strstr(last_line(&v, 60000),
			       ", n8 unknown (never heard), and 2 more that "
			       "are not\n"));
	forget(&n);
}

static void a_node_alone_has_no_others_to_tell_of(void **state)
{
	struct neighbors n;
	struct status_view v = { 0 };

	(void)state;
	know(&n, 1);
	assert_string_equal("", last_line(&v, 60000));
	v.peers = n.peers[SELF];
	assert_string_equal("", last_line(&v, 60000));
	forget(&n);
}

static void a_refused_reload_is_told(void **state)
{
	struct status_view v = { .config_error = "site.conf:3: [node x\ny]" };

	(void)state;
	assert_string_equal("the last reload was refused, what was read before "
			    "it counts: site.conf:3: [node x?y]\n",
			    last_line(&v, 60000));
	v.config_error = "";
	assert_string_equal("", last_line(&v, 60000));
}

static void what_ails_the_agent_comes_last(void **state)
{
	static const char *const warnings[] = { "the disk is full" };
	struct status_view v = {
		.config_error = "site.conf:3: what?",
		.warnings = warnings,
		.warning_cnt = 1,
	};

	(void)state;
	assert_string_equal("the last reload was refused, what was read before "
			    "it counts: site.conf:3: what?\n"
			    "the disk is full\n", last_line(&v, 60000));
}

/* ---- as much as there can be */

static void count_line(void *arg, const char *line)
{
	size_t *longest = arg;
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		assert_in_range(line[i], ' ', '~');
	if (len > *longest)
		*longest = len;
}

static void a_line_is_cut_where_it_ends(void **state)
{
	static const struct site_node self = { .name = "fra1" };
	static const struct agent_conf conf = { .node = &self };
	struct status_view v = { .conf = &conf };
	size_t longest = 0;
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < HEALTH_PROBES_MAX; i++) {
		w.conf.probes[i] = w.conf.probes[0];
		memset(w.conf.probes[i].name, 'p', HEALTH_NAME_MAX - 1);
	}
	w.conf.probe_cnt = HEALTH_PROBES_MAX;
	world_do(&w, 0, "all good 3");
	world_do(&w, 5000, "");
	v.health = w.h;
	v.now_ms = 5000;
	why_tell(&v, count_line, &longest);
	assert_int_equal(WHY_LINE_MAX - 1, longest);
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_route_is_told_of_when_it_is_not_as_it_should_be),
		cmocka_unit_test(a_session_is_told_of_when_it_is_down),
		cmocka_unit_test(other_nodes_are_told_of_when_they_are_not_up),
		cmocka_unit_test(only_some_of_many_nodes_are_named),
		cmocka_unit_test(a_node_alone_has_no_others_to_tell_of),
		cmocka_unit_test(a_refused_reload_is_told),
		cmocka_unit_test(what_ails_the_agent_comes_last),
		cmocka_unit_test(a_line_is_cut_where_it_ends),
	};

	return cmocka_run_group_tests_name("why around", tests, NULL, NULL);
}
