/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/sipuri.h"

#include <errno.h>

/* Sets of characters.  '%' is in none of them: it passes only in front of two
 * hex digits.
 */
enum {
	USER = 1,		/* unreserved, user-unreserved and '#' */
	PASSWORD = 2,		/* unreserved and & = + $ , */
	PARAM = 4,		/* unreserved, param-unreserved and '=' */
	HEADER = 8,		/* unreserved, hnv-unreserved and '=' */
	SCHEME = 16,
	LABEL = 32,		/* a label of a host name */
	NUMBER = 64,		/* tel: hex digits, * # + and separators */
	OPAQUE = 128,		/* any other scheme: RFC 2396 uric and '#' */
	UNRESERVED = USER | PASSWORD | PARAM | HEADER | OPAQUE,
};

/* clang-format off */
static const uint8_t char_sets[256] = {
	['a' ... 'f'] = UNRESERVED | SCHEME | LABEL | NUMBER,
	['A' ... 'F'] = UNRESERVED | SCHEME | LABEL | NUMBER,
	['g' ... 'z'] = UNRESERVED | SCHEME | LABEL,
	['G' ... 'Z'] = UNRESERVED | SCHEME | LABEL,
	['0' ... '9'] = UNRESERVED | SCHEME | LABEL | NUMBER,
	['-'] = UNRESERVED | SCHEME | LABEL | NUMBER,
	['.'] = UNRESERVED | SCHEME | NUMBER,
	['+'] = UNRESERVED | SCHEME | NUMBER,
	['*'] = UNRESERVED | NUMBER,
	['('] = UNRESERVED | NUMBER,
	[')'] = UNRESERVED | NUMBER,
	['_'] = UNRESERVED | LABEL,
	['!'] = UNRESERVED,
	['~'] = UNRESERVED,
	['\''] = UNRESERVED,
	['$'] = UNRESERVED,
	['&'] = USER | PASSWORD | PARAM | OPAQUE,
	['='] = USER | PASSWORD | PARAM | HEADER | OPAQUE,
	[','] = USER | PASSWORD | OPAQUE,
	[';'] = USER | OPAQUE,
	['?'] = USER | HEADER | OPAQUE,
	['/'] = USER | PARAM | HEADER | OPAQUE,
	['#'] = USER | NUMBER | OPAQUE,
	[':'] = PARAM | HEADER | OPAQUE,
	['['] = PARAM | HEADER | OPAQUE,
	[']'] = PARAM | HEADER | OPAQUE,
	['@'] = OPAQUE,
};
/* clang-format on */

static bool in_set(unsigned char byte, unsigned set)
{
	return char_sets[byte] & set;
}

static unsigned char lower(unsigned char byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte;
}

static int hex_value(unsigned char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte = lower(byte);
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return -1;
}

static struct slice rest_of(const struct cursor *c)
{
	return slice_of(c->start + c->pos, cursor_left(c));
}

/* Is every byte of text in the set, or part of a percent-escape? */
static bool all_in(struct slice text, unsigned set)
{
	struct cursor c = cursor_of(text.text, text.len);

	while (cursor_left(&c)) {
		unsigned char byte = cursor_byte(&c);

		if (in_set(byte, set))
			continue;
		if (byte != '%')
			return false;
		if (hex_value(cursor_byte(&c)) < 0 ||
		    hex_value(cursor_byte(&c)) < 0)
			return false;
	}
	return true;
}

/* One character of an URI as 19.1.4 compares it: an escape is the character
 * it stands for, except that an escaped reserved one stays different from
 * its plain self.  0 is never confused with the end: the caller looks at
 * cursor_left() first.
 */
static unsigned next_char(struct cursor *c)
{
	enum { STAYS_ESCAPED = 256 };
	unsigned byte = cursor_byte(c);
	int high, low;

	if (byte != '%')
		return byte;
	high = hex_value(cursor_byte(c));
	low = hex_value(cursor_byte(c));
	if (high < 0 || low < 0)
		return byte;
	byte = (unsigned)(high << 4 | low);
	if (byte && strchr(";/?:@&=+$,", (int)byte))
		byte |= STAYS_ESCAPED;
	return byte;
}

