/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A call of two: A's SSRC 7 arrives on port 30000, B's SSRC 9 on 30002. */
#include "common/test/table.h"

#include "rtp-pinner/quality/quality.h"
#include "rtp-pinner/quality/test/rtcp_bytes.h"
#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/rtp.h"

enum {
	A = 30000,
	B = 30002,
	START_MS = 100000,
};

static struct flow_row row;
static struct quality q;

static int begin(void **state)
{
	struct flow_conf c = { .active = 1, .generation = 1, .kind = FLOW_RTP,
			       .rates = { { 111, 48 } } };

	(void)state;
	memset(&q, 0, sizeof(q));
	memset(&row, 0, sizeof(row));
	flow_conf_write(&row, &c);
	row.state.generation = 1;
	return 0;
}

/* Packets seq..last of SSRC 7, 20 ms apart, to the row. */
static void receive(uint16_t seq, uint16_t last, uint8_t payload_type)
{
	for (;; seq++) {
		struct rtp_header h = { .seq = seq, .ssrc = 7,
					.payload_type = payload_type,
					.timestamp = seq * 160u };

		rtp_sources_count(row.state.sources, &h, 8000,
				  START_MS * UINT64_C(1000) + seq * 20000u);
		if (seq == last)
			break;
	}
}

static const struct quality_source *source_a(void)
{
	const struct quality_source *s = quality_find(&q, A, 7);

	assert_non_null(s);
	return s;
}

static void what_arrives_is_sampled_by_intervals(void **state)
{
	const struct quality_source *s;
	struct quality_sample average;

	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	s = source_a();
	assert_int_equal(50, s->expected);
	assert_int_equal(0, s->sample_cnt);

	/* the first second: nothing lost */
	receive(50, 99, 0);
	quality_poll(&q, A, &row, START_MS + QUALITY_FIRST_MS - 1);
	assert_int_equal(0, s->sample_cnt);
	quality_poll(&q, A, &row, START_MS + QUALITY_FIRST_MS);
	assert_int_equal(1, s->sample_cnt);
	assert_int_equal(0, s->last.loss_x100);

	/* 10 of the next 250 are lost: 4 % */
	receive(110, 349, 0);
	quality_poll(&q, A, &row,
		     START_MS + QUALITY_FIRST_MS + QUALITY_INTERVAL_MS);
	assert_int_equal(2, s->sample_cnt);
	assert_int_equal(400, s->last.loss_x100);
	assert_int_equal(350, s->expected);
	assert_int_equal(10, quality_lost(s));
	assert_true(s->lowest.mos_x100 < s->highest.mos_x100);
	assert_int_equal(START_MS + QUALITY_FIRST_MS, s->highest.at_ms);
	assert_int_equal(START_MS + QUALITY_FIRST_MS + QUALITY_INTERVAL_MS,
			 s->lowest.at_ms);
	quality_average(&average, s);
	assert_int_equal(200, average.loss_x100);
	assert_in_range(average.mos_x100, s->lowest.mos_x100,
			s->highest.mos_x100);

	/* silence is no sample */
	quality_poll(&q, A, &row, START_MS + 60000);
	assert_int_equal(2, s->sample_cnt);
}

static void what_came_before_the_first_poll_is_in_the_first_sample(
	void **state)
{
	(void)state;
	receive(0, 39, 0);
	receive(50, 79, 0);	/* 10 of 80 are lost */
	quality_poll(&q, A, &row, START_MS);
	receive(80, 99, 0);
	quality_poll(&q, A, &row, START_MS + QUALITY_FIRST_MS);
	assert_int_equal(1000, source_a()->last.loss_x100);
}

static void no_sample_is_no_mos(void **state)
{
	struct quality_source s = { 0 };
	struct quality_sample average;

	(void)state;
	quality_average(&average, &s);
	assert_int_equal(0, average.mos_x100);
	assert_int_equal(0, quality_lost(&s));
	s.received = 5;		/* duplicates */
	assert_int_equal(0, quality_lost(&s));
}

