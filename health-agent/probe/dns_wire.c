/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/dns_wire.h"

#include <stdio.h>
#include <string.h>

#include "common/addr.h"

enum {
	HEAD_LEN = 12,
	NAME_LEN_MAX = 255,	/* on the wire */
	LABEL_MAX = 63,
	POINTER = 0xc0,
	CLASS_IN = 1,
	TYPE_CNAME = 5,
	FLAG_RESPONSE = 0x8000,
	FLAG_OPCODE = 0x7800,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION = 0x0100,
	RCODE = 0x000f,
};

static const struct {
	uint16_t type;
	const char *name;
} types[] = {
	{ DNS_A, "A" },		{ DNS_TXT, "TXT" },	{ DNS_AAAA, "AAAA" },
	{ DNS_SRV, "SRV" },	{ DNS_NAPTR, "NAPTR" },
};

const char *dns_type_name(uint16_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

const char *dns_rcode_name(unsigned rcode)
{
	static const char *const names[] = {
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED",
	};

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode]
							: "rcode";
}

/* --- text ----------------------------------------------------------------- */

/* A record's text being put together; what does not fit is cut. */
struct text {
	char *out;		/* DNS_TEXT_MAX */
	size_t len;
};

static void put(struct text *t, const char *more)
{
	size_t left = DNS_TEXT_MAX - 1 - t->len;
	size_t len = strlen(more);

	len = len < left ? len : left;
	memcpy(t->out + t->len, more, len);
	t->len += len;
	t->out[t->len] = '\0';
}

static void put_number(struct text *t, unsigned number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u ", number);
	put(t, digits);
}

/* RFC 1035 5.1: what is not printable, or means something, is escaped. */
static void put_byte(struct text *t, unsigned char byte, const char *special)
{
	char escaped[8];

	if (byte < ' ' || byte > '~')
		snprintf(escaped, sizeof(escaped), "\\%03u", byte);
	else if (strchr(special, byte))
		snprintf(escaped, sizeof(escaped), "\\%c", byte);
	else
		snprintf(escaped, sizeof(escaped), "%c", byte);
	put(t, escaped);
}

/* --- reading -------------------------------------------------------------- */

static uint16_t read_u16(struct cursor *c)
{
	unsigned high = cursor_byte(c);

	return (uint16_t)(high << 8 | cursor_byte(c));
}

static void read_label(struct cursor *c, struct text *t, unsigned len)
{
	struct slice label = cursor_take(c, len);

	for (size_t i = 0; i < label.len; i++)
		put_byte(t, (unsigned char)label.text[i], " .\\\"");
	put(t, ".");
}

/* A name that may be compressed (4.1.4), into t. */
static void read_name(struct cursor *c, struct text *t)
{
	struct cursor at = *c;
	size_t before = c->pos;		/* pointers lead before this */
	bool jumped = false;
	size_t len = 0;

	while (cursor_ok(&at)) {
		unsigned byte = cursor_byte(&at);

		if (byte >= POINTER) {
			size_t to = (byte - POINTER) << 8 | cursor_byte(&at);

			if (!jumped)
				c->pos = at.pos;
			jumped = true;
			if (to >= before)
				break;
			before = at.pos = to;
			continue;
		}
		len += byte + 1;
		if (byte > LABEL_MAX || len > NAME_LEN_MAX || !cursor_ok(&at))
			break;
		if (byte) {
			read_label(&at, t, byte);
			continue;
		}
		if (!jumped)
			c->pos = at.pos;
		if (len == 1)
			put(t, ".");
		return;
	}
	cursor_fail(c);
}

/* <character-string>, quoted */
static void read_string(struct cursor *c, struct text *t)
{
	struct slice s = cursor_take(c, cursor_byte(c));

	put(t, "\"");
	for (size_t i = 0; i < s.len; i++)
		put_byte(t, (unsigned char)s.text[i], "\\\"");
	put(t, "\"");
}

