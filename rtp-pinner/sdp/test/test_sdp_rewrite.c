/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/sdp/test/sdp_change.h"

#define RELAYED_SESSION \
	"v=0\n" ORIGIN "s=-\n" "c=IN IP4 192.0.2.53\n" "t=0 0\n"
#define AUDIO "m=audio 4000 RTP/AVP 0\n"
#define RELAYED RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"

static const struct rewrite_case one_section_cases[] = {
	{ "plain", SESSION "m=audio 4000 RTP/AVP 0 8\n" "a=x\n",
	  RELAYED_SESSION "m=audio 30000 RTP/AVP 0 8\n" "a=x\n",
	  { TO_RELAY } },
	{ "no end of the last line",
	  SESSION "m=audio 4000 RTP/AVP 0",
	  RELAYED_SESSION "m=audio 30000 RTP/AVP 0",
	  { TO_RELAY } },
	{ "its own c=: the session's stays",
	  SESSION "m=audio 4000 RTP/AVP 0\n" "a=x\n"
	  "c=IN IP4 198.51.100.3\n" "b=AS:64\n",
	  SESSION "m=audio 30000 RTP/AVP 0\n" "a=x\n"
	  "c=IN IP4 192.0.2.53\n" "b=AS:64\n",
	  { TO_RELAY } },
	{ "two c=: one remains",
	  NO_CONNECTION "m=audio 4000 RTP/AVP 0\n"
	  "c=IN IP4 198.51.100.3\n" "c=IN IP4 198.51.100.4\n" "a=x\n",
	  NO_CONNECTION "m=audio 30000 RTP/AVP 0\n"
	  "c=IN IP4 192.0.2.53\n" "a=x\n",
	  { TO_RELAY } },
	{ "two c= in the session: one remains",
	  "v=0\n" "c=IN IP4 198.51.100.3\n" "s=-\n"
	  "c=IN IP4 198.51.100.4\n" "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP4 192.0.2.53\n" "s=-\n"
	  "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "IPv4 to IPv6",
	  SESSION "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" ORIGIN "s=-\n" "c=IN IP6 2001:db8::53\n" "t=0 0\n"
	  "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY6 } },
	{ "IPv6 to IPv4",
	  "v=0\n" "c=IN IP6 2001:db8::1\n" "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP4 192.0.2.53\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "a TTL, a word behind, odd blanks",
	  "v=0\n" "c=IN  IP4  224.2.2.2/127  x\n"
	  "m=audio  4000/2   RTP/AVP  0 \n",
	  "v=0\n" "c=IN  IP4 192.0.2.53  x\n"
	  "m=audio  30000/2   RTP/AVP  0 \n",
	  { TO_RELAY } },
	{ "a name",
	  "v=0\n" "c=IN IP4 host.example.net\n"
	  "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP4 192.0.2.53\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "c= is nonsense",
	  "v=0\n" "c=ATM NSAP 47.00\n" "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP4 192.0.2.53\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "an odd port",
	  SESSION "m=audio +4000x RTP/AVP 0\n",
	  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "upper case",
	  "V=0\n" "C=in ip4 198.51.100.1\n" "M=audio 4000 RTP/AVP 0\n"
	  "A=RTCP:4001\n",
	  "V=0\n" "C=in IP4 192.0.2.53\n" "M=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "another transport",
	  SESSION "m=audio 4000 RTP/SAVP 0\n",
	  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY, .proto_text = { "RTP/AVP", 7 } } },
	{ "a port where there was none, no c= anywhere",
	  "v=0\n" "m=video 0 RTP/AVP 31\n" "i=title\n" "a=bundle-only",
	  "v=0\n" "m=video 30000 RTP/AVP 31\n" "i=title\n"
	  "c=IN IP4 192.0.2.53\n" "a=bundle-only",
	  { TO_RELAY } },
	{ "the same, and nothing behind m=",
	  "v=0\n" "m=video 0 RTP/AVP 31",
	  "v=0\n" "m=video 30000 RTP/AVP 31\n" "c=IN IP4 192.0.2.53",
	  { TO_RELAY } },
	{ "rejected, its address is hidden",
	  SESSION "m=video 0 RTP/AVP 31\n" "c=IN IP4 198.51.100.3\n",
	  SESSION "m=video 0 RTP/AVP 31\n" "c=IN IP4 192.0.2.53\n",
	  { .touch = true, .addr = RELAY4 } },
	{ "rejected, no address given",
	  SESSION "m=video 0 RTP/AVP 31\n" "a=rtcp:53\n",
	  SESSION "m=video 0 RTP/AVP 31\n",
	  { .touch = true } },
	{ "no description after a blank line",
	  SESSION "m=audio 4000 RTP/AVP 0\n" "\n"
	  "m=video 5000 RTP/AVP 31\n" "c=IN IP4 198.51.100.3\n" "m=x",
	  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "hold stays hold",
	  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY, .keep_zero_addr = true } },
	{ "hold in the other family",
	  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP6 ::\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY6, .keep_zero_addr = true } },
	{ "hold is not to be kept",
	  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 4000 RTP/AVP 0\n",
	  "v=0\n" "c=IN IP4 192.0.2.53\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "no hold to keep",
	  SESSION "m=audio 4000 RTP/AVP 0\n",
	  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY, .keep_zero_addr = true } },
};

