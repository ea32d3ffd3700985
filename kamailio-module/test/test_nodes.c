/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/sites.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "kamailio-module/nodes.h"
#include "kamailio-module/sipuri.h"

enum { CNT = 4, MANY = 1000 };

static const char *const kind_names[] = {
	[HOST_FOREIGN] = "foreign",
	[HOST_SERVICE] = "service",
	[HOST_SELF] = "self",
	[HOST_NODE] = "node",
	[HOST_NODE_OTHER_PORT] = "node, other port",
};

static struct nodes *nodes_of(const struct site *site, const char *self)
{
	struct nodes *nodes;

	assert_int_equal(nodes_new(&nodes, site, slice_str(self)), 0);
	return nodes;
}

/* The kind of a host as it stands in a URI. */
static enum host_kind kind_of(const struct nodes *nodes, const char *hostport,
			      uint32_t *index)
{
	char text[1024];
	struct sipuri uri;

	snprintf(text, sizeof(text), "sip:bob@%s", hostport);
	if (sipuri_parse(&uri, slice_str(text)))
		fail_msg("%s is no URI", text);
	return nodes_host_kind(nodes, uri.host, &uri.addr, uri.port, index);
}

static void a_host_is_the_service_a_node_or_foreign(void **state)
{
	static const struct {
		const char *host;
		enum host_kind want;
		uint32_t index;
	} rows[] = {
		/* the service: its domain, aliases and addresses, any port */
		{ "sip.example.net", HOST_SERVICE, NODES_NONE },
		{ "SIP.Example.NET", HOST_SERVICE, NODES_NONE },
		{ "sip.example.net.", HOST_SERVICE, NODES_NONE },
		{ "sip.example.net:5999", HOST_SERVICE, NODES_NONE },
		{ "voice.example.com", HOST_SERVICE, NODES_NONE },
		{ "example.net", HOST_SERVICE, NODES_NONE },
		{ "192.0.2.53", HOST_SERVICE, NODES_NONE },
		{ "192.0.2.53:5070", HOST_SERVICE, NODES_NONE },
		{ "[2001:db8:53::53]", HOST_SERVICE, NODES_NONE },
		{ "[2001:DB8:53:0::53]:5060", HOST_SERVICE, NODES_NONE },
		{ "[::ffff:192.0.2.53]", HOST_SERVICE, NODES_NONE },
		/* this node, at its SIP ports or at none */
		{ "198.51.100.11", HOST_SELF, FRA1 },
		{ "198.51.100.11:5070", HOST_SELF, FRA1 },
		{ "198.51.100.11:5071", HOST_SELF, FRA1 },
		{ "[2001:db8:11::11]:5070", HOST_SELF, FRA1 },
		{ "[2001:db8:11:0:0::11]", HOST_SELF, FRA1 },
		{ "[::ffff:198.51.100.11]", HOST_SELF, FRA1 },
		{ "fra1.sip.example.net", HOST_SELF, FRA1 },
		{ "Fra1.SIP.example.net.:5071", HOST_SELF, FRA1 },
		{ "198.51.100.11:5060", HOST_NODE_OTHER_PORT, FRA1 },
		{ "fra1.sip.example.net:80", HOST_SELF, FRA1 },	/* WebSocket */
		{ "fra1.sip.example.net:8080", HOST_NODE_OTHER_PORT, FRA1 },
		/* others, with the service's ports */
		{ "198.51.100.12", HOST_NODE, AMS1 },
		{ "198.51.100.12:5060", HOST_NODE, AMS1 },
		{ "198.51.100.12:5061", HOST_NODE, AMS1 },
		{ "198.51.100.12:5070", HOST_NODE_OTHER_PORT, AMS1 },
		{ "ams1.sip.example.net", HOST_NODE, AMS1 },
		{ "[2001:db8:13::13]", HOST_NODE, TYO1 },
		{ "[2001:db8:14::14]:5061", HOST_NODE, LON1 },
		{ "198.51.100.14", HOST_NODE, LON1 },
		/* nobody of ours */
		{ "example.org", HOST_FOREIGN, NODES_NONE },
		{ "net", HOST_FOREIGN, NODES_NONE },
		{ "sip.example.net.evil.example", HOST_FOREIGN, NODES_NONE },
		{ "xsip.example.net", HOST_FOREIGN, NODES_NONE },
		{ "fra1", HOST_FOREIGN, NODES_NONE },
		{ "tyo1.sip.example.net", HOST_FOREIGN, NODES_NONE },
		{ "192.0.2.54", HOST_FOREIGN, NODES_NONE },
		{ "198.51.100.13", HOST_FOREIGN, NODES_NONE },
		{ "[2001:db8:13::14]", HOST_FOREIGN, NODES_NONE },
		{ "[::ffff:198.51.100.13]", HOST_FOREIGN, NODES_NONE },
		/* 198.51.100.12, were it IPv6 */
		{ "[c633:640c::]", HOST_FOREIGN, NODES_NONE },
	};
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes = nodes_of(site, "fra1");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t index = 12345;
		enum host_kind got = kind_of(nodes, rows[i].host, &index);

		CHECK_STR(kind_names[rows[i].want], kind_names[got],
			  rows[i].host);
		CHECK_EQ(rows[i].index, index, rows[i].host);
	}
	nodes_free(nodes);
	site_free(site);
}

