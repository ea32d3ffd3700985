/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "health-agent/probe/sip_frame.h"
#include "health-agent/probe/sip_osip.h"

#define STATUS "SIP/2.0 302 Moved Temporarily\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.53:40000;rport=40000;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:probe@sip.example.net>;tag=f1\r\n"
#define TO "To: <sip:probe@sip.example.net>;tag=a1-1\r\n"
#define CALL_ID "Call-ID: c1\r\n"
#define CSEQ "CSeq: 7 INVITE\r\n"
#define CONTACT "Contact: <sip:probe@198.51.100.11:5060>\r\n"
#define ALL VIA FROM TO CALL_ID CSEQ

static int read_text(struct sip_reply *out, const char *text)
{
	return sip_osip_read(out, slice_str(text));
}

static void a_reply_is_read(void **state)
{
	struct sip_reply r;

	(void)state;
	assert_int_equal(read_text(&r, STATUS ALL CONTACT "\r\n"), 0);
	assert_int_equal(r.status, 302);
	assert_string_equal(r.reason, "Moved Temporarily");
	assert_int_equal(r.via_cnt, 1);
	assert_string_equal(r.sent_by, "192.0.2.53");
	assert_int_equal(r.sent_by_port, 40000);
	assert_string_equal(r.branch, "z9hG4bK1");
	assert_string_equal(r.call_id, "c1");
	assert_string_equal(r.from_tag, "f1");
	assert_string_equal(r.to_tag, "a1-1");
	assert_int_equal(r.cseq, 7);
	assert_string_equal(r.method, "INVITE");
	assert_int_equal(r.contact_cnt, 1);
	assert_string_equal(r.contact, "sip:probe@198.51.100.11:5060");
}

static void it_may_be_written_in_other_ways(void **state)
{
	static const char *const same[] = {
		/* compact, other order, white space, other case */
		STATUS "m:<sip:probe@198.51.100.11:5060>\r\nCSEQ:  7   INVITE"
		"\r\ni: c1 \r\nt: sip:probe@sip.example.net;tag=a1-1\r\nf: "
		"\"A, B\" <sip:probe@sip.example.net> ; tag=f1\r\nv: SIP/2.0/"
		"UDP 192.0.2.53:40000;branch=z9hG4bK1;rport\r\n\r\n",
		/* folded */
		STATUS "Via: SIP/2.0/UDP\r\n 192.0.2.53:40000\r\n\t;rport;"
		"branch=z9hG4bK1\r\n" FROM TO CALL_ID CSEQ CONTACT "\r\n",
		/* LF alone */
		"SIP/2.0 302 Moved Temporarily\n"
		"Via: SIP/2.0/UDP 192.0.2.53:40000;branch=z9hG4bK1\n"
		"From: <sip:probe@sip.example.net>;tag=f1\n"
		"To: <sip:probe@sip.example.net>;tag=a1-1\n"
		"Call-ID: c1\nCSeq: 7 INVITE\n"
		"Contact: <sip:probe@198.51.100.11:5060>\n\n",
		/* a body, with its own ideas of what it is */
		STATUS ALL CONTACT "Content-Type: multipart/mixed;boundary=x"
		"\r\nContent-Length: 9999\r\n\r\n\r\n--x\r\n",
		/* fields nobody knows, and NULs in them */
		STATUS "X-\x01: \xff\r\nno colon at all\r\n: :\r\n" ALL CONTACT
		"\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct sip_reply r;

		print_message("%s\n", same[i]);
		assert_int_equal(read_text(&r, same[i]), 0);
		assert_int_equal(r.status, 302);
		assert_string_equal(r.reason, "Moved Temporarily");
		assert_int_equal(r.via_cnt, 1);
		assert_string_equal(r.sent_by, "192.0.2.53");
		assert_string_equal(r.branch, "z9hG4bK1");
		assert_string_equal(r.call_id, "c1");
		assert_string_equal(r.from_tag, "f1");
		assert_string_equal(r.to_tag, "a1-1");
		assert_int_equal(r.cseq, 7);
		assert_string_equal(r.method, "INVITE");
		assert_string_equal(r.contact,
				    "sip:probe@198.51.100.11:5060");
	}
}

