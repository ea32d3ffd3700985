/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "kamailio-module/reply.h"

enum { ROOM = 1 << 17 };

static char out[ROOM + 1];

/* An INVITE as RFC 3261 24.2 has it, with two hops. */
static struct siphead head;

static struct reply_request request(void)
{
	head = (struct siphead){
		.vias = {
			slice_str("Via: SIP/2.0/UDP proxy.example"
				  ";branch=z9hG4bK77ef4c\r\n"),
			slice_str("Via: SIP/2.0/UDP pc33.atlanta.com"
				  ";branch=z9hG4bKnashds8"
				  ";received=192.0.2.1\r\n"),
		},
		.via_cnt = 2,
		.from = slice_str("From: Alice <sip:alice@atlanta.com>"
				  ";tag=1928301774\r\n"),
		.to = slice_str("To: Bob <sip:bob@biloxi.com>\r\n"),
		.call_id = slice_str("Call-ID: a84b4c76e66710\r\n"),
		.cseq = slice_str("CSeq: 314159 INVITE\r\n"),
	};
	return (struct reply_request){
		.bytes = 1000,
		.head = &head,
		.source = { ADDR_IP4, { 192, 0, 2, 111 } },
		.source_port = 5099,
	};
}

static struct reply redirect(void)
{
	return (struct reply){
		.status = 302,
		.phrase = "Moved Temporarily",
		.to_tag = slice_str("a1-0123456789abcdef"),
		.contacts = { slice_str("sip:bob@198.51.100.11:5060") },
		.contact_cnt = 1,
		.datagram = true,
	};
}

static const char *built(const struct reply *reply,
			 const struct reply_request *req)
{
	size_t len = reply_build(out, ROOM, reply, req);

	assert_in_range(len, 0, ROOM);
	out[len] = '\0';
	assert_int_equal(strlen(out), len);
	return out;
}

#define HEAD \
	"Via: SIP/2.0/UDP proxy.example;branch=z9hG4bK77ef4c" \
	";received=192.0.2.111\r\n" \
	"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8" \
	";received=192.0.2.1\r\n" \
	"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n" \
	"To: Bob <sip:bob@biloxi.com>;tag=a1-0123456789abcdef\r\n" \
	"Call-ID: a84b4c76e66710\r\n" \
	"CSeq: 314159 INVITE\r\n"

/* RFC 3261 8.2.6.2: the parts of the request, in order, then ours */
static void a_redirect_is_what_the_rfc_says(void **state)
{
	const struct reply_request req = request();
	const struct reply reply = redirect();

	(void)state;
	CHECK_STR("SIP/2.0 302 Moved Temporarily\r\n" HEAD
		  "Contact: <sip:bob@198.51.100.11:5060>\r\n"
		  "Content-Length: 0\r\n\r\n", built(&reply, &req), "302");
}

