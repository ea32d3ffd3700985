/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steer.h - what the steering program and its loader agree on
 *
 * Plain data, included by BPF code and by steer.c.
 */
#ifndef RELAY_BPF_STEER_H
#define RELAY_BPF_STEER_H

#include "rtp-pinner/relay/flow.h"

enum {
	STEER_SOCKETS = 17,	/* one per thread, then the sink */
	STEER_SINK = STEER_SOCKETS - 1,
	STEER_SAMPLE_MS = 250,	/* between two strangers let through a port */
	STEER_SAMPLES_MAX = 1000,	/* let through per second and CPU */
	/* Times packet_rate_max: what is above that in a second is a flood.
	 * Below, the thread counts; it knows what is media.
	 */
	STEER_RATE_SLACK = 2,
};

/* Constant from the load of the program on. */
struct steer_conf {
	uint16_t port_min;	/* inclusive, host order */
	uint16_t port_max;
	uint8_t has4;		/* media4_be is set */
	uint8_t has6;
	uint16_t pad;
	uint32_t media4_be;
	uint32_t media6_be[4];
};

/* What becomes of a packet to one of our ports. */
enum steer_verdict {
	STEER_THREAD,		/* handed to the thread of the row */
	STEER_SAMPLE,		/* a stranger's, handed to the thread to see */
	STEER_FREE,		/* the port is free: sink */
	STEER_STRANGER,		/* outside the gate: sink */
	STEER_ORPHAN,		/* its thread has no socket: sink */
	STEER_FLOOD,		/* far above the rate: sink */
	STEER_VERDICTS
};

#endif
