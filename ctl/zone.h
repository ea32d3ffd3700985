/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zone.h - the DNS zones of a service (RFC 3263), as zone files
 *
 * The domain is a zone, and so is each alias that does not lie below another
 * zone; names below a zone are in it.  A zone is made from the site alone: every
 * node prints the same bytes, the serial included, which is a hash of the
 * records (or the site's dns-serial).  With a local node the service's names have
 * that node's addresses and ports instead, for no more than ZONE_LOCAL_TTL_S.
 */
#ifndef CTL_ZONE_H
#define CTL_ZONE_H

#include <stddef.h>
#include <stdio.h>

#include "common/site.h"

enum {
	ZONES_MAX = 1 + SITE_ALIASES_MAX,
	ZONE_LOCAL_TTL_S = 30,
};

struct zone {
	const struct site *site;
	const struct site_node *local;	/* NULL: the same on every node */
	const char *name;
};

/* The names of the zones, the domain first; returns how many. */
size_t zone_names(const char *out[static ZONES_MAX], const struct site *site);

/* Is name the zone's, or below it? */
bool zone_has(const char *zone, const char *name);

/* 0 or ENOMEM. */
int zone_print(FILE *f, const struct zone *zone);

#endif
