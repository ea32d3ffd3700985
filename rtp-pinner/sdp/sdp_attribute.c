/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attributes that matter to a relay.  Their names are compared without
 * case and blanks around them do not count: what a careless party may have
 * understood must not stay as it was.
 */
#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

#include "common/cursor.h"

enum attribute {
	ATTR_OTHER,
	ATTR_BUNDLE_ONLY,
	ATTR_CANDIDATE,
	ATTR_GROUP,
	ATTR_ICE,
	ATTR_INACTIVE,
	ATTR_MID,
	ATTR_RECVONLY,
	ATTR_REMOTE_CANDIDATES,
	ATTR_RTCP,
	ATTR_RTCP_MUX,
	ATTR_RTCP_MUX_ONLY,
	ATTR_RTPMAP,
	ATTR_SENDONLY,
	ATTR_SENDRECV,
	ATTR_UFRAG,
};

#define NAME(text, attribute) { text, sizeof(text) - 1, attribute }

static enum attribute attribute_of(struct slice name)
{
	static const struct {
		const char *text;
		size_t len;
		enum attribute attribute;
	} names[] = {
		NAME("bundle-only", ATTR_BUNDLE_ONLY),
		NAME("candidate", ATTR_CANDIDATE),
		NAME("end-of-candidates", ATTR_ICE),
		NAME("group", ATTR_GROUP),
		NAME("ice-lite", ATTR_ICE),
		NAME("ice-mismatch", ATTR_ICE),
		NAME("ice-options", ATTR_ICE),
		NAME("ice-pacing", ATTR_ICE),
		NAME("ice-pwd", ATTR_ICE),
		NAME("ice-ufrag", ATTR_UFRAG),
		NAME("inactive", ATTR_INACTIVE),
		NAME("mid", ATTR_MID),
		NAME("recvonly", ATTR_RECVONLY),
		NAME("remote-candidates", ATTR_REMOTE_CANDIDATES),
		NAME("rtcp", ATTR_RTCP),
		NAME("rtcp-mux", ATTR_RTCP_MUX),
		NAME("rtcp-mux-only", ATTR_RTCP_MUX_ONLY),
		NAME("rtpmap", ATTR_RTPMAP),
		NAME("sendonly", ATTR_SENDONLY),
		NAME("sendrecv", ATTR_SENDRECV),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].len == name.len &&
		    slice_case_equal(slice_of(names[i].text, name.len), name))
			return names[i].attribute;
	}
	return ATTR_OTHER;
}

static enum sdp_line_kind kind_of(enum attribute attribute)
{
	switch (attribute) {
	case ATTR_CANDIDATE:
		return SDP_LINE_CANDIDATE;
	case ATTR_REMOTE_CANDIDATES:
		return SDP_LINE_REMOTE_CANDIDATES;
	case ATTR_ICE:
	case ATTR_UFRAG:
		return SDP_LINE_ICE;
	case ATTR_GROUP:
		return SDP_LINE_GROUP;
	case ATTR_RTCP:
		return SDP_LINE_RTCP;
	case ATTR_RTCP_MUX:
	case ATTR_RTCP_MUX_ONLY:
		return SDP_LINE_MUX;
	default:
		return SDP_LINE_OTHER;
	}
}

static bool direction_of(uint8_t *out, enum attribute attribute)
{
	switch (attribute) {
	case ATTR_SENDRECV:
		*out = SDP_SENDRECV;
		return true;
	case ATTR_SENDONLY:
		*out = SDP_SENDONLY;
		return true;
	case ATTR_RECVONLY:
		*out = SDP_RECVONLY;
		return true;
	case ATTR_INACTIVE:
		*out = SDP_INACTIVE;
		return true;
	default:
		return false;
	}
}

static void read_for_session(struct sdp_session *s, enum attribute attribute,
			     struct slice value)
{
	if (direction_of(&s->direction, attribute))
		s->has_direction = true;
	else if (attribute == ATTR_UFRAG)
		s->ufrag = value;
}

static void read_candidate(struct sdp_media *m, struct slice value)
{
	if (m->candidate_cnt < SDP_CANDIDATES_MAX &&
	    sdp_candidate_read(&m->candidates[m->candidate_cnt], value))
		m->candidate_cnt++;
}

static void read_for_media(struct sdp_media *m, struct sdp_section *section,
			   enum attribute attribute, struct slice value)
{
	uint8_t direction;

	if (direction_of(&direction, attribute)) {
		m->direction = direction;
		section->has_direction = true;
		return;
	}
	switch (attribute) {
	case ATTR_BUNDLE_ONLY:
		m->bundle_only = true;
		break;
	case ATTR_CANDIDATE:
		section->has_candidate_line = true;
		read_candidate(m, value);
		break;
	case ATTR_MID:
		m->mid = value;
		break;
	case ATTR_RTCP:
		sdp_media_read_rtcp(m, value);
		break;
	case ATTR_RTCP_MUX_ONLY:
		m->rtcp_mux_only = true;
		m->rtcp_mux = true;
		break;
	case ATTR_RTCP_MUX:
		m->rtcp_mux = true;
		break;
	case ATTR_RTPMAP:
		sdp_media_read_rtpmap(m, value);
		break;
	case ATTR_UFRAG:
		m->ufrag = value;
		break;
	default:
		break;
	}
}

enum sdp_line_kind sdp_attribute_read(struct slice value,
				      struct sdp_session *session,
				      struct sdp_section *section,
				      struct sdp_media *media)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice name = slice_trim(cursor_until(&c, ":"));
	enum attribute attribute = attribute_of(name);

	if (attribute == ATTR_OTHER)
		return SDP_LINE_OTHER;
	cursor_byte(&c);
	value = slice_trim(cursor_take(&c, cursor_left(&c)));
	if (media)
		read_for_media(media, section, attribute, value);
	else
		read_for_session(session, attribute, value);
	return kind_of(attribute);
}
