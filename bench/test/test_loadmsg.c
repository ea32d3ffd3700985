/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "bench/loadmsg.h"

#define BOB "bob@192.0.2.1:5060"

/* The names of request 0x2a of run "00c0ffee". */
#define UNIQUE "00c0ffee-000000000000002a"
#define VIA "Via: SIP/2.0/UDP 127.0.0.9:7;rport=7;branch=z9hG4bK-" UNIQUE "\r\n"
#define FROM "From: \"Load\" <sip:load@192.0.2.53>;tag=" UNIQUE "\r\n"
#define TO "To: <sip:bob@192.0.2.53>;tag=a1-0123456789abcdef\r\n"
#define CALL_ID "Call-ID: " UNIQUE "@sipload\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define CONTACT "Contact: <sip:" BOB ";transport=udp>\r\n"
#define END "Content-Length: 0\r\n\r\n"
#define MOVED "SIP/2.0 302 Moved Temporarily\r\n"

static struct loadmsg_shape make_shape(const char *method, bool body)
{
	struct loadmsg_shape shape = {
		.method = slice_str(method),
		.user = slice_str("bob"),
		.ruri_host = slice_str("192.0.2.53"),
		.domain = slice_str("192.0.2.53"),
		.body = body,
	};

	memcpy(shape.run, "00c0ffee", LOADMSG_RUN_LEN);
	return shape;
}

static struct loadmsg_request make_request(uint64_t id)
{
	return (struct loadmsg_request){
		.id = id,
		.source = { htonl(0x7f0a6409) },	/* 127.10.100.9 */
		.port = 40404,
		.agent = 17,
	};
}

static void a_request_is_complete(void **state)
{
	static const char *const parts[] = {
		"INVITE sip:bob@192.0.2.53 SIP/2.0\r\n",
		"\r\nVia: SIP/2.0/UDP 127.10.100.9:40404;rport;"
		"branch=z9hG4bK-" UNIQUE "\r\n",
		"\r\nMax-Forwards: 70\r\n",
		">;tag=" UNIQUE "\r\nTo: <sip:bob@192.0.2.53>\r\n",
		"\r\nCall-ID: " UNIQUE "@sipload\r\n",
		"\r\nCSeq: 1 INVITE\r\n",
		"\r\nUser-Agent: sipload/1.0 agent-17\r\n",
		"\r\nContact: <sip:load@127.10.100.9:40404>\r\n",
		"\r\n\r\nv=0\r\n",
	};
	struct loadmsg_shape shape = make_shape("INVITE", true);
	struct loadmsg_request req = make_request(0x2a);
	char text[LOADMSG_MAX];
	size_t len = loadmsg_write(text, &shape, &req);
	unsigned body_len = 0;
	const char *body;

	(void)state;
	assert_true(len > 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!memmem(text, len, parts[i], strlen(parts[i])))
			fail_msg("no `%s' in\n%.*s", parts[i], (int)len, text);

	body = memmem(text, len, "\r\n\r\n", 4);
	assert_non_null(body);
	assert_int_equal(sscanf(strstr(text, "Content-Length: "),
				"Content-Length: %u", &body_len), 1);
	assert_int_equal((size_t)(text + len - body) - 4, body_len);
}

static void two_requests_share_no_name(void **state)
{
	struct loadmsg_shape shape = make_shape("OPTIONS", false);
	struct loadmsg_request one = make_request(1), two = make_request(2);
	char text[LOADMSG_MAX], other[LOADMSG_MAX];
	size_t len = loadmsg_write(text, &shape, &one);
	struct loadmsg_reply a, b;

	(void)state;
	assert_int_equal(loadmsg_write(other, &shape, &two), len);
	assert_int_equal(loadmsg_read(&a, slice_of(text, len)), 0);
	assert_int_equal(loadmsg_read(&b, slice_of(other, len)), 0);
	assert_false(slice_equal(a.branch, b.branch));
	assert_false(slice_equal(a.call_id, b.call_id));
	assert_false(slice_equal(a.from_tag, b.from_tag));
}

