/* SPDX-License-Identifier: GPL-2.0-or-later */
/* redirect.h - the decision: what to do with a request, and why
 *
 * Pure: no Kamailio, no sockets, no clock.  The adapter copies the facts of a
 * request into struct redirect_req; redirect_decide() applies the rules in
 * the order written in redirect.c and returns one action with one reason.
 * The only thing it changes is the follow table it is given.
 */
#ifndef KAMAILIO_MODULE_REDIRECT_H
#define KAMAILIO_MODULE_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "kamailio-module/clients.h"
#include "kamailio-module/follow.h"
#include "kamailio-module/nodes.h"
#include "kamailio-module/sipuri.h"

enum sip_method {
	SIP_METHOD_OTHER,
	SIP_METHOD_INVITE,
	SIP_METHOD_ACK,
	SIP_METHOD_CANCEL,
	SIP_METHOD_BYE,
	SIP_METHOD_REGISTER,
	SIP_METHOD_OPTIONS,
	SIP_METHOD_SUBSCRIBE,
	SIP_METHOD_NOTIFY,
	SIP_METHOD_MESSAGE,
	SIP_METHOD_INFO,
	SIP_METHOD_PRACK,
	SIP_METHOD_UPDATE,
	SIP_METHOD_REFER,
	SIP_METHOD_PUBLISH,
	SIP_METHODS
};

enum sip_transport {
	SIP_UDP,
	SIP_TCP,
	SIP_TLS,
	SIP_WS,
	SIP_WSS,
	SIP_OTHER_TRANSPORT,
	SIP_TRANSPORTS
};

enum redirect_action {
	REDIRECT_SERVE,		/* not ours to answer: the script handles it */
	REDIRECT_TO_NODE,	/* 302 with the contact of answer.node */
	REDIRECT_ABSORB,	/* say nothing, it is done with */
	REDIRECT_ANSWER,	/* 200 or 503 */
	REDIRECT_REFUSE,	/* 4xx */
	REDIRECT_RELAY,		/* to the node its R-URI or Route names */
	REDIRECT_PASS,		/* as it is to answer.node (pass.h: DELIVER), which
				 * handles it; a status is answered here as well */
	REDIRECT_ASK,		/* whose it is (claim_ask()), then decide again */
	REDIRECT_DROP,		/* no reply would keep the amplification bound */
	REDIRECT_ACTIONS
};

/* Why.  In the order of the rules of the decision. */
enum redirect_reason {
	REASON_NOT_SERVICE,	/* 1: arrived on a node address */
	REASON_TRANSACTION,	/* 1: tm knows its transaction */
	REASON_UNREADABLE,	/* 1: the script's sanity checks say it better */
	REASON_CLAIMED,		/* 1: the rendezvous says it is ours */
	REASON_LOOP_SELF,	/* 3: R-URI or Route already is this node */
	REASON_LOOP_OTHER,	/* 3: ... another node */
	REASON_LOOP_DOWN,	/* 3: ... another node, and that one is down */
	REASON_STRAY,		/* 5, 6: ACK or CANCEL of nothing known here */
	REASON_OWNED,		/* 5, 6: ... and another node has it */
	REASON_DELIVERED,	/* another node says that it is ours */
	REASON_OWNER_UNKNOWN,	/* 5: an ACK nobody is known to wait for */
	REASON_FOREIGN,		/* 4: not our domain, or another's Route */
	REASON_ACK_OURS,	/* 5: its To-tag is one of any node's */
	REASON_IN_DIALOG,	/* 5: has a To-tag that is not ours */
	REASON_ACK_STRAY,	/* 5: an ACK without any To-tag of ours */
	REASON_CANCEL_REDIRECTED, /* 6 */
	REASON_CANCEL_SERVED,	/* 6: its INVITE was, or would be, served */
	REASON_SCHEME,		/* 7: 416 */
	REASON_SIPS_OVER_UDP,	/* 7: 400 */
	REASON_PROXY_REQUIRE,	/* 7: 420 */
	REASON_MAX_FORWARDS,	/* 7: 483 */
	REASON_VIA_MADDR,	/* 7: 400 */
	REASON_MALFORMED,	/* 7: 400 */
	REASON_URI_TOO_LONG,	/* 7: 414 */
	REASON_OPTIONS,		/* 8: 200 */
	REASON_OPTIONS_NO_NODE,	/* 8: 503 */
	REASON_WEBSOCKET,	/* 9: a WebSocket flow cannot be moved */
	REASON_METHOD,		/* 9: not a method to redirect */
	REASON_CLIENT_NEVER,	/* 9: this User-Agent does not follow */
	REASON_NOT_FOLLOWING,	/* 10: this source came back before */
	REASON_FIRST_ANSWER,	/* 10: a repeated request, as the first time */
	REASON_PROBE,		/* 2: the node's own health probe */
	REASON_OWN_NODE,	/* 11: go to this node */
	REASON_OTHER_NODE,	/* 11: this node drains or is down */
	REASON_LAST_NODE,	/* 11: ... and nobody else can take it */
	REASON_NO_ADDRESS,	/* no node, or not the one named, has an address of
				 * this family: 480 */
	REASON_AMPLIFICATION,	/* a reply would be too large for its request */
	REDIRECT_REASONS
};