static void counts_go_on_when_the_row_begins_anew(void **state)
{
	(void)state;
	receive(0, 99, 0);
	quality_poll(&q, A, &row, START_MS);
	memset(row.state.sources, 0, sizeof(row.state.sources));
	receive(500, 509, 0);
	quality_poll(&q, A, &row, START_MS + 100);
	assert_int_equal(110, source_a()->expected);
	assert_int_equal(110, source_a()->received);
	/* a closed port tells nothing, and harms nothing */
	row.conf.generation = 2;
	quality_poll(&q, A, &row, START_MS + 200);
	assert_int_equal(110, source_a()->received);
}

static void the_listeners_report_speaks_for_its_source(void **state)
{
	const struct quality_source *s;

	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x31")),
		     START_MS + 100);
	s = source_a();
	assert_int_equal(1, s->sample_cnt);
	assert_int_equal(2500, s->last.loss_x100);	/* 64 of 256 */
	assert_int_equal(20000, s->last.jitter_us);	/* 160 at 8 kHz */
	assert_int_equal(20000, s->far_jitter_us);
	assert_int_equal(5, s->far_lost);
	assert_int_equal(0, s->last.rtt_us);

	/* while it speaks, what arrived here is no sample of its own */
	receive(50, 99, 0);
	quality_poll(&q, A, &row, START_MS + 5000);
	assert_int_equal(1, s->sample_cnt);
	/* the same news again is none; nor are A's own words about itself */
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x31")),
		     START_MS + 5100);
	quality_rtcp(&q, A, BYTES(RR("\0\0\0\7", "\0\0\0\x99")),
		     START_MS + 5100);
	assert_int_equal(1, s->sample_cnt);
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x99")),
		     START_MS + 5200);
	assert_int_equal(2, s->sample_cnt);

	/* it has fallen silent: back to what arrives here */
	receive(100, 149, 0);
	quality_poll(&q, A, &row, START_MS + 30000);
	assert_int_equal(3, s->sample_cnt);
	assert_int_equal(0, s->last.loss_x100);
}

/* RFC 3550 figure 2: the report comes 11.375 s after the sender report, of
 * which the listener kept it 5.250 s: 6.125 s.
 */
static void round_trip_is_that_of_rfc3550(void **state)
{
	const struct quality_source *s;

	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	quality_rtcp(&q, A, BYTES(SR), START_MS);
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x31")),
		     START_MS + 11375);
	s = source_a();
	assert_int_equal(6125000, s->last.rtt_leg_us);
	assert_int_equal(0, s->last.rtt_us);	/* A's leg is not known */
	assert_true(s->last.mos_x100 > 0);
}

static void round_trip_between_parties_is_that_of_both_legs(void **state)
{
	const struct quality_source *s;

	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	/* Both reports keep 5.250 s. */
	quality_rtcp(&q, A, BYTES(SR), START_MS);
	quality_rtcp(&q, B, BYTES("\x80\xc8\0\6\0\0\0\x9"
				  "\xb4\x4d\xb7\x05\x20\0\0\0\0\0\0\0"
				  "\0\0\0\0\0\0\0\0"), START_MS);
	quality_rtcp(&q, A, BYTES("\x81\xc9\0\7\0\0\0\7"
				  BLOCK("\0\0\0\x9", "\0\0\0\1")),
		     START_MS + 5250 + 30);
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x31")),
		     START_MS + 5250 + 50);
	s = source_a();
	assert_int_equal(50000, s->last.rtt_leg_us);
	assert_int_equal(80000, s->last.rtt_us);
	/* A report of the same instant is not of an unknown distance. */
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x32")),
		     START_MS + 5250);
	assert_int_equal(1, s->last.rtt_leg_us);
}

static void the_listeners_own_metrics_are_kept(void **state)
{
	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	quality_rtcp(&q, B, BYTES(XR_VOIP), START_MS);
	assert_int_equal(42, source_a()->far_mos_x10);
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x31")), START_MS);
	assert_int_equal(130000, source_a()->last.rtt_us);
}

static void a_bye_ends_a_source_of_that_party_only(void **state)
{
	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	quality_rtcp(&q, B, BYTES(BYE), START_MS);
	assert_false(source_a()->ended);
	quality_rtcp(&q, A, BYTES(SR BYE), START_MS);
	assert_true(source_a()->ended);
}

static void broken_rtcp_is_counted_only(void **state)
{
	struct quality before;

	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, A, &row, START_MS);
	before = q;
	quality_rtcp(&q, B, BYTES(RR("\0\0\0\7", "\0\0\0\x31") "\x80"),
		     START_MS);
	assert_int_equal(1, q.rtcp_broken);
	assert_int_equal(0, q.rtcp_packets);
	assert_memory_equal(before.sources, q.sources, sizeof(q.sources));
}