/* Only the word of the address and that of the port: nothing is tidied up. */
static void one_section_goes_to_the_relay(void **state)
{
	(void)state;
	check_rewrites(one_section_cases, ARRAY_SIZE(one_section_cases));
}

static const struct rewrite_case rtcp_cases[] = {
	{ "replaced in its place",
	  SESSION AUDIO "a=x\n" "a=rtcp:53\n" "a=y\n",
	  RELAYED "a=x\n" "a=rtcp:30001\n" "a=y\n",
	  { TO_RELAY, .rtcp_line = true } },
	{ "its address goes",
	  SESSION AUDIO "a=rtcp:53 IN IP4 198.51.100.7\n",
	  RELAYED "a=rtcp:30001\n",
	  { TO_RELAY, .rtcp_line = true } },
	{ "with ours",
	  SESSION AUDIO "a=rtcp:53 IN IP6 2001:db8::1\n",
	  RELAYED "a=rtcp:30001 IN IP4 192.0.2.53\n",
	  { TO_RELAY, .rtcp_line = true, .rtcp_full = true } },
	{ "with a hold",
	  "v=0\n" "c=IN IP4 0.0.0.0\n" AUDIO,
	  "v=0\n" "c=IN IP4 0.0.0.0\n" "m=audio 30000 RTP/AVP 0\n"
	  "a=rtcp:30001 IN IP4 0.0.0.0\n",
	  { TO_RELAY, .rtcp_line = true, .rtcp_full = true,
	    .keep_zero_addr = true } },
	{ "added behind the attributes",
	  SESSION AUDIO "a=x\n", RELAYED "a=x\n" "a=rtcp:30001\n",
	  { TO_RELAY, .rtcp_line = true } },
	{ "added, no end of the last line",
	  SESSION AUDIO "a=x", RELAYED "a=x\n" "a=rtcp:30001",
	  { TO_RELAY, .rtcp_line = true } },
	{ "added before a blank line",
	  SESSION AUDIO "a=x\n" "\n" "a=y\n",
	  RELAYED "a=x\n" "a=rtcp:30001\n" "\n" "a=y\n",
	  { TO_RELAY, .rtcp_line = true } },
	{ "one of two remains",
	  SESSION AUDIO "a=rtcp:53\n" "a=rtcp:54\n" "a=x\n",
	  RELAYED "a=rtcp:30001\n" "a=x\n",
	  { TO_RELAY, .rtcp_line = true } },
	{ "nonsense is replaced",
	  SESSION AUDIO "a=rtcp:x IN IP4 198.51.100.7\n",
	  RELAYED "a=rtcp:30001\n",
	  { TO_RELAY, .rtcp_line = true } },
	{ "removed",
	  SESSION AUDIO "a=x\n" "a=rtcp:53\n" "a=y\n",
	  RELAYED "a=x\n" "a=y\n", { TO_RELAY } },
	{ "removed at the end",
	  SESSION AUDIO "a=x\n" "a=rtcp:53", RELAYED "a=x\n",
	  { TO_RELAY } },
	{ "removed at the end, another added",
	  SESSION AUDIO "a=x\n" "a=rtcp:53",
	  RELAYED "a=x\n" "a=rtcp-mux",
	  { TO_RELAY, .mux = SDP_MUX_ADD } },
	{ "no port to tell",
	  SESSION AUDIO "a=rtcp:53\n", RELAYED,
	  { .touch = true, .addr = RELAY4, .port = 30000,
	    .rtcp_line = true } },
	{ "no media to tell it of",
	  SESSION "m=audio 0 RTP/AVP 0\n" "a=rtcp:53\n",
	  RELAYED_SESSION "m=audio 0 RTP/AVP 0\n",
	  { .touch = true, .addr = RELAY4, .rtcp_port = 30001,
	    .rtcp_line = true } },
	{ "misplaced at session level",
	  "v=0\n" "c=IN IP4 198.51.100.1\n" "a=rtcp:53\n" AUDIO,
	  "v=0\n" "c=IN IP4 192.0.2.53\n" "m=audio 30000 RTP/AVP 0\n",
	  { TO_RELAY } },
	{ "mux is kept",
	  SESSION AUDIO "a=rtcp-mux\n", RELAYED "a=rtcp-mux\n",
	  { TO_RELAY } },
	{ "mux is added once",
	  SESSION AUDIO "a=rtcp-mux\n", RELAYED "a=rtcp-mux\n",
	  { TO_RELAY, .mux = SDP_MUX_ADD } },
	{ "mux is added",
	  SESSION AUDIO "a=x\n", RELAYED "a=x\n" "a=rtcp-mux\n",
	  { TO_RELAY, .mux = SDP_MUX_ADD } },
	{ "mux and rtcp are added",
	  SESSION AUDIO "a=x",
	  RELAYED "a=x\n" "a=rtcp:30001\n" "a=rtcp-mux",
	  { TO_RELAY, .mux = SDP_MUX_ADD, .rtcp_line = true } },
	{ "mux is removed",
	  SESSION AUDIO "a=rtcp-mux\n" "a=rtcp-mux-only\n"
	  "a=rtcp-rsize\n",
	  RELAYED "a=rtcp-rsize\n",
	  { TO_RELAY, .mux = SDP_MUX_REMOVE } },
};

