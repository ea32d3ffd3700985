/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <stdio.h>

#include "rtp-pinner/relay/rtp.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define REST10 "\0\0\0\0\0\0\0\0\0\0"

static void kinds_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		const uint8_t *bytes;
		size_t len;
		enum rtp_kind want;
	} rows[] = {
		{ "nothing", BYTES(""), RTP_KIND_NONE },
		{ "RTP, no payload", BYTES("\x80\x00" REST10), RTP_KIND_RTP },
		{ "one byte short", BYTES("\x80\x00\0\0\0\0\0\0\0\0\0"),
		  RTP_KIND_NONE },
		{ "RTP, marker and type 0", BYTES("\x80\x80" REST10),
		  RTP_KIND_RTP },
		{ "RTP, marker and type 63", BYTES("\x80\xbf" REST10),
		  RTP_KIND_RTP },
		{ "RTP, marker and type 96", BYTES("\x80\xe0" REST10),
		  RTP_KIND_RTP },
		{ "RTP, type 64 without marker", BYTES("\x80\x40" REST10),
		  RTP_KIND_RTP },
		{ "version 1", BYTES("\x40\x00" REST10), RTP_KIND_NONE },
		{ "version 3", BYTES("\xc0\x00" REST10), RTP_KIND_NONE },
		{ "one CSRC", BYTES("\x81\x00" REST10 "\0\0\0\0"),
		  RTP_KIND_RTP },
		{ "one CSRC, short", BYTES("\x81\x00" REST10 "\0\0\0"),
		  RTP_KIND_NONE },
		{ "extension of no words", BYTES("\x90\x00" REST10 "\0\0\0\0"),
		  RTP_KIND_RTP },
		{ "extension without header", BYTES("\x90\x00" REST10 "\0\0\0"),
		  RTP_KIND_NONE },
		{ "extension of one word",
		  BYTES("\x90\x00" REST10 "\xbe\xde\0\1\0\0\0\0"),
		  RTP_KIND_RTP },
		{ "extension longer than the packet",
		  BYTES("\x90\x00" REST10 "\xbe\xde\xff\xff\0\0\0\0"),
		  RTP_KIND_NONE },
		{ "RTCP RR, empty", BYTES("\x80\xc9\0\1\0\0\0\1"),
		  RTP_KIND_RTCP },
		{ "RTCP, first of its types", BYTES("\x80\xc0\0\1\0\0\0\1"),
		  RTP_KIND_RTCP },
		{ "RTCP, last of its types", BYTES("\x80\xdf\0\1\0\0\0\1"),
		  RTP_KIND_RTCP },
		{ "RTCP of no length", BYTES("\x80\xc9\0\0\0\0\0\1"),
		  RTP_KIND_NONE },
		{ "RTCP longer than the packet",
		  BYTES("\x80\xc9\0\2\0\0\0\1"), RTP_KIND_NONE },
		{ "RTCP, short", BYTES("\x80\xc9\0\1\0\0\0"), RTP_KIND_NONE },
		{ "STUN", BYTES("\0\1\0\0\x21\x12\xa4\x42\0\0\0\0"),
		  RTP_KIND_STUN },
		{ "STUN without its cookie", BYTES("\0\1\0\0" "\0\0\0\0\0\0\0\0"),
		  RTP_KIND_NONE },
		{ "ZRTP", BYTES("\x10\0\0\0ZRTP\0\0\0\1"), RTP_KIND_ZRTP },
		{ "not ZRTP", BYTES("\x10\0\0\0ZRTQ\0\0\0\1"), RTP_KIND_NONE },
		{ "DTLS", BYTES("\x16\xfe" REST10), RTP_KIND_DTLS },
		{ "TURN channel", BYTES("\x40\x00" REST10), RTP_KIND_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want, rtp_classify(rows[i].bytes, rows[i].len),
			 rows[i].name);
}

