/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sip_osip.h - SIP messages written and read by libosip2, behind a fence
 *
 * What a reply says comes back as bounded text; nothing of the library's
 * leaves sip_osip.c.
 */
#ifndef PROBE_SIP_OSIP_H
#define PROBE_SIP_OSIP_H

#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	SIP_REQUEST_MAX = 2048,
	SIP_REASON_MAX = 64,
	SIP_TOKEN_MAX = 128,	/* a longer branch, tag, ... is not ours */
	SIP_URI_MAX = 512,
};

/* Values of header fields; "" leaves one out. */
struct sip_request {
	const char *method;
	const char *uri;
	const char *via;
	const char *from;
	const char *to;
	const char *call_id;
	uint32_t cseq;
	const char *contact;
	const char *user_agent;
	const char *probe;	/* X-Anycast-Probe */
};

struct sip_reply {
	unsigned status;		/* 100..699 */
	char reason[SIP_REASON_MAX];	/* cut, and clean */
	unsigned via_cnt;
	char sent_by[SIP_TOKEN_MAX];	/* of the topmost Via: host, IPv6
					 * without brackets */
	uint16_t sent_by_port;		/* 0: none */
	char branch[SIP_TOKEN_MAX];
	char call_id[SIP_TOKEN_MAX];
	char from_tag[SIP_TOKEN_MAX];
	char to_tag[SIP_TOKEN_MAX];	/* "": none */
	uint32_t cseq;
	char method[16];		/* of CSeq */
	unsigned contact_cnt;
	char contact[SIP_URI_MAX];	/* the URI of the first */
};

/* Write the request, without a body.  Returns its length; 0 when the library
 * refuses a value or it does not fit.
 */
size_t sip_osip_write(char out[static SIP_REQUEST_MAX],
		      const struct sip_request *req);

/* Read one message, as sip_frame.h found it.  0; EBADMSG it is no reply, or
 * lacks what every reply has, or has something too long to be ours; ENOMEM.
 */
int sip_osip_read(struct sip_reply *out, struct slice message);

#endif
