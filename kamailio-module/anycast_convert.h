/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_convert.h - Kamailio's str and ip_addr as our slice and addr */
#ifndef KAMAILIO_MODULE_ANYCAST_CONVERT_H
#define KAMAILIO_MODULE_ANYCAST_CONVERT_H

#include <string.h>

#include "core/ip_addr.h"
#include "core/str.h"

#include "common/addr.h"
#include "common/cursor.h"

static inline struct slice slice_of_str(const str *s)
{
	return slice_of(s->s, s->len > 0 ? (size_t)s->len : 0);
}

static inline struct addr addr_of_ip(const struct ip_addr *ip)
{
	struct addr a = {0};

	if(ip->af == AF_INET)
		addr_from_ip4(&a, ip->u.addr);
	else if(ip->af == AF_INET6)
		addr_from_ip6(&a, ip->u.addr);
	addr_unmap(&a);
	return a;
}

static inline struct ip_addr ip_of_addr(const struct addr *a)
{
	struct ip_addr ip = {0};

	ip.af = a->family == ADDR_IP6 ? AF_INET6 : AF_INET;
	ip.len = a->family == ADDR_IP6 ? 16 : 4;
	memcpy(ip.u.addr, a->bytes_be, ip.len);
	return ip;
}

#endif
