/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a site file as a whole: lines, sections, keys, and what
 * contradicts itself; test_site_values.c has the values of single keys.
 */
#include "common/test/site_errors.h"

static void what_is_missing_is_named(void **state)
{
	static const struct row rows[] = {
		{ "", "c:1: [service]: is missing: every site file has one\n"
		      "c:1: [node NAME]: is missing: a site has at least one "
		      "node\n" },
		{ "# x\n\n\n" N,
		  "c:5: [service]: is missing: every site file has one\n" },
		{ S, "c:4: [node NAME]: is missing: a site has at least one "
		     "node\n" },
		{ "[service]\n" N,
		  "c:1: [service] domain: is missing: " A_HOST "\n"
		  "c:1: [service] address: is missing: " AN_ADDRESS "\n"
		  "c:1: [service] secret: is missing: " A_SECRET "\n" },
		{ S "[node a]\n[node b]\n",
		  "c:5: [node a] address: is missing: " AN_ADDRESS "\n"
		  "c:6: [node b] address: is missing: " AN_ADDRESS "\n" },
		{ S N "neighbor = 198.51.100.1 as 1\n",
		  "c:7: [node fra1] local-as: is missing: a node with a "
		  "neighbor needs it\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void lines_that_mean_nothing_are_named(void **state)
{
	static const struct row rows[] = {
		{ "domain = x\n" S N,
		  "c:1: domain: stands before the first section\n" },
		{ S N "host\n",
		  "c:7: `host': neither [section] nor key = value\n" },
		{ S N "secret is long\n\nhost",
		  "c:7: `secret': neither [section] nor key = value\n"
		  "c:9: `host': neither [section] nor key = value\n" },
		{ S N "host ; = x\n",
		  "c:7: `host': neither [section] nor key = value\n" },
		{ S N "= x\n",
		  "c:7: this is neither [section] nor key = value\n" },
		{ S "[node fra1\naddress = 198.51.100.11\n" N,
		  "c:5: `[node fra1': the section is not closed by ]\n" },
		{ S N "[node ams1] address = 198.51.100.12\n"
		  "address = 198.51.100.13\n",
		  "c:7: [node ams1]: nothing but a comment may follow the "
		  "section\n" },
		{ S N "host = a\x01" "b\n",
		  "c:7: there is a control character (or a NUL) in the line: "
		  "text only\n" },
		{ S N "host = \x7f\n",
		  "c:7: there is a control character (or a NUL) in the line: "
		  "text only\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void a_nul_is_named(void **state)
{
	static const char text[] = S N "host = a\0b\nhost = fra1.example\n";
	static const struct row row = {
		text, "c:7: there is a control character (or a NUL) in the "
		      "line: text only\n"
	};

	(void)state;
	check(&row, sizeof(text) - 1);
}

static void long_lines_are_named_and_not_cut(void **state)
{
	static const char name[] = "host = ";
	char text[1024] = S N;
	struct row row = {
		text, "c:7: the line has 199 bytes: at most 198 can be read\n"
	};
	struct lines got = { 0 };
	size_t start = strlen(text);
	struct site *site;

	(void)state;
	/* 198 bytes: read to the last, which is no label's */
	memset(text + start, 'x', 198);
	memcpy(text + start, name, strlen(name));
	for (size_t i = start + 60; i < start + 198; i += 60)
		text[i] = '.';
	text[start + 197] = '!';
	site_parse(&site, "c", NULL, slice_of(text, start + 198), lines_add,
		   &got);
	assert_non_null(strstr(got.text, "make a name"));
	text[start + 197] = 'x';
	text[start + 198] = 'x';
	check(&row, start + 199);

	/* a comment may be as long as it likes */
	memset(text + start, 'x', 900);
	text[start] = '#';
	assert_int_equal(site_parse(&site, "c", NULL,
				    slice_of(text, start + 900), lines_add,
				    &got), 0);
	site_free(site);
}

static void sections_are_known_and_there_once(void **state)
{
	static const struct row rows[] = {
		{ S "[servce]\nx\ny = 1\n" N,
		  "c:5: [servce]: unknown section; did you mean [service]?\n"
		  "c:6: `x': neither [section] nor key = value\n" },
		{ S N "[nodes x]\n", "c:7: [nodes x]: unknown section; did you "
				     "mean [node NAME]?\n" },
		{ S N "[Service]\n", "c:7: [Service]: unknown section; did you "
				     "mean [service]?\n" },
		{ S N "[service x]\n", "c:7: [service x]: unknown section; did "
				       "you mean [service]?\n" },
		{ S N "[trunk]\n", "c:7: [trunk]: unknown section; allowed: "
				   "[service], [node NAME], "
				   "[peer NAME]\n" },
		{ S N "[]\n", "c:7: []: unknown section; allowed: [service], "
			      "[node NAME], [peer NAME]\n" },
		{ S N "[node]\naddress = x\n",
		  "c:7: [node]: " NODE_NAME "\n"
		  "c:8: [node] address: `x' is not allowed: " AN_ADDRESS
		  " (`x' is no address)\n" },
		{ S N "[node Fra2]\n", "c:7: [node Fra2]: " NODE_NAME "\n" },
		{ S N "[node a b]\n", "c:7: [node a b]: " NODE_NAME "\n" },
		{ S N "[node \xff]\n", "c:7: [node \\xff]: " NODE_NAME "\n" },
		{ S "[node a234567890123456789012345678901b]\n" N,
		  "c:5: [node a234567890123456789012345678901b]: " NODE_NAME
		  "\n" },
		{ S N "[service]\ndomain = x_y\n",
		  "c:7: [service]: there is one already, in line 1\n"
		  "c:8: [service] domain: `x_y' is not allowed: " A_HOST
		  " (only a-z, 0-9, '-' and '.' make a name)\n" },
		{ S N "[node ams1]\naddress = 198.51.100.12\n"
		  "[node fra1]\naddress = 198.51.100.13\n",
		  "c:9: [node fra1]: there is one already, in line 5\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void keys_are_known_and_there_once(void **state)
{
	static const struct row rows[] = {
		{ S N "adress = x\n", "c:7: [node fra1] adress: unknown key; "
				      "did you mean `address'?\n" },
		{ S N "Host = x\n", "c:7: [node fra1] Host: unknown key; did "
				    "you mean `host'?\n" },
		{ S N "colour = x\n", "c:7: [node fra1] colour: unknown key; "
				      "allowed: " NODE_KEYS "\n" },
		{ S N "t\xc3\xb6n = x\n", "c:7: [node fra1] t\\xc3\\xb6n: "
					  "unknown key; allowed: " NODE_KEYS
					  "\n" },
		{ S N "domain = x\n", "c:7: [node fra1] domain: a key of "
				      "[service] sections; allowed: " NODE_KEYS
				      "\n" },
		{ S "class = local\n" N, "c:5: [service] class: a key of "
					 "[node] sections; allowed: "
					 SERVICE_KEYS "\n" },
		{ S N "address = 198.51.100.12\n",
		  "c:7: [node fra1] address: set already in line 6; one line "
		  "takes one IPv4 address, one IPv6 address, or both with a "
		  "comma between them\n" },
		{ S "domain = x\ndomain = y\n" N,
		  "c:5: [service] domain: set already in line 2; one line takes "
		  "a host name of letters, digits, hyphens and dots\n"
		  "c:6: [service] domain: set already in line 2; one line takes "
		  "a host name of letters, digits, hyphens and dots\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void addresses_belong_to_one(void **state)
{
	static const struct row rows[] = {
		{ S "[node a]\naddress = 192.0.2.53\n",
		  "c:6: [node a] address: `192.0.2.53' is not allowed: it is "
		  "the service address (line 3)\n" },
		{ S N "[node b]\naddress = 198.51.100.11\n",
		  "c:8: [node b] address: `198.51.100.11' is not allowed: node "
		  "fra1 has it already\n" },
		{ S6 N "[node b]\naddress = 2001:db8::1, 198.51.100.12\n"
		  "[node c]\naddress = 2001:db8:0:0::1\n",
		  "c:10: [node c] address: `2001:db8::1' is not allowed: node "
		  "b has it already\n" },
		{ S N "local-as = 1\nneighbor = 192.0.2.53 as 1\n",
		  "c:8: [node fra1] neighbor: `192.0.2.53' is not allowed: it "
		  "is the service address\n" },
		{ S N "local-as = 1\nneighbor = 198.51.100.11 as 1\n",
		  "c:8: [node fra1] neighbor: `198.51.100.11' is not allowed: "
		  "it is the node's own address\n" },
		{ S "[node a]\naddress = 198.51.100.11, 2001:db8::1\n"
		  "local-as = 1\nneighbor = 2001:db8::1 as 1\n",
		  "c:8: [node a] neighbor: `2001:db8::1' is not allowed: it is "
		  "the node's own address\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void hosts_belong_to_one_node(void **state)
{
	static const struct row rows[] = {
		{ S N "host = a.example\n[node b]\naddress = 198.51.100.12\n"
		  "host = A.Example\n",
		  "c:10: [node b] host: `a.example' is not allowed: node fra1 "
		  "has it already\n" },
		{ S N "host = SIP.example.net\n",
		  "c:7: [node fra1] host: `sip.example.net' is not allowed: it "
		  "names the service, which every node answers\n" },
		{ S "alias = x.example\n" N "host = x.example\n",
		  "c:8: [node fra1] host: `x.example' is not allowed: it names "
		  "the service, which every node answers\n" },
		{ S "alias = sip.example.net\n" N,
		  "c:5: [service] alias: `sip.example.net' is not allowed: it "
		  "is the domain itself\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void http_never_leads_back_to_the_service(void **state)
{
	static const char *const urls[] = {
		"http://sip.example.net", "https://SIP.Example.NET:8443/x",
		"http://x.example/",	  "http://192.0.2.53:8080",
		"http://[2001:db8:53::53]/", "http://[::ffff:192.0.2.53]/a",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		char text[1024], want[1024], shown[128];
		struct row row = { text, want };

		snprintf(text, sizeof(text), S6 "alias = x.example\n"
			 "[node a]\naddress = 198.51.100.11, 2001:db8::1\n"
			 "http = %s\n", urls[i]);
		snprintf(shown, sizeof(shown), "%s", urls[i]);
		if (shown[strlen(shown) - 1] == '/')
			shown[strlen(shown) - 1] = '\0';
		snprintf(want, sizeof(want), "c:8: [node a] http: `%s' is not "
			 "allowed: it points back at the service, which would "
			 "redirect for ever\n", shown);
		check(&row, strlen(text));
	}
}

static void families_must_meet(void **state)
{
	static const struct row rows[] = {
		{ S6 N, "c:3: [service] address: the service has an IPv6 "
			"address and no node has one\n" },
		{ S "[node a]\naddress = 2001:db8::1\n",
		  "c:6: [node a] address: has no IPv4 address, and the service "
		  "has no other\n"
		  "c:3: [service] address: the service has an IPv4 address and "
		  "no node has one\n" },
		{ "[service]\ndomain = d\naddress = 2001:db8:53::53\n"
		  "secret = 0123456789abcdef\n[node b]\naddress = 2001:db8::1\n"
		  "[node a]\naddress = 198.51.100.11\n",
		  "c:8: [node a] address: has no IPv6 address, and the service "
		  "has no other\n" },
	};
	struct lines got = { 0 };
	struct site *site;

	(void)state;
	CHECK_ROWS(rows);
	/* each family is somebody's, and each node has one of the service's */
	assert_int_equal(site_parse(&site, "c", NULL,
				    slice_str(S6 N "[node b]\n"
					      "address = 2001:db8::1\n"),
				    lines_add, &got), 0);
	site_free(site);
}

static void ports_serve_one_purpose(void **state)
{
	static const struct row rows[] = {
		{ S "http-port = 5060\n" N,
		  "c:5: [service] http-port: `5060' is not allowed: sip-port "
		  "has this port already\n" },
		{ S "sip-port = 80\n" N,
		  "c:5: [service] http-port: `80' is not allowed: sip-port has "
		  "this port already\n" },
		{ S "sips-port = 443\ntls = yes\n" N,
		  "c:5: [service] https-port: `443' is not allowed: sips-port "
		  "has this port already\n" },
		{ S N "sip-port = 80\n",
		  "c:7: [node fra1] http-port: `80' is not allowed: sip-port "
		  "has this port already\n" },
		{ S "tls = yes\n" N "sip-port = 5070\nsips-port = 5070\n",
		  "c:9: [node fra1] sips-port: `5070' is not allowed: sip-port "
		  "has this port already\n" },
	};
	struct lines got = { 0 };
	struct site *site;

	(void)state;
	CHECK_ROWS(rows);
	/* without TLS nobody listens there */
	assert_int_equal(site_parse(&site, "c", NULL,
				    slice_str(S "sips-port = 443\n" N),
				    lines_add, &got), 0);
	site_free(site);
}

static void all_errors_come_at_once(void **state)
{
	static const struct row rows[] = {
		{ "[service]\n"
		  "domain = sip.example.net\n"
		  "adress = 192.0.2.53\n"
		  "secret = short\n"
		  "[node fra1]\n"
		  "address = 192.0.2.300\n"
		  "http = ftp://x\n"
		  "neighbor = 198.51.100.1 as 64500\n"
		  "[nod ams1]\n",
		  "c:3: [service] adress: unknown key; did you mean "
		  "`address'?\n"
		  "c:4: [service] secret: `...' is not allowed: " A_SECRET
		  " (this one has 5)\n"
		  "c:6: [node fra1] address: `192.0.2.300' is not allowed: "
		  AN_ADDRESS " (`192.0.2.300' is no address)\n"
		  "c:7: [node fra1] http: `ftp://x' is not allowed: " A_URL
		  " (it begins with neither http:// nor https://)\n"
		  "c:9: [nod ams1]: unknown section; did you mean "
		  "[node NAME]?\n"
		  "c:1: [service] address: is missing: " AN_ADDRESS "\n"
		  "c:8: [node fra1] local-as: is missing: a node with a "
		  "neighbor needs it\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void a_site_has_at_most_4096_nodes(void **state)
{
	static char text[300000];
	struct lines got = { 0 };
	struct site *site;
	size_t len;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text), S);
	for (unsigned i = 0; i < SITE_NODES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[node n%u]\naddress = 10.%u.%u.1\n",
					i, i / 256, i % 256);
	assert_int_equal(site_parse(&site, "c", NULL, slice_of(text, len),
				    lines_add, &got), 0);
	assert_int_equal(site->node_cnt, SITE_NODES_MAX);
	assert_non_null(site_find_node(site, slice_str("n4095")));
	site_free(site);

	len += (size_t)snprintf(text + len, sizeof(text) - len,
				"[node x]\naddress = 10.99.0.1\n[node y]\n");
	assert_int_equal(site_parse(&site, "c", NULL, slice_of(text, len),
				    lines_add, &got), EINVAL);
	assert_string_equal(got.text, "c:8197: [node x]: more than 4096 "
				      "nodes\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(lines_that_mean_nothing_are_named),
		cmocka_unit_test(a_nul_is_named),
		cmocka_unit_test(long_lines_are_named_and_not_cut),
		cmocka_unit_test(sections_are_known_and_there_once),
		cmocka_unit_test(keys_are_known_and_there_once),
		cmocka_unit_test(addresses_belong_to_one),
		cmocka_unit_test(hosts_belong_to_one_node),
		cmocka_unit_test(http_never_leads_back_to_the_service),
		cmocka_unit_test(families_must_meet),
		cmocka_unit_test(ports_serve_one_purpose),
		cmocka_unit_test(all_errors_come_at_once),
		cmocka_unit_test(a_site_has_at_most_4096_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
