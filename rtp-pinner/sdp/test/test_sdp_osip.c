/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/sdp/sdp_osip.h"
#include "rtp-pinner/sdp/test/sdp_text.h"

static void libosip2_gives_its_advice(void **state)
{
#define GOOD \
	"v=0\r\n" "o=- 1 1 IN IP4 198.51.100.1\r\n" "s=-\r\n" \
	"c=IN IP4 198.51.100.1\r\n" "t=0 0\r\n" "m=audio 4000 RTP/AVP 0\r\n"
	static const struct {
		const char *what, *text;
		bool want;
	} rows[] = {
		{ "plain", GOOD "a=sendrecv\r\n", true },
		{ "LF alone", SESSION "m=audio 4000 RTP/AVP 0\n", true },
		{ "no end of the last line", GOOD "a=sendrecv", false },
		{ "unknown line", GOOD "x=1\r\n", false },
		{ "no t=", "v=0\r\n" "o=- 1 1 IN IP4 h\r\n" "s=-\r\n", false },
		{ "nothing", "", false },
		{ "v= alone", "v=\nv=0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 sdp_osip_check(slice_str(rows[i].text)),
			 rows[i].what);
}

/* libosip2 would stop at the NUL and call the rest good. */
static void a_nul_is_not_shown_to_libosip2(void **state)
{
	static const char text[] = GOOD "\0m=\r\n";

	(void)state;
	assert_true(sdp_osip_check(slice_str(text)));
	assert_false(sdp_osip_check(slice_of(text, sizeof(text) - 1)));
	assert_false(sdp_osip_check(slice_of(NULL, 0)));
}

/* Under a sanitizer: nothing outside of the text is read. */
static void texts_that_lead_libosip2_astray_are_fenced(void **state)
{
	static const char *const texts[] = {
		"=", "=x\r\n",
		"v=0\r" "o=- 1 1 IN IP4 h\r" "s=-\r" "t=0 0\r"
		"m=audio 1 RTP/AVP\r",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		(void)sdp_osip_check(slice_str(texts[i]));
}

static void a_long_text_is_not_shown_to_libosip2(void **state)
{
	char text[SDP_OSIP_MAX + 2];
	size_t len = sizeof(GOOD) - 1;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, GOOD "a=", len + 2);
	memcpy(text + SDP_OSIP_MAX - 2, "\r\n", 2);
	assert_true(sdp_osip_check(slice_of(text, SDP_OSIP_MAX)));
	memcpy(text + SDP_OSIP_MAX - 2, "xx\r\n", 4);
	assert_false(sdp_osip_check(slice_of(text, SDP_OSIP_MAX + 2)));
}

static void many_lines_are_not_shown_to_libosip2(void **state)
{
	char text[SDP_OSIP_MAX];
	size_t len = sizeof(GOOD) - 1;
	size_t lines = 6;

	(void)state;
	memcpy(text, GOOD, len);
	for (; lines < SDP_OSIP_LINES_MAX; lines++, len += 5)
		memcpy(text + len, "a=x\r\n", 5);
	assert_true(sdp_osip_check(slice_of(text, len)));
	memcpy(text + len, "a=x\r\n", 5);
	assert_false(sdp_osip_check(slice_of(text, len + 5)));
}

static void many_formats_are_not_shown_to_libosip2(void **state)
{
	char text[SDP_OSIP_MAX];
	size_t len = sizeof(GOOD) - 3;	/* the end of m=, with 3 blanks */

	(void)state;
	memcpy(text, GOOD, len);
	for (size_t blanks = 4; blanks < SDP_OSIP_BLANKS_MAX; blanks++) {
		memcpy(text + len, " 0", 2);
		len += 2;
	}
	memcpy(text + len, "\r\n", 2);
	assert_true(sdp_osip_check(slice_of(text, len + 2)));
	memcpy(text + len + 2, GOOD + sizeof(GOOD) - 25, 24);
	assert_true(sdp_osip_check(slice_of(text, len + 26)));
	memcpy(text + len, " 0\r\n", 4);
	assert_false(sdp_osip_check(slice_of(text, len + 4)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libosip2_gives_its_advice),
		cmocka_unit_test(texts_that_lead_libosip2_astray_are_fenced),
		cmocka_unit_test(a_long_text_is_not_shown_to_libosip2),
		cmocka_unit_test(many_lines_are_not_shown_to_libosip2),
		cmocka_unit_test(many_formats_are_not_shown_to_libosip2),
		cmocka_unit_test(a_nul_is_not_shown_to_libosip2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
