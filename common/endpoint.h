/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint.h - an address with a port, as a value: 127.0.0.1:2223, [::1]:2223
 *
 * Pure.
 */
#ifndef COMMON_ENDPOINT_H
#define COMMON_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

enum {
	ENDPOINT_TEXT_MAX = ADDR_TEXT_MAX + 6,
};

struct endpoint {
	struct addr addr;
	uint16_t port;
};

/* ADDRESS:PORT or [ADDRESS]:PORT, the port not 0.  0 or EINVAL. */
int endpoint_parse(struct endpoint *out, struct slice text);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* As endpoint_parse() reads it.  Returns its length. */
size_t endpoint_format(char out[static ENDPOINT_TEXT_MAX],
		       const struct endpoint *e);

#endif
