/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp_media.h - two phones: a socket each, which talk to each other
 *
 * What one sends through the relay the other is to hear.  Both sockets are
 * ours for one attempt only and have ports of the kernel's choice, so nothing
 * an earlier attempt sent comes to them; once connected they hear their own
 * port of the relay and nobody else.
 */
#ifndef PROBE_RTP_MEDIA_H
#define PROBE_RTP_MEDIA_H

#include <uv.h>

#include "common/addr.h"
#include "health-agent/probe/rtp_stream.h"

enum rtp_side { RTP_CALLER, RTP_CALLEE, RTP_SIDES };

struct rtp_media;

struct rtp_media_conf {
	struct addr local;
	unsigned packets;	/* each way */
	uint64_t pace_ms;	/* between two of them */
	uint64_t delay_ms;	/* a slower one is lost */
	/* All have come, or the last ones are late. */
	void (*over)(void *arg);
	void *arg;
};

/* Bind both.  0 or errno. */
int rtp_media_open(struct rtp_media **out, uv_loop_t *loop,
		   const struct rtp_media_conf *conf);

uint16_t rtp_media_port(const struct rtp_media *m, enum rtp_side side);

/* Where this side is to send to. */
int rtp_media_connect(struct rtp_media *m, enum rtp_side side,
		      const struct addr *peer, uint16_t port);

/* Begin to send, both at once. */
void rtp_media_start(struct rtp_media *m);

/* What this side has sent, and the other one heard of it. */
const struct rtp_stream *rtp_media_stream(const struct rtp_media *m,
					  enum rtp_side side);

/* No events after this; the loop frees it.  NULL is fine. */
void rtp_media_close(struct rtp_media *m);

#endif
