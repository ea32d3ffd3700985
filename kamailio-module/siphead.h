/* SPDX-License-Identifier: GPL-2.0-or-later */
/* siphead.h - the header fields of a SIP message that the redirect needs
 *
 * One pass over the raw head, nothing copied or allocated.  Kamailio parses
 * lazily and keeps a heap object per field; most of a redirected request's
 * fields are looked at once, here, and never again.
 *
 * Fields are given whole (`field`: name, colon, value, folding and line break
 * as they came, ready to be copied into a reply) or by value (without the
 * white space around it).  Names are compared without regard to case and in
 * their compact forms (RFC 3261 7.3.3); of a field that may stand only once
 * the first counts.
 */
#ifndef KAMAILIO_MODULE_SIPHEAD_H
#define KAMAILIO_MODULE_SIPHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	SIPHEAD_VIAS_MAX = 70,	/* more hops than Max-Forwards allows */
	SIPHEAD_REQUIRES_MAX = 4,	/* further Proxy-Require are not kept */
};

struct siphead {
	struct slice vias[SIPHEAD_VIAS_MAX];	/* fields; a field may hold several */
	size_t via_cnt;
	bool too_many_vias;
	struct slice from;		/* fields */
	struct slice to;
	struct slice call_id;
	struct slice cseq;
	struct slice from_value;	/* values */
	struct slice to_value;
	struct slice user_agent;
	struct slice max_forwards;
	struct slice proxy_requires[SIPHEAD_REQUIRES_MAX];	/* each field's */
	size_t proxy_require_cnt;
	struct slice content_length;	/* empty when there are two of them */
	struct slice probe;		/* X-Anycast-Probe */
	bool has_max_forwards;
	bool has_content_length;
	bool has_probe;
	bool has_route;
	bool has_twice;			/* From, To, Call-ID or CSeq */
	size_t body_at;			/* offset of the body in the message */
};

/* One less than the decimal number of len digits at text, written over it with
 * its leading zeros (Max-Forwards, RFC 3261 16.6 step 3).  False, and nothing
 * is changed, when there is anything but digits or it is zero.
 */
bool siphead_count_down(char *text, size_t len);

/* Scan a message from its first line on.  False when the head has no end (no
 * empty line); the fields found until then are filled in all the same.
 */
bool siphead_scan(struct siphead *out, struct slice message);

#endif
