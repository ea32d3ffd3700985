/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is asked about a call: the same on every node, and stable. */
#include "kamailio-module/test/sites.h"

#include "kamailio-module/nodes.h"

enum { CALLS = 4000 };

#define SERVICE(domain) \
	"[service]\ndomain = " domain "\naddress = 192.0.2.53\n" \
	"secret = a secret of sixteen or more\n"
#define NODE(name, last) "[node " name "]\naddress = 198.51.100." last "\n"
#define A NODE("a", "1")
#define B NODE("b", "2")
#define C NODE("c", "3")
#define D NODE("d", "4")

struct picture {
	struct site *site;
	struct nodes *nodes;
};

/* states: a letter of NUDRWX for each node, or NULL */
static struct picture picture_of(const char *text, const char *self,
				 const char *states)
{
	static const char known[] = "NUDRWX";
	struct picture p = { .site = site_of(text) };
	uint8_t list[16];

	assert_int_equal(nodes_new(&p.nodes, p.site, slice_str(self)), 0);
	if (!states)
		return p;
	for (size_t i = 0; states[i]; i++)
		list[i] = (uint8_t)(strchr(known, states[i]) - known);
	nodes_set_states(p.nodes, list, strlen(states));
	return p;
}

static void picture_drop(struct picture *p)
{
	nodes_free(p->nodes);
	site_free(p->site);
}

/* "-" when there is none */
static const char *asked(const struct picture *p, unsigned call, unsigned n)
{
	char id[32];
	int len = snprintf(id, sizeof(id), "%u@example.net", call);
	uint32_t node = nodes_rendezvous(p->nodes, slice_of(id, (size_t)len),
					 n);

	return node == NODES_NONE ? "-" : nodes_at(p->nodes, node)->name;
}

static void every_node_asks_the_same_one(void **state)
{
	struct picture at_a = picture_of(SERVICE("x.net") A B C D, "a", NULL);
	struct picture at_d = picture_of(SERVICE("x.net") D B A C, "d", NULL);
	struct picture secret = picture_of(
		"[service]\ndomain = x.net\naddress = 192.0.2.53\n"
		"secret = a secret that is another one\n" C D A B, "c", NULL);

	(void)state;
	for (unsigned call = 0; call < CALLS; call++) {
		for (unsigned n = 0; n < 5; n++) {
			CHECK_STR(asked(&at_a, call, n), asked(&at_d, call, n),
				  "the file's order");
			CHECK_STR(asked(&at_a, call, n),
				  asked(&secret, call, n), "the secret");
		}
		CHECK_STR("-", asked(&at_a, call, 4), "four nodes");
	}
	picture_drop(&at_a);
	picture_drop(&at_d);
	picture_drop(&secret);
}

static void each_node_gets_its_share_and_each_place_another(void **state)
{
	struct picture p = picture_of(SERVICE("x.net") A B C D, "a", NULL);
	unsigned cnt[2][4] = { 0 };

	(void)state;
	for (unsigned call = 0; call < CALLS; call++) {
		for (unsigned n = 0; n < 4; n++) {
			for (unsigned m = 0; m < n; m++)
				CHECK(strcmp(asked(&p, call, n),
					     asked(&p, call, m)) != 0,
				      "each once");
		}
		cnt[0][asked(&p, call, 0)[0] - 'a']++;
		cnt[1][asked(&p, call, 1)[0] - 'a']++;
	}
	/* expected 1000, standard deviation 27 */
	for (unsigned i = 0; i < 8; i++)
		assert_in_range(cnt[i / 4][i % 4], 850, 1150);
	picture_drop(&p);
}

/* Whoever was second is first when the first one goes: it was told as well. */
static void a_node_that_goes_moves_its_own_calls_only(void **state)
{
	static const struct {
		const char *what, *text, *states;
	} rows[] = {
		{ "left the site", SERVICE("x.net") A B D, NULL },
		{ "down", SERVICE("x.net") A B C D, "UUWU" },
		{ "disabled", SERVICE("x.net") A B C D, "UUXU" },
		{ "unknown", SERVICE("x.net") A B C D, "UUNU" },
	};
	struct picture before = picture_of(SERVICE("x.net") A B C D, "a",
					   "UDRU");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct picture after = picture_of(rows[i].text, "a",
						  rows[i].states);
		unsigned moved = 0;

		for (unsigned call = 0; call < CALLS; call++) {
			bool was_c = !strcmp(asked(&before, call, 0), "c");

			CHECK_STR(asked(&before, call, was_c),
				  asked(&after, call, 0), rows[i].what);
			CHECK_STR("-", asked(&after, call, 3), rows[i].what);
			moved += was_c;
		}
		assert_in_range(moved, 850, 1150);
		picture_drop(&after);
	}
	picture_drop(&before);
}