static void an_ack_names_its_transaction(void **state)
{
	struct loadmsg_shape shape = make_shape("INVITE", true);
	struct loadmsg_request req = make_request(0x2a);
	char text[LOADMSG_MAX];
	size_t len = loadmsg_write_ack(text, &shape, &req,
				       slice_str("<sip:b@c>;tag=a1-77"));
	struct loadmsg_reply read;

	(void)state;
	assert_true(len > 0);
	assert_int_equal(loadmsg_read(&read, slice_of(text, len)), 0);
	assert_int_equal(memcmp(text, "ACK sip:bob@192.0.2.53 ", 23), 0);
	assert_true(slice_equal(read.branch, slice_str("z9hG4bK-" UNIQUE)));
	assert_true(slice_equal(read.from_tag, slice_str(UNIQUE)));
	assert_true(slice_equal(read.to_tag, slice_str("a1-77")));
	assert_true(slice_equal(read.cseq, slice_str("1 ACK")));
	assert_int_equal(memcmp(text + len - 4, "\r\n\r\n", 4), 0);
}

static void what_does_not_fit_is_not_sent(void **state)
{
	static char longer[LOADMSG_MAX];
	struct loadmsg_shape shape = make_shape("INVITE", true);
	struct loadmsg_request req = make_request(1);
	char text[LOADMSG_MAX];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	shape.ruri_host = slice_of(longer, sizeof(longer));
	assert_int_equal(loadmsg_write(text, &shape, &req), 0);
	shape.domain = slice_of(longer, sizeof(longer));
	assert_int_equal(loadmsg_write(text, &shape, &req), 0);
}

static void an_id_survives_the_way(void **state)
{
	static const uint64_t ids[] = { 0, 1, 0x2a, 0xdeadbeefcafe,
					UINT64_MAX };
	struct loadmsg_shape shape = make_shape("INVITE", true);

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct loadmsg_request req = make_request(ids[i]);
		struct loadmsg_reply read;
		char text[LOADMSG_MAX];
		size_t len = loadmsg_write(text, &shape, &req);
		uint64_t id = ~ids[i];

		assert_int_equal(loadmsg_read(&read, slice_of(text, len)), 0);
		assert_int_equal(loadmsg_id(&id, &shape, read.call_id), 0);
		assert_true(id == ids[i]);
	}
}

static void a_foreign_call_id_has_no_id(void **state)
{
	static const char *const call_ids[] = {
		"",
		"00c0ffee-000000000000002a",		/* no end */
		"00c0ffef-000000000000002a@sipload",	/* another run */
		"00c0ffee-000000000000002A@sipload",	/* upper case */
		"00c0ffee-00000000000002a@sipload",	/* short */
		"00c0ffee-0000000000000002a@sipload",	/* long */
		"00c0ffee+000000000000002a@sipload",
		"00c0ffee-00000000000000 a@sipload",
	};
	struct loadmsg_shape shape = make_shape("INVITE", true);

	(void)state;
	for (size_t i = 0; i < sizeof(call_ids) / sizeof(call_ids[0]); i++) {
		uint64_t id;

		assert_int_equal(loadmsg_id(&id, &shape,
					    slice_str(call_ids[i])), EBADMSG);
	}
}

