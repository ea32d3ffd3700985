/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_wait.h - less patience with one branch of a call than with the others
 *
 * A phone may be slow to answer; a node of the site says 100 at once, or it is
 * not there.  tm has one timer for both (fr_timer, of the whole transaction),
 * and reads it for each branch when it has sent it: so it has another value for
 * just so long.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_WAIT_H
#define KAMAILIO_MODULE_ANYCAST_WAIT_H

struct sip_msg;
struct tm_binds;

enum
{
	ANYCAST_WAIT_MAX_MS = 60000,
};

/* tm is borrowed; NULL where it is not loaded. */
void anycast_wait_init(const struct tm_binds *tm);

/* In BRANCH_ROUTE: tm gives up on this branch of an INVITE where its next hop
 * has not answered at all after wait_ms (1..ANYCAST_WAIT_MAX_MS).  1; -1 there
 * is no branch here, no memory (logged), or wait_ms is none.
 */
int anycast_next_wait(struct sip_msg *msg, int wait_ms);

#endif
