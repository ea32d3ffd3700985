/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain.h - an INVITE so plain that it can be answered unparsed
 *
 * Reads what the host's parser would have found in a scanned datagram, and
 * says no to whatever that parser might read in another way, refuse, or drop:
 * no is never wrong, the host then reads the message itself.  Plain is:
 *
 *	INVITE sip:bob@sip.example.net SIP/2.0
 *	Via: SIP/2.0/UDP 10.1.2.3:5060;branch=z9hG4bK1;rport
 *	To: "Bob" <sip:bob@sip.example.net>
 *	CSeq: 1 INVITE
 *
 * every line ended by CR LF and every field named by a token; one value in
 * the topmost Via, without white space, maddr, received or a value of rport;
 * a To without parameters, so without a tag; From, To, Call-ID and CSeq once; no
 * Route, Proxy-Require or probe.
 */
#ifndef KAMAILIO_MODULE_PLAIN_H
#define KAMAILIO_MODULE_PLAIN_H

#include "kamailio-module/siphead.h"

struct plain {
	struct slice uri;
	struct slice call_id;		/* value */
	struct slice cseq_number;	/* its method is INVITE */
	bool has_rport;
	uint16_t port;			/* of the sent-by, 0: none */
};

/* head is that of this very message, scanned to its end.  False, and *out is
 * undefined, when it is not plain.
 */
bool plain_read(struct plain *out, struct slice message,
		const struct siphead *head);

#endif
