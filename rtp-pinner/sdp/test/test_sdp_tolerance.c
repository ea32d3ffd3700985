/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is accepted and what is not.  "oracle" marks bodies that rtpengine
 * 10.5 was seen to accept: they must never be refused here.
 */
#include "rtp-pinner/sdp/test/sdp_text.h"

#define AUDIO "m=audio 4000 RTP/AVP 0\n"
#define MEDIA SESSION AUDIO

struct odd_case {
	const char *what, *text;
	size_t media;
	const char *addr;	/* of the first media */
	unsigned port;
};

static const struct odd_case odd_cases[] = {
	{ "oracle: no o=, s=, t=",
	  "v=0\n" "c=IN IP4 198.51.100.1\n" AUDIO,
	  1, "198.51.100.1", 4000 },
	{ "oracle: all lines of RFC 8866",
	  "v=0\n" ORIGIN "s=-\n" "i=i\n" "u=u\n" "e=e\n" "p=p\n"
	  "c=IN IP4 198.51.100.1\n" "b=AS:1\n" "t=0 0\n" "r=7d 1h\n"
	  "z=0 0\n" "k=clear:x\n" "a=x\n" AUDIO "i=y\n" "k=x\n"
	  "u=x\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: no end of the last line",
	  SESSION "m=audio 4000 RTP/AVP 0", 1, "198.51.100.1", 4000 },
	{ "oracle: empty attributes",
	  MEDIA "a=\n" "a=:\n" "a=:x\n" "a=foo:\n" "a=rtcp:\n"
	  "a=rtcp\n" "a=rtpmap:\n" "a=fmtp:\n" "a=candidate:\n"
	  "a=remote-candidates:\n" "a=crypto:\n" "a=ssrc:\n"
	  "a=mid:\n" "a=group:\n" "a=group:BUNDLE\n" "b=x\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: more after the address",
	  "v=0\n" "c=IN IP4 198.51.100.1 foo\n" AUDIO,
	  1, "198.51.100.1", 4000 },
	{ "oracle: blank after the address",
	  "v=0\n" "c=IN IP4 198.51.100.1 \n" AUDIO,
	  1, "198.51.100.1", 4000 },
	{ "oracle: IPv6 in brackets",
	  "v=0\n" "c=IN IP6 [2001:db8::1]\n" AUDIO,
	  1, "2001:db8::1", 4000 },
	{ "oracle: IPv4-mapped is IPv4",
	  "v=0\n" "c=IN IP6 ::ffff:198.51.100.1\n" AUDIO,
	  1, "198.51.100.1", 4000 },
	{ "oracle: multicast", "v=0\n" "c=IN IP4 224.2.2.2\n" AUDIO,
	  1, "224.2.2.2", 4000 },
	{ "oracle: no formats", SESSION "m=audio 4000 RTP/AVP\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: zeros before the port",
	  SESSION "m=audio 0004000 RTP/AVP 0\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: plus before the port",
	  SESSION "m=audio +4000 RTP/AVP 0\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: minus nothing",
	  SESSION "m=audio -0 RTP/AVP 0\n", 1, "198.51.100.1", 0 },
	{ "oracle: a tab before the port",
	  SESSION "m=audio \t4000 RTP/AVP 0\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: letters after the port",
	  SESSION "m=audio 4000x RTP/AVP 0\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: two blanks before the transport",
	  SESSION "m=audio 4000  RTP/AVP 0\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: a transport in lower case",
	  SESSION "m=audio 4000 rtp/avp 0\n",
	  1, "198.51.100.1", 4000 },
	{ "oracle: after a blank line",
	  MEDIA "\n" "a=foo\n", 1, "198.51.100.1", 4000 },
	{ "oracle: the end of a multipart body",
	  MEDIA "\n" "\n" "--boundary--\n", 1, "198.51.100.1", 4000 },
	{ "oracle: no description after a blank line",
	  MEDIA "\n" "m=nonsense\n" "a=foo\n", 1, "198.51.100.1",
	  4000 },
	{ "oracle: more media without c= after a blank line",
	  NO_CONNECTION AUDIO "c=IN IP4 198.51.100.1\n" "\n" AUDIO,
	  1, "198.51.100.1", 4000 },
	{ "oracle: two sessions",
	  MEDIA "v=0\n" "c=IN IP4 198.51.100.2\n" AUDIO,
	  2, "198.51.100.1", 4000 },
	{ "oracle: nothing", "", 0, NULL, 0 },
	{ "oracle: a blank line", "\n", 0, NULL, 0 },
	{ "oracle: blank lines first", "\n" "\n" MEDIA,
	  1, "198.51.100.1", 4000 },
	{ "oracle: odd o=", "v=0\n" "o=a b 99999999999999999999 -x IN "
	  "IP4 host.invalid\n" "c=IN IP4 198.51.100.1\n" AUDIO,
	  1, "198.51.100.1", 4000 },
	{ "no media", SESSION, 0, NULL, 0 },
	{ "v= alone", "v=\n" "v=0", 0, NULL, 0 },
	{ "unknown lines", "v=0\n" "x\n" "=\n" "foo\n" "y=1\n" " \n"
	  "c=IN IP4 198.51.100.1\n" AUDIO "y=123\n" "f=v/1/2\n",
	  1, "198.51.100.1", 4000 },
	{ "upper case", "V=0\n" "C=in ip4 198.51.100.1\n"
	  "M=AUDIO 4000 RTP/AVP 0\n", 1, "198.51.100.1", 4000 },
	{ "oracle: a tab in a word", SESSION
	  "m=aud\tio 4000 RTP/AVP 0\n", 1, "198.51.100.1", 4000 },
	{ "blanks", "v=0\n" "c= IN  IP4  198.51.100.1\n"
	  "m= audio  4000  RTP/AVP  0 \n", 1, "198.51.100.1", 4000 },
	{ "a TTL", "v=0\n" "c=IN IP4 224.2.2.2/127\n" AUDIO,
	  1, "224.2.2.2", 4000 },
	{ "IPv6 called IP4", "v=0\n" "c=IN IP4 fe80::1\n" AUDIO,
	  1, "fe80::1", 4000 },
	{ "another network", "v=0\n" "c=ATM NSAP 47.00\n" AUDIO,
	  1, "-", 4000 },
	{ "an empty c=", "v=0\n" "c=\n" AUDIO, 1, "-", 4000 },
	{ "a port count of nothing",
	  SESSION "m=audio 4000/ RTP/AVP 0\n",
	  1, "198.51.100.1", 4000 },
	{ "rejected, no c=", "v=0\n" "m=audio 0 RTP/AVP 0\n",
	  1, "-", 0 },
	{ "not relayed, no c=", "v=0\n" "m=message 1 TCP/MSRP *\n",
	  1, "-", 1 },
	{ "c= twice in the session",
	  SESSION "c=IN IP4 198.51.100.3\n" AUDIO,
	  1, "198.51.100.1", 4000 },
};

