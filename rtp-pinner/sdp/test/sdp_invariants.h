/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp_invariants.h - what holds for the rewriting of any text whatever
 *
 * For the fuzz target and for the test with bodies of the field.
 */
#ifndef SDP_TEST_SDP_INVARIANTS_H
#define SDP_TEST_SDP_INVARIANTS_H

#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

/* Bits of what is asked for, the rest is told by two-bit enums. */
enum {
	ASK_IP6 = 1 << 0,
	ASK_OTHER_FAMILY = 1 << 1,
	ASK_RTCP_LINE = 1 << 2,
	ASK_RTCP_FULL = 1 << 3,
	ASK_KEEP_ZERO = 1 << 4,
	ASK_TRANSPORT = 1 << 5,
	ASK_ORIGIN = 1 << 6,
	ASK_SESSION = 1 << 7,
	ASK_SECOND_UNTOUCHED = 1 << 8,
	ASK_ALL_PORTS = 1 << 9,	/* those that are 0, too */
	ASK_MUX_SHIFT = 10,
	ASK_ICE_SHIFT = 12,
	ASK_END = 1 << 14,
};

struct asked {
	struct sdp_change change;
	struct sdp_media_change media[SDP_MEDIA_MAX];
};

static inline void ask(struct asked *out, const struct sdp *sdp, unsigned bits)
{
	struct addr ip4 = { .family = ADDR_IP4, .bytes_be = { 192, 0, 2, 53 } };
	struct addr ip6 = { .family = ADDR_IP6, .bytes_be = { 0x20, 1, 0x53 } };
	struct addr unset = { 0 };
	struct addr addr = bits & ASK_IP6 ? ip6 : ip4;
	struct addr other = bits & ASK_IP6 ? ip4 : ip6;

	*out = (struct asked){ 0 };
	out->change = (struct sdp_change){
		.origin = bits & ASK_ORIGIN,
		.session_connection = bits & ASK_SESSION,
		.addr = addr,
		.media = out->media,
	};
	for (size_t i = 0; i < sdp_media_cnt(sdp); i++) {
		bool port = sdp_media(sdp, i)->port || bits & ASK_ALL_PORTS;

		out->media[i] = (struct sdp_media_change){
			.touch = i != 1 || !(bits & ASK_SECOND_UNTOUCHED),
			.port = port ? (uint16_t)(30000 + 2 * i) : 0,
			.addr = addr,
			.keep_zero_addr = bits & ASK_KEEP_ZERO,
			.rtcp_port = (uint16_t)(30001 + 2 * i),
			.rtcp_line = bits & ASK_RTCP_LINE,
			.rtcp_full = bits & ASK_RTCP_FULL,
			.mux = (enum sdp_mux)((bits >> ASK_MUX_SHIFT & 3) % 3),
			.ice = (enum sdp_ice)((bits >> ASK_ICE_SHIFT & 3) % 3),
			.addr_other = bits & ASK_OTHER_FAMILY ? other : unset,
			.proto_text = slice_of("RTP/SAVPF",
					       bits & ASK_TRANSPORT ? 9 : 0),
		};
	}
}

/* The next line at or after *at that no change may touch. */
static inline const struct sdp_line *next_kept(const struct sdp *sdp,
					       size_t *at)
{
	while (*at < sdp->line_cnt) {
		const struct sdp_line *line = &sdp->lines[(*at)++];

		if (line->kind == SDP_LINE_OTHER ||
		    line->kind == SDP_LINE_TITLE ||
		    line->kind == SDP_LINE_GROUP ||
		    line->kind == SDP_LINE_VERSION)
			return line;
	}
	return NULL;
}

static inline const char *broken_kept_lines(const struct sdp *before,
					    const struct sdp *after)
{
	size_t at = 0, now_at = 0;

	for (;;) {
		const struct sdp_line *line = next_kept(before, &at);
		const struct sdp_line *now = next_kept(after, &now_at);

		if (!line || !now)
			return line || now ? "lines lost or added" : NULL;
		if (!slice_equal(sdp_line_text(before, line),
				 sdp_line_text(after, now)))
			return "a line changed that is none of ours";
	}
}

static inline const char *broken_candidates(const struct sdp_media *m,
					    const struct sdp_media_change *c)
{
	for (size_t i = 0; i < m->candidate_cnt; i++) {
		const struct sdp_candidate *got = &m->candidates[i];

		if (!addr_equal(&got->addr, &c->addr) &&
		    !addr_equal(&got->addr, &c->addr_other))
			return "a candidate is not ours";
		if (got->port != c->port && got->port != c->rtcp_port)
			return "the port of a candidate is not ours";
	}
	return NULL;
}

