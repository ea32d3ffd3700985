/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp_text.h - bodies in tests
 *
 * A test writes "v=0\n..." and gets it with the line ends it asks for.
 */
#ifndef SDP_TEST_SDP_TEXT_H
#define SDP_TEST_SDP_TEXT_H

#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtp-pinner/sdp/sdp.h"

#define ORIGIN "o=- 1 1 IN IP4 198.51.100.1\n"
#define SESSION \
	"v=0\n" ORIGIN "s=-\n" "c=IN IP4 198.51.100.1\n" "t=0 0\n"
#define NO_CONNECTION "v=0\n" ORIGIN "s=-\n" "t=0 0\n"

static const char *const line_ends[] = { "\n", "\r\n", "\r" };

/* Each "\n" becomes that end; malloc'ed. */
static inline char *with_ends(const char *text, const char *end)
{
	size_t end_len = strlen(end);
	char *out = malloc(strlen(text) * 2 + 1);
	char *at = out;

	assert_non_null(out);
	for (; *text; text++) {
		if (*text != '\n') {
			*at++ = *text;
			continue;
		}
		memcpy(at, end, end_len);
		at += end_len;
	}
	*at = '\0';
	return out;
}

static inline struct sdp *parsed(const char *text, const char *what)
{
	const char *reason = "";
	struct sdp *sdp;
	int err = sdp_parse(&sdp, &reason, slice_str(text));

	if (err)
		fail_msg("%s: %d, %s", what, err, reason);
	assert_null(reason);
	return sdp;
}

/* For CHECK_STR() of a slice. */
static inline const char *text_of(struct slice s)
{
	static char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)s.len, s.len ? s.text : "");
	return text;
}

/* "-" for none. */
static inline const char *addr_text(const struct addr *a)
{
	static char text[ADDR_TEXT_MAX];

	addr_format(text, a);
	return text;
}

static inline struct addr addr_of(const char *text)
{
	struct addr a;

	if (addr_parse(&a, text, strlen(text)))
		fail_msg("no address: %s", text);
	return a;
}

#endif