static void a_name_longer_than_any_of_ours_is_foreign(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes = nodes_of(site, "fra1");
	const struct addr none = { 0 };
	char name[4096];
	uint32_t index;

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t len = 0; len <= sizeof(name); len++) {
		CHECK_EQ(HOST_FOREIGN,
			 nodes_host_kind(nodes, slice_of(name, len), &none, 0,
					 &index), "long name");
		CHECK_EQ(NODES_NONE, index, "long name");
	}
	nodes_free(nodes);
	site_free(site);
}

/* A site of cnt nodes n0, n1, ...: n1 and every third after it without IPv4,
 * n2 and every third after it without IPv6.
 */
static struct site *site_of_many(unsigned cnt)
{
	size_t size = 512 + cnt * 128UL;
	char *text = malloc(size);
	struct site *site;
	size_t len;

	assert_non_null(text);
	len = (size_t)snprintf(text, size,
			       "[service]\ndomain = sip.example.net\n"
			       "address = 192.0.2.53, 2001:db8:53::53\n"
			       "secret = a secret of sixteen or more\n");
	for (unsigned i = 0; i < cnt; i++) {
		len += (size_t)snprintf(text + len, size - len,
					"[node n%u]\nhost = n%u.example\n", i,
					i);
		if (i % 3 == 0)
			len += (size_t)snprintf(
				text + len, size - len,
				"address = 10.0.%u.%u, 2001:db8::a:%x\n",
				i / 250, i % 250 + 1, i);
		else
			len += (size_t)snprintf(
				text + len, size - len,
				i % 3 == 2 ? "address = 10.0.%u.%u\n" :
					     "address = 2001:db8::%x:%x\n",
				i % 3 == 2 ? i / 250 : 10,
				i % 3 == 2 ? i % 250 + 1 : i);
	}
	site = site_of(text);
	free(text);
	return site;
}

static void each_of_any_number_of_nodes_is_found(void **state)
{
	static const unsigned cnts[] = { 1, 2, 3, 5, 8, MANY, SITE_NODES_MAX };

	(void)state;
	for (size_t row = 0; row < ARRAY_SIZE(cnts); row++) {
		struct site *site = site_of_many(cnts[row]);
		struct nodes *nodes = nodes_of(site, "n0");

		for (unsigned i = 0; i < cnts[row]; i++) {
			const struct site_node *node = nodes_at(nodes, i);
			enum host_kind want = i ? HOST_NODE : HOST_SELF;
			char text[ADDR_TEXT_MAX];
			uint32_t index;

			CHECK_EQ(want, kind_of(nodes, node->host, &index),
				 node->host);
			CHECK_EQ(i, index, node->host);
			if (addr_is_set(&node->ip4)) {
				addr_format_host(text, &node->ip4);
				CHECK_EQ(want, kind_of(nodes, text, &index),
					 text);
				CHECK_EQ(i, index, text);
			}
			if (addr_is_set(&node->ip6)) {
				addr_format_host(text, &node->ip6);
				CHECK_EQ(want, kind_of(nodes, text, &index),
					 text);
				CHECK_EQ(i, index, text);
			}
		}
		nodes_free(nodes);
		site_free(site);
	}
}

