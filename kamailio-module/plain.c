/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/plain.h"

#include "common/addr.h"

/* Classes of bytes. */
enum {
	DIGIT = 1,
	NAME = 2,	/* of a field or parameter */
	HOST = 4,
	VALUE = 8,	/* of a Via parameter */
	VISIBLE = 16,	/* ASCII but control characters and the space */
	BLANK = 32,
	URI = 64,	/* VISIBLE but what ends an address or begins another */
	QUOTED = 128,	/* between quotes, without escapes */
};

#define WORD (NAME | VALUE | VISIBLE | URI | QUOTED)

static const uint8_t classes[256] = {
	['\t'] = BLANK,
	[' '] = BLANK | QUOTED,
	['!'] = VALUE | VISIBLE | URI | QUOTED,
	['"'] = VISIBLE,
	['#' ... ')'] = VISIBLE | URI | QUOTED,
	['*' ... '+'] = VALUE | VISIBLE | URI | QUOTED,
	[','] = VISIBLE | QUOTED,
	['-' ... '.'] = WORD | HOST,
	['/'] = VISIBLE | URI | QUOTED,
	['0' ... '9'] = WORD | HOST | DIGIT,
	[':'] = VALUE | VISIBLE | URI | QUOTED,
	[';'] = VISIBLE | QUOTED,
	['<'] = VISIBLE | QUOTED,
	['='] = VISIBLE | URI | QUOTED,
	['>' ... '?'] = VISIBLE | QUOTED,
	['@'] = VISIBLE | URI | QUOTED,
	['A' ... 'Z'] = WORD | HOST,
	['['] = VISIBLE | URI | QUOTED,
	['\\'] = VISIBLE,
	[']' ... '^'] = VISIBLE | URI | QUOTED,
	['_'] = WORD,
	['`'] = VISIBLE | URI | QUOTED,
	['a' ... 'z'] = WORD | HOST,
	['{' ... '}'] = VISIBLE | URI | QUOTED,
	['~'] = VALUE | VISIBLE | URI | QUOTED,
	[0x80 ... 0xff] = QUOTED,
};

/* Take the bytes of this class off the front. */
static struct slice take(struct slice *s, unsigned wanted)
{
	struct slice taken = { s->text, 0 };

	while (taken.len < s->len &&
	       classes[(unsigned char)s->text[taken.len]] & wanted)
		taken.len++;
	s->text += taken.len;
	s->len -= taken.len;
	return taken;
}

/* Take exactly this off the front, if it is there. */
static bool skip(struct slice *s, struct slice want)
{
	if (s->len < want.len || memcmp(s->text, want.text, want.len))
		return false;
	s->text += want.len;
	s->len -= want.len;
	return true;
}

#define SKIP(s, literal) skip((s), slice_of((literal), sizeof(literal) - 1))

static bool read_line(struct slice *uri, struct slice message)
{
	if (!SKIP(&message, "INVITE "))
		return false;
	*uri = take(&message, VISIBLE);
	if (!uri->len)
		return false;
	return SKIP(&message, " SIP/2.0\r\n");
}

/* Every line of the head but the first is `name:...' and CR LF, or folding. */
static bool lines_are_plain(struct slice head)
{
	bool folds = false;
	const char *lf = memchr(head.text, '\n', head.len);

	while (lf) {
		struct slice name;

		head.len -= (size_t)(lf + 1 - head.text);
		head.text = lf + 1;
		if (lf[-1] != '\r' || !head.len)
			return lf[-1] == '\r';
		lf = memchr(head.text, '\n', head.len);
		name = take(&head, NAME);
		if (!name.len) {
			if (head.text[0] == '\r' && lf == head.text + 1)
				continue;	/* the last one */
			if (!folds || !take(&head, BLANK).len)
				return false;
			continue;
		}
		take(&head, BLANK);
		if (!SKIP(&head, ":"))
			return false;
		folds = true;
	}
	return false;
}

/* The value of a whole field. */
static struct slice value_of(struct slice field)
{
	take(&field, NAME);
	take(&field, BLANK);
	return SKIP(&field, ":") ? slice_trim(field) : slice_of(field.text, 0);
}

static bool read_cseq(struct slice *number, struct slice field)
{
	struct slice value = value_of(field);

	*number = take(&value, DIGIT);
	return number->len && slice_equal(value, slice_of(" INVITE", 7));
}

static bool read_call_id(struct slice *value, struct slice field)
{
	struct slice rest;

	rest = *value = value_of(field);
	take(&rest, VISIBLE);
	return value->len && !rest.len;
}