static void odd_bodies_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd_cases) * ARRAY_SIZE(line_ends);
	     i++) {
		const struct odd_case *c =
			&odd_cases[i / ARRAY_SIZE(line_ends)];
		char *text = with_ends(c->text,
				       line_ends[i % ARRAY_SIZE(line_ends)]);
		struct sdp *sdp = parsed(text, c->what);

		CHECK_EQ(c->media, sdp_media_cnt(sdp), c->what);
		if (c->addr) {
			CHECK_STR(c->addr, addr_text(&sdp_media(sdp, 0)->addr),
				  c->what);
			CHECK_EQ(c->port, sdp_media(sdp, 0)->port, c->what);
		}
		sdp_free(sdp);
		free(text);
	}
}

static void what_is_no_description_is_refused(void **state)
{
	static const char failed[] = "Failed to parse SDP";
	static const char incomplete[] = "Incomplete SDP specification";
	static const struct {
		const char *what, *text, *reason;
	} rows[] = {
		{ "a greeting", "hello world", failed },
		{ "no v=", ORIGIN "c=IN IP4 198.51.100.1\n" AUDIO, failed },
		{ "blank before v=", " " MEDIA, failed },
		{ "a line before v=", "junk\n" MEDIA, failed },
		{ "pieces of trickle ICE",
		  "a=ice-ufrag:x\n" "m=audio 9 RTP/AVP 0\n" "a=mid:1\n",
		  failed },
		{ "no port", SESSION "m=audio\n", failed },
		{ "no transport", SESSION "m=audio 4000\n", failed },
		{ "an empty m=", SESSION "m=\n", failed },
		{ "the port is a word", SESSION "m=audio x RTP/AVP 0\n",
		  failed },
		{ "a negative port", SESSION "m=audio -1 RTP/AVP 0\n",
		  failed },
		{ "too big a port", SESSION "m=audio 65536 RTP/AVP 0\n",
		  failed },
		{ "far too big a port",
		  SESSION "m=audio 18446744073709555616 RTP/AVP 0\n", failed },
		{ "no c=", NO_CONNECTION AUDIO, incomplete },
		{ "c= of the first media only",
		  NO_CONNECTION AUDIO "c=IN IP4 198.51.100.1\n"
		  "m=video 4002 RTP/AVP 31\n", incomplete },
		{ "c= of another session",
		  MEDIA "v=0\n" AUDIO, incomplete },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *reason = "";
		struct sdp *sdp;

		CHECK_EQ(EBADMSG, sdp_parse(&sdp, &reason,
					    slice_str(rows[i].text)),
			 rows[i].what);
		CHECK_STR(rows[i].reason, reason, rows[i].what);
		CHECK(!sdp, rows[i].what);
	}
}

