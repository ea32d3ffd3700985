/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as one HTTP message: the answer is one head of at most one
 * Location, which starts with the base, and of nothing but printable bytes.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/httpreq.h"

#include <stdlib.h>

#define BASE "https://fra1.www.example.net"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_answer(const struct httpreq_answer *a, const char *buf)
{
	struct cursor c = cursor_of(buf, a->len);
	unsigned locations = 0, lines = 0;

	check(a->len && a->len <= HTTPREQ_ANSWER_MAX);
	check(a->outcome < HTTPREQ_OUTCOMES);
	for (;; lines++) {
		struct slice line = cursor_until(&c, "\r\n");
		struct cursor in = cursor_of(line.text, line.len);

		cursor_expect(&c, slice_str("\r\n"));
		check(cursor_ok(&c) && lines < 10);
		for (size_t i = 0; i < line.len; i++)
			check(line.text[i] >= ' ' && line.text[i] < 0x7f);
		if (!line.len)
			break;
		cursor_expect(&in, slice_str("Location: "));
		if (!cursor_ok(&in))
			continue;
		locations++;
		cursor_expect(&in, slice_str(BASE "/"));
		check(cursor_ok(&in));
	}
	check(!cursor_left(&c));
	check(locations == (a->outcome == HTTPREQ_REDIRECT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct httpreq_facts facts = {
		.base = { BASE, sizeof(BASE) - 1 },
		.other_status = 307,
		.wall_s = 784111777,
	};
	static char buf[HTTPREQ_ANSWER_MAX];
	struct slice message = slice_of((const char *)data, size);
	struct httpreq_answer a;
	struct httpreq req;

	httpreq_answer(&a, buf, sizeof(buf), message, &facts);
	check_answer(&a, buf);
	check(httpreq_parse(&req, message) == a.outcome);
	check(a.close || a.outcome == HTTPREQ_REDIRECT ||
	      a.outcome == HTTPREQ_OPTIONS);

	facts.websocket = true;
	httpreq_answer(&a, buf, sizeof(buf), message, &facts);
	if (a.outcome == HTTPREQ_WEBSOCKET)
		check(!a.len && !a.close && req.websocket);
	else
		check_answer(&a, buf);
	return 0;
}
