/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rib_priv.h - shared by rib.c (what to say), rib_answer.c (what was heard) and
 * rib_status.c (what is told)
 */
#ifndef EXABGP_RIB_PRIV_H
#define EXABGP_RIB_PRIV_H

#include "health-agent/exabgp/rib.h"

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Does this neighbour take prefixes of this family? */
bool rib_is_pair(const struct rib *rib, size_t neighbor, size_t prefix);

/* Which own prefix it is; conf.own_cnt: none. */
size_t rib_own(const struct rib *rib, const struct prefix *p);

/* What the prefix is to be; NULL: nothing. */
const struct route *rib_wanted(const struct rib *rib, size_t prefix);

/* Is the pair as it is to be by now?  With its session down: absent. */
bool rib_is_right(const struct rib *rib, size_t neighbor, size_t prefix);

/* Is a session waited for, to announce something? */
bool rib_awaits(const struct rib *rib);

/* The session has come up, or gone: what is to be done now. */
void rib_session_changed(struct rib *rib, size_t neighbor);

/* Is the listed route what this neighbour is to have? */
bool rib_is_same(const struct rib *rib, size_t neighbor, size_t prefix,
		 const struct dialect_line *line);

/* One more failure: when to try again. */
uint64_t rib_backoff(uint8_t *failures, uint64_t now_ms);

/* No answer, or one that cannot be: begin again with a summary. */
void rib_lose_sync(struct rib *rib, uint64_t now_ms);

/* To be called when a pair or the want has changed. */
void rib_settle(struct rib *rib);

#endif
