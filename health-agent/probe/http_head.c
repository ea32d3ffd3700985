/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/http_head.h"

/* A line without its break; false when its end is not here. */
static bool next_line(struct cursor *c, struct slice *line)
{
	*line = cursor_until(c, "\n");
	cursor_expect(c, slice_str("\n"));
	if (line->len && line->text[line->len - 1] == '\r')
		line->len--;
	return cursor_ok(c);
}

/* "HTTP/1.1 302 Found" */
static bool read_status(struct http_head *out, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice digits;
	uint32_t status;
	unsigned char minor;

	cursor_expect(&c, slice_str("HTTP/1."));
	minor = cursor_byte(&c);
	cursor_expect(&c, slice_str(" "));
	digits = cursor_take(&c, 3);
	if (!cursor_ok(&c) || minor < '0' || minor > '9' ||
	    slice_u32(&status, digits, 599) || status < 100)
		return false;
	if (cursor_left(&c))
		cursor_expect(&c, slice_str(" "));
	out->status = status;
	out->reason = slice_trim(cursor_take(&c, cursor_left(&c)));
	return cursor_ok(&c);
}

static bool read_field(struct http_head *out, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice name = cursor_until(&c, ":");

	cursor_expect(&c, slice_str(":"));
	/* 5.1, 5.2: no white space before the colon, no folding */
	if (!cursor_ok(&c) || !name.len || slice_trim(name).len != name.len)
		return false;
	if (!slice_case_equal(name, slice_str("Location")))
		return true;
	line = slice_trim(cursor_take(&c, cursor_left(&c)));
	out->location = out->has_location ? (struct slice){ 0 } : line;
	out->has_location = true;
	return true;
}

enum http_head_outcome http_head_read(struct http_head *out,
				      struct slice bytes)
{
	size_t most = bytes.len < HTTP_HEAD_MAX ? bytes.len : HTTP_HEAD_MAX;
	struct cursor c = cursor_of(bytes.text, most);
	struct slice line;
	unsigned fields = 0;

	*out = (struct http_head){ 0 };
	if (!slice_agree(bytes, slice_str("HTTP/1.")))
		return HTTP_HEAD_BAD;
	if (next_line(&c, &line) && !read_status(out, line))
		return HTTP_HEAD_BAD;
	while (next_line(&c, &line) && line.len)
		if (++fields > HTTP_HEAD_FIELDS_MAX || !read_field(out, line))
			return HTTP_HEAD_BAD;
	if (!cursor_ok(&c))
		return most < HTTP_HEAD_MAX ? HTTP_HEAD_MORE : HTTP_HEAD_BAD;
	out->len = c.pos;
	return HTTP_HEAD_WHOLE;
}
