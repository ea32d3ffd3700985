/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which sections share the transport of another (RFC 8843, 9143). */
#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

#include "common/cursor.h"

enum {
	WORDS_MAX = 4 * SDP_MEDIA_MAX,	/* of all groups: bounds the search */
};

/* A section is in one group only (RFC 9143 7.1); so heads have no head. */
static struct sdp_media *take_mid(struct sdp *sdp, uint32_t session,
				  struct slice mid)
{
	for (size_t i = 0; i < sdp->media_cnt; i++) {
		struct sdp_section *section = &sdp->sections[i];

		if (section->session != session || section->grouped ||
		    !slice_equal(sdp->media[i].mid, mid))
			continue;
		section->grouped = true;
		return &sdp->media[i];
	}
	return NULL;
}

/* An offer gives sections that may be bundled ports of their own until the
 * answer has accepted that: only equal ones, and bundle-only ones, share.
 */
static bool shares(const struct sdp_media *m, const struct sdp_media *head)
{
	return m->bundle_only ||
	       (m->port && m->port == head->port &&
		addr_equal(&m->addr, &head->addr));
}

/* The head is the first of the group that has a transport. */
static void join(struct sdp *sdp, struct sdp_media *const members[],
		 size_t member_cnt)
{
	const struct sdp_media *head = NULL;

	for (size_t i = 0; i < member_cnt && !head; i++) {
		if (members[i]->port && !members[i]->bundle_only)
			head = members[i];
	}
	for (size_t i = 0; i < member_cnt && head; i++) {
		if (members[i] != head && shares(members[i], head))
			members[i]->bundle_head = (int)(head - sdp->media);
	}
}

/* "BUNDLE mid mid ..." */
static void read_group(struct sdp *sdp, uint32_t session, struct slice value,
		       size_t *words_left)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct sdp_media *members[SDP_MEDIA_MAX];
	size_t member_cnt = 0;

	cursor_until(&c, ":");
	cursor_byte(&c);
	if (!slice_case_equal(sdp_word(&c), slice_str("BUNDLE")))
		return;
	while (*words_left && member_cnt < SDP_MEDIA_MAX) {
		struct slice mid = sdp_word(&c);

		if (!mid.len)
			break;
		(*words_left)--;
		members[member_cnt] = take_mid(sdp, session, mid);
		if (members[member_cnt])
			member_cnt++;
	}
	join(sdp, members, member_cnt);
}

void sdp_bundle(struct sdp *sdp)
{
	size_t words_left = WORDS_MAX;
	uint32_t session = 0;
	bool seen = false;

	for (size_t i = 0; i < sdp->line_cnt; i++) {
		const struct sdp_line *line = &sdp->lines[i];

		if (line->kind == SDP_LINE_VERSION) {
			session += seen;
			seen = true;
		}
		if (line->kind == SDP_LINE_GROUP)
			read_group(sdp, session, sdp_line_value(sdp, line),
				   &words_left);
	}
}