static void read_address(struct cursor *c, struct text *t, uint16_t type)
{
	char text[ADDR_TEXT_MAX];
	struct slice bytes = cursor_take(c, type == DNS_A ? 4 : 16);
	struct addr addr;

	if (!cursor_ok(c))
		return;
	if (type == DNS_A)
		addr_from_ip4(&addr, (const uint8_t *)bytes.text);
	else
		addr_from_ip6(&addr, (const uint8_t *)bytes.text);
	addr_format(text, &addr);
	put(t, text);
}

/* The data of one record, which c stands before and which ends at end. */
static void read_data(struct cursor *c, struct text *t, uint16_t type,
		      size_t end)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		read_address(c, t, type);
		break;
	case DNS_SRV:
		for (unsigned i = 0; i < 3; i++)
			put_number(t, read_u16(c));
		read_name(c, t);
		break;
	case DNS_NAPTR:
		for (unsigned i = 0; i < 2; i++)
			put_number(t, read_u16(c));
		for (unsigned i = 0; i < 3; i++) {
			read_string(c, t);
			put(t, " ");
		}
		read_name(c, t);
		break;
	default:
		while (cursor_ok(c) && c->pos < end) {
			if (t->len)
				put(t, " ");
			read_string(c, t);
		}
	}
	if (c->pos != end)
		cursor_fail(c);
}

/* The name as dns_write() would write it: without case and last dot. */
static bool name_equal(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	a_len -= a_len && a[a_len - 1] == '.';
	b_len -= b_len && b[b_len - 1] == '.';
	return slice_case_equal(slice_of(a, a_len), slice_of(b, b_len));
}

/* The name that is meant from now on (RFC 1034 3.6.2). */
static void read_alias(struct cursor *c, char name[static DNS_TEXT_MAX],
		       size_t end)
{
	struct text t = { .out = name };

	*name = '\0';
	read_name(c, &t);
	if (c->pos != end)
		cursor_fail(c);
}

/* name: whose records we want, the last alias of who was asked about */
static void read_record(struct dns_answer *out, struct cursor *c,
			uint16_t wanted, char name[static DNS_TEXT_MAX])
{
	char spare[DNS_TEXT_MAX] = "";
	struct text t = { .out = spare };
	uint16_t type, class, len;

	read_name(c, &t);
	type = read_u16(c);
	class = read_u16(c);
	cursor_take(c, 4);		/* TTL */
	len = read_u16(c);
	if (cursor_left(c) < len) {
		cursor_fail(c);
		return;
	}
	if (class != CLASS_IN || !name_equal(spare, name) ||
	    (type != wanted && type != TYPE_CNAME)) {
		cursor_take(c, len);
		return;
	}
	if (type == TYPE_CNAME) {
		read_alias(c, name, c->pos + len);
		return;
	}
	t = (struct text){ .out = out->cnt < DNS_RECORDS_MAX ?
					  out->records[out->cnt] :
					  spare };
	*t.out = '\0';
	out->cnt++;
	read_data(c, &t, type, c->pos + len);
}

static bool is_question(struct cursor *c, const struct dns_question *question,
			char name[static DNS_TEXT_MAX])
{
	struct text t = { .out = name };
	uint16_t type;

	*name = '\0';
	read_name(c, &t);
	type = read_u16(c);
	return read_u16(c) == CLASS_IN && cursor_ok(c) &&
	       type == question->type && name_equal(name, question->name);
}

