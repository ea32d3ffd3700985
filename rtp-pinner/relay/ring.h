/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring.h - a bounded queue of RTCP copies from one thread to control
 *
 * One producer, one consumer, no lock.  A full ring refuses; it never waits
 * and never overwrites.
 */
#ifndef RELAY_RING_H
#define RELAY_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/relay/relay.h"

enum {
	RING_SLOTS = 256,	/* a power of two */
};

struct ring_item {
	uint64_t at_ms;
	uint16_t port;
	uint16_t len;
	uint8_t bytes[RELAY_RTCP_MAX];
};

struct ring {
	struct ring_item *items;
	uint32_t put __attribute__((aligned(64)));	/* the producer's */
	uint32_t taken __attribute__((aligned(64)));	/* the consumer's */
};

/* 0 or ENOMEM. */
int ring_init(struct ring *r);
void ring_fini(struct ring *r);		/* a zeroed one is fine */

/* Producer: false when it is full or len > RELAY_RTCP_MAX. */
bool ring_put(struct ring *r, uint16_t port, uint64_t at_ms,
	      const uint8_t *bytes, size_t len);

/* Consumer: the oldest item, or NULL; it stays until ring_drop(). */
const struct ring_item *ring_first(struct ring *r);
void ring_drop(struct ring *r);

#endif