static void odd_values_are_told_apart(void **state)
{
	struct sip_reply r;

	(void)state;
	assert_int_equal(read_text(&r, STATUS
				   "Via: SIP/2.0/TLS [2001:db8::1]:5;branch=b"
				   "\r\n" VIA FROM TO "Call-ID: a@b\r\n" CSEQ
				   "Contact: <sip:a@[2001:db8::2]:5060;"
				   "transport=tcp>;q=1.0, <sip:b@x>\r\n\r\n"),
			 0);
	assert_int_equal(r.via_cnt, 2);
	assert_string_equal(r.sent_by, "2001:db8::1");
	assert_string_equal(r.call_id, "a@b");
	assert_int_equal(r.contact_cnt, 2);
	assert_string_equal(r.contact,
			    "sip:a@[2001:db8::2]:5060;transport=tcp");

	assert_int_equal(read_text(&r, "SIP/2.0 100 \r\nVia: SIP/2.0/UDP h"
				   "\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\n"
				   CALL_ID CSEQ "\r\n"), 0);
	assert_string_equal(r.reason, "");
	assert_string_equal(r.branch, "");
	assert_string_equal(r.to_tag, "");
	assert_int_equal(r.sent_by_port, 0);
	assert_int_equal(r.contact_cnt, 0);

	assert_int_equal(read_text(&r, "SIP/2.0 486 B\x1b[2J\xc3\xa4\r\n" ALL
				   "Contact: *\r\n\r\n"), 0);
	assert_string_equal(r.reason, "B?[2J??");
	assert_string_equal(r.contact, "");
}

#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

static void what_is_no_reply_of_ours_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "\r\n\r\n", STATUS, STATUS ALL, STATUS "\r\n",
		"SIP/2.0 302\r\n" ALL "\r\n",
		"SIP/2.0 30 X\r\n" ALL "\r\n",
		"SIP/2.0 3020 X\r\n" ALL "\r\n",
		"SIP/2.0 099 X\r\n" ALL "\r\n",
		"SIP/2.0 700 X\r\n" ALL "\r\n",
		"SIP/2.0 -20 X\r\n" ALL "\r\n",
		"SIP/2.0 99999999999999999999 X\r\n" ALL "\r\n",
		"SIP/1.0 200 X\r\n" ALL "\r\n",
		"INVITE sip:a@b SIP/2.0\r\n" ALL "\r\n",
		STATUS FROM TO CALL_ID CSEQ "\r\n",
		STATUS VIA TO CALL_ID CSEQ "\r\n",
		STATUS VIA FROM CALL_ID CSEQ "\r\n",
		STATUS VIA FROM TO CSEQ "\r\n",
		STATUS VIA FROM TO CALL_ID "\r\n",
		STATUS ALL FROM "\r\n",			/* twice */
		STATUS ALL CALL_ID "\r\n",
		STATUS VIA FROM TO CALL_ID "CSeq: x INVITE\r\n\r\n",
		STATUS VIA FROM TO CALL_ID "CSeq: 7\r\n\r\n",
		STATUS VIA FROM TO CALL_ID "CSeq: 4294967296 A\r\n\r\n",
		STATUS VIA FROM TO CALL_ID "CSeq: 7 " X8 X8 "\r\n\r\n",
		STATUS VIA FROM TO "Call-ID: " X64 X64 "\r\n" CSEQ "\r\n",
		STATUS FROM TO CALL_ID CSEQ
		"Via: SIP/2.0/UDP h;branch=" X64 X64 "\r\n\r\n",
		STATUS FROM TO CALL_ID CSEQ
		"Via: SIP/2.0/UDP h:99999;branch=a\r\n\r\n",
		STATUS FROM TO CALL_ID CSEQ "Via: SIP/2.0/UDP\r\n\r\n",
		STATUS ALL "Contact: <sip:" X64 X64 X64 X64 X64 X64 X64 X64
		"@a>\r\n\r\n",
	};
	struct sip_reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(read_text(&r, bad[i]), EBADMSG);
	}
	/* a NUL in what the library would be given */
	assert_int_equal(sip_osip_read(&r, slice_of(STATUS ALL "m: \0\r\n\r\n",
						    sizeof(STATUS ALL) + 7)),
			 EBADMSG);
}

