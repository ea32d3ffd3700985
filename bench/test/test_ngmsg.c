/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "bench/ngmsg.h"

enum { RUN = 0xcafe };

static struct ngmsg_call sample(uint64_t number)
{
	return (struct ngmsg_call){
		.run = RUN,
		.number = number,
		.caller = { .sin_family = AF_INET, .sin_port = htons(16384),
			    .sin_addr.s_addr = htonl(0x0ac80102) },
		.callee = { .sin_family = AF_INET, .sin_port = htons(65534),
			    .sin_addr.s_addr = htonl(0x0ac9fffe) },
	};
}

static void assert_has(const char *text, size_t len, const char *piece)
{
	if (!memmem(text, len, piece, strlen(piece)))
		fail_msg("`%.*s' has no `%s'", (int)len, text, piece);
}

static void an_offer_carries_the_callers_media(void **state)
{
	struct ngmsg_call call = sample(7);
	char text[NGMSG_MAX];
	size_t len = ngmsg_write(text, NGMSG_OFFER, &call, 3);

	(void)state;
	assert_has(text, len, "0000cafe_3 d8:supportsl10:load limite3:sdp");
	assert_has(text, len, "c=IN IP4 10.200.1.2\r\n");
	assert_has(text, len, "m=audio 16384 RTP/AVP 8 0 9 18 101\r\n");
	assert_has(text, len, "a=rtcp:16385 IN IP4 10.200.1.2\r\n");
	assert_has(text, len, "7:call-id21:0000cafe-7@bench.test");
	assert_has(text, len, "13:received-froml3:IP410:10.200.1.2e");
	assert_has(text, len, "8:from-tag10:0000cafef77:command5:offere");
	assert_null(memmem(text, len, "6:to-tag", 8));
}

static void an_answer_carries_the_callees_media_and_tag(void **state)
{
	struct ngmsg_call call = sample(7);
	char text[NGMSG_MAX];
	size_t len = ngmsg_write(text, NGMSG_ANSWER, &call, 4);

	(void)state;
	assert_has(text, len, "c=IN IP4 10.201.255.254\r\n");
	assert_has(text, len, "m=audio 65534 RTP/AVP 0 101\r\n");
	assert_has(text, len, "6:to-tag10:0000cafet77:command6:answere");
}

static void a_delete_has_no_body(void **state)
{
	struct ngmsg_call call = sample(7);
	char text[NGMSG_MAX];
	size_t len = ngmsg_write(text, NGMSG_DELETE, &call, 5);

	(void)state;
	assert_null(memmem(text, len, "3:sdp", 5));
	assert_has(text, len, "7:command6:deletee");
}

/* Also that the longest fits: a cut one would not end its dictionary. */
static void what_is_written_is_bencode(void **state)
{
	struct ngmsg_call call = sample(UINT64_MAX);
	char text[NGMSG_MAX];

	(void)state;
	for (unsigned op = 0; op < NGMSG_OPS; op++) {
		struct ngmsg_reply r;
		size_t len = ngmsg_write(text, op, &call, UINT64_MAX);

		assert_int_equal(ngmsg_read(&r, RUN, slice_of(text, len)), 0);
		assert_true(r.cookie == UINT64_MAX);
		assert_int_equal(r.media.sin_family,
				 op == NGMSG_OFFER || op == NGMSG_ANSWER
				 ? AF_INET : 0);
		if (op == NGMSG_ANSWER) {
			assert_int_equal(ntohs(r.media.sin_port), 65534);
			assert_int_equal(ntohl(r.media.sin_addr.s_addr),
					 0x0ac9fffe);
		}
	}
}

static void replies_are_read(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *result, *reason;
		unsigned port;
	} rows[] = {
		{ "0000cafe_9 d6:result2:oke", 0, "ok", "", 0 },
		{ "0000cafe_9 d6:result5:error12:error-reason3:whye", 0,
		  "error", "why", 0 },
		{ "0000cafe_9 d6:result10:load limit7:message4:fulle", 0,
		  "load limit", "full", 0 },
		{ "0000cafe_9 d4:tagsd1:ad3:sdp1:xee7:createdi12e"
		  "6:result2:oke", 0, "ok", "", 0 },
		{ "0000cafe_9 d3:sdp35:m=audio 30 RTP/AVP\nc=IN IP4 1.2.3.4"
		  "6:result2:oke", 0, "ok", "", 30 },
		{ "0000cafe_9 d3:sdp19:m=audio 30 RTP/AVP\n6:result2:oke", 0,
		  "ok", "", 0 },
		{ "0000beef_9 d6:result2:oke", ENOENT, "", "", 0 },
		{ "0000cafe_9 d6:result2:ok", EBADMSG, "", "", 0 },
		{ "0000cafe_9 d6:result3:oke", EBADMSG, "", "", 0 },
		{ "0000cafe_9 d6:result2:okee", EBADMSG, "", "", 0 },
		{ "0000cafe_9 d1:alllllllllle", EBADMSG, "", "", 0 },
		{ "0000cafe_9 d1:a", EBADMSG, "", "", 0 },
		{ "0000cafe_9 d1:aee", EBADMSG, "", "", 0 },
		{ "0000cafe_x d6:result2:oke", EBADMSG, "", "", 0 },
		{ "0000cafe_9", EBADMSG, "", "", 0 },
		{ "", EBADMSG, "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ngmsg_reply r;
		int err = ngmsg_read(&r, RUN, slice_str(rows[i].text));

		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].text, err);
		if (err)
			continue;
		assert_int_equal(r.cookie, 9);
		assert_true(slice_equal(r.result, slice_str(rows[i].result)));
		assert_true(slice_equal(r.reason, slice_str(rows[i].reason)));
		assert_int_equal(ntohs(r.media.sin_port), rows[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_carries_the_callers_media),
		cmocka_unit_test(an_answer_carries_the_callees_media_and_tag),
		cmocka_unit_test(a_delete_has_no_body),
		cmocka_unit_test(what_is_written_is_bencode),
		cmocka_unit_test(replies_are_read),
	};

	return cmocka_run_group_tests_name("ngmsg", tests, NULL, NULL);
}
