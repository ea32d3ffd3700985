/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against the figures of G.107 and G.113. */
#include "common/test/table.h"

#include <math.h>
#include <stdio.h>

#include "rtp-pinner/quality/mos.h"

/* G.107 table 2 with its defaults: R = 93.2; table B.1. */
static void mos_of_r_is_that_of_g107(void **state)
{
	static const struct {
		double r;
		int mos_x100;
	} rows[] = {
		{ 93.2, 441 }, { 90, 434 }, { 80, 402 }, { 70, 360 },
		{ 60, 310 }, { 50, 258 }, { 0, 100 }, { -5, 100 }, { 3, 100 },
		{ 100, 450 }, { 120, 450 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[16];

		snprintf(name, sizeof(name), "R %.1f", rows[i].r);
		CHECK_EQ(rows[i].mos_x100, lround(100 * mos_of_r(rows[i].r)),
			 name);
	}
}

/* G.113 appendix I: Ie,eff by loss, for random loss. */
static void loss_costs_what_g113_says(void **state)
{
	static const struct {
		enum mos_codec codec;
		double loss_percent;
		int ie_eff;
	} rows[] = {
		{ MOS_G711, 0, 0 }, { MOS_G711, 2, 7 }, { MOS_G711, 3, 10 },
		{ MOS_G729, 0, 11 }, { MOS_G729, 1, 15 }, { MOS_G729, 1.5, 17 },
		{ MOS_G729, 2, 19 }, { MOS_G729, 4, 26 }, { MOS_G729, 8, 36 },
		{ MOS_G729, 16, 49 }, { MOS_G723, 0, 15 }, { MOS_G723, 0.5, 17 },
		{ MOS_G723, 2, 24 }, { MOS_GSM, 0, 20 }, { MOS_OPUS, 0, 0 },
		{ MOS_G722, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s, %.1f %%",
			 mos_codec_name(rows[i].codec), rows[i].loss_percent);
		CHECK_EQ(rows[i].ie_eff,
			 lround(93.206 - mos_r(rows[i].codec, 0,
					       rows[i].loss_percent)), name);
	}
}

static void delay_costs_little_up_to_150_ms_and_then_much(void **state)
{
	static const struct {
		double delay_ms;
		int r_x10;
	} rows[] = {
		{ 0, 932 }, { 100, 907 }, { 150, 895 }, { 200, 858 },
		{ 400, 622 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[16];

		snprintf(name, sizeof(name), "%.0f ms", rows[i].delay_ms);
		CHECK_EQ(rows[i].r_x10,
			 lround(10 * mos_r(MOS_G711, rows[i].delay_ms, 0)),
			 name);
	}
}

static void what_is_measured_becomes_a_mos(void **state)
{
	static const struct {
		const char *name;
		enum mos_codec codec;
		uint32_t rtt_us, jitter_us;
		double loss_percent;
		int least, most;
	} rows[] = {
		{ "perfect", MOS_G711, 0, 0, 0, 439, 441 },
		{ "usual", MOS_G711, 60000, 5000, 0, 435, 440 },
		{ "some loss", MOS_G711, 60000, 5000, 5, 370, 395 },
		{ "satellite", MOS_G711, 600000, 5000, 0, 330, 370 },
		{ "everything lost", MOS_G711, 0, 0, 100, 100, 160 },
		{ "absurd", MOS_GSM, UINT32_MAX, UINT32_MAX, 1e9, 100, 100 },
		{ "negative loss", MOS_G711, 0, 0, -3, 439, 441 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int got = mos_x100(rows[i].codec, rows[i].rtt_us,
				   rows[i].jitter_us, rows[i].loss_percent);

		CHECK(got >= rows[i].least && got <= rows[i].most,
		      rows[i].name);
	}
}

static void codecs_are_known_by_type_and_clock(void **state)
{
	static const struct {
		uint8_t payload_type;
		uint32_t rate_hz;
		enum mos_codec want;
	} rows[] = {
		{ 0, 8000, MOS_G711 }, { 8, 8000, MOS_G711 },
		{ 3, 8000, MOS_GSM }, { 4, 8000, MOS_G723 },
		{ 9, 8000, MOS_G722 }, { 18, 8000, MOS_G729 },
		{ 111, 48000, MOS_OPUS }, { 111, 0, MOS_G711 },
		{ 101, 8000, MOS_G711 }, { 34, 90000, MOS_G711 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(rows[i].want,
				 mos_codec_of(rows[i].payload_type,
					      rows[i].rate_hz));
	for (int i = 0; i < MOS_CODECS; i++)
		assert_non_null(mos_codec_name((enum mos_codec)i));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mos_of_r_is_that_of_g107),
		cmocka_unit_test(loss_costs_what_g113_says),
		cmocka_unit_test(delay_costs_little_up_to_150_ms_and_then_much),
		cmocka_unit_test(what_is_measured_becomes_a_mos),
		cmocka_unit_test(codecs_are_known_by_type_and_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
