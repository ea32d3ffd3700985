/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every error a site file can have, with the exact line it is reported in.
 *
 * A row is a file and its errors.  S is a good service of four lines, N a good
 * node of two; what a row adds begins in line 5 or 7.
 */
#include "common/test/lines.h"

#include <errno.h>

#include "common/site.h"

#define S                            \
	"[service]\n"                \
	"domain = sip.example.net\n" \
	"address = 192.0.2.53\n"     \
	"secret = 0123456789abcdef\n"
#define N "[node fra1]\naddress = 198.51.100.11\n"
#define S6                                          \
	"[service]\n"                               \
	"domain = sip.example.net\n"                \
	"address = 192.0.2.53, 2001:db8:53::53\n"   \
	"secret = 0123456789abcdef\n"

#define A_HOST "a host name of letters, digits, hyphens and dots"
#define A_PORT "a port, 1 to 65535"
#define AN_ADDRESS \
	"one IPv4 address, one IPv6 address, or both with a comma between them"
#define A_SECRET \
	"file:PATH of a readable file, or the secret itself: 16 to 1024 bytes"
#define A_URL "http:// or https://, a host, optionally a port and a path"
#define A_NEIGHBOR \
	"ADDRESS as N, N an AS number from 1 to 4294967294, up to 8 times"
#define NODE_NAME \
	"a node name is 1 to 31 of a-z, 0-9 and '-', with no '-' at " \
	"either end: [node fra1]"
#define SERVICE_KEYS \
	"domain, alias, address, sip-port, sips-port, http-port, " \
	"https-port, tls, secret, previous-secret"
#define NODE_KEYS \
	"address, host, http, sip-port, sips-port, local-as, neighbor, class"

struct row {
	const char *text;
	const char *want;	/* without the file's name; a line each */
};

static void check(const struct row *row, size_t len)
{
	struct lines got = { 0 };
	struct site *site = (void *)&got;
	int err = site_parse(&site, "c", NULL, slice_of(row->text, len),
			     lines_add, &got);

	CHECK_STR(row->want, got.text, row->text);
	CHECK_EQ(EINVAL, err, row->text);
	CHECK(!site, row->text);
}

#define CHECK_ROWS(rows) \
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) \
		check(&(rows)[i], strlen((rows)[i].text))

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
		  "c:7: [node fra1] : unknown key; allowed: " NODE_KEYS "\n" },
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
				   "[service], [node NAME]\n" },
		{ S N "[]\n", "c:7: []: unknown section; allowed: [service], "
			      "[node NAME]\n" },
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
		{ S N "address = 198.51.100.12\n", "c:7: [node fra1] address: "
						   "set already in line 6\n" },
		{ S "domain = x\ndomain = y\n" N,
		  "c:5: [service] domain: set already in line 2\n"
		  "c:6: [service] domain: set already in line 2\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* One key of the node, its value, and why not. */
struct value_row {
	const char *value;
	const char *why;	/* "": the allowed kind says it all */
};

static void check_values(const char *section, const char *before,
			 const char *key, const char *allowed,
			 const struct value_row *rows, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		char text[2048], want[2048];
		struct row row = { text, want };

		snprintf(text, sizeof(text), "%s%s = %s\n%s", before, key,
			 rows[i].value,
			 strcmp(section, "service") == 0 ? N : "");
		snprintf(want, sizeof(want),
			 "c:%d: [%s] %s: `%.90s' is not allowed: %s%s%s%s\n",
			 strcmp(section, "service") == 0 ? 5 : 7, section, key,
			 rows[i].value, allowed, rows[i].why[0] ? " (" : "",
			 rows[i].why, rows[i].why[0] ? ")" : "");
		check(&row, strlen(text));
	}
}

#define SERVICE_VALUES(key, allowed, rows) \
	check_values("service", S, key, allowed, rows, ARRAY_SIZE(rows))
#define NODE_VALUES(key, allowed, rows) \
	check_values("node fra1", S N, key, allowed, rows, ARRAY_SIZE(rows))

static void numbers_are_in_range(void **state)
{
	static const struct value_row ports[] = {
		{ "", "" },    { "0", "" },	 { "65536", "" },
		{ "-1", "" },  { "5060x", "" }, { "4294972356", "" },
		{ "5 0", "" },
	};
	static const struct value_row as[] = {
		{ "", "" }, { "0", "" }, { "4294967295", "" }, { "AS1", "" },
	};
	static const struct value_row flags[] = {
		{ "", "" }, { "true", "" }, { "YES", "" }, { "1", "" },
	};
	static const struct value_row classes[] = {
		{ "", "" }, { "Global", "" }, { "anycast", "" },
	};

	(void)state;
	SERVICE_VALUES("sip-port", A_PORT, ports);
	SERVICE_VALUES("https-port", A_PORT, ports);
	NODE_VALUES("sips-port", A_PORT, ports);
	NODE_VALUES("local-as", "an AS number, 1 to 4294967294", as);
	SERVICE_VALUES("tls", "yes or no", flags);
	NODE_VALUES("class", "global or local", classes);
}

