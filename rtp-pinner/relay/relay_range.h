/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_range.h - what the range backend's control and threads share */
#ifndef RELAY_RELAY_RANGE_H
#define RELAY_RELAY_RANGE_H

#include "rtp-pinner/relay/rawsend.h"
#include "rtp-pinner/relay/relay_priv.h"
#include "rtp-pinner/relay/sock.h"

enum {
	RANGE_BATCH = RAWSEND_BATCH,	/* each packet in is at most one out */
	RANGE_CONTROL = 128,	/* destination and timestamp of a packet */
};

struct range_slot {
	uint8_t head[RAWIP_HEAD_MAX];	/* room for the headers going out */
	uint8_t payload[RELAY_SLOT];
};

struct range_thread {
	int media;		/* receives all of the thread's ports; kept */
	int icmp4, icmp6;	/* -1: this family is not relayed */
	uint64_t looked_ms;	/* at ICMP, last */
	struct rawsend raw4, raw6;
	struct mmsghdr msgs[RANGE_BATCH];
	struct iovec iov[RANGE_BATCH];
	union sock_addr from[RANGE_BATCH];
	struct range_slot slots[RANGE_BATCH];
	uint8_t control[RANGE_BATCH][RANGE_CONTROL]
		__attribute__((aligned(16)));
};

/* The loop; returns when the relay stops. */
void range_run(struct relay_thread *t, struct range_thread *rt);

#endif
