/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mos.h - what listeners think of a connection: the E-model
 *
 * ITU-T G.107 with the default values of its table 2 for everything a relay
 * cannot know (levels, echo, room noise): what remains is the codec, loss and
 * delay.  Loss is taken as random (BurstR = 1).  Narrowband scale: a wideband
 * codec cannot score above a perfect narrowband one.
 */
#ifndef QUALITY_MOS_H
#define QUALITY_MOS_H

#include <stdint.h>

enum mos_codec {
	MOS_G711,	/* also what is not known */
	MOS_G722,
	MOS_G723,
	MOS_G729,
	MOS_GSM,
	MOS_OPUS,
	MOS_CODECS
};

const char *mos_codec_name(enum mos_codec codec);

/* By RTP payload type (RFC 3551) and clock: a dynamic type of 48 kHz is taken
 * as Opus, any other as G.711.
 */
enum mos_codec mos_codec_of(uint8_t payload_type, uint32_t rate_hz);

/* The R factor, 0..93.2: delay_ms from mouth to ear, loss in percent. */
double mos_r(enum mos_codec codec, double delay_ms, double loss_percent);

/* G.107 annex B: 1.0 (R <= 0) .. 4.5 (R >= 100). */
double mos_of_r(double r);

/* Of a connection measured in the network: half the round trip, a jitter
 * buffer of twice the jitter, and 20 ms of packets.  rtt_us 0: not known, taken
 * as none.  100..450.
 */
uint16_t mos_x100(enum mos_codec codec, uint32_t rtt_us, uint32_t jitter_us,
		  double loss_percent);

#endif
