/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <string.h>

#include "health-agent/probe/rtp_ortp.h"
#include "health-agent/probe/rtp_stream.h"

enum { DELAY_NS = 1000 };

static const uint8_t random_a[RTP_STREAM_RANDOM] = "abcdefghijklmnopqrstuvw";
static const uint8_t random_b[RTP_STREAM_RANDOM] = "ABCDEFGHIJKLMNOPQRSTUVW";
/* its numbers go over their ends */
static const uint8_t random_end[RTP_STREAM_RANDOM] = {
	1,    2,    3,    4,	5,    6,    7,	  8,	1,    2,
	3,    4,    0xff, 0xff, 0xff, 0xff, 0xfe, 0xff,
};

static struct slice of(const uint8_t *bytes, size_t len)
{
	return slice_of((const char *)bytes, len);
}

/* ---- headers */

static void headers_are_as_rfc_3550_has_them(void **state)
{
	const struct rtp_head head = {
		.marker = true,
		.payload_type = 0x45,
		.seq = 0x1234,
		.timestamp = 0x56789abc,
		.ssrc = 0xdef01234,
	};
	static const uint8_t want[RTP_HEADER_LEN] = {
		0x80, 0xc5, 0x12, 0x34, 0x56, 0x78,
		0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34,
	};
	uint8_t bytes[RTP_HEADER_LEN];
	struct rtp_head again;

	(void)state;
	rtp_ortp_write(bytes, &head);
	assert_memory_equal(want, bytes, sizeof(want));
	assert_int_equal(0, rtp_ortp_read(&again, of(bytes, sizeof(bytes))));
	assert_int_equal(true, again.marker);
	assert_int_equal(0x45, again.payload_type);
	assert_int_equal(0x1234, again.seq);
	assert_int_equal(0x56789abc, again.timestamp);
	assert_int_equal(0xdef01234, again.ssrc);
}

