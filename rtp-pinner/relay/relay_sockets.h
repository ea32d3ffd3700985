/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_sockets.h - what the sockets backend's control and threads share
 *
 * Control opens the sockets of a port; its thread closes them, between two
 * batches, so that no event or send of that thread is of a descriptor that has
 * become another port's.
 *
 *   FREE --open--> OPEN --control closes--> CLOSING --its thread--> FREE
 */
#ifndef RELAY_RELAY_SOCKETS_H
#define RELAY_RELAY_SOCKETS_H

#include <pthread.h>

#include "rtp-pinner/relay/relay_priv.h"
#include "rtp-pinner/relay/sock.h"

enum {
	SOCKETS_BATCH = 16,	/* packets of one socket at a time */
	SOCKETS_CONTROL = 64,	/* the timestamp of a packet */
	SOCKETS_EVENTS = 64,
	SOCKETS_MAILBOX = UINT16_MAX + 1,	/* no port: the eventfd's data */
};

enum port_phase {
	PORT_FREE,
	PORT_OPEN,
	PORT_CLOSING,
};

/* fds: written by control while FREE, by the thread while CLOSING. */
struct port_sockets {
	int fd4, fd6;		/* -1: none of this family */
	uint8_t phase;		/* under the lock of the mailbox */
};

/* Ports to be closed, from control to a thread. */
struct mailbox {
	int event;		/* eventfd */
	pthread_mutex_t lock;
	pthread_cond_t closed;	/* a port has become FREE */
	uint16_t *ports;	/* room for all */
	size_t cnt;
};

struct sockets_thread {
	int epoll;
	struct mailbox mailbox;
	struct mmsghdr in[SOCKETS_BATCH];
	struct iovec in_iov[SOCKETS_BATCH];
	union sock_addr from[SOCKETS_BATCH];
	uint8_t payload[SOCKETS_BATCH][RELAY_SLOT];
	uint8_t control[SOCKETS_BATCH][SOCKETS_CONTROL]
		__attribute__((aligned(16)));
	/* what waits to be sent, all by one socket */
	struct mmsghdr out[SOCKETS_BATCH];
	struct iovec out_iov[SOCKETS_BATCH];
	union sock_addr to[SOCKETS_BATCH];
	struct path_out outs[SOCKETS_BATCH];
	unsigned out_cnt;
	int out_fd;
};

struct sockets {
	struct port_sockets *ports;	/* by port - port_min */
	struct sockets_thread *threads[RELAY_THREADS_MAX];
};

/* The loop; returns when the relay stops. */
void sockets_run(struct relay_thread *t, struct sockets *s);

/* Close the sockets of a CLOSING port; under the lock, by its thread or while
 * none runs.
 */
void sockets_close_port(struct relay_thread *t, struct port_sockets *p);

#endif
