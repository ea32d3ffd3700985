/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/quality/mos.h"

#include <math.h>
#include <stddef.h>

/* Equipment impairment and robustness to random loss, of G.113 appendix I
 * where it has them: G.711 with packet loss concealment (annex I), G.729A with
 * VAD, G.723.1 at 6.3 kbit/s with VAD.  GSM: Ie of G.113, Bpl of GSM-EFR.  G.722
 * and Opus have no narrowband values: they are taken as a G.711 with the
 * concealment every decoder of theirs has, Opus hiding a little less of it than
 * its in-band FEC could.
 */
static const struct {
	const char *name;
	double ie;
	double bpl;
} codecs[MOS_CODECS] = {
	[MOS_G711] = { "G.711", 0, 25.1 },
	[MOS_G722] = { "G.722", 0, 25.1 },
	[MOS_G723] = { "G.723.1", 15, 16.1 },
	[MOS_G729] = { "G.729", 11, 19.0 },
	[MOS_GSM] = { "GSM", 20, 10.0 },
	[MOS_OPUS] = { "Opus", 0, 20.0 },
};

/* G.107 table 2 with everything at its default. */
static const double ro = 94.769;	/* signal to noise */
static const double is = 1.414;		/* simultaneous impairments */
static const double telr_db = 65;	/* talker echo loudness */
static const double wepl_db = 110;	/* weighted echo path loss */

enum {
	PACKET_MS = 20,
	JITTER_BUFFER = 2,	/* times the jitter */
};

const char *mos_codec_name(enum mos_codec codec)
{
	return codecs[codec].name;
}

enum mos_codec mos_codec_of(uint8_t payload_type, uint32_t rate_hz)
{
	switch (payload_type) {
	case 3:
		return MOS_GSM;
	case 4:
		return MOS_G723;
	case 9:
		return MOS_G722;
	case 18:
		return MOS_G729;
	default:
		return payload_type >= 96 && rate_hz == 48000 ? MOS_OPUS
							      : MOS_G711;
	}
}

/* G.107 7.4: the talker's echo, the listener's, and the delay as such. */
static double delay_impairment(double delay_ms)
{
	double t = delay_ms, terv, re, half, talker, rle, listener, x, pure = 0;

	terv = telr_db - 40 * log10((1 + t / 10) / (1 + t / 150)) +
	       6 * exp(-0.3 * t * t);
	re = 80 + 2.5 * (terv - 14);
	half = (ro - re) / 2;
	talker = (half + sqrt(half * half + 100) - 1) * (1 - exp(-t));
	rle = 10.5 * (wepl_db + 7) * pow(2 * t + 1, -0.25);
	half = (ro - rle) / 2;
	listener = half + sqrt(half * half + 169);
	if (t > 100) {
		x = log2(t / 100);
		pure = 25 * (pow(1 + pow(x, 6), 1.0 / 6) -
			     3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
	}
	return talker + listener + pure;
}

/* G.107 7.5 with BurstR = 1. */
static double equipment_impairment(enum mos_codec codec, double loss_percent)
{
	double ie = codecs[codec].ie, bpl = codecs[codec].bpl;

	return ie + (95 - ie) * loss_percent / (loss_percent + bpl);
}

double mos_r(enum mos_codec codec, double delay_ms, double loss_percent)
{
	double loss = fmin(fmax(loss_percent, 0), 100);
	double r = ro - is - delay_impairment(fmax(delay_ms, 0)) -
		   equipment_impairment(codec, loss);

	return fmax(r, 0);
}

double mos_of_r(double r)
{
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	/* The polynomial dips a little below 1 where R is near 0. */
	return fmax(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1);
}

uint16_t mos_x100(enum mos_codec codec, uint32_t rtt_us, uint32_t jitter_us,
		  double loss_percent)
{
	double delay_ms = rtt_us / 2000.0 +
			  JITTER_BUFFER * (jitter_us / 1000.0) + PACKET_MS;

	return (uint16_t)lround(
		100 * mos_of_r(mos_r(codec, delay_ms, loss_percent)));
}