static inline const char *broken_touched(const struct sdp_media *before,
					 const struct sdp_media *m,
					 const struct sdp_media_change *c)
{
	struct addr want = c->addr;

	if (c->keep_zero_addr && before->zero_addr)
		want = (struct addr){ .family = c->addr.family };
	if (m->port != c->port)
		return "the port is not ours";
	if (m->port && !addr_equal(&m->addr, &want))
		return "the address is not ours";
	if (m->has_rtcp != (c->rtcp_line && c->port))
		return "a=rtcp is not as asked";
	if (m->has_rtcp && (m->rtcp_port != c->rtcp_port ||
			    !addr_equal(&m->rtcp_addr, &want)))
		return "RTCP is not ours";
	if (m->rtcp_mux != (c->mux == SDP_MUX_ADD ||
			    (c->mux == SDP_MUX_KEEP && before->rtcp_mux)))
		return "a=rtcp-mux is not as asked";
	if (c->proto_text.len && !slice_equal(m->proto_text, c->proto_text))
		return "the transport is not as asked";
	if (c->ice == SDP_ICE_REMOVE && m->candidate_cnt)
		return "candidates remain";
	if (c->ice == SDP_ICE_OURS)
		return broken_candidates(m, c);
	return NULL;
}

static inline const char *broken_sections(const struct sdp *before,
					  const struct sdp *after,
					  const struct sdp_change *change)
{
	if (sdp_media_cnt(before) != sdp_media_cnt(after))
		return "sections lost or added";
	for (size_t i = 0; i < sdp_media_cnt(before); i++) {
		const struct sdp_media *was = sdp_media(before, i);
		const struct sdp_media *m = sdp_media(after, i);
		const char *broken = NULL;

		if (change->media[i].touch)
			broken = broken_touched(was, m, &change->media[i]);
		else if (m->port != was->port ||
			 m->rtcp_port != was->rtcp_port)
			broken = "a port changed unasked";
		else if (m->port && !addr_equal(&m->addr, &was->addr))
			broken = "an address changed unasked";
		if (broken)
			return broken;
	}
	return NULL;
}

/* At most one line of each of these, in touched sections and sessions. */
static inline const char *broken_singles(const struct sdp *after,
					 const struct sdp_change *change)
{
	size_t media = 0, connections = 0, rtcps = 0;
	bool in_media = false;

	for (size_t i = 0; i < after->line_cnt; i++) {
		uint8_t kind = after->lines[i].kind;

		if (kind == SDP_LINE_MEDIA || kind == SDP_LINE_VERSION) {
			media += in_media;
			in_media = kind == SDP_LINE_MEDIA;
			connections = rtcps = 0;
		}
		if (!in_media || !change->media[media].touch)
			continue;
		connections += kind == SDP_LINE_CONNECTION;
		rtcps += kind == SDP_LINE_RTCP;
		if (connections > 1 || rtcps > 1)
			return "a second c= or a=rtcp remains";
	}
	return NULL;
}

static inline bool has_nul(struct slice s)
{
	return s.len && memchr(s.text, '\0', s.len);
}

/* Of sdp, rewritten to text.  A last line without an end may be dropped by the
 * second rewriting, which leaves the end of the line before: blanks at the end
 * do not count.
 */
static inline const char *broken_result(const struct sdp *sdp,
					struct slice text,
					const struct sdp_change *change)
{
	const char *reason, *broken;
	struct sdp *after;
	size_t len;
	char *again;

	if (has_nul(text) && !has_nul(sdp->text))
		return "a NUL came in";
	if (sdp_parse(&after, &reason, text))
		return "the result is no description";
	broken = broken_sections(sdp, after, change);
	if (!broken)
		broken = broken_kept_lines(sdp, after);
	if (!broken)
		broken = broken_singles(after, change);
	if (!broken) {
		if (sdp_rewrite(&again, &len, after, change))
			broken = "the result cannot be rewritten";
		else if (!slice_equal(slice_trim(slice_of(again, len)),
				      slice_trim(text)))
			broken = "a second rewriting changes it again";
		free(again);
	}
	sdp_free(after);
	return broken;
}

static inline const char *broken_rewrite(const struct sdp *sdp,
					 const struct sdp_change *change)
{
	const char *broken;
	size_t len;
	char *out;

	if (sdp_rewrite(&out, &len, sdp, change))
		return "refused";
	broken = broken_result(sdp, slice_of(out, len), change);
	if (out[len])
		broken = "no NUL at the end";
	free(out);
	return broken;
}

static inline const char *broken_identity(const struct sdp *sdp)
{
	struct asked nothing = { .change = { .media = nothing.media } };
	const char *broken = NULL;
	size_t len;
	char *out;

	if (sdp_rewrite(&out, &len, sdp, &nothing.change))
		return "refused, though nothing was asked";
	if (!slice_equal(slice_of(out, len), sdp->text))
		broken = "changed, though nothing was asked";
	free(out);
	return broken;
}

/* What does not hold of a text and what is asked for; NULL if all does. */
static inline const char *broken_invariant(const struct sdp *sdp, unsigned bits)
{
	const char *broken = broken_identity(sdp);
	struct asked asked;

	if (broken)
		return broken;
	ask(&asked, sdp, bits);
	return broken_rewrite(sdp, &asked.change);
}

#endif
