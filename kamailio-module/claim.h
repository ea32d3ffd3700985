/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim.h - who asks and tells whom about the owner of a transaction
 *
 * Three decisions, one at each place a stray passes; none of them sends:
 *
 *   claim_decide()  a request is about to be served here (anycast_claim)
 *   claim_ask()     a CANCEL or ACK is of nothing known here (REDIRECT_ASK)
 *   claim_rule()    another node's ASK or TELL has arrived
 *
 * The rendezvous of a call is nodes_rendezvous(Call-ID, 0) of those that live
 * in our view; the place behind it is told as well, so that the death of
 * one node loses nothing.  Where we are the rendezvous there is no datagram.
 * What they change is the table of owners they are given, nothing else.
 */
#ifndef KAMAILIO_MODULE_CLAIM_H
#define KAMAILIO_MODULE_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cursor.h"
#include "kamailio-module/nodes.h"
#include "kamailio-module/owners.h"
#include "kamailio-module/pass.h"
#include "kamailio-module/redirect.h"

/* What the decisions stand on; all borrowed. */
struct claim_env {
	const struct nodes *nodes;
	struct owners *owners;
	uint64_t now_ms;
};

/* What identifies a transaction; borrowed. */
struct claim_id {
	struct slice call_id;
	uint64_t key;		/* owners_key() */
};

enum claim_action {
	CLAIM_HANDLE,		/* here and now */
	CLAIM_ASK,		/* send ASK, with claim, to node; it comes back */
	CLAIM_PASS,		/* send DELIVER to node, which has it already */
	CLAIM_ACTIONS
};

enum { CLAIM_TELL_MAX = 2 };

struct claim_answer {
	enum claim_action action;
	uint32_t node;		/* index for ASK and PASS, else NODES_NONE */
	uint32_t tell[CLAIM_TELL_MAX];	/* send TELL: we own it, to these */
	unsigned tell_cnt;	/* > 0 with HANDLE only */
};

struct claim_req {
	enum sip_method method;
	enum sip_transport transport;
	bool on_service;
	bool has_to_tag;
	enum stray_verdict verdict;
	struct claim_id id;
};

/* A request is going to be served statefully by this node.  It is handled at
 * once when there is nothing to claim (it came to the node address, is in a
 * dialog, an ACK or a CANCEL), nobody to ask, or when it has been asked about
 * or was passed to us: then the second place is told.  Over UDP the rendezvous is asked first, as
 * this may be a retransmission that came another way; a request on a stream is
 * handled and told.
 */
struct claim_answer claim_decide(const struct claim_req *req,
				 const struct claim_env *env);

/* Who has a CANCEL or ACK?  CLAIM_ASK: send ASK, without claim, to node.
 * CLAIM_HANDLE: it is known here, without a datagram: *verdict is STRAY_OWNED
 * and *owner a node, or STRAY_NOBODY; decide again with them.
 */
struct claim_answer claim_ask(enum stray_verdict *verdict, uint32_t *owner,
			      const struct claim_id *id,
			      const struct claim_env *env);

enum claim_reply {
	CLAIM_SEND,		/* the message as `kind' to `node' */
	CLAIM_KEEP,		/* we have it: handle it as delivered */
	CLAIM_DONE,		/* nothing more: it was a TELL */
	CLAIM_REPLIES
};

struct claim_ruling {
	enum claim_reply reply;
	enum pass_kind kind;	/* SEND: DELIVER to the owner, else YOURS, NOBODY
				 * or OWNED to the origin */
	uint32_t node;		/* SEND: an index, else NODES_NONE */
	bool tells;		/* first a TELL to the origin, which hears of its
				 * question in no other way: owner has it */
	char owner[SITE_NAME_MAX];	/* OWNED and tells: whom to name, else "" */
};

/* An ASK or TELL that pass_decode() found good.  An owner that we do not hear
 * counts as none, and a claim then holds; where the answer cannot go anywhere
 * (the origin is a node that we do not hear) it is sent there all the same.
 * The origin must learn of each answer: it takes a client's next repetition for
 * a sign that nobody answers, and serves what another node serves already.
 */
struct claim_ruling claim_rule(const struct pass_head *head,
				 const struct claim_env *env);

#endif