static void each_flaw_of_an_answer_has_its_verdict(void **state)
{
	static const struct {
		enum loadmsg_verdict want;
		const char *text;
	} cases[] = {
		{ LOADMSG_RIGHT,
		  MOVED VIA FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_RIGHT,	/* compact names, another case */
		  MOVED "v: x/y/z a;branch=z9hG4bK-" UNIQUE "\r\n"
		  "f: <sip:a@b>;tag=" UNIQUE "\r\nt: <sip:a@b>;tag=z\r\n"
		  "i: " UNIQUE "@sipload\r\ncseq: 1 INVITE\r\n"
		  "m:<sip:" BOB ">\r\nl: 0\r\n\r\n" },
		{ LOADMSG_RIGHT,	/* a second Via is not ours to judge */
		  MOVED VIA "Via: SIP/2.0/UDP far;branch=z9hG4bKfar\r\n"
		  FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_RIGHT,	/* commas that part nothing */
		  MOVED VIA FROM TO CALL_ID CSEQ
		  "Contact: \"a, \\\", b\" <sip:" BOB ";x=,>;q=1\r\n" END },
		{ LOADMSG_NOT_A_REPLY,
		  "INVITE sip:bob@192.0.2.53 SIP/2.0\r\n"
		  VIA FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_WRONG_STATUS, "SIP/2.0 301 Moved Permanently\r\n"
		  VIA FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_WRONG_STATUS, "SIP/2.0 100 Trying\r\n"
		  VIA FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_WRONG_BRANCH, MOVED FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_WRONG_BRANCH,
		  MOVED "Via: SIP/2.0/UDP a;branch=z9hG4bK-" UNIQUE "0\r\n"
		  VIA FROM TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_WRONG_FROM_TAG, MOVED VIA TO CALL_ID CSEQ CONTACT END },
		{ LOADMSG_WRONG_CSEQ, MOVED VIA FROM TO CALL_ID CONTACT END },
		{ LOADMSG_WRONG_CSEQ,
		  MOVED VIA FROM TO CALL_ID "CSeq: 11 INVITE\r\n" CONTACT END },
		{ LOADMSG_WRONG_CSEQ,
		  MOVED VIA FROM TO CALL_ID "CSeq: 1 ACK\r\n" CONTACT END },
		{ LOADMSG_NO_TO_TAG, MOVED VIA FROM CALL_ID CSEQ CONTACT END },
		{ LOADMSG_NO_TO_TAG,	/* a tag within the URI is none */
		  MOVED VIA FROM "To: <sip:bob@b;tag=x>\r\n"
		  CALL_ID CSEQ CONTACT END },
		{ LOADMSG_NO_CONTACT, MOVED VIA FROM TO CALL_ID CSEQ END },
		{ LOADMSG_MANY_CONTACTS,
		  MOVED VIA FROM TO CALL_ID CSEQ CONTACT CONTACT END },
		{ LOADMSG_MANY_CONTACTS,
		  MOVED VIA FROM TO CALL_ID CSEQ
		  "Contact: <sip:" BOB ">,<sip:x@y>\r\n" END },
		{ LOADMSG_WRONG_CONTACT,
		  MOVED VIA FROM TO CALL_ID CSEQ
		  "Contact: <sip:192.0.2.1:5060>\r\n" END },
		{ LOADMSG_WRONG_CONTACT,
		  MOVED VIA FROM TO CALL_ID CSEQ
		  "Contact: <sip:" BOB "0>\r\n" END },
		{ LOADMSG_WRONG_CONTACT,
		  MOVED VIA FROM TO CALL_ID CSEQ "Contact: sip:" BOB "\r\n" END },
		{ LOADMSG_WRONG_CONTACT,
		  MOVED VIA FROM TO CALL_ID CSEQ
		  "Contact: <sip:<null>@192.0.2.1>\r\n" END },
	};
	struct loadmsg_shape shape = make_shape("INVITE", true);
	struct loadmsg_want want = { .status = 302, .contact = slice_str(BOB) };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loadmsg_reply reply;
		enum loadmsg_verdict got;

		assert_int_equal(loadmsg_read(&reply,
					      slice_str(cases[i].text)), 0);
		got = loadmsg_judge(&reply, &shape, &want, 0x2a);
		if (got != cases[i].want)
			fail_msg("%s instead of %s:\n%s",
				 loadmsg_verdict_name(got),
				 loadmsg_verdict_name(cases[i].want),
				 cases[i].text);
		assert_int_not_equal(loadmsg_judge(&reply, &shape, &want, 0x2b),
				     LOADMSG_RIGHT);
	}
}

