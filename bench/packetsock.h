/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packetsock.h - frames to and from a device, past this host's IP stack
 *
 * The parties of thousands of calls are addresses behind this host that no
 * interface of it has.  Frames are written to the device as they are, and
 * those to a party are read from a mapped ring, with the time at which the
 * kernel had them: no socket per party, and less work per packet than any relay
 * can get by with.  IPv4 over Ethernet; needs CAP_NET_RAW.  One thread.
 */
#ifndef BENCH_PACKETSOCK_H
#define BENCH_PACKETSOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bench/rtpframe.h"

enum {
	PACKETSOCK_BATCH = 32,	/* frames that leave by one call */
};

struct packetsock {
	int tx;				/* -1: closed */
	int rx;
	uint8_t *ring;			/* mapped */
	unsigned next;			/* frame of the ring to look at */
	uint64_t send_errors;		/* frames the device did not take */

	uint8_t frames[PACKETSOCK_BATCH][RTPFRAME_LEN];
	struct iovec iovs[PACKETSOCK_BATCH];
	struct mmsghdr msgs[PACKETSOCK_BATCH];
	unsigned cnt;			/* frames put, not yet flushed */
};

/* Frames go to the host router on device, which must be its neighbour; packets
 * to parties/prefix_len are received.  0 or a positive errno; to be closed
 * either way.
 */
int packetsock_open(struct packetsock *p, const char *device,
		    struct in_addr router, struct in_addr parties,
		    unsigned prefix_len);
void packetsock_close(struct packetsock *p);

static inline bool packetsock_is_full(const struct packetsock *p)
{
	return p->cnt == PACKETSOCK_BATCH;
}

/* Room for one more frame, initialised for the router; there must be room. */
static inline uint8_t *packetsock_put(struct packetsock *p)
{
	return p->frames[p->cnt++];
}

/* Send what has been put. */
void packetsock_flush(struct packetsock *p);

/* The next IPv4 packet received, or NULL; valid until packetsock_release(),
 * which must follow.  *when_ns is by the wall clock.
 */
const uint8_t *packetsock_receive(struct packetsock *p, size_t *len,
				  uint64_t *when_ns);
void packetsock_release(struct packetsock *p);

/* Packets that found the ring full since the last call. */
uint64_t packetsock_dropped(struct packetsock *p);

#endif
