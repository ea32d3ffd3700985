/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "health-agent/probe/sip_frame.h"

#define LINE "SIP/2.0 200 OK\r\n"

static void a_stream_shows_where_a_message_ends(void **state)
{
	static const struct {
		const char *text;
		enum sip_frame want;
		size_t before, len;
	} cases[] = {
		{ "", SIP_FRAME_MORE, 0, 0 },
		{ "\r\n\r\n", SIP_FRAME_MORE, 4, 0 },
		{ "\r\nSIP/2", SIP_FRAME_MORE, 2, 0 },
		{ "SIP/2.0 2", SIP_FRAME_MORE, 0, 0 },
		{ "SIP/3.0 2", SIP_FRAME_BAD, 0, 0 },
		{ "sip/2.0 2", SIP_FRAME_BAD, 0, 0 },
		{ "INVITE sip:a SIP/2.0\r\n\r\n", SIP_FRAME_BAD, 0, 0 },
		{ LINE "Content-Length: 0\r\n", SIP_FRAME_MORE, 0, 0 },
		{ LINE "Content-Length: 0\r\n\r\n", SIP_FRAME_WHOLE, 0, 37 },
		{ LINE "Content-Length: 0\n\n", SIP_FRAME_WHOLE, 0, 35 },
		{ "\r\n" LINE "l:3\r\n\r\nabcSIP/", SIP_FRAME_WHOLE, 2, 26 },
		{ LINE "l:3\r\n\r\nab", SIP_FRAME_MORE, 0, 0 },
		{ LINE "CONTENT-LENGTH : 3\r\n\r\nabc", SIP_FRAME_WHOLE, 0,
		  41 },
		{ LINE "l:\r\n 3\r\n\r\nabc", SIP_FRAME_WHOLE, 0, 29 },
		{ LINE "l:3\r\nl: 3\r\n\r\nabc", SIP_FRAME_WHOLE, 0, 32 },
		{ LINE "l:3\r\nl:2\r\n\r\nabc", SIP_FRAME_BAD, 0, 0 },
		{ LINE "l:-3\r\n\r\nabc", SIP_FRAME_BAD, 0, 0 },
		{ LINE "l:3x\r\n\r\nabc", SIP_FRAME_BAD, 0, 0 },
		{ LINE "l:65536\r\n\r\n", SIP_FRAME_BAD, 0, 0 },
		{ LINE "l:65530\r\n\r\n", SIP_FRAME_BAD, 0, 0 },
		{ LINE "l:4294967299\r\n\r\nabc", SIP_FRAME_BAD, 0, 0 },
		{ LINE "To: x\r\n\r\n", SIP_FRAME_BAD, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t before, len = 0;

		print_message("%s\n", cases[i].text);
		assert_int_equal(sip_frame_stream(&before, &len,
						  slice_str(cases[i].text)),
				 cases[i].want);
		assert_int_equal(before, cases[i].before);
		assert_int_equal(len, cases[i].len);
	}
}

static void a_datagram_holds_one_message(void **state)
{
	static const struct {
		const char *text;
		enum sip_frame want;
		size_t len;
	} cases[] = {
		{ LINE "\r\n", SIP_FRAME_WHOLE, 18 },
		{ LINE "\r\nabc", SIP_FRAME_WHOLE, 21 },
		{ LINE "l:2\r\n\r\nabc", SIP_FRAME_WHOLE, 25 },
		{ LINE "l:4\r\n\r\nabc", SIP_FRAME_BAD, 0 },
		{ LINE "l:4\r\n", SIP_FRAME_BAD, 0 },
		{ "\r\n\r\n", SIP_FRAME_BAD, 0 },
		{ "", SIP_FRAME_BAD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t before, len = 0;

		assert_int_equal(sip_frame_datagram(&before, &len,
						    slice_str(cases[i].text)),
				 cases[i].want);
		assert_int_equal(len, cases[i].len);
	}
}

static void a_head_is_bounded(void **state)
{
	size_t size = 2 * SIP_FRAME_MAX, at, before, len;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	memcpy(text, LINE, sizeof(LINE) - 1);
	assert_int_equal(sip_frame_stream(&before, &len,
					  slice_of(text, SIP_FRAME_HEAD_MAX -
							 1)),
			 SIP_FRAME_MORE);
	assert_int_equal(sip_frame_stream(&before, &len, slice_of(text, size)),
			 SIP_FRAME_BAD);
	for (at = sizeof(LINE) - 1; at + 5 < size; at += 5)
		memcpy(text + at, "a:b\r\n", 5);
	memcpy(text + sizeof(LINE) - 1 + 5L * SIP_FRAME_LINES_MAX, "\r\n", 2);
	assert_int_equal(sip_frame_datagram(&before, &len,
					    slice_of(text, 10000)),
			 SIP_FRAME_BAD);
	free(text);
}

static void fields_come_one_by_one(void **state)
{
	static const char text[] = "a: 1\r\nb: 2\r\n  3\r\n\t4\nc:\r\n\r\nbody";
	static const char *const want[] = { "a: 1", "b: 2\r\n  3\r\n\t4",
					    "c:" };
	struct cursor c = cursor_of(text, sizeof(text) - 1);
	struct slice line;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_true(sip_frame_field(&c, &line));
		assert_true(slice_equal(line, slice_str(want[i])));
	}
	assert_false(sip_frame_field(&c, &line));
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_left(&c), 4);
	assert_false(sip_frame_field(&c, &line));
	assert_false(cursor_ok(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_shows_where_a_message_ends),
		cmocka_unit_test(a_datagram_holds_one_message),
		cmocka_unit_test(a_head_is_bounded),
		cmocka_unit_test(fields_come_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
