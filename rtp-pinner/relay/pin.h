/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pin.h - the pinning rule: which remote address a leg trusts
 *
 * Pure; the clock is an argument.  Two questions for each packet:
 *
 * 1. The gate: may this address send to this port at all?  From the very first
 *    packet on.  Only addresses are compared, ports never (NAT changes them).
 *      strict  the addresses signalling named (SDP, candidates, received-from)
 *              and the prefixes the operator named
 *      learn   these, and one more: that of the first source that latches.  A
 *              named address that sends later takes over from a learned one.
 *      off     any
 *
 * 2. The latch: of the sources in the gate one is heard, and its address and
 *    port are where the leg is sent to (unless ASYMMETRIC).  A row latches on
 *    the first packet of its own kind.  Then another source takes over only
 *      - with an SSRC the latched one has used (the same stream, moved),
 *      - after PIN_SILENCE_MS of silence of the latched one,
 *      - when the epoch changes (new SDP, new ufrag),
 *      - in learn mode, when it is named and the latched one is not,
 *      - at once with HANDOVER; never but for the epoch with STRICT_SOURCE.
 *    Not of the row's kind is RTCP on an RTP port: it passes from the latched
 *    source, or while there is none or it is silent, and never latches.
 *
 * ICE rows latch by nothing but a check with USE-CANDIDATE that the other agent
 * has answered with success: that answer proves the password of the session.
 * A check answered without USE-CANDIDATE makes its source the target as long
 * as nothing is latched.  A bare request is passed on and proves nothing.
 *
 * What no relay without keys can tell: a packet whose source address is forged
 * from one of the gate (same NAT, or no filter on its way).  Such a one must
 * also come before the phone, guess its SSRC, or wait for its silence.
 */
#ifndef RELAY_PIN_H
#define RELAY_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/relay/flow.h"

enum {
	PIN_SILENCE_MS = 1000,
	PIN_STRANGER_MS = 1000,	/* silent so long, a stranger is forgotten */
	PIN_COMPLAINT_MS = 2000,
	PIN_COMPLAINT_PACKETS = 5,	/* BPF may show a sample only */
	PIN_CHECK_MS = 40000,	/* ICE checks are sent again for 39.5 s */
};

enum pin_kind {
	PIN_RTP,		/* with an SSRC */
	PIN_RTCP,		/* with an SSRC */
	PIN_OTHER,		/* DTLS, T.38, ... */
};

enum pin_standing {
	PIN_NAMED,		/* by the gate */
	PIN_LEARNED,		/* the address of the latched or verified source */
	PIN_UNKNOWN,		/* may be learned, if its packet latches */
	PIN_OUTSIDE,
};

enum pin_verdict {
	PIN_PASS,
	PIN_STRANGER,
	PIN_OTHER_SOURCE,
};

struct pin_packet {
	const struct flow_endpoint *from;
	enum pin_standing standing;	/* of pin_standing() */
	enum pin_kind kind;
	uint32_t ssrc;
	bool own;		/* from a port of this relay: latches only where
				 * SDP named that very port */
};

/* Ports too; prefix_len is not looked at. */
bool pin_same_source(const struct flow_endpoint *a,
		     const struct flow_endpoint *b);
bool pin_same_address(const struct flow_endpoint *a,
		      const struct flow_endpoint *b);

/* Bring the state in line with the conf: cleared for another generation,
 * unlatched for another epoch.  Before all else.
 */
void pin_begin(struct flow_state *s, const struct flow_conf *c);

enum pin_standing pin_standing(const struct flow_state *s,
			       const struct flow_conf *c,
			       const struct flow_endpoint *from);

/* Count a packet in the second that is running: false above the limit.  Only
 * what would pass is counted, and STUN of another source than the latched one
 * (`aside') by itself: it cannot silence who is heard.
 */
bool pin_in_rate(struct flow_state *s, const struct flow_conf *c, bool aside,
		 uint64_t now_ms);

/* Judge a packet that is not STUN, and latch. */
enum pin_verdict pin_judge(struct flow_state *s, const struct flow_conf *c,
			   const struct pin_packet *p, uint64_t now_ms);

/* Remember RTP from outside the gate, for pin_complaint(). */
void pin_stranger(struct flow_state *s, const struct flow_endpoint *from,
		  uint64_t now_ms);

/* An ICE check that arrived at the row of s; id is its transaction.  The last
 * FLOW_CHECKS_MAX are known; once latched, half of them are of that source at
 * least, whoever else sends checks.
 */
void pin_check(struct flow_state *s, const struct flow_endpoint *from,
	       uint64_t id, bool use_candidate, uint64_t now_ms);

/* The check a response belongs to, NULL if none. */
struct flow_check *pin_check_find(struct flow_state *s, uint64_t id,
				  uint64_t now_ms);

/* The check, of the row s, was answered with success by `by', at the row
 * other_s: latches both if it nominates, else verifies both.
 */
void pin_check_succeeded(struct flow_state *s, struct flow_check *check,
			 struct flow_state *other_s,
			 const struct flow_endpoint *by, uint64_t now_ms);

/* Where to send what leaves from this port: the latched source, one an ICE
 * check has verified, or what the SDP says.  family 0: nowhere yet.
 */
const struct flow_endpoint *pin_target(const struct flow_state *s,
				       const struct flow_conf *c);

/* For control, on copies: a strict leg hears nothing for PIN_COMPLAINT_MS while
 * one source outside its gate sends RTP.  *who is that source: the log line
 * names it and the cure (gate=learn, or a prefix).  Control says it once.
 */
bool pin_complaint(struct flow_endpoint *who, const struct flow_conf *c,
		   const struct flow_state *s, uint64_t now_ms);

#endif