static bool text_equal(struct slice a, struct slice b, bool fold_case)
{
	struct cursor ca = cursor_of(a.text, a.len);
	struct cursor cb = cursor_of(b.text, b.len);

	while (cursor_left(&ca) && cursor_left(&cb)) {
		unsigned x = next_char(&ca), y = next_char(&cb);

		if (fold_case && x < 256 && y < 256) {
			x = lower((unsigned char)x);
			y = lower((unsigned char)y);
		}
		if (x != y)
			return false;
	}
	return !cursor_left(&ca) && !cursor_left(&cb);
}

/* --- parsing ----------------------------------------------------------- */

static enum sipuri_scheme scheme_of(struct slice text)
{
	for (unsigned s = SIPURI_SIP; s < SIPURI_SCHEMES; s++) {
		if (slice_case_equal(text, slice_str(sipuri_scheme_name(s))))
			return s;
	}
	return SIPURI_OTHER;
}

static bool is_scheme(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!in_set((unsigned char)text.text[i], SCHEME))
			return false;
	}
	return text.len && lower((unsigned char)text.text[0]) >= 'a';
}

static struct slice without_final_dot(struct slice name)
{
	if (name.len > 1 && name.text[name.len - 1] == '.')
		name.len--;
	return name;
}

static bool is_host_name(struct slice host)
{
	enum { LABEL_MAX = 63 };
	struct slice name = without_final_dot(host);
	struct cursor c = cursor_of(name.text, name.len);
	bool all_digits = true;

	if (!host.len || host.len > SIPURI_HOST_MAX)
		return false;
	for (;;) {
		struct slice label = cursor_until(&c, ".");

		if (!label.len || label.len > LABEL_MAX ||
		    label.text[0] == '-' || label.text[label.len - 1] == '-')
			return false;
		all_digits = true;
		for (size_t i = 0; i < label.len; i++) {
			unsigned char byte = (unsigned char)label.text[i];

			if (!in_set(byte, LABEL))
				return false;
			all_digits = all_digits && byte >= '0' && byte <= '9';
		}
		if (!cursor_left(&c))
			break;
		cursor_byte(&c);
		if (!cursor_left(&c))
			return false;
	}
	/* "10.0.0.300" is a broken address, not a name */
	return !all_digits;
}

static void parse_port(struct sipuri *out, struct cursor *c, const char *stop)
{
	uint32_t port;

	cursor_byte(c);
	if (slice_u32(&port, cursor_until(c, stop), UINT16_MAX) || !port)
		cursor_fail(c);
	else
		out->port = (uint16_t)port;
}

static void parse_hostport(struct sipuri *out, struct cursor *c)
{
	bool bracketed = cursor_peek(c) == '[';

	if (bracketed) {
		struct slice inside = cursor_until(c, "]");

		cursor_expect(c, slice_str("]"));
		out->host = slice_of(inside.text, inside.len + 1);
	} else {
		out->host = cursor_until(c, ":;?");
	}
	if (!cursor_ok(c))
		return;
	if (addr_parse_host(&out->addr, out->host.text, out->host.len) &&
	    (bracketed || !is_host_name(out->host))) {
		cursor_fail(c);
		return;
	}
	if (cursor_peek(c) == ':')
		parse_port(out, c, ";?");
}

static void parse_userinfo(struct sipuri *out, struct cursor *c)
{
	struct cursor ahead = *c;
	struct slice userinfo = cursor_until(&ahead, "@");
	struct cursor in = cursor_of(userinfo.text, userinfo.len);

	if (!cursor_left(&ahead))
		return;		/* no '@': no user */
	cursor_byte(&ahead);
	*c = ahead;

	out->user = cursor_until(&in, ":");
	if (cursor_left(&in)) {
		cursor_byte(&in);
		out->has_password = true;
		out->password = rest_of(&in);
	}
	if (!out->user.len || !all_in(out->user, USER) ||
	    !all_in(out->password, PASSWORD))
		cursor_fail(c);
}

typedef bool next_item_h(struct cursor *c, struct sipuri_item *out);

/* Returns 0, EBADMSG or EMSGSIZE. */
static int check_items(struct slice text, next_item_h *next, unsigned set)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct sipuri_item item;
	unsigned cnt = 0;

	while (next(&c, &item)) {
		if (++cnt > SIPURI_ITEMS_MAX)
			return EMSGSIZE;
		if (!item.name.len || !all_in(item.name, set) ||
		    !all_in(item.value, set))
			return EBADMSG;
	}
	return 0;
}

