/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtpframe.h - the packets of the RTP generator, as Ethernet frames
 *
 * A G.711 packet of 20 ms (RFC 3550 section 5.1): 172 bytes of UDP payload,
 * which say in the audio's place which stream, packet and phase this is and
 * when it left.  The UDP checksum is left out, as a network card has checked
 * it before the kernel sees a packet.  Pure.
 */
#ifndef BENCH_RTPFRAME_H
#define BENCH_RTPFRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
	RTPFRAME_ETHERNET_LEN = 14,
	RTPFRAME_PAYLOAD_LEN = 172,	/* of UDP: RTP header and audio */
	RTPFRAME_IP_LEN = 20 + 8 + RTPFRAME_PAYLOAD_LEN,
	RTPFRAME_LEN = RTPFRAME_ETHERNET_LEN + RTPFRAME_IP_LEN,
};

/* Addresses and ports, all in network order. */
struct rtpflow {
	uint32_t saddr_be;
	uint32_t daddr_be;
	uint16_t sport_be;
	uint16_t dport_be;
};

struct rtpmark {
	uint64_t sent_ns;	/* wall clock */
	uint32_t run;		/* names the run; another's are not ours */
	uint32_t phase;		/* a stretch of load within the run */
	uint32_t stream;
	uint32_t seq;		/* its low 16 bits are RTP's */
};

/* What is the same in all frames. */
void rtpframe_init(uint8_t frame[static RTPFRAME_LEN],
		   const uint8_t dst_mac[static 6],
		   const uint8_t src_mac[static 6]);

/* The rest; frame has been through rtpframe_init(). */
void rtpframe_fill(uint8_t frame[static RTPFRAME_LEN],
		   const struct rtpflow *flow, const struct rtpmark *mark);

/* Read an IPv4 packet: 0; EBADMSG when it is not a whole packet of ours, byte
 * for byte.  Fields of *mark may have any value.
 */
int rtpframe_read(struct rtpflow *flow, struct rtpmark *mark,
		  const uint8_t *ip, size_t len);

#endif
