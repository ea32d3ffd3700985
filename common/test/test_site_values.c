/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with the value of one key of the site file. */
#include "common/test/site_errors.h"

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
	SERVICE_VALUES("agent-port", A_PORT, ports);
	SERVICE_VALUES("stray-port", A_PORT, ports);
	NODE_VALUES("sips-port", A_PORT, ports);
	NODE_VALUES("local-as", "an AS number, 1 to 4294967294", as);
	SERVICE_VALUES("tls", "yes or no", flags);
	SERVICE_VALUES("cluster-tls", "yes or no", flags);
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
		{ S "[node a]\naddress = fe80::1\n",
		  "c:6: [node a] address: `fe80::1' is not allowed: "
		  AN_ADDRESS " (fe80::1 means nothing without its link)\n" },
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

static void a_secret_is_never_echoed(void **state)
{
	static const struct row rows[] = {
		{ "[service]\ndomain = d\naddress = 192.0.2.53\n"
		  "secret = hunter2\n" N,
		  "c:4: [service] secret: `...' is not allowed: " A_SECRET
		  " (this one has 7)\n" },
		{ "[service]\ndomain = d\naddress = 192.0.2.53\nsecret =\n" N,
		  "c:4: [service] secret: `' is not allowed: " A_SECRET
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_range),
		cmocka_unit_test(host_names_are_host_names),
		cmocka_unit_test(aliases_are_a_list_of_host_names),
		cmocka_unit_test(addresses_are_one_of_each_family),
		cmocka_unit_test(urls_are_a_base_to_append_to),
		cmocka_unit_test(a_path_byte_above_ascii_is_not_echoed),
		cmocka_unit_test(a_secret_is_never_echoed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
