/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peers.h - agents tell each other their node's state, each second
 *
 * One UDP datagram to every other node's address (each family both have), from
 * and to the site's agent-port, signed with a key made from the site secret
 * (the previous secret still counts).  It carries node name, state, the
 * sender's session (random at its start), sequence number, its wall clock, and
 * the receiver's session as last heard.  A datagram is believed when its MAC
 * is right, the source is that node's address, it names our present session
 * and its sequence number is higher than the last: a replay of an earlier
 * session or of an older state changes nothing, and no clock needs to be right.  A
 * peer that has not been believed for PEERS_UNKNOWN_MS is unknown, not down.
 */
#ifndef PEERS_PEERS_H
#define PEERS_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodestate.h"
#include "common/site.h"

enum {
	PEERS_INTERVAL_MS = 1000,
	PEERS_UNKNOWN_MS = 3000,
	PEERS_DATAGRAM_MAX = 512,
};

enum peers_counter {
	PEERS_SENT,
	PEERS_SEND_FAILED,
	PEERS_BELIEVED,
	PEERS_MALFORMED,
	PEERS_FORGED,
	PEERS_STRANGER,		/* no node of the site has this address */
	PEERS_OLD,		/* replayed, reordered, or of another session */
	PEERS_INTRODUCED,	/* right, but does not know our session yet */
	PEERS_COUNTERS
};

struct peers_entry {
	const struct site_node *node;	/* borrowed from the site */
	enum node_state state;	/* NODE_UNKNOWN: not heard */
	uint64_t heard_ms;	/* CLOCK_BOOTTIME; 0: never */
	int64_t skew_ms;	/* its wall clock minus ours, when heard */
};

struct peers;

/* Pure: the caller owns sockets and clock.  self is left out.  Peers are in the
 * site's order; peers_index() is what health_peer() wants.  session: 8 random
 * bytes.
 */
int peers_new(struct peers **out, const struct site *site,
	      const struct site_node *self, uint64_t session);
void peers_free(struct peers *p);

size_t peers_cnt(const struct peers *p);
const struct peers_entry *peers_entry(const struct peers *p, size_t i);

/* Write the datagram for peer i; returns its length. */
size_t peers_write(struct peers *p, size_t i, enum node_state state,
		   uint64_t wall_ms, uint8_t out[static PEERS_DATAGRAM_MAX]);

/* A datagram from source; the counter says what became of it.  *index is the
 * peer whose entry changed, with PEERS_BELIEVED.
 */
enum peers_counter peers_read(struct peers *p, const struct addr *source,
			      const uint8_t *bytes, size_t len,
			      uint64_t wall_ms, uint64_t now_ms,
			      size_t *index);

/* Forget who has been silent; returns the index of one that became unknown,
 * or SIZE_MAX; call until then.
 */
size_t peers_expire(struct peers *p, uint64_t now_ms);

/* A new site file: peers of the same name keep what is known of them.  0 or
 * ENOMEM; then nothing has changed.
 */
int peers_reload(struct peers *p, const struct site *site,
		 const struct site_node *self);

const char *peers_counter_name(enum peers_counter counter);

#endif
