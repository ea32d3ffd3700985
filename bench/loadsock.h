/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loadsock.h - the load generator's socket: many datagrams per system call
 *
 * With one source address the socket is connected, and the kernel cuts one
 * send into many datagrams (UDP_SEGMENT), which halves what a request costs
 * the generator; the receiver sees no difference.  With several it is a
 * wildcard socket and IP_PKTINFO names the source of each datagram.
 *
 * The caller owns the struct (loadsock_open, loadsock_close) and the texts it
 * puts, until they are flushed.
 */
#ifndef BENCH_LOADSOCK_H
#define BENCH_LOADSOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/cursor.h"

enum {
	LOADSOCK_BATCH = 64,		/* datagrams per system call */
	LOADSOCK_DATAGRAM_MAX = 4096,	/* of an answer; a longer one is cut */
};

union loadsock_cmsg {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* Datagrams that came by one system call. */
struct loadsock_inbox {
	struct mmsghdr msgs[LOADSOCK_BATCH];
	struct iovec iovs[LOADSOCK_BATCH];
	struct sockaddr_in peers[LOADSOCK_BATCH];
	union loadsock_cmsg cmsgs[LOADSOCK_BATCH];
	char texts[LOADSOCK_BATCH][LOADSOCK_DATAGRAM_MAX];
};

/* Datagrams about to leave. */
struct loadsock_outbox {
	struct iovec iovs[LOADSOCK_BATCH];
	struct in_addr sources[LOADSOCK_BATCH];
	unsigned cnt;
};

struct loadsock {
	int fd;
	uint16_t port;		/* ours, in host order */
	bool many_sources;
	struct sockaddr_in peer;
	uint64_t send_errors;
	struct loadsock_inbox in;
	struct loadsock_outbox out;
};

/* Open towards target.  *source is the only source address when many_sources
 * is not set; unset (0.0.0.0) it becomes the one this host would use.
 * Returns 0 or errno; loadsock_close() is due either way.
 */
int loadsock_open(struct loadsock *s, const struct sockaddr_in *target,
		  struct in_addr *source, bool many_sources);
void loadsock_close(struct loadsock *s);

/* Send to this peer from now on, and take datagrams from no other. */
int loadsock_aim(struct loadsock *s, const struct sockaddr_in *peer);

static inline bool loadsock_is_full(const struct loadsock *s)
{
	return s->out.cnt == LOADSOCK_BATCH;
}

/* Put a datagram into the next flush; there must be room.  source counts only
 * with many sources.
 */
void loadsock_put(struct loadsock *s, char *text, size_t len,
		  struct in_addr source);

/* Send what was put.  What the kernel refuses is counted in send_errors. */
void loadsock_flush(struct loadsock *s);

/* Take what has come, *cnt datagrams, without waiting.  0 or errno. */
int loadsock_receive(struct loadsock *s, unsigned *cnt);

/* Datagram number i of the last receive; cut ones come back empty. */
struct slice loadsock_text(const struct loadsock *s, unsigned i);

/* Did it come from the peer, to this address of ours? */
bool loadsock_is_right_way(const struct loadsock *s, unsigned i,
			   struct in_addr source);

#endif