static void each_part_is_there_when_it_is_asked_for(void **state)
{
	static const struct {
		const char *what;
		struct reply reply;
		const char *line, *rest;
	} rows[] = {
		{ "200 to CANCEL", { .status = 200, .phrase = "OK" },
		  "SIP/2.0 200 OK\r\n", "Content-Length: 0\r\n\r\n" },
		{ "200 to OPTIONS",
		  { .status = 200, .phrase = "OK", .allow = "INVITE, ACK" },
		  "SIP/2.0 200 OK\r\n",
		  "Allow: INVITE, ACK\r\nContent-Length: 0\r\n\r\n" },
		{ "503: when to come back (20.33)",
		  { .status = 503, .phrase = "Service Unavailable",
		    .retry_after_s = 5 },
		  "SIP/2.0 503 Service Unavailable\r\n",
		  "Retry-After: 5\r\nContent-Length: 0\r\n\r\n" },
		{ "420: which extension (8.2.2.3, 20.40)",
		  { .status = 420, .phrase = "Bad Extension",
		    .unsupported = { " foo, bar\r\n\tbaz \r\n", 18 } },
		  "SIP/2.0 420 Bad Extension\r\n",
		  "Unsupported: foo, bar\r\n\tbaz\r\n"
		  "Content-Length: 0\r\n\r\n" },
		{ "... without a line break of its own",
		  { .status = 420, .phrase = "Bad Extension",
		    .unsupported = { "foo\rX: y", 8 } },
		  "SIP/2.0 420 Bad Extension\r\n",
		  "Unsupported: foo X: y\r\nContent-Length: 0\r\n\r\n" },
		{ "a Server header", { .status = 200, .phrase = "OK",
				       .server = "sip-anycast" },
		  "SIP/2.0 200 OK\r\n",
		  "Server: sip-anycast\r\nContent-Length: 0\r\n\r\n" },
		{ "an empty one is none", { .status = 200, .phrase = "OK",
					    .server = "", .allow = "" },
		  "SIP/2.0 200 OK\r\n", "Content-Length: 0\r\n\r\n" },
		{ "how long the Contact is good (20.10)",
		  { .status = 302, .phrase = "Moved Temporarily",
		    .contacts = { { "sip:n", 5 } }, .contact_cnt = 1,
		    .expires_s = 4294967295 },
		  "SIP/2.0 302 Moved Temporarily\r\n",
		  "Contact: <sip:n>;expires=4294967295\r\n"
		  "Content-Length: 0\r\n\r\n" },
		{ "fallbacks in the one Contact, best first (20.10)",
		  { .status = 302, .phrase = "Moved Temporarily",
		    .contacts = { { "sip:a", 5 }, { "sip:b", 5 },
				  { "sip:c", 5 }, { "sip:d", 5 } },
		    .contact_cnt = 4, .expires_s = 60 },
		  "SIP/2.0 302 Moved Temporarily\r\n",
		  "Contact: <sip:a>;q=1.0;expires=60, <sip:b>;q=0.9;expires=60"
		  ", <sip:c>;q=0.8;expires=60, <sip:d>;q=0.7;expires=60\r\n"
		  "Content-Length: 0\r\n\r\n" },
		{ "a stream is served alike",
		  { .status = 414, .phrase = "Request-URI Too Long",
		    .datagram = false },
		  "SIP/2.0 414 Request-URI Too Long\r\n",
		  "Content-Length: 0\r\n\r\n" },
	};
	const struct reply_request req = request();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reply reply = rows[i].reply;
		char want[2048];

		reply.to_tag = slice_str("a1-0123456789abcdef");
		snprintf(want, sizeof(want), "%s%s%s", rows[i].line, HEAD,
			 rows[i].rest);
		CHECK_STR(want, built(&reply, &req), rows[i].what);
	}
}

