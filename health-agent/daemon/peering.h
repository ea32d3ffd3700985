/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peering.h - the sockets on which agents tell each other their node's state
 *
 * What is said and believed is decided in peers/peers.h.  One socket per family
 * at the node address and the site's agent-port; one that cannot be bound (the
 * address is not there yet) is tried again each second.  So many datagrams are
 * read in a turn of the loop that a flood does not keep it from probing.
 */
#ifndef DAEMON_PEERING_H
#define DAEMON_PEERING_H

#include <uv.h>

#include "common/site.h"
#include "health-agent/peers/peers.h"

/* Peer i says so; NODE_UNKNOWN: it has become silent. */
typedef void peering_state_h(void *arg, size_t peer, enum node_state state);

struct peering;

/* site and node are borrowed until peering_reload() or peering_stop(). */
int peering_new(struct peering **out, uv_loop_t *loop, const struct site *site,
		const struct site_node *node, peering_state_h *state,
		void *arg);

/* What is known of nodes that stay is kept.  0 or an errno: all as before. */
int peering_reload(struct peering *p, const struct site *site,
		   const struct site_node *node);

/* Each second, and when the state changes: tell all others. */
void peering_tell(struct peering *p, const struct peers_word *word);

/* Each second: forget who is silent, try again to bind. */
void peering_tick(struct peering *p, uint64_t now_ms);

const struct peers *peering_peers(const struct peering *p);

/* PEERS_COUNTERS of them */
const uint64_t *peering_counts(const struct peering *p);

/* NULL is fine; the loop has handles to close. */
void peering_stop(struct peering *p);

#endif
