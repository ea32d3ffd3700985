/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_flow.h - back to a phone through the hole its own packets made
 *
 * A phone behind NAT, or one that opened a stream, is reached only from the
 * socket it registered on, on the node where that is.  So that node writes
 * itself into the binding's Path with a token that says how (token.h), and
 * any other node that calls the phone sends the request here.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_FLOW_H
#define KAMAILIO_MODULE_ANYCAST_FLOW_H

#include "kamailio-module/anycast_site.h"
#include "kamailio-module/token.h"

struct sip_msg;

/* The token of the flow this message came over; 0 (and "") when that is none
 * of this node's or the service's addresses, or no transport phones use.
 */
size_t anycast_flow_token(char out[static TOKEN_FLOW_MAX],
		const struct sip_msg *msg, const struct anycast_view *view);

/* Send a request whose topmost Route is this node's with a token over the flow
 * it names: next hop and send socket are set, a stream's connection is used
 * and none opened, the Route is taken off.  1; -1 it has no such Route; -2 the
 * token is not one of this node or is too old; -3 the flow is gone.  Each but
 * -1 is counted.  In BRANCH_ROUTE it does so for the Path of the binding the
 * branch goes to: a phone of this node.
 */
int anycast_route_flow(struct sip_msg *msg);

/* 1 unless the next hop of this request or branch is a node of the site that is
 * down as far as this one knows; then -1, counted.  One that is disabled still
 * has its phones.
 */
int anycast_next_alive(struct sip_msg *msg);

void anycast_flow_init(uint32_t lifetime_s);

#endif
