/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/sip_frame.h"

static struct slice without_cr(struct slice line)
{
	if (line.len && line.text[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool sip_frame_field(struct cursor *c, struct slice *line)
{
	size_t from = c->pos;
	unsigned char next;

	do {
		cursor_until(c, "\n");
		cursor_expect(c, slice_str("\n"));
		if (!cursor_ok(c))
			return false;
		*line = without_cr(slice_of(c->start + from,
					    c->pos - 1 - from));
		next = cursor_peek(c);
	} while (line->len && (next == ' ' || next == '\t'));
	return line->len > 0;
}

static bool is_content_length(struct slice name)
{
	return slice_case_equal(name, slice_str("Content-Length")) ||
	       slice_case_equal(name, slice_str("l"));
}

struct head {
	bool has_length;
	uint32_t length;
	size_t end;		/* of the head, its empty line included */
};

static enum sip_frame scan_head(struct head *out, struct slice bytes)
{
	size_t most = bytes.len < SIP_FRAME_HEAD_MAX ? bytes.len :
						       SIP_FRAME_HEAD_MAX;
	struct cursor c = cursor_of(bytes.text, most);
	struct slice line;
	unsigned lines = 0;

	*out = (struct head){ 0 };
	while (sip_frame_field(&c, &line)) {
		struct cursor field = cursor_of(line.text, line.len);
		struct slice name = slice_trim(cursor_until(&field, ":"));
		uint32_t length;

		if (++lines > SIP_FRAME_LINES_MAX)
			return SIP_FRAME_BAD;
		if (lines == 1 || !is_content_length(name))
			continue;
		cursor_byte(&field);
		line = slice_trim(cursor_take(&field, cursor_left(&field)));
		if (slice_u32(&length, line, SIP_FRAME_MAX))
			return SIP_FRAME_BAD;
		/* two that differ: two readers would see two messages */
		if (out->has_length && out->length != length)
			return SIP_FRAME_BAD;
		out->has_length = true;
		out->length = length;
	}
	if (!cursor_ok(&c))
		return most < SIP_FRAME_HEAD_MAX ? SIP_FRAME_MORE :
						   SIP_FRAME_BAD;
	out->end = c.pos;
	return SIP_FRAME_WHOLE;
}

static bool may_be_sip(struct slice bytes)
{
	return slice_agree(bytes, slice_str("SIP/2.0 "));
}

static struct slice skip_breaks(size_t *before, struct slice bytes)
{
	*before = 0;
	while (bytes.len && (*bytes.text == '\r' || *bytes.text == '\n')) {
		bytes.text++;
		bytes.len--;
		++*before;
	}
	return bytes;
}

enum sip_frame sip_frame_stream(size_t *before, size_t *len,
				struct slice bytes)
{
	enum sip_frame frame;
	struct head head;

	bytes = skip_breaks(before, bytes);
	if (!may_be_sip(bytes))
		return SIP_FRAME_BAD;
	frame = scan_head(&head, bytes);
	if (frame != SIP_FRAME_WHOLE)
		return frame;
	if (!head.has_length || head.end + head.length > SIP_FRAME_MAX)
		return SIP_FRAME_BAD;
	if (bytes.len < head.end + head.length)
		return SIP_FRAME_MORE;
	*len = head.end + head.length;
	return SIP_FRAME_WHOLE;
}

enum sip_frame sip_frame_datagram(size_t *before, size_t *len,
				  struct slice bytes)
{
	struct head head;

	bytes = skip_breaks(before, bytes);
	if (!may_be_sip(bytes) || bytes.len > SIP_FRAME_MAX ||
	    scan_head(&head, bytes) != SIP_FRAME_WHOLE)
		return SIP_FRAME_BAD;
	if (head.has_length && bytes.len < head.end + head.length)
		return SIP_FRAME_BAD;
	*len = head.has_length ? head.end + head.length : bytes.len;
	return SIP_FRAME_WHOLE;
}
