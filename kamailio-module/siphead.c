/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/siphead.h"

#include "common/probe.h"

struct known {
	const char *name;	/* lower case */
	size_t len;
	void (*take)(struct siphead *out, struct slice field,
		     struct slice value);
};

static void take_via(struct siphead *out, struct slice field,
		     struct slice value)
{
	(void)value;
	if (out->via_cnt == SIPHEAD_VIAS_MAX)
		out->too_many_vias = true;
	else
		out->vias[out->via_cnt++] = field;
}

/* Of a field that may stand only once; notes when it does not. */
static bool is_first(struct siphead *out, struct slice slot)
{
	if (!slot.len)
		return true;
	out->has_twice = true;
	return false;
}

static void take_from(struct siphead *out, struct slice field,
		      struct slice value)
{
	if (is_first(out, out->from)) {
		out->from = field;
		out->from_value = value;
	}
}

static void take_to(struct siphead *out, struct slice field,
		    struct slice value)
{
	if (is_first(out, out->to)) {
		out->to = field;
		out->to_value = value;
	}
}

static void take_call_id(struct siphead *out, struct slice field,
			 struct slice value)
{
	(void)value;
	if (is_first(out, out->call_id))
		out->call_id = field;
}

static void take_cseq(struct siphead *out, struct slice field,
		      struct slice value)
{
	(void)value;
	if (is_first(out, out->cseq))
		out->cseq = field;
}

static void take_user_agent(struct siphead *out, struct slice field,
			    struct slice value)
{
	(void)field;
	if (!out->user_agent.len)
		out->user_agent = value;
}

static void take_first(bool *has, struct slice *slot, struct slice value)
{
	if (*has)
		return;
	*has = true;
	*slot = value;
}

static void take_max_forwards(struct siphead *out, struct slice field,
			      struct slice value)
{
	(void)field;
	take_first(&out->has_max_forwards, &out->max_forwards, value);
}

static void take_proxy_require(struct siphead *out, struct slice field,
			       struct slice value)
{
	(void)field;
	if (out->proxy_require_cnt < SIPHEAD_REQUIRES_MAX)
		out->proxy_requires[out->proxy_require_cnt++] = value;
}

static void take_content_length(struct siphead *out, struct slice field,
				struct slice value)
{
	(void)field;
	/* two lengths are none: nobody knows where the body ends */
	out->content_length = out->has_content_length ? slice_of(NULL, 0) :
							value;
	out->has_content_length = true;
}

static void take_probe(struct siphead *out, struct slice field,
		       struct slice value)
{
	(void)field;
	take_first(&out->has_probe, &out->probe, value);
}

static void take_route(struct siphead *out, struct slice field,
		       struct slice value)
{
	(void)field;
	(void)value;
	out->has_route = true;
}

#define KNOWN(name_, take_) { name_, sizeof(name_) - 1, take_ }

enum { NAME_LEN_MAX = 15 };

/* By length: the few of one length differ in their first letter. */
static const struct known known_fields[] = {
	KNOWN("v", take_via),
	KNOWN("f", take_from),
	KNOWN("t", take_to),
	KNOWN("i", take_call_id),
	KNOWN("l", take_content_length),
	KNOWN("to", take_to),
	KNOWN("via", take_via),
	KNOWN("from", take_from),
	KNOWN("cseq", take_cseq),
	KNOWN("route", take_route),
	KNOWN("call-id", take_call_id),
	KNOWN("user-agent", take_user_agent),
	KNOWN("max-forwards", take_max_forwards),
	KNOWN("proxy-require", take_proxy_require),
	KNOWN("content-length", take_content_length),
	KNOWN("x-anycast-probe", take_probe),
};

/* Where in the table the names of each length begin; the next one's is their
 * end.
 */
static const uint8_t first_of_len[NAME_LEN_MAX + 2] = {
	0, 0, 5, 6, 7, 9, 10, 10, 11, 11, 11, 12, 12, 13, 14, 15, 16,
};

#define LETTER(c) (1U << ((c) & 31))

/* The letters a known name begins with: most fields are none of ours, and
 * those are seen by their first byte.
 */
static const uint32_t first_letters =
	LETTER('v') | LETTER('f') | LETTER('t') | LETTER('i') | LETTER('l') |
	LETTER('c') | LETTER('r') | LETTER('u') | LETTER('m') | LETTER('p') |
	LETTER('x');

static bool is_letter_of_known(char byte)
{
	unsigned char lower = (unsigned char)byte | 0x20;

	return lower >= 'a' && lower <= 'z' && first_letters & LETTER(lower);
}

/* name's letters in either case; known is lower case. */
static bool is_name(struct slice name, const char *known)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char byte = (unsigned char)name.text[i];

		if (byte >= 'A' && byte <= 'Z')
			byte |= 0x20;
		if (byte != (unsigned char)known[i])
			return false;
	}
	return true;
}

static const struct known *find_known(struct slice name)
{
	unsigned char first;

	if (!name.len || name.len > NAME_LEN_MAX)
		return NULL;
	first = (unsigned char)name.text[0] | 0x20;
	for (size_t i = first_of_len[name.len]; i < first_of_len[name.len + 1];
	     i++) {
		const struct known *k = &known_fields[i];

		if ((unsigned char)k->name[0] == first &&
		    is_name(name, k->name))
			return k;
	}
	return NULL;
}

/* The length of the next line, or, with folding, of the next logical one: up
 * to the line break that is not followed by folding white space (RFC 3261
 * 7.3.1).  CR LF, LF, or the end.
 */
static size_t line_len(const char *text, size_t left, bool folding)
{
	size_t at = 0;

	while (at < left) {
		const char *lf = memchr(text + at, '\n', left - at);

		if (!lf)
			return left;
		at = (size_t)(lf - text) + 1;
		if (!folding || at == left ||
		    (text[at] != ' ' && text[at] != '\t'))
			return at;
	}
	return left;
}

static bool is_empty(const char *line, size_t len)
{
	return (len == 2 && line[0] == '\r' && line[1] == '\n') ||
	       (len == 1 && line[0] == '\n');
}

static void take_field(struct siphead *out, struct slice field)
{
	const char *colon;
	const struct known *k;
	size_t name_len;

	if (!is_letter_of_known(field.text[0]))
		return;
	colon = memchr(field.text, ':', field.len);
	if (!colon)
		return;
	name_len = (size_t)(colon - field.text);
	k = find_known(slice_trim(slice_of(field.text, name_len)));
	if (k)
		k->take(out, field,
			slice_trim(slice_of(colon + 1,
					    field.len - name_len - 1)));
}

bool siphead_scan(struct siphead *out, struct slice message)
{
	size_t at = 0;
	bool first = true;

	memset(out, 0, offsetof(struct siphead, vias));
	out->via_cnt = 0;
	memset(&out->too_many_vias, 0,
	       sizeof(*out) - offsetof(struct siphead, too_many_vias));
	while (at < message.len) {
		const char *line = message.text + at;
		size_t len = line_len(line, message.len - at, !first);

		at += len;
		if (is_empty(line, len)) {
			if (first)
				continue; /* RFC 3261 7.5: before the first line */
			out->body_at = at;
			return true;
		}
		if (!first)
			take_field(out, slice_of(line, len));
		first = false;
	}
	out->body_at = at;
	return false;
}

bool siphead_count_down(char *text, size_t len)
{
	bool zero = true;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		zero = zero && text[i] == '0';
	}
	if (zero)
		return false;
	while (text[--len] == '0')	/* ends at a digit that is not zero */
		text[len] = '9';
	text[len]--;
	return true;
}
