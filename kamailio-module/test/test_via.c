/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include "kamailio-module/via.h"

enum { PORT = 5099 };

static const char *written(const char *field, const char *source)
{
	static char out[2048];
	struct writer w = writer_of(out, sizeof(out) - 1);
	struct addr addr;

	assert_int_equal(addr_parse(&addr, source, strlen(source)), 0);
	via_write(&w, slice_str(field), &addr, PORT);
	out[writer_len(&w)] = '\0';
	return out;
}

struct row {
	const char *what;
	const char *field;
	const char *want;
};

static void check_rows(const struct row *rows, size_t cnt, const char *source)
{
	for (size_t i = 0; i < cnt; i++) {
		CHECK_STR(rows[i].want, written(rows[i].field, source),
			  rows[i].what);
		/* what was written says it all: writing it again adds nothing */
		CHECK_STR(rows[i].want, written(rows[i].want, source),
			  rows[i].what);
	}
}

/* RFC 3261 18.2.1 */
static void received_is_added_unless_sent_by_is_the_source(void **state)
{
	static const struct row rows[] = {
		{ "sent-by is the source",
		  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n" },
		{ "sent-by is the source, from another port",
		  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" },
		{ "sent-by is another address",
		  "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "sent-by is a name",
		  "Via: SIP/2.0/TCP pc.example:5062;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/TCP pc.example:5062;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "an address with a leading zero is a name",
		  "Via: SIP/2.0/UDP 192.0.2.01\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.01;received=192.0.2.1\r\n" },
		{ "no parameters at all",
		  "Via: SIP/2.0/UDP 10.1.2.3\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;received=192.0.2.1\r\n" },
		{ "white space wherever it may stand (RFC 4475 3.1.1.1)",
		  "v:  SIP  / 2.0  / UDP\r\n     192.0.2.1 : 5060  ;\r\n"
		  "  branch  =   z9hG4bK9ikj8\r\n",
		  "v:  SIP  / 2.0  / UDP\r\n     192.0.2.1 : 5060  ;\r\n"
		  "  branch  =   z9hG4bK9ikj8\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "192.0.2.1");
}

/* RFC 3261 18.2.1, RFC 5118 4.5 */
static void received_of_ipv6_has_no_brackets(void **state)
{
	static const struct row rows[] = {
		{ "IPv6 sent-by is the source, however it is written",
		  "Via: SIP/2.0/UDP [2001:DB8:0::1]:5060;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP [2001:DB8:0::1]:5060;branch=z9hG4bK1\r\n" },
		{ "IPv6 source, without brackets (RFC 3261 25.1)",
		  "Via: SIP/2.0/UDP [2001:db8::2];branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP [2001:db8::2];branch=z9hG4bK1"
		  ";received=2001:db8::1\r\n" },
		{ "IPv6 sent-by without its brackets is no address",
		  "Via: SIP/2.0/UDP 2001:db8::1;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 2001:db8::1;branch=z9hG4bK1"
		  ";received=2001:db8::1\r\n" },
		{ "IPv6 sent-by that is never closed",
		  "Via: SIP/2.0/UDP [2001:db8::1;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP [2001:db8::1;branch=z9hG4bK1"
		  ";received=2001:db8::1\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "2001:db8::1");
}

/* RFC 3581 4 */
static void rport_is_filled_in_and_brings_received(void **state)
{
	static const struct row rows[] = {
		{ "in its place, received behind",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=5099;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "received even though sent-by is the source",
		  "Via: SIP/2.0/UDP 192.0.2.1:5099;branch=z9hG4bK1;rport\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1:5099;branch=z9hG4bK1;rport=5099"
		  ";received=192.0.2.1\r\n" },
		{ "in any case",
		  "Via: SIP/2.0/UDP 10.1.2.3;RPort\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=5099;received=192.0.2.1"
		  "\r\n" },
		{ "empty value",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=5099;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "a value the client made up",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=1;branch=z9hG4bK1\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=5099;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "folded",
		  "Via: SIP/2.0/UDP 10.1.2.3\r\n ; rport\r\n\t;branch=z9hG4bK1"
		  "\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3\r\n ;rport=5099;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "only once",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport;rport=7\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=5099;received=192.0.2.1"
		  "\r\n" },
		{ "another parameter that begins like it",
		  "Via: SIP/2.0/UDP 192.0.2.1;rports;xrport\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;rports;xrport\r\n" },
		{ "behind a quote that is escaped",
		  "Via: SIP/2.0/UDP 192.0.2.1;x=\"\\\";rport;\";y\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;x=\"\\\";rport;\";y\r\n" },
		{ "inside a quoted string",
		  "Via: SIP/2.0/UDP 192.0.2.1;x=\";rport\\\";rport\";y\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;x=\";rport\\\";rport\";y\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "192.0.2.1");
}

static void an_old_received_is_replaced(void **state)
{
	static const struct row rows[] = {
		{ "at the end",
		  "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK1"
		  ";received=203.0.113.9\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;branch=z9hG4bK1"
		  ";received=192.0.2.1\r\n" },
		{ "in front of rport",
		  "Via: SIP/2.0/UDP h.example;received=203.0.113.9;rport\r\n",
		  "Via: SIP/2.0/UDP h.example;rport=5099;received=192.0.2.1"
		  "\r\n" },
		{ "behind rport",
		  "Via: SIP/2.0/UDP h.example;rport;received=203.0.113.9;a=b"
		  "\r\n",
		  "Via: SIP/2.0/UDP h.example;rport=5099;a=b"
		  ";received=192.0.2.1\r\n" },
		{ "where none would be needed",
		  "Via: SIP/2.0/UDP 192.0.2.1;received=203.0.113.9\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;received=192.0.2.1\r\n" },
		{ "spaced, quoted and folded",
		  "Via: SIP/2.0/UDP 192.0.2.1;a; Received = \"x;y,z\"\r\n ;b"
		  "\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;a;b;received=192.0.2.1\r\n" },
		{ "twice",
		  "Via: SIP/2.0/UDP 192.0.2.1;received=1.1.1.1;a"
		  ";received=2.2.2.2\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;a;received=192.0.2.1\r\n" },
		{ "without a value",
		  "Via: SIP/2.0/UDP 192.0.2.1;received;a\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;a;received=192.0.2.1\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "192.0.2.1");
}

/* RFC 3261 7.3.1: several values may share a field */
static void only_the_first_value_is_touched(void **state)
{
	static const struct row rows[] = {
		{ "the second keeps its rport and received",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport, SIP/2.0/TCP 10.9.9.9;rport"
		  ";received=198.51.100.7\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;rport=5099;received=192.0.2.1, "
		  "SIP/2.0/TCP 10.9.9.9;rport;received=198.51.100.7\r\n" },
		{ "received of the second does not count as the first's",
		  "Via: SIP/2.0/UDP 192.0.2.1,SIP/2.0/TCP a;received=1.1.1.1"
		  "\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1,SIP/2.0/TCP a;received=1.1.1.1"
		  "\r\n" },
		{ "a comma in a quoted string ends nothing",
		  "Via: SIP/2.0/UDP 10.1.2.3;a=\"b,c\";d , SIP/2.0/UDP e\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;a=\"b,c\";d;received=192.0.2.1 , "
		  "SIP/2.0/UDP e\r\n" },
		{ "folded between the values (RFC 4475 3.1.1.1)",
		  "v: SIP/2.0/TCP spindle.example;\r\n branch=z9hG4bK9 ,\r\n"
		  " SIP/2.0/UDP 192.168.255.111\r\n",
		  "v: SIP/2.0/TCP spindle.example;\r\n branch=z9hG4bK9"
		  ";received=192.0.2.1 ,\r\n SIP/2.0/UDP 192.168.255.111\r\n" },
		{ "a comment stays behind the parameters",
		  "Via: SIP/2.0/UDP 10.1.2.3;a (hello; rport, world)\r\n",
		  "Via: SIP/2.0/UDP 10.1.2.3;a;received=192.0.2.1 "
		  "(hello; rport, world)\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "192.0.2.1");
}

static void what_is_no_via_is_never_cut_short(void **state)
{
	static const struct row rows[] = {
		{ "nothing but the name", "Via:\r\n",
		  "Via:;received=192.0.2.1\r\n" },
		{ "no sent-by", "Via: SIP/2.0/UDP \r\n",
		  "Via: SIP/2.0/UDP;received=192.0.2.1\r\n" },
		{ "no name", "SIP/2.0/UDP 192.0.2.1\r\n",
		  "SIP/2.0/UDP 192.0.2.1;received=192.0.2.1\r\n" },
		{ "an open quote reaches to the end",
		  "Via: SIP/2.0/UDP 192.0.2.1;a=\"b;rport, c\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;a=\"b;rport, c\r\n" },
		{ "a last ';'", "Via: SIP/2.0/UDP 192.0.2.1;\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;\r\n" },
		{ "bare line feeds", "Via: SIP/2.0/UDP 192.0.2.1\n ;rport\n",
		  "Via: SIP/2.0/UDP 192.0.2.1\n ;rport=5099"
		  ";received=192.0.2.1\r\n" },
		{ "a bare CR could end a line for somebody",
		  "Via: SIP/2.0/UDP 192.0.2.1\r;a=\rb\r, c\rd\r\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1 ;a= b , c d\r\n" },
		{ "... wherever it stands",
		  "Via: SIP/2.0/UDP 192.0.2.1;a\rb;rport;c\rd\r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1;a b;rport=5099;c d"
		  ";received=192.0.2.1\r\n" },
		{ "no line break", "Via: SIP/2.0/UDP 192.0.2.1",
		  "Via: SIP/2.0/UDP 192.0.2.1\r\n" },
		{ "a folding that ends it",
		  "Via: SIP/2.0/UDP 192.0.2.1\r\n \r\n",
		  "Via: SIP/2.0/UDP 192.0.2.1\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "192.0.2.1");
}

static void a_port_of_any_width_fits(void **state)
{
	static const struct {
		uint16_t port;
		const char *want;
	} rows[] = {
		{ 0, "v:U a/b/c 1.1.1.1;rport=0;received=192.0.2.1\r\n" },
		{ 9, "v:U a/b/c 1.1.1.1;rport=9;received=192.0.2.1\r\n" },
		{ 10, "v:U a/b/c 1.1.1.1;rport=10;received=192.0.2.1\r\n" },
		{ UINT16_MAX,
		  "v:U a/b/c 1.1.1.1;rport=65535;received=192.0.2.1\r\n" },
	};
	struct addr source;

	(void)state;
	assert_int_equal(addr_parse(&source, "192.0.2.1", 9), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[64] = "";
		struct writer w = writer_of(out, sizeof(out) - 1);

		via_write(&w, slice_str("v:U a/b/c 1.1.1.1;rport"), &source,
			  rows[i].port);
		CHECK_STR(rows[i].want, out, "port");
	}
}

static void a_field_that_does_not_fit_is_not_written(void **state)
{
	static const char field[] = "Via: SIP/2.0/UDP 10.1.2.3;rport\r\n";
	size_t len = strlen(written(field, "192.0.2.1"));
	struct addr source;
	char out[128];

	(void)state;
	assert_int_equal(addr_parse(&source, "192.0.2.1", 9), 0);
	for (size_t size = 0; size <= len; size++) {
		struct writer w = writer_of(out, size);

		via_write(&w, slice_str(field), &source, PORT);
		CHECK_EQ(size < len ? 0 : len, writer_len(&w), "length");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_is_added_unless_sent_by_is_the_source),
		cmocka_unit_test(received_of_ipv6_has_no_brackets),
		cmocka_unit_test(rport_is_filled_in_and_brings_received),
		cmocka_unit_test(an_old_received_is_replaced),
		cmocka_unit_test(only_the_first_value_is_touched),
		cmocka_unit_test(what_is_no_via_is_never_cut_short),
		cmocka_unit_test(a_port_of_any_width_fits),
		cmocka_unit_test(a_field_that_does_not_fit_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