enum dns_outcome dns_read(struct dns_answer *out, struct slice message,
			  const struct dns_question *question)
{
	struct cursor c = cursor_of(message.text, message.len);
	uint16_t id = read_u16(&c), flags = read_u16(&c);
	uint16_t questions = read_u16(&c), answers = read_u16(&c);
	char name[DNS_TEXT_MAX];

	out->rcode = flags & RCODE;
	out->cnt = 0;
	cursor_take(&c, 4);	/* how many of authority and additional */
	if (!cursor_ok(&c))
		return DNS_GARBAGE;
	if (id != question->id || !(flags & FLAG_RESPONSE) ||
	    flags & FLAG_OPCODE)
		return DNS_STRANGE;
	/* 4.1.1: FORMERR may come without the question */
	if (!questions && out->rcode)
		return DNS_REFUSED;
	if (questions != 1 || !is_question(&c, question, name))
		return DNS_STRANGE;
	if (flags & FLAG_TRUNCATED)
		return DNS_TRUNCATED;
	if (out->rcode)
		return DNS_REFUSED;
	while (answers-- && cursor_ok(&c))
		read_record(out, &c, question->type, name);
	return cursor_ok(&c) ? DNS_ANSWERED : DNS_GARBAGE;
}

/* --- writing -------------------------------------------------------------- */

static uint8_t *put_u16(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return out + 2;
}

/* Printable, and nothing that would have to be escaped. */
static bool is_label(struct slice label)
{
	for (size_t i = 0; i < label.len; i++)
		if (label.text[i] <= ' ' || label.text[i] > '~' ||
		    strchr("\\\"", label.text[i]))
			return false;
	return label.len && label.len <= LABEL_MAX;
}

/* Returns where it ends, or NULL. */
static uint8_t *put_name(uint8_t *out, const char *name)
{
	struct cursor c = cursor_of(name, strlen(name));
	size_t len = 1;

	if (!strcmp(name, "."))
		c.len = 0;
	else if (!*name)
		return NULL;
	while (cursor_left(&c)) {
		struct slice label = cursor_until(&c, ".");

		if (cursor_left(&c))
			cursor_byte(&c);	/* the dot */
		len += label.len + 1;
		if (!is_label(label) || len > NAME_LEN_MAX)
			return NULL;
		*out++ = (uint8_t)label.len;
		memcpy(out, label.text, label.len);
		out += label.len;
	}
	*out++ = 0;
	return out;
}

size_t dns_write(uint8_t out[static DNS_QUERY_MAX],
		 const struct dns_question *question)
{
	uint8_t *at = out;

	at = put_u16(at, question->id);
	at = put_u16(at, FLAG_RECURSION);
	at = put_u16(at, 1);
	memset(at, 0, 6);
	at = put_name(at + 6, question->name);
	if (!at)
		return 0;
	at = put_u16(at, question->type);
	at = put_u16(at, CLASS_IN);
	return (size_t)(at - out);
}

/* --- comparing ------------------------------------------------------------ */

/* The next word; one in quotes may hold blanks. */
static struct slice next_word(struct cursor *c)
{
	size_t from;
	bool quoted = false;

	cursor_skip_blanks(c);
	from = c->pos;
	while (cursor_left(c)) {
		unsigned char byte = cursor_peek(c);

		if (!quoted && (byte == ' ' || byte == '\t'))
			break;
		quoted ^= byte == '"';
		cursor_byte(c);
		if (byte == '\\' && cursor_left(c))
			cursor_byte(c);
	}
	return slice_of(c->start + from, c->pos - from);
}

static bool word_equal(struct slice a, struct slice b)
{
	if (a.len && *a.text == '"')
		return slice_equal(a, b);
	if (a.len > 1 && a.text[a.len - 1] == '.')
		a.len--;
	if (b.len > 1 && b.text[b.len - 1] == '.')
		b.len--;
	return slice_case_equal(a, b);
}

bool dns_text_equal(const char *a, const char *b, uint16_t type)
{
	struct cursor ca = cursor_of(a, strlen(a));
	struct cursor cb = cursor_of(b, strlen(b));
	struct addr aa, ab;

	if (type == DNS_A || type == DNS_AAAA)
		return !addr_parse(&aa, a, strlen(a)) &&
		       !addr_parse(&ab, b, strlen(b)) && addr_equal(&aa, &ab) &&
		       aa.family == (type == DNS_A ? ADDR_IP4 : ADDR_IP6);
	while (cursor_left(&ca) || cursor_left(&cb))
		if (!word_equal(next_word(&ca), next_word(&cb)))
			return false;
	return true;
}