/* libosip2's lists cost the square of their length. */
static void much_of_everything_is_refused_fast(void **state)
{
	static const char *const units[] = {
		"v: SIP/2.0/UDP h;branch=b\r\n", "m: <sip:a@b>\r\n",
		"m: <sip:a@b>;a;b;c;d;e;f;g;h;i\r\n",
	};
	char *text = malloc(SIP_FRAME_MAX + 1);
	struct sip_reply r;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i]);
		size_t at = sizeof(STATUS ALL) - 1;

		memcpy(text, STATUS ALL, at);
		while (at + len + 2 < SIP_FRAME_MAX) {
			memcpy(text + at, units[i], len);
			at += len;
		}
		memcpy(text + at, "\r\n", 3);
		assert_int_equal(read_text(&r, text), EBADMSG);
	}
	memset(text, ';', SIP_FRAME_MAX);
	memcpy(text, STATUS ALL "m: a", sizeof(STATUS ALL) + 3);
	memcpy(text + SIP_FRAME_MAX - 4, "\r\n\r\n", 5);
	assert_int_equal(read_text(&r, text), EBADMSG);
	free(text);
}

/* Standard output belongs to ExaBGP. */
static void the_library_says_nothing(void **state)
{
	int out = memfd_create("stdout", 0), kept = dup(1);
	struct sip_reply r;
	off_t said;

	(void)state;
	assert_true(out >= 0 && kept >= 0);
	fflush(stdout);
	dup2(out, 1);
	read_text(&r, STATUS VIA FROM TO "CSeq: x\r\nVia: x\r\n\r\n");
	read_text(&r, STATUS VIA FROM TO "Call-ID:\r\nTo: <\r\n: x\r\n\r\n");
	fflush(stdout);
	dup2(kept, 1);
	said = lseek(out, 0, SEEK_END);
	close(kept);
	close(out);
	assert_int_equal(said, 0);
}

static void a_request_is_written(void **state)
{
	static const char want[] =
		"INVITE sip:probe@sip.example.net SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.53:40000;rport;branch=z9hG4bK1\r\n"
		"From: <sip:probe@sip.example.net>;tag=f1\r\n"
		"To: <sip:probe@sip.example.net>\r\n"
		"Call-ID: c1\r\n"
		"CSeq: 7 INVITE\r\n"
		"Contact: <sip:probe@192.0.2.53:40000>\r\n"
		"Max-Forwards: 70\r\n"
		"User-Agent: sip-anycast-health\r\n"
		"X-Anycast-Probe: fra1 1 00\r\n"
		"Content-Length: 0\r\n\r\n";
	struct sip_request req = {
		.method = "INVITE",
		.uri = "sip:probe@sip.example.net",
		.via = "SIP/2.0/UDP 192.0.2.53:40000;rport;branch=z9hG4bK1",
		.from = "<sip:probe@sip.example.net>;tag=f1",
		.to = "<sip:probe@sip.example.net>",
		.call_id = "c1",
		.cseq = 7,
		.contact = "<sip:probe@192.0.2.53:40000>",
		.user_agent = "sip-anycast-health",
		.probe = "fra1 1 00",
	};
	char text[SIP_REQUEST_MAX];
	char large[SIP_REQUEST_MAX];

	(void)state;
	assert_int_equal(sip_osip_write(text, &req), sizeof(want) - 1);
	assert_string_equal(text, want);

	req.uri = "no uri";
	assert_int_equal(sip_osip_write(text, &req), 0);
	req.uri = "sip:a@b";
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	req.probe = large;
	assert_int_equal(sip_osip_write(text, &req), 0);
	req.probe = "";
	req.contact = "";
	req.user_agent = "";
	assert_int_not_equal(sip_osip_write(text, &req), 0);
	assert_null(strstr(text, "Contact"));
	assert_null(strstr(text, "User"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_is_read),
		cmocka_unit_test(it_may_be_written_in_other_ways),
		cmocka_unit_test(odd_values_are_told_apart),
		cmocka_unit_test(what_is_no_reply_of_ours_is_refused),
		cmocka_unit_test(much_of_everything_is_refused_fast),
		cmocka_unit_test(the_library_says_nothing),
		cmocka_unit_test(a_request_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
