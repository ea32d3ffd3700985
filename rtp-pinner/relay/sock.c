/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/sock.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int sock_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? errno : 0;
}

int sock_open(int *out, const struct addr *local, uint16_t port, int type,
	      int protocol, unsigned flags)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct flow_endpoint at = { .family = local->family, .port = port };
	union sock_addr name;
	socklen_t len;
	int fd, err = 0;

	*out = -1;
	if (flags & SOCK_F_DUAL_STACK) {
		at.family = 6;
		memcpy(at.bytes_be, mapped, sizeof(mapped));
		memcpy(at.bytes_be + sizeof(mapped), local->bytes_be, 4);
	} else {
		memcpy(at.bytes_be, local->bytes_be, sizeof(at.bytes_be));
	}
	len = sock_address(&name, &at);

	fd = socket(name.sa.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    protocol);
	if (fd < 0)
		return errno;
	if (at.family == 6 && type == SOCK_DGRAM)
		err = sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY,
			       !(flags & SOCK_F_DUAL_STACK));
	if (!err && (flags & SOCK_F_REUSEPORT))
		err = sock_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err && bind(fd, &name.sa, len))
		err = errno;
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

int sock_drop_all(int fd)
{
	struct sock_filter none[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { .len = 1, .filter = none };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			  sizeof(prog)) ? errno : 0;
}

void sock_receive_buffer(int fd, int bytes)
{
	if (sock_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes))
		sock_set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

void sock_send_buffer(int fd, int bytes)
{
	if (sock_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes))
		sock_set(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

uint32_t sock_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return 0;
	return info[SK_MEMINFO_DROPS];
}

void sock_endpoint(struct flow_endpoint *out, const union sock_addr *from)
{
	memset(out, 0, sizeof(*out));
	if (from->sa.sa_family == AF_INET) {
		out->family = 4;
		out->port = ntohs(from->in4.sin_port);
		memcpy(out->bytes_be, &from->in4.sin_addr, 4);
		return;
	}
	out->port = ntohs(from->in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&from->in6.sin6_addr)) {
		out->family = 4;
		memcpy(out->bytes_be, from->in6.sin6_addr.s6_addr + 12, 4);
		return;
	}
	out->family = 6;
	memcpy(out->bytes_be, &from->in6.sin6_addr, 16);
}

socklen_t sock_address(union sock_addr *out, const struct flow_endpoint *to)
{
	memset(out, 0, sizeof(*out));
	if (to->family == 6) {
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = htons(to->port);
		memcpy(&out->in6.sin6_addr, to->bytes_be, 16);
		return sizeof(out->in6);
	}
	out->in4.sin_family = AF_INET;
	out->in4.sin_port = htons(to->port);
	memcpy(&out->in4.sin_addr, to->bytes_be, 4);
	return sizeof(out->in4);
}

uint64_t sock_timestamp_ns(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	}
	return 0;
}
