/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both of rtpframe and rtptally: what is sent comes back in every way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "bench/rtptally.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

/* Two streams, to be relayed from 10.0.0.9 port 40000 and 40002. */
static void set_up(struct rtptally *t)
{
	assert_int_equal(rtptally_init(t, 2, 77), 0);
	for (unsigned i = 0; i < 2; i++) {
		t->streams[i].out = (struct rtpflow){
			.saddr_be = htonl(0x0ac80101 + i),
			.daddr_be = htonl(0x0a000009),
			.sport_be = htons(16384),
			.dport_be = htons((uint16_t)(40002 - 2 * i)),
		};
		t->streams[i].want = (struct rtpflow){
			.saddr_be = htonl(0x0a000009),
			.daddr_be = htonl(0x0ac80102 - i),
			.sport_be = htons((uint16_t)(40000 + 2 * i)),
			.dport_be = htons(16384),
		};
	}
	rtptally_begin(t);
}

/* Send the next packet at now_ns; frame is what a right relay makes of it. */
static unsigned send_next(struct rtptally *t, uint8_t *frame, uint64_t now_ns)
{
	const struct rtpflow *out;
	struct rtpmark mark;

	out = rtptally_next(t, &mark, now_ns);
	assert_ptr_equal(out, &t->streams[mark.stream].out);
	rtpframe_init(frame, mac, mac);
	rtpframe_fill(frame, &t->streams[mark.stream].want, &mark);
	return mark.stream;
}

static enum rtptally_verdict take(struct rtptally *t, const uint8_t *frame,
				  uint64_t now_ns)
{
	return rtptally_take(t, frame + RTPFRAME_ETHERNET_LEN,
			     RTPFRAME_IP_LEN, now_ns);
}

static void streams_take_turns_and_packets_come_back(void **state)
{
	struct rtptally t;
	uint8_t frame[RTPFRAME_LEN];

	(void)state;
	set_up(&t);
	for (unsigned i = 0; i < 200000; i++) {
		assert_int_equal(send_next(&t, frame, 1000), i % 2);
		assert_int_equal(take(&t, frame, 1020), RTPTALLY_RIGHT);
	}
	assert_int_equal(t.sent, 200000);
	assert_int_equal(rtptally_lost(&t), 0);
	assert_int_equal(t.reordered, 0);
	assert_int_equal(histogram_permille(&t.delay_ns, 500), 20);
	rtptally_fini(&t);
}

static void losses_duplicates_and_order_are_seen(void **state)
{
	struct rtptally t;
	uint8_t frames[6][RTPFRAME_LEN];

	(void)state;
	set_up(&t);
	for (unsigned i = 0; i < 6; i++)
		send_next(&t, frames[i], 1);

	assert_int_equal(take(&t, frames[4], 2), RTPTALLY_RIGHT);
	assert_int_equal(take(&t, frames[0], 2), RTPTALLY_RIGHT);
	assert_int_equal(take(&t, frames[1], 2), RTPTALLY_RIGHT);
	assert_int_equal(take(&t, frames[4], 2), RTPTALLY_DUPLICATE);
	assert_int_equal(take(&t, frames[0], 2), RTPTALLY_DUPLICATE);
	assert_int_equal(t.reordered, 1);
	assert_int_equal(rtptally_lost(&t), 3);
	assert_int_equal(t.verdicts[RTPTALLY_DUPLICATE], 2);
	rtptally_fini(&t);
}

static void a_packet_far_behind_counts_as_a_duplicate(void **state)
{
	struct rtptally t;
	uint8_t first[RTPFRAME_LEN], frame[RTPFRAME_LEN];

	(void)state;
	set_up(&t);
	send_next(&t, first, 1);
	for (unsigned i = 0; i < 128; i++)
		send_next(&t, frame, 1);
	assert_int_equal(take(&t, frame, 2), RTPTALLY_RIGHT);
	assert_int_equal(take(&t, first, 2), RTPTALLY_DUPLICATE);
	rtptally_fini(&t);
}

