/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp_ortp.h - RTP headers (RFC 3550 5.1), by oRTP
 *
 * The only place of the agent that knows oRTP.  Its accessors trust whatever
 * buffer they are given, so lengths are looked at here, before.  Pure.
 */
#ifndef PROBE_RTP_ORTP_H
#define PROBE_RTP_ORTP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	RTP_HEADER_LEN = 12,	/* without CSRCs and extension */
};

struct rtp_head {
	bool marker;
	uint8_t payload_type;	/* 0..127 */
	uint16_t seq;
	uint32_t timestamp;
	uint32_t ssrc;
};

void rtp_ortp_write(uint8_t out[static RTP_HEADER_LEN],
		    const struct rtp_head *head);

/* 0; EBADMSG when it is too short, of another version, or has what we never
 * send: padding, extension, CSRCs.
 */
int rtp_ortp_read(struct rtp_head *out, struct slice packet);

#endif