static void parse_sip(struct sipuri *out, struct cursor *c)
{
	parse_userinfo(out, c);
	parse_hostport(out, c);
	if (cursor_peek(c) == ';') {
		cursor_byte(c);
		out->params = cursor_until(c, "?");
	}
	if (cursor_peek(c) == '?') {
		cursor_byte(c);
		out->headers = rest_of(c);
		cursor_take(c, out->headers.len);
	}
	if (cursor_left(c))
		cursor_fail(c);
}

static void parse_tel(struct sipuri *out, struct cursor *c)
{
	bool has_digit = false;

	out->user = cursor_until(c, ";");
	for (size_t i = 0; i < out->user.len; i++) {
		unsigned char byte = (unsigned char)out->user.text[i];

		if (!in_set(byte, NUMBER) || (byte == '+' && i))
			cursor_fail(c);
		if (hex_value(byte) >= 0 || byte == '*' || byte == '#')
			has_digit = true;
	}
	if (!has_digit)
		cursor_fail(c);
	if (cursor_left(c)) {
		cursor_byte(c);
		out->params = rest_of(c);
	}
}

static int parse(struct sipuri *out, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	int err;

	out->scheme_text = cursor_until(&c, ":");
	if (!is_scheme(out->scheme_text))
		return EBADMSG;
	cursor_expect(&c, slice_str(":"));
	out->opaque = rest_of(&c);
	out->scheme = scheme_of(out->scheme_text);

	switch (out->scheme) {
	case SIPURI_SIP:
	case SIPURI_SIPS:
		parse_sip(out, &c);
		break;
	case SIPURI_TEL:
		parse_tel(out, &c);
		break;
	default:
		if (!out->opaque.len || !all_in(out->opaque, OPAQUE))
			cursor_fail(&c);
		break;
	}
	if (!cursor_ok(&c))
		return EBADMSG;

	err = check_items(out->params, sipuri_next_param, PARAM);
	if (!err)
		err = check_items(out->headers, sipuri_next_header, HEADER);
	return err;
}

int sipuri_parse(struct sipuri *out, struct slice text)
{
	int err = EMSGSIZE;

	*out = (struct sipuri){ 0 };
	if (text.len <= SIPURI_LEN_MAX)
		err = parse(out, text);
	if (err)
		*out = (struct sipuri){ 0 };
	return err;
}

/* --- parameters and headers --------------------------------------------- */

static void split_item(struct sipuri_item *out, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);

	*out = (struct sipuri_item){ .name = cursor_until(&c, "=") };
	if (cursor_left(&c)) {
		cursor_byte(&c);
		out->has_value = true;
		out->value = rest_of(&c);
	}
}

bool sipuri_next_param(struct cursor *c, struct sipuri_item *out)
{
	while (cursor_peek(c) == ';')
		cursor_byte(c);
	if (!cursor_left(c))
		return false;
	split_item(out, cursor_until(c, ";"));
	return true;
}

bool sipuri_next_header(struct cursor *c, struct sipuri_item *out)
{
	if (!cursor_left(c))
		return false;
	split_item(out, cursor_until(c, "&"));
	if (cursor_left(c))
		cursor_byte(c);
	return true;
}

bool sipuri_item_is(const struct sipuri_item *item, struct slice name)
{
	return text_equal(item->name, name, true);
}

bool sipuri_find_param(const struct sipuri *uri, struct slice name,
		       struct sipuri_item *out)
{
	struct cursor c = cursor_of(uri->params.text, uri->params.len);

	while (sipuri_next_param(&c, out)) {
		if (sipuri_item_is(out, name))
			return true;
	}
	*out = (struct sipuri_item){ 0 };
	return false;
}

bool sipuri_host_is(const struct sipuri *uri, struct slice name)
{
	return uri->host.len && !addr_is_set(&uri->addr) &&
	       slice_case_equal(without_final_dot(uri->host),
				without_final_dot(name));
}

/* --- equality ------------------------------------------------------------ */

static bool hosts_equal(const struct sipuri *a, const struct sipuri *b)
{
	if (addr_is_set(&a->addr) || addr_is_set(&b->addr))
		return addr_equal(&a->addr, &b->addr);
	return slice_case_equal(without_final_dot(a->host),
				without_final_dot(b->host));
}

