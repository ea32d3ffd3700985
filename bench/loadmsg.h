/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loadmsg.h - what the load generator sends, and how it judges answers
 *
 * Every request has a branch, a Call-ID and a From-tag of its own, made of
 * the run's tag and the request's id, so an answer names its request.  An
 * answer is right only when everything in it that should name the request
 * does, and when its status and its Contact are the expected ones; anything
 * else has a verdict with a name and is never counted as right.
 *
 * Pure: no sockets, no clock, no allocation.
 */
#ifndef BENCH_LOADMSG_H
#define BENCH_LOADMSG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	LOADMSG_MAX = 2048,	/* any request, in bytes */
	LOADMSG_RUN_LEN = 8,	/* hex digits of the run's tag */
};

/* What all requests of one phase share. */
struct loadmsg_shape {
	struct slice method;
	struct slice user;	/* of the Request-URI and To */
	struct slice ruri_host;	/* host[:port] of the Request-URI */
	struct slice domain;	/* host of From and To */
	char run[LOADMSG_RUN_LEN];
	bool body;		/* with a session description */
};

/* What is one request's own. */
struct loadmsg_request {
	uint64_t id;
	struct in_addr source;	/* network order: the Via's sent-by */
	uint16_t port;
	unsigned agent;		/* number in the User-Agent */
};

/* An answer, cut into the parts that are judged; borrows the datagram. */
struct loadmsg_reply {
	bool is_reply;		/* else a request: all else but Call-ID unset */
	unsigned status;
	struct slice branch;	/* of the topmost Via */
	struct slice call_id;
	struct slice from_tag;
	struct slice to;	/* the whole value, for the ACK */
	struct slice to_tag;
	struct slice cseq;
	unsigned contact_cnt;
	struct slice contact;	/* user@host[:port] of the first */
};

/* What an answer must be to be right. */
struct loadmsg_want {
	unsigned status;	/* 0: any final status and any Contact */
	struct slice contact;	/* user@host[:port]; empty: no Contact */
	bool any_contact;	/* one, to any host */
};

enum loadmsg_verdict {
	LOADMSG_RIGHT,
	LOADMSG_MALFORMED,
	LOADMSG_NOT_A_REPLY,	/* a request, an echo of ours perhaps */
	LOADMSG_NO_REQUEST,	/* no such request waits: late, twice, not ours */
	LOADMSG_WRONG_PEER,	/* from, or to, another address */
	LOADMSG_WRONG_STATUS,
	LOADMSG_WRONG_BRANCH,
	LOADMSG_WRONG_FROM_TAG,
	LOADMSG_WRONG_CSEQ,
	LOADMSG_NO_TO_TAG,
	LOADMSG_NO_CONTACT,
	LOADMSG_MANY_CONTACTS,
	LOADMSG_WRONG_CONTACT,
	LOADMSG_ECHO_DIFFERS,
	LOADMSG_VERDICTS
};

/* Write the request.  Returns its length; 0 when it is beyond LOADMSG_MAX. */
size_t loadmsg_write(char out[static LOADMSG_MAX],
		     const struct loadmsg_shape *shape,
		     const struct loadmsg_request *req);

/* Write the ACK for a final answer to that INVITE (RFC 3261 17.1.1.3): same
 * branch, To as answered.  Returns its length, or 0 as above.
 */
size_t loadmsg_write_ack(char out[static LOADMSG_MAX],
			 const struct loadmsg_shape *shape,
			 const struct loadmsg_request *req, struct slice to);

/* Cut a datagram into parts.  0, or EBADMSG when it is not a SIP message. */
int loadmsg_read(struct loadmsg_reply *out, struct slice datagram);

/* The id within a Call-ID of this run.  0, or EBADMSG when it is not ours. */
int loadmsg_id(uint64_t *out, const struct loadmsg_shape *shape,
	       struct slice call_id);

/* Judge the answer to request id.  Never NO_REQUEST, WRONG_PEER or
 * ECHO_DIFFERS, which only the caller can know.
 */
enum loadmsg_verdict loadmsg_judge(const struct loadmsg_reply *reply,
				   const struct loadmsg_shape *shape,
				   const struct loadmsg_want *want,
				   uint64_t id);

/* "right", "wrong_status", ...; never NULL. */
const char *loadmsg_verdict_name(enum loadmsg_verdict verdict);

#endif