/* What was wrong with a message the host could parse only in part. */
enum sip_defect {
	DEFECT_NONE,
	DEFECT_URI,		/* the R-URI is no URI */
	DEFECT_URI_TOO_LONG,
	DEFECT_CSEQ,		/* no number, or another method than the line */
	DEFECT_CALL_ID,		/* empty */
	DEFECT_FROM,
	DEFECT_TO,
	DEFECT_CONTENT_LENGTH,	/* more announced than arrived */
	DEFECT_MAX_FORWARDS,	/* no number */
	SIP_DEFECTS
};

/* What is known of a request's owner, from other nodes or from our own table of
 * owners (claim.h).
 */
enum stray_verdict {
	STRAY_NONE,		/* nobody has been asked */
	STRAY_YOURS,		/* our claim holds */
	STRAY_NOBODY,		/* asked: nobody is known to have it */
	STRAY_OWNED,		/* asked: req.owner has it */
	STRAY_DELIVERED,	/* another node passed it to us: it is not passed on */
	STRAY_VERDICTS
};

/* The facts of one request.  All slices are borrowed from the message. */
struct redirect_req {
	enum sip_method method;
	enum sip_transport transport;
	enum addr_family family;	/* of the socket it came in on */
	bool on_service;		/* that socket is a service address */
	bool unreadable;		/* the fields below could not be filled */
	bool known_transaction;		/* tm has it (RFC 3261 17.2.3) */
	bool is_probe;			/* a valid probe header (probe.h) */
	enum sip_defect defect;
	struct sipuri uri;		/* Request-URI; undefined on DEFECT_URI* */
	bool has_route;			/* a Route besides those that name us */
	struct sipuri route;		/* ... and the topmost of them */
	bool has_to_tag;
	bool to_tag_is_ours;		/* totag.h, current or previous secret */
	bool via_maddr;			/* topmost Via has maddr */
	bool has_proxy_require;
	bool has_max_forwards;
	uint32_t max_forwards;
	struct slice user_agent;
	uint64_t source_key;		/* hash of source address + User-Agent */
	uint64_t transaction_key;	/* hash of source + Call-ID + CSeq */
	uint64_t call_key;		/* hash of the Call-ID */
	enum stray_verdict verdict;
	uint32_t owner;			/* index of a node, for STRAY_OWNED */
};

struct redirect_conf {
	uint32_t methods;		/* bit per enum sip_method to redirect */
	bool can_relay;			/* tm is there to do it */
	bool can_pass;			/* to other nodes: strays are looked after */
	bool can_register;		/* the host has a registrar */
};

/* What the decision stands on; all borrowed. */
struct redirect_env {
	const struct nodes *nodes;
	const struct clients *clients;
	struct follow *follow;
	const struct redirect_conf *conf;
	uint32_t site_version;	/* a remembered node counts only for its own */
	uint64_t now_ms;
	/* Only a redirect counts, anything else will be decided once more: that
	 * it was served is not remembered, or it would look like a repetition.
	 */
	bool tentative;
};

struct redirect_answer {
	enum redirect_action action;
	enum redirect_reason reason;
	unsigned status;	/* of the reply, 0 where there is none */
	uint32_t node;		/* index for TO_NODE, RELAY and PASS, else
				 * NODES_NONE */
	bool followed;		/* at the node after a redirect: it follows */
};

struct redirect_answer redirect_decide(const struct redirect_req *req,
				       const struct redirect_env *env);

enum sip_method sip_method_parse(struct slice name);
const char *sip_method_name(enum sip_method method);
const char *sip_transport_name(enum sip_transport transport);
const char *redirect_action_name(enum redirect_action action);
const char *redirect_reason_name(enum redirect_reason reason);
const char *stray_verdict_name(enum stray_verdict verdict);
const char *sip_defect_text(enum sip_defect defect);

/* The reason phrase of a status this module sends (RFC 3261 21). */
const char *sip_status_text(unsigned status);

/* Parse "INVITE, MESSAGE" into the bits of redirect_conf.methods.  EINVAL,
 * with *bad the word that is no method, or is one that cannot be redirected
 * (ACK and CANCEL never are).
 */
int redirect_methods_parse(uint32_t *out, struct slice list, struct slice *bad);

#endif