static void late_and_stale_packets_are_told_apart(void **state)
{
	struct rtptally t;
	uint8_t a[RTPFRAME_LEN], b[RTPFRAME_LEN];

	(void)state;
	set_up(&t);
	t.late_ns = 100;
	send_next(&t, a, 1000);
	send_next(&t, b, 1000);
	assert_int_equal(take(&t, a, 1101), RTPTALLY_RIGHT);
	assert_int_equal(t.late, 1);

	rtptally_begin(&t);
	assert_int_equal(take(&t, b, 1050), RTPTALLY_STALE);
	assert_int_equal(t.late, 0);
	assert_int_equal(rtptally_lost(&t), 0);
	send_next(&t, a, 1000);
	assert_int_equal(take(&t, a, 1100), RTPTALLY_RIGHT);
	assert_int_equal(t.late, 0);
	rtptally_fini(&t);
}

/* Each byte of a right packet changed, one at a time. */
static void a_changed_packet_is_never_right(void **state)
{
	struct rtptally t;
	uint8_t frame[RTPFRAME_LEN], bad[RTPFRAME_LEN];
	enum {
		UDP_SUM_AT = RTPFRAME_ETHERNET_LEN + 26,
		SENT_AT = RTPFRAME_ETHERNET_LEN + 40,
		PHASE_AT = SENT_AT + 12,
	};

	(void)state;
	set_up(&t);
	send_next(&t, frame, 1);
	for (unsigned i = RTPFRAME_ETHERNET_LEN; i < RTPFRAME_LEN; i++) {
		enum rtptally_verdict verdict;

		/* a relay's to choose, or nobody's to check */
		if (i / 2 == UDP_SUM_AT / 2 || (i >= SENT_AT && i < SENT_AT + 8) ||
		    (i >= PHASE_AT && i < PHASE_AT + 4))
			continue;
		memcpy(bad, frame, sizeof(bad));
		bad[i] ^= 0x10;
		verdict = take(&t, bad, 2);
		if (verdict != RTPTALLY_FOREIGN && verdict != RTPTALLY_MISROUTED)
			fail_msg("byte %u: %s", i,
				 rtptally_verdict_name(verdict));
	}
	for (size_t len = 0; len < RTPFRAME_IP_LEN; len++)
		assert_int_equal(rtptally_take(&t, frame + RTPFRAME_ETHERNET_LEN,
					       len, 2), RTPTALLY_FOREIGN);
	assert_int_equal(take(&t, frame, 2), RTPTALLY_RIGHT);
	rtptally_fini(&t);
}

static void a_relay_may_choose_ttl_and_dscp(void **state)
{
	struct rtptally t;
	uint8_t frame[RTPFRAME_LEN], *ip = frame + RTPFRAME_ETHERNET_LEN;

	(void)state;
	set_up(&t);
	send_next(&t, frame, 1);
	/* DSCP EF, an id, two hops */
	ip[1] = 0xb8;
	ip[5] = 7;
	ip[8] -= 2;
	ip[10] = ip[11] = 0;
	for (unsigned i = 0, sum = 0; i < 20; i += 2) {
		sum += (unsigned)ip[i] << 8 | ip[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		if (i == 18) {
			ip[10] = (uint8_t)(~sum >> 8);
			ip[11] = (uint8_t)~sum;
		}
	}
	assert_int_equal(take(&t, frame, 2), RTPTALLY_RIGHT);
	rtptally_fini(&t);
}

static void a_packet_of_another_stream_is_misrouted(void **state)
{
	struct rtptally t;
	uint8_t frame[RTPFRAME_LEN];
	struct rtpmark mark;

	(void)state;
	set_up(&t);
	rtptally_next(&t, &mark, 1);
	rtpframe_init(frame, mac, mac);
	rtpframe_fill(frame, &t.streams[1].want, &mark);
	assert_int_equal(take(&t, frame, 2), RTPTALLY_MISROUTED);
	rtpframe_fill(frame, &t.streams[0].out, &mark);
	assert_int_equal(take(&t, frame, 2), RTPTALLY_MISROUTED);
	assert_int_equal(rtptally_lost(&t), 1);
	rtptally_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_take_turns_and_packets_come_back),
		cmocka_unit_test(losses_duplicates_and_order_are_seen),
		cmocka_unit_test(a_packet_far_behind_counts_as_a_duplicate),
		cmocka_unit_test(late_and_stale_packets_are_told_apart),
		cmocka_unit_test(a_changed_packet_is_never_right),
		cmocka_unit_test(a_relay_may_choose_ttl_and_dscp),
		cmocka_unit_test(a_packet_of_another_stream_is_misrouted),
	};

	return cmocka_run_group_tests_name("rtptally", tests, NULL, NULL);
}
