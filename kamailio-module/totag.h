/* SPDX-License-Identifier: GPL-2.0-or-later */
/* totag.h - the keyed To-tag: one transaction, one tag, on every node
 *
 * a1- and 16 hex digits: SipHash of Call-ID, From-tag (may be empty) and CSeq
 * number under the site secret.  So any node can tell that an ACK belongs to
 * a reply of ours, whoever sent it and however long ago, without any state
 * (RFC 3261 8.2.7: same request, same tag; 19.3: a backup can recognise it).
 */
#ifndef KAMAILIO_MODULE_TOTAG_H
#define KAMAILIO_MODULE_TOTAG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/secret.h"

enum {
	TOTAG_LEN = 19,		/* no NUL */
};

/* The 64 bits of the tag, for who has another use of them as well. */
uint64_t totag_digest(const struct secret_keys *keys, struct slice call_id,
		      struct slice from_tag, uint32_t cseq);
void totag_format(char out[static TOTAG_LEN], uint64_t digest);

void totag_make(char out[static TOTAG_LEN], const struct secret_keys *keys,
		struct slice call_id, struct slice from_tag, uint32_t cseq);

/* Is this the tag any node of the site gives, under this secret? */
bool totag_is_ours(struct slice tag, const struct secret_keys *keys,
		   struct slice call_id, struct slice from_tag, uint32_t cseq);

/* The value of the `tag' parameter of a From or To header's value (RFC 3261
 * 20.20, 20.39): name-addr or addr-spec, quoted strings skipped.  Returns
 * false, and an empty slice, when there is none; an empty or quoted one, which
 * the grammar does not know, is none.
 */
bool totag_find(struct slice header_value, struct slice *tag);

#endif
