/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <stdio.h>

#include "kamailio-module/plain.h"

/* What a row leaves out is as in a plain INVITE; "" leaves the field out. */
struct row {
	const char *what;
	const char *line, *via, *from, *to, *call_id, *cseq, *more;
};

static const char *part(const char *given, const char *usual)
{
	return given ? given : usual;
}

static bool read_row(struct plain *out, const struct row *row)
{
	static char text[4096];
	static struct siphead head;
	struct slice message;

	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s\r\n",
		 part(row->line, "INVITE sip:bob@sip.example.net SIP/2.0\r\n"),
		 part(row->via, "Via: SIP/2.0/UDP 10.1.2.3:5070;branch=z9\r\n"),
		 part(row->from, "From: <sip:al@sip.example.net>;tag=1\r\n"),
		 part(row->to, "To: <sip:bob@sip.example.net>\r\n"),
		 part(row->call_id, "Call-ID: c1@10.1.2.3\r\n"),
		 part(row->cseq, "CSeq: 7 INVITE\r\n"), part(row->more, ""));
	message = slice_str(text);
	return siphead_scan(&head, message) && plain_read(out, message, &head);
}

static void check_rows(const struct row *rows, size_t cnt, bool want)
{
	for (size_t i = 0; i < cnt; i++) {
		struct plain out;

		CHECK_EQ(want, read_row(&out, &rows[i]), rows[i].what);
	}
}

