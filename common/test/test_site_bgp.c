/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a site announces to whom: prefix, router-id, neighbor. */
#include "common/test/scratch.h"
#include "common/test/site_errors.h"

#include "common/textfile.h"

#define S_AS S N "local-as = 1\n"

static struct site *parse_at(const char *base, const char *text)
{
	struct lines errors = { 0 };
	struct site *site;
	int err = site_parse(&site, "c", base, slice_str(text), lines_add,
			     &errors);

	CHECK_STR("", errors.text, text);
	CHECK_EQ(0, err, text);
	return site;
}

static const char *prefix_text(const struct prefix *p)
{
	static char out[PREFIX_TEXT_MAX];

	prefix_format(out, p);
	return out;
}

static const char *addr_text(const struct addr *a)
{
	static char out[ADDR_TEXT_MAX];

	addr_format(out, a);
	return out;
}

/* ---- prefixes */

static void the_service_addresses_are_announced_where_nothing_is_said(void **s)
{
	struct site *site = parse_at(NULL, S6 "[node a]\naddress = "
				     "198.51.100.11, 2001:db8::1\n");

	(void)s;
	assert_int_equal(site->prefix_cnt, 2);
	assert_string_equal(prefix_text(&site->prefixes[0]), "192.0.2.53");
	assert_string_equal(prefix_text(&site->prefixes[1]), "2001:db8:53::53");
	assert_int_equal(site->agent_port, 7053);
	assert_int_equal(site->stray_port, 7054);
	site_free(site);

	site = parse_at(NULL, S N);
	assert_int_equal(site->prefix_cnt, 1);
	site_free(site);
}

static void prefixes_may_stand_in_several_lines(void **state)
{
	struct site *site = parse_at(NULL, S6
		"prefix = 192.0.2.0/24, 203.0.113.7\n"
		"prefix = 2001:db8:53::/48\n"
		"agent-port = 7054\n"
		"stray-port = 7053\n"
		"[node a]\naddress = 198.51.100.11, 2001:db8::1\n");

	(void)state;
	assert_int_equal(site->prefix_cnt, 3);
	assert_string_equal(prefix_text(&site->prefixes[0]), "192.0.2.0/24");
	assert_string_equal(prefix_text(&site->prefixes[1]), "203.0.113.7");
	assert_string_equal(prefix_text(&site->prefixes[2]),
			    "2001:db8:53::/48");
	assert_int_equal(site->agent_port, 7054);
	assert_int_equal(site->stray_port, 7053);
	site_free(site);
}

static void a_loopback_service_may_announce_something_else(void **state)
{
	struct site *site = parse_at(NULL, "[service]\n"
		"domain = sip.example.net\naddress = 127.0.53.53, ::1\n"
		"secret = 0123456789abcdef\nprefix = 192.0.2.53\n"
		"[node a]\naddress = 127.0.53.11, 2001:db8::1\n");

	(void)state;
	assert_int_equal(site->prefix_cnt, 1);
	site_free(site);
}

static void a_wrong_prefix_is_refused(void **state)
{
	static const struct {
		const char *value, *why;
	} rows[] = {
		{ "", "`' is neither address nor prefix" },
		{ "192.0.2.0/24,", "`' is neither address nor prefix" },
		{ "192.0.2.0/33", "`192.0.2.0/33' is neither address nor "
		  "prefix" },
		{ "192.0.2.53/24", "`192.0.2.53/24' has bits behind its "
		  "length: 192.0.2.0/24?" },
		{ "192.0.2.53, 192.0.2.53/32", "192.0.2.53/32 is there twice" },
		{ "0.0.0.0/0", "0.0.0.0/0 is too large a part of all "
		  "addresses" },
		{ "::/7", "::/7 is too large a part of all addresses" },
		{ "224.0.0.0/24", "224.0.0.0/24 is no block of unicast" },
		{ "fe80::/64", "fe80::/64 is no block of unicast" },
		{ "192.0.2.53,1.0.0.1,1.0.0.2,1.0.0.3,1.0.0.4,1.0.0.5,"
		  "1.0.0.6,1.0.0.7,1.0.0.8,1.0.0.9,1.0.0.10,1.0.0.11,"
		  "1.0.0.12,1.0.0.13,1.0.0.14,1.0.0.15,1.0.0.16",
		  "1.0.0.16 is one too many" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], want[1024], shown[SITE_HOST_MAX];
		struct row row = { text, want };

		/* a quotation has its end */
		snprintf(shown, sizeof(shown), "%.89s%s", rows[i].value,
			 strlen(rows[i].value) > 89 ? "..." : "");
		snprintf(text, sizeof(text), S "prefix = %s\n" N,
			 rows[i].value);
		snprintf(want, sizeof(want), "c:5: [service] prefix: `%s' is "
			 "not allowed: " A_PREFIX " (%s)\n", shown,
			 rows[i].why);
		check(&row, strlen(text));
	}
}

