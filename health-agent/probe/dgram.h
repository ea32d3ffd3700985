/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dgram.h - datagrams to and from one peer, for one attempt
 *
 * A connected UDP socket from a port of the kernel's choice: datagrams from
 * elsewhere never reach it, and nothing that was sent to an earlier attempt
 * does.  Its address is the one the kernel has for that peer; towards a
 * service address of this machine that is the service address itself.
 */
#ifndef PROBE_DGRAM_H
#define PROBE_DGRAM_H

#include <uv.h>

#include "common/addr.h"
#include "common/cursor.h"

enum {
	DGRAM_MAX = 65536,
};

struct dgram_events {
	/* The bytes are valid until this returns.  dgram_close() is fine. */
	void (*came)(void *arg, struct slice bytes);
	/* ECONNREFUSED: nobody listens there; or another errno. */
	void (*failed)(void *arg, int err);
};

struct dgram;

/* 0 or errno.  events is borrowed. */
int dgram_open(struct dgram **out, uv_loop_t *loop, const struct addr *peer,
	       uint16_t port, const struct dgram_events *events, void *arg);

/* Where we send from. */
int dgram_local(const struct dgram *d, struct addr *addr, uint16_t *port);

int dgram_send(struct dgram *d, struct slice bytes);

/* No events after this; the loop frees it.  NULL is fine. */
void dgram_close(struct dgram *d);

#endif
