/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/httpreq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BASE "https://fra1.www.example.net"
#define H "Host: www.example.net\r\n"

enum { NOW_S = 784111777 };	/* RFC 9110 5.6.7's Sun, 06 Nov 1994 */

static const struct httpreq_facts facts = {
	.base = { BASE, sizeof(BASE) - 1 },
	.other_status = 307,
	.retry_after_s = 5,
	.wall_s = NOW_S,
};

struct result {
	struct httpreq_answer a;
	char text[HTTPREQ_ANSWER_MAX + 1];
};

static void check_answer(const char *what, const struct result *r)
{
	const char *end = r->a.len ? strstr(r->text, "\r\n\r\n") : NULL;
	static const char *const once[] = {
		"\r\nCache-Control: no-store\r\n",
		"\r\nContent-Length: 0\r\n",
		"HTTP/1.1 ",
	};

	if (!end || end + 4 != r->text + r->a.len)
		fail_msg("%s: not one head and no body:\n%s", what, r->text);
	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		const char *first = strstr(r->text, once[i]);

		if (!first || strstr(first + 1, once[i]))
			fail_msg("%s: not once %s in\n%s", what, once[i],
				 r->text);
	}
	if (strtoul(r->text + 9, NULL, 10) != r->a.status)
		fail_msg("%s: says %u but sends\n%s", what, r->a.status,
			 r->text);
	if (r->a.close != !!strstr(r->text, "\r\nConnection: close\r\n"))
		fail_msg("%s: close is %d but it sends\n%s", what, r->a.close,
			 r->text);
}

static void answer(struct result *r, struct slice message,
		   const struct httpreq_facts *f)
{
	httpreq_answer(&r->a, r->text, HTTPREQ_ANSWER_MAX, message, f);
	r->text[r->a.len] = '\0';
}

static void location_of(const char *what, const struct result *r,
			const char *want)
{
	const char *at = strstr(r->text, "\r\nLocation: ");
	char line[HTTPREQ_ANSWER_MAX];

	if (!want) {
		if (at)
			fail_msg("%s: has a Location:\n%s", what, r->text);
		return;
	}
	snprintf(line, sizeof(line), "\r\nLocation: %s\r\n", want);
	if (!at || strncmp(at, line, strlen(line)))
		fail_msg("%s: Location is not %s in\n%s", what, want, r->text);
}

static void targets_go_to_the_node(void **state)
{
	static const struct {
		const char *target, *path;
	} rows[] = {
		{ "/", "/" },
		{ "/a/b?c=d&e=%20f", "/a/b?c=d&e=%20f" },
		{ "/%0d%0aX:%20y", "/%0d%0aX:%20y" },
		{ "//evil.example/x", "//evil.example/x" },
		{ "///evil.example", "///evil.example" },
		{ "/\\evil.example", "/\\evil.example" },
		{ "/@evil.example", "/@evil.example" },
		{ "/:80/", "/:80/" },
		{ "/../..//x", "/../..//x" },
		{ "/?a?b", "/?a?b" },
		{ "/x#y", "/x#y" },
		{ "/with_\"quotes\"?q=|<>{}^`", "/with_\"quotes\"?q=|<>{}^`" },
		{ "/*", "/*" },
		{ "http://www.example.net/a?b", "/a?b" },
		{ "HTTPS://evil.example:99//x", "//x" },
		{ "http://evil.example", "/" },
		{ "http://evil.example?q", "/?q" },
		{ "http://evil.example#f", "/#f" },
		{ "http://u:p@evil.example\\/x", "/x" },
	};
	struct result r;
	char text[512], want[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" H "\r\n",
			 rows[i].target);
		snprintf(want, sizeof(want), BASE "%s", rows[i].path);
		answer(&r, slice_str(text), &facts);
		check_answer(text, &r);
		assert_int_equal(r.a.outcome, HTTPREQ_REDIRECT);
		assert_int_equal(r.a.status, 302);
		location_of(text, &r, want);
	}
}

