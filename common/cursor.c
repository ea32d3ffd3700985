/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/cursor.h"

#include <errno.h>

/* Locale-free: SIP and the site file know ASCII only. */
static unsigned char ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

bool slice_case_equal(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (ascii_lower((unsigned char)a.text[i]) !=
		    ascii_lower((unsigned char)b.text[i]))
			return false;
	}
	return true;
}

bool slice_agree(struct slice a, struct slice b)
{
	if (a.len > b.len)
		a.len = b.len;
	b.len = a.len;
	return slice_equal(a, b);
}

bool slice_has_controls(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

int slice_u64(uint64_t *out, struct slice s, uint64_t max)
{
	uint64_t value = 0;

	if (s.len == 0 || s.len > 20)
		return EBADMSG;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)s.text[i] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return EBADMSG;
		value = value * 10 + digit;
	}
	if (value > max)
		return EBADMSG;
	*out = value;
	return 0;
}

int slice_u32(uint32_t *out, struct slice s, uint32_t max)
{
	uint64_t value;
	int err;

	if (s.len > 10)
		return EBADMSG;
	err = slice_u64(&value, s, max);
	if (!err)
		*out = (uint32_t)value;
	return err;
}

struct slice cursor_until(struct cursor *c, const char *stop)
{
	size_t left = cursor_left(c);
	uint64_t set[4] = { 0 };	/* a bit per byte value */
	size_t n = 0;

	if (stop[0] && !stop[1] && left) {
		const char *from = c->start + c->pos;
		const char *at = memchr(from, stop[0], left);

		return cursor_take(c, at ? (size_t)(at - from) : left);
	}
	for (; *stop; stop++)
		set[(unsigned char)*stop >> 6] |= UINT64_C(1) << (*stop & 63);
	for (; n < left; n++) {
		unsigned char byte = (unsigned char)c->start[c->pos + n];

		if (set[byte >> 6] >> (byte & 63) & 1)
			break;
	}
	return cursor_take(c, n);
}

void cursor_expect(struct cursor *c, struct slice want)
{
	struct slice got = cursor_take(c, want.len);

	if (cursor_ok(c) && !slice_equal(got, want))
		cursor_fail(c);
}

void cursor_skip_blanks(struct cursor *c)
{
	while (cursor_peek(c) == ' ' || cursor_peek(c) == '\t')
		cursor_byte(c);
}
