/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns_wire.h - a DNS question and what answers it
 *
 * RFC 1035 4; A, AAAA, SRV (RFC 2782), NAPTR (RFC 3403), TXT.  A record in
 * text is what a zone file has behind its type:
 *
 *	192.0.2.53
 *	10 20 5060 sip.example.net.
 *	10 100 "s" "SIP+D2T" "" _sip._tcp.example.net.
 *	"words" "more words"
 *
 * Pure.  A compressed name must lead backwards with each of its pointers, so
 * it ends; all text is printable ASCII, other bytes are \DDD.
 */
#ifndef PROBE_DNS_WIRE_H
#define PROBE_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	DNS_A = 1,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_NAPTR = 35,

	DNS_QUERY_MAX = 280,
	DNS_MESSAGE_MAX = 65535,
	DNS_RECORDS_MAX = 256,	/* that are kept; further ones are counted */
	DNS_TEXT_MAX = 256,
};

struct dns_question {
	uint16_t id;
	const char *name;	/* with or without its last dot */
	uint16_t type;
};

enum dns_outcome {
	DNS_ANSWERED,		/* rcode 0; there may be no record */
	DNS_REFUSED,		/* another rcode */
	DNS_TRUNCATED,		/* ask again over TCP */
	DNS_STRANGE,		/* the answer to another question, or none */
	DNS_GARBAGE,		/* no DNS message, or one that is broken */
};

struct dns_answer {
	unsigned rcode;
	unsigned cnt;		/* records of the type we asked for */
	char records[DNS_RECORDS_MAX][DNS_TEXT_MAX];
};

/* "A", ..., or NULL for a type that is not known here. */
const char *dns_type_name(uint16_t type);

/* Write the query.  Returns its length, 0 when name is no domain name. */
size_t dns_write(uint8_t out[static DNS_QUERY_MAX],
		 const struct dns_question *question);

enum dns_outcome dns_read(struct dns_answer *out, struct slice message,
			  const struct dns_question *question);

/* Do two texts mean the same record?  White space and a name's last dot do
 * not count; case counts within quotes only; addresses are compared as such.
 */
bool dns_text_equal(const char *a, const char *b, uint16_t type);

/* "NXDOMAIN", "SERVFAIL", ... or "rcode". */
const char *dns_rcode_name(unsigned rcode);

#endif
