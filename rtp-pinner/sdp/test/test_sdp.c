/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/sdp/test/sdp_text.h"

struct media_case {
	const char *what, *text;
	const char *addr;
	unsigned port;
	bool zero;
	const char *rtcp_addr;
	unsigned rtcp_port;
	bool has_rtcp, mux, mux_only;
	enum sdp_direction direction;
};

static const struct media_case media_cases[] = {
	{ "plain", SESSION "m=audio 4000 RTP/AVP 0\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_SENDRECV },
	{ "c= of the media counts",
	  SESSION "m=audio 4000 RTP/AVP 0\n" "c=IN IP4 198.51.100.9\n",
	  "198.51.100.9", 4000, false, "198.51.100.9", 4001,
	  .direction = SDP_SENDRECV },
	{ "c= after attributes",
	  NO_CONNECTION "m=audio 4000 RTP/AVP 0\n" "a=x\n"
	  "c=IN IP4 198.51.100.9\n",
	  "198.51.100.9", 4000, false, "198.51.100.9", 4001,
	  .direction = SDP_SENDRECV },
	{ "two c=: the first",
	  SESSION "m=audio 4000 RTP/AVP 0\n" "c=IN IP4 198.51.100.8\n"
	  "c=IN IP4 198.51.100.9\n",
	  "198.51.100.8", 4000, false, "198.51.100.8", 4001,
	  .direction = SDP_SENDRECV },
	{ "IPv6", "v=0\n" "c=IN IP6 2001:db8::1\n"
	  "m=audio 4000 RTP/AVP 0\n",
	  "2001:db8::1", 4000, false, "2001:db8::1", 4001,
	  .direction = SDP_SENDRECV },
	{ "hold of RFC 2543", "v=0\n" "c=IN IP4 0.0.0.0\n"
	  "m=audio 4000 RTP/AVP 0\n",
	  "0.0.0.0", 4000, true, "0.0.0.0", 4001,
	  .direction = SDP_SENDRECV },
	{ "hold, IPv6", "v=0\n" "c=IN IP6 ::\n"
	  "m=audio 4000 RTP/AVP 0\n",
	  "::", 4000, true, "::", 4001,
	  .direction = SDP_SENDRECV },
	{ "a name", "v=0\n" "c=IN IP4 media.example.net\n"
	  "m=audio 4000 RTP/AVP 0\n", "-", 4000, false, "-", 4001,
	  .direction = SDP_SENDRECV },
	{ "rejected", SESSION "m=audio 0 RTP/AVP 0\n",
	  "198.51.100.1", 0, false, "198.51.100.1", 0,
	  .direction = SDP_SENDRECV },
	{ "rejected, a=rtcp left", SESSION "m=audio 0 RTP/AVP 0\n"
	  "a=rtcp:53\n", "198.51.100.1", 0, false, "198.51.100.1", 0,
	  .has_rtcp = true },
	{ "several ports", SESSION "m=audio 4000/2 RTP/AVP 0\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_SENDRECV },
	{ "last port", SESSION "m=audio 65535 RTP/AVP 0\n",
	  "198.51.100.1", 65535, false, "198.51.100.1", 0,
	  .direction = SDP_SENDRECV },
	{ "a=rtcp", SESSION "m=audio 4000 RTP/AVP 0\n" "a=rtcp:53\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 53,
	  .has_rtcp = true },
	{ "a=rtcp with an address",
	  SESSION "m=audio 4000 RTP/AVP 0\n"
	  "a=rtcp:53 IN IP4 198.51.100.7\n",
	  "198.51.100.1", 4000, false, "198.51.100.7", 53,
	  .has_rtcp = true },
	{ "a=rtcp of the session is none",
	  SESSION "a=rtcp:53\n" "m=audio 4000 RTP/AVP 0\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_SENDRECV },
	{ "a=rtcp with nonsense",
	  SESSION "m=audio 4000 RTP/AVP 0\n" "a=rtcp:99999 IN IP4\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .has_rtcp = true },
	{ "rtcp-mux", SESSION "m=audio 4000 RTP/AVP 0\n" "a=rtcp-mux\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .mux = true },
	{ "rtcp-mux-only",
	  SESSION "m=audio 4000 RTP/AVP 0\n" "a=rtcp-mux-only\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .mux = true, .mux_only = true },
	{ "direction of the session",
	  SESSION "a=sendonly\n" "m=audio 4000 RTP/AVP 0\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_SENDONLY },
	{ "direction of the media counts",
	  SESSION "a=sendonly\n" "m=audio 4000 RTP/AVP 0\n"
	  "a=sendrecv\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_SENDRECV },
	{ "inactive", SESSION "m=audio 4000 RTP/AVP 0\n" "a=inactive\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_INACTIVE },
	{ "recvonly", SESSION "m=audio 4000 RTP/AVP 0\n" "a=recvonly\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 4001,
	  .direction = SDP_RECVONLY },
	{ "T.38 has no RTCP", SESSION "m=image 4000 udptl t38\n",
	  "198.51.100.1", 4000, false, "198.51.100.1", 0,
	  .direction = SDP_SENDRECV },
};

static void one_media_says_where_and_how(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(media_cases); i++) {
		const struct media_case *c = &media_cases[i];
		const char *what = c->what;
		struct sdp *sdp = parsed(c->text, what);
		const struct sdp_media *m = sdp_media(sdp, 0);

		CHECK_EQ(1, sdp_media_cnt(sdp), what);
		CHECK_STR(c->addr, addr_text(&m->addr), what);
		CHECK_EQ(c->port, m->port, what);
		CHECK_EQ(c->zero, m->zero_addr, what);
		CHECK_STR(c->rtcp_addr, addr_text(&m->rtcp_addr), what);
		CHECK_EQ(c->rtcp_port, m->rtcp_port, what);
		CHECK_EQ(c->has_rtcp, m->has_rtcp, what);
		CHECK_EQ(c->mux, m->rtcp_mux, what);
		CHECK_EQ(c->mux_only, m->rtcp_mux_only, what);
		CHECK_EQ(c->direction, m->direction, what);
		CHECK_EQ(-1, m->bundle_head, what);
		sdp_free(sdp);
	}
}

static void transports_are_told_apart(void **state)
{
	static const struct {
		const char *proto;
		enum sdp_proto want;
	} rows[] = {
		{ "RTP/AVP", SDP_PROTO_RTP },
		{ "RTP/AVPF", SDP_PROTO_RTP },
		{ "rtp/avp", SDP_PROTO_RTP },
		{ "RTP/SAVP", SDP_PROTO_SRTP },
		{ "RTP/SAVPF", SDP_PROTO_SRTP },
		{ "UDP/TLS/RTP/SAVP", SDP_PROTO_SRTP },
		{ "UDP/TLS/RTP/SAVPF", SDP_PROTO_SRTP },
		{ "udptl", SDP_PROTO_UDP },
		{ "UDPTL", SDP_PROTO_UDP },
		{ "UDP", SDP_PROTO_UDP },
		{ "UDP/TLS/UDPTL", SDP_PROTO_UDP },
		{ "UDP/BFCP", SDP_PROTO_UDP },
		{ "UDP/DTLS/SCTP", SDP_PROTO_UDP },
		{ "DTLS/SCTP", SDP_PROTO_UDP },
		{ "FOO/BAR", SDP_PROTO_UDP },
		{ "TCP", SDP_PROTO_OTHER },
		{ "TCP/MSRP", SDP_PROTO_OTHER },
		{ "TCP/TLS/MSRP", SDP_PROTO_OTHER },
		{ "TCP/RTP/AVP", SDP_PROTO_OTHER },
		{ "TCP/DTLS/SCTP", SDP_PROTO_OTHER },
		{ "RTP/AVP/TCP", SDP_PROTO_OTHER },
		{ "MSRP", SDP_PROTO_OTHER },
		{ "SCTP", SDP_PROTO_OTHER },
		{ "SCTP/DTLS", SDP_PROTO_OTHER },
		{ "DCCP/RTP/AVP", SDP_PROTO_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];
		struct sdp *sdp;

		snprintf(text, sizeof(text), SESSION "m=audio 4000 %s 0\n",
			 rows[i].proto);
		sdp = parsed(text, rows[i].proto);
		CHECK_EQ(rows[i].want, sdp_media(sdp, 0)->proto,
			 rows[i].proto);
		CHECK_STR(rows[i].proto,
			  text_of(sdp_media(sdp, 0)->proto_text),
			  rows[i].proto);
		sdp_free(sdp);
	}
}

static void clock_rates_are_known(void **state)
{
	static const struct {
		const char *what, *text, *want;
	} rows[] = {
		{ "static types", "m=audio 4000 RTP/AVP 0 8 18 9 4\n",
		  " 0=8000 8=8000 18=8000 9=8000 4=8000" },
		{ "rtpmap", "m=audio 4000 RTP/AVP 96 0 101\n"
		  "a=rtpmap:96 opus/48000/2\n"
		  "a=rtpmap:101 telephone-event/8000\n",
		  " 96=48000 0=8000 101=8000" },
		{ "rtpmap of a static type counts",
		  "m=audio 4000 RTP/AVP 0\n" "a=rtpmap:0 X/16000\n",
		  " 0=16000" },
		{ "dynamic without rtpmap", "m=audio 4000 RTP/AVP 96 0\n",
		  " 0=8000" },
		{ "not in m=", "m=audio 4000 RTP/AVP 0\n"
		  "a=rtpmap:97 iLBC/8000\n", " 0=8000" },
		{ "nonsense", "m=audio 4000 RTP/AVP x 300 -1 0\n"
		  "a=rtpmap:\n" "a=rtpmap:0\n" "a=rtpmap:0 x\n"
		  "a=rtpmap:0 x/\n" "a=rtpmap:0 x/0\n" "a=rtpmap:300 x/1\n",
		  " 0=8000" },
		{ "no formats", "m=audio 4000 RTP/AVP\n", "" },
		{ "video", "m=video 4000 RTP/AVP 31 34\n",
		  " 31=90000 34=90000" },
		{ "more than fit",
		  "m=audio 4000 RTP/AVP 0 3 4 5 6 7 8 9 10 11 12 13 14 15 16 "
		  "17 18 25 26\n",
		  " 0=8000 3=8000 4=8000 5=8000 6=16000 7=8000 8=8000 9=8000"
		  " 10=44100 11=44100 12=8000 13=8000 14=90000 15=8000"
		  " 16=11025 17=22050" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[1024], got[512] = "";
		const struct sdp_media *m;
		struct sdp *sdp;

		snprintf(text, sizeof(text), SESSION "%s", rows[i].text);
		sdp = parsed(text, rows[i].what);
		m = sdp_media(sdp, 0);
		for (size_t n = 0; n < m->rate_cnt; n++) {
			size_t len = strlen(got);

			snprintf(got + len, sizeof(got) - len, " %u=%u",
				 m->rates[n].payload_type, m->rates[n].hz);
		}
		CHECK_STR(rows[i].want, got, rows[i].what);
		sdp_free(sdp);
	}
}

static void sections_are_kept_apart(void **state)
{
	struct sdp *sdp = parsed(
		SESSION
		"m=audio 4000 RTP/AVP 0\n"
		"a=mid:a\n"
		"a=sendonly\n"
		"m=video 4002 RTP/AVPF 31\n"
		"c=IN IP6 2001:db8::7\n"
		"a=mid:v\n"
		"m=image 0 udptl t38\n"
		"m=message 5060 TCP/MSRP *\n", "sections");
	const struct sdp_media *m = sdp_media(sdp, 0);

	(void)state;
	assert_int_equal(sdp_media_cnt(sdp), 4);
	assert_string_equal(text_of(m->type), "audio");
	assert_string_equal(text_of(m->mid), "a");
	assert_string_equal(addr_text(&m->addr), "198.51.100.1");
	assert_int_equal(m->direction, SDP_SENDONLY);
	m = sdp_media(sdp, 1);
	assert_string_equal(text_of(m->type), "video");
	assert_string_equal(text_of(m->mid), "v");
	assert_string_equal(addr_text(&m->addr), "2001:db8::7");
	assert_int_equal(m->direction, SDP_SENDRECV);
	m = sdp_media(sdp, 2);
	assert_string_equal(text_of(m->proto_text), "udptl");
	assert_int_equal(m->port, 0);
	m = sdp_media(sdp, 3);
	assert_int_equal(m->proto, SDP_PROTO_OTHER);
	assert_int_equal(m->port, 5060);
	assert_null(sdp_media(sdp, 4));
	sdp_free(sdp);
}

static void bundled_sections_find_their_head(void **state)
{
#define GROUP(mids) SESSION "a=group:BUNDLE " mids "\n"
#define AUDIO "m=audio 4000 RTP/AVP 0\n" "a=mid:a\n"
	static const struct {
		const char *what, *text;
		int head[3];
	} rows[] = {
		{ "offered with ports of their own",
		  GROUP("a v") AUDIO "m=video 4002 RTP/AVP 31\n" "a=mid:v\n",
		  { -1, -1 } },
		{ "answered: one port",
		  GROUP("a v") AUDIO "m=video 4000 RTP/AVP 31\n" "a=mid:v\n",
		  { -1, 0 } },
		{ "one port, other address",
		  GROUP("a v") AUDIO "m=video 4000 RTP/AVP 31\n"
		  "c=IN IP4 198.51.100.9\n" "a=mid:v\n",
		  { -1, -1 } },
		{ "one port, no group",
		  SESSION AUDIO "m=video 4000 RTP/AVP 31\n" "a=mid:v\n",
		  { -1, -1 } },
		{ "bundle-only with port 0",
		  GROUP("a v") AUDIO "m=video 0 RTP/AVP 31\n"
		  "a=bundle-only\n" "a=mid:v\n",
		  { -1, 0 } },
		{ "bundle-only with the discard port",
		  GROUP("a v") AUDIO "m=video 9 RTP/AVP 31\n"
		  "a=bundle-only\n" "a=mid:v\n",
		  { -1, 0 } },
		{ "bundle-only in no group",
		  SESSION AUDIO "m=video 0 RTP/AVP 31\n" "a=bundle-only\n"
		  "a=mid:v\n",
		  { -1, -1 } },
		{ "port 0 alone is rejected",
		  GROUP("a v") AUDIO "m=video 0 RTP/AVP 31\n" "a=mid:v\n",
		  { -1, -1 } },
		{ "the order of the group counts",
		  GROUP("v a") AUDIO "m=video 4000 RTP/AVP 31\n" "a=mid:v\n",
		  { 1, -1 } },
		{ "the head was rejected",
		  GROUP("v a x") AUDIO "m=video 0 RTP/AVP 31\n" "a=mid:v\n"
		  "m=audio 4000 RTP/AVP 0\n" "a=mid:x\n",
		  { -1, -1, 0 } },
		{ "two groups",
		  SESSION "a=group:LS a v\n" "a=group:BUNDLE a\n"
		  "a=group:BUNDLE v x\n" AUDIO
		  "m=video 4002 RTP/AVP 31\n" "a=mid:v\n"
		  "m=video 4002 RTP/AVP 31\n" "a=mid:x\n",
		  { -1, -1, 1 } },
		{ "in two groups: no circle",
		  SESSION "a=group:BUNDLE a v\n" "a=group:BUNDLE v a\n" AUDIO
		  "m=video 4000 RTP/AVP 31\n" "a=mid:v\n",
		  { -1, 0 } },
		{ "unknown mids",
		  GROUP("q a q v") AUDIO "m=video 4000 RTP/AVP 31\n"
		  "a=mid:v\n",
		  { -1, 0 } },
		{ "all bundle-only",
		  GROUP("v") "m=video 0 RTP/AVP 31\n" "a=mid:v\n"
		  "a=bundle-only\n",
		  { -1 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sdp *sdp = parsed(rows[i].text, rows[i].what);

		for (size_t n = 0; n < sdp_media_cnt(sdp); n++)
			CHECK_EQ(rows[i].head[n],
				 sdp_media(sdp, n)->bundle_head, rows[i].what);
		sdp_free(sdp);
	}
}

static void a_held_section_is_told(void **state)
{
	static const struct {
		const char *what, *text;
		bool want;
	} rows[] = {
		{ "sendrecv", SESSION "m=audio 4000 RTP/AVP 0\n", false },
		{ "sendonly", SESSION "m=audio 4000 RTP/AVP 0\n"
		  "a=sendonly\n", true },
		{ "inactive", SESSION "m=audio 4000 RTP/AVP 0\n"
		  "a=inactive\n", true },
		{ "recvonly", SESSION "m=audio 4000 RTP/AVP 0\n"
		  "a=recvonly\n", false },
		{ "0.0.0.0", "v=0\n" "c=IN IP4 0.0.0.0\n"
		  "m=audio 4000 RTP/AVP 0\n", true },
		{ "0.0.0.0 of a browser that trickles",
		  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 9 RTP/AVP 0\n"
		  "a=ice-ufrag:abcd\n", false },
		{ "rejected", SESSION "m=audio 0 RTP/AVP 0\n" "a=inactive\n",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sdp *sdp = parsed(rows[i].text, rows[i].what);

		CHECK_EQ(rows[i].want, sdp_media_is_held(sdp_media(sdp, 0)),
			 rows[i].what);
		sdp_free(sdp);
	}
}

static void the_origin_is_read(void **state)
{
	static const struct {
		const char *what, *line, *username;
		unsigned long long version;
	} rows[] = {
		{ "plain", "o=alice 7 18446744073709551615 IN IP4 h\n",
		  "alice", UINT64_MAX },
		{ "blanks in the name", "o=Bob B 7 8 IN IP6 ::1\n", "Bob B",
		  8 },
		{ "more after the address", "o=a 7 8 IN IP4 h x y\n", "a", 8 },
		{ "too short", "o=7 8 IN IP4 h\n", "", 0 },
		{ "no number", "o=a 7 -8 IN IP4 h\n", "a", 0 },
		{ "too big", "o=a 7 99999999999999999999 IN IP4 h\n", "a", 0 },
		{ "empty", "o=\n", "", 0 },
		{ "none", "", "", 0 },
		{ "two", "o=a 1 2 IN IP4 h\n" "o=b 3 4 IN IP4 h\n", "a", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];
		struct sdp *sdp;

		snprintf(text, sizeof(text), "v=0\n%s" "s=-\n", rows[i].line);
		sdp = parsed(text, rows[i].what);
		CHECK_STR(rows[i].username, text_of(sdp_origin_username(sdp)),
			  rows[i].what);
		CHECK_EQ(rows[i].version, sdp_origin_version(sdp),
			 rows[i].what);
		sdp_free(sdp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_media_says_where_and_how),
		cmocka_unit_test(transports_are_told_apart),
		cmocka_unit_test(clock_rates_are_known),
		cmocka_unit_test(sections_are_kept_apart),
		cmocka_unit_test(bundled_sections_find_their_head),
		cmocka_unit_test(a_held_section_is_told),
		cmocka_unit_test(the_origin_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
