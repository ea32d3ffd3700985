/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follow.h - which clients follow our 302, and what a transaction was told
 *
 * Two bounded tables in memory the caller gives (shared between processes):
 *
 *   sources       source address + User-Agent -> does it follow?
 *
 *     (none) --redirected--> TRYING --INVITE at the node--> FOLLOWS
 *                              |  ^                            ^
 *               comes back,    v  |  expired                   |
 *               grace over   SERVED ----INVITE at the node-----+
 *
 *   transactions  source + Call-ID + CSeq -> its first answer, for 32 s
 *                 (64*T1, RFC 3261 17.1.1.2: as long as a client repeats it)
 *
 * Both are sets of three entries in one cache line with a spin bit; a full
 * set forgets its entry nearest to expiry, which is counted.  Time is an
 * argument: milliseconds of one clock, shared by all processes.
 */
#ifndef KAMAILIO_MODULE_FOLLOW_H
#define KAMAILIO_MODULE_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FOLLOW_MEMO_MS = 32000,
};

enum follow_state {
	FOLLOW_NONE,		/* nothing known */
	FOLLOW_TRYING,		/* redirected, not yet seen at the node */
	FOLLOW_FOLLOWS,
	FOLLOW_SERVED,		/* kept returning: served from now on */
	FOLLOW_STATES
};

const char *follow_state_name(enum follow_state state);

struct follow_conf {
	uint32_t sources;	/* entries, rounded up to a power of two * 3 */
	uint32_t transactions;
	uint32_t expire_s;	/* how long a source is remembered unseen */
	uint32_t retry_s;	/* how long it is served before it is tried again */
	uint32_t limit;		/* redirects not followed before serving */
	uint32_t grace_ms;	/* time a client has to follow */
};

struct follow;

/* Bytes the tables need. */
size_t follow_size(const struct follow_conf *conf);

/* Lay the tables out in mem (follow_size() bytes, aligned to 64). */
struct follow *follow_init(void *mem, const struct follow_conf *conf);

/* Fetch the entries of these keys into the cache: they are rarely there, and
 * waiting for them costs as much as all of the decision's own work.  To be
 * called as soon as the keys are known.
 */
void follow_prefetch(const struct follow *f, uint64_t source,
		     uint64_t transaction);

/* May this source be redirected to this node (again)?  Counts the redirect.
 * False: it does not follow, serve it.
 */
bool follow_judge(struct follow *f, uint64_t source, uint64_t now_ms);

/* This source sent an INVITE to the node address.  True, and learned, only
 * when it was redirected before.
 */
bool follow_mark(struct follow *f, uint64_t source, uint64_t now_ms);

enum follow_state follow_find(struct follow *f, uint64_t source,
			      uint64_t now_ms);

/* The transaction's first answer, or false.  The meaning of answer is the
 * caller's.
 */
bool follow_recall(struct follow *f, uint64_t transaction, uint64_t now_ms,
		   uint32_t *answer);
void follow_remember(struct follow *f, uint64_t transaction, uint64_t now_ms,
		     uint32_t answer);

struct follow_summary {
	uint64_t bytes;
	uint32_t source_slots;
	uint32_t sources[FOLLOW_STATES];	/* live entries by state */
	uint32_t transaction_slots;
	uint64_t sources_forgotten;		/* live entries pushed out */
	uint64_t transactions_forgotten;
};

/* Walks the whole source table: for an operator's eyes, not per message. */
void follow_summarize(struct follow *f, uint64_t now_ms,
		      struct follow_summary *out);

#endif
