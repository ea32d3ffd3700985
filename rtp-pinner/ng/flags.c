/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flags.c - the names of flags
 *
 * Three kinds: what this relay does (a bit), what changes nothing here (a
 * relay that touches no payload already behaves so, or has no such thing), and
 * what it would have to do and does not: refused, that is counted and ignored,
 * because a call with sound is worth more than an error.
 */
#include "rtp-pinner/ng/command_priv.h"

#include <string.h>

enum kind {
	SETS,
	NOTHING,
	REFUSED,
};

struct name {
	const char *name;
	enum kind kind;
	uint64_t set;
	uint64_t clear;
};

#define SET(name_, bit_)                   \
	{                                  \
		name_, SETS, NG_F(bit_), 0 \
	}
#define SET_NOT(name_, bit_, other_)                  \
	{                                             \
		name_, SETS, NG_F(bit_), NG_F(other_) \
	}

static const struct name flag_names[] = {
	SET("strict source", NG_STRICT_SOURCE),
	SET_NOT("asymmetric", NG_ASYMMETRIC, NG_SYMMETRIC),
	SET_NOT("symmetric", NG_SYMMETRIC, NG_ASYMMETRIC),
	SET_NOT("trust address", NG_TRUST_ADDRESS, NG_SIP_SOURCE_ADDRESS),
	SET_NOT("SIP source address", NG_SIP_SOURCE_ADDRESS, NG_TRUST_ADDRESS),
	SET("media handover", NG_MEDIA_HANDOVER),
	SET_NOT("port latching", NG_PORT_LATCHING, NG_NO_PORT_LATCHING),
	SET_NOT("no port latching", NG_NO_PORT_LATCHING, NG_PORT_LATCHING),
	SET("no rtcp attribute", NG_NO_RTCP_ATTRIBUTE),
	SET("full rtcp attribute", NG_FULL_RTCP_ATTRIBUTE),
	SET("fatal", NG_FATAL),
	SET("no other relay", NG_NO_OTHER_RELAY),
	{ "all", NOTHING, 0, 0 },
	{ "allow asymmetric codecs", NOTHING, 0, 0 },
	{ "allow no codec media", NOTHING, 0, 0 },
	{ "allow transcoding", NOTHING, 0, 0 },
	{ "asymmetric codecs", NOTHING, 0, 0 },
	{ "bidirectional", NOTHING, 0, 0 },
	{ "debug", NOTHING, 0, 0 },
	{ "directional", NOTHING, 0, 0 },
	{ "early media", NOTHING, 0, 0 },
	{ "external", NOTHING, 0, 0 },
	{ "fast", NOTHING, 0, 0 },
	{ "internal", NOTHING, 0, 0 },
	{ "loop protect", NOTHING, 0, 0 },
	{ "nat wait", NOTHING, 0, 0 },
	{ "new branch", NOTHING, 0, 0 },
	{ "no codec renegotiation", NOTHING, 0, 0 },
	{ "no jitter buffer", NOTHING, 0, 0 },
	{ "no passthrough", NOTHING, 0, 0 },
	{ "no player", NOTHING, 0, 0 },
	{ "no redis update", NOTHING, 0, 0 },
	{ "no tls id", NOTHING, 0, 0 },
	{ "original sendrecv", NOTHING, 0, 0 },
	{ "passthrough", NOTHING, 0, 0 },
	{ "provisional", NOTHING, 0, 0 },
	{ "reorder codecs", NOTHING, 0, 0 },
	{ "reset", NOTHING, 0, 0 },
	{ "reuse codecs", NOTHING, 0, 0 },
	{ "symmetric codecs", NOTHING, 0, 0 },
	{ "trickle ice", NOTHING, 0, 0 },
	{ "unidirectional", NOTHING, 0, 0 },
	{ "always transcode", REFUSED, 0, 0 },
	{ "audio player", REFUSED, 0, 0 },
	{ "block dtmf", REFUSED, 0, 0 },
	{ "block egress", REFUSED, 0, 0 },
	{ "block short", REFUSED, 0, 0 },
	{ "detect dtmf", REFUSED, 0, 0 },
	{ "discard recording", REFUSED, 0, 0 },
	{ "egress", REFUSED, 0, 0 },
	{ "exclude recording", REFUSED, 0, 0 },
	{ "force increment sdp ver", REFUSED, 0, 0 },
	{ "force transcoding", REFUSED, 0, 0 },
	{ "fragment", REFUSED, 0, 0 },
	{ "generate mid", REFUSED, 0, 0 },
	{ "generate rtcp", REFUSED, 0, 0 },
	{ "ice reject", REFUSED, 0, 0 },
	{ "reject ice", REFUSED, 0, 0 },
	{ "inactive", REFUSED, 0, 0 },
	{ "inject dtmf", REFUSED, 0, 0 },
	{ "mirror rtcp", REFUSED, 0, 0 },
	{ "mix", REFUSED, 0, 0 },
	{ "pad crypto", REFUSED, 0, 0 },
	{ "pierce nat", REFUSED, 0, 0 },
	{ "player", REFUSED, 0, 0 },
	{ "record call", REFUSED, 0, 0 },
	{ "recording announcement", REFUSED, 0, 0 },
	{ "recording vsc", REFUSED, 0, 0 },
	{ "recrypt", REFUSED, 0, 0 },
	{ "rtcp mirror", REFUSED, 0, 0 },
	{ "single codec", REFUSED, 0, 0 },
	{ "siprec", REFUSED, 0, 0 },
	{ "skip recording db", REFUSED, 0, 0 },
	{ "static codecs", REFUSED, 0, 0 },
	{ "strip extmap", REFUSED, 0, 0 },
	{ "webrtc", REFUSED, 0, 0 },
};