static void sections_and_sessions_are_limited(void **state)
{
	static const struct {
		const char *what, *more;
		int cnt;
		int want;
	} rows[] = {
		{ "64 sections", AUDIO, SDP_MEDIA_MAX, 0 },
		{ "65 sections", AUDIO, SDP_MEDIA_MAX + 1, EBADMSG },
		{ "16 sessions", "v=0\n", 15, 0 },
		{ "17 sessions", "v=0\n", 16, EBADMSG },
		{ "many candidates", "a=candidate:1 1 UDP 1 192.0.2.1 5 typ "
		  "host\n", 500, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool candidates = rows[i].cnt == 500;
		char text[64 * 1024];
		const char *reason;
		struct sdp *sdp;
		int len;

		len = snprintf(text, sizeof(text), "%s%s", SESSION,
			       candidates ? AUDIO : "");
		for (int n = 0; n < rows[i].cnt; n++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
					"%s", rows[i].more);
		CHECK_EQ(rows[i].want, sdp_parse(&sdp, &reason,
						 slice_str(text)),
			 rows[i].what);
		if (candidates)
			CHECK_EQ(SDP_CANDIDATES_MAX,
				 sdp_media(sdp, 0)->candidate_cnt,
				 rows[i].what);
		sdp_free(sdp);
	}
}

/* Line ends as they come, with no word about style. */
static void line_ends_are_found(void **state)
{
	static const struct {
		const char *what, *text;
		size_t media;
	} rows[] = {
		{ "oracle: mixed", "v=0\n" "c=IN IP4 198.51.100.1\r\n"
		  "m=audio 4000 RTP/AVP 0\n" "m=audio 4000 RTP/AVP 0\r\n", 2 },
		{ "oracle: CR inside a line", "v=0\r\n"
		  "c=IN IP4 198.51.100.1\r\n" "m=aud\rio 4000 RTP/AVP 0\r\n"
		  "a=x\rm=y\r\n", 1 },
		{ "CR CR LF", "v=0\r\r\n" "c=IN IP4 198.51.100.1\r\r\n"
		  "m=audio 4000 RTP/AVP 0\r\r\n", 1 },
		{ "CR alone", "v=0\r" "c=IN IP4 198.51.100.1\r"
		  "m=audio 4000 RTP/AVP 0\r", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sdp *sdp = parsed(rows[i].text, rows[i].what);

		CHECK_EQ(rows[i].media, sdp_media_cnt(sdp), rows[i].what);
		CHECK_STR("198.51.100.1", addr_text(&sdp_media(sdp, 0)->addr),
			  rows[i].what);
		CHECK_EQ(4000, sdp_media(sdp, 0)->port, rows[i].what);
		sdp_free(sdp);
	}
}

static void nuls_are_bytes_like_others(void **state)
{
	static const char text[] = SESSION AUDIO "a=foo\0bar\n" "a=mid:1\n";
	struct slice all = slice_of(text, sizeof(text) - 1);
	struct sdp_media_change media = { 0 };
	struct sdp_change change = { .media = &media };
	const char *reason;
	struct sdp *sdp;
	size_t len;
	char *out;

	(void)state;
	assert_int_equal(sdp_parse(&sdp, &reason, all), 0);
	assert_string_equal(text_of(sdp_media(sdp, 0)->mid), "1");
	assert_int_equal(sdp_rewrite(&out, &len, sdp, &change), 0);
	assert_int_equal(len, all.len);
	assert_memory_equal(out, text, len);
	free(out);
	sdp_free(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_bodies_are_accepted),
		cmocka_unit_test(what_is_no_description_is_refused),
		cmocka_unit_test(sections_and_sessions_are_limited),
		cmocka_unit_test(line_ends_are_found),
		cmocka_unit_test(nuls_are_bytes_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
