/* SPDX-License-Identifier: GPL-3.0-or-later */
/* datagram.h - what goes over the wire between two agents
 *
 *	 0  4  "SAHA"
 *	 4  1  2, the version
 *	 5  1  state
 *	 6  1  n, the length of the sender's name
 *	 7  1  m, how many MACs: 1 or 2
 *	 8  8  sender's session
 *	16  8  sequence number, from 1
 *	24  8  sender's wall clock, milliseconds since 1970
 *	32 16  receiver's session and number as last believed, 0 0: none
 *	48 16  the same as last introduced, 0 0: none
 *	64  8  what its site file is (site.h, fingerprint)
 *	72  4  since when it is in that state, seconds
 *	76  4  how many calls run there; 2^32 - 1: it does not know
 *	80  1  1: its drain is over; the other bits say nothing yet
 *	81  3  nothing yet, 0
 *	84  n  sender's name
 *	    16 each: the MACs, with the secret and the previous secret
 *
 * Version 1 has the name at 64 and none of what is before it here.  Both are
 * read; which one is written, peers.h says.
 *
 * Numbers are in network order.  A MAC covers everything before the MACs and
 * the receiver's name, so that what was meant for one node says nothing to
 * another.  Pure.
 */
#ifndef PEERS_DATAGRAM_H
#define PEERS_DATAGRAM_H

#include <stdint.h>

#include "common/cursor.h"
#include "common/nodestate.h"
#include "common/site.h"
#include "health-agent/peers/peers.h"

enum {
	DATAGRAM_OLD = 1,	/* says nothing but the state */
	DATAGRAM_VERSION = 2,
};

/* A place in a session. */
struct datagram_mark {
	uint64_t session;	/* 0: none */
	uint64_t sequence;
};

struct datagram {
	uint8_t version;
	struct slice name;	/* of the sender; in the bytes it was read from */
	struct peers_word word;	/* of DATAGRAM_OLD: only the state */
	struct datagram_mark own;
	uint64_t wall_ms;
	struct datagram_mark believed;
	struct datagram_mark introduced;
};

/* Signed for the node called to, with the keys of site.  Returns its length.
 */
size_t datagram_write(uint8_t out[static PEERS_DATAGRAM_MAX],
		      const struct datagram *d, const char *to,
		      const struct site *site);

/* 0; EBADMSG it is none; EACCES none of its MACs is right for the node called
 * to.  With EBADMSG *out is zeroed.
 */
int datagram_read(struct datagram *out, const uint8_t *bytes, size_t len,
		  const char *to, const struct site *site);

#endif
