/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peersig.h - the header by which nodes know each other's KDMQ requests
 *
 *	Anycast-Peer: node=fra1;time=1700000000;mac=HEX[;mac=HEX]
 *
 * Registrations travel between nodes as SIP requests of Kamailio's module dmq.
 * Whoever gets one in could take over any phone, and dmq itself asks nobody who
 * he is.  So each is signed: the MAC covers the name of the sender, its clock
 * in seconds since 1970, and of the request method, R-URI (with the address it
 * is for), From, Call-ID, CSeq and body.  A request is believed from 60 s before
 * to 60 s after our clock, so that one that was recorded is worth nothing later.
 *
 * The sender need not be a node of our site file: one that joins is known by
 * the secret before the other nodes have read about it.  While the secret is
 * being changed there are two MACs, with the new secret and with the previous
 * one, and one that is right is enough: so the nodes believe each other whoever
 * has read which site file.  Pure.
 */
#ifndef KAMAILIO_MODULE_PEERSIG_H
#define KAMAILIO_MODULE_PEERSIG_H

#include <stdint.h>

#include "common/cursor.h"
#include "common/site.h"

#define PEERSIG_HEADER "Anycast-Peer"

enum {
	PEERSIG_VALUE_MAX = 144,	/* formatted value, with its NUL */
	PEERSIG_WINDOW_S = 60,		/* either side of our own clock */
};

/* What of a request is signed; slices into it. */
struct peersig_request {
	struct slice method;
	struct slice uri;
	struct slice from;	/* bodies of the header fields, trimmed here */
	struct slice call_id;
	struct slice cseq;
	struct slice body;
};

enum peersig_verdict {
	PEERSIG_VALID,
	PEERSIG_MISSING,	/* no header at all */
	PEERSIG_MALFORMED,
	PEERSIG_OWN,		/* signed by ourselves: sent back to us */
	PEERSIG_STALE,		/* outside the time window */
	PEERSIG_FORGED,		/* wrong MAC */
	PEERSIG_VERDICTS
};

const char *peersig_verdict_name(enum peersig_verdict verdict);

/* Write the header's value, NUL-terminated.  Returns its length, or 0 (and "")
 * when node is not a valid node name.
 */
size_t peersig_format(char out[static PEERSIG_VALUE_MAX],
		      const struct site *site, struct slice node,
		      const struct peersig_request *req, uint64_t wall_s);

/* Judge a header's value; one without text is missing.  node is our own name.
 * *signer, unless NULL, is who has signed a valid one (in value), else empty.
 */
enum peersig_verdict peersig_check(struct slice *signer, struct slice value,
				   const struct site *site, struct slice node,
				   const struct peersig_request *req,
				   uint64_t wall_s);

#endif
