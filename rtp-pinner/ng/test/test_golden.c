/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stock Kamailio sends, byte by byte as captured. */
#include "common/test/table.h"

#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/ng/message.h"
#include "rtp-pinner/ng/test/one_dict.h"

#define SDP "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\n" \
	    "c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n" \
	    "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
#define SDP_LEN "129"

/* Kamailio 5.6.3, rtpengine_manage("RTP/AVP replace-origin
 * replace-session-connection ICE=remove direction=ext direction=int
 * via-branch=auto strict-source address-family=IP4 label=caller")
 */
#define OFFER_56 \
	"0_594_1 d8:supportsl10:load limite3:sdp" SDP_LEN ":" SDP \
	"3:ICE6:remove14:address-family3:IP45:label6:caller" \
	"9:directionl3:ext3:inte5:flagsl13:strict-sourcee" \
	"7:replacel6:origin18:session-connectione" \
	"18:transport-protocol7:RTP/AVP7:call-id7:cid-1@x" \
	"10:via-branch9:z9hG4bKi1" \
	"13:received-froml3:IP412:198.51.100.1e8:from-tag4:ftag" \
	"7:command5:offere"
#define ANSWER_56 \
	"0_594_2 d8:supportsl10:load limite3:sdp" SDP_LEN ":" SDP \
	"7:replacel6:origine18:transport-protocol7:RTP/AVP" \
	"7:call-id7:cid-1@x10:via-branch9:z9hG4bKi1" \
	"13:received-froml3:IP412:198.51.100.3e8:from-tag4:ftag" \
	"6:to-tag4:ttag7:command6:answere"
#define DELETE_56 \
	"0_594_3 d8:supportsl10:load limite7:call-id7:cid-1@x" \
	"10:via-branch9:z9hG4bKb1" \
	"13:received-froml3:IP412:198.51.100.1e8:from-tag4:ftag" \
	"7:command6:deletee"
#define QUERY_56 \
	"0_594_4 d8:supportsl10:load limite7:call-id7:cid-1@x" \
	"13:received-froml3:IP412:198.51.100.1e8:from-tag4:ftag" \
	"6:to-tag4:ttag7:command5:querye"
/* 5.6 with delete-delay=0 and an operator's received-from */
#define DELETE_DELAY_56 \
	"0_594_5 d8:supportsl10:load limite12:delete delayi0e" \
	"12:delete-delay1:013:received-from11:203.0.113.9" \
	"5:flagsl6:to-tag5:fatale7:call-id7:cid-1@x" \
	"13:received-froml3:IP412:198.51.100.1e8:from-tag4:ftag" \
	"6:to-tag4:ttag7:command6:deletee"
/* Kamailio 6.0, rtpengine_offer("... flags ...", "auto"): no received-from of
 * its own, the flags for the relay to read
 */
#define OFFER_60 \
	"0_1804289383_846930886 d8:supportsl10:load limite" \
	"3:sdp" SDP_LEN ":" SDP "7:call-id7:cid-1@x" \
	"10:via-branch9:z9hG4bKi18:from-tag4:ftag7:command5:offer" \
	"16:sip-message-type11:sip_request10:rtpp-flags112:" \
	"RTP/SAVP replace=origin strict-source ICE=remove " \
	"received-from=203.0.113.9 via-branch=auto rtcp-mux-offer TOS=46e"
#define DELETE_60 \
	"0_1_2 d8:supportsl10:load limite7:call-id7:cid-1@x" \
	"10:via-branch9:z9hG4bKb18:from-tag4:ftag6:to-tag4:ttag" \
	"7:command6:delete16:sip-message-type9:sip_reply" \
	"10:rtpp-flags14:delete-delay=5e"

static void read_golden(struct ng_command *out, const char *datagram)
{
	struct slice cookie, body;
	enum ng_encoding encoding;
	const char *reason;

	CHECK_EQ(0, ng_message_split(&cookie, &body, slice_str(datagram)),
		 datagram);
	CHECK_EQ(0, ng_message_read(dict, &encoding, &reason, body), datagram);
	CHECK_EQ(NG_BENCODE, encoding, datagram);
	CHECK_EQ(0, ng_command_read(out, &reason, dict), datagram);
	CHECK_EQ(0, out->unknown_cnt, datagram);
	CHECK_EQ(0, out->refused_cnt, datagram);
}

static void check_text(const char *want, struct slice got)
{
	CHECK(slice_equal(slice_str(want), got), want);
}

static void check_addr(const char *want, const struct addr *got)
{
	char text[ADDR_TEXT_MAX];

	addr_format(text, got);
	CHECK_STR(want, text, want);
}

