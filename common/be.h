/* SPDX-License-Identifier: GPL-2.0-or-later */
/* be.h - a number as bytes in network order; cursor_number() reads one */
#ifndef COMMON_BE_H
#define COMMON_BE_H

#include <stddef.h>
#include <stdint.h>

/* The low len bytes of value, 0 to 8, to out; returns len. */
static inline size_t be_put(uint8_t *out, uint64_t value, size_t len)
{
	for (size_t i = len; i-- > 0; value >>= 8)
		out[i] = (uint8_t)value;
	return len;
}

#endif