static void other_wants_are_judged_too(void **state)
{
	struct loadmsg_shape shape = make_shape("INVITE", true);
	struct loadmsg_want final = { .status = 0 };
	struct loadmsg_want plain = { .status = 302 };
	struct loadmsg_want any = { .status = 302, .any_contact = true };
	struct loadmsg_reply reply;

	(void)state;
	assert_int_equal(loadmsg_read(&reply, slice_str("SIP/2.0 404 No\r\n"
				      VIA FROM TO CALL_ID CSEQ END)), 0);
	assert_int_equal(loadmsg_judge(&reply, &shape, &final, 0x2a),
			 LOADMSG_RIGHT);
	assert_int_equal(loadmsg_judge(&reply, &shape, &plain, 0x2a),
			 LOADMSG_WRONG_STATUS);
	assert_int_equal(loadmsg_read(&reply, slice_str("SIP/2.0 100 Wait\r\n"
				      VIA FROM TO CALL_ID CSEQ END)), 0);
	assert_int_equal(loadmsg_judge(&reply, &shape, &final, 0x2a),
			 LOADMSG_WRONG_STATUS);
	assert_int_equal(loadmsg_read(&reply, slice_str(MOVED
				      VIA FROM TO CALL_ID CSEQ CONTACT END)), 0);
	assert_int_equal(loadmsg_judge(&reply, &shape, &plain, 0x2a),
			 LOADMSG_MANY_CONTACTS);
	assert_int_equal(loadmsg_judge(&reply, &shape, &any, 0x2a),
			 LOADMSG_RIGHT);
	assert_int_equal(loadmsg_read(&reply, slice_str(MOVED
				      VIA FROM TO CALL_ID CSEQ END)), 0);
	assert_int_equal(loadmsg_judge(&reply, &shape, &any, 0x2a),
			 LOADMSG_NO_CONTACT);
	assert_int_equal(loadmsg_read(&reply, slice_str(MOVED
				      VIA FROM TO CALL_ID CSEQ
				      "Contact: <tel:1>\r\n" END)), 0);
	assert_int_equal(loadmsg_judge(&reply, &shape, &any, 0x2a),
			 LOADMSG_WRONG_CONTACT);
}

static void what_is_no_sip_message_is_malformed(void **state)
{
	static const char *const texts[] = {
		"", "\r\n", "\r\n\r\n", "x", "SIP/2.0 302\r\n\r\n",
		"SIP/2.0 3x2 Moved\r\n\r\n", "SIP/2.0 999 Beyond\r\n\r\n",
		"SIP/3.0 302 Moved\r\n\r\n",
		MOVED,					/* no end */
		MOVED VIA FROM TO CALL_ID CSEQ CONTACT,
		MOVED "no colon here\r\n\r\n",
		MOVED ": no name\r\n\r\n",
		MOVED "Via: bare line feed\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct loadmsg_reply reply;

		if (loadmsg_read(&reply, slice_str(texts[i])) != EBADMSG)
			fail_msg("taken: `%s'", texts[i]);
	}
}

/* Every prefix of a right answer, in memory that ends where it ends: a read
 * beyond shows under the address sanitizer.
 */
static void a_cut_answer_is_malformed(void **state)
{
	static const char text[] = MOVED VIA FROM TO CALL_ID CSEQ CONTACT END;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct loadmsg_reply reply;
		char *copy = test_malloc(len + !len);

		memcpy(copy, text, len);
		assert_int_equal(loadmsg_read(&reply, slice_of(copy, len)),
				 EBADMSG);
		test_free(copy);
	}
}

static void every_verdict_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOADMSG_VERDICTS; i++)
		assert_string_not_equal(loadmsg_verdict_name(i), "unknown");
	assert_string_equal(loadmsg_verdict_name(LOADMSG_VERDICTS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_complete),
		cmocka_unit_test(two_requests_share_no_name),
		cmocka_unit_test(an_ack_names_its_transaction),
		cmocka_unit_test(what_does_not_fit_is_not_sent),
		cmocka_unit_test(an_id_survives_the_way),
		cmocka_unit_test(a_foreign_call_id_has_no_id),
		cmocka_unit_test(each_flaw_of_an_answer_has_its_verdict),
		cmocka_unit_test(other_wants_are_judged_too),
		cmocka_unit_test(what_is_no_sip_message_is_malformed),
		cmocka_unit_test(a_cut_answer_is_malformed),
		cmocka_unit_test(every_verdict_has_a_name),
	};

	return cmocka_run_group_tests_name("loadmsg", tests, NULL, NULL);
}
