/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ownvia.h - the Via that this node wrote on top of a request it sends
 *
 * Pure.  The host writes it on a line of its own, before all other Via fields:
 *
 *	INVITE sip:bob@192.0.2.9 SIP/2.0
 *	Record-Route: <sip:198.51.100.11;lr>
 *	Via: SIP/2.0/UDP 198.51.100.11;branch=z9hG4bKcydzigwkX;i=1
 *	v: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKa
 */
#ifndef KAMAILIO_MODULE_OWNVIA_H
#define KAMAILIO_MODULE_OWNVIA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cursor.h"

struct ownvia {
	struct slice branch;
	size_t end;		/* offset where a parameter can be added */
};

/* False for a response, or where there is no such line or no branch in it. */
bool ownvia_find(struct ownvia *out, struct slice message);

#endif
