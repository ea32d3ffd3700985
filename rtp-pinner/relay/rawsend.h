/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rawsend.h - send a batch of datagrams of one family on a raw socket
 *
 * Bound to the media address of the family, so that routing knows the source;
 * the headers are rawip.h's.  A packet the kernel refuses is skipped and
 * reported, the rest of the batch goes on; one longer than the path MTU is
 * sent in fragments.  Nothing ever blocks.
 */
#ifndef RELAY_RAWSEND_H
#define RELAY_RAWSEND_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "rtp-pinner/relay/path.h"
#include "rtp-pinner/relay/rawip.h"

enum {
	RAWSEND_BATCH = 64,
};

/* What became of packet i of the batch; len is its payload. */
typedef void rawsend_h(void *arg, const struct path_out *out, size_t len,
		       bool sent);

union rawsend_to {
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

struct rawsend {
	int fd;			/* -1: this family is not relayed */
	struct flow_endpoint from;	/* the media address; port of each packet */
	int priority;		/* SO_PRIORITY the socket has now */
	uint32_t id;		/* of the next fragmented datagram */
	unsigned cnt;		/* waiting for rawsend_flush() */
	rawsend_h *done;
	void *arg;
	struct mmsghdr msgs[RAWSEND_BATCH];
	struct iovec iov[RAWSEND_BATCH];
	union rawsend_to to[RAWSEND_BATCH];
	struct path_out outs[RAWSEND_BATCH];
};

/* Open the socket for a media address; needs CAP_NET_RAW.  0 or errno, and
 * then, as after rawsend_fini(), fd is -1.
 */
int rawsend_init(struct rawsend *s, const struct addr *media, rawsend_h *done,
		 void *arg);
void rawsend_fini(struct rawsend *s);

/* Put a packet into the batch; its payload, with RAWIP_HEAD_MAX bytes of room
 * before it, stays as it is until the flush.  Flushes first when the batch is
 * full or the packet has another priority than the socket.
 */
void rawsend_add(struct rawsend *s, const struct path_out *out,
		 uint8_t *payload, size_t len);
void rawsend_flush(struct rawsend *s);

#endif
