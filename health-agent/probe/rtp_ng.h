/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp_ng.h - what the relay is asked, and what it answers
 *
 * A call of our own through the ng protocol: offer, answer, delete.  It carries
 * the MAC of common/probe.h over its call-id, by which rtp-pinner knows it:
 * such a call is taken also while the node drains or is down, which is how a
 * node that is down finds out that it could serve.  Another relay (rtpengine)
 * passes over it.
 *
 * Pure: no socket, no clock.
 */
#ifndef PROBE_RTP_NG_H
#define PROBE_RTP_NG_H

#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "health-agent/probe/prober.h"

enum {
	RTP_NG_RANDOM = 8,
	RTP_NG_MAX = 2048,	/* a command */
};

enum rtp_ng_meaning {
	RTP_NG_STRANGE,		/* no answer to what was asked last */
	RTP_NG_MEDIA,		/* where one side is to send its media */
	RTP_NG_FULL,		/* it answers, and takes no calls now */
	RTP_NG_REFUSED,
};

struct rtp_ng;

/* 0 or ENOMEM. */
int rtp_ng_new(struct rtp_ng **out, const struct prober_conf *conf);
void rtp_ng_free(struct rtp_ng *n);

/* Another call. */
void rtp_ng_renew(struct rtp_ng *n, const uint8_t random[static RTP_NG_RANDOM],
		  uint64_t wall_s);

/* Write a command; returns its length, 0: out of memory.  port is where that
 * side wants its media, at the probe's target.
 */
size_t rtp_ng_offer(char out[static RTP_NG_MAX], struct rtp_ng *n,
		    uint16_t port);
size_t rtp_ng_answer(char out[static RTP_NG_MAX], struct rtp_ng *n,
		     uint16_t port);
size_t rtp_ng_delete(char out[static RTP_NG_MAX], struct rtp_ng *n);

/* Judge a datagram; text is for FULL and REFUSED, media for MEDIA. */
enum rtp_ng_meaning rtp_ng_read(struct rtp_ng *n,
				char text[static PROBER_TEXT_MAX],
				struct addr *media, uint16_t *port,
				struct slice datagram);

/* Where an SDP wants its first audio.  0 or EBADMSG. */
int rtp_ng_media(struct addr *out, uint16_t *port, struct slice sdp);

#endif