static const struct name replace_names[] = {
	SET("origin", NG_REPLACE_ORIGIN),
	SET("origin full", NG_REPLACE_ORIGIN),
	SET("session connection", NG_REPLACE_SESSION_CONNECTION),
	SET("zero address", NG_REPLACE_ZERO_ADDRESS),
	{ "force increment sdp ver", REFUSED, 0, 0 },
	{ "sdp version", REFUSED, 0, 0 },
	{ "sess id", REFUSED, 0, 0 },
	{ "session name", REFUSED, 0, 0 },
	{ "username", REFUSED, 0, 0 },
};

static const struct name rtcp_mux_names[] = {
	SET("offer", NG_RTCP_MUX_OFFER),
	{ "require", SETS, NG_F(NG_RTCP_MUX_OFFER) | NG_F(NG_RTCP_MUX_REQUIRE),
	  0 },
	SET("demux", NG_RTCP_MUX_DEMUX),
	SET("accept", NG_RTCP_MUX_ACCEPT),
	SET("reject", NG_RTCP_MUX_REJECT),
};

static const struct name supports_names[] = {
	SET("load limit", NG_LOAD_LIMIT),
};

/* Words that continue in a name of their own: "codec-strip-PCMU". */
static const struct {
	const char *prefix;
	reader_item_h *rest; /* NULL: refused */
} prefixes[] = {
	{ "replace-", read_replace },
	{ "rtcp-mux-", read_rtcp_mux },
	{ "BUNDLE-", NULL },
	{ "codec-", NULL },
	{ "endpoint-learning-", NULL },
	{ "OSRTP-", NULL },
	{ "SDES-", NULL },
	{ "sdp-attr-", NULL },
	{ "T.38-", NULL },
	{ "T38-", NULL },
	{ "transcode-", NULL },
};

static bool apply(struct reader *r, const struct name *names, size_t cnt,
		  struct slice name)
{
	for (size_t i = 0; i < cnt; i++) {
		if (!ng_key_equal(slice_str(names[i].name), name))
			continue;
		if (names[i].kind == REFUSED)
			r->command->refused_cnt++;
		r->command->flags &= ~names[i].clear;
		r->command->flags |= names[i].set;
		return true;
	}
	return false;
}

#define APPLY(r_, names_, name_) \
	apply(r_, names_, sizeof(names_) / sizeof((names_)[0]), name_)

bool read_flag(struct reader *r, struct slice name)
{
	if (ng_key_equal(name, slice_str("to tag"))) {
		r->to_tag_wanted = true;
		return true;
	}
	if (APPLY(r, flag_names, name))
		return true;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct slice prefix = slice_str(prefixes[i].prefix);

		if (name.len <= prefix.len ||
		    !ng_key_equal(slice_of(name.text, prefix.len), prefix))
			continue;
		if (prefixes[i].rest)
			return prefixes[i].rest(
				r, slice_of(name.text + prefix.len,
					    name.len - prefix.len));
		r->command->refused_cnt++;
		return true;
	}
	return false;
}

bool read_replace(struct reader *r, struct slice name)
{
	return APPLY(r, replace_names, name);
}

bool read_rtcp_mux(struct reader *r, struct slice name)
{
	return APPLY(r, rtcp_mux_names, name);
}

bool read_supports(struct reader *r, struct slice name)
{
	return APPLY(r, supports_names, name);
}

const char *ng_flag_name(enum ng_flag flag)
{
	static const char *const others[NG_FLAGS] = {
		[NG_REPLACE_ORIGIN] = "replace origin",
		[NG_REPLACE_SESSION_CONNECTION] = "replace session connection",
		[NG_REPLACE_ZERO_ADDRESS] = "replace zero address",
		[NG_RTCP_MUX_OFFER] = "rtcp mux offer",
		[NG_RTCP_MUX_REQUIRE] = "rtcp mux require",
		[NG_RTCP_MUX_DEMUX] = "rtcp mux demux",
		[NG_RTCP_MUX_ACCEPT] = "rtcp mux accept",
		[NG_RTCP_MUX_REJECT] = "rtcp mux reject",
		[NG_LOAD_LIMIT] = "load limit",
	};

	if ((unsigned)flag >= NG_FLAGS)
		return "?";
	if (others[flag])
		return others[flag];
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]);
	     i++) {
		if (flag_names[i].set == NG_F(flag))
			return flag_names[i].name;
	}
	return "?";
}