static void prefixes_hold_the_service_and_no_node(void **state)
{
	static const struct row rows[] = {
		{ S "prefix = 203.0.113.0/24\n" N,
		  "c:5: [service] prefix: the service address 192.0.2.53 is in "
		  "none of them\n" },
		{ S6 "prefix = 192.0.2.53\n"
		  "[node a]\naddress = 198.51.100.11, 2001:db8::1\n",
		  "c:5: [service] prefix: the service address 2001:db8:53::53 "
		  "is in none of them\n" },
		{ S "prefix = 192.0.2.0/24\n[node a]\naddress = 192.0.2.11\n",
		  "c:7: [node a] address: `192.0.2.11' is not allowed: it is "
		  "in a prefix of the service (line 5), which every node "
		  "announces\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void the_nodes_own_ports_are_not_sips(void **state)
{
	static const struct row rows[] = {
		{ S "agent-port = 5060\n" N,
		  "c:5: [service] agent-port: `5060' is not allowed: sip-port "
		  "of [service] has this port already\n" },
		{ S "agent-port = 80\nsip-port = 7053\n"
		  "[node a]\naddress = 198.51.100.11\nsip-port = 80\n",
		  "c:9: [node a] sip-port: `80' is not allowed: agent-port has "
		  "this port already\n"
		  "c:9: [node a] http-port: `80' is not allowed: sip-port has "
		  "this port already\n" },
		{ S "sip-port = 7053\n" N,
		  "c:5: [service] sip-port: `7053' is not allowed: agent-port "
		  "has this port already\n" },
		{ S "sip-port = 7054\n" N,
		  "c:5: [service] sip-port: `7054' is not allowed: stray-port "
		  "has this port already\n" },
		{ S "stray-port = 5060\n" N,
		  "c:5: [service] stray-port: `5060' is not allowed: sip-port "
		  "of [service] has this port already\n" },
		{ S "agent-port = 7054\n" N,
		  "c:5: [service] stray-port: `7054' is not allowed: "
		  "agent-port has this port already\n" },
		{ S "stray-port = 90\n"
		  "[node a]\naddress = 198.51.100.11\nsip-port = 90\n",
		  "c:8: [node a] sip-port: `90' is not allowed: stray-port has "
		  "this port already\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* ---- router IDs */

static void a_router_id_is_the_nodes_address_or_given(void **state)
{
	struct site *site = parse_at(NULL, S6
		"[node a]\naddress = 198.51.100.11\n"
		"[node b]\naddress = 198.51.100.12\nrouter-id = 10.0.0.1\n"
		"[node c]\naddress = 2001:db8::1\n"
		"[node d]\naddress = 2001:db8::2\nrouter-id = 10.0.0.2\n"
		"local-as = 1\nneighbor = 2001:db8::3 as 2\n");

	(void)state;
	assert_string_equal(addr_text(&site->nodes[0].router_id),
			    "198.51.100.11");
	assert_string_equal(addr_text(&site->nodes[1].router_id), "10.0.0.1");
	assert_false(addr_is_set(&site->nodes[2].router_id));
	assert_string_equal(addr_text(&site->nodes[3].router_id), "10.0.0.2");
	site_free(site);
}

static void a_wrong_router_id_is_refused(void **state)
{
	static const struct row rows[] = {
		{ S N "router-id = 2001:db8::1\n",
		  "c:7: [node fra1] router-id: `2001:db8::1' is not allowed: "
		  "an IPv4 address\n" },
		{ S N "router-id = 0.0.0.0\n",
		  "c:7: [node fra1] router-id: `0.0.0.0' is not allowed: an "
		  "IPv4 address\n" },
		{ S N "router-id = 1\n",
		  "c:7: [node fra1] router-id: `1' is not allowed: an IPv4 "
		  "address\n" },
		{ S N "[node b]\naddress = 198.51.100.12\n"
		  "router-id = 198.51.100.11\n",
		  "c:9: [node b] router-id: `198.51.100.11' is not allowed: "
		  "node fra1 has it already\n" },
		{ S N "router-id = 198.51.100.12\n"
		  "[node b]\naddress = 198.51.100.12\n",
		  "c:7: [node fra1] router-id: `198.51.100.12' is not allowed: "
		  "node b has it already\n" },
		{ S N "router-id = 10.0.0.1\n"
		  "[node b]\naddress = 198.51.100.12\nrouter-id = 10.0.0.1\n",
		  "c:10: [node b] router-id: `10.0.0.1' is not allowed: node "
		  "fra1 has it already\n" },
		{ S6 "[node a]\naddress = 198.51.100.11\n"
		  "[node b]\naddress = 2001:db8::1\nlocal-as = 1\n"
		  "neighbor = 2001:db8::2 as 2\n",
		  "c:10: [node b] router-id: is missing: a node with a "
		  "neighbor and no IPv4 address needs it\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* ---- neighbors */

static void every_option_reaches_its_field(void **state)
{
	struct site *site = parse_at(NULL, S6
		"[node a]\naddress = 198.51.100.11, 2001:db8::11\n"
		"local-as = 1\n"
		"neighbor = 198.51.100.1 as 64500\n"
		"neighbor = 198.51.100.2 as 64500 bfd name core1 md5 "
		"a;b#c{}$  port 1790   multihop\n"
		"neighbor = 2001:db8::2 as\t64501 ttl-security name core1\n");
	const struct site_neighbor *n = site->nodes[0].neighbors;

	(void)state;
	assert_int_equal(site->nodes[0].neighbor_cnt, 3);
	assert_int_equal(n[0].port, 179);
	assert_false(n[0].bfd || n[0].multihop || n[0].ttl_security);
	assert_string_equal(n[0].name, "");
	assert_string_equal(n[0].md5, "");
	assert_int_equal(n[1].port, 1790);
	assert_true(n[1].bfd && n[1].multihop);
	assert_false(n[1].ttl_security);
	assert_string_equal(n[1].name, "core1");
	assert_string_equal(n[1].md5, "a;b#c{}$");
	assert_true(n[2].ttl_security);
	assert_string_equal(n[2].name, "core1");
	assert_int_equal(n[2].remote_as, 64501);
	site_free(site);
}

static void a_password_may_lie_in_a_file(void **state)
{
	struct lines errors = { 0 };
	struct site *site;
	int err;

	(void)state;
	scratch_write("md5", " geheim\r\n", 9);
	scratch_write("two", "geheim zwei\n", 12);
	site = parse_at(scratch_dir, S_AS "neighbor = 198.51.100.1 as 2 md5 "
					  "file:md5 bfd\n");
	assert_string_equal(site->nodes[0].neighbors[0].md5, "geheim");
	assert_true(site->nodes[0].neighbors[0].bfd);
	site_free(site);

	err = site_parse(&site, "c", scratch_dir,
			 slice_str(S_AS "neighbor = 198.51.100.1 as 2 md5 "
					"file:two\n"), lines_add, &errors);
	assert_int_equal(err, EINVAL);
	assert_string_equal(errors.text,
		"c:8: [node fra1] neighbor: `198.51.100.1 as 2 ...' is not "
		"allowed: " A_NEIGHBOR " (two: a password has printable ASCII "
		"without blanks, quotes and backslashes)\n");
}

#define NOT_UNICAST "the first word is no unicast address"

struct wrong {
	const char *value;
	const char *shown;	/* NULL: as it is */
	const char *why;
};

static void check_wrong(const struct wrong *wrong)
{
	char text[1024], want[1024];
	struct row row = { text, want };

	snprintf(text, sizeof(text), S_AS
		 "neighbor = 198.51.100.2 as 64500\nneighbor = %s\n",
		 wrong->value);
	snprintf(want, sizeof(want), "c:9: [node fra1] neighbor: `%s' "
		 "is not allowed: " A_NEIGHBOR "%s%s%s\n",
		 wrong->shown ? wrong->shown : wrong->value,
		 wrong->why[0] ? " (" : "", wrong->why,
		 wrong->why[0] ? ")" : "");
	check(&row, strlen(text));
}

static void a_wrong_neighbor_is_refused(void **state)
{
	static const struct wrong rows[] = {
		{ "", "", NOT_UNICAST },
		{ "x as 1", NULL, NOT_UNICAST },
		{ "224.0.0.1 as 1", NULL, NOT_UNICAST },
		{ "fe80::1 as 1", NULL, "a link-local address means nothing "
		  "without its link" },
		{ "198.51.100.1", NULL, "" },
		{ "198.51.100.1 as", NULL, "" },
		{ "198.51.100.1 as 0", NULL, "" },
		{ "198.51.100.1 as 4294967295", NULL, "" },
		{ "198.51.100.1 AS 1", NULL, "" },
		{ "198.51.100.1 64500", NULL, "" },
		{ "198.51.100.1 as 1 2", "198.51.100.1 as 1 ...",
		  "`2' is no option" },
		{ "198.51.100.1 as 1 mutlihop", "198.51.100.1 as 1 ...",
		  "`mutlihop' is no option; did you mean `multihop'?" },
		{ "198.51.100.1 as 1 port", "198.51.100.1 as 1 ...",
		  "a port is 1 to 65535" },
		{ "198.51.100.1 as 1 port 0", "198.51.100.1 as 1 ...",
		  "a port is 1 to 65535" },
		{ "198.51.100.1 as 1 port 65536", "198.51.100.1 as 1 ...",
		  "a port is 1 to 65535" },
		{ "198.51.100.1 as 1 port 1 port 2", "198.51.100.1 as 1 ...",
		  "port is there twice" },
		{ "198.51.100.1 as 1 bfd bfd", "198.51.100.1 as 1 ...",
		  "bfd is there twice" },
		{ "198.51.100.1 as 1 name", "198.51.100.1 as 1 ...",
		  "a name is 1 to 31 of a-z, 0-9 and '-', with no '-' at "
		  "either end" },
		{ "198.51.100.1 as 1 name Core", "198.51.100.1 as 1 ...",
		  "a name is 1 to 31 of a-z, 0-9 and '-', with no '-' at "
		  "either end" },
		{ "198.51.100.1 as 1 multihop ttl-security",
		  "198.51.100.1 as 1 ...",
		  "ttl-security is for a neighbor on the same link, multihop "
		  "for one that is not" },
		{ "198.51.100.2 as 7", NULL,
		  "the node has this neighbor already" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_wrong(&rows[i]);
}

static void a_wrong_password_is_refused_and_not_shown(void **state)
{
	static const char password[] =
		"a password has printable ASCII without blanks, quotes and "
		"backslashes";
	static const struct wrong rows[] = {
		{ "198.51.100.1 as 1 md5", "198.51.100.1 as 1 ...",
		  "the password has 0 characters, 1 to 80 are allowed" },
		{ "198.51.100.1 as 1 md5 123456789012345678901234567890123456"
		  "789012345678901234567890123456789012345678901",
		  "198.51.100.1 as 1 ...",
		  "the password has 81 characters, 1 to 80 are allowed" },
		{ "198.51.100.1 as 1 md5 a\"b", "198.51.100.1 as 1 ...",
		  password },
		{ "198.51.100.1 as 1 md5 a'b", "198.51.100.1 as 1 ...",
		  password },
		{ "198.51.100.1 as 1 md5 a\\b", "198.51.100.1 as 1 ...",
		  password },
		{ "198.51.100.1 as 1 md5 \xc3\xbc", "198.51.100.1 as 1 ...",
		  password },
		{ "198.51.100.1 as 1 md5 my secret", "198.51.100.1 as 1 ...",
		  "what follows the password is no option" },
		{ "198.51.100.1 md5 my as 1", "198.51.100.1 ...", "" },
		{ "198.51.100.1 as md5=my", "198.51.100.1 as ...", "" },
		{ "md5 my 198.51.100.1 as 1", "...", NOT_UNICAST },
		{ "198.51.100.1 as 1 md5=my", "198.51.100.1 as 1 ...",
		  "`md5...' is no option; did you mean `md5'?" },
		{ "198.51.100.1 as 1 bfd md5:my", "198.51.100.1 as 1 ...",
		  "`md5...' is no option; did you mean `md5'?" },
		{ "198.51.100.1 as 1 md5 my bdf", "198.51.100.1 as 1 ...",
		  "what follows the password is no option; did you mean "
		  "`bfd'?" },
		{ "198.51.100.1 as 1 md5 file:/nonexistent/md5",
		  "198.51.100.1 as 1 ...",
		  "/nonexistent/md5: No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_wrong(&rows[i]);
}

static void a_neighbor_has_to_fit_its_node(void **state)
{
	static const struct row rows[] = {
		{ S N "neighbor = 198.51.100.1 as 1\n",
		  "c:7: [node fra1] local-as: is missing: a node with a "
		  "neighbor needs it\n" },
		{ S_AS "neighbor = 192.0.2.53 as 1\n",
		  "c:8: [node fra1] neighbor: `192.0.2.53' is not allowed: it "
		  "is the service address\n" },
		{ S "prefix = 192.0.2.53, 198.51.100.0/29\n" N
		  "local-as = 1\nneighbor = 198.51.100.1 as 1\n",
		  "c:9: [node fra1] neighbor: `198.51.100.1' is not allowed: "
		  "it is in a prefix of the service, which every node "
		  "announces\n" },
		{ S_AS "neighbor = 198.51.100.1 as 1\n"
		  "neighbor = 192.0.2.53 as 1\nneighbor = 198.51.100.2 as 1\n",
		  "c:9: [node fra1] neighbor: `192.0.2.53' is not allowed: it "
		  "is the service address\n" },
		{ S_AS "neighbor = 198.51.100.11 as 1\n",
		  "c:8: [node fra1] neighbor: `198.51.100.11' is not allowed: "
		  "it is the node's own address\n" },
		{ S_AS "neighbor = 2001:db8::1 as 1\n",
		  "c:8: [node fra1] neighbor: `2001:db8::1' is not allowed: "
		  "the node has no address of its family\n" },
		{ S_AS
		  "neighbor = 198.51.100.1 as 1\nneighbor = 198.51.100.2 as 1\n"
		  "neighbor = 198.51.100.3 as 1\nneighbor = 198.51.100.4 as 1\n"
		  "neighbor = 198.51.100.5 as 1\nneighbor = 198.51.100.6 as 1\n"
		  "neighbor = 198.51.100.7 as 1\nneighbor = 198.51.100.8 as 1\n"
		  "neighbor = 198.51.100.9 as 1\n",
		  "c:16: [node fra1] neighbor: `198.51.100.9 as 1' is not "
		  "allowed: " A_NEIGHBOR " (it is one too many)\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		the_service_addresses_are_announced_where_nothing_is_said),
		cmocka_unit_test(prefixes_may_stand_in_several_lines),
		cmocka_unit_test(
			a_loopback_service_may_announce_something_else),
		cmocka_unit_test(a_wrong_prefix_is_refused),
		cmocka_unit_test(prefixes_hold_the_service_and_no_node),
		cmocka_unit_test(the_nodes_own_ports_are_not_sips),
		cmocka_unit_test(a_router_id_is_the_nodes_address_or_given),
		cmocka_unit_test(a_wrong_router_id_is_refused),
		cmocka_unit_test(every_option_reaches_its_field),
		cmocka_unit_test(a_password_may_lie_in_a_file),
		cmocka_unit_test(a_wrong_neighbor_is_refused),
		cmocka_unit_test(a_wrong_password_is_refused_and_not_shown),
		cmocka_unit_test(a_neighbor_has_to_fit_its_node),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
