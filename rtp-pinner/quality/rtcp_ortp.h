/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtcp_ortp.h - one RTCP packet read by oRTP's accessors
 *
 * Private to rtcp.c, which has checked every length the accessors rely on; the
 * only one of oRTP's headers' users is rtcp_ortp.c.
 */
#ifndef QUALITY_RTCP_ORTP_H
#define QUALITY_RTCP_ORTP_H

#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/quality/rtcp.h"

enum {
	/* RFC 3550 6, RFC 3611 */
	RTCP_PT_SR = 200,
	RTCP_PT_RR = 201,
	RTCP_PT_SDES = 202,
	RTCP_PT_BYE = 203,
	RTCP_PT_XR = 207,
	RTCP_XR_VOIP = 7,
	RTCP_SR_LEN = 28,	/* without report blocks */
	RTCP_RR_LEN = 8,
	RTCP_BLOCK_LEN = 24,
	RTCP_XR_LEN = 8,
	RTCP_XR_VOIP_LEN = 36,
};

/* One packet, aligned to 4 bytes: an SR or RR whose rc blocks are in its len
 * bytes, a BYE likewise, or an XR whose first block is a whole VoIP block.
 */
void rtcp_ortp_read_sr(struct rtcp_item *out, const uint32_t *packet,
		       size_t len, size_t rc);
void rtcp_ortp_read_rr(struct rtcp_item *out, const uint32_t *packet,
		       size_t len, size_t rc);
void rtcp_ortp_read_bye(struct rtcp_item *out, const uint32_t *packet,
			size_t len, size_t rc);
void rtcp_ortp_read_voip(struct rtcp_item *out, const uint32_t *packet,
			 size_t len);

#endif
