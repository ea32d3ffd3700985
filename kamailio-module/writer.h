/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer.h - a bounded writer with a sticky error: cursor.h the other way */
#ifndef KAMAILIO_MODULE_WRITER_H
#define KAMAILIO_MODULE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/cursor.h"

struct writer {
	char *out;
	size_t size;
	size_t len;
	bool failed;		/* something did not fit; len is where it was */
};

static inline struct writer writer_of(char *out, size_t size)
{
	return (struct writer){ .out = out, .size = size };
}

static inline void writer_put(struct writer *w, const char *text, size_t len)
{
	if (w->failed || w->size - w->len < len) {
		w->failed = true;
		return;
	}
	if (len)
		memcpy(w->out + w->len, text, len);
	w->len += len;
}

static inline void writer_slice(struct writer *w, struct slice s)
{
	writer_put(w, s.text, s.len);
}

static inline void writer_str(struct writer *w, const char *nul_terminated)
{
	writer_put(w, nul_terminated, strlen(nul_terminated));
}

static inline void writer_u32(struct writer *w, uint32_t number)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	writer_put(w, digits + at, sizeof(digits) - at);
}

/* Text of a header field: only folding may break the line in it, so a CR that
 * no LF follows becomes a space.
 */
static inline void writer_folded(struct writer *w, struct slice text)
{
	while (text.len) {
		const char *cr = memchr(text.text, '\r', text.len);
		size_t n = cr ? (size_t)(cr - text.text) : text.len;

		writer_put(w, text.text, n);
		if (!cr)
			return;
		writer_put(w, n + 1 < text.len && cr[1] == '\n' ? "\r" : " ",
			   1);
		text = slice_of(cr + 1, text.len - n - 1);
	}
}

/* What was written, or 0 when something did not fit. */
static inline size_t writer_len(const struct writer *w)
{
	return w->failed ? 0 : w->len;
}

#endif
