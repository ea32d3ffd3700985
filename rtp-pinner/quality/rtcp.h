/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtcp.h - what a compound RTCP packet says (RFC 3550 6, RFC 3611)
 *
 * All lengths are checked against the datagram before oRTP's accessors see a
 * byte: they trust the length field and read out of bounds.  rtcp_ortp.c is
 * the only file that includes oRTP.  Pure, no allocation.
 */
#ifndef QUALITY_RTCP_H
#define QUALITY_RTCP_H

#include <stddef.h>
#include <stdint.h>

enum rtcp_type {
	RTCP_TYPE_SR,
	RTCP_TYPE_RR,
	RTCP_TYPE_SDES,
	RTCP_TYPE_BYE,
	RTCP_TYPE_VOIP,		/* XR VoIP metrics block (RFC 3611 4.7) */
	RTCP_TYPE_OTHER,	/* APP, feedback, other XR blocks */
};

enum {
	RTCP_REPORTS_MAX = 31,	/* also the sources of a BYE */
};

/* A report block (RFC 3550 6.4.1). */
struct rtcp_report {
	uint32_t ssrc;		/* whom it is about */
	uint8_t fraction_lost;	/* of 256, since the report before */
	int32_t lost;		/* since it began */
	uint32_t max_seq;	/* extended */
	uint32_t jitter;	/* timestamp units */
	uint32_t lsr;		/* middle 32 bits of the last SR; 0: none */
	uint32_t dlsr;		/* delay since that, 1/65536 s */
};

/* One packet of the compound, or one block of an XR. */
struct rtcp_item {
	enum rtcp_type type;
	uint32_t ssrc;		/* the sender; of VOIP: whom it is about */
	/* SR */
	uint32_t ntp_middle;	/* what an LSR will say */
	uint32_t sender_packets;
	/* SR, RR */
	size_t report_cnt;
	struct rtcp_report reports[RTCP_REPORTS_MAX];
	/* BYE */
	size_t bye_cnt;
	uint32_t byes[RTCP_REPORTS_MAX];
	/* VOIP: as in RFC 3611 4.7; 127 is unavailable */
	uint8_t loss_rate;	/* of 256 */
	uint8_t discard_rate;
	uint8_t r_factor;
	uint8_t mos_lq_x10;
	uint8_t mos_cq_x10;
	uint16_t round_trip_ms;	/* 0: not known */
};

typedef void rtcp_item_h(void *arg, const struct rtcp_item *item);

/* Call h for each item in order; the item is valid during the call.  0, or
 * EBADMSG before the first call: the compound is not one all through.
 * Reduced-size RTCP (RFC 5506) is fine.
 */
int rtcp_parse(const uint8_t *bytes, size_t len, rtcp_item_h *h, void *arg);

#endif