static void targets_that_are_refused(void **state)
{
	static const struct {
		const char *line;
		enum httpreq_outcome want;
	} rows[] = {
		{ "GET x HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET .evil.example/ HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET @evil.example/ HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET :80/ HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET \\\\evil.example HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET ?q HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET #f HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET * HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET ftp://h/x HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET http:///x HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET http:/x HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET http: HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET h:80 HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET /\x01 HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET /\t HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET /\x7f HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET /\x80 HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET /\xff HTTP/1.1", HTTPREQ_BAD_TARGET },
		{ "GET  / HTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET /  HTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET /a b HTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/1.1 ", HTTPREQ_BAD_LINE },
		{ " GET / HTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET\t/\tHTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET /", HTTPREQ_BAD_LINE },
		{ "GET", HTTPREQ_BAD_LINE },
		{ "G(T / HTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET / http/1.1", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/1", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/1.", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/1.10", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/a.b", HTTPREQ_BAD_LINE },
		{ "GET / SIP/2.0", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/1.1\rX: y", HTTPREQ_BAD_LINE },
		{ "GET /\rX HTTP/1.1", HTTPREQ_BAD_LINE },
		{ "GET / HTTP/2.0", HTTPREQ_BAD_VERSION },
		{ "PRI * HTTP/2.0", HTTPREQ_BAD_VERSION },
		{ "GET / HTTP/0.9", HTTPREQ_BAD_VERSION },
		{ "CONNECT h.example:443 HTTP/1.1", HTTPREQ_CONNECT },
		{ "CONNECT / HTTP/1.1", HTTPREQ_CONNECT },
	};
	struct result r;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "%s\r\n" H "\r\n", rows[i].line);
		answer(&r, slice_str(text), &facts);
		check_answer(text, &r);
		if (r.a.outcome != rows[i].want)
			fail_msg("%s: %s", rows[i].line,
				 httpreq_outcome_name(r.a.outcome));
		assert_true(r.a.close);
		location_of(text, &r, NULL);
	}

	/* a NUL is a byte like others */
	answer(&r, slice_of("GET /\0x HTTP/1.1\r\n" H "\r\n", 43), &facts);
	assert_int_equal(r.a.outcome, HTTPREQ_BAD_TARGET);
}

static void methods_choose_the_status(void **state)
{
	static const struct {
		const char *line;
		unsigned option, want;
	} rows[] = {
		{ "GET / HTTP/1.1", 307, 302 },
		{ "HEAD / HTTP/1.1", 307, 302 },
		{ "POST / HTTP/1.1", 307, 307 },
		{ "POST / HTTP/1.1", 302, 302 },
		{ "PUT / HTTP/1.1", 307, 307 },
		{ "DELETE / HTTP/1.1", 302, 302 },
		{ "get / HTTP/1.1", 307, 307 },
		{ "BREW / HTTP/1.1", 307, 307 },
		{ "OPTIONS / HTTP/1.1", 307, 307 },
		{ "OPTIONS * HTTP/1.1", 307, 200 },
		{ "OPTIONS http://h.example HTTP/1.1", 307, 200 },
		{ "OPTIONS http://h.example/ HTTP/1.1", 307, 307 },
		{ "OPTIONS http://h.example?q HTTP/1.1", 307, 307 },
		{ "GET / HTTP/1.0", 307, 302 },
		{ "GET / HTTP/1.9", 307, 302 },
	};
	struct httpreq_facts f = facts;
	struct result r;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		f.other_status = rows[i].option;
		snprintf(text, sizeof(text), "%s\r\n" H "\r\n", rows[i].line);
		answer(&r, slice_str(text), &f);
		check_answer(text, &r);
		if (r.a.status != rows[i].want)
			fail_msg("%s: %u", rows[i].line, r.a.status);
	}
}

