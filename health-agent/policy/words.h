/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.h - text put together for people, in a buffer of fixed size
 *
 * Pure.  What does not fit is cut; there is always a NUL.
 */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

struct words {
	char *out;
	size_t room;	/* with the NUL; > 0 */
	size_t len;
};

static inline struct words words_in(char *out, size_t room)
{
	out[0] = '\0';
	return (struct words){ .out = out, .room = room };
}

void words_add(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void words_vadd(struct words *w, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* "3.2 s", "98 s", "12 min", "3 h": rounded up, so never too early; "0 s" only
 * for nothing.
 */
void words_add_duration(struct words *w, uint64_t ms);

/* "IPv4", "IPv6"; "" for none. */
const char *words_family(uint8_t family);

/* Copy text; what is not printable ASCII becomes '?'. */
void words_clean(char *out, size_t room, const char *text);

#endif
