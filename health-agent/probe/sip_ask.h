/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sip_ask.h - what a SIP probe asks, and whether a reply is the right one
 *
 *	INVITE sip:probe@DOMAIN to a service address
 *		302 with the Contact that leads to this node and a To-tag of
 *		this site: good; 1xx: wait; any other answer: bad
 *	OPTIONS sip:DOMAIN to a service address, OPTIONS sip:NODE to a node
 *	address
 *		200: good; 1xx: wait; any other answer: bad
 *
 * For a while behind a reload the node may be where it was before
 * (prober_conf.former).  A reply counts only with our branch, sent-by, Call-ID,
 * From-tag and CSeq, all but the last two random or ours alone (RFC 3261
 * 17.1.3, 18.1.2).  Pure.
 */
#ifndef PROBE_SIP_ASK_H
#define PROBE_SIP_ASK_H

#include "common/probe.h"
#include "health-agent/probe/prober.h"
#include "health-agent/probe/sip_osip.h"

enum {
	SIP_ASK_RANDOM = 32,	/* bytes an attempt needs */
	SIP_ASK_ID_MAX = 40,
};

enum sip_meaning {
	SIP_STRANGE,		/* of another request, or forged */
	SIP_PROVISIONAL,
	SIP_GOOD,
	SIP_BAD,
};

struct sip_ask {
	const struct prober_conf *conf;	/* borrowed */
	char uri[SIP_URI_MAX];
	char contact[SIP_URI_MAX];	/* we want, in style node */
	char contact_maddr[SIP_URI_MAX];	/* ... and maddr, as good */
	char former[SIP_URI_MAX];	/* the same for the conf's former */
	char former_maddr[SIP_URI_MAX];
	char user[SITE_HOST_MAX + 16];	/* From and To */
	/* of this attempt */
	struct addr local;
	uint16_t local_port;
	char branch[SIP_ASK_ID_MAX];
	char call_id[SIP_ASK_ID_MAX];
	char from_tag[SIP_ASK_ID_MAX];
	uint32_t cseq;
	char probe[PROBE_VALUE_MAX];
};

/* As prober_type.check(). */
int sip_ask_check(char text[static PROBER_TEXT_MAX],
		  const struct prober_conf *conf);

/* 0 or EINVAL, as sip_ask_check(). */
int sip_ask_init(struct sip_ask *ask, const struct prober_conf *conf);

/* Begin an attempt. */
void sip_ask_renew(struct sip_ask *ask,
		   const uint8_t random[static SIP_ASK_RANDOM],
		   const struct addr *local, uint16_t local_port,
		   uint64_t wall_s);

/* Write the request; its length, 0 when that cannot be. */
size_t sip_ask_write(char out[static SIP_REQUEST_MAX],
		     const struct sip_ask *ask);

/* What is the reply, and in words.  now_ms: clock_boot_ms(). */
enum sip_meaning sip_ask_judge(char text[static PROBER_TEXT_MAX],
			       const struct sip_ask *ask,
			       const struct sip_reply *reply, uint64_t now_ms);

/* What ends the transaction, one at a time: the ACK of a final answer to an
 * INVITE; after a 200, which should never come, BYE; and CANCEL for one given
 * up after a provisional answer (9.1).  Their length, 0: nothing is due.
 */
size_t sip_ask_ack(char out[static SIP_REQUEST_MAX], const struct sip_ask *ask,
		   const struct sip_reply *reply);
size_t sip_ask_bye(char out[static SIP_REQUEST_MAX], const struct sip_ask *ask,
		   const struct sip_reply *reply);
size_t sip_ask_cancel(char out[static SIP_REQUEST_MAX],
		      const struct sip_ask *ask);

#endif
