/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/words.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
};

void words_vadd(struct words *w, const char *fmt, va_list ap)
{
	size_t left = w->room - w->len;
	int n = vsnprintf(w->out + w->len, left, fmt, ap);

	if (n > 0)
		w->len += (size_t)n < left ? (size_t)n : left - 1;
}

void words_add(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	words_vadd(w, fmt, ap);
	va_end(ap);
}

static uint64_t round_up(uint64_t ms, uint64_t unit)
{
	return ms / unit + (ms % unit != 0);
}

void words_add_duration(struct words *w, uint64_t ms)
{
	uint64_t tenths = round_up(ms, SECOND_MS / 10);

	if (!ms)
		words_add(w, "0 s");
	else if (tenths < 100)
		words_add(w, "%" PRIu64 ".%" PRIu64 " s", tenths / 10,
			  tenths % 10);
	else if (ms <= 10 * MINUTE_MS)
		words_add(w, "%" PRIu64 " s", round_up(ms, SECOND_MS));
	else if (ms <= 10 * HOUR_MS)
		words_add(w, "%" PRIu64 " min", round_up(ms, MINUTE_MS));
	else
		words_add(w, "%" PRIu64 " h", round_up(ms, HOUR_MS));
}

const char *words_family(uint8_t family)
{
	return family == ADDR_IP4 ? "IPv4" : family == ADDR_IP6 ? "IPv6" : "";
}

void words_clean(char *out, size_t room, const char *text)
{
	size_t len = 0;

	for (; text[len] && len + 1 < room; len++)
		out[len] = text[len] >= ' ' && text[len] <= '~' ? text[len]
								: '?';
	out[len] = '\0';
}
