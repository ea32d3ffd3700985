/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is an address this machine's?  A bind() would say so only where no
 * ip_nonlocal_bind is set, and a list of interfaces knows nothing of 127/8 or
 * of local routes: so the kernel's routing table is asked (rtnetlink(7)).
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtp-pinner/daemon/conf_priv.h"

struct route_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attr;
	uint8_t addr_be[16];
};

static void make_request(struct route_request *out, const struct addr *a)
{
	unsigned len = a->family == ADDR_IP4 ? 4 : 16;

	*out = (struct route_request){
		.head.nlmsg_type = RTM_GETROUTE,
		.head.nlmsg_flags = NLM_F_REQUEST,
		.head.nlmsg_len = (uint32_t)offsetof(struct route_request,
						     addr_be) + len,
		.route.rtm_family = a->family == ADDR_IP4 ? AF_INET : AF_INET6,
		.route.rtm_dst_len = (uint8_t)(len * 8),
		.attr.rta_type = RTA_DST,
		.attr.rta_len = (uint16_t)RTA_LENGTH(len),
	};
	memcpy(out->addr_be, a->bytes_be, len);
}

/* 0; ENOENT the address is elsewhere; or why that cannot be told. */
static int read_answer(int fd)
{
	struct {
		struct nlmsghdr head;
		union {
			struct rtmsg route;
			struct nlmsgerr err;
			char room[4096];
		};
	} answer;
	ssize_t n = recv(fd, &answer, sizeof(answer), 0);

	if (n < 0)
		return errno;
	if ((size_t)n < sizeof(answer.head) + sizeof(answer.route))
		return EPROTO;
	if (answer.head.nlmsg_type == NLMSG_ERROR)	/* no route to it */
		return answer.err.error == -EPERM ? EPERM : ENOENT;
	return answer.route.rtm_type == RTN_LOCAL ? 0 : ENOENT;
}

static int is_local(const struct addr *a)
{
	struct route_request request;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = 0;

	if (fd < 0)
		return errno;
	make_request(&request, a);
	if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
		err = errno;
	else
		err = read_answer(fd);
	close(fd);
	return err;
}

static int prove(const struct addr *a, conf_line_h *report, void *arg)
{
	char addr[ADDR_TEXT_MAX], text[384];
	int err;

	if (!addr_is_set(a))
		return 0;
	err = is_local(a);
	if (!err)
		return 0;
	addr_format(addr, a);
	if (err == ENOENT) {
		snprintf(text, sizeof(text),
			 "media-address: %s is no address of this machine: "
			 "give it to an interface (ip address add %s/%d dev "
			 "lo), correct the node in the site file, or say "
			 "media-address = LOCAL!%s behind a 1:1 NAT",
			 addr, addr, a->family == ADDR_IP4 ? 32 : 128, addr);
		err = EADDRNOTAVAIL;
	} else {
		snprintf(text, sizeof(text),
			 "media-address: the kernel does not say whether %s is "
			 "an address of this machine: %s", addr, strerror(err));
	}
	report(arg, text);
	return err;
}

int conf_prove_media(const struct conf *conf, conf_line_h *report, void *arg)
{
	int err4 = prove(&conf->media4, report, arg);
	int err6 = prove(&conf->media6, report, arg);

	return err4 ? err4 : err6;
}
