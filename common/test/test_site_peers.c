/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [peer NAME] sections: what they mean, and what is wrong with them. */
#include "common/test/site_errors.h"

#define P "[peer gw]\naddress = 203.0.113.1\n"
#define AN_ADDRESS_LIST                                              \
	"up to 16 addresses or prefixes (ADDRESS/LENGTH) with commas " \
	"between them"
#define A_GATE                                                            \
	"strict, prefix and up to 8 prefixes with blanks between them, " \
	"learn or off"
#define PEER_NAME                                                     \
	"a peer name is 1 to 31 of a-z, 0-9 and '-', with no '-' at " \
	"either end: [peer carrier1]"

static void every_key_reaches_its_field(void **state)
{
	static const char text[] =
		S N "[peer sbc]\n"
		"address = 203.0.113.0/24, 2001:db8:f::/48,192.0.2.9\n"
		"gate = prefix 198.51.100.0/24  2001:db8::1 ; blanks\n"
		"[peer cgnat]\naddress = 0.0.0.0/0\ngate = learn\n"
		"[peer lab]\naddress = ::1\ngate = off\n"
		"[peer plain]\naddress = ::/1\n";
	static const enum site_gate gates[] = {
		SITE_GATE_PREFIX, SITE_GATE_LEARN, SITE_GATE_OFF,
		SITE_GATE_STRICT,
	};
	char out[PREFIX_TEXT_MAX];
	struct lines errors = { 0 };
	struct site *site;

	(void)state;
	site_parse(&site, "c", NULL, slice_str(text), lines_add, &errors);
	assert_string_equal(errors.text, "");
	assert_int_equal(site->peer_cnt, 4);
	assert_string_equal(site->peers[0].name, "sbc");
	assert_int_equal(site->peers[0].address_cnt, 3);
	prefix_format(out, &site->peers[0].addresses[1]);
	assert_string_equal(out, "2001:db8:f::/48");
	assert_int_equal(site->peers[0].prefix_cnt, 2);
	prefix_format(out, &site->peers[0].prefixes[0]);
	assert_string_equal(out, "198.51.100.0/24");
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++)
		CHECK_EQ(gates[i], site->peers[i].gate, site->peers[i].name);
	site_free(site);
}

static void the_longest_prefix_decides(void **state)
{
	static const char text[] =
		S N "[peer all]\naddress = 0.0.0.0/0\n"
		"[peer one]\naddress = 203.0.113.7\n"
		"[peer net]\naddress = 203.0.113.0/24, 2001:db8::/32\n";
	static const struct {
		const char *addr;
		const char *want;
	} rows[] = {
		{ "203.0.113.7", "one" },    { "203.0.113.8", "net" },
		{ "198.51.100.1", "all" },   { "2001:db8:1::1", "net" },
		{ "2001:db9::1", NULL },     { "", NULL },
	};
	struct lines errors = { 0 };
	struct site *site;

	(void)state;
	site_parse(&site, "c", NULL, slice_str(text), lines_add, &errors);
	assert_string_equal(errors.text, "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct site_peer *peer;
		struct addr a;

		(void)addr_parse(&a, rows[i].addr, strlen(rows[i].addr));
		peer = site_find_peer(site, &a);
		CHECK_STR(rows[i].want ? rows[i].want : "-",
			  peer ? peer->name : "-", rows[i].addr);
	}
	site_free(site);
}

static void every_gate_has_a_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < SITE_GATES; i++)
		assert_true(site_gate_name((enum site_gate)i)[0] != '?');
	assert_string_equal(site_gate_name(SITE_GATES), "?");
}

