/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a SIP message: the fields that are found are those a plain
 * reading finds, line by line and name by name, and all of them lie in it.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/siphead.h"
#include "kamailio-module/totag.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void inside(struct slice part, struct slice message)
{
	if (part.len)
		check(part.text >= message.text &&
		      part.text + part.len <= message.text + message.len);
}

/* One line with what is folded into it, with its line break. */
static struct slice next_line(struct cursor *c, bool folding)
{
	struct cursor begin = *c;
	size_t len = 0;

	do {
		len += cursor_until(c, "\n").len;
		if (cursor_left(c)) {
			cursor_byte(c);
			len++;
		}
	} while (folding && (cursor_peek(c) == ' ' || cursor_peek(c) == '\t'));
	return cursor_take(&begin, len);
}

static bool is_named(struct slice line, const char *name, const char *compact)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice found = slice_trim(cursor_until(&c, ":"));

	/* a name may be followed by white space, but begins with itself */
	return cursor_left(&c) && found.text == line.text &&
	       (slice_case_equal(found, slice_str(name)) ||
		(compact[0] && slice_case_equal(found, slice_str(compact))));
}

static bool is_empty(struct slice line)
{
	return slice_equal(line, slice_str("\n")) ||
	       slice_equal(line, slice_str("\r\n"));
}

/* The n-th field of a name, or nothing; *ends: the head has an end. */
static struct slice plain_find(struct slice message, const char *name,
			       const char *compact, size_t n, bool *ends)
{
	struct cursor c = cursor_of(message.text, message.len);
	struct slice line, found = { 0 };

	do {
		line = next_line(&c, false);
	} while (line.len && is_empty(line));
	*ends = false;
	while (cursor_left(&c)) {
		line = next_line(&c, true);
		if (is_empty(line)) {
			*ends = true;
			break;
		}
		if (!is_named(line, name, compact))
			continue;
		if (n-- == 0)
			found = line;
	}
	return found;
}

static void same(struct slice found, struct slice message, const char *name,
		 const char *compact, size_t n)
{
	bool ends;

	inside(found, message);
	check(slice_equal(found, plain_find(message, name, compact, n, &ends)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct siphead head;
	struct slice message = slice_of((const char *)data, size);
	struct slice tag;
	bool ends;

	if (size > 4096)	/* the plain reading is quadratic */
		return 0;
	plain_find(message, "via", "v", 0, &ends);
	check(siphead_scan(&head, message) == ends);
	check(head.body_at <= size && head.via_cnt <= SIPHEAD_VIAS_MAX);
	for (size_t i = 0; i < head.via_cnt; i++)
		same(head.vias[i], message, "via", "v", i);
	if (head.via_cnt < SIPHEAD_VIAS_MAX)
		same(slice_of(NULL, 0), message, "via", "v", head.via_cnt);
	same(head.from, message, "from", "f", 0);
	same(head.to, message, "to", "t", 0);
	same(head.call_id, message, "call-id", "i", 0);
	same(head.cseq, message, "cseq", "", 0);
	inside(head.from_value, head.from);
	inside(head.to_value, head.to);
	inside(head.user_agent, message);
	inside(head.max_forwards, message);
	for (size_t i = 0; i < head.proxy_require_cnt; i++)
		inside(head.proxy_requires[i], message);
	inside(head.content_length, message);
	inside(head.probe, message);
	if (totag_find(head.to_value, &tag))
		inside(tag, head.to_value);
	return 0;
}
