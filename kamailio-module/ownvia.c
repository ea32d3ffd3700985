/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/ownvia.h"

static struct slice next_line(struct cursor *c)
{
	struct slice line = cursor_until(c, "\r");

	cursor_expect(c, slice_str("\r\n"));
	return cursor_ok(c) ? line : (struct slice){ 0 };
}

static bool begins_with(struct slice s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && !memcmp(s.text, text, len);
}

/* The first line that is a Via as the host writes it. */
static struct slice find_via(struct slice message)
{
	struct cursor c = cursor_of(message.text, message.len);
	struct slice line = next_line(&c);

	while (line.len) {
		line = next_line(&c);
		if (begins_with(line, "Via: SIP/2.0/"))
			return line;
	}
	return (struct slice){ 0 };
}

bool ownvia_find(struct ownvia *out, struct slice message)
{
	struct slice via;
	struct cursor c;

	*out = (struct ownvia){ 0 };
	if (begins_with(message, "SIP/2.0 "))
		return false;
	via = find_via(message);
	if (!via.len)
		return false;
	out->end = (size_t)(via.text + via.len - message.text);

	c = cursor_of(via.text, via.len);
	while (cursor_left(&c)) {
		struct slice param;

		cursor_until(&c, ";");
		if (!cursor_left(&c))
			return false;
		cursor_byte(&c);
		param = cursor_until(&c, ";,");
		if (!begins_with(param, "branch="))
			continue;
		out->branch = slice_of(param.text + 7, param.len - 7);
		/* a line of several values is none of ours */
		return out->branch.len &&
		       !memchr(via.text, ',', via.len);
	}
	return false;
}
