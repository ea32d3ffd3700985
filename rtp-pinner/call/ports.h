/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ports.h - which ports of the range are free
 *
 * Ports come in pairs, RTP on the even one and RTCP on the next (RFC 3550 11).
 * A pair is free, used, or in quarantine: after use it rests, so that late
 * packets of the old call do not meet a new one.
 *
 * Every step takes constant time.  Each free pair is as likely as any other to
 * be the next: neither load nor a guess gathers in one corner of the range.
 * Pure: time is an argument, the relay does not know of it.
 */
#ifndef CALL_PORTS_H
#define CALL_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtp-pinner/call/keyed.h"

struct ports;

/* All pairs that lie wholly in port_min..port_max.  k is borrowed.  0, EINVAL
 * (no pair), ENOMEM.
 */
int ports_new(struct ports **out, uint16_t port_min, uint16_t port_max,
	      uint64_t quarantine_ms, struct keyed *k);
void ports_free(struct ports *p);

/* The even port of a pair that was free; 0 when there is none. */
uint16_t ports_take(struct ports *p);

/* Take this pair.  False when it is not free, or no even port of the range. */
bool ports_take_this(struct ports *p, uint16_t port);

/* A used pair goes into quarantine.  False, and counted, when it is not in
 * use: it was given back already.
 */
bool ports_give(struct ports *p, uint16_t port, uint64_t now_ms);

/* A used pair becomes free at once: no packet has met it. */
void ports_put_back(struct ports *p, uint16_t port);

/* A free pair (either port names it) goes into quarantine; nothing happens
 * when it is not free.
 */
void ports_rest(struct ports *p, uint16_t port, uint64_t now_ms);

/* Pairs whose quarantine is over become free. */
void ports_tick(struct ports *p, uint64_t now_ms);

bool ports_in_range(const struct ports *p, uint16_t port);
bool ports_is_used(const struct ports *p, uint16_t port);

struct ports_count {
	uint32_t free;
	uint32_t used;
	uint32_t resting;
	uint64_t double_frees;
};
struct ports_count ports_count(const struct ports *p);

#endif
