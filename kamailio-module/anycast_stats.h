/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_stats.h - the module's counters in Kamailio's statistics
 *
 * Group `anycast`: one counter per action, reason, method, transport and HTTP
 * outcome, and the few below.  Every drop and refusal has its own.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_STATS_H
#define KAMAILIO_MODULE_ANYCAST_STATS_H

#include "kamailio-module/pass.h"
#include "kamailio-module/redirect.h"
#include "kamailio-module/token.h"

enum anycast_event
{
	EVENT_PROBE_VALID,
	EVENT_PROBE_MALFORMED,
	EVENT_PROBE_OTHER_NODE,
	EVENT_PROBE_STALE,
	EVENT_PROBE_FORGED,
	EVENT_PEER_SIGNED, /* a KDMQ request of ours; peersig.h for the others */
	EVENT_PEER_VALID,
	EVENT_PEER_MISSING,
	EVENT_PEER_MALFORMED,
	EVENT_PEER_OWN,
	EVENT_PEER_STALE,
	EVENT_PEER_FORGED,
	EVENT_PEER_ON_SERVICE,
	EVENT_FOLLOWED,		  /* an INVITE at the node of a redirected source */
	EVENT_SEND_FAILED,	  /* the host could not send a reply */
	EVENT_UNANSWERABLE,	  /* too many Via fields or too large to answer */
	EVENT_RELAY_FAILED,
	EVENT_PIN_FAILED, /* no socket of the node fits the next hop */
	EVENT_PATH_REMOVED, /* a client brought its own */
	EVENT_FLOW_GONE, /* a flow token's socket or connection is no more */
	EVENT_NEXT_DEAD, /* anycast_next_alive() said no */
	EVENT_FAST_ANSWERED, /* by anycast_fast.h, before the host parsed it */
	EVENT_PASS_OTHER_SOURCE, /* not from its sender's node address */
	EVENT_PASS_NO_SOCKET, /* no listen line has the address it came to */
	EVENT_PASS_NO_FAMILY, /* the nodes have no address family in common */
	EVENT_PASS_TOO_LARGE, /* does not fit a datagram */
	EVENT_PASS_FAILED,	  /* passed too often, or the kernel would not send */
	EVENT_ASK_UNANSWERED, /* a CANCEL again: whom we asked does not answer */
	EVENT_HTTP_NO_STREAM, /* HTTP over UDP or in a WebSocket */
	EVENT_RELOADED,
	EVENT_RELOAD_FAILED,
	ANYCAST_EVENTS
};

/* What became of requests that are served statefully. */
enum anycast_claim_outcome
{
	CLAIM_HERE,	   /* this node is the rendezvous, nobody else has it */
	CLAIM_OTHERS,  /* ... and another node has it: delivered there */
	CLAIM_ASKED,   /* the rendezvous is asked; comes back or is delivered */
	CLAIM_GRANTED, /* came back, or was delivered here */
	CLAIM_TOLD,	   /* a stream's: both rendezvous are told, nobody waits */
	CLAIM_UNANSWERED, /* the rendezvous does not answer: handled here */
	ANYCAST_CLAIMS
};

/* What became of responses without a transaction. */
enum anycast_reply_outcome
{
	REPLY_PASSED,
	REPLY_NO_TOKEN,
	REPLY_MALFORMED,
	REPLY_FORGED,
	REPLY_OWN,			/* ours, and its transaction is over */
	REPLY_UNKNOWN_NODE, /* of a node that has left the site file */
	REPLY_DEAD_NODE,
	REPLY_STILL_STRAY, /* passed to us, and no transaction here either */
	REPLY_NOT_SENT,
	ANYCAST_REPLIES
};

/* Register all counters; in mod_init.  0 or -1. */
int anycast_stats_init(void);

void anycast_count(enum anycast_event event);

/* Count one decision in each of its dimensions. */
void anycast_count_decision(
		const struct redirect_req *req, const struct redirect_answer *answer);

/* One flow token, by what it turned out to be. */
void anycast_count_flow(enum token_verdict verdict);

/* One datagram between the nodes. */
void anycast_count_pass_in(enum pass_kind kind);
void anycast_count_pass_out(enum pass_kind kind);
void anycast_count_pass_read(enum pass_verdict verdict);

struct anycast_pass_totals
{
	uint64_t in; /* of any kind, as the next */
	uint64_t out;
	uint64_t refused; /* datagrams that said nothing we believe */
};

void anycast_pass_totals(struct anycast_pass_totals *out);

void anycast_count_claim(enum anycast_claim_outcome outcome);
void anycast_count_reply(enum anycast_reply_outcome outcome);

/* One HTTP request, by the name of its outcome's index. */
void anycast_count_http(unsigned outcome);

#endif
