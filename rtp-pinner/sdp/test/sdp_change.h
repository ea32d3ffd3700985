/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp_change.h - changes in tests: the relay is 192.0.2.53 and 2001:db8::53,
 * its ports are 30000 and 30001
 */
#ifndef SDP_TEST_SDP_CHANGE_H
#define SDP_TEST_SDP_CHANGE_H

#include "rtp-pinner/sdp/test/sdp_text.h"

#define RELAY4 { .family = ADDR_IP4, .bytes_be = { 192, 0, 2, 53 } }
#define RELAY6 \
	{ .family = ADDR_IP6, \
	  .bytes_be = { 0x20, 1, 0x0d, 0xb8, [15] = 0x53 } }

/* The first words of a struct sdp_media_change. */
#define TO_RELAY \
	.touch = true, .addr = RELAY4, .port = 30000, .rtcp_port = 30001
#define TO_RELAY6 \
	.touch = true, .addr = RELAY6, .port = 30000, .rtcp_port = 30001

/* What the rewriting of text yields; malloc'ed. */
static inline char *rewritten(const char *text, const char *what,
			      const struct sdp_change *change)
{
	struct sdp *sdp = parsed(text, what);
	size_t len;
	char *out;
	int err = sdp_rewrite(&out, &len, sdp, change);

	if (err)
		fail_msg("%s: error %d", what, err);
	CHECK_EQ(strlen(out), len, what);
	sdp_free(sdp);
	return out;
}

/* With each style of line ends: the same change, and nothing else. */
static inline void check_rewrite(const char *what, const char *text,
				 const char *want,
				 const struct sdp_change *change)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_ends); i++) {
		char *in = with_ends(text, line_ends[i]);
		char *wanted = with_ends(want, line_ends[i]);
		char *got = rewritten(in, what, change);

		CHECK_STR(wanted, got, what);
		free(in);
		free(wanted);
		free(got);
	}
}

/* A change of the only media section. */
struct rewrite_case {
	const char *what, *text, *want;
	struct sdp_media_change media;
};

static inline void check_rewrites(const struct rewrite_case *cases, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct sdp_media_change media = cases[i].media;
		struct sdp_change change = { .media = &media };

		check_rewrite(cases[i].what, cases[i].text, cases[i].want,
			      &change);
	}
}

#endif