static void connections_stay_or_close(void **state)
{
	static const struct {
		const char *version, *header;
		bool close;
	} rows[] = {
		{ "1.1", "", false },
		{ "1.1", "Connection: close\r\n", true },
		{ "1.1", "connection:CLOSE\t\r\n", true },
		{ "1.1", "Connection: keep-alive\r\n", false },
		{ "1.1", "Connection: x, ,close,keep-alive\r\n", true },
		{ "1.1", "Connection: x\r\nConnection: close\r\n", true },
		{ "1.1", "Connection: closed\r\n", false },
		{ "1.1", "Connection: \r\n", false },
		{ "1.0", "", true },
		{ "1.0", "Connection: Keep-Alive\r\n", false },
		{ "1.0", "Connection: keep-alive, close\r\n", true },
		{ "1.0", "Keep-Alive: 300\r\n", true },
	};
	struct result r;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/%s\r\n%s" H "\r\n",
			 rows[i].version, rows[i].header);
		answer(&r, slice_str(text), &facts);
		check_answer(text, &r);
		assert_int_equal(r.a.outcome, HTTPREQ_REDIRECT);
		if (r.a.close != rows[i].close)
			fail_msg("%s", text);
		if (!strcmp(rows[i].version, "1.0") && !rows[i].close)
			assert_non_null(strstr(r.text, "\r\nConnection: "
						       "keep-alive\r\n"));
	}
}

static const struct {
	const char *text;
	enum httpreq_outcome want;
} heads[] = {
	/* Host, RFC 9112 3.2 */
	{ "GET / HTTP/1.1\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.0\r\n\r\n", HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\n" H H "\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.0\r\n" H H "\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\nhOST:h:80\r\n\r\n", HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\nHost: h:\r\n\r\n", HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n",
	  HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\nHost: 0.0.0.0=5000\r\n\r\n",
	  HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\nHost: h:8x\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost: [\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost: []\r\n\r\n", HTTPREQ_BAD_HOST },
	{ "GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n", HTTPREQ_BAD_HOST },
	/* fields, RFC 9110 5, RFC 9112 5 */
	{ "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\n" H "X:\r\n\r\n", HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\n" H "X: d\xfc\tb\r\n\r\n",
	  HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\n" H "X : y\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H " y\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n",
	  HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H ": y\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X(: y\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n",
	  HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X: a\nb: c\r\n\r\n",
	  HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X: \x7f\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H "X: \x1b\r\n\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n" H, HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\r\n", HTTPREQ_BAD_FIELD },
	{ "GET / HTTP/1.1\n" H "\n", HTTPREQ_BAD_LINE },
	{ "", HTTPREQ_BAD_LINE },
	{ "\r\n", HTTPREQ_BAD_LINE },
	{ "GET / HTTP/1.1", HTTPREQ_BAD_LINE },
	/* length, RFC 9112 6 */
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nq=42",
	  HTTPREQ_REDIRECT },
	{ "GET / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nq=42",
	  HTTPREQ_REDIRECT },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
	  HTTPREQ_REDIRECT },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nq=4",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nq=42\r\n",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "\r\nq=42", HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n"
	  "Content-Length: 4\r\n\r\nq=42", HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n"
	  "content-length: 0\r\n\r\nq=42", HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 4, 4\r\n\r\nq=42",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: +4\r\n\r\nq=42",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 0x4\r\n\r\nq=42",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 65537\r\n\r\n",
	  HTTPREQ_BODY_TOO_LARGE },
	{ "POST / HTTP/1.1\r\n" H
	  "Content-Length: 99999999999999999999\r\n\r\n",
	  HTTPREQ_BODY_TOO_LARGE },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n", HTTPREQ_CHUNKED },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, Chunked"
	  "\r\n\r\n", HTTPREQ_CHUNKED },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n", HTTPREQ_CHUNKED },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, gzip"
	  "\r\n\r\n", HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n",
	  HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
	  "Content-Length: 4\r\n\r\nq=42", HTTPREQ_BAD_FRAMING },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n"
	  "Content-Length: 4\r\n\r\nq=42", HTTPREQ_BAD_FIELD },
};

