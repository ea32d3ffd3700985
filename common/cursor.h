/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cursor.h - a bounded reader with a sticky error
 *
 * Bytes from the network are read through this and never by pointer
 * arithmetic.  Once a read fails the cursor stays failed: every further read
 * is a no-op that yields zero, empty or false, so a parser is straight-line
 * code with one check of cursor_ok() at its end.
 *
 * The cursor borrows the bytes; nothing is copied or allocated.
 */
#ifndef COMMON_CURSOR_H
#define COMMON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A counted piece of text inside somebody else's buffer, not NUL-terminated.
 * text may be NULL only when len is 0.
 */
struct slice {
	const char *text;
	size_t len;
};

struct cursor {
	const char *start;
	size_t len;
	size_t pos;	/* <= len */
	bool failed;
};

static inline struct slice slice_of(const char *text, size_t len)
{
	return (struct slice){ .text = text, .len = len };
}

static inline struct slice slice_str(const char *nul_terminated)
{
	return slice_of(nul_terminated, strlen(nul_terminated));
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (!a.len || !memcmp(a.text, b.text, a.len));
}

/* Equal but for the case of ASCII letters. */
bool slice_case_equal(struct slice a, struct slice b);

/* Is one of them how the other begins, as far as they go? */
bool slice_agree(struct slice a, struct slice b);

static inline bool slice_is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without the spaces, tabs, CRs and LFs at both ends.  Inline: mostly there
 * are none, or two at the end.
 */
static inline struct slice slice_trim(struct slice s)
{
	while (s.len && slice_is_white(s.text[0])) {
		s.text++;
		s.len--;
	}
	while (s.len && slice_is_white(s.text[s.len - 1]))
		s.len--;
	return s;
}

/* Is there an ASCII control character other than a tab, a NUL for example? */
bool slice_has_controls(struct slice s);

/* A decimal number of 1..10 digits and nothing else, up to max.  Returns 0 or
 * EBADMSG; *out is untouched on error.
 */
int slice_u32(uint32_t *out, struct slice s, uint32_t max);

/* The same for 1..20 digits. */
int slice_u64(uint64_t *out, struct slice s, uint64_t max);

static inline struct cursor cursor_of(const char *bytes, size_t len)
{
	return (struct cursor){ .start = bytes, .len = len };
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : c->len - c->pos;
}

static inline void cursor_fail(struct cursor *c)
{
	c->failed = true;
}

/* The next byte without taking it; 0 at the end or after a failure. */
static inline unsigned char cursor_peek(const struct cursor *c)
{
	return cursor_left(c) ? (unsigned char)c->start[c->pos] : 0;
}

/* Take n bytes; fails the cursor when fewer are left. */
static inline struct slice cursor_take(struct cursor *c, size_t n)
{
	struct slice s = { 0 };

	if (cursor_left(c) < n) {
		c->failed = true;
		return s;
	}
	if (!c->start)
		return s;	/* no text at all: NULL + 0 is undefined */
	s = slice_of(c->start + c->pos, n);
	c->pos += n;
	return s;
}

static inline unsigned char cursor_byte(struct cursor *c)
{
	struct slice s = cursor_take(c, 1);

	return s.len ? (unsigned char)s.text[0] : 0;
}

/* Take a number of len bytes, 0 to 8, in network order. */
static inline uint64_t cursor_number(struct cursor *c, size_t len)
{
	uint64_t value = 0;

	while (len-- > 0)
		value = value << 8 | cursor_byte(c);
	return value;
}

/* Take the text up to the first byte that is in stop (a NUL-terminated set),
 * or up to the end; the stop byte itself is left.
 */
struct slice cursor_until(struct cursor *c, const char *stop);

/* Take exactly this text, else fail. */
void cursor_expect(struct cursor *c, struct slice want);

/* Take bytes as long as they are spaces or tabs. */
void cursor_skip_blanks(struct cursor *c);

#endif