/* One the host knows the meaning of is plain only as named here. */
static bool param_is_plain(struct plain *out, struct slice name,
			   struct slice value)
{
	static const char *const others[] = {
		"maddr", "received", "ttl", "hidden", "comp", "i",
	};

	if (slice_case_equal(name, slice_of("branch", 6)))
		return value.len > 0;
	if (slice_case_equal(name, slice_of("rport", 5))) {
		if (value.len || out->has_rport)
			return false;
		out->has_rport = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (slice_case_equal(name, slice_str(others[i])))
			return false;
	return true;
}

/* Below the topmost one a proxy has written where it got the request from. */
static bool lower_param_is_plain(struct slice name, struct slice value)
{
	struct plain ignored = { .has_rport = false };

	if (slice_case_equal(name, slice_of("received", 8)))
		return value.len > 0;
	if (slice_case_equal(name, slice_of("rport", 5)))
		return true;
	return param_is_plain(&ignored, name, value);
}

static bool skip_host(struct slice *s)
{
	const char *end;
	struct addr addr;

	if (!s->len || s->text[0] != '[') {
		struct slice host = take(s, HOST);

		return host.len && host.text[0] != '-' && host.text[0] != '.';
	}
	end = memchr(s->text, ']', s->len);
	return end &&
	       !addr_parse_host(&addr, s->text, (size_t)(end + 1 - s->text)) &&
	       skip(s, slice_of(s->text, (size_t)(end + 1 - s->text)));
}

static bool skip_port(uint16_t *out, struct slice *s)
{
	uint32_t port;

	*out = 0;
	if (!SKIP(s, ":"))
		return true;
	if (slice_u32(&port, take(s, DIGIT), UINT16_MAX) || !port)
		return false;
	*out = (uint16_t)port;
	return true;
}

/* The n-th Via field. */
static bool read_via(struct plain *out, struct slice field, size_t n)
{
	struct slice s = value_of(field);
	uint16_t port;

	if (!SKIP(&s, "SIP/2.0/"))
		return false;
	if (!SKIP(&s, "UDP") && !(n && (SKIP(&s, "TCP") || SKIP(&s, "TLS"))))
		return false;
	if (!SKIP(&s, " ") || !skip_host(&s) || !skip_port(&port, &s))
		return false;
	if (!n)
		out->port = port;
	while (s.len) {
		struct slice name, value = { 0 };

		if (!SKIP(&s, ";"))
			return false;
		name = take(&s, NAME);
		if (!name.len)
			return false;
		if (SKIP(&s, "=")) {
			value = take(&s, VALUE);
			if (!value.len)
				return false;
		}
		if (n ? !lower_param_is_plain(name, value) :
			!param_is_plain(out, name, value))
			return false;
	}
	return true;
}

static bool has_scheme(struct slice uri)
{
	struct slice scheme = take(&uri, NAME);

	return SKIP(&uri, ":") && uri.len &&
	       (slice_case_equal(scheme, slice_of("sip", 3)) ||
		slice_case_equal(scheme, slice_of("sips", 4)) ||
		slice_case_equal(scheme, slice_of("tel", 3)));
}

/* name-addr without anything behind it, or addr-spec. */
static bool to_is_plain(struct slice s)
{
	struct slice uri;

	if (SKIP(&s, "\"")) {
		take(&s, QUOTED);
		if (!SKIP(&s, "\""))
			return false;
		take(&s, BLANK);
	} else if (!memchr(s.text, '<', s.len)) {
		uri = take(&s, URI);
		return has_scheme(uri) && !s.len;
	} else {
		take(&s, NAME | BLANK);
	}
	if (!SKIP(&s, "<") || !s.len || s.text[s.len - 1] != '>')
		return false;
	uri = slice_of(s.text, s.len - 1);
	s = uri;
	while (s.len)
		if (!take(&s, URI).len && !SKIP(&s, ";") && !SKIP(&s, "?"))
			return false;
	return has_scheme(uri);
}

bool plain_read(struct plain *out, struct slice message,
		const struct siphead *head)
{
	if (head->has_route || head->has_probe || head->proxy_require_cnt ||
	    head->too_many_vias || !head->via_cnt || head->has_twice || !head->from_value.len ||
	    !head->to_value.len || !head->call_id.len || !head->cseq.len)
		return false;
	out->has_rport = false;
	for (size_t i = 0; i < head->via_cnt; i++)
		if (!read_via(out, head->vias[i], i))
			return false;
	return read_line(&out->uri, message) &&
	       read_cseq(&out->cseq_number, head->cseq) &&
	       read_call_id(&out->call_id, head->call_id) &&
	       to_is_plain(head->to_value) &&
	       lines_are_plain(slice_of(message.text, head->body_at));
}
