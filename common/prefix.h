/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prefix.h - a block of addresses: 192.0.2.0/24, 2001:db8::/32 (RFC 4632)
 *
 * Pure.  A prefix of full length is one address.
 */
#ifndef COMMON_PREFIX_H
#define COMMON_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

enum {
	PREFIX_TEXT_MAX = ADDR_TEXT_MAX + 4,
};

struct prefix {
	struct addr addr;	/* no bit set behind len */
	uint8_t len;		/* 0..32 or 0..128 */
};

/* ADDRESS or ADDRESS/LEN.  0; EINVAL it is no such thing; ERANGE there are
 * bits behind the length (*out is the prefix without them).  Otherwise *out is
 * zeroed on error.
 */
int prefix_parse(struct prefix *out, struct slice text);

/* The prefix of full length. */
struct prefix prefix_of(const struct addr *a);

/* False for an address of another family, and for no address. */
bool prefix_has(const struct prefix *p, const struct addr *a);

/* NULL, or what is against announcing it, a part of a sentence: it is larger
 * than a /8, multicast, link-local, IPv4 mapped into IPv6.
 */
const char *prefix_problem(const struct prefix *p);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* ADDRESS/LEN, a bare ADDRESS at full length.  Returns its length. */
size_t prefix_format(char out[static PREFIX_TEXT_MAX], const struct prefix *p);

#endif