static void heads_are_judged(void **state)
{
	struct result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		answer(&r, slice_str(heads[i].text), &facts);
		check_answer(heads[i].text, &r);
		if (r.a.outcome != heads[i].want)
			fail_msg("%s: %s", heads[i].text,
				 httpreq_outcome_name(r.a.outcome));
		if (heads[i].want != HTTPREQ_REDIRECT)
			assert_true(r.a.close);
	}
}

/* head, then cnt times fill, then tail */
static enum httpreq_outcome filled(const char *head, const char *fill,
				   size_t cnt, const char *tail)
{
	size_t head_len = strlen(head), fill_len = strlen(fill);
	size_t tail_len = strlen(tail);
	size_t len = head_len + cnt * fill_len + tail_len;
	char *text = malloc(len);
	struct result r;

	assert_non_null(text);
	memcpy(text, head, head_len);
	for (size_t i = 0; i < cnt; i++)
		memcpy(text + head_len + i * fill_len, fill, fill_len);
	memcpy(text + len - tail_len, tail, tail_len);
	answer(&r, slice_of(text, len), &facts);
	free(text);
	check_answer(head, &r);
	return r.a.outcome;
}

static void sizes_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(filled("GET /", "x", HTTPREQ_TARGET_MAX - 1,
				" HTTP/1.1\r\n" H "\r\n"), HTTPREQ_REDIRECT);
	assert_int_equal(filled("GET /", "x", HTTPREQ_TARGET_MAX,
				" HTTP/1.1\r\n" H "\r\n"),
			 HTTPREQ_TARGET_TOO_LONG);
	assert_int_equal(filled("GET / HTTP/1.1\r\n" H, "X: y\r\n",
				HTTPREQ_FIELDS_MAX - 1, "\r\n"),
			 HTTPREQ_REDIRECT);
	assert_int_equal(filled("GET / HTTP/1.1\r\n" H, "X: y\r\n",
				HTTPREQ_FIELDS_MAX, "\r\n"),
			 HTTPREQ_HEAD_TOO_LARGE);
	assert_int_equal(filled("GET / HTTP/1.1\r\n" H "X: ", "y",
				HTTPREQ_HEAD_MAX - 60, "\r\n\r\n"),
			 HTTPREQ_REDIRECT);
	assert_int_equal(filled("GET / HTTP/1.1\r\n" H "X: ", "y",
				HTTPREQ_HEAD_MAX, "\r\n\r\n"),
			 HTTPREQ_HEAD_TOO_LARGE);
	assert_int_equal(filled("GET /", "x", HTTPREQ_HEAD_MAX, ""),
			 HTTPREQ_HEAD_TOO_LARGE);
	assert_int_equal(filled("POST / HTTP/1.1\r\n" H
				"Content-Length: 65536\r\n\r\n", "z",
				HTTPREQ_BODY_MAX, ""), HTTPREQ_REDIRECT);
}

static void without_a_node_it_is_503(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\n" H "\r\n";
	struct httpreq_facts f = facts;
	char long_base[HTTPREQ_BASE_MAX + 1];
	struct result r;

	(void)state;
	f.base = slice_of(NULL, 0);
	answer(&r, slice_str(get), &f);
	check_answer(get, &r);
	assert_int_equal(r.a.outcome, HTTPREQ_NO_NODE);
	assert_int_equal(r.a.status, 503);
	assert_false(r.a.close);
	assert_non_null(strstr(r.text, "\r\nRetry-After: 5\r\n"));
	location_of(get, &r, NULL);

	answer(&r, slice_str("OPTIONS * HTTP/1.1\r\n" H "\r\n"), &f);
	assert_int_equal(r.a.status, 503);
	answer(&r, slice_str("GET / HTTP/1.1\r\n\r\n"), &f);
	assert_int_equal(r.a.status, 400);

	memset(long_base, 'x', sizeof(long_base));
	f.base = slice_of(long_base, sizeof(long_base));
	f.retry_after_s = 0;
	answer(&r, slice_str(get), &f);
	assert_int_equal(r.a.status, 503);
	assert_null(strstr(r.text, "Retry-After"));
}

