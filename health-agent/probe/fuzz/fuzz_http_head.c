/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of a response: what is read lies in it, and a prefix of a head is
 * never a bad one.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/probe/http_ask.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_inside(struct slice part, struct slice whole)
{
	check(!part.len || (part.text >= whole.text &&
			    part.text + part.len <= whole.text + whole.len));
	check(!part.len || (!memchr(part.text, '\n', part.len)));
}

static void judge(const struct http_head *head)
{
	static struct site_node node = { .name = "fra1", .http = "http://a" };
	struct prober_conf conf = { .node = &node, .path = "/" };
	char text[PROBER_TEXT_MAX] = "";

	if (http_ask_judge(text, &conf, head, 0))
		check(head->status == 302);
	for (const char *c = text; *c; c++)
		check(*c >= ' ' && *c <= '~');
	check(text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of((const char *)data, size);
	struct http_head head, part;

	if (http_head_read(&head, bytes) != HTTP_HEAD_WHOLE)
		return 0;
	check(head.len <= size && head.len <= HTTP_HEAD_MAX);
	check(head.status >= 100 && head.status <= 599);
	check_inside(head.reason, bytes);
	check_inside(head.location, bytes);
	judge(&head);
	for (size_t len = head.len < 64 ? 0 : head.len - 64; len < head.len;
	     len++)
		check(http_head_read(&part, slice_of(bytes.text, len)) ==
		      HTTP_HEAD_MORE);
	return 0;
}
