/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/sdp/test/sdp_change.h"

#define AUDIO "m=audio 4000 RTP/AVP 0\n"
#define RELAYED_SESSION \
	"v=0\n" ORIGIN "s=-\n" "c=IN IP4 192.0.2.53\n" "t=0 0\n"
#define RELAYED RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
#define CREDENTIALS "a=ice-ufrag:abcd\n" "a=ice-pwd:0123456789abcdef012345\n"
#define RTP4 "a=candidate:1 1 UDP 2130706431 192.0.2.53 30000 typ host\n"
#define RTP6 "a=candidate:2 1 UDP 2130706175 2001:db8::53 30000 typ host\n"
#define RTCP4 "a=candidate:1 2 UDP 2130706430 192.0.2.53 30001 typ host\n"
#define RTCP6 "a=candidate:2 2 UDP 2130706174 2001:db8::53 30001 typ host\n"

static void candidates_are_read(void **state)
{
	static const struct {
		const char *what, *line;
		unsigned component;
		bool udp;
		const char *addr;
		unsigned port;
	} rows[] = {
		{ "host", "1 1 UDP 2130706431 198.51.100.1 4000 typ host",
		  1, true, "198.51.100.1", 4000 },
		{ "lower case, extensions",
		  "a 2 udp 1 198.51.100.1 4001 typ host generation 0 ufrag x",
		  2, true, "198.51.100.1", 4001 },
		{ "srflx: the reflexive address",
		  "2 1 UDP 1 203.0.113.9 5000 typ srflx raddr 10.0.0.1 rport 9",
		  1, true, "203.0.113.9", 5000 },
		{ "relay",
		  "3 1 UDP 1 203.0.113.8 6000 typ relay raddr 203.0.113.9 "
		  "rport 5000", 1, true, "203.0.113.8", 6000 },
		{ "TCP", "4 1 TCP 1 198.51.100.1 9 typ host tcptype active",
		  1, false, "198.51.100.1", 9 },
		{ "IPv6", "5 1 UDP 1 2001:db8::1 4000 typ host",
		  1, true, "2001:db8::1", 4000 },
		{ "mDNS", "6 1 UDP 1 4f2e.local 4000 typ host",
		  1, true, "-", 4000 },
		{ "a name", "7 1 UDP 1 host.example.net 4000 typ host",
		  1, true, "-", 4000 },
		{ "no type", "8 1 UDP 1 198.51.100.1 4000",
		  1, true, "198.51.100.1", 4000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct sdp_candidate *c;
		struct sdp *sdp;
		char text[512];

		snprintf(text, sizeof(text), SESSION AUDIO "a=candidate:%s\n",
			 rows[i].line);
		sdp = parsed(text, rows[i].what);
		CHECK_EQ(1, sdp_media(sdp, 0)->candidate_cnt, rows[i].what);
		CHECK(sdp_media(sdp, 0)->ice, rows[i].what);
		c = sdp_media(sdp, 0)->candidates;
		CHECK_EQ(rows[i].component, c->component, rows[i].what);
		CHECK_EQ(rows[i].udp, c->udp, rows[i].what);
		CHECK_STR(rows[i].addr, addr_text(&c->addr), rows[i].what);
		CHECK_EQ(rows[i].port, c->port, rows[i].what);
		sdp_free(sdp);
	}
}

static void broken_candidates_are_none(void **state)
{
	static const char *const lines[] = {
		"", "1", "1 1", "1 1 UDP", "1 1 UDP 1", "1 1 UDP 1 198.51.100.1",
		"1 x UDP 1 198.51.100.1 4000 typ host",
		"1 257 UDP 1 198.51.100.1 4000 typ host",
		"1 1 UDP 1 198.51.100.1 99999 typ host",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct sdp *sdp;
		char text[512];

		snprintf(text, sizeof(text), SESSION AUDIO "a=candidate:%s\n",
			 lines[i]);
		sdp = parsed(text, lines[i]);
		CHECK_EQ(0, sdp_media(sdp, 0)->candidate_cnt, lines[i]);
		sdp_free(sdp);
	}
}

/* The sections' candidates share one array. */
static void candidates_stay_with_their_section(void **state)
{
	struct sdp *sdp = parsed(
		SESSION "a=ice-ufrag:sess\n"
		AUDIO
		"a=candidate:1 1 UDP 1 198.51.100.1 11 typ host\n"
		"a=candidate:1 1 UDP 1 198.51.100.1 12 typ host\n"
		AUDIO
		"a=ice-ufrag:mine\n"
		AUDIO
		"a=candidate:1 1 UDP 1 198.51.100.1 31 typ host\n", "three");

	(void)state;
	assert_int_equal(sdp_media(sdp, 0)->candidate_cnt, 2);
	assert_int_equal(sdp_media(sdp, 0)->candidates[0].port, 11);
	assert_int_equal(sdp_media(sdp, 0)->candidates[1].port, 12);
	assert_string_equal(text_of(sdp_media(sdp, 0)->ufrag), "sess");
	assert_int_equal(sdp_media(sdp, 1)->candidate_cnt, 0);
	assert_string_equal(text_of(sdp_media(sdp, 1)->ufrag), "mine");
	assert_true(sdp_media(sdp, 1)->ice);
	assert_int_equal(sdp_media(sdp, 2)->candidate_cnt, 1);
	assert_int_equal(sdp_media(sdp, 2)->candidates[0].port, 31);
	sdp_free(sdp);
}

static const struct rewrite_case ice_cases[] = {
	{ "removed at both levels",
	  SESSION "a=ice-lite\n" "a=ice-options:trickle\n" "a=x\n"
	  AUDIO CREDENTIALS "a=y\n"
	  "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n"
	  "a=candidate:broken\n" "a=ice-options:ice2\n"
	  "a=ice-mismatch\n" "a=ice-pacing:50\n"
	  "a=remote-candidates:1 203.0.113.1 5000\n"
	  "a=end-of-candidates\n" "a=fingerprint:sha-256 AA:BB\n",
	  RELAYED_SESSION "a=x\n" "m=audio 30000 RTP/AVP 0\n" "a=y\n"
	  "a=fingerprint:sha-256 AA:BB\n",
	  { TO_RELAY, .ice = SDP_ICE_REMOVE } },
	{ "kept",
	  SESSION "a=ice-lite\n" AUDIO CREDENTIALS
	  "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n"
	  "a=remote-candidates:1 203.0.113.1 5000\n",
	  RELAYED_SESSION "a=ice-lite\n" "m=audio 30000 RTP/AVP 0\n"
	  CREDENTIALS
	  "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n"
	  "a=remote-candidates:1 203.0.113.1 5000\n",
	  { TO_RELAY, .ice = SDP_ICE_KEEP } },
	{ "ours in the place of the first",
	  SESSION AUDIO "a=x\n"
	  "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n" "a=y\n"
	  "a=candidate:2 1 TCP 1 198.51.100.1 9 typ host\n"
	  "a=candidate:3 2 UDP 1 4f2e.local 4001 typ host\n"
	  "a=remote-candidates:1 203.0.113.1 5000\n"
	  CREDENTIALS "a=end-of-candidates\n",
	  RELAYED "a=x\n" RTP4 RTCP4 "a=y\n" CREDENTIALS
	  "a=end-of-candidates\n",
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "two families",
	  SESSION AUDIO CREDENTIALS
	  "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n",
	  RELAYED CREDENTIALS RTP4 RTP6 RTCP4 RTCP6,
	  { TO_RELAY, .ice = SDP_ICE_OURS, .addr_other = RELAY6 } },
	{ "none were given yet",
	  SESSION CREDENTIALS AUDIO "a=x\n" "\n",
	  RELAYED_SESSION CREDENTIALS "m=audio 30000 RTP/AVP 0\n"
	  "a=x\n" RTP4 RTCP4 "\n",
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "none were given, no end of the last line",
	  SESSION AUDIO "a=ice-ufrag:abcd",
	  RELAYED "a=ice-ufrag:abcd\n" RTP4
	  "a=candidate:1 2 UDP 2130706430 192.0.2.53 30001 typ host",
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "in place of the last line, which has no end",
	  SESSION AUDIO "a=candidate:broken",
	  RELAYED RTP4
	  "a=candidate:1 2 UDP 2130706430 192.0.2.53 30001 typ host",
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "no ICE: none of ours",
	  SESSION AUDIO, RELAYED,
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "muxed: one component",
	  SESSION AUDIO CREDENTIALS, RELAYED CREDENTIALS RTP4,
	  { .touch = true, .addr = RELAY4, .port = 30000,
	    .rtcp_port = 30000, .ice = SDP_ICE_OURS } },
	{ "rtcp-mux-only: one component",
	  SESSION AUDIO CREDENTIALS "a=rtcp-mux-only\n",
	  RELAYED CREDENTIALS "a=rtcp-mux-only\n" RTP4,
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "rtcp-mux-only is removed: two",
	  SESSION AUDIO CREDENTIALS "a=rtcp-mux-only\n",
	  RELAYED CREDENTIALS RTP4 RTCP4,
	  { TO_RELAY, .ice = SDP_ICE_OURS, .mux = SDP_MUX_REMOVE } },
	{ "data channel: one component",
	  SESSION "m=application 9 UDP/DTLS/SCTP x\n" CREDENTIALS,
	  RELAYED_SESSION "m=application 30000 UDP/DTLS/SCTP x\n"
	  CREDENTIALS RTP4,
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
	{ "port 0: none",
	  SESSION AUDIO CREDENTIALS
	  "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n",
	  RELAYED_SESSION "m=audio 0 RTP/AVP 0\n" CREDENTIALS,
	  { .touch = true, .addr = RELAY4, .ice = SDP_ICE_OURS } },
	{ "a hold keeps 0.0.0.0, not so the candidates",
	  "v=0\n" "c=IN IP4 0.0.0.0\n" AUDIO CREDENTIALS,
	  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 30000 RTP/AVP 0\n"
	  CREDENTIALS RTP4 RTCP4,
	  { TO_RELAY, .ice = SDP_ICE_OURS, .keep_zero_addr = true } },
	{ "candidates at session level",
	  SESSION "a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n"
	  CREDENTIALS AUDIO,
	  RELAYED_SESSION CREDENTIALS "m=audio 30000 RTP/AVP 0\n"
	  RTP4 RTCP4,
	  { TO_RELAY, .ice = SDP_ICE_OURS } },
};

static void ice_is_removed_kept_or_ours(void **state)
{
	(void)state;
	check_rewrites(ice_cases, ARRAY_SIZE(ice_cases));
}

/* What one section needs of the session is not taken from it by another. */
static void session_ice_stays_while_a_section_needs_it(void **state)
{
	static const char text[] =
		SESSION CREDENTIALS AUDIO "m=video 4002 RTP/AVP 31\n";
	struct sdp_media_change media[2] = {
		{ TO_RELAY, .ice = SDP_ICE_REMOVE },
		{ TO_RELAY, .ice = SDP_ICE_OURS },
	};
	struct sdp_change change = { .media = media };

	(void)state;
	check_rewrite("one removes", text,
		      RELAYED_SESSION CREDENTIALS "m=audio 30000 RTP/AVP 0\n"
		      "m=video 30000 RTP/AVP 31\n" RTP4 RTCP4, &change);
	media[1].ice = SDP_ICE_REMOVE;
	check_rewrite("both remove", text,
		      RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		      "m=video 30000 RTP/AVP 31\n", &change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates_are_read),
		cmocka_unit_test(broken_candidates_are_none),
		cmocka_unit_test(candidates_stay_with_their_section),
		cmocka_unit_test(ice_is_removed_kept_or_ours),
		cmocka_unit_test(session_ice_stays_while_a_section_needs_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