static void the_answer_byte_for_byte(void **state)
{
	struct result r;

	(void)state;
	answer(&r, slice_str("GET /a?b HTTP/1.1\r\n" H "\r\n"), &facts);
	assert_string_equal(r.text, "HTTP/1.1 302 Found\r\n"
				    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				    "Location: " BASE "/a?b\r\n"
				    "Cache-Control: no-store\r\n"
				    "Content-Length: 0\r\n"
				    "\r\n");
	answer(&r, slice_str("CONNECT h:1 HTTP/1.1\r\n" H "\r\n"), &facts);
	assert_string_equal(r.text, "HTTP/1.1 405 Method Not Allowed\r\n"
				    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				    "Allow: GET, HEAD, POST, PUT, PATCH, "
				    "DELETE, OPTIONS\r\n"
				    "Cache-Control: no-store\r\n"
				    "Content-Length: 0\r\n"
				    "Connection: close\r\n"
				    "\r\n");
}

static void head_is_answered_as_get(void **state)
{
	struct result get, head;

	(void)state;
	answer(&get, slice_str("GET /a HTTP/1.1\r\n" H "\r\n"), &facts);
	answer(&head, slice_str("HEAD /a HTTP/1.1\r\n" H "\r\n"), &facts);
	assert_string_equal(get.text, head.text);
}

static void dates_follow_the_calendar(void **state)
{
	static const struct {
		uint64_t wall_s;
		const char *date;
	} rows[] = {
		{ 1, "Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n" },
		{ 951782399, "Date: Mon, 28 Feb 2000 23:59:59 GMT\r\n" },
		{ 951782400, "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n" },
		{ 4102444799, "Date: Thu, 31 Dec 2099 23:59:59 GMT\r\n" },
	};
	struct httpreq_facts f = facts;
	struct result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		f.wall_s = rows[i].wall_s;
		answer(&r, slice_str("GET / HTTP/1.0\r\n\r\n"), &f);
		if (!strstr(r.text, rows[i].date))
			fail_msg("no %s in %s", rows[i].date, r.text);
	}
	f.wall_s = 0;
	answer(&r, slice_str("GET / HTTP/1.0\r\n\r\n"), &f);
	assert_null(strstr(r.text, "Date"));
	f.wall_s = UINT64_MAX / 2;
	answer(&r, slice_str("GET / HTTP/1.0\r\n\r\n"), &f);
	assert_null(strstr(r.text, "Date"));
}

static void a_small_buffer_is_never_overrun(void **state)
{
	static const char get[] = "GET /a HTTP/1.1\r\n" H "\r\n";
	struct httpreq_answer a;
	struct result whole;
	char *buf;

	(void)state;
	answer(&whole, slice_str(get), &facts);
	for (size_t size = 0; size <= whole.a.len; size++) {
		buf = malloc(size + 1);
		assert_non_null(buf);
		httpreq_answer(&a, buf, size, slice_str(get), &facts);
		assert_int_equal(a.len, size < whole.a.len ? 0 : whole.a.len);
		free(buf);
	}
}

