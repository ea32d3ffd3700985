/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/icmp.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "common/cursor.h"
#include "rtp-pinner/relay/sock.h"

enum {
	RECEIVE_BUFFER = 64 << 10,	/* a flood of errors shall not fill more */
	READ_MAX = 64,		/* messages per call */
	IP4_LEN = 20,
	IP6_LEN = 40,
	ICMP_LEN = 8,
};

int icmp_open(int *out, const struct addr *media)
{
	struct icmp_filter only4 = {
		.data = ~(1U << ICMP_DEST_UNREACH | 1U << ICMP_TIME_EXCEEDED |
			  1U << ICMP_PARAMETERPROB),
	};
	struct icmp6_filter only6;
	bool is4 = media->family == ADDR_IP4;
	int err = sock_open(out, media, 0, SOCK_RAW,
			    is4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, 0);

	if (err)
		return err;
	ICMP6_FILTER_SETBLOCKALL(&only6);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &only6);
	ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &only6);
	ICMP6_FILTER_SETPASS(ICMP6_PARAM_PROB, &only6);
	if (is4 ? setsockopt(*out, SOL_RAW, ICMP_FILTER, &only4, sizeof(only4))
		: setsockopt(*out, IPPROTO_ICMPV6, ICMP6_FILTER, &only6,
			     sizeof(only6))) {
		err = errno;
		close(*out);
		*out = -1;
		return err;
	}
	/* the socket saw everything between bind and filter; no harm, they
	 * are parsed
	 */
	return sock_set(*out, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
}

static unsigned byte_of(struct slice s, size_t at)
{
	return at < s.len ? (unsigned char)s.text[at] : 0;
}

/* What follows the ICMP header: our own IPv4 header, options and all. */
static bool inner4(struct cursor *c, const struct addr *media)
{
	struct slice ip = cursor_take(c, IP4_LEN);
	size_t len = (byte_of(ip, 0) & 15) * 4;
	unsigned fragment = (byte_of(ip, 6) & 0x1f) << 8 | byte_of(ip, 7);

	if (!cursor_ok(c) || byte_of(ip, 0) >> 4 != 4 || len < IP4_LEN ||
	    byte_of(ip, 9) != IPPROTO_UDP || fragment ||
	    memcmp(ip.text + 12, media->bytes_be, 4) != 0)
		return false;
	cursor_take(c, len - IP4_LEN);
	return true;
}

static bool inner6(struct cursor *c, const struct addr *media)
{
	struct slice ip = cursor_take(c, IP6_LEN), head;

	if (!cursor_ok(c) || byte_of(ip, 0) >> 4 != 6 ||
	    memcmp(ip.text + 8, media->bytes_be, 16) != 0)
		return false;
	if (byte_of(ip, 6) == IPPROTO_UDP)
		return true;
	if (byte_of(ip, 6) != IPPROTO_FRAGMENT)
		return false;
	head = cursor_take(c, ICMP_LEN);	/* a first fragment of ours */
	return byte_of(head, 0) == IPPROTO_UDP && !byte_of(head, 2) &&
	       byte_of(head, 3) < 8;
}

static bool is_error(const struct addr *media, unsigned type, unsigned code)
{
	if (media->family == ADDR_IP4)
		return (type == ICMP_DEST_UNREACH && code != ICMP_FRAG_NEEDED) ||
		       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
	return type == ICMP6_DST_UNREACH || type == ICMP6_TIME_EXCEEDED ||
	       type == ICMP6_PARAM_PROB;
}

bool icmp_parse(uint16_t *port, const struct addr *media, const uint8_t *bytes,
		size_t len)
{
	struct cursor c = cursor_of((const char *)bytes, len);
	struct slice icmp, udp;

	if (media->family == ADDR_IP4) {
		size_t outer = (cursor_peek(&c) & 15U) * 4;

		if (outer < IP4_LEN)
			return false;
		cursor_take(&c, outer);
	}
	icmp = cursor_take(&c, ICMP_LEN);
	if (!cursor_ok(&c) ||
	    !is_error(media, byte_of(icmp, 0), byte_of(icmp, 1)))
		return false;
	if (media->family == ADDR_IP4 ? !inner4(&c, media) : !inner6(&c, media))
		return false;
	udp = cursor_take(&c, 4);
	if (!cursor_ok(&c))
		return false;
	*port = (uint16_t)(byte_of(udp, 0) << 8 | byte_of(udp, 1));
	return true;
}

void icmp_read(int fd, const struct addr *media, icmp_h *h, void *arg)
{
	uint8_t bytes[256];	/* the headers lie in the first hundred */

	for (int i = 0; i < READ_MAX; i++) {
		ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		uint16_t port;

		if (len < 0)
			return;
		if (icmp_parse(&port, media, bytes, (size_t)len))
			h(arg, port);
	}
}