static void host_names_are_host_names(void **state)
{
	static const struct value_row rows[] = {
		{ "", "it is empty" },
		{ ".", "it has an empty label" },
		{ "a..b", "it has an empty label" },
		{ ".a", "it has an empty label" },
		{ "a.", "it ends in a dot" },
		{ "-a.b", "a label begins or ends with a hyphen" },
		{ "a-.b", "a label begins or ends with a hyphen" },
		{ "a_b", "only a-z, 0-9, '-' and '.' make a name" },
		{ "a b", "only a-z, 0-9, '-' and '.' make a name" },
		{ "*.a", "only a-z, 0-9, '-' and '.' make a name" },
		{ "a:5060", "only a-z, 0-9, '-' and '.' make a name" },
		{ "192.0.2.1", "the last label has digits only" },
		{ "a.1", "the last label has digits only" },
		{ "a234567890123456789012345678901234567890123456789012345678"
		  "901234", "a label is longer than 63 characters" },
	};

	(void)state;
	NODE_VALUES("host", A_HOST, rows);
}

static void aliases_are_a_list_of_host_names(void **state)
{
	static const struct value_row rows[] = {
		{ "", "`': it is empty" },
		{ "a,", "`': it is empty" },
		{ ",a", "`': it is empty" },
		{ "a, b c", "`b c': only a-z, 0-9, '-' and '.' make a name" },
		{ "a, b, A", "A is there twice" },
		{ "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "q is one too many" },
	};

	(void)state;
	SERVICE_VALUES("alias", "up to 16 host names with commas between them",
		       rows);
}

static void addresses_are_one_of_each_family(void **state)
{
	static const struct row rows[] = {
		{ S "[node a]\naddress =\n",
		  "c:6: [node a] address: `' is not allowed: " AN_ADDRESS
		  " (`' is no address)\n" },
		{ S "[node a]\naddress = 198.51.100.11,\n",
		  "c:6: [node a] address: `198.51.100.11,' is not allowed: "
		  AN_ADDRESS " (`' is no address)\n" },
		{ S "[node a]\naddress = 198.51.100.11 2001:db8::1\n",
		  "c:6: [node a] address: `198.51.100.11 2001:db8::1' is not "
		  "allowed: " AN_ADDRESS " (`198.51.100.11 2001:db8::1' is no "
		  "address)\n" },
		{ S "[node a]\naddress = 198.51.100.11/24\n",
		  "c:6: [node a] address: `198.51.100.11/24' is not allowed: "
		  AN_ADDRESS " (`198.51.100.11/24' is no address)\n" },
		{ S "[node a]\naddress = 198.51.100.11, 198.51.100.12\n",
		  "c:6: [node a] address: `198.51.100.11, 198.51.100.12' is "
		  "not allowed: " AN_ADDRESS " (198.51.100.12 is a second IPv4 "
		  "address)\n" },
		{ S "[node a]\naddress = 2001:db8::1, 2001:db8::2\n",
		  "c:6: [node a] address: `2001:db8::1, 2001:db8::2' is not "
		  "allowed: " AN_ADDRESS " (2001:db8::2 is a second IPv6 "
		  "address)\n" },
		{ S "[node a]\naddress = 0.0.0.0\n",
		  "c:6: [node a] address: `0.0.0.0' is not allowed: "
		  AN_ADDRESS " (0.0.0.0 is no unicast address)\n" },
		{ S "[node a]\naddress = ff02::1\n",
		  "c:6: [node a] address: `ff02::1' is not allowed: "
		  AN_ADDRESS " (ff02::1 is no unicast address)\n" },
		{ S "[node a]\naddress = ::ffff:198.51.100.11\n",
		  "c:6: [node a] address: `::ffff:198.51.100.11' is not "
		  "allowed: " AN_ADDRESS " (::ffff:198.51.100.11 is no unicast "
		  "address)\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void urls_are_a_base_to_append_to(void **state)
{
	static const struct value_row rows[] = {
		{ "", "it begins with neither http:// nor https://" },
		{ "www.example.net",
		  "it begins with neither http:// nor https://" },
		{ "ftp://a", "it begins with neither http:// nor https://" },
		{ "http:/a", "it begins with neither http:// nor https://" },
		{ "http://", "it has no host" },
		{ "http:///a", "it has no host" },
		{ "http://?", "it has no host" },
		{ "http://u@a/", "it has user information" },
		{ "http://u:p@a/", "it has user information" },
		{ "http://a_b/",
		  "only a-z, 0-9, '-' and '.' make a name" },
		{ "http://a b/",
		  "only a-z, 0-9, '-' and '.' make a name" },
		{ "http://:80/", "it is empty" },
		{ "http://a:", "its port is not 1 to 65535" },
		{ "http://a:0", "its port is not 1 to 65535" },
		{ "http://a:65536", "its port is not 1 to 65535" },
		{ "http://a:8o", "its port is not 1 to 65535" },
		{ "http://1.2.3/", "the last label has digits only" },
		{ "http://[::1/", "its host is no name and no address" },
		{ "http://[::1]a/", "its port is not 1 to 65535" },
		{ "http://[a.b]/", "its host is no IPv6 address" },
		{ "http://[1.2.3.4]/",
		  "brackets belong around IPv6 and only there" },
		{ "http://a/?q", "it has a query or a fragment" },
		{ "http://a?q", "it has a query or a fragment" },
		{ "http://a#f", "it has a query or a fragment" },
		{ "http://a/b c",
		  "its path has a character no URL may have" },
		{ "http://a/\"",
		  "its path has a character no URL may have" },
		{ "http://a/b\\c",
		  "its path has a character no URL may have" },
		{ "http://a/%2", "its path ends inside a %XX" },
		{ "http://a/%2x",
		  "its path has a character no URL may have" },
	};

	(void)state;
	NODE_VALUES("http", A_URL, rows);
}

static void a_path_byte_above_ascii_is_not_echoed(void **state)
{
	static const struct row rows[] = {
		{ S N "http = http://a/\xc3\xbc\n",
		  "c:7: [node fra1] http: `http://a/\\xc3\\xbc' is not "
		  "allowed: " A_URL " (its path has a character no URL may "
		  "have)\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void neighbors_are_an_address_and_an_as(void **state)
{
	static const char not_unicast[] =
		"the first word is no unicast address";
	static const struct value_row rows[] = {
		{ "", not_unicast },
		{ "x as 1", not_unicast },
		{ "224.0.0.1 as 1", not_unicast },
		{ "198.51.100.1", "" },
		{ "198.51.100.1 as", "" },
		{ "198.51.100.1 as 0", "" },
		{ "198.51.100.1 as 4294967295", "" },
		{ "198.51.100.1 as 1 2", "" },
		{ "198.51.100.1 AS 1", "" },
		{ "198.51.100.1 64500", "" },
		{ "198.51.100.2 as 7", "the node has this neighbor already" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], want[1024];
		struct row row = { text, want };

		snprintf(text, sizeof(text), S N "local-as = 1\n"
			 "neighbor = 198.51.100.2 as 64500\nneighbor = %s\n",
			 rows[i].value);
		snprintf(want, sizeof(want), "c:9: [node fra1] neighbor: `%s' "
			 "is not allowed: " A_NEIGHBOR "%s%s%s\n",
			 rows[i].value, rows[i].why[0] ? " (" : "",
			 rows[i].why, rows[i].why[0] ? ")" : "");
		check(&row, strlen(text));
	}
}

static void a_ninth_neighbor_is_one_too_many(void **state)
{
	static const struct row rows[] = {
		{ S N "local-as = 1\n"
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

static void a_secret_is_never_echoed(void **state)
{
	static const struct row rows[] = {
		{ "[service]\ndomain = d\naddress = 192.0.2.53\n"
		  "secret = hunter2\n" N,
		  "c:4: [service] secret: `...' is not allowed: " A_SECRET
		  " (this one has 7)\n" },
		{ "[service]\ndomain = d\naddress = 192.0.2.53\nsecret =\n" N,
		  "c:4: [service] secret: `...' is not allowed: " A_SECRET
		  " (this one has 0)\n" },
		{ S "previous-secret = file:/nonexistent/secret\n" N,
		  "c:5: [service] previous-secret: `file:/nonexistent/secret' "
		  "is not allowed: " A_SECRET " (No such file or directory)\n" },
		{ S "previous-secret = file:/\n" N,
		  "c:5: [service] previous-secret: `file:/' is not allowed: "
		  A_SECRET " (Is a directory)\n" },
		{ S "previous-secret = file:/dev/null\n" N,
		  "c:5: [service] previous-secret: `file:/dev/null' is not "
		  "allowed: " A_SECRET " (Invalid argument)\n" },
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
		cmocka_unit_test(numbers_are_in_range),
		cmocka_unit_test(host_names_are_host_names),
		cmocka_unit_test(aliases_are_a_list_of_host_names),
		cmocka_unit_test(addresses_are_one_of_each_family),
		cmocka_unit_test(urls_are_a_base_to_append_to),
		cmocka_unit_test(a_path_byte_above_ascii_is_not_echoed),
		cmocka_unit_test(neighbors_are_an_address_and_an_as),
		cmocka_unit_test(a_ninth_neighbor_is_one_too_many),
		cmocka_unit_test(a_secret_is_never_echoed),
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
