/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route.h - what is to be announced: prefixes with their attributes
 *
 * Pure, by value.  The worker makes a route_set from its decisions, the
 * guardian makes it true through an output (output.h).  A prefix that is not
 * in the set is not announced.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodestate.h"
#include "common/prefix.h"

enum {
	ROUTE_PREFIXES_MAX = 32,	/* own prefixes of a node */
	ROUTE_COMMUNITIES_MAX = 16,
	ROUTE_LARGE_MAX = 8,
	ROUTE_PREPEND_MAX = 10,

	ROUTE_PREFIX_TEXT_MAX = PREFIX_TEXT_MAX,
	ROUTE_COMMUNITY_TEXT_MAX = 12,	/* 65535:65535 */
	ROUTE_LARGE_TEXT_MAX = 33,
	ROUTE_TEXT_MAX = 768,	/* any route_format() */

	ROUTE_GRACEFUL_SHUTDOWN = 0xffff0000u,	/* 65535:0, RFC 8326 */
	ROUTE_NO_EXPORT = 0xffffff01u,		/* RFC 1997 */
};

struct route_large {	/* RFC 8092 */
	uint32_t global, local1, local2;
};

struct route {
	struct prefix prefix;
	uint8_t state;		/* enum node_state: up, degraded or draining */
	uint8_t prepend;	/* further times our own AS, 0.. */
	uint8_t community_cnt;
	uint8_t large_cnt;
	uint32_t med;
	uint32_t communities[ROUTE_COMMUNITIES_MAX];	/* in order, once */
	struct route_large large[ROUTE_LARGE_MAX];
};

struct route_set {
	struct route routes[ROUTE_PREFIXES_MAX];
	size_t cnt;
};

/* Same prefix, state and attributes, unused places not looked at. */
bool route_equal(const struct route *a, const struct route *b);

/* NULL when the prefix is not in the set. */
const struct route *route_find(const struct route_set *set,
			       const struct prefix *prefix);

/* In ascending order, once.  False: there is no room; nothing changed. */
bool route_add_community(struct route *r, uint32_t community);
bool route_add_large(struct route *r, const struct route_large *large);

/* "64511:20" with both up to 65535, or a well-known name in any case:
 * no-export, no-advertise, no-export-subconfed (RFC 1997), no-peer (RFC 3765),
 * blackhole (RFC 7999), graceful-shutdown (RFC 8326).  0 or EINVAL; then *out
 * is untouched.
 */
int route_parse_community(uint32_t *out, struct slice text);

/* "64511:1:2", each up to 4294967295 (RFC 8092). */
int route_parse_large(struct route_large *out, struct slice text);

/* ADDRESS/LEN, also at full length: as routers and ExaBGP write it. */
size_t route_format_prefix(char out[static ROUTE_PREFIX_TEXT_MAX],
			   const struct prefix *p);

/* Always in numbers: "65535:0". */
size_t route_format_community(char out[static ROUTE_COMMUNITY_TEXT_MAX],
			      uint32_t community);
size_t route_format_large(char out[static ROUTE_LARGE_TEXT_MAX],
			  const struct route_large *large);

/* "192.0.2.53/32 up med 100 prepend 2 community 65535:0 64511:1:2", for people.
 * NUL-terminated, cut where it does not fit; returns its length.
 */
size_t route_format(char *out, size_t room, const struct route *r);

/* The same without prefix and state: "med 100 community 65535:0". */
size_t route_format_attributes(char *out, size_t room, const struct route *r);

#endif
