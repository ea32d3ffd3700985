/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "rtp-pinner/quality/rtcp.h"
#include "rtp-pinner/quality/test/rtcp_bytes.h"

enum {
	ITEMS_MAX = 8,
};

static struct rtcp_item items[ITEMS_MAX];
static size_t item_cnt;

static void keep(void *arg, const struct rtcp_item *item)
{
	assert_ptr_equal(items, arg);
	assert_true(item_cnt < ITEMS_MAX);
	items[item_cnt++] = *item;
}

static int parse(const uint8_t *bytes, size_t len)
{
	item_cnt = 0;
	return rtcp_parse(bytes, len, keep, items);
}

static void compounds_are_taken_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *name;
		const uint8_t *bytes;
		size_t len;
		size_t items;	/* 0: broken */
	} rows[] = {
		{ "SR", BYTES(SR), 1 },
		{ "SR, SDES, BYE", BYTES(SR SDES BYE), 3 },
		{ "RR", BYTES(RR("\0\0\0\7", "\0\0\0\1")), 1 },
		{ "empty RR", BYTES("\x80\xc9\0\1\0\0\0\7"), 1 },
		{ "XR", BYTES(XR_VOIP), 1 },
		{ "XR without blocks, BYE", BYTES("\x80\xcf\0\1\0\0\0\7" BYE), 1 },
		{ "XR of two blocks", BYTES("\x80\xcf\0\3\0\0\0\7"
					    "\4\0\0\0" "\5\0\0\0"), 2 },
		{ "BYE of nobody", BYTES("\x80\xcb\0\0"), 1 },
		{ "feedback, reduced size", BYTES("\x81\xce\0\2\0\0\0\1\0\0\0\2"),
		  1 },
		{ "padded at the end",
		  BYTES(SR "\xa0\xc9\0\2\0\0\0\7\0\0\0\4"), 2 },
		{ "nothing", BYTES(""), 0 },
		{ "three bytes", BYTES("\x80\xc9\0"), 0 },
		{ "version 1", BYTES("\x40\xc9\0\1\0\0\0\7"), 0 },
		{ "RTP", BYTES("\x80\0\0\0\0\0\0\0"), 0 },
		{ "longer than the datagram", BYTES("\x80\xc9\0\2\0\0\0\7"), 0 },
		{ "blocks it has no room for", BYTES("\x81\xc9\0\1\0\0\0\7"), 0 },
		{ "31 blocks claimed", BYTES("\x9f\xc9\0\7\0\0\0\x9"
					     BLOCK("\0\0\0\7", "\0\0\0\1")), 0 },
		{ "SR without its sender info", BYTES("\x80\xc8\0\1\0\0\0\7"),
		  0 },
		{ "BYE of more than it has", BYTES("\x82\xcb\0\1\0\0\0\7"), 0 },
		{ "XR block beyond the end", BYTES("\x80\xcf\0\2\0\0\0\7"
						   "\7\0\0\x8"), 0 },
		{ "broken behind a good one", BYTES(SR "\x80\xc9\0\1\0\0"), 0 },
		{ "padding in the middle",
		  BYTES("\xa0\xc9\0\2\0\0\0\7\0\0\0\4" SR), 0 },
		{ "padding longer than the packet",
		  BYTES("\xa0\xc9\0\1\0\0\0\x8"), 0 },
		{ "padding over a block", BYTES("\xa1\xc9\0\7\0\0\0\x9"
			"\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4"), 0 },
		{ "no padding where it says so", BYTES("\xa0\xc9\0\1\0\0\0\0"),
		  0 },
		{ "odd padding", BYTES("\xa0\xc9\0\2\0\0\0\7\0\0\0\3"), 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_EQ(rows[i].items ? 0 : EBADMSG,
			 parse(rows[i].bytes, rows[i].len), rows[i].name);
		CHECK_EQ(rows[i].items, item_cnt, rows[i].name);
	}
}

static void a_report_says_what_rfc3550_means(void **state)
{
	const struct rtcp_report *r = &items[0].reports[0];

	(void)state;
	assert_int_equal(0, parse(BYTES(RR("\0\0\0\7", "\0\1\2\3"))));
	assert_int_equal(RTCP_TYPE_RR, items[0].type);
	assert_int_equal(9, items[0].ssrc);
	assert_int_equal(1, items[0].report_cnt);
	assert_int_equal(7, r->ssrc);
	assert_int_equal(64, r->fraction_lost);
	assert_int_equal(5, r->lost);
	assert_int_equal(0x10203, r->max_seq);
	assert_int_equal(160, r->jitter);
	assert_int_equal(0xb7052000, r->lsr);
	assert_int_equal(0x54000, r->dlsr);

	assert_int_equal(0, parse(BYTES(SR_HEAD("\x82", "\0\x12")
					BLOCK("\0\0\0\1", "\0\0\0\1")
					"\0\0\0\2" "\0\xff\xff\xff"
					"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")));
	assert_int_equal(RTCP_TYPE_SR, items[0].type);
	assert_int_equal(7, items[0].ssrc);
	assert_int_equal(0xb7052000, items[0].ntp_middle);
	assert_int_equal(100, items[0].sender_packets);
	assert_int_equal(2, items[0].report_cnt);
	assert_int_equal(-1, items[0].reports[1].lost);
}

static void byes_and_voip_metrics_are_read(void **state)
{
	(void)state;
	assert_int_equal(0, parse(BYTES(SDES "\x82\xcb\0\2" "\0\0\0\7"
					"\0\0\0\x8")));
	assert_int_equal(RTCP_TYPE_SDES, items[0].type);
	assert_int_equal(7, items[0].ssrc);
	assert_int_equal(RTCP_TYPE_BYE, items[1].type);
	assert_int_equal(2, items[1].bye_cnt);
	assert_int_equal(7, items[1].byes[0]);
	assert_int_equal(8, items[1].byes[1]);

	assert_int_equal(0, parse(BYTES(XR_VOIP)));
	assert_int_equal(RTCP_TYPE_VOIP, items[0].type);
	assert_int_equal(7, items[0].ssrc);
	assert_int_equal(12, items[0].loss_rate);
	assert_int_equal(3, items[0].discard_rate);
	assert_int_equal(130, items[0].round_trip_ms);
	assert_int_equal(91, items[0].r_factor);
	assert_int_equal(42, items[0].mos_lq_x10);
	assert_int_equal(41, items[0].mos_cq_x10);
}

/* What oRTP itself would read: a block 30 far behind the datagram. */
static void a_length_field_that_lies_is_not_believed(void **state)
{
	static const uint8_t lying[] =
		"\x9f\xc9\0\xff" "\0\0\0\x9" BLOCK("\0\0\0\7", "\0\0\0\1");

	(void)state;
	assert_int_equal(EBADMSG, parse(lying, sizeof(lying) - 1));
	assert_int_equal(0, item_cnt);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(compounds_are_taken_whole_or_not_at_all),
		cmocka_unit_test(a_report_says_what_rfc3550_means),
		cmocka_unit_test(byes_and_voip_metrics_are_read),
		cmocka_unit_test(a_length_field_that_lies_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
