/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sock.h - the few socket calls both backends make */
#ifndef RELAY_SOCK_H
#define RELAY_SOCK_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/addr.h"
#include "rtp-pinner/relay/flow.h"

union sock_addr {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

enum sock_flag {
	SOCK_F_REUSEPORT = 1 << 0,
	/* An IPv6 socket bound to an IPv4 address: a program may hand it
	 * packets of both families.  (One bound to an IPv6 address is made
	 * IPv6-only by the kernel, and one bound to [::] would take packets
	 * to other addresses.)
	 */
	SOCK_F_DUAL_STACK = 1 << 1,
};

/* Open a close-on-exec, non-blocking socket bound to the address and port.
 * 0 and *out, or errno and *out = -1.
 */
int sock_open(int *out, const struct addr *local, uint16_t port, int type,
	      int protocol, unsigned flags);

/* An integer option; 0 or errno. */
int sock_set(int fd, int level, int name, int value);

/* A filter that drops whatever comes: no memory, no queue, no ICMP. */
int sock_drop_all(int fd);

/* Beyond net.core.*mem_max where permitted, else up to it. */
void sock_receive_buffer(int fd, int bytes);
void sock_send_buffer(int fd, int bytes);

/* What the kernel has dropped at this socket since it was opened; wraps. */
uint32_t sock_drops(int fd);

/* From the name recvmsg() gives; IPv4-mapped becomes IPv4.  prefix_len 0. */
void sock_endpoint(struct flow_endpoint *out, const union sock_addr *from);

/* The address to send to; returns its length. */
socklen_t sock_address(union sock_addr *out, const struct flow_endpoint *to);

/* SO_TIMESTAMPNS of a received message in CLOCK_REALTIME ns; 0: none. */
uint64_t sock_timestamp_ns(struct msghdr *msg);

#endif
