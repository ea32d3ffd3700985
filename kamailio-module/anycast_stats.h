/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_stats.h - the module's counters in Kamailio's statistics
 *
 * Group `anycast`: one counter per action, reason, method, transport and HTTP
 * outcome, and the few below.  Every drop and refusal has its own.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_STATS_H
#define KAMAILIO_MODULE_ANYCAST_STATS_H

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
	EVENT_RELOADED,
	EVENT_RELOAD_FAILED,
	ANYCAST_EVENTS
};

/* Register all counters; in mod_init.  0 or -1. */
int anycast_stats_init(void);

void anycast_count(enum anycast_event event);

/* Count one decision in each of its dimensions. */
void anycast_count_decision(
		const struct redirect_req *req, const struct redirect_answer *answer);

/* One flow token, by what it turned out to be. */
void anycast_count_flow(enum token_verdict verdict);

/* One HTTP request, by the name of its outcome's index. */
void anycast_count_http(unsigned outcome);

#endif