/* Equal but for visual separators and the case of hex digits: RFC 3966 4. */
static bool numbers_equal(struct slice a, struct slice b)
{
	struct cursor ca = cursor_of(a.text, a.len);
	struct cursor cb = cursor_of(b.text, b.len);

	for (;;) {
		while (cursor_left(&ca) && strchr("-.()", cursor_peek(&ca)))
			cursor_byte(&ca);
		while (cursor_left(&cb) && strchr("-.()", cursor_peek(&cb)))
			cursor_byte(&cb);
		if (!cursor_left(&ca) || !cursor_left(&cb))
			return !cursor_left(&ca) && !cursor_left(&cb);
		if (lower(cursor_byte(&ca)) != lower(cursor_byte(&cb)))
			return false;
	}
}

static bool is_one_of(struct slice name, const char *const *names)
{
	for (; *names; names++) {
		if (text_equal(name, slice_str(*names), true))
			return true;
	}
	return false;
}

static bool values_equal(const struct sipuri_item *a,
			 const struct sipuri_item *b, enum sipuri_scheme scheme)
{
	if (a->has_value != b->has_value)
		return false;
	if (scheme == SIPURI_TEL &&
	    (slice_case_equal(a->name, slice_str("ext")) ||
	     (a->value.len && a->value.text[0] == '+')))
		return numbers_equal(a->value, b->value);
	return text_equal(a->value, b->value, true);
}

/* Does each parameter of a agree with b's, or may it be absent there? */
static bool params_agree(const struct sipuri *a, const struct sipuri *b)
{
	static const char *const never_alone[] = {
		"user", "ttl", "method", "maddr", "transport", NULL
	};
	struct cursor c = cursor_of(a->params.text, a->params.len);
	struct sipuri_item item, first, other;

	while (sipuri_next_param(&c, &item)) {
		sipuri_find_param(a, item.name, &first);
		if (first.name.text != item.name.text)
			continue;	/* 19.1.1 forbids the second */
		if (sipuri_find_param(b, item.name, &other)) {
			if (!values_equal(&item, &other, a->scheme))
				return false;
		} else if (a->scheme == SIPURI_TEL ||
			   is_one_of(item.name, never_alone)) {
			return false;
		}
	}
	return true;
}

static unsigned count_header(struct slice headers,
			     const struct sipuri_item *wanted)
{
	struct cursor c = cursor_of(headers.text, headers.len);
	struct sipuri_item item;
	unsigned cnt = 0;

	while (sipuri_next_header(&c, &item)) {
		if (item.has_value == wanted->has_value &&
		    text_equal(item.name, wanted->name, true) &&
		    text_equal(item.value, wanted->value, true))
			cnt++;
	}
	return cnt;
}

/* Headers are never ignored: b must have each of a's, as often as a. */
static bool headers_agree(const struct sipuri *a, const struct sipuri *b)
{
	struct cursor c = cursor_of(a->headers.text, a->headers.len);
	struct sipuri_item item;

	while (sipuri_next_header(&c, &item)) {
		if (count_header(a->headers, &item) !=
		    count_header(b->headers, &item))
			return false;
	}
	return true;
}

bool sipuri_equal(const struct sipuri *a, const struct sipuri *b)
{
	if (a->scheme != b->scheme)
		return false;

	switch (a->scheme) {
	case SIPURI_SIP:
	case SIPURI_SIPS:
		return text_equal(a->user, b->user, false) &&
		       a->has_password == b->has_password &&
		       text_equal(a->password, b->password, false) &&
		       hosts_equal(a, b) && a->port == b->port &&
		       params_agree(a, b) && params_agree(b, a) &&
		       headers_agree(a, b) && headers_agree(b, a);
	case SIPURI_TEL:
		return numbers_equal(a->user, b->user) && params_agree(a, b) &&
		       params_agree(b, a);
	default:
		return slice_case_equal(a->scheme_text, b->scheme_text) &&
		       slice_equal(a->opaque, b->opaque);
	}
}

const char *sipuri_scheme_name(enum sipuri_scheme scheme)
{
	static const char *const names[SIPURI_SCHEMES] = {
		[SIPURI_OTHER] = "other",
		[SIPURI_SIP] = "sip",
		[SIPURI_SIPS] = "sips",
		[SIPURI_TEL] = "tel",
	};

	return (unsigned)scheme < SIPURI_SCHEMES ? names[scheme] : "other";
}