static void every_node_starts_up(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes = nodes_of(site, "ams1");

	(void)state;
	assert_ptr_equal(nodes_site(nodes), site);
	CHECK_EQ(AMS1, nodes_self(nodes), "ams1");
	for (uint32_t i = 0; i < CNT; i++) {
		CHECK_EQ(NODE_UP, nodes_state(nodes, i), site->nodes[i].name);
		assert_ptr_equal(nodes_at(nodes, i), &site->nodes[i]);
	}
	assert_null(nodes_at(nodes, CNT));
	assert_null(nodes_at(nodes, NODES_NONE));
	CHECK_EQ(NODE_UNKNOWN, nodes_state(nodes, CNT), "no such node");
	CHECK_EQ(NODE_UNKNOWN, nodes_state(nodes, NODES_NONE), "no such node");
	nodes_free(nodes);
	site_free(site);
}

static void a_node_that_is_not_in_the_site_has_no_picture(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes = (void *)site;

	(void)state;
	assert_int_equal(nodes_new(&nodes, site, slice_str("par1")), ENOENT);
	assert_null(nodes);
	assert_int_equal(nodes_new(&nodes, site, slice_str("")), ENOENT);
	nodes_free(NULL);
	site_free(site);
}

static void states_are_taken_as_far_as_they_make_sense(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes = nodes_of(site, "fra1");
	const uint8_t all[CNT + 1] = {
		NODE_DOWN, NODE_STATES, 0xff, NODE_DISABLED, NODE_DOWN,
	};
	const uint8_t one[1] = { NODE_DRAINING };

	(void)state;
	nodes_set_states(nodes, all, ARRAY_SIZE(all));
	CHECK_EQ(NODE_DOWN, nodes_state(nodes, FRA1), "fra1");
	CHECK_EQ(NODE_UNKNOWN, nodes_state(nodes, AMS1), "no such state");
	CHECK_EQ(NODE_UNKNOWN, nodes_state(nodes, TYO1), "no such state");
	CHECK_EQ(NODE_DISABLED, nodes_state(nodes, LON1), "lon1");
	nodes_set_states(nodes, one, 1);
	CHECK_EQ(NODE_DRAINING, nodes_state(nodes, FRA1), "the first");
	CHECK_EQ(NODE_DISABLED, nodes_state(nodes, LON1), "the rest stays");
	nodes_free(nodes);
	site_free(site);
}

static void only_a_service_address_is_the_service(void **state)
{
	static const struct {
		const char *addr;
		bool want;
	} rows[] = {
		{ "192.0.2.53", true },
		{ "2001:db8:53::53", true },
		{ "192.0.2.54", false },
		{ "198.51.100.11", false },
		{ "2001:db8:11::11", false },
		{ "::", false },
	};
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes = nodes_of(site, "fra1");
	const struct addr none = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr addr = addr_of(rows[i].addr);

		CHECK_EQ(rows[i].want, nodes_is_service(nodes, &addr),
			 rows[i].addr);
	}
	assert_false(nodes_is_service(nodes, &none));
	nodes_free(nodes);
	site_free(site);

	/* a service of one family: "no address" is not its other one */
	site = site_of("[service]\ndomain = a.example\naddress = 192.0.2.1\n"
		       "secret = a secret of sixteen or more\n"
		       "[node n]\naddress = 198.51.100.1\n");
	nodes = nodes_of(site, "n");
	assert_false(nodes_is_service(nodes, &none));
	nodes_free(nodes);
	site_free(site);
}

/* Letters of states, in the order of the site: up, degraded, unknown (N),
 * draining (R), down (W), disabled (X).
 */
