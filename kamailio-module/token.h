/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token.h - what we write into other people's messages to know them again
 *
 * Flow token: the user part of a Path or Service-Route URI of this node (RFC
 * 3327, RFC 3608; the "flow token" of RFC 5626 5.2).  It says how a client is
 * reached: transport, which of our sockets, and the client's address as we saw
 * it, so that a request for it leaves through the hole its own packets made.
 * Only the node that wrote it reads it; the MAC covers that node's name.
 *
 *	f1-BASE64URL	of: transport, local socket, addresses, time, MAC
 *
 * Via token: the value of the Via parameter `sa' of a request that left from
 * the service address, where the response may come to any node.
 *
 *	NODE.HEX	HEX: 80 bits of a MAC over node name and branch
 *
 * Both are written with the oldest secret there is (previous-secret while one
 * is set) and read with either, so that the nodes may read a new site file in
 * any order.  MACs are compared in constant time.  Pure; nothing is allocated
 * or kept.  A flow token consists of characters a SIP user part may have
 * unescaped, a Via token of token characters (RFC 3261 25.1), in lower case, as
 * its value compares without case.
 */
#ifndef KAMAILIO_MODULE_TOKEN_H
#define KAMAILIO_MODULE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "common/site.h"
#include "kamailio-module/redirect.h"

#define TOKEN_VIA_PARAM "sa"

enum {
	TOKEN_FLOW_MAX = 64,	/* formatted, with its NUL: IPv6 needs 59 */
	TOKEN_VIA_MAX = SITE_NAME_MAX + 21,	/* with its NUL */
	TOKEN_LIFETIME_S = 3600,	/* the default */
};

/* How a client is reached.  Ports are host-order numbers. */
struct flow {
	enum sip_transport transport;
	bool on_service;	/* our socket: a service address, or the node's */
	uint16_t local_port;
	uint16_t remote_port;
	struct addr remote;	/* its family is also that of our socket */
};

enum token_verdict {
	TOKEN_VALID,
	TOKEN_NONE,		/* no token of ours at all: somebody's user */
	TOKEN_MALFORMED,	/* looks like one, but is none */
	TOKEN_FORGED,		/* wrong MAC: made up, another node's or branch's */
	TOKEN_STALE,		/* right, but older than its lifetime */
	TOKEN_VERDICTS
};

const char *token_verdict_name(enum token_verdict verdict);

/* Write the token of a flow to this node (named node), NUL-terminated.
 * Returns its length, or 0 (and "") when the flow has no address, a port is
 * 0, or node is no valid name.  wall_s is the clock in seconds since 1970; the
 * token keeps minutes of it.
 */
size_t token_format_flow(char out[static TOKEN_FLOW_MAX],
			 const struct site *site, struct slice node,
			 const struct flow *flow, uint64_t wall_s);

/* Read the user part of a URI that names this node.  *out is filled for
 * TOKEN_VALID and TOKEN_STALE, else zeroed.  A token is stale when it is more
 * than lifetime_s (and the minute that is rounded) away from our clock in either
 * direction: a clock that was set back must not make it last longer.
 */
enum token_verdict token_parse_flow(struct flow *out, struct slice user,
				    const struct site *site, struct slice node,
				    uint64_t wall_s, uint32_t lifetime_s);

/* The same transport, sockets and addresses: a request that comes over the
 * flow its own token names is on its way out (RFC 5626 5.3).
 */
bool token_flow_equal(const struct flow *a, const struct flow *b);

/* Write the token of node and branch, NUL-terminated.  Returns its length, or
 * 0 (and "") when node is no valid name or there is no branch.
 */
size_t token_format_via(char out[static TOKEN_VIA_MAX],
			const struct site *site, struct slice node,
			struct slice branch);

/* Read one.  *node is the name in it (inside value, borrowed) for
 * TOKEN_VALID, else empty.  It need not be one of the site's nodes any more.
 */
enum token_verdict token_parse_via(struct slice *node, struct slice value,
				   const struct site *site,
				   struct slice branch);

#endif
