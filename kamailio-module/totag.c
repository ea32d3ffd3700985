/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/totag.h"

#include <stdio.h>

enum {
	HASHED_MAX = 1024,
	PREFIX_LEN = 3,		/* "a1-" */
};

/* Least significant byte first, whatever machine this node is. */
static size_t append_number(uint8_t *buf, size_t at, uint64_t number,
			    size_t bytes)
{
	for (size_t i = 0; i < bytes; i++, number >>= 8)
		buf[at + i] = (uint8_t)number;
	return at + bytes;
}

/* Length-prefixed, so that no two triples share their bytes.  What is longer
 * than the buffer (nobody's Call-ID is) is folded into it by its own hash.
 */
static size_t append_text(uint8_t *buf, size_t at, struct slice s,
			  const uint8_t *key)
{
	at = append_number(buf, at, s.len, sizeof(uint32_t));
	if (s.len > HASHED_MAX / 3)
		return append_number(buf, at,
				     secret_siphash(key, s.text, s.len),
				     sizeof(uint64_t));
	if (s.len)
		memcpy(buf + at, s.text, s.len);
	return at + s.len;
}

uint64_t totag_digest(const struct secret_keys *keys, struct slice call_id,
		      struct slice from_tag, uint32_t cseq)
{
	uint8_t buf[HASHED_MAX];
	size_t len = append_number(buf, 0, cseq, sizeof(cseq));

	len = append_text(buf, len, call_id, keys->totag);
	len = append_text(buf, len, from_tag, keys->totag);
	return secret_siphash(keys->totag, buf, len);
}

void totag_format(char out[static TOTAG_LEN], uint64_t digest)
{
	static const char hex[] = "0123456789abcdef";

	memcpy(out, "a1-", PREFIX_LEN);
	for (unsigned i = 0; i < 16; i++)
		out[PREFIX_LEN + i] = hex[digest >> (60 - 4 * i) & 15];
}

void totag_make(char out[static TOTAG_LEN], const struct secret_keys *keys,
		struct slice call_id, struct slice from_tag, uint32_t cseq)
{
	totag_format(out, totag_digest(keys, call_id, from_tag, cseq));
}

bool totag_is_ours(struct slice tag, const struct secret_keys *keys,
		   struct slice call_id, struct slice from_tag, uint32_t cseq)
{
	char want[TOTAG_LEN];

	if (tag.len != TOTAG_LEN || memcmp(tag.text, "a1-", PREFIX_LEN))
		return false;
	totag_make(want, keys, call_id, from_tag, cseq);
	return !memcmp(tag.text, want, TOTAG_LEN);
}

/* Skip a quoted string; the cursor stands on its first quote. */
static void skip_quoted(struct cursor *c)
{
	cursor_byte(c);
	while (cursor_left(c)) {
		unsigned char byte = cursor_byte(c);

		if (byte == '\\')
			cursor_byte(c);
		else if (byte == '"')
			return;
	}
	cursor_fail(c);
}

/* To the start of the header parameters: behind the closing '>', or at the
 * first ';' of a bare addr-spec.
 */
static void skip_address(struct cursor *c)
{
	while (cursor_left(c)) {
		cursor_until(c, "\"<;");
		if (cursor_peek(c) == '"') {
			skip_quoted(c);
		} else if (cursor_peek(c) == '<') {
			cursor_until(c, ">");
			cursor_expect(c, slice_str(">"));
			return;
		} else {
			return;
		}
	}
}

/* Behind the '>' of a value without any quotes; false when it is no such one,
 * as hardly any is.
 */
static bool skip_plain_address(struct cursor *c)
{
	const char *at = c->start;
	const char *close = memchr(at, '>', c->len);
	const char *open = close ? memchr(at, '<', (size_t)(close - at)) : NULL;

	if (!open || memchr(at, '"', c->len) ||
	    memchr(at, ';', (size_t)(open - at)))
		return false;
	cursor_take(c, (size_t)(close - at) + 1);
	return true;
}

bool totag_find(struct slice header_value, struct slice *tag)
{
	struct cursor c = cursor_of(header_value.text, header_value.len);

	*tag = (struct slice){ 0 };
	if (!header_value.len)
		return false;
	if (!skip_plain_address(&c))
		skip_address(&c);
	while (cursor_left(&c)) {
		struct slice name;

		cursor_until(&c, ";");
		if (!cursor_left(&c))
			return false;
		cursor_byte(&c);
		name = slice_trim(cursor_until(&c, "=;\""));
		if (cursor_peek(&c) != '=')
			continue;
		cursor_byte(&c);
		while (cursor_left(&c) &&
		       memchr(" \t\r\n", cursor_peek(&c), 4))
			cursor_byte(&c);
		if (cursor_peek(&c) == '"')
			skip_quoted(&c);
		else if (slice_case_equal(name, slice_str("tag"))) {
			*tag = slice_trim(cursor_until(&c, "; \t\r\n,"));
			if (tag->len)
				return true;
		}
	}
	return false;
}
