/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/kernel/nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS_BUFFER = 1 << 20,
	/* where these are in a message, behind its header of 16 bytes */
	AT_TYPE = 4,
	AT_TABLE = 16 + 4,	/* rtmsg.rtm_table */
	AT_PROTOCOL = 16 + 5,	/* rtmsg.rtm_protocol */
	AT_IFINDEX = 16 + 4,	/* ifinfomsg.ifi_index */
};

/* Go on after so many more where it is, after so many where it is not. */
#define EQUAL(k_, is_, is_not_) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k_, is_, is_not_)

static int open_socket(int *out, uint32_t groups, uint32_t *port)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_NETLINK,
			SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);

	if (fd < 0)
		return errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len)) {
		int err = errno;

		close(fd);
		return err;
	}
	if (port)
		*port = addr.nl_pid;
	*out = fd;
	return 0;
}

int nl_open(int *out, uint32_t *port)
{
	int yes = 1;
	int err = open_socket(out, 0, port);

	if (err)
		return err;
	/* The kernel dumps one table instead of all (since 4.20); acks do not
	 * repeat the request.  Neither is needed.
	 */
	(void)setsockopt(*out, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes,
			 sizeof(yes));
	(void)setsockopt(*out, SOL_NETLINK, NETLINK_CAP_ACK, &yes,
			 sizeof(yes));
	return 0;
}

/* Loads of more than a byte are in network order. */
static int filter_events(int fd, uint32_t table, uint8_t protocol,
			 uint32_t ifindex)
{
	uint32_t byte = table < 256 ? table : RT_TABLE_COMPAT;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_TYPE),
		EQUAL(htons(RTM_NEWROUTE), 4, 0),
		EQUAL(htons(RTM_DELROUTE), 3, 0),
		EQUAL(htons(RTM_NEWLINK), 6, 0),
		EQUAL(htons(RTM_DELLINK), 5, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		/* 6: a route */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_TABLE),
		EQUAL(byte, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_PROTOCOL),
		EQUAL(protocol, 2, 3),
		/* 10: a link */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_IFINDEX),
		EQUAL(htonl(ifindex), 0, 1),
		/* 12: to be heard of */
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (!protocol)	/* any will do */
		code[9] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 2);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0 ? errno : 0;
}

int nl_open_events(int *out, uint32_t table, uint8_t protocol,
		   uint32_t ifindex)
{
	const uint32_t groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE |
				RTMGRP_IPV6_ROUTE;
	int buffer = EVENTS_BUFFER;
	int err = open_socket(out, groups, NULL);

	if (err)
		return err;
	/* less is no failure: what is lost shows as ENOBUFS */
	(void)setsockopt(*out, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
			 sizeof(buffer));
	err = filter_events(*out, table, protocol, ifindex);
	if (err) {
		close(*out);
		*out = -1;
	}
	return err;
}

int nl_send(int fd, const void *bytes, size_t len)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, bytes, len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return errno;
	return 0;
}

int nl_receive(int fd, void *buf, size_t room, size_t *len)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = room };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, 0);
		if (n < 0 && errno != EINTR)
			return errno;
		/* other programs can send here, too */
	} while (n < 0 || from.nl_pid != 0);
	if (msg.msg_flags & MSG_TRUNC)
		return EMSGSIZE;
	*len = (size_t)n;
	return 0;
}

/* ---- the device ---- */

static int ifindex_of(const struct ifreq *ifr, uint32_t *ifindex)
{
	struct ifreq copy = *ifr;
	int err = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (ioctl(fd, SIOCGIFINDEX, &copy) < 0)
		err = errno;
	else
		*ifindex = (uint32_t)copy.ifr_ifindex;
	close(fd);
	return err;
}

int nl_device_new(int *out, uint32_t *ifindex,
		  const char name[static NL_DEVICE_MAX])
{
	/* EXCL: a device that is there already might be persistent, and its
	 * routes would outlive us
	 */
	struct ifreq ifr = {
		.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL),
	};
	int err;
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	err = ioctl(fd, TUNSETIFF, &ifr) < 0 ? errno
					     : ifindex_of(&ifr, ifindex);
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

bool nl_is_device(int fd)
{
	struct ifreq ifr = { 0 };

	return ioctl(fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_TUN) &&
	       !(ifr.ifr_flags & IFF_PERSIST);
}

int nl_device_take(int fd, uint32_t *ifindex,
		   const char name[static NL_DEVICE_MAX])
{
	struct ifreq ifr = { 0 };

	if (ioctl(fd, TUNGETIFF, &ifr) < 0)
		return errno;
	if (strncmp(ifr.ifr_name, name, sizeof(ifr.ifr_name)) != 0)
		return EINVAL;
	if (fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return errno;
	return ifindex_of(&ifr, ifindex);
}

int nl_keep(int fd, bool kept)
{
	return fcntl(fd, F_SETFD, kept ? 0 : FD_CLOEXEC) < 0 ? errno : 0;
}