static void codec_and_clock_follow_the_payload_type(void **state)
{
	(void)state;
	receive(0, 9, 18);
	quality_poll(&q, A, &row, START_MS);
	assert_int_equal(MOS_G729, source_a()->codec);
	receive(10, 19, 111);
	quality_poll(&q, A, &row, START_MS + 1);
	assert_int_equal(MOS_OPUS, source_a()->codec);
	assert_int_equal(48000, source_a()->rate_hz);
}

static void the_source_heard_longest_ago_gives_way(void **state)
{
	uint8_t sr[] = SR;

	(void)state;
	for (uint8_t i = 1; i <= QUALITY_SOURCES_MAX + 1; i++) {
		sr[7] = i;
		quality_rtcp(&q, A, sr, sizeof(sr) - 1, START_MS + i);
	}
	assert_null(quality_find(&q, A, 1));
	for (uint32_t i = 2; i <= QUALITY_SOURCES_MAX + 1; i++)
		assert_non_null(quality_find(&q, A, i));
	assert_null(quality_find(&q, B, 2));
}

/* A party that names ever new sources harms what is known of itself. */
static void a_party_pushes_out_its_own_sources_only(void **state)
{
	uint8_t sr[] = SR;

	(void)state;
	receive(0, 49, 0);
	quality_poll(&q, B, &row, START_MS + 1000);
	for (uint8_t i = 10; i < 30; i++) {
		sr[7] = i;
		quality_rtcp(&q, A, sr, sizeof(sr) - 1, START_MS + 1000 + i);
	}
	assert_non_null(quality_find(&q, B, 7));
	assert_non_null(quality_find(&q, A, 29));
}

/* The row still shows the source before the one that is heard. */
static void an_idle_source_pushes_out_nobody(void **state)
{
	struct flow_source *live = &row.state.sources[1];
	uint8_t sr[] = SR;

	(void)state;
	receive(0, 49, 0);
	*live = row.state.sources[0];
	live->ssrc = 8;
	row.state.sources[0].last_ms -= 10000;
	for (uint32_t k = 0; k < 20; k++) {
		live->received += 50;
		live->max_seq += 50;
		live->last_ms = START_MS + 1000 * k;
		quality_poll(&q, A, &row, START_MS + 1000 * k);
		sr[7] = 33;
		quality_rtcp(&q, A, sr, sizeof(sr) - 1, START_MS + 1000 * k + 9);
		sr[7] = 34;
		quality_rtcp(&q, B, sr, sizeof(sr) - 1, START_MS + 1000 * k + 9);
		sr[7] = 35;
		quality_rtcp(&q, B, sr, sizeof(sr) - 1, START_MS + 1000 * k + 9);
	}
	assert_non_null(quality_find(&q, A, 8));
	assert_int_equal(4, quality_find(&q, A, 8)->sample_cnt);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_arrives_is_sampled_by_intervals,
				       begin),
		cmocka_unit_test_setup(
			what_came_before_the_first_poll_is_in_the_first_sample,
			begin),
		cmocka_unit_test_setup(no_sample_is_no_mos, begin),
		cmocka_unit_test_setup(counts_go_on_when_the_row_begins_anew,
				       begin),
		cmocka_unit_test_setup(
			the_listeners_report_speaks_for_its_source, begin),
		cmocka_unit_test_setup(round_trip_is_that_of_rfc3550, begin),
		cmocka_unit_test_setup(
			round_trip_between_parties_is_that_of_both_legs,
			begin),
		cmocka_unit_test_setup(the_listeners_own_metrics_are_kept,
				       begin),
		cmocka_unit_test_setup(a_bye_ends_a_source_of_that_party_only,
				       begin),
		cmocka_unit_test_setup(broken_rtcp_is_counted_only, begin),
		cmocka_unit_test_setup(codec_and_clock_follow_the_payload_type,
				       begin),
		cmocka_unit_test_setup(the_source_heard_longest_ago_gives_way,
				       begin),
		cmocka_unit_test_setup(a_party_pushes_out_its_own_sources_only,
				       begin),
		cmocka_unit_test_setup(an_idle_source_pushes_out_nobody, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
