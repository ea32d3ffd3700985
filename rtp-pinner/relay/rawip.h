/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rawip.h - IP and UDP headers for raw sockets, and fragments
 *
 * For sockets of protocol IPPROTO_RAW, where the sender writes the IP header
 * itself.  Pure.  What the kernel fills in whatever we write (raw(7): total
 * length, header checksum, and an identification of 0 in IPv4) is left to it;
 * the UDP checksum is ours (RFC 768, RFC 8200 8.1).
 *
 * IPv4 datagrams of up to 576 bytes are sent with DF, as any path carries
 * them; longer ones without, so that a router may fragment them.  IPv6 is
 * fragmented by its sender alone.
 */
#ifndef RELAY_RAWIP_H
#define RELAY_RAWIP_H

#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/relay/flow.h"

enum {
	RAWIP_HEAD_MAX = 48,	/* IPv6 and UDP; the head of an IPv6 fragment */
	RAWIP_PIECES_MAX = 8,
	RAWIP_MTU_MIN4 = 552,	/* a smaller path MTU is taken as this, as the */
	RAWIP_MTU_MIN6 = 1280,	/* kernel does; RFC 8200 5 */
};

/* Write the headers of a datagram right before its len bytes of payload,
 * RAWIP_HEAD_MAX bytes of room are needed there.  The endpoints are of one
 * family.  Returns the length of the headers: 28 or 48.
 */
size_t rawip_head(uint8_t *payload, size_t len,
		  const struct flow_endpoint *from,
		  const struct flow_endpoint *to, uint8_t dscp);

/* The Internet checksum of the len bytes (RFC 1071), as it stands on the wire;
 * `sum' is carried in from other bytes of even length, see rawip_sum().
 */
uint16_t rawip_checksum(uint64_t sum, const void *bytes, size_t len);

/* The unfolded sum of the bytes, to be carried on. */
uint64_t rawip_sum(uint64_t sum, const void *bytes, size_t len);

/* A fragment: its own head, then bytes of the datagram. */
struct rawip_piece {
	uint8_t head[RAWIP_HEAD_MAX];
	size_t head_len;
	const uint8_t *bytes;	/* borrowed from the datagram */
	size_t len;
};

/* Cut a datagram that begins with the headers of rawip_head() into fragments
 * of at most mtu bytes (RFC 791 3.2, RFC 8200 4.5).  id must not repeat to the
 * same address within a minute; not 0.  Returns how many, or 0 when it would
 * take more than RAWIP_PIECES_MAX.
 */
size_t rawip_fragment(struct rawip_piece out[static RAWIP_PIECES_MAX],
		      const uint8_t *datagram, size_t len, size_t mtu,
		      uint32_t id);

#endif