static void rtcp_is_told(void **state)
{
	(void)state;
	check_rewrites(rtcp_cases, ARRAY_SIZE(rtcp_cases));
}

/* Where CR does not end lines, a CR at the end makes none. */
static void a_last_cr_does_not_join_what_is_added(void **state)
{
	struct sdp_media_change media = { TO_RELAY, .rtcp_line = true };
	struct sdp_change change = { .media = &media };
	char *got = rewritten("v=0\n" "c=IN IP4 198.51.100.1\n" AUDIO "a=x\r",
			      "last CR", &change);

	(void)state;
	assert_string_equal(got, "v=0\n" "c=IN IP4 192.0.2.53\n"
			    "m=audio 30000 RTP/AVP 0\n" "a=x\r\n"
			    "a=rtcp:30001");
	free(got);
}

/* Many readers take it for the end of one, and would find another c= there. */
static void a_cr_that_ends_no_line_is_masked(void **state)
{
	struct sdp_media_change media = { TO_RELAY };
	struct sdp_change change = { .media = &media };
	char *got = rewritten("v=0\n" "c=IN IP4 198.51.100.1\n" AUDIO
			      "a=x\r\rc=IN IP4 198.51.100.3\r\r\n" "a=y\r",
			      "CR within", &change);

	(void)state;
	assert_string_equal(got, "v=0\n" "c=IN IP4 192.0.2.53\n"
			    "m=audio 30000 RTP/AVP 0\n"
			    "a=x??c=IN IP4 198.51.100.3\r\r\n" "a=y\r");
	free(got);
}

