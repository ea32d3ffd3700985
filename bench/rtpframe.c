/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/rtpframe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

enum {
	/* within the frame, from the IP header on */
	AT_VERSION = 0,
	AT_TOTAL_LEN = 2,
	AT_FRAGMENT = 6,
	AT_TTL = 8,
	AT_PROTOCOL = 9,
	AT_IP_CHECKSUM = 10,
	AT_SADDR = 12,
	AT_DADDR = 16,
	AT_SPORT = 20,
	AT_DPORT = 22,
	AT_UDP_LEN = 24,
	AT_RTP = 28,
	AT_RTP_SEQ = AT_RTP + 2,
	AT_RTP_TIMESTAMP = AT_RTP + 4,
	AT_RTP_SSRC = AT_RTP + 8,
	AT_MARK = AT_RTP + 12,
	AT_SILENCE = AT_MARK + 24,

	IPV4_NO_OPTIONS = 0x45,
	DONT_FRAGMENT = 0x40,
	MORE_OR_OFFSET = 0x3f,		/* first byte of the field */
	RTP_VERSION_2 = 0x80,
	SAMPLES = 160,
	SILENCE = 0xd5,			/* of G.711 A-law */
};

_Static_assert(sizeof(struct rtpmark) == AT_SILENCE - AT_MARK,
	       "the mark goes into the payload as it is");

static void put16(uint8_t *at, unsigned value)
{
	uint16_t be = htons((uint16_t)value);

	memcpy(at, &be, sizeof(be));
}

static void put32(uint8_t *at, uint32_t value)
{
	uint32_t be = htonl(value);

	memcpy(at, &be, sizeof(be));
}

static uint16_t get16(const uint8_t *at)
{
	uint16_t be;

	memcpy(&be, at, sizeof(be));
	return ntohs(be);
}

static uint16_t ip_checksum(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += get16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~(sum + (sum >> 16));
}

void rtpframe_init(uint8_t frame[static RTPFRAME_LEN],
		   const uint8_t dst_mac[static 6],
		   const uint8_t src_mac[static 6])
{
	uint8_t *ip = frame + RTPFRAME_ETHERNET_LEN;

	memset(frame, 0, RTPFRAME_LEN);
	memcpy(frame, dst_mac, 6);
	memcpy(frame + 6, src_mac, 6);
	put16(frame + 12, 0x0800);
	ip[AT_VERSION] = IPV4_NO_OPTIONS;
	put16(ip + AT_TOTAL_LEN, RTPFRAME_IP_LEN);
	ip[AT_FRAGMENT] = DONT_FRAGMENT;
	ip[AT_TTL] = 64;
	ip[AT_PROTOCOL] = IPPROTO_UDP;
	put16(ip + AT_UDP_LEN, 8 + RTPFRAME_PAYLOAD_LEN);
	ip[AT_RTP] = RTP_VERSION_2;
	memset(ip + AT_SILENCE, SILENCE, RTPFRAME_IP_LEN - AT_SILENCE);
}

void rtpframe_fill(uint8_t frame[static RTPFRAME_LEN],
		   const struct rtpflow *flow, const struct rtpmark *mark)
{
	uint8_t *ip = frame + RTPFRAME_ETHERNET_LEN;

	put16(ip + AT_IP_CHECKSUM, 0);
	memcpy(ip + AT_SADDR, &flow->saddr_be, 4);
	memcpy(ip + AT_DADDR, &flow->daddr_be, 4);
	memcpy(ip + AT_SPORT, &flow->sport_be, 2);
	memcpy(ip + AT_DPORT, &flow->dport_be, 2);
	put16(ip + AT_IP_CHECKSUM, ip_checksum(ip));
	put16(ip + AT_RTP_SEQ, mark->seq & 0xffff);
	put32(ip + AT_RTP_TIMESTAMP, mark->seq * SAMPLES);
	put32(ip + AT_RTP_SSRC, mark->run + mark->stream);
	memcpy(ip + AT_MARK, mark, sizeof(*mark));
}

static bool is_ours(const uint8_t *ip, size_t len)
{
	if (len != RTPFRAME_IP_LEN || ip[AT_VERSION] != IPV4_NO_OPTIONS ||
	    ip[AT_PROTOCOL] != IPPROTO_UDP || ip_checksum(ip) ||
	    get16(ip + AT_TOTAL_LEN) != RTPFRAME_IP_LEN ||
	    ip[AT_FRAGMENT] & MORE_OR_OFFSET || ip[AT_FRAGMENT + 1] ||
	    get16(ip + AT_UDP_LEN) != 8 + RTPFRAME_PAYLOAD_LEN)
		return false;
	/* all the audio is one byte, over and over */
	return ip[AT_SILENCE] == SILENCE &&
	       !memcmp(ip + AT_SILENCE, ip + AT_SILENCE + 1,
		       RTPFRAME_IP_LEN - AT_SILENCE - 1);
}

int rtpframe_read(struct rtpflow *flow, struct rtpmark *mark,
		  const uint8_t *ip, size_t len)
{
	uint8_t rtp[12] = { RTP_VERSION_2 };

	if (!is_ours(ip, len))
		return EBADMSG;

	memcpy(&flow->saddr_be, ip + AT_SADDR, 4);
	memcpy(&flow->daddr_be, ip + AT_DADDR, 4);
	memcpy(&flow->sport_be, ip + AT_SPORT, 2);
	memcpy(&flow->dport_be, ip + AT_DPORT, 2);
	memcpy(mark, ip + AT_MARK, sizeof(*mark));

	put16(rtp + 2, mark->seq & 0xffff);
	put32(rtp + 4, mark->seq * SAMPLES);
	put32(rtp + 8, mark->run + mark->stream);
	return memcmp(rtp, ip + AT_RTP, sizeof(rtp)) ? EBADMSG : 0;
}
