/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_via.h - a response finds the node whose request it answers
 *
 * A request that leaves from the service address (to a phone whose NAT lets
 * nothing else in) is answered to the service address, and so to whichever node
 * BGP likes best by then; over a stream too, if its connection has broken and
 * the phone opens another (RFC 3261 18.2.2).  The topmost Via of the answer is
 * the one we wrote: it says which node did, under a MAC (token.h).
 */
#ifndef KAMAILIO_MODULE_ANYCAST_VIA_H
#define KAMAILIO_MODULE_ANYCAST_VIA_H

struct sip_msg;

/* Add the token to what leaves from now on.  In child_init(PROC_INIT), when all
 * other modules have said whether they want to see what is sent.  0 or -1
 * (logged).
 */
int anycast_via_init(void);

/* A response on the service address that belongs to no transaction here: to the
 * node its topmost Via names.  1 passed on; -1 nothing to be done with it.
 * Each outcome is counted.
 */
int anycast_pass_reply(struct sip_msg *msg);

#endif