/* RFC 3261 8.2.6.2 and 7.3.1: fields go back as they came */
static void fields_go_back_as_they_came(void **state)
{
	static const struct {
		const char *what;
		const char *via, *from, *to, *call_id, *cseq;
		const char *tag;
		const char *want;	/* from the Via to the CSeq */
	} rows[] = {
		{ "compact names",
		  "v:SIP/2.0/UDP 192.0.2.111\r\n", "f:<sip:a@b>;tag=1\r\n",
		  "t:<sip:b@c>\r\n", "i:x\r\n", "cseq:1 INVITE\r\n", "T",
		  "v:SIP/2.0/UDP 192.0.2.111\r\n" "f:<sip:a@b>;tag=1\r\n"
		  "t:<sip:b@c>;tag=T\r\n" "i:x\r\n" "cseq:1 INVITE\r\n" },
		{ "folded fields (RFC 4475 3.1.1.1)",
		  "Via: SIP/2.0/UDP 192.0.2.111\r\n ;a\r\n\t;b\r\n",
		  "From:\r\n <sip:a@b>\r\n ;tag=1\r\n",
		  "TO :\r\n sip:b@c ;\r\n  x = y   \r\n",
		  "Call-ID:\r\n   x\r\n", "CSeq:\r\n 1\r\n INVITE\r\n", "T",
		  "Via: SIP/2.0/UDP 192.0.2.111\r\n ;a\r\n\t;b\r\n"
		  "From:\r\n <sip:a@b>\r\n ;tag=1\r\n"
		  "TO :\r\n sip:b@c ;\r\n  x = y;tag=T\r\n"
		  "Call-ID:\r\n   x\r\n" "CSeq:\r\n 1\r\n INVITE\r\n" },
		{ "a To that has a tag keeps it",
		  "Via: SIP/2.0/UDP 192.0.2.111\r\n", "From: <sip:a@b>\r\n",
		  "To: <sip:b@c>;tag=theirs  \r\n", "Call-ID: x\r\n",
		  "CSeq: 1 INVITE\r\n", "",
		  "Via: SIP/2.0/UDP 192.0.2.111\r\n" "From: <sip:a@b>\r\n"
		  "To: <sip:b@c>;tag=theirs\r\n" "Call-ID: x\r\n"
		  "CSeq: 1 INVITE\r\n" },
		{ "line feeds alone fold, but every line ends with CR LF",
		  "Via: SIP/2.0/UDP 192.0.2.111\n", "From:\n <sip:a@b>\n",
		  "To:\n\t<sip:b@c>\n", "Call-ID: x", "CSeq: 1 INVITE \n",
		  "T",
		  "Via: SIP/2.0/UDP 192.0.2.111\r\n" "From:\n <sip:a@b>\r\n"
		  "To:\n\t<sip:b@c>;tag=T\r\n" "Call-ID: x\r\n"
		  "CSeq: 1 INVITE\r\n" },
		{ "a bare CR, which could end a line for somebody",
		  "Via: SIP/2.0/UDP 192.0.2.111;a\rb\r\n",
		  "From: \r<sip:a@b>\rX: y\r\n", "To: <sip:b@c>\r\rX\r\n",
		  "Call-ID: x\ry\r\n", "CSeq: 1\r INVITE\r\n", "T",
		  "Via: SIP/2.0/UDP 192.0.2.111;a b\r\n"
		  "From:  <sip:a@b> X: y\r\n" "To: <sip:b@c>  X;tag=T\r\n"
		  "Call-ID: x y\r\n" "CSeq: 1  INVITE\r\n" },
		{ "several Vias in one field, rport in the first",
		  "Via: SIP/2.0/UDP a;rport , SIP/2.0/TCP b;rport\r\n",
		  "From: <sip:a@b>\r\n", "To: <sip:b@c>\r\n", "Call-ID: x\r\n",
		  "CSeq: 1 INVITE\r\n", "T",
		  "Via: SIP/2.0/UDP a;rport=5099;received=192.0.2.111 , "
		  "SIP/2.0/TCP b;rport\r\n" "From: <sip:a@b>\r\n"
		  "To: <sip:b@c>;tag=T\r\n" "Call-ID: x\r\n"
		  "CSeq: 1 INVITE\r\n" },
		{ "an old received does not survive",
		  "Via: SIP/2.0/UDP 192.0.2.111;received=1.2.3.4;a\r\n",
		  "From: <sip:a@b>\r\n", "To: <sip:b@c>\r\n", "Call-ID: x\r\n",
		  "CSeq: 1 INVITE\r\n", "T",
		  "Via: SIP/2.0/UDP 192.0.2.111;a;received=192.0.2.111\r\n"
		  "From: <sip:a@b>\r\n" "To: <sip:b@c>;tag=T\r\n"
		  "Call-ID: x\r\n" "CSeq: 1 INVITE\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reply_request req = request();
		struct reply reply = redirect();
		char want[2048];

		head.via_cnt = 1;
		head.vias[0] = slice_str(rows[i].via);
		head.from = slice_str(rows[i].from);
		head.to = slice_str(rows[i].to);
		head.call_id = slice_str(rows[i].call_id);
		head.cseq = slice_str(rows[i].cseq);
		reply.to_tag = slice_str(rows[i].tag);
		snprintf(want, sizeof(want),
			 "SIP/2.0 302 Moved Temporarily\r\n%s"
			 "Contact: <sip:bob@198.51.100.11:5060>\r\n"
			 "Content-Length: 0\r\n\r\n", rows[i].want);
		CHECK_STR(want, built(&reply, &req), rows[i].what);
	}
}

static void as_many_vias_as_there_may_be_come_back_in_order(void **state)
{
	static char fields[SIPHEAD_VIAS_MAX][64];
	struct reply_request req = request();
	const struct reply reply = redirect();
	const char *at;

	(void)state;
	for (size_t i = 0; i < SIPHEAD_VIAS_MAX; i++) {
		snprintf(fields[i], sizeof(fields[i]),
			 "Via: SIP/2.0/UDP h%zu;branch=z9hG4bK%zu\r\n", i, i);
		head.vias[i] = slice_str(fields[i]);
	}
	req.bytes = 65535;
	head.via_cnt = SIPHEAD_VIAS_MAX;
	at = built(&reply, &req);
	for (size_t i = 0; i < SIPHEAD_VIAS_MAX; i++) {
		char want[80];

		/* the topmost one has got its received */
		snprintf(want, sizeof(want), "UDP h%zu;branch=z9hG4bK%zu%s", i,
			 i, i ? "\r\n" : ";received=192.0.2.111\r\n");
		at = strstr(at, want);
		CHECK(at, want);
	}
	head.too_many_vias = true;
	CHECK_EQ(0, reply_build(out, ROOM, &reply, &req), "one more");
	head.too_many_vias = false;
	head.via_cnt = 0;
	CHECK_EQ(0, reply_build(out, ROOM, &reply, &req), "no Via at all");
}

/* ---- the bound: at most 1.5 times the request, whatever its size */

/* What a reply with everything loses, one after the other, as reply.h says. */
static const struct {
	const char *what;
	const char *text;
} stages[] = {
	{ "everything", "SIP/2.0 503 Service Unavailable\r\n" HEAD
	  "Contact: <sip:a>;q=1.0;expires=60, <sip:b>;q=0.9;expires=60\r\n"
	  "Retry-After: 5\r\nUnsupported: foo\r\nAllow: INVITE\r\n"
	  "Server: sip-anycast\r\nContent-Length: 0\r\n\r\n" },
	{ "Server goes", "SIP/2.0 503 Service Unavailable\r\n" HEAD
	  "Contact: <sip:a>;q=1.0;expires=60, <sip:b>;q=0.9;expires=60\r\n"
	  "Retry-After: 5\r\nUnsupported: foo\r\nAllow: INVITE\r\n"
	  "Content-Length: 0\r\n\r\n" },
	{ "Allow goes", "SIP/2.0 503 Service Unavailable\r\n" HEAD
	  "Contact: <sip:a>;q=1.0;expires=60, <sip:b>;q=0.9;expires=60\r\n"
	  "Retry-After: 5\r\nUnsupported: foo\r\n"
	  "Content-Length: 0\r\n\r\n" },
	{ "fallbacks go", "SIP/2.0 503 Service Unavailable\r\n" HEAD
	  "Contact: <sip:a>;expires=60\r\n"
	  "Retry-After: 5\r\nUnsupported: foo\r\n"
	  "Content-Length: 0\r\n\r\n" },
	{ "expires goes", "SIP/2.0 503 Service Unavailable\r\n" HEAD
	  "Contact: <sip:a>\r\n"
	  "Retry-After: 5\r\nUnsupported: foo\r\n"
	  "Content-Length: 0\r\n\r\n" },
	{ "Retry-After and Unsupported go",
	  "SIP/2.0 503 Service Unavailable\r\n" HEAD
	  "Contact: <sip:a>\r\nContent-Length: 0\r\n\r\n" },
	{ "the reason phrase goes (it may be empty, RFC 3261 25.1)",
	  "SIP/2.0 503 \r\n" HEAD
	  "Contact: <sip:a>\r\nContent-Length: 0\r\n\r\n" },
	{ "Content-Length goes (a datagram ends by itself, 18.3)",
	  "SIP/2.0 503 \r\n" HEAD "Contact: <sip:a>\r\n\r\n" },
	{ "nothing is left to give up", "" },
};

static const struct reply with_everything = {
	.status = 503,
	.phrase = "Service Unavailable",
	.to_tag = { "a1-0123456789abcdef", 19 },
	.contacts = { { "sip:a", 5 }, { "sip:b", 5 } },
	.contact_cnt = 2,
	.expires_s = 60,
	.retry_after_s = 5,
	.unsupported = { "foo", 3 },
	.allow = "INVITE",
	.server = "sip-anycast",
	.datagram = true,
};

static void a_datagram_of_any_size_is_never_amplified(void **state)
{
	struct reply_request req = request();
	unsigned seen = 0;

	(void)state;
	for (req.bytes = 0; req.bytes <= 65535; req.bytes++) {
		size_t stage = 0;

		while (2 * strlen(stages[stage].text) > 3 * req.bytes)
			stage++;
		CHECK_STR(stages[stage].text, built(&with_everything, &req),
			  stages[stage].what);
		seen |= 1U << stage;
	}
	CHECK_EQ((1U << ARRAY_SIZE(stages)) - 1, seen, "stages");
}

/* The reply grows with what it brings back: the header is padded, not a body. */
static void a_request_that_is_all_header_is_not_amplified(void **state)
{
	static char call_id[65536 + 16], via[65536 + 64];
	struct reply_request req = request();
	static const size_t lens[] = {
		1, 2, 3, 10, 50, 100, 200, 300, 301, 302, 303, 500, 1000, 1300,
		1500, 5000, 10000, 30000, 32000,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		for (size_t j = 0; j < ARRAY_SIZE(lens); j++) {
			size_t len;

			snprintf(call_id, sizeof(call_id), "i:%0*d\r\n",
				 (int)lens[i], 0);
			snprintf(via, sizeof(via), "v:SIP/2.0/UDP %0*d\r\n",
				 (int)lens[j], 0);
			head.via_cnt = 1;
			head.vias[0] = slice_str(via);
			head.call_id = slice_str(call_id);
			/* the smallest request that could bring them */
			req.bytes = strlen("INVITE a:b SIP/2.0\r\n\r\n") +
				    head.vias[0].len + head.from.len +
				    head.to.len + head.call_id.len +
				    head.cseq.len;
			len = reply_build(out, ROOM, &with_everything, &req);
			CHECK(2 * len <= 3 * req.bytes, "bound");
			CHECK(len, "even the smallest request is answered");
		}
}

static void a_stream_is_not_bounded_and_keeps_everything(void **state)
{
	struct reply_request req = request();
	struct reply reply = with_everything;

	(void)state;
	reply.datagram = false;
	for (req.bytes = 0; req.bytes < 2000; req.bytes++)
		CHECK_STR(stages[0].text, built(&reply, &req), "stream");
}

static void what_does_not_fit_the_buffer_is_not_sent(void **state)
{
	struct reply_request req = request();
	struct reply reply = with_everything;
	size_t full = strlen(stages[0].text);
	size_t least = strlen(stages[ARRAY_SIZE(stages) - 2].text);

	(void)state;
	req.bytes = 65535;
	for (size_t size = 0; size < full + 10; size++) {
		reply.datagram = false;
		CHECK_EQ(size < full ? 0 : full,
			 reply_build(out, size, &reply, &req), "stream");
		/* a datagram gives up parts for the buffer, too */
		reply.datagram = true;
		CHECK_EQ(size >= least,
			 reply_build(out, size, &reply, &req) > 0, "datagram");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redirect_is_what_the_rfc_says),
		cmocka_unit_test(each_part_is_there_when_it_is_asked_for),
		cmocka_unit_test(fields_go_back_as_they_came),
		cmocka_unit_test(
			as_many_vias_as_there_may_be_come_back_in_order),
		cmocka_unit_test(a_datagram_of_any_size_is_never_amplified),
		cmocka_unit_test(a_request_that_is_all_header_is_not_amplified),
		cmocka_unit_test(a_stream_is_not_bounded_and_keeps_everything),
		cmocka_unit_test(what_does_not_fit_the_buffer_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
