/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtnl.h - rtnetlink messages about routes, written and read (rtnetlink(7))
 *
 * Pure: bytes in memory, no socket.  Numbers are in host order on this wire,
 * messages and their attributes begin at multiples of four.
 */
#ifndef KERNEL_RTNL_H
#define KERNEL_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/prefix.h"

/* A route to one device. */
struct rtnl_route {
	struct prefix prefix;
	uint32_t table;
	uint32_t metric;	/* 0: none */
	uint32_t ifindex;	/* 0: several next hops, or none (blackhole) */
	uint8_t protocol;	/* who made it: RTPROT_... */
	uint8_t type;		/* RTN_UNICAST, ... */
};

enum rtnl_kind {
	RTNL_ROUTE,		/* there is one, or one has come */
	RTNL_ROUTE_GONE,
	RTNL_LINK,		/* there is one, or it has changed */
	RTNL_LINK_GONE,
	RTNL_DONE,		/* the end of a dump; err */
	RTNL_ACK,		/* the end of anything else; err */
	RTNL_OVERRUN,
	RTNL_OTHER,		/* not of interest */
};

struct rtnl_message {
	enum rtnl_kind kind;
	uint32_t seq;		/* of the request it answers */
	uint32_t port;		/* of the socket that asked; 0: the kernel */
	bool interrupted;	/* a dump that is not of one moment */
	int err;		/* positive errno; 0: fine */
	struct rtnl_route route;
	uint32_t ifindex;	/* of a link */
	bool is_up;		/* of a link: set up by its owner */
};

/* Read the next message.  0; ENOENT there is no more; EBADMSG what is left
 * makes no sense.  A message of a kind we know that is malformed inside is
 * RTNL_OTHER.
 */
int rtnl_read(struct rtnl_message *out, struct cursor *c);

/* Messages one after the other in the caller's buffer, which begins at a
 * multiple of four.  What does not fit is left out, and full is set.
 */
struct rtnl_writer {
	uint8_t *bytes;
	size_t room;
	size_t len;
	bool full;
};

/* Asks for an ack; EEXIST when there is one of the same prefix and metric. */
void rtnl_write_add(struct rtnl_writer *w, uint32_t seq,
		    const struct rtnl_route *r);
void rtnl_write_delete(struct rtnl_writer *w, uint32_t seq,
		       const struct rtnl_route *r);

/* All routes of a family (enum addr_family) in a table, of one protocol or (0)
 * of all; a kernel that does not know NETLINK_GET_STRICT_CHK answers with all
 * there are.
 */
void rtnl_write_dump(struct rtnl_writer *w, uint32_t seq, uint8_t family,
		     uint32_t table, uint8_t protocol);

/* Set a link up. */
void rtnl_write_link_up(struct rtnl_writer *w, uint32_t seq,
			uint32_t ifindex);

/* Make a link have no IPv6 address of its own: it would send router
 * solicitations, which we would only have to throw away.
 */
void rtnl_write_link_quiet(struct rtnl_writer *w, uint32_t seq,
			   uint32_t ifindex);

#endif
