/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtcp_bytes.h - RTCP packets as string literals, for tests */
#ifndef QUALITY_TEST_RTCP_BYTES_H
#define QUALITY_TEST_RTCP_BYTES_H

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* A sender report of 7 without blocks: the NTP time of RFC 3550's figure 2. */
#define SR_HEAD(first, words) first "\xc8" words "\0\0\0\7" \
	"\xb4\x4d\xb7\x05\x20\0\0\0" "\0\0\x27\x10" "\0\0\0\x64" "\0\0\x3e\x80"
#define SR SR_HEAD("\x80", "\0\6")
/* About ssrc: a quarter lost, 5 in all, 160 units of jitter, LSR and DLSR of
 * RFC 3550's figure 2.
 */
#define BLOCK(ssrc, seq) ssrc "\x40\0\0\5" seq "\0\0\0\xa0" \
	"\xb7\x05\x20\0" "\0\5\x40\0"
#define RR(ssrc, seq) "\x81\xc9\0\7" "\0\0\0\x9" BLOCK(ssrc, seq)
#define BYE "\x81\xcb\0\1" "\0\0\0\7"
#define SDES "\x81\xca\0\3" "\0\0\0\7" "\1\4a@b!\0\0"
/* VoIP metrics about 7: MOS-LQ 4.2, MOS-CQ 4.1, R 91, 130 ms round trip */
#define XR_VOIP "\x80\xcf\0\xa" "\0\0\0\x9" "\7\0\0\x8" "\0\0\0\7" \
	"\x0c\3\0\0" "\0\0\0\0" "\0\x82\0\0" "\0\0\0\x10" \
	"\x5b\x7f\x2a\x29" "\0\0\0\0" "\0\0\0\0"

#endif
