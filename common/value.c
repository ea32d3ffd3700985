/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/value.h"

#include <errno.h>
#include <stdio.h>

void value_quote(char out[static VALUE_QUOTED_MAX], struct slice text)
{
	enum { TAIL = sizeof("\\xff...") };
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.text[i];
		size_t room = VALUE_QUOTED_MAX - len;

		if (room < TAIL) {
			snprintf(out + len, room, "...");
			return;
		}
		if (c >= ' ' && c < 0x7f)
			len += (size_t)snprintf(out + len, room, "%c", c);
		else
			len += (size_t)snprintf(out + len, room, "\\x%02x", c);
	}
}

bool value_next(struct cursor *c, bool *begun, struct slice *out)
{
	if (*begun) {
		if (!cursor_left(c))
			return false;
		cursor_byte(c);		/* the comma */
	}
	*begun = true;
	*out = slice_trim(cursor_until(c, ","));
	return true;
}

static const struct {
	const char *suffix;
	uint64_t ms;
} units[] = {
	{ "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

int value_duration(uint64_t *out_ms, struct slice text)
{
	size_t digits = 0;
	uint32_t number;

	while (digits < text.len && text.text[digits] >= '0' &&
	       text.text[digits] <= '9')
		digits++;
	if (slice_u32(&number, slice_of(text.text, digits), UINT32_MAX))
		return EINVAL;
	if (digits == text.len && number == 0) {
		*out_ms = 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!slice_equal(slice_of(text.text + digits,
					  text.len - digits),
				 slice_str(units[i].suffix)))
			continue;
		*out_ms = number * units[i].ms;
		return 0;
	}
	return EINVAL;
}

void value_format_duration(char out[static VALUE_DURATION_MAX], uint64_t ms)
{
	size_t i = 0;

	while (ms % units[i].ms)
		i++;
	if (ms == 0)
		i = 2;
	snprintf(out, VALUE_DURATION_MAX, "%llu%s",
		 (unsigned long long)(ms / units[i].ms), units[i].suffix);
}
