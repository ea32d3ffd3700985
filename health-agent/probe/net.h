/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net.h - addresses as the socket calls want them */
#ifndef PROBE_NET_H
#define PROBE_NET_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/addr.h"

union net_address {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/* Returns the length; 0 for no address. */
socklen_t net_address(union net_address *out, const struct addr *addr,
		      uint16_t port);

/* IPv4-mapped IPv6 becomes IPv4.  *addr is zeroed when it is neither. */
void net_endpoint(struct addr *addr, uint16_t *port,
		  const union net_address *from);

#endif
