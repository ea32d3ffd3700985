/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peers.h - agents tell each other their node's state, each second
 *
 * One UDP datagram to every other node's address (each family both have), from
 * and to the site's agent-port, signed with a key made from the site secret
 * (and, while it is being changed, with the previous one too: nodes reload one
 * after the other).  It carries node name, state, the sender's session (random
 * at its start), a sequence number, its wall clock, and the session and number
 * it last heard from the receiver.
 *
 * A datagram is believed when
 *
 *   - its MAC is right and its source is an address of the node it names,
 *   - it names our session and one of the last PEERS_WINDOW numbers we sent to
 *     that node: it was made after we sent that, so it is no recording,
 *   - in the session heard last its number is higher than the last one, and it
 *     is of no session before that one.
 *
 * No clock needs to be right.  Because of the second rule a path that works in
 * one direction only is none: both sides become unknown to each other.  After a
 * start it takes three datagrams until both believe: A is introduced to B, B
 * names A's session and is believed, A names B's and is believed.
 *
 * Beside the state a datagram says what its sender's site file is, how many
 * calls run there and how far its drain is.  An agent of before that is not
 * understood by (datagram.h, version 1) is written to as it writes, but for
 * each seventh datagram, by which two who could do better find out.
 *
 * A peer that has not been believed for PEERS_UNKNOWN_MS is unknown, not down.
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
	PEERS_WINDOW = 8,	/* datagrams: two families for four seconds */
};

#define PEERS_CALLS_UNKNOWN UINT32_MAX

/* What a node says of itself. */
struct peers_word {
	enum node_state state;
	uint32_t since_s;	/* in that state */
	uint32_t calls;		/* that run there; PEERS_CALLS_UNKNOWN */
	bool drained;		/* safe to stop */
	uint64_t site;		/* its fingerprint; 0: it does not say */
};

enum peers_counter {
	PEERS_SENT,
	PEERS_SEND_FAILED,	/* counted by who owns the sockets, as SENT */
	PEERS_BELIEVED,
	PEERS_MALFORMED,
	PEERS_FORGED,
	PEERS_STRANGER,		/* no node of the site, or another, is there */
	PEERS_OLD,		/* replayed, reordered, or of another session */
	PEERS_INTRODUCED,	/* right, but does not know our session yet, or
				 * has not heard from us lately */
	PEERS_COUNTERS
};

struct peers_entry {
	const struct site_node *node;	/* borrowed from the site */
	enum node_state state;	/* NODE_UNKNOWN: not heard */
	struct peers_word said;	/* last, and believed */
	uint64_t heard_ms;	/* CLOCK_BOOTTIME; 0: never */
	int64_t skew_ms;	/* its wall clock minus ours, when heard */
};

struct peers;

/* Pure: the caller owns sockets and clock.  self is left out.  Peers are in the
 * site's order; the index of an entry is the one health_peer() wants.  The site
 * is borrowed until peers_reload() or peers_free().  session: 8 random bytes,
 * not 0.
 */
int peers_new(struct peers **out, const struct site *site,
	      const struct site_node *self, uint64_t session);
void peers_free(struct peers *p);

size_t peers_cnt(const struct peers *p);
const struct peers_entry *peers_entry(const struct peers *p, size_t i);

/* Write a datagram for peer i; returns its length.  Each is sent once, to one
 * address: it has a number of its own.  word->site is put in here.
 */
size_t peers_write(struct peers *p, size_t i, const struct peers_word *word,
		   uint64_t wall_ms, uint8_t out[static PEERS_DATAGRAM_MAX]);

/* A datagram from source; the counter says what became of it.  *index is the
 * peer whose entry changed, with PEERS_BELIEVED.
 */
enum peers_counter peers_read(struct peers *p, const struct addr *source,
			      const uint8_t *bytes, size_t len,
			      uint64_t wall_ms, uint64_t now_ms,
			      size_t *index);

/* Has the node called by this entry said that its site file is another? */
bool peers_differs(const struct peers *p, size_t i);

/* Forget who has been silent; returns the index of one that became unknown,
 * or SIZE_MAX; call until then.
 */
size_t peers_expire(struct peers *p, uint64_t now_ms);

/* A new site file: peers of the same name keep what is known of them; one that
 * comes back to the site is introduced anew.  0 or ENOMEM; then nothing has
 * changed.
 */
int peers_reload(struct peers *p, const struct site *site,
		 const struct site_node *self);

const char *peers_counter_name(enum peers_counter counter);

#endif
