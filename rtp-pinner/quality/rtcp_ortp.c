/* SPDX-License-Identifier: GPL-3.0-or-later */
/* oRTP 5.1.64: rtcp_SR_get_report_block() and its twin for RR believe the
 * length field, so they are asked for the rc blocks only that rtcp.c has seen
 * in the datagram; rtcp_is_RR() denies an RR without blocks, so it is not
 * asked.
 */
#include "rtp-pinner/quality/rtcp_ortp.h"

#include <ortp/ortp.h>

/* A message block that borrows the packet: the accessors read, and follow
 * nothing but the two pointers.
 */
static mblk_t borrow(const uint32_t *packet, size_t len)
{
	mblk_t m = { 0 };

	m.b_rptr = (unsigned char *)packet;
	m.b_wptr = m.b_rptr + len;
	return m;
}

static void read_block(struct rtcp_report *out, const report_block_t *block)
{
	*out = (struct rtcp_report){
		.ssrc = report_block_get_ssrc(block),
		.fraction_lost = (uint8_t)report_block_get_fraction_lost(block),
		.lost = report_block_get_cum_packet_lost(block),
		.max_seq = report_block_get_high_ext_seq(block),
		.jitter = report_block_get_interarrival_jitter(block),
		.lsr = report_block_get_last_SR_time(block),
		.dlsr = report_block_get_last_SR_delay(block),
	};
}

void rtcp_ortp_read_sr(struct rtcp_item *out, const uint32_t *packet,
		       size_t len, size_t rc)
{
	mblk_t m = borrow(packet, len);
	const sender_info_t *sender = rtcp_SR_get_sender_info(&m);

	out->type = RTCP_TYPE_SR;
	out->ssrc = rtcp_SR_get_ssrc(&m);
	out->ntp_middle =
		(uint32_t)(sender_info_get_ntp_timestamp(sender) >> 16);
	out->sender_packets = sender_info_get_packet_count(sender);
	for (size_t i = 0; i < rc; i++) {
		const report_block_t *block =
			rtcp_SR_get_report_block(&m, (int)i);

		if (!block)
			break;
		read_block(&out->reports[out->report_cnt++], block);
	}
}

void rtcp_ortp_read_rr(struct rtcp_item *out, const uint32_t *packet,
		       size_t len, size_t rc)
{
	mblk_t m = borrow(packet, len);

	out->type = RTCP_TYPE_RR;
	out->ssrc = rtcp_RR_get_ssrc(&m);
	for (size_t i = 0; i < rc; i++) {
		const report_block_t *block =
			rtcp_RR_get_report_block(&m, (int)i);

		if (!block)
			break;
		read_block(&out->reports[out->report_cnt++], block);
	}
}

void rtcp_ortp_read_bye(struct rtcp_item *out, const uint32_t *packet,
			size_t len, size_t rc)
{
	mblk_t m = borrow(packet, len);

	out->type = RTCP_TYPE_BYE;
	for (size_t i = 0; i < rc; i++)
		if (rtcp_BYE_get_ssrc(&m, (int)i, &out->byes[out->bye_cnt]))
			out->bye_cnt++;
	if (out->bye_cnt)
		out->ssrc = out->byes[0];
}

void rtcp_ortp_read_voip(struct rtcp_item *out, const uint32_t *packet,
			 size_t len)
{
	mblk_t m = borrow(packet, len);

	out->type = RTCP_TYPE_VOIP;
	out->ssrc = rtcp_XR_voip_metrics_get_ssrc(&m);
	out->loss_rate = rtcp_XR_voip_metrics_get_loss_rate(&m);
	out->discard_rate = rtcp_XR_voip_metrics_get_discard_rate(&m);
	out->r_factor = rtcp_XR_voip_metrics_get_r_factor(&m);
	out->mos_lq_x10 = rtcp_XR_voip_metrics_get_mos_lq(&m);
	out->mos_cq_x10 = rtcp_XR_voip_metrics_get_mos_cq(&m);
	out->round_trip_ms = rtcp_XR_voip_metrics_get_round_trip_delay(&m);
}
