/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ngmsg.h - the ng commands of a call, and what comes back
 *
 * Bencode, with the keys Kamailio 5.6's rtpengine_manage() sends for a call
 * between two audio phones, each at an IPv4 address of its own; the bodies are
 * those of ordinary desk phones.  Call-IDs, tags and branches are those of one
 * call of one run only.  Pure.
 */
#ifndef BENCH_NGMSG_H
#define BENCH_NGMSG_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	NGMSG_MAX = 2048,	/* the longest command written here */
};

enum ngmsg_op {
	NGMSG_PING,		/* needs no call */
	NGMSG_OFFER,
	NGMSG_ANSWER,
	NGMSG_DELETE,
	NGMSG_OPS,
};

struct ngmsg_call {
	uint32_t run;			/* names the run */
	uint64_t number;		/* names the call within it */
	struct sockaddr_in caller;	/* where each receives RTP; RTCP is */
	struct sockaddr_in callee;	/* at the next port */
};

/* Writes at most NGMSG_MAX bytes, returns how many.  The cookie is
 * RUN_COOKIE, run in hexadecimal, cookie in decimal.
 */
size_t ngmsg_write(char out[static NGMSG_MAX], enum ngmsg_op op,
		   const struct ngmsg_call *call, uint64_t cookie);

struct ngmsg_reply {
	uint64_t cookie;
	struct slice result;		/* into the datagram; empty: none */
	struct slice reason;		/* error-reason or message */
	struct sockaddr_in media;	/* of the SDP; sin_family 0: none */
};

/* 0; EBADMSG for what is not a reply; ENOENT for a reply of another run. */
int ngmsg_read(struct ngmsg_reply *out, uint32_t run, struct slice datagram);

const char *ngmsg_op_name(enum ngmsg_op op);

#endif
