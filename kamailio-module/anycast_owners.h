/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_owners.h - who has the transaction of this message?
 *
 * The table of owners.h in shared memory, and the sending for what claim.h
 * decides.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_OWNERS_H
#define KAMAILIO_MODULE_ANYCAST_OWNERS_H

#include "kamailio-module/anycast_site.h"
#include "kamailio-module/claim.h"

struct sip_msg;

/* A table of so many entries; in mod_init.  0 or -1 (logged). */
int anycast_owners_init(uint32_t entries);
void anycast_owners_destroy(void);

/* Script function: this request is about to be served statefully.  1: go on,
 * it is ours; -1: it is on its way to the node that has it, or will come back
 * when the rendezvous has said that nobody does.
 */
int anycast_claim(struct sip_msg *msg);

/* Whose is this CANCEL or ACK?  STRAY_NONE: it is on its way, or comes back
 * with the answer; nothing more is to be done with it.  Else STRAY_NOBODY or
 * STRAY_OWNED (*owner): decide again with it.
 */
enum stray_verdict anycast_ask(uint32_t *owner, const struct sip_msg *msg,
		const struct anycast_view *view, const struct claim_id *id);

/* A datagram of this node has come: it is there, and may answer a question. */
void anycast_owners_heard(uint32_t node, const struct pass_head *head);

/* An ASK or TELL of another node. */
void anycast_owners_asked(const struct anycast_view *view,
		const struct pass_head *head, struct slice message);

/* For operators; all zero where strays are switched off. */
void anycast_owners_summarize(struct owners_summary *out);

#endif