static void addresses_are_prefixes(void **state)
{
#define BAD(value, why)                                               \
	{ S N "[peer gw]\naddress = " value "\n",                     \
	  "c:8: [peer gw] address: `" value "' is not allowed: "      \
	  AN_ADDRESS_LIST " (" why ")\n" }
	static const struct row rows[] = {
		BAD("x", "`x' is neither address nor prefix"),
		BAD("", "`' is neither address nor prefix"),
		BAD("192.0.2.1,,192.0.2.2", "`' is neither address nor prefix"),
		BAD("192.0.2.0/33", "`192.0.2.0/33' is neither address nor "
				    "prefix"),
		BAD("192.0.2.1/24", "`192.0.2.1/24' has bits behind its "
				    "length: 192.0.2.0/24?"),
		BAD("::ffff:192.0.2.1", "`::ffff:192.0.2.1' is neither address "
					"nor prefix"),
		BAD("192.0.2.1, 192.0.2.1/32", "192.0.2.1/32 is there twice"),
		BAD("1.1.1.1,2.1.1.1,3.1.1.1,4.1.1.1,5.1.1.1,6.1.1.1,"
		    "7.1.1.1,8.1.1.1,9.1.1.1...",
		    "`9.1.1.1...' is neither address nor prefix"),
		{ S N "[peer gw]\naddress = ::0,::1,::2,::3,::4,::5,::6,::7,"
		  "::8,::9,::a,::b,::c,::d,::e,::f,::10\n",
		  "c:8: [peer gw] address: `::0,::1,::2,::3,::4,::5,::6,::7,"
		  "::8,::9,::a,::b,::c,::d,::e,::f,::10' is not allowed: "
		  AN_ADDRESS_LIST " (::10 is one too many)\n" },
	};
#undef BAD

	(void)state;
	CHECK_ROWS(rows);
}

static void gates_are_known(void **state)
{
#define BAD(value, why)                                                       \
	{ S N P "gate = " value "\n",                                         \
	  "c:9: [peer gw] gate: `" value "' is not allowed: " A_GATE why "\n" }
	static const struct row rows[] = {
		BAD("open", ""),
		BAD("", ""),
		BAD("Strict", ""),
		BAD("prefix", " (there is no prefix)"),
		BAD("learn 192.0.2.0/24", " (it takes no prefix)"),
		BAD("off off", " (it takes no prefix)"),
		BAD("prefix 192.0.2.0/24,192.0.3.0/24",
		    " (`192.0.2.0/24,192.0.3.0/24' is neither address nor "
		    "prefix)"),
		BAD("prefix ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9",
		    " (::9 is one too many)"),
	};
#undef BAD

	(void)state;
	CHECK_ROWS(rows);
}

static void sections_are_named_once_and_complete(void **state)
{
	static const struct row rows[] = {
		{ S N "[peer]\n", "c:7: [peer]: " PEER_NAME "\n" },
		{ S N "[peer A]\naddress = x\n",
		  "c:7: [peer A]: " PEER_NAME "\n"
		  "c:8: [peer A] address: `x' is not allowed: "
		  AN_ADDRESS_LIST " (`x' is neither address nor prefix)\n" },
		{ S N "[peers x]\n", "c:7: [peers x]: unknown section; did you "
				     "mean [peer NAME]?\n" },
		{ S N "[peer gw]\ngate = off\n",
		  "c:7: [peer gw] address: is missing: " AN_ADDRESS_LIST "\n" },
		{ S N P P, "c:9: [peer gw]: there is one already, in line 7\n"
			   "c:10: [peer gw] address: `203.0.113.1' is not "
			   "allowed: peer gw has it already\n" },
		{ S N P "[peer b]\naddress = 203.0.113.1/32\n",
		  "c:10: [peer b] address: `203.0.113.1' is not allowed: "
		  "peer gw has it already\n" },
		{ S N P "gates = off\n", "c:9: [peer gw] gates: unknown key; "
					 "did you mean `gate'?\n" },
		{ S N P "host = x\n", "c:9: [peer gw] host: a key of [node] "
				      "sections; allowed: address, gate\n" },
		{ S "gate = off\n" N, "c:5: [service] gate: a key of [peer] "
				      "sections; allowed: " SERVICE_KEYS "\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void a_site_has_at_most_1024_peers(void **state)
{
	static char text[64 * 1100];
	struct row row = {
		text, "c:2055: [peer p1024]: more than 1024 peers\n"
	};
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", S N);

	(void)state;
	for (unsigned i = 0; i < SITE_PEERS_MAX + 2; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[peer p%u]\naddress = 10.0.%u.%u\n", i,
					i / 256, i % 256);
	check(&row, len);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(the_longest_prefix_decides),
		cmocka_unit_test(every_gate_has_a_name),
		cmocka_unit_test(addresses_are_prefixes),
		cmocka_unit_test(gates_are_known),
		cmocka_unit_test(sections_are_named_once_and_complete),
		cmocka_unit_test(a_site_has_at_most_1024_peers),
	};

	return cmocka_run_group_tests_name("site_peers", tests, NULL, NULL);
}
