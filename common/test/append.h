/* SPDX-License-Identifier: GPL-2.0-or-later */
/* append.h - text put together piece by piece, to be compared */
#ifndef COMMON_TEST_APPEND_H
#define COMMON_TEST_APPEND_H

#include "common/test/table.h"

#include <stdio.h>

/* Behind the NUL-terminated text in out, an array of size bytes; fails the
 * test when it does not fit.
 */
__attribute__((format(printf, 3, 4)))
static inline void append(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size - len)
		fail_msg("no room behind: %s", out);
}

#endif