static void another_domain_is_another_order(void **state)
{
	struct picture x = picture_of(SERVICE("x.net") A B C D, "a", NULL);
	struct picture y = picture_of(SERVICE("y.net") A B C D, "a", NULL);
	unsigned same = 0;

	(void)state;
	for (unsigned call = 0; call < CALLS; call++)
		same += !strcmp(asked(&x, call, 0), asked(&y, call, 0));
	assert_in_range(same, 850, 1150);
	picture_drop(&x);
	picture_drop(&y);
}

static void we_live_whatever_our_state(void **state)
{
	static const char *const states[] = { "WXNW", "NNNN", "XWXW" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct picture p = picture_of(SERVICE("x.net") A B C D, "b",
					      states[i]);

		for (unsigned call = 0; call < 100; call++) {
			CHECK_STR("b", asked(&p, call, 0), states[i]);
			CHECK_STR("-", asked(&p, call, 1), states[i]);
		}
		picture_drop(&p);
	}
}

static void a_lonely_node_asks_itself(void **state)
{
	struct picture p = picture_of(SERVICE("x.net") A, "a", NULL);

	(void)state;
	CHECK_STR("a", asked(&p, 1, 0), "itself");
	CHECK_STR("-", asked(&p, 1, 1), "nobody else");
	CHECK(!nodes_any_hears_own(p.nodes), "nobody to talk to");
	picture_drop(&p);
}

/* sites.h: fra1 and lon1 have both families, ams1 IPv4, tyo1 IPv6 */
static void who_shares_no_family_does_not_hear(void **state)
{
	static const struct {
		const char *self, *states, *want;	/* y: hears, o: only of
							 * what is its own */
	} rows[] = {
		{ "fra1", "UUUU", "-yyy" },
		{ "ams1", "UUUU", "y--y" },
		{ "tyo1", "UUUU", "y--y" },
		{ "lon1", "UUUU", "yyy-" },
		{ "fra1", "WDRN", "-yy-" },
		{ "fra1", "UWXN", "--o-" },
		{ "ams1", "WUUW", "----" },
		{ "ams1", "XUXX", "o--o" },
		{ "lon1", "XDWX", "oy--" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct picture p = picture_of(SITE_OF_FOUR, rows[i].self,
					      rows[i].states);

		for (uint32_t n = 0; n < 4; n++) {
			CHECK_EQ(rows[i].want[n] == 'y',
				 nodes_hears(p.nodes, n), rows[i].self);
			CHECK_EQ(rows[i].want[n] != '-',
				 nodes_hears_own(p.nodes, n), rows[i].self);
		}
		CHECK(!nodes_hears(p.nodes, 4), "no node");
		CHECK(!nodes_hears_own(p.nodes, 4), "no node");
		CHECK(!nodes_lives(p.nodes, NODES_NONE), "no node");
		CHECK(!nodes_keeps(p.nodes, NODES_NONE), "no node");
		CHECK_EQ(strspn(rows[i].want, "-") < 4,
			 nodes_any_hears_own(p.nodes), rows[i].states);
		picture_drop(&p);
	}
}

static void nodes_are_found_by_name(void **state)
{
	struct picture p = picture_of(SITE_OF_FOUR, "fra1", NULL);

	(void)state;
	CHECK_EQ(FRA1, nodes_find(p.nodes, slice_str("fra1")), "fra1");
	CHECK_EQ(LON1, nodes_find(p.nodes, slice_str("lon1")), "lon1");
	CHECK_EQ(NODES_NONE, nodes_find(p.nodes, slice_str("fra")), "fra");
	CHECK_EQ(NODES_NONE, nodes_find(p.nodes, slice_str("")), "empty");
	picture_drop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_asks_the_same_one),
		cmocka_unit_test(
			each_node_gets_its_share_and_each_place_another),
		cmocka_unit_test(a_node_that_goes_moves_its_own_calls_only),
		cmocka_unit_test(another_domain_is_another_order),
		cmocka_unit_test(we_live_whatever_our_state),
		cmocka_unit_test(a_lonely_node_asks_itself),
		cmocka_unit_test(who_shares_no_family_does_not_hear),
		cmocka_unit_test(nodes_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
