/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodes.h - one process's picture of the site: who is who, who can be handed out
 *
 * Pure and private to one process.  The picture is built once from a site
 * (which it borrows) and then told the state of every node whenever that
 * changes; asking it costs the same for one node and for thousands.
 */
#ifndef KAMAILIO_MODULE_NODES_H
#define KAMAILIO_MODULE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "common/nodestate.h"
#include "common/site.h"

enum {
	NODES_NONE = UINT32_MAX,	/* no node */
};

/* What the host of a URI is to us. */
enum host_kind {
	HOST_FOREIGN,		/* somebody else's */
	HOST_SERVICE,		/* service domain, an alias, a service address */
	HOST_SELF,		/* this node, at a SIP port of its */
	HOST_NODE,		/* another node, at a SIP port of its */
	HOST_NODE_OTHER_PORT,	/* any node's address, but no port of its SIP */
};

struct nodes;

/* Build the picture of site (borrowed, must outlive it) as seen from the node
 * named self; every node starts as NODE_UP.  ENOENT when the site has no such
 * node, ENOMEM.
 */
int nodes_new(struct nodes **out, const struct site *site, struct slice self);
void nodes_free(struct nodes *nodes);

const struct site *nodes_site(const struct nodes *nodes);
uint32_t nodes_self(const struct nodes *nodes);
const struct site_node *nodes_at(const struct nodes *nodes, uint32_t index);
enum node_state nodes_state(const struct nodes *nodes, uint32_t index);

/* Take over the states of all nodes: cnt values of enum node_state in the
 * order of the site file.
 */
void nodes_set_states(struct nodes *nodes, const uint8_t *states, size_t cnt);

/* Is this address one of the service's? */
bool nodes_is_service(const struct nodes *nodes, const struct addr *addr);

/* What is this host?  literal is set when host is an address, port is 0 when
 * the URI names none.  *index is the node for the HOST_*NODE*, HOST_SELF kinds.
 */
enum host_kind nodes_host_kind(const struct nodes *nodes, struct slice host,
			       const struct addr *literal, uint16_t port,
			       uint32_t *index);

/* Has this node an address a client of this family can be sent to? */
bool nodes_reachable(const struct nodes *nodes, uint32_t index,
		     enum addr_family family);

/* Is it up, degraded or unknown: may it be given a new call? */
bool nodes_takes_calls(const struct nodes *nodes, uint32_t index);

/* The node to hand out to a client of this family: this node while it is up,
 * degraded or unknown; else one of the best others (up, then degraded, then
 * unknown), chosen by key so that a call's messages agree, on any node; else
 * this node after all.  While it drains it still serves, and does not give way
 * to nodes that are only unknown.
 * NODES_NONE only when not even this node has such an address.
 */
uint32_t nodes_pick(const struct nodes *nodes, enum addr_family family,
		    uint64_t key);

/* The n-th (from 0) alternative to `not`, for fallback contacts: NODES_NONE
 * when there are no more.
 */
uint32_t nodes_alternative(const struct nodes *nodes, enum addr_family family,
			   uint64_t key, uint32_t not_index, unsigned n);

/* The index of the node of this name; NODES_NONE. */
uint32_t nodes_find(const struct nodes *nodes, struct slice name);

/* Does this node live: is it we, or is it up, degraded or draining in our view?
 * One that is unknown may live, but nothing is entrusted to it.
 */
bool nodes_lives(const struct nodes *nodes, uint32_t index);

/* Does this node keep what it has begun: does it live, or has an operator
 * disabled it?  A disabled one gets nothing new, but what is its own.
 */
bool nodes_keeps(const struct nodes *nodes, uint32_t index);

/* Can a datagram be sent from our node address to its: another node, which
 * lives and has an address of a family that we have?  And one about what is its
 * own: the same of a node that keeps it?
 */
bool nodes_hears(const struct nodes *nodes, uint32_t index);
bool nodes_hears_own(const struct nodes *nodes, uint32_t index);

/* Is there any node to which something of its own can be sent? */
bool nodes_any_hears_own(const struct nodes *nodes);

/* The n-th (from 0) of the live nodes, ourselves among them, in the order in
 * which they are asked about this call: by the hash of domain, node name and
 * Call-ID, highest first.  All nodes that see the same nodes live agree, in
 * whatever order their site files have them, and one that goes or comes moves
 * only its own calls.  NODES_NONE when there are no more.
 */
uint32_t nodes_rendezvous(const struct nodes *nodes, struct slice call_id,
			  unsigned n);

/* Can anyone take a new call of this family?  True as long as this node or
 * another is up, degraded, draining or unknown.
 */
bool nodes_any(const struct nodes *nodes, enum addr_family family);

#endif
