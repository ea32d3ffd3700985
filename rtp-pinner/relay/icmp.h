/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icmp.h - ICMP errors about packets a raw socket sent
 *
 * The kernel reports an error to the socket that would receive the answer, but
 * without our port, so the range backend listens to ICMP itself: errors only,
 * by filter, and at the media address.
 */
#ifndef RELAY_ICMP_H
#define RELAY_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

/* Open the socket for a media address; needs CAP_NET_RAW.  0 or errno. */
int icmp_open(int *out, const struct addr *media);

/* Pure: the port of ours a received message is about.  bytes begin with the
 * IPv4 header for IPv4, with the ICMPv6 header for IPv6, as raw sockets give
 * them.  False unless it is an error about UDP from the media address that
 * says it was not delivered: destination unreachable, time exceeded or
 * parameter problem.  (A too small path MTU is no such error: the kernel
 * learns it, the sender fragments.)
 */
bool icmp_parse(uint16_t *port, const struct addr *media, const uint8_t *bytes,
		size_t len);

/* Read what is waiting, up to a budget, and call h for each error. */
typedef void icmp_h(void *arg, uint16_t port);
void icmp_read(int fd, const struct addr *media, icmp_h *h, void *arg);

#endif