static void what_was_read_is_told(void **state)
{
	struct httpreq req;

	(void)state;
	assert_int_equal(httpreq_parse(&req, slice_str(
		"GET http://h/ws?x HTTP/1.1\r\n" H "Connection: Upgrade\r\n"
		"Upgrade: h2c, WebSocket\r\n\r\n")), HTTPREQ_REDIRECT);
	assert_true(req.websocket);
	assert_true(req.keep_alive);
	assert_int_equal(req.minor, 1);
	assert_true(slice_equal(req.method, slice_str("GET")));
	assert_true(slice_equal(req.target, slice_str("http://h/ws?x")));
	assert_true(slice_equal(req.path, slice_str("/ws?x")));
	assert_int_equal(httpreq_parse(&req, slice_str(
		"GET / HTTP/1.0\r\nUpgrade: websockets\r\n\r\n")),
			 HTTPREQ_REDIRECT);
	assert_false(req.websocket);
	assert_false(req.keep_alive);
	assert_int_equal(req.minor, 0);
}

static void handshakes_may_be_somebody_elses(void **state)
{
	static const struct {
		const char *message;
		enum httpreq_outcome outcome;	/* where somebody has them */
	} rows[] = {
		{ "GET /ws HTTP/1.1\r\n" H "Connection: Upgrade\r\n"
		  "Upgrade: websocket\r\n\r\n", HTTPREQ_WEBSOCKET },
		/* to be told there what is wrong */
		{ "GET / HTTP/1.0\r\nUpgrade: WebSocket\r\n\r\n",
		  HTTPREQ_WEBSOCKET },
		/* no handshake: the header says what the client could do */
		{ "POST / HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n",
		  HTTPREQ_REDIRECT },
		{ "GET / HTTP/1.1\r\n" H "Upgrade: h2c\r\n\r\n",
		  HTTPREQ_REDIRECT },
		{ "OPTIONS * HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n",
		  HTTPREQ_OPTIONS },
		/* what is refused is refused first */
		{ "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
		  HTTPREQ_BAD_HOST },
		{ "GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n", HTTPREQ_CHUNKED },
	};
	struct httpreq_facts f = facts;
	struct result r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		f.websocket = true;
		answer(&r, slice_str(rows[i].message), &f);
		if (r.a.outcome != rows[i].outcome)
			fail_msg("%s for %s", httpreq_outcome_name(r.a.outcome),
				 rows[i].message);
		assert_int_equal(r.a.len == 0,
				 rows[i].outcome == HTTPREQ_WEBSOCKET);
		assert_false(r.a.len == 0 && r.a.close);

		f.websocket = false;
		answer(&r, slice_str(rows[i].message), &f);
		assert_int_not_equal(r.a.outcome, HTTPREQ_WEBSOCKET);
		assert_true(r.a.len > 0);
	}
}

static void every_outcome_has_a_name_and_a_status(void **state)
{
	struct httpreq_answer a;
	char buf[HTTPREQ_ANSWER_MAX];

	(void)state;
	for (unsigned i = 0; i <= HTTPREQ_OUTCOMES; i++) {
		assert_true(strlen(httpreq_outcome_name(i)) > 0);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(httpreq_outcome_name(i),
						httpreq_outcome_name(j));
		httpreq_refuse(&a, buf, sizeof(buf), i, &facts);
		assert_true(a.len > 0 && a.close);
		assert_in_range(a.status, 200, 599);
		assert_int_not_equal(a.status, 302);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_go_to_the_node),
		cmocka_unit_test(targets_that_are_refused),
		cmocka_unit_test(methods_choose_the_status),
		cmocka_unit_test(connections_stay_or_close),
		cmocka_unit_test(heads_are_judged),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(without_a_node_it_is_503),
		cmocka_unit_test(the_answer_byte_for_byte),
		cmocka_unit_test(head_is_answered_as_get),
		cmocka_unit_test(dates_follow_the_calendar),
		cmocka_unit_test(a_small_buffer_is_never_overrun),
		cmocka_unit_test(what_was_read_is_told),
		cmocka_unit_test(handshakes_may_be_somebody_elses),
		cmocka_unit_test(every_outcome_has_a_name_and_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
