/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "health-agent/probe/http_head.h"

#define OK "HTTP/1.1 200 OK\r\n"

static void a_head_is_read(void **state)
{
	static const struct {
		const char *text;
		enum http_head_outcome want;
		unsigned status;
		const char *reason, *location;	/* NULL: none */
		size_t len;
	} cases[] = {
		{ OK "\r\n", HTTP_HEAD_WHOLE, 200, "OK", NULL, 19 },
		{ OK "\r\nbody", HTTP_HEAD_WHOLE, 200, "OK", NULL, 19 },
		{ "HTTP/1.0 302 Found\nLocation: http://a/b\n\n",
		  HTTP_HEAD_WHOLE, 302, "Found", "http://a/b", 41 },
		{ "HTTP/1.1 302 \r\nLOCATION:http://a/b \r\n\r\n",
		  HTTP_HEAD_WHOLE, 302, "", "http://a/b", 39 },
		{ "HTTP/1.1 302\r\nA: b\r\nLocation:\r\n\r\n",
		  HTTP_HEAD_WHOLE, 302, "", "", 33 },
		{ "HTTP/1.1 302 Found\r\nLocation: /a\r\nlocation: /b\r\n\r\n",
		  HTTP_HEAD_WHOLE, 302, "Found", "", 50 },
		{ "", HTTP_HEAD_MORE, 0, NULL, NULL, 0 },
		{ "HTTP", HTTP_HEAD_MORE, 0, NULL, NULL, 0 },
		{ "HTTP/1.1 2", HTTP_HEAD_MORE, 0, NULL, NULL, 0 },
		{ OK, HTTP_HEAD_MORE, 0, NULL, NULL, 0 },
		{ OK "Location: /a\r\n", HTTP_HEAD_MORE, 0, NULL, NULL, 0 },
		{ "FTP", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/2 200\r\n\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "\r\nHTTP/1.1 200 OK\r\n\r\n", HTTP_HEAD_BAD, 0, NULL, NULL,
		  0 },
		{ "HTTP/1.x 200 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/1.1  200 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/1.1 20 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/1.1 2000 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/1.1 099 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/1.1 600 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ "HTTP/1.1 +20 OK\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ OK "no colon\r\n\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ OK ": x\r\n\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ OK "Location : x\r\n\r\n", HTTP_HEAD_BAD, 0, NULL, NULL, 0 },
		{ OK "A: b\r\n c: d\r\n\r\n", HTTP_HEAD_BAD, 0, NULL, NULL,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_head head;

		print_message("%s\n", cases[i].text);
		assert_int_equal(http_head_read(&head,
						slice_str(cases[i].text)),
				 cases[i].want);
		if (cases[i].want != HTTP_HEAD_WHOLE)
			continue;
		assert_int_equal(head.status, cases[i].status);
		assert_int_equal(head.len, cases[i].len);
		assert_true(slice_equal(head.reason,
					slice_str(cases[i].reason)));
		assert_int_equal(head.has_location, !!cases[i].location);
		if (cases[i].location)
			assert_true(slice_equal(head.location,
						slice_str(cases[i].location)));
	}
}

static void a_head_is_bounded(void **state)
{
	char *text = malloc(2 * HTTP_HEAD_MAX);
	struct http_head head;
	size_t at = sizeof(OK) - 1;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 2 * HTTP_HEAD_MAX);
	memcpy(text, OK, at);
	assert_int_equal(http_head_read(&head,
					slice_of(text, HTTP_HEAD_MAX - 1)),
			 HTTP_HEAD_MORE);
	assert_int_equal(http_head_read(&head, slice_of(text, HTTP_HEAD_MAX)),
			 HTTP_HEAD_BAD);
	for (unsigned i = 0; i <= HTTP_HEAD_FIELDS_MAX; i++, at += 5)
		memcpy(text + at, "a:b\r\n", 5);
	memcpy(text + at, "\r\n", 2);
	assert_int_equal(http_head_read(&head, slice_of(text, at + 2)),
			 HTTP_HEAD_BAD);
	memcpy(text + at - 5, "\r\n", 2);
	assert_int_equal(http_head_read(&head, slice_of(text, at + 2)),
			 HTTP_HEAD_WHOLE);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_read),
		cmocka_unit_test(a_head_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