static void sections_share_the_c_of_the_session(void **state)
{
#define TWO "m=audio 4000 RTP/AVP 0\n" "m=video 4002 RTP/AVP 31\n"
	static const struct {
		const char *what, *text, *want;
		struct sdp_media_change media[2];
	} rows[] = {
		{ "both by the relay", SESSION TWO,
		  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		  "m=video 30000 RTP/AVP 31\n",
		  { { TO_RELAY }, { TO_RELAY } } },
		{ "two families", SESSION TWO,
		  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		  "m=video 30000 RTP/AVP 31\n" "c=IN IP6 2001:db8::53\n",
		  { { TO_RELAY }, { TO_RELAY6 } } },
		{ "the second is left alone", SESSION TWO "a=x\n",
		  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		  "m=video 4002 RTP/AVP 31\n" "c=IN IP4 198.51.100.1\n"
		  "a=x\n",
		  { { TO_RELAY }, { .touch = false } } },
		{ "the second is left alone and rejected",
		  SESSION "m=audio 4000 RTP/AVP 0\n" "m=video 0 RTP/AVP 31\n",
		  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		  "m=video 0 RTP/AVP 31\n",
		  { { TO_RELAY }, { .touch = false } } },
		{ "the second is left alone with a c= of its own",
		  SESSION TWO "c=IN IP4 198.51.100.3\n",
		  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		  "m=video 4002 RTP/AVP 31\n" "c=IN IP4 198.51.100.3\n",
		  { { TO_RELAY }, { .touch = false } } },
		{ "the first is rejected: the second decides",
		  SESSION "m=audio 0 RTP/AVP 0\n" "m=video 4002 RTP/AVP 31\n",
		  "v=0\n" ORIGIN "s=-\n" "c=IN IP6 2001:db8::53\n" "t=0 0\n"
		  "m=audio 0 RTP/AVP 0\n" "m=video 30000 RTP/AVP 31\n",
		  { { .touch = true, .addr = RELAY4 }, { TO_RELAY6 } } },
		{ "no c= for the session",
		  NO_CONNECTION "m=audio 4000 RTP/AVP 0\n"
		  "c=IN IP4 198.51.100.3\n" "m=video 0 RTP/AVP 31\n",
		  NO_CONNECTION "m=audio 30000 RTP/AVP 0\n"
		  "c=IN IP4 192.0.2.53\n" "m=video 0 RTP/AVP 31\n",
		  { { TO_RELAY }, { .touch = true, .addr = RELAY4 } } },
		{ "two sessions",
		  SESSION "m=audio 4000 RTP/AVP 0\n"
		  SESSION "m=video 4002 RTP/AVP 31\n",
		  RELAYED_SESSION "m=audio 30000 RTP/AVP 0\n"
		  "v=0\n" ORIGIN "s=-\n" "c=IN IP6 2001:db8::53\n" "t=0 0\n"
		  "m=video 30000 RTP/AVP 31\n",
		  { { TO_RELAY }, { TO_RELAY6 } } },
		{ "neither", SESSION TWO "a=rtcp:5\n", SESSION TWO "a=rtcp:5\n",
		  { { .touch = false }, { .touch = false } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sdp_media_change media[2];
		struct sdp_change change = { .media = media };

		memcpy(media, rows[i].media, sizeof(media));
		check_rewrite(rows[i].what, rows[i].text, rows[i].want,
			      &change);
	}
}

static void origin_and_session_are_replaced_when_asked(void **state)
{
#define OWN "m=audio 4000 RTP/AVP 0\n" "c=IN IP4 198.51.100.3\n"
	static const struct {
		const char *what, *text, *want;
		struct sdp_change change;
	} rows[] = {
		{ "not asked", SESSION OWN, SESSION OWN, { 0 } },
		{ "origin", SESSION OWN,
		  "v=0\n" "o=- 1 1 IN IP4 192.0.2.53\n" "s=-\n"
		  "c=IN IP4 198.51.100.1\n" "t=0 0\n" OWN,
		  { .origin = true, .addr = RELAY4 } },
		{ "origin, other family", SESSION OWN,
		  "v=0\n" "o=- 1 1 IN IP6 2001:db8::53\n" "s=-\n"
		  "c=IN IP4 198.51.100.1\n" "t=0 0\n" OWN,
		  { .origin = true, .addr = RELAY6 } },
		{ "odd origin",
		  "v=0\n" "o=Bob B.  1 1 in  ip4 h.invalid x\n" OWN,
		  "v=0\n" "o=Bob B.  1 1 in  IP4 192.0.2.53 x\n" OWN,
		  { .origin = true, .addr = RELAY4 } },
		{ "not understood", "v=0\n" "o=foo\n" OWN,
		  "v=0\n" "o=foo\n" OWN,
		  { .origin = true, .addr = RELAY4 } },
		{ "session connection", SESSION OWN,
		  "v=0\n" ORIGIN "s=-\n" "c=IN IP4 192.0.2.53\n" "t=0 0\n" OWN,
		  { .session_connection = true, .addr = RELAY4 } },
		{ "session connection, there is none", NO_CONNECTION OWN,
		  NO_CONNECTION OWN,
		  { .session_connection = true, .addr = RELAY4 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sdp_media_change media = { .touch = false };
		struct sdp_change change = rows[i].change;

		change.media = &media;
		check_rewrite(rows[i].what, rows[i].text, rows[i].want,
			      &change);
	}
}

static void an_unsound_change_is_refused(void **state)
{
	static const struct {
		const char *what;
		struct sdp_change change;
		struct sdp_media_change media;
	} rows[] = {
		{ "origin without address", { .origin = true }, { 0 } },
		{ "session without address", { .session_connection = true },
		  { 0 } },
		{ "media without address", { 0 },
		  { .touch = true, .port = 30000 } },
		{ "a line end in the transport", { 0 },
		  { TO_RELAY, .proto_text = { "RTP\r\na=x", 8 } } },
		{ "a blank in the transport", { 0 },
		  { TO_RELAY, .proto_text = { "RTP 0", 5 } } },
		{ "a NUL in the transport", { 0 },
		  { TO_RELAY, .proto_text = { "RTP\0x", 5 } } },
	};
	struct sdp *sdp = parsed(SESSION "m=audio 4000 RTP/AVP 0\n", "");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sdp_media_change media = rows[i].media;
		struct sdp_change change = rows[i].change;
		size_t len = 1;
		char *out;

		change.media = &media;
		CHECK_EQ(EINVAL, sdp_rewrite(&out, &len, sdp, &change),
			 rows[i].what);
		CHECK(!out && !len, rows[i].what);
	}
	sdp_free(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_section_goes_to_the_relay),
		cmocka_unit_test(rtcp_is_told),
		cmocka_unit_test(a_last_cr_does_not_join_what_is_added),
		cmocka_unit_test(a_cr_that_ends_no_line_is_masked),
		cmocka_unit_test(sections_share_the_c_of_the_session),
		cmocka_unit_test(origin_and_session_are_replaced_when_asked),
		cmocka_unit_test(an_unsound_change_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