static void set(struct nodes *nodes, const char *letters)
{
	static const char known[] = "NUDRWX";
	uint8_t states[CNT];

	static_assert(NODE_UNKNOWN == 0 && NODE_DISABLED == 5, "letters");
	for (size_t i = 0; i < CNT; i++) {
		assert_non_null(strchr(known, letters[i]));
		states[i] = (uint8_t)(strchr(known, letters[i]) - known);
	}
	nodes_set_states(nodes, states, CNT);
}

enum {
	F = 1 << FRA1,
	A = 1 << AMS1,
	T = 1 << TYO1,
	L = 1 << LON1,
	NOBODY = 0,
};

struct pick_row {
	const char *what;
	const char *self;
	const char *states;	/* of fra1, ams1, tyo1, lon1 */
	enum addr_family family;
	unsigned want;		/* the nodes picked for one key or another */
	bool any;
};

static void check_pick(const struct site *site, const struct pick_row *row)
{
	struct nodes *nodes = nodes_of(site, row->self);
	unsigned picked = 0;

	set(nodes, row->states);
	for (uint64_t key = 0; key < 100; key++) {
		uint32_t node = nodes_pick(nodes, row->family, key);

		CHECK(node == NODES_NONE || node < CNT, row->what);
		CHECK_EQ(node, nodes_pick(nodes, row->family, key), row->what);
		if (node == NODES_NONE)
			continue;
		picked |= 1U << node;
		CHECK(nodes_reachable(nodes, node, row->family), row->what);
	}
	CHECK_EQ(row->want, picked, row->what);
	CHECK_EQ(row->any, nodes_any(nodes, row->family), row->what);
	nodes_free(nodes);
}

/* design 5.2, rules 8 and 11 */
static void the_best_node_is_handed_out(void **state)
{
	static const struct pick_row rows[] = {
		{ "all up", "fra1", "UUUU", ADDR_IP4, F, true },
		{ "self degraded", "fra1", "DUUU", ADDR_IP4, F, true },
		{ "self unknown", "fra1", "NUUU", ADDR_IP4, F, true },
		{ "self draining", "fra1", "RUUU", ADDR_IP4, A | L, true },
		{ "self down", "fra1", "WUUU", ADDR_IP4, A | L, true },
		{ "self disabled", "fra1", "XUUU", ADDR_IP4, A | L, true },
		{ "IPv6: other nodes", "fra1", "RUUU", ADDR_IP6, T | L, true },
		{ "a healthy one before a degraded one", "fra1", "RDUU",
		  ADDR_IP4, L, true },
		{ "... whichever comes first in the file", "fra1", "RUUD",
		  ADDR_IP4, A, true },
		{ "a degraded one before an unknown one", "fra1", "RNUD",
		  ADDR_IP4, L, true },
		{ "draining: ourselves before an unknown one", "fra1", "RNUW",
		  ADDR_IP4, F, true },
		{ "draining, both unknown", "fra1", "RNUN", ADDR_IP4, F, true },
		{ "down: an unknown one before ourselves", "fra1", "WNUW",
		  ADDR_IP4, A, true },
		{ "disabled, both unknown", "fra1", "XNUN", ADDR_IP4, A | L,
		  true },
		{ "draining without this family: an unknown one", "ams1",
		  "WRNW", ADDR_IP6, T, true },
		{ "the other family's health is no help", "fra1", "RWUW",
		  ADDR_IP4, F, true },
		{ "everyone draining: ourselves", "fra1", "RRRR", ADDR_IP4, F,
		  true },
		{ "everyone draining: ourselves, wherever", "lon1", "RRRR",
		  ADDR_IP6, L, true },
		{ "self down, others draining: ourselves", "fra1", "WRRR",
		  ADDR_IP4, F, true },
		{ "self draining, others down: ourselves", "fra1", "RWWW",
		  ADDR_IP4, F, true },
		{ "everyone down: ourselves, but none to take it", "fra1",
		  "WWWW", ADDR_IP4, F, false },
		{ "everyone disabled", "fra1", "XXXX", ADDR_IP6, F, false },
		{ "self down, one disabled, one up", "fra1", "WXWU", ADDR_IP4,
		  L, true },
		{ "self without this family, up", "ams1", "UUUU", ADDR_IP6,
		  F | T | L, true },
		{ "self without this family, others down", "ams1", "WUWW",
		  ADDR_IP6, NOBODY, false },
		{ "self without this family, others draining", "ams1", "RURR",
		  ADDR_IP6, NOBODY, true },
		{ "self of this family alone is up", "tyo1", "WWUW", ADDR_IP6,
		  T, true },
	};
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_pick(site, &rows[i]);
	site_free(site);
}

