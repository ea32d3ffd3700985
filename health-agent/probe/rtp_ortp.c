/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oRTP 5.1.64: rtp_header_t is the header as it lies in the packet, numbers in
 * network order; its last member, 16 CSRCs, is not there in ours.
 */
#include "health-agent/probe/rtp_ortp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <ortp/rtp.h>
#include <string.h>

static_assert(offsetof(rtp_header_t, csrc) == RTP_HEADER_LEN, "no filling");

void rtp_ortp_write(uint8_t out[static RTP_HEADER_LEN],
		    const struct rtp_head *head)
{
	rtp_header_t h = { 0 };

	h.version = 2;
	h.markbit = head->marker;
	h.paytype = head->payload_type & 0x7f;
	h.seq_number = htons(head->seq);
	h.timestamp = htonl(head->timestamp);
	h.ssrc = htonl(head->ssrc);
	memcpy(out, &h, RTP_HEADER_LEN);
}

int rtp_ortp_read(struct rtp_head *out, struct slice packet)
{
	rtp_header_t h = { 0 };

	*out = (struct rtp_head){ .seq = 0 };
	if (packet.len < RTP_HEADER_LEN)
		return EBADMSG;
	memcpy(&h, packet.text, RTP_HEADER_LEN);
	if (h.version != 2 || h.padbit || h.extbit || h.cc)
		return EBADMSG;
	out->marker = h.markbit;
	out->payload_type = h.paytype;
	out->seq = ntohs(h.seq_number);
	out->timestamp = ntohl(h.timestamp);
	out->ssrc = ntohl(h.ssrc);
	return 0;
}