static void what_is_plain_is_read(void **state)
{
	static const struct row rows[] = {
		{ .what = "the usual" },
		{ "compact names", .via = "v: SIP/2.0/UDP pc.example\r\n",
		  .from = "f: <sip:a@b>\r\n", .to = "t: <sip:a@b>\r\n",
		  .call_id = "i: 1\r\n" },
		{ "no white space, and much of it",
		  .via = "Via \t:  SIP/2.0/UDP [2001:db8::1]:1;rport\r\n",
		  .call_id = "CALL-ID:x\r\n" },
		{ "a proxy below",
		  .more = "Via: SIP/2.0/TCP p.example;received=10.1.1.1"
			  ";rport=99;branch=2\r\n" },
		{ "a quoted display name",
		  .to = "To: \"Bob, <b> ;x\" <sips:b@x;y=z?h=1>\r\n" },
		{ "a display name", .to = "To: Bob B. <tel:+1>\r\n" },
		{ "no brackets", .to = "To: sip:bob@x\r\n" },
		{ "folding where it does not matter",
		  .more = "Subject: a\r\n\tb\r\n c\r\n" },
		{ "parameters nobody knows",
		  .via = "Via: SIP/2.0/UDP a;keep;oc=1;alias;rport\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), true);
}

static void lines_that_are_not_plain(void **state)
{
	static const struct row rows[] = {
		{ "method", .line = "REGISTER sip:a SIP/2.0\r\n" },
		{ "its case", .line = "invite sip:a SIP/2.0\r\n" },
		{ "two spaces", .line = "INVITE sip:a  SIP/2.0\r\n" },
		{ "a space in the URI", .line = "INVITE sip:a b SIP/2.0\r\n" },
		{ "another version", .line = "INVITE sip:a SIP/3.0\r\n" },
		{ "LF alone", .line = "INVITE sip:a SIP/2.0\n" },
		{ "LF alone in a field", .more = "Subject: a\n" },
		{ "a line before", .line = "\r\nINVITE sip:a SIP/2.0\r\n" },
		{ "folding of the first line",
		  .line = "INVITE sip:a SIP/2.0\r\n x\r\n" },
		{ "no colon", .more = "Subject\r\n" },
		{ "a name of two words", .more = "Sub ject: a\r\n" },
		{ "no name", .more = ": a\r\n" },
		{ "a name of other letters", .more = "Subj\xc3\xa9t: a\r\n" },
		{ "Route", .more = "Route: <sip:a;lr>\r\n" },
		{ "Proxy-Require", .more = "Proxy-Require: x\r\n" },
		{ "a probe", .more = "X-Anycast-Probe: x\r\n" },
		{ "Call-ID missing", .call_id = "" },
		{ "Call-ID empty", .call_id = "Call-ID: \r\n" },
		{ "Call-ID of two words", .call_id = "Call-ID: a b\r\n" },
		{ "Call-ID folded", .call_id = "Call-ID: a\r\n b\r\n" },
		{ "Call-ID twice", .more = "i: 2\r\n" },
		{ "From missing", .from = "" },
		{ "From twice", .more = "f: <sip:a>\r\n" },
		{ "CSeq missing", .cseq = "" },
		{ "CSeq without number", .cseq = "CSeq: INVITE\r\n" },
		{ "CSeq without method", .cseq = "CSeq: 1\r\n" },
		{ "CSeq of another method", .cseq = "CSeq: 1 ACK\r\n" },
		{ "CSeq with a tab", .cseq = "CSeq: 1\tINVITE\r\n" },
		{ "CSeq with more", .cseq = "CSeq: 1 INVITE x\r\n" },
		{ "CSeq twice", .more = "CSeq: 1 INVITE\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), false);
}

static void a_via_or_to_that_is_not_plain(void **state)
{
#define VIA(value) .via = "Via: " value "\r\n"
	static const struct row rows[] = {
		{ "no Via", .via = "" },
		{ "TCP", VIA("SIP/2.0/TCP a") },
		{ "lower case", VIA("SIP/2.0/udp a") },
		{ "white space", VIA("SIP / 2.0 / UDP a") },
		{ "white space in it", VIA("SIP/2.0/UDP a ;branch=1") },
		{ "folding", VIA("SIP/2.0/UDP a;\r\n branch=1") },
		{ "two values", VIA("SIP/2.0/UDP a, SIP/2.0/UDP b") },
		{ "two values, parameters", VIA("SIP/2.0/UDP a;b=c,x") },
		{ "no host", VIA("SIP/2.0/UDP ") },
		{ "no host but a port", VIA("SIP/2.0/UDP :5060") },
		{ "no IPv6 address", VIA("SIP/2.0/UDP [2001::db8::1]") },
		{ "an open bracket", VIA("SIP/2.0/UDP [2001:db8::1") },
		{ "IPv6 without brackets", VIA("SIP/2.0/UDP 2001:db8::1") },
		{ "a host name of others", VIA("SIP/2.0/UDP a_b") },
		{ "port 0", VIA("SIP/2.0/UDP a:0") },
		{ "port 65536", VIA("SIP/2.0/UDP a:65536") },
		{ "an empty port", VIA("SIP/2.0/UDP a:;branch=1") },
		{ "maddr", VIA("SIP/2.0/UDP a;maddr=10.0.0.1") },
		{ "MADDR", VIA("SIP/2.0/UDP a;MADDR=10.0.0.1") },
		{ "received", VIA("SIP/2.0/UDP a;received=10.0.0.1") },
		{ "ttl", VIA("SIP/2.0/UDP a;ttl=1") },
		{ "comp", VIA("SIP/2.0/UDP a;comp=sigcomp") },
		{ "rport with a value", VIA("SIP/2.0/UDP a;rport=5") },
		{ "rport with an empty value", VIA("SIP/2.0/UDP a;rport=") },
		{ "rport twice", VIA("SIP/2.0/UDP a;rport;rport") },
		{ "an empty branch", VIA("SIP/2.0/UDP a;branch=") },
		{ "branch without value", VIA("SIP/2.0/UDP a;branch") },
		{ "an empty parameter", VIA("SIP/2.0/UDP a;;branch=1") },
		{ "a quoted value", VIA("SIP/2.0/UDP a;x=\"y\"") },
		{ "a comment", VIA("SIP/2.0/UDP a (x)") },
		{ "garbage below", .more = "Via: garbage\r\n" },
		{ "To missing", .to = "" },
		{ "To with a tag", .to = "To: <sip:a@b>;tag=1\r\n" },
		{ "To with an empty tag", .to = "To: <sip:a@b>;tag=\r\n" },
		{ "To with a tag, no brackets", .to = "To: sip:b;tag=1\r\n" },
		{ "To of two", .to = "To: <sip:a>, <sip:b>\r\n" },
		{ "To twice", .more = "t: <sip:a>\r\n" },
		{ "To with an open quote", .to = "To: \"a <sip:a>\r\n" },
		{ "To with an escape", .to = "To: \"\\\"\" <sip:a>\r\n" },
		{ "To with an open bracket", .to = "To: <sip:a\r\n" },
		{ "To with nothing in them", .to = "To: <>\r\n" },
		{ "To with a bracket in them", .to = "To: <sip:a<b>\r\n" },
		{ "To without scheme", .to = "To: <bob@x>\r\n" },
		{ "To with a scheme alone", .to = "To: <sip:>\r\n" },
		{ "To of another scheme", .to = "To: <http://x>\r\n" },
		{ "To folded", .to = "To: a\r\n <sip:a>\r\n" },
		{ "To with a comma outside", .to = "To: a, b <sip:a>\r\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), false);
}

static void its_parts_are_found(void **state)
{
	const struct row with_rport = {
		.what = "rport",
		.via = "Via: SIP/2.0/UDP [2001:db8::1];branch=1;RPORT\r\n",
		.cseq = "CSeq: 007 INVITE\r\n",
	};
	const struct row usual = { .what = "usual" };
	struct plain out;

	(void)state;
	assert_true(read_row(&out, &usual));
	assert_true(slice_equal(out.uri, slice_str("sip:bob@sip.example.net")));
	assert_true(slice_equal(out.call_id, slice_str("c1@10.1.2.3")));
	assert_true(slice_equal(out.cseq_number, slice_str("7")));
	assert_int_equal(out.port, 5070);
	assert_false(out.has_rport);

	assert_true(read_row(&out, &with_rport));
	assert_true(slice_equal(out.cseq_number, slice_str("007")));
	assert_int_equal(out.port, 0);
	assert_true(out.has_rport);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_plain_is_read),
		cmocka_unit_test(lines_that_are_not_plain),
		cmocka_unit_test(a_via_or_to_that_is_not_plain),
		cmocka_unit_test(its_parts_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