static void a_lone_node_hands_out_itself_whatever_its_state(void **state)
{
	struct site *site = site_of_many(1);
	struct nodes *nodes = nodes_of(site, "n0");

	(void)state;
	for (uint8_t s = 0; s < NODE_STATES; s++) {
		nodes_set_states(nodes, &s, 1);
		for (uint64_t key = 0; key < 10; key++)
			CHECK_EQ(0, nodes_pick(nodes, ADDR_IP4, key),
				 node_state_name(s));
		CHECK_EQ(s != NODE_DOWN && s != NODE_DISABLED,
			 nodes_any(nodes, ADDR_IP4), node_state_name(s));
		CHECK_EQ(NODES_NONE, nodes_alternative(nodes, ADDR_IP4, 7, 0, 0),
			 node_state_name(s));
	}
	nodes_free(nodes);
	site_free(site);
}

static void draining_nodes_agree_on_the_node_of_a_call(void **state)
{
	struct site *site = site_of_many(MANY);
	struct nodes *one = nodes_of(site, "n0");
	struct nodes *other = nodes_of(site, "n3");
	uint8_t states[MANY];
	unsigned hits[MANY] = { 0 };

	(void)state;
	memset(states, NODE_UP, sizeof(states));
	states[0] = states[3] = NODE_DRAINING;
	nodes_set_states(one, states, MANY);
	nodes_set_states(other, states, MANY);
	for (uint64_t key = 0; key < 100 * MANY; key++) {
		uint32_t node = nodes_pick(one, ADDR_IP4, key);

		CHECK_EQ(node, nodes_pick(other, ADDR_IP4, key), "same node");
		hits[node]++;
	}
	for (uint32_t i = 0; i < MANY; i++) {
		bool fit = i % 3 != 1 && i != 0 && i != 3;

		/* 665 nodes can take a call of IPv4: 150 each */
		CHECK(fit ? hits[i] > 140 && hits[i] < 160 : !hits[i],
		      site->nodes[i].name);
	}
	nodes_free(one);
	nodes_free(other);
	site_free(site);
}

static void alternatives_are_the_other_best_ones_each_once(void **state)
{
	static const struct {
		const char *what, *self, *states;
		enum addr_family family;
		unsigned want;
	} rows[] = {
		{ "all up", "fra1", "UUUU", ADDR_IP4, A | L },
		{ "IPv6", "fra1", "UUUU", ADDR_IP6, T | L },
		{ "only those of the best state", "fra1", "UUUD", ADDR_IP4, A },
		{ "unknown ones where there is nothing better", "fra1", "UNUN",
		  ADDR_IP4, A | L },
		{ "none that drains or is down", "fra1", "URUW", ADDR_IP4,
		  NOBODY },
		{ "not the one handed out first", "fra1", "RUUW", ADDR_IP4,
		  NOBODY },
	};
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nodes *nodes = nodes_of(site, rows[i].self);

		set(nodes, rows[i].states);
		for (uint64_t key = 0; key < 10; key++) {
			uint32_t first = nodes_pick(nodes, rows[i].family, key);
			unsigned seen = 0, n = 0;
			uint32_t next;

			while ((next = nodes_alternative(
					nodes, rows[i].family, key, first,
					n++)) != NODES_NONE) {
				CHECK(next != first, rows[i].what);
				CHECK(!(seen & 1U << next), rows[i].what);
				seen |= 1U << next;
			}
			CHECK_EQ(rows[i].want, seen, rows[i].what);
			CHECK_EQ(NODES_NONE,
				 nodes_alternative(nodes, rows[i].family, key,
						   first, n), rows[i].what);
		}
		nodes_free(nodes);
	}
	site_free(site);
}

