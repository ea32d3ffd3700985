/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pass.h - a SIP message of another node's transaction, as one datagram
 *
 * The modules of a site pass each other what came to the wrong node (design
 * 5.6): from node address to node address, on the site's stray-port, one
 * message per UDP datagram.  This is the codec; it neither sends nor decides.
 *
 *	origin        rendezvous          owner
 *	  |-- ASK -------->|                |
 *	  |                |-- DELIVER ---->|   it is known, over UDP:
 *	  |<-- TELL -------|                    the origin need not wait
 *	  |<-- YOURS ------|                    claimed, nobody else has it
 *	  |<-- NOBODY -----|                    not claimed, nobody has it
 *	  |<-- OWNED ------|                    a stream's: the origin
 *	  |-- DELIVER --------------------->|   delivers and answers itself
 *	  |-- TELL ------->|                    no message, no answer
 *
 * A datagram is "SAP1", a random 24 byte nonce, and the head and the message
 * sealed by XChaCha20-Poly1305 under the site secret; the name of the node it
 * is for is authenticated with it, so that it opens there alone.  It is written
 * with the oldest secret there is (previous-secret while one is set) and
 * opened with either.  There is no clock and no memory of nonces in it: a
 * datagram replayed to its node is the same message once more, as UDP itself
 * may do (docs/decisions/0010-strays.md).
 *
 * Pure; bytes in, bytes out, in the caller's buffers.  Numbers on the wire are
 * in network order, in struct pass_head in host order.
 */
#ifndef KAMAILIO_MODULE_PASS_H
#define KAMAILIO_MODULE_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "common/site.h"
#include "kamailio-module/redirect.h"

enum {
	PASS_DATAGRAM_MAX = 65507,	/* of UDP over IPv4 */
	PASS_HOPS_MAX = 3,		/* ASK, OWNED, DELIVER */
};

enum pass_kind {
	PASS_ASK,		/* whose is it?  With `claim': mine, if nobody's */
	PASS_DELIVER,		/* it is yours: handle it, never pass it on */
	PASS_YOURS,		/* back to the origin: your claim holds */
	PASS_NOBODY,		/* back to the origin: nobody is known to have it */
	PASS_OWNED,		/* back to the origin: `owner' has it */
	PASS_TELL,		/* `owner' has it; no message */
	PASS_KINDS
};

/* What goes with the message: all that a node needs to handle it as if it had
 * come to its own socket on the service address.
 */
struct pass_head {
	enum pass_kind kind;
	bool claim;			/* ASK only */
	uint8_t hops;			/* datagrams left, this one counted:
					 * 1..PASS_HOPS_MAX */
	char sender[SITE_NAME_MAX];	/* who sent this datagram */
	char origin[SITE_NAME_MAX];	/* where the message came in */
	char owner[SITE_NAME_MAX];	/* OWNED and TELL only, else "" */
	uint64_t key;			/* owners_key(); 0: the message has none,
					 * a response or a named node's request */
	enum sip_transport transport;
	struct addr source;		/* the message's; unset in a TELL, as */
	struct addr local;		/* is this: the service address */
	uint16_t source_port;
	uint16_t local_port;
	uint32_t connection;		/* of a stream, at the origin; else 0 */
};

/* Why a datagram is dropped: each has a counter. */
enum pass_verdict {
	PASS_OK,
	PASS_SHORT,		/* shorter than the shortest */
	PASS_VERSION,		/* not ours, or of another version */
	PASS_UNOPENABLE,	/* forged, damaged, another site's or node's */
	PASS_SENDER,		/* sealed right, by no other node of the site file */
	PASS_MALFORMED,		/* sealed right, but says what cannot be */
	PASS_HOPS,		/* passed on too often: the nodes disagree */
	PASS_VERDICTS
};

const char *pass_kind_name(enum pass_kind kind);
const char *pass_verdict_name(enum pass_verdict verdict);	/* [a-z-] */

/* Seal head and message for the node named receiver into out.  *len is the
 * datagram's length.  message is copied, and empty exactly for PASS_TELL.  0,
 * EINVAL when head says what cannot be (or receiver is no name), ELOOP when no
 * hops are left, EMSGSIZE when it does not fit one datagram (the message then
 * has to be handled where it is).  *len is 0 on error.
 */
int pass_encode(uint8_t out[static PASS_DATAGRAM_MAX], size_t *len,
		const struct site *site, struct slice receiver,
		const struct pass_head *head, struct slice message);

/* Where a datagram is opened; large, so somebody's static. */
struct pass_buffer {
	uint8_t bytes[PASS_DATAGRAM_MAX + 1];
};

/* Open a datagram that was sent to the node named self.  For PASS_OK *head is
 * filled, and *message lies in the buffer, writable there and followed by a NUL
 * that is not counted (as the host's receive_msg() wants it); it stays until
 * the buffer's next use.  Otherwise *head and *message are zeroed.
 *
 * PASS_OK promises: names are valid, the sender is another node of site, origin
 * and owner are nodes of site, the local address is a service address, source
 * and local are of one family, ports are not 0, the kind fits its fields.
 */
enum pass_verdict pass_decode(struct pass_head *head, struct slice *message,
			      struct pass_buffer *buffer,
			      const struct site *site, struct slice self,
			      const uint8_t *datagram, size_t len);

/* The head of the next datagram about the same message: kind, sent by self,
 * one hop fewer, no claim, no owner (site_name_copy() writes one).
 */
struct pass_head pass_next(const struct pass_head *head, enum pass_kind kind,
			   struct slice self);

#endif
