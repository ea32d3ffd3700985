/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cookies.h - answers kept for commands that are sent again
 *
 * A client that hears nothing sends the same datagram again, and the command
 * must not run twice.  The key is the sender's address and port and the whole
 * datagram, cookie and dict: cookies alone collide between Kamailio instances,
 * and the answer to another's command puts one call's media into another.  The
 * datagram is kept as a 128-bit SipHash under a random key.
 *
 * Two generations: answers go into the young one and are found in both; after
 * generation_ms, or when the young one is full, the old one is forgotten and
 * the young one takes its place.  An answer is thus found for generation_ms at
 * least, unless more than the bounds come in that time.
 */
#ifndef NG_COOKIES_H
#define NG_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

struct cookies;

struct cookies_conf {
	size_t entries_max;	/* of one generation */
	size_t bytes_max;	/* of the answers of one generation */
	uint64_t generation_ms;
};

/* 0, EINVAL or ENOMEM.  Memory is taken as it is used and given back when a
 * generation ends.
 */
int cookies_new(struct cookies **out, const struct cookies_conf *conf);
void cookies_free(struct cookies *c);

/* End the young generation when it is time. */
void cookies_tick(struct cookies *c, uint64_t now_ms);

/* The answer to this very datagram; valid until the next call of put or tick.
 * False when there is none.
 */
bool cookies_find(struct slice *answer, const struct cookies *c,
		  const struct addr *from, uint16_t port,
		  struct slice datagram);

/* Keep a copy of the answer, unless it is larger than bytes_max. */
void cookies_put(struct cookies *c, const struct addr *from, uint16_t port,
		 struct slice datagram, struct slice answer, uint64_t now_ms);

size_t cookies_count(const struct cookies *c);

#endif