/* Told to try again elsewhere, a client goes where it would have been sent in
 * the first place had this node been draining.
 */
static void the_first_alternative_is_the_pick_of_a_draining_node(void **state)
{
	struct site *site = site_of_many(MANY);
	struct nodes *nodes = nodes_of(site, "n0");
	uint8_t self = NODE_UP;

	(void)state;
	for (uint64_t key = 0; key < 1000; key++) {
		uint32_t pick, first;

		self = NODE_UP;
		nodes_set_states(nodes, &self, 1);
		CHECK_EQ(0, nodes_pick(nodes, ADDR_IP6, key), "up");
		first = nodes_alternative(nodes, ADDR_IP6, key, 0, 0);
		self = NODE_DRAINING;
		nodes_set_states(nodes, &self, 1);
		pick = nodes_pick(nodes, ADDR_IP6, key);
		CHECK_EQ(pick, first, "draining");
	}
	nodes_free(nodes);
	site_free(site);
}

static void alternatives_follow_the_pick_and_change_with_the_call(void **state)
{
	struct site *site = site_of_many(MANY);
	struct nodes *nodes = nodes_of(site, "n0");
	unsigned firsts = 0;
	uint32_t last = NODES_NONE;

	(void)state;
	for (uint64_t key = 0; key < 500; key++) {
		uint32_t a = nodes_alternative(nodes, ADDR_IP4, key, 0, 0);
		uint32_t b = nodes_alternative(nodes, ADDR_IP4, key, 0, 1);

		CHECK_EQ(a, nodes_alternative(nodes, ADDR_IP4, key, 0, 0),
			 "stable");
		CHECK(b > a || a > MANY - 4, "in the order of the file");
		firsts += a != last;
		last = a;
	}
	CHECK_EQ(500, firsts, "spread over the nodes");
	nodes_free(nodes);
	site_free(site);
}

/* ---- the n-th allocation fails */

static int fail_in = -1;

void *__wrap_calloc(size_t cnt, size_t size);
void *__real_calloc(size_t cnt, size_t size);

void *__wrap_calloc(size_t cnt, size_t size)
{
	if (fail_in >= 0 && !fail_in--)
		return NULL;
	return __real_calloc(cnt, size);
}

static void without_memory_there_is_no_picture_and_no_leak(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodes *nodes;
	int n = 0;

	(void)state;
	for (;; n++) {
		int err;

		fail_in = n;
		err = nodes_new(&nodes, site, slice_str("fra1"));
		if (fail_in >= 0)
			break;		/* it needs no more than n */
		CHECK_EQ(ENOMEM, err, "allocation failed");
		assert_null(nodes);
	}
	fail_in = -1;
	CHECK_EQ(6, n, "allocations");
	nodes_free(nodes);
	site_free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_the_service_a_node_or_foreign),
		cmocka_unit_test(a_name_longer_than_any_of_ours_is_foreign),
		cmocka_unit_test(each_of_any_number_of_nodes_is_found),
		cmocka_unit_test(every_node_starts_up),
		cmocka_unit_test(a_node_that_is_not_in_the_site_has_no_picture),
		cmocka_unit_test(states_are_taken_as_far_as_they_make_sense),
		cmocka_unit_test(only_a_service_address_is_the_service),
		cmocka_unit_test(the_best_node_is_handed_out),
		cmocka_unit_test(
			a_lone_node_hands_out_itself_whatever_its_state),
		cmocka_unit_test(draining_nodes_agree_on_the_node_of_a_call),
		cmocka_unit_test(alternatives_are_the_other_best_ones_each_once),
		cmocka_unit_test(
			the_first_alternative_is_the_pick_of_a_draining_node),
		cmocka_unit_test(
			alternatives_follow_the_pick_and_change_with_the_call),
		cmocka_unit_test(without_memory_there_is_no_picture_and_no_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
