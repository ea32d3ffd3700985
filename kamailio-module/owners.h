/* SPDX-License-Identifier: GPL-2.0-or-later */
/* owners.h - which node has a transaction that came to the service address
 *
 * A CANCEL, and the ACK to a far node's 4xx, carry nothing that we wrote: all
 * they have of their INVITE's is the Call-ID, the From-tag and the CSeq number.
 * The key is a hash of these.  Each node keeps what it was told as the
 * rendezvous (nodes_rendezvous()) of a call, in memory the caller gives
 * (shared between processes):
 *
 *   key -> name of a node, for OWNERS_KEEP_MS
 *
 * The first claim wins, as long as its node lives; whoever claims then is told
 * the winner.  Owners are kept by name, so a site file that is read anew with
 * its nodes in another order changes nothing.
 *
 * The table is sets of five entries in four cache lines with a spin bit; a full
 * set forgets its entry nearest to expiry, which is counted.  Time is an
 * argument: milliseconds of one clock, shared by all processes.
 */
#ifndef KAMAILIO_MODULE_OWNERS_H
#define KAMAILIO_MODULE_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/site.h"

enum {
	OWNERS_KEEP_MS = 200000,	/* timer C: more than 3 min, RFC 3261
					 * 16.6 step 11 */
};

struct owners;

/* Bytes the table needs for at least so many entries. */
size_t owners_size(uint32_t entries);

/* Lay the table out in mem (owners_size() bytes, aligned to 64). */
struct owners *owners_init(void *mem, uint32_t entries);

/* The key of a transaction: 64 bits of unkeyed BLAKE2b over the three, each
 * with its length.  INVITE, CANCEL and ACK have it in common (RFC 3261 9.1,
 * 17.1.1.3).  Never 0.
 */
uint64_t owners_key(struct slice call_id, struct slice from_tag, uint32_t cseq);

/* Is the node of this name one that can still own anything?  Called without any
 * lock held; a node that left the site file is none.
 */
typedef bool owners_alive_h(void *arg, struct slice node);

enum owners_claim {
	OWNERS_NEW,		/* nobody had it, or a dead node had: now claimed */
	OWNERS_AGAIN,		/* the claimer has it already; kept anew */
	OWNERS_OTHERS,		/* another, live node has it */
	OWNERS_CLAIMS
};

/* node claims key.  owner (NUL-terminated) is who has it now.  A name that
 * is not valid claims nothing: OWNERS_OTHERS with owner "".
 */
enum owners_claim owners_claim(char owner[static SITE_NAME_MAX],
			       struct owners *o, uint64_t key,
			       struct slice node, owners_alive_h *alive,
			       void *arg, uint64_t now_ms);

/* Who has it?  False, and "", when nobody is known to, or who had it is dead. */
bool owners_find(char owner[static SITE_NAME_MAX], struct owners *o,
		 uint64_t key, owners_alive_h *alive, void *arg,
		 uint64_t now_ms);

/* Forget it, if node has it.  True when it had. */
bool owners_forget(struct owners *o, uint64_t key, struct slice node);

struct owners_summary {
	uint64_t bytes;
	uint32_t slots;
	uint32_t used;			/* live entries */
	uint64_t forgotten;		/* live entries pushed out */
};

/* Walks the whole table: for an operator's eyes, not per message. */
void owners_summarize(struct owners *o, uint64_t now_ms,
		      struct owners_summary *out);

#endif
