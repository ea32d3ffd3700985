/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.h - one call as bytes, for the call store
 *
 * Layout CALL_PACK_LAYOUT: little endian, lengths before what they count,
 * everything that calls_restore() needs to go on after a kill -9 (tags,
 * branches, endpoints, gates, ports, timers, a pending re-offer), nothing that
 * the rows hold.  Unpacking trusts no length and no index.
 */
#ifndef CALL_PACK_H
#define CALL_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/call/call.h"

enum {
	CALL_PACK_LAYOUT = 1,
};

/* How many bytes call_pack() writes. */
size_t call_pack_size(const struct call *call);

/* Returns the number of bytes written; 0 when max is too small. */
size_t call_pack(const struct call *call, uint8_t *out, size_t max);

/* A call of its own, not in any table: call_free() it.  0, EBADMSG, ENOMEM. */
int call_unpack(struct call **out, const uint8_t *bytes, size_t len);

/* Frees the memory of a call and nothing else.  NULL is fine. */
void call_free(struct call *call);

#endif