static void ping_of_kamailio_5_6(void **state)
{
	struct ng_command c;

	(void)state;
	read_golden(&c, "0_594_0 d7:command4:pinge");
	assert_int_equal(c.verb, NG_PING);
	assert_int_equal(c.flags, 0);
}

static void offer_of_kamailio_5_6(void **state)
{
	struct ng_command c;

	(void)state;
	read_golden(&c, OFFER_56);
	assert_int_equal(c.verb, NG_OFFER);
	assert_int_equal(c.flags,
			 NG_F(NG_LOAD_LIMIT) | NG_F(NG_STRICT_SOURCE) |
				 NG_F(NG_REPLACE_ORIGIN) |
				 NG_F(NG_REPLACE_SESSION_CONNECTION));
	check_text(SDP, c.sdp);
	check_text("cid-1@x", c.call_id);
	check_text("ftag", c.from_tag);
	check_text("", c.to_tag);
	check_text("z9hG4bKi1", c.via_branch);
	check_text("caller", c.label);
	check_text("RTP/AVP", c.transport_protocol);
	assert_int_equal(c.ice, NG_ICE_REMOVE);
	assert_int_equal(c.address_family, 4);
	assert_int_equal(c.received_cnt, 1);
	check_addr("198.51.100.1", &c.received[0]);
	assert_int_equal(c.tos, -1);
	assert_int_equal(c.delete_delay_ms, -1);
	assert_int_equal(c.message_type, NG_SIP_UNSET);
}

static void answer_of_kamailio_5_6(void **state)
{
	struct ng_command c;

	(void)state;
	read_golden(&c, ANSWER_56);
	assert_int_equal(c.verb, NG_ANSWER);
	check_text("ftag", c.from_tag);
	check_text("ttag", c.to_tag);
	check_addr("198.51.100.3", &c.received[0]);
	assert_int_equal(c.flags, NG_F(NG_LOAD_LIMIT) |
					  NG_F(NG_REPLACE_ORIGIN));
}

static void delete_and_query_of_kamailio_5_6(void **state)
{
	struct ng_command c;

	(void)state;
	read_golden(&c, DELETE_56);
	assert_int_equal(c.verb, NG_DELETE);
	check_text("z9hG4bKb1", c.via_branch);
	check_text("", c.to_tag);

	read_golden(&c, QUERY_56);
	assert_int_equal(c.verb, NG_QUERY);
	check_text("ttag", c.to_tag);

	read_golden(&c, DELETE_DELAY_56);
	assert_int_equal(c.delete_delay_ms, 0);
	assert_int_equal(c.received_cnt, 1);
	check_addr("203.0.113.9", &c.received[0]);
	check_text("ttag", c.to_tag);
	assert_true(c.flags & NG_F(NG_FATAL));
}

static void offer_of_kamailio_6_0_with_the_flags_for_us(void **state)
{
	struct ng_command c;

	(void)state;
	read_golden(&c, OFFER_60);
	assert_int_equal(c.verb, NG_OFFER);
	check_text("RTP/SAVP", c.transport_protocol);
	check_text("z9hG4bKi1", c.via_branch);
	assert_int_equal(c.flags,
			 NG_F(NG_LOAD_LIMIT) | NG_F(NG_STRICT_SOURCE) |
				 NG_F(NG_REPLACE_ORIGIN) |
				 NG_F(NG_RTCP_MUX_OFFER));
	assert_int_equal(c.received_cnt, 1);
	check_addr("203.0.113.9", &c.received[0]);
	assert_int_equal(c.ice, NG_ICE_REMOVE);
	assert_int_equal(c.tos, 46);
	assert_int_equal(c.message_type, NG_SIP_REQUEST);
}

static void delete_of_kamailio_6_0_selects_by_to_tag_only_if_told(void **state)
{
	struct ng_command c;

	(void)state;
	read_golden(&c, DELETE_60);
	assert_int_equal(c.verb, NG_DELETE);
	check_text("", c.to_tag);
	assert_int_equal(c.delete_delay_ms, 5000);
	assert_int_equal(c.message_type, NG_SIP_REPLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ping_of_kamailio_5_6),
		cmocka_unit_test(offer_of_kamailio_5_6),
		cmocka_unit_test(answer_of_kamailio_5_6),
		cmocka_unit_test(delete_and_query_of_kamailio_5_6),
		cmocka_unit_test(offer_of_kamailio_6_0_with_the_flags_for_us),
		cmocka_unit_test(
			delete_of_kamailio_6_0_selects_by_to_tag_only_if_told),
	};

	return cmocka_run_group_tests(tests, dict_setup, dict_teardown);
}
