/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nl.h - the two rtnetlink sockets, and the device routes go to
 *
 * Thin: opens, sends, receives.  Every descriptor is close-on-exec and does
 * not block.  0 or an errno.
 */
#ifndef KERNEL_NL_H
#define KERNEL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* a dump comes in pieces of at most 32 kB */
	NL_BUFFER = 1 << 16,
	NL_DEVICE_MAX = 16,	/* IFNAMSIZ */
};

/* A socket for requests; port is its address, which the messages about what
 * it changed carry.
 */
int nl_open(int *out, uint32_t *port);

/* A socket that hears of the routes of one table and protocol (0: of all) and
 * of one link, and of nothing else (the kernel filters: a router has a million
 * routes).
 */
int nl_open_events(int *out, uint32_t table, uint8_t protocol,
		   uint32_t ifindex);

int nl_send(int fd, const void *bytes, size_t len);

/* EAGAIN nothing there; ENOBUFS or EMSGSIZE something was lost. */
int nl_receive(int fd, void *buf, size_t room, size_t *len);

/* Make a TUN device that lives as long as the descriptor.  EBUSY: there is a
 * device of this name.  EPERM: no CAP_NET_ADMIN.  ENOENT: no /dev/net/tun.
 */
int nl_device_new(int *out, uint32_t *ifindex,
		  const char name[static NL_DEVICE_MAX]);

/* Is it the descriptor of a TUN that ends with it? */
bool nl_is_device(int fd);

/* The device of a descriptor that was kept over an exec; EINVAL it has another
 * name.
 */
int nl_device_take(int fd, uint32_t *ifindex,
		   const char name[static NL_DEVICE_MAX]);

/* Should the descriptor live through an exec? */
int nl_keep(int fd, bool kept);

#endif
