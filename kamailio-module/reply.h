/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reply.h - build the reply to a request, within the amplification bound
 *
 * RFC 3261 8.2.6: status line, Via fields in order, From, To (with our tag
 * unless it has one), Call-ID and CSeq as they came; then what this reply
 * adds.  Header fields are copied whole, so folding and compact forms
 * survive; a bare CR in one becomes a space, it could end the line for
 * somebody.
 *
 * Over UDP a reply is never more than 1.5 times its request (bytes of UDP
 * payload): otherwise anybody could use us to hit a forged source harder than
 * he could himself.  Optional parts leave in this order until it fits:
 * Server, Allow, fallback Contacts, the Contact's expires, Retry-After and
 * Unsupported, the reason phrase, Content-Length.  What still does not fit is
 * not sent at all.
 */
#ifndef KAMAILIO_MODULE_REPLY_H
#define KAMAILIO_MODULE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "kamailio-module/siphead.h"

enum {
	REPLY_CONTACTS_MAX = 4,
	REPLY_CONTACT_LEN_MAX = 2048,
};

/* The parts of the request that come back; all borrowed. */
struct reply_request {
	size_t bytes;			/* size of the whole request */
	const struct siphead *head;	/* its Via, From, To, Call-ID, CSeq */
	struct addr source;		/* for the topmost Via, see via.h */
	uint16_t source_port;
};

struct reply {
	unsigned status;
	const char *phrase;
	struct slice to_tag;		/* added when not empty */
	struct slice contacts[REPLY_CONTACTS_MAX];	/* URIs, best first */
	size_t contact_cnt;
	uint32_t expires_s;		/* of the Contact; 0: none */
	uint32_t retry_after_s;		/* 0: none */
	struct slice unsupported;	/* value, or empty */
	const char *allow;		/* value, or NULL */
	const char *server;		/* value, or NULL */
	bool datagram;			/* keep the bound */
};

/* Write the reply.  Returns its length, or 0 when it does not fit size or the
 * bound even without every optional part.
 */
size_t reply_build(char *out, size_t size, const struct reply *reply,
		   const struct reply_request *req);

#endif
