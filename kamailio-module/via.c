/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/via.h"

enum {
	RPORT = 1,
	RECEIVED = 2,
};

/* Where, from `at` on, the first c stands that is not in quotes; text.len when
 * there is none.  Most fields have no quotes at all (plain).
 */
static size_t find_unquoted(struct slice text, size_t at, char c, bool plain)
{
	const char *found;
	bool quoted = false;

	if (at >= text.len)
		return text.len;
	found = memchr(text.text + at, c, text.len - at);
	if (!found)
		return text.len;
	if (plain)
		return (size_t)(found - text.text);
	for (; at < text.len; at++) {
		if (text.text[at] == '"')
			quoted = !quoted;
		else if (quoted)
			at += text.text[at] == '\\';
		else if (text.text[at] == c)
			return at;
	}
	return text.len;
}

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice trim_end(struct slice s)
{
	while (s.len && is_white(s.text[s.len - 1]))
		s.len--;
	return s;
}

static struct slice part_of(struct slice text, size_t from, size_t to)
{
	return slice_of(text.text + from, to - from);
}

/* The first value with the field's name before it, without a comment. */
static struct slice first_value(struct slice field, bool plain)
{
	size_t end = find_unquoted(field, 0, ',', plain);

	end = find_unquoted(part_of(field, 0, end), 0, '(', plain);
	return trim_end(part_of(field, 0, end));
}

/* Behind the n-th c; an empty slice where there are fewer. */
static struct slice behind(struct slice text, char c, unsigned n)
{
	while (n--) {
		const char *at = text.len ? memchr(text.text, c, text.len) :
					    NULL;

		if (!at)
			return (struct slice){ 0 };
		text = part_of(text, (size_t)(at + 1 - text.text), text.len);
	}
	return text;
}

/* The host of sent-by in "Via: SIP / 2.0 / UDP host : port". */
static struct slice host_of(struct slice head)
{
	struct slice s = slice_trim(behind(behind(head, ':', 1), '/', 2));
	const char *end;

	while (s.len && !is_white(s.text[0]))
		s = part_of(s, 1, s.len);
	s = slice_trim(s);
	if (!s.len)
		return s;
	if (s.text[0] == '[') {
		end = memchr(s.text, ']', s.len);
		return end ? slice_of(s.text, (size_t)(end + 1 - s.text)) : s;
	}
	end = memchr(s.text, ':', s.len);
	return trim_end(end ? slice_of(s.text, (size_t)(end - s.text)) : s);
}

static bool is_source(struct slice host, const struct addr *source)
{
	struct addr addr;

	return host.len && !addr_parse_host(&addr, host.text, host.len) &&
	       addr_equal(&addr, source);
}

/* What a parameter, from its ';' on, is to us. */
static unsigned kind_of(struct slice param)
{
	struct slice name = slice_trim(part_of(param, 1, param.len));
	const char *end;

	if (!name.len || (name.text[0] | 0x20) != 'r')
		return 0;
	end = memchr(name.text, '=', name.len);
	if (end)
		name = trim_end(slice_of(name.text, (size_t)(end - name.text)));
	if (slice_case_equal(name, slice_str("rport")))
		return RPORT;
	if (slice_case_equal(name, slice_str("received")))
		return RECEIVED;
	return 0;
}

/* Copy the parameters; returns which of ours were among them. */
static unsigned put_params(struct writer *w, struct slice params,
			   uint16_t source_port, bool plain)
{
	size_t copied = 0, end;
	unsigned seen = 0;

	for (size_t at = 0; at < params.len; at = end) {
		unsigned kind;

		end = find_unquoted(params, at + 1, ';', plain);
		kind = kind_of(part_of(params, at, end));
		if (!kind)
			continue;
		writer_folded(w, part_of(params, copied, at));
		copied = end;
		if (kind == RPORT && !(seen & RPORT)) {
			writer_str(w, ";rport=");
			writer_u32(w, source_port);
		}
		seen |= kind;
	}
	writer_folded(w, part_of(params, copied, params.len));
	return seen;
}

void via_write(struct writer *w, struct slice field, const struct addr *source,
	       uint16_t source_port)
{
	struct slice all = slice_trim(field);
	bool plain = !memchr(all.text, '"', all.len);
	struct slice value = first_value(all, plain);
	size_t head_len = find_unquoted(value, 0, ';', plain);
	struct slice head = part_of(value, 0, head_len);
	char text[ADDR_TEXT_MAX];
	unsigned seen;

	writer_folded(w, head);
	seen = put_params(w, part_of(value, head_len, value.len), source_port,
			  plain);
	if (seen || !is_source(host_of(head), source)) {
		addr_format(text, source);
		writer_str(w, ";received=");
		writer_str(w, text);
	}
	writer_folded(w, part_of(all, value.len, all.len));
	writer_str(w, "\r\n");
}
