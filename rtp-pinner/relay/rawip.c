/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/rawip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

enum {
	IP4_LEN = 20,
	IP6_LEN = 40,
	UDP_LEN = 8,
	FRAGMENT_LEN = 8,
	IP4_DF = 0x4000,
	IP4_MF = 0x2000,
	IP6_MF = 0x0001,
	HOPS = 64,
	ANY_PATH = 576,		/* RFC 791: every host takes this much */
};

static void put16(uint8_t *at, uint16_t value)
{
	uint16_t be = htons(value);

	memcpy(at, &be, sizeof(be));
}

static void put32(uint8_t *at, uint32_t value)
{
	uint32_t be = htonl(value);

	memcpy(at, &be, sizeof(be));
}

/* Words are added as they lie in memory: the one's complement sum does not
 * mind the byte order as long as the result is stored the same way.
 */
uint64_t rawip_sum(uint64_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t even = 0, odd = 0;
	uint32_t word[4];
	uint16_t half;

	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(word, at, sizeof(word));
		even += word[0];
		odd += word[1];
		even += word[2];
		odd += word[3];
	}
	for (; len >= sizeof(half); len -= sizeof(half), at += sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		even += half;
	}
	if (len) {
		half = 0;
		memcpy(&half, at, 1);	/* as if a zero byte followed */
		odd += half;
	}
	return sum + even + odd;
}

uint16_t rawip_checksum(uint64_t sum, const void *bytes, size_t len)
{
	sum = rawip_sum(sum, bytes, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Both addresses lie before the UDP header; addr_len is 4 or 16. */
static void udp_head(uint8_t *udp, size_t payload_len,
		     const struct flow_endpoint *from,
		     const struct flow_endpoint *to, size_t addr_len)
{
	size_t len = UDP_LEN + payload_len;
	uint64_t sum = (uint64_t)htons((uint16_t)len) + htons(IPPROTO_UDP);
	uint16_t check;

	put16(udp, from->port);
	put16(udp + 2, to->port);
	put16(udp + 4, (uint16_t)len);
	memset(udp + 6, 0, sizeof(check));

	sum = rawip_sum(sum, from->bytes_be, addr_len);
	sum = rawip_sum(sum, to->bytes_be, addr_len);
	check = rawip_checksum(sum, udp, len);
	if (!check)
		check = 0xffff;		/* 0 would mean: not computed */
	memcpy(udp + 6, &check, sizeof(check));
}

static size_t head4(uint8_t *payload, size_t len,
		    const struct flow_endpoint *from,
		    const struct flow_endpoint *to, uint8_t dscp)
{
	uint8_t *ip = payload - UDP_LEN - IP4_LEN;
	size_t total = IP4_LEN + UDP_LEN + len;

	ip[0] = 4 << 4 | IP4_LEN / 4;
	ip[1] = (uint8_t)(dscp << 2);
	put16(ip + 2, (uint16_t)total);
	put16(ip + 4, 0);		/* identification: the kernel's */
	put16(ip + 6, total <= ANY_PATH ? IP4_DF : 0);
	ip[8] = HOPS;
	ip[9] = IPPROTO_UDP;
	put16(ip + 10, 0);		/* checksum: the kernel's */
	memcpy(ip + 12, from->bytes_be, 4);
	memcpy(ip + 16, to->bytes_be, 4);
	udp_head(ip + IP4_LEN, len, from, to, 4);
	return IP4_LEN + UDP_LEN;
}

static size_t head6(uint8_t *payload, size_t len,
		    const struct flow_endpoint *from,
		    const struct flow_endpoint *to, uint8_t dscp)
{
	uint8_t *ip = payload - UDP_LEN - IP6_LEN;

	put32(ip, (uint32_t)6 << 28 | (uint32_t)dscp << 22);
	put16(ip + 4, (uint16_t)(UDP_LEN + len));
	ip[6] = IPPROTO_UDP;
	ip[7] = HOPS;
	memcpy(ip + 8, from->bytes_be, 16);
	memcpy(ip + 24, to->bytes_be, 16);
	udp_head(ip + IP6_LEN, len, from, to, 16);
	return IP6_LEN + UDP_LEN;
}

size_t rawip_head(uint8_t *payload, size_t len,
		  const struct flow_endpoint *from,
		  const struct flow_endpoint *to, uint8_t dscp)
{
	return to->family == 6 ? head6(payload, len, from, to, dscp)
			       : head4(payload, len, from, to, dscp);
}

/* The head of the fragment that carries len bytes from offset on. */
static void piece_head(struct rawip_piece *piece, const uint8_t *datagram,
		       size_t offset, bool more, uint32_t id)
{
	uint8_t *ip = piece->head;

	if (datagram[0] >> 4 == 4) {
		memcpy(ip, datagram, IP4_LEN);
		put16(ip + 2, (uint16_t)(IP4_LEN + piece->len));
		put16(ip + 4, (uint16_t)(id % 0xffff + 1));
		put16(ip + 6, (uint16_t)(offset / 8 | (more ? IP4_MF : 0)));
		piece->head_len = IP4_LEN;
		return;
	}
	memcpy(ip, datagram, IP6_LEN);
	put16(ip + 4, (uint16_t)(FRAGMENT_LEN + piece->len));
	ip[6] = IPPROTO_FRAGMENT;
	ip[IP6_LEN] = datagram[6];
	ip[IP6_LEN + 1] = 0;
	put16(ip + IP6_LEN + 2, (uint16_t)(offset | (more ? IP6_MF : 0)));
	put32(ip + IP6_LEN + 4, id);
	piece->head_len = IP6_LEN + FRAGMENT_LEN;
}

size_t rawip_fragment(struct rawip_piece out[static RAWIP_PIECES_MAX],
		      const uint8_t *datagram, size_t len, size_t mtu,
		      uint32_t id)
{
	bool is4 = datagram[0] >> 4 == 4;
	size_t skip = is4 ? IP4_LEN : IP6_LEN;
	size_t head = is4 ? IP4_LEN : IP6_LEN + FRAGMENT_LEN;
	size_t least = is4 ? RAWIP_MTU_MIN4 : RAWIP_MTU_MIN6;
	size_t most = ((mtu > least ? mtu : least) - head) & ~(size_t)7;
	size_t left = len - skip, cnt = 0;

	for (size_t offset = 0; left; offset += out[cnt++].len) {
		struct rawip_piece *piece;

		if (cnt == RAWIP_PIECES_MAX)
			return 0;
		piece = &out[cnt];
		piece->bytes = datagram + skip + offset;
		piece->len = left < most ? left : most;
		left -= piece->len;
		piece_head(piece, datagram, offset, left > 0, id);
	}
	return cnt;
}