static void clocks_come_from_sdp_then_from_rfc3551(void **state)
{
	static const struct flow_conf conf = {
		.rates = { { 111, 48 }, { 101, 48 }, { 9, 16 } },
	};
	static const struct {
		uint8_t payload_type;
		uint32_t want;
	} rows[] = {
		{ 111, 48000 }, { 101, 48000 }, { 9, 16000 }, { 0, 8000 },
		{ 8, 8000 }, { 18, 8000 }, { 6, 16000 }, { 10, 44100 },
		{ 34, 90000 }, { 1, 0 }, { 35, 0 }, { 96, 0 }, { 127, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", rows[i].payload_type);
		CHECK_EQ(rows[i].want, rtp_rate(&conf, rows[i].payload_type),
			 name);
	}
}

/* RFC 3550 A.1 and A.3: what was expected and what came. */
static void sequence_numbers_tell_what_is_lost(void **state)
{
	enum { MAX = 12 };
	static const struct {
		const char *name;
		uint16_t seqs[MAX];
		size_t cnt;
		uint32_t expected, received;
	} rows[] = {
		{ "one", { 10 }, 1, 1, 1 },
		{ "in order", { 10, 11, 12, 13 }, 4, 4, 4 },
		{ "one lost", { 10, 11, 13 }, 3, 4, 3 },
		{ "a duplicate hides a loss", { 10, 11, 11, 13 }, 4, 4, 4 },
		{ "reordered", { 10, 12, 11, 13 }, 4, 4, 4 },
		{ "wraps", { 65534, 65535, 0, 1 }, 4, 4, 4 },
		{ "wraps with a loss", { 65534, 1 }, 2, 4, 2 },
		{ "wraps out of order", { 65534, 0, 65535, 1 }, 4, 4, 4 },
		{ "largest dropout", { 10, 3009 }, 2, 3000, 2 },
		{ "a jump is not believed", { 10, 5000, 11 }, 3, 2, 2 },
		{ "unless it goes on: restart", { 10, 11, 5000, 5001, 5002 },
		  5, 4, 4 },
		{ "restart keeps what was lost",
		  { 10, 13, 40000, 40001, 40003 }, 5, 7, 4 },
		{ "far behind is a jump too", { 5000, 10, 5001 }, 3, 2, 2 },
		{ "just behind is late", { 5000, 4902, 5001 }, 3, 2, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_source v[FLOW_SOURCES_MAX] = { 0 };

		for (size_t k = 0; k < rows[i].cnt; k++) {
			struct rtp_header h = { .seq = rows[i].seqs[k],
						.ssrc = 1 };

			rtp_sources_count(v, &h, 8000, 1000000 + 20000 * k);
		}
		CHECK_EQ(rows[i].expected, rtp_source_expected(&v[0]),
			 rows[i].name);
		CHECK_EQ(rows[i].received, rtp_source_received(&v[0]),
			 rows[i].name);
	}
}

struct beat {
	uint32_t timestamp;
	uint32_t arrived_ms;
	uint8_t payload_type;
};

/* RFC 3550 6.4.1 and A.8: J += (|D| - J) / 16, by hand. */
static void jitter_is_that_of_rfc3550(void **state)
{
	enum { MAX = 6 };
	static const struct {
		const char *name;
		uint32_t rate_hz;
		struct beat beats[MAX];
		size_t cnt;
		uint32_t want_us;
	} rows[] = {
		{ "even", 8000, { { 0, 0, 0 }, { 160, 20, 0 }, { 320, 40, 0 } },
		  3, 0 },
		/* D = 16 ms: 1 ms; then D = -16 ms: 1 + 15/16 ms */
		{ "one late", 8000,
		  { { 0, 0, 0 }, { 160, 36, 0 }, { 320, 40, 0 } }, 3, 1937 },
		{ "the same at 48 kHz", 48000,
		  { { 0, 0, 0 }, { 960, 36, 0 }, { 1920, 40, 0 } }, 3, 1937 },
		{ "timestamps wrap", 8000,
		  { { 0xffffff60, 0, 0 }, { 0, 36, 0 }, { 160, 40, 0 } },
		  3, 1937 },
		{ "silence is none", 8000,
		  { { 0, 0, 0 }, { 160, 20, 0 }, { 80160, 10020, 0 } }, 3, 0 },
		{ "nor a frame in packets", 90000,
		  { { 0, 0, 0 }, { 0, 5, 0 }, { 0, 10, 0 }, { 3600, 40, 0 } },
		  4, 0 },
		{ "nor a telephone event with another clock", 8000,
		  { { 0, 0, 0 }, { 160, 20, 0 }, { 5000, 40, 101 },
		    { 5000, 60, 101 }, { 640, 80, 0 }, { 800, 100, 0 } },
		  6, 0 },
		{ "nor a new clock", 8000,
		  { { 0, 0, 0 }, { 4000000, 20, 0 }, { 4000160, 40, 0 } },
		  3, 0 },
		{ "unknown clock", 0, { { 0, 0, 0 }, { 160, 99, 0 } }, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_source v[FLOW_SOURCES_MAX] = { 0 };

		for (size_t k = 0; k < rows[i].cnt; k++) {
			struct rtp_header h = {
				.seq = (uint16_t)k,
				.ssrc = 1,
				.timestamp = rows[i].beats[k].timestamp,
				.payload_type = rows[i].beats[k].payload_type,
			};

			rtp_sources_count(v, &h, rows[i].rate_hz, 1000000 +
					  rows[i].beats[k].arrived_ms * 1000);
		}
		CHECK_EQ(rows[i].want_us, rtp_source_jitter_us(&v[0]),
			 rows[i].name);
		CHECK_EQ(rows[i].want_us, v[0].jitter_max_us, rows[i].name);
	}
}

static void steady_jitter_is_reached_by_sixteenths(void **state)
{
	struct flow_source v[FLOW_SOURCES_MAX] = { 0 };

	(void)state;
	/* Every other packet 10 ms late: |D| is always 10 ms. */
	for (uint32_t k = 0; k < 200; k++) {
		struct rtp_header h = { .seq = (uint16_t)k, .ssrc = 1,
					.timestamp = 160 * k };

		rtp_sources_count(v, &h, 8000, k * 20000 + (k % 2) * 10000);
	}
	assert_in_range(rtp_source_jitter_us(&v[0]), 9950, 10000);
}

static void a_new_source_takes_the_place_of_an_idle_one(void **state)
{
	static const struct {
		uint32_t ssrc;
		uint32_t at_ms;
		uint32_t want[FLOW_SOURCES_MAX];
	} steps[] = {
		{ 1, 0, { 1 } },
		{ 2, 10, { 1, 2 } },
		{ 3, 20, { 1, 2 } },	/* both are alive */
		{ 1, 500, { 1, 2 } },
		{ 3, 1010, { 1, 3 } },
		{ 1, 1020, { 1, 3 } },
		{ 4, 1000, { 1, 3 } },	/* arrived earlier: nothing is idle */
		{ 4, 5000, { 1, 4 } },	/* the one idle for longer */
	};
	struct flow_source v[FLOW_SOURCES_MAX] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct rtp_header h = { .ssrc = steps[i].ssrc };
		char name[16];

		snprintf(name, sizeof(name), "step %zu", i);
		rtp_sources_count(v, &h, 8000,
				  7000000 + steps[i].at_ms * 1000);
		for (size_t k = 0; k < FLOW_SOURCES_MAX; k++)
			CHECK_EQ(steps[i].want[k], v[k].ssrc, name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_apart),
		cmocka_unit_test(clocks_come_from_sdp_then_from_rfc3551),
		cmocka_unit_test(sequence_numbers_tell_what_is_lost),
		cmocka_unit_test(jitter_is_that_of_rfc3550),
		cmocka_unit_test(steady_jitter_is_reached_by_sixteenths),
		cmocka_unit_test(a_new_source_takes_the_place_of_an_idle_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
