/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_pin.h - keep what is served on this node's own address
 *
 * A request that came to the service address and is served here must not come
 * back there: its dialog's requests would land on whichever node BGP prefers
 * by then.  So its Record-Route, or for REGISTER its Path (RFC 3327) and the
 * reply's Service-Route (RFC 3608), name the node, and it leaves from the
 * node's socket.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_PIN_H
#define KAMAILIO_MODULE_ANYCAST_PIN_H

#include "common/cursor.h"

struct sip_msg;

/* 1 done (also for a method that needs nothing but the send socket), -1 the
 * node has no address or socket of this family and transport (counted).  Call
 * it once per request, when the next hop is known: the socket fits its
 * transport.
 */
int anycast_pin(struct sip_msg *msg);

/* Put the header field `name: value` in front of the request's first one; the
 * texts are copied.  0 or -1 (logged).
 */
int anycast_insert_header(
		struct sip_msg *msg, const char *name, struct slice value);

#endif