static void other_headers_are_none(void **state)
{
	static const struct {
		const char *what;
		uint8_t first;
		size_t len;
		int err;
	} rows[] = {
		{ "as it should be", 0x80, 12, 0 },
		{ "with a payload", 0x80, 13, 0 },
		{ "nothing", 0x80, 0, EBADMSG },
		{ "cut", 0x80, 11, EBADMSG },
		{ "version 1", 0x40, 12, EBADMSG },
		{ "version 3", 0xc0, 12, EBADMSG },
		{ "STUN", 0x00, 12, EBADMSG },
		{ "padding", 0xa0, 12, EBADMSG },
		{ "an extension", 0x90, 12, EBADMSG },
		{ "a CSRC", 0x81, 12, EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[16] = { rows[i].first };
		struct rtp_head head;

		CHECK_EQ(rows[i].err, rtp_ortp_read(&head, of(bytes, rows[i].len)),
			 rows[i].what);
	}
}

/* ---- streams */

static void what_is_sent_is_known_again(void **state)
{
	const uint8_t *const randoms[] = { random_a, random_end };
	uint8_t packet[RTP_PACKET_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(randoms); i++) {
		struct rtp_stream s;

		rtp_stream_begin(&s, randoms[i], 5, DELAY_NS);
		assert_int_equal(100, rtp_stream_loss_percent(&s));
		for (unsigned at = 0; at < 5; at++) {
			assert_false(rtp_stream_is_over(&s));
			assert_true(rtp_stream_write(&s, packet, 10 * at));
			assert_int_equal(RTP_GOOD,
					 rtp_stream_read(&s,
							 of(packet,
							    sizeof(packet)),
							 10 * at + 100 + at));
		}
		assert_false(rtp_stream_write(&s, packet, 50));
		assert_true(rtp_stream_is_over(&s));
		assert_int_equal(0, rtp_stream_loss_percent(&s));
		assert_int_equal(104, s.slowest_ns);
	}
}

static void packets_are_those_of_a_phone(void **state)
{
	uint8_t packets[3][RTP_PACKET_LEN];
	struct rtp_head heads[3];
	struct rtp_stream s;

	(void)state;
	rtp_stream_begin(&s, random_a, 3, DELAY_NS);
	for (unsigned i = 0; i < 3; i++) {
		rtp_stream_write(&s, packets[i], 0);
		assert_int_equal(0, rtp_ortp_read(&heads[i],
						  of(packets[i],
						     RTP_PACKET_LEN)));
		assert_int_equal(0, heads[i].payload_type);
		assert_int_equal(i == 0, heads[i].marker);
		assert_int_equal(heads[0].ssrc, heads[i].ssrc);
		assert_int_equal((uint16_t)(heads[0].seq + i), heads[i].seq);
		assert_int_equal(heads[0].timestamp + 160 * i,
				 heads[i].timestamp);
	}
	assert_memory_not_equal(packets[0] + RTP_HEADER_LEN,
				packets[1] + RTP_HEADER_LEN, 160);
}

/* A packet changed in one byte, at any place. */
static void a_changed_byte_is_seen(void **state)
{
	(void)state;
	for (size_t at = 0; at < RTP_PACKET_LEN; at++) {
		uint8_t packet[RTP_PACKET_LEN];
		enum rtp_heard heard;
		struct rtp_stream s;

		rtp_stream_begin(&s, random_a, 1, DELAY_NS);
		rtp_stream_write(&s, packet, 0);
		packet[at] ^= 1;
		heard = rtp_stream_read(&s, of(packet, sizeof(packet)), 1);
		/* another SSRC, number or kind of packet may be anybody's */
		CHECK(heard == RTP_ALTERED || heard == RTP_FOREIGN, "a byte");
		if (at >= RTP_HEADER_LEN || at == 1 || (at > 3 && at < 8))
			CHECK_EQ(RTP_ALTERED, heard, "a byte");
		CHECK_EQ(100, rtp_stream_loss_percent(&s), "a byte");
	}
}

static void other_lengths_are_altered(void **state)
{
	static const size_t lengths[] = { RTP_HEADER_LEN, RTP_PACKET_LEN - 1,
					  RTP_PACKET_LEN + 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint8_t packet[RTP_PACKET_LEN + 1] = { 0 };
		struct rtp_stream s;

		rtp_stream_begin(&s, random_a, 1, DELAY_NS);
		rtp_stream_write(&s, packet, 0);
		assert_int_equal(RTP_ALTERED,
				 rtp_stream_read(&s, of(packet, lengths[i]),
						 1));
		assert_true(rtp_stream_is_over(&s));
	}
}

static void what_does_not_count(void **state)
{
	uint8_t first[RTP_PACKET_LEN], second[RTP_PACKET_LEN];
	uint8_t other[RTP_PACKET_LEN];
	struct rtp_stream s, earlier;

	(void)state;
	rtp_stream_begin(&earlier, random_b, 2, DELAY_NS);
	rtp_stream_write(&earlier, other, 0);
	rtp_stream_begin(&s, random_a, 2, DELAY_NS);
	rtp_stream_write(&s, first, 0);

	/* of an earlier attempt, or of the other direction */
	assert_int_equal(RTP_FOREIGN,
			 rtp_stream_read(&s, of(other, sizeof(other)), 1));
	/* not RTP */
	assert_int_equal(RTP_FOREIGN, rtp_stream_read(&s, of(first, 4), 1));
	/* ours, not sent yet */
	earlier = s;
	rtp_stream_write(&earlier, second, 0);
	assert_int_equal(RTP_FOREIGN,
			 rtp_stream_read(&s, of(second, sizeof(second)), 1));
	assert_false(rtp_stream_is_over(&s));
	assert_int_equal(100, rtp_stream_loss_percent(&s));

	/* late is as good as lost; a second one changes nothing */
	rtp_stream_write(&s, second, 0);
	assert_int_equal(RTP_LATE,
			 rtp_stream_read(&s, of(second, sizeof(second)),
					 DELAY_NS + 1));
	assert_int_equal(RTP_DOUBLE,
			 rtp_stream_read(&s, of(second, sizeof(second)), 1));
	assert_int_equal(RTP_GOOD,
			 rtp_stream_read(&s, of(first, sizeof(first)),
					 DELAY_NS));
	assert_true(rtp_stream_is_over(&s));
	assert_int_equal(50, rtp_stream_loss_percent(&s));
	assert_int_equal(3, s.heard[RTP_FOREIGN]);
}

static void more_packets_than_there_is_room_for(void **state)
{
	uint8_t packet[RTP_PACKET_LEN];
	struct rtp_stream s;
	unsigned cnt = 0;

	(void)state;
	rtp_stream_begin(&s, random_a, RTP_STREAM_MAX + 1, DELAY_NS);
	while (rtp_stream_write(&s, packet, 0))
		cnt++;
	assert_int_equal(RTP_STREAM_MAX, cnt);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_as_rfc_3550_has_them),
		cmocka_unit_test(other_headers_are_none),
		cmocka_unit_test(what_is_sent_is_known_again),
		cmocka_unit_test(packets_are_those_of_a_phone),
		cmocka_unit_test(a_changed_byte_is_seen),
		cmocka_unit_test(other_lengths_are_altered),
		cmocka_unit_test(what_does_not_count),
		cmocka_unit_test(more_packets_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
