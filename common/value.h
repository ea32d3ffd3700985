/* SPDX-License-Identifier: GPL-2.0-or-later */
/* value.h - what values of configuration files are made of
 *
 * Pure.  A value is the text behind the = of a line, or an argument of the
 * command line, so it may hold any byte; what is printed of it is quoted.
 */
#ifndef COMMON_VALUE_H
#define COMMON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	VALUE_QUOTED_MAX = 96,
	VALUE_DURATION_MAX = 32,
};

/* Text made fit for a line: bytes that are not printable ASCII as \xNN, cut
 * after some 80 characters.
 */
void value_quote(char out[static VALUE_QUOTED_MAX], struct slice text);

/* The next element of a comma list, trimmed; false at its end.  *begun is
 * false before the first.  An empty list has one empty element, so that it is
 * an error like `a,,b' is.
 */
bool value_next(struct cursor *c, bool *begun, struct slice *out);

/* 30s, 500ms, 2m, 1h, 0: milliseconds.  0 or EINVAL. */
int value_duration(uint64_t *out_ms, struct slice text);

/* The shortest text value_duration() reads as ms. */
void value_format_duration(char out[static VALUE_DURATION_MAX], uint64_t ms);

#endif
