/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/value.h"

#include <errno.h>
#include <stdio.h>

void value_quote(char out[static VALUE_QUOTED_MAX], struct slice text)
{
	size_t len = text.len < VALUE_QUOTED_MAX - 1 ? text.len
						     : VALUE_QUOTED_MAX - 1;

	for (size_t i = 0; i < len; i++) {
		char c = text.text[i];

		out[i] = c >= ' ' && c < 0x7f ? c : '?';
	}
	out[len] = '\0';
	if (len < text.len)
		memcpy(out + len - 3, "...", 3);
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
