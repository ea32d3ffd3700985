/* SPDX-License-Identifier: GPL-3.0-or-later */
/* path.h - what becomes of one packet
 *
 * The function both backends call: given the rows, a packet and the time it
 * says what to send where, or why not.  Pure: no socket, no clock, no lock, no
 * allocation.  All rows one call touches are owned by the calling thread
 * (flow.h); only their confs may be written meanwhile.
 *
 *   arrival   judged by the row of its port: gate (pin.h), size, age, kind
 *             (rtp.h, stun.h), latch (pin.h), rate; every drop is counted there
 *   leaving   from the port and to the target of the row's sink
 *
 * Never sent to: a service address, this node's own SIP and other services
 * (struct path, closed), multicast, broadcast, the unspecified
 * address, port 0, a port of the same call, or in a circle through the ports
 * of other calls.
 */
#ifndef RELAY_PATH_H
#define RELAY_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "rtp-pinner/relay/flow.h"

enum {
	PATH_SERVICE_MAX = 4,
	PATH_CLOSED_MAX = 16,
	PATH_CLOSED_BELOW = 1024,
	PATH_AGE_MAX_US = 100000,
	PATH_COPIES_MAX = 20,	/* of RTCP, per port and second */
};

/* One for each thread; constant while it runs. */
struct path {
	struct flow_row *rows;	/* of port_min..port_max; borrowed */
	uint16_t port_min;
	uint16_t port_max;
	uint8_t thread;		/* rows of others are not touched */
	struct addr media4;	/* of family ADDR_NONE: there is none */
	struct addr media6;
	struct addr service[PATH_SERVICE_MAX];
	size_t service_cnt;
	/* Ports at our own addresses where no media is, but services that may
	 * trust what comes from this node: never sent to, as is none below
	 * PATH_CLOSED_BELOW there.
	 */
	uint16_t closed[PATH_CLOSED_MAX];
	size_t closed_cnt;
	/* Packets that waited for a restart and are older than PATH_AGE_MAX_US
	 * are dropped: those that came before this.  One that waits for a busy
	 * processor is late, but better than none.
	 */
	uint64_t began_us;
};

struct path_packet {
	uint16_t port;		/* it arrived on, at a media address */
	bool truncated;		/* our buffer was too small */
	uint32_t age_us;	/* waited in the socket; 0 if not known */
	struct flow_endpoint from;	/* prefix_len 0; no mapped IPv4 */
	const uint8_t *bytes;	/* UDP payload */
	size_t len;
};

enum path_verdict {
	PATH_SEND,
	PATH_DROP,		/* counted in the row already */
	PATH_UNOWNED,		/* free port, or not of this thread: counted by
				 * the caller */
};

struct path_out {
	enum flow_drop drop;	/* with PATH_DROP */
	uint16_t port_in;
	/* the rest with PATH_SEND */
	uint16_t port_out;	/* source port; the source address is the media
				 * address of the family of `to' */
	uint8_t dscp;
	bool rtcp;		/* RTCP in clear: control wants a copy */
	bool rtcp_over;		/* it would, but has PATH_COPIES_MAX already */
	struct flow_endpoint to;	/* prefix_len 0 */
};

/* Judge a packet that arrived by now_us (CLOCK_MONOTONIC, once per batch will
 * do).  The bytes are sent as they are.
 */
enum path_verdict path_packet(struct path_out *out, const struct path *p,
			      const struct path_packet *pkt, uint64_t now_us);

/* What became of a packet that path_packet() wanted sent, by the same thread:
 * len bytes of UDP payload went out, or the kernel refused them.
 */
void path_sent(const struct path *p, const struct path_out *out, size_t len);
void path_refused(const struct path *p, const struct path_out *out);

/* An ICMP error came back to what was sent from this port; by its thread. */
void path_icmp_error(const struct path *p, uint16_t port);

#endif
