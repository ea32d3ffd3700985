/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/net.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t net_address(union net_address *out, const struct addr *addr,
		      uint16_t port)
{
	memset(out, 0, sizeof(*out));
	switch (addr->family) {
	case ADDR_IP4:
		out->in4.sin_family = AF_INET;
		out->in4.sin_port = htons(port);
		memcpy(&out->in4.sin_addr, addr->bytes_be, 4);
		return sizeof(out->in4);
	case ADDR_IP6:
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = htons(port);
		memcpy(&out->in6.sin6_addr, addr->bytes_be, 16);
		return sizeof(out->in6);
	default:
		return 0;
	}
}

void net_endpoint(struct addr *addr, uint16_t *port,
		  const union net_address *from)
{
	memset(addr, 0, sizeof(*addr));
	*port = 0;
	if (from->sa.sa_family == AF_INET) {
		addr_from_ip4(addr, (const uint8_t *)&from->in4.sin_addr);
		*port = ntohs(from->in4.sin_port);
	} else if (from->sa.sa_family == AF_INET6) {
		addr_from_ip6(addr, (const uint8_t *)&from->in6.sin6_addr);
		addr_unmap(addr);
		*port = ntohs(from->in6.sin6_port);
	}
}
