/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp.h - a session description as lines, and its rewriting by line
 *
 * A tolerant model (RFC 8866, 3264): what rtpengine accepts is accepted, and
 * more: any order of lines, CRLF, LF or CR, no end of the last line, unknown
 * lines, blank lines, missing o=, s= or t=, types and names in upper case,
 * embedded NULs, several sessions (v=) in one body, no media at all.  Where a
 * line may stand once, the first one counts.
 *
 * Line ends, order, unknown lines and attributes are kept as they came; only
 * what a relay must change is changed.  (A CR that ends no line becomes '?'.)
 * Pure: text in, text out, one allocation each.
 *
 * Slices point into the text given to sdp_parse() or a copy of it in the
 * struct: they are valid as long as both.
 */
#ifndef SDP_SDP_H
#define SDP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

enum {
	SDP_MEDIA_MAX = 64,
	SDP_CANDIDATES_MAX = 64,	/* of one media section; more are ignored */
	SDP_RATES_MAX = 16,
};

enum sdp_direction {
	SDP_SENDRECV,
	SDP_SENDONLY,
	SDP_RECVONLY,
	SDP_INACTIVE,
};

enum sdp_proto {
	SDP_PROTO_RTP,		/* RTP/AVP, RTP/AVPF */
	SDP_PROTO_SRTP,		/* RTP/SAVP(F), UDP/TLS/RTP/SAVP(F) */
	SDP_PROTO_UDP,		/* udptl, UDP/..., DTLS/SCTP, and the unknown:
				 * any datagram */
	SDP_PROTO_OTHER,	/* TCP, MSRP, SCTP, ...: left alone */
};

struct sdp_candidate {
	unsigned component;	/* 1 RTP, 2 RTCP */
	bool udp;
	struct addr addr;	/* unset for .local and names */
	uint16_t port;
};

struct sdp_rate {
	uint8_t payload_type;
	uint32_t hz;
};

struct sdp_media {
	struct slice type;	/* "audio" */
	struct slice proto_text;
	enum sdp_proto proto;
	struct slice mid;
	uint32_t port;		/* 0: rejected, or bundled into another */
	struct addr addr;	/* media c=, else session c=; unset: none or a name */
	bool zero_addr;		/* c= is 0.0.0.0 or :: (hold of RFC 2543) */
	bool bundle_only;
	uint16_t rtcp_port;	/* a=rtcp, else port + 1; 0 where port is 0 or
				 * nothing is said of RTCP in SDP_PROTO_UDP;
				 * equal to port: muxed, even if not said */
	struct addr rtcp_addr;	/* a=rtcp address, else addr */
	bool has_rtcp;		/* an a=rtcp line */
	bool rtcp_mux;		/* a=rtcp-mux or -only */
	bool rtcp_mux_only;
	bool ice;		/* ufrag (here or at session level) or candidates */
	struct slice ufrag;	/* here, else session level */
	enum sdp_direction direction;	/* here, else session level, else sendrecv */
	struct sdp_candidate *candidates;
	size_t candidate_cnt;
	struct sdp_rate rates[SDP_RATES_MAX];	/* of rtpmap and static types,
						 * of the first formats */
	size_t rate_cnt;
	int bundle_head;	/* index of the media whose transport it shares
				 * (RFC 9143): bundle-only, or same port and
				 * address; the head has none itself.  -1: none */
};

struct sdp;		/* the lines */

/* 0; EBADMSG with *reason, rtpengine's words; ENOMEM.
 *
 * "Failed to parse SDP": the first line that is not blank is no v=, an m= line
 * lacks its port or transport, or there are more than SDP_MEDIA_MAX of them.
 * "Incomplete SDP specification": media to be relayed has no c=.
 * An empty text is good and has no media.  A text that is bad only behind a
 * blank line ends before that line.
 */
int sdp_parse(struct sdp **out, const char **reason, struct slice text);
void sdp_free(struct sdp *sdp);

size_t sdp_media_cnt(const struct sdp *sdp);

/* NULL past the last one. */
const struct sdp_media *sdp_media(const struct sdp *sdp, size_t index);

/* Of the first session; len 0 and 0 where o= is missing or not understood. */
struct slice sdp_origin_username(const struct sdp *sdp);
uint64_t sdp_origin_version(const struct sdp *sdp);

/* The party wants to hear nothing: sendonly, inactive, or 0.0.0.0 without ICE
 * (RFC 3264 8.4, RFC 2543 B.5).  False for a rejected section.
 */
bool sdp_media_is_held(const struct sdp_media *m);

enum sdp_mux {
	SDP_MUX_KEEP,		/* leave a=rtcp-mux as it is */
	SDP_MUX_ADD,
	SDP_MUX_REMOVE,
};

enum sdp_ice {
	SDP_ICE_KEEP,		/* no ICE here, or not ours to touch */
	SDP_ICE_REMOVE,		/* candidates, ufrag, pwd, options, lite, ... */
	SDP_ICE_OURS,		/* our candidates in place of theirs; ufrag, pwd
				 * and fingerprint untouched */
};

/* What becomes of one media section.  A section with touch false keeps its
 * lines (proto OTHER); where it lived by a session's c= that is replaced, it
 * gets that as one of its own.
 *
 * Ours are one host candidate per component and family, that of c= first.
 * RTCP is no component where rtcp_port is port or 0, the section is
 * rtcp-mux-only, or its transport is SDP_PROTO_UDP.  remote-candidates go.
 */
struct sdp_media_change {
	bool touch;
	uint16_t port;		/* 0: rejected, or bundled: no candidates */
	struct addr addr;	/* for c=, a=rtcp and the default candidate; may
				 * be unset where port is 0: c= is kept then */
	bool keep_zero_addr;	/* hold by 0.0.0.0 stays that, or becomes the
				 * :: of addr's family */
	uint16_t rtcp_port;	/* written as a=rtcp when rtcp_line, unless it
				 * or port is 0 */
	bool rtcp_line;		/* false: a=rtcp is removed */
	bool rtcp_full;		/* a=rtcp with IN IP4 ADDRESS */
	enum sdp_mux mux;
	enum sdp_ice ice;
	struct addr addr_other;	/* other family, for ICE; may be unset */
	struct slice proto_text;	/* replaces the transport; len 0: kept */
};

/* Session-level ICE attributes go where a section of that session says
 * SDP_ICE_REMOVE and none says SDP_ICE_OURS.
 */
struct sdp_change {
	bool origin;		/* address of o= becomes addr */
	bool session_connection;	/* the session's c=: always replaced when
					 * a touched section lives by it */
	struct addr addr;
	struct sdp_media_change *media;	/* sdp_media_cnt() of them */
};

/* The new text, NUL-terminated, malloc'ed, for the caller to free.  0, ENOMEM,
 * EINVAL (an address is unset where one is needed; a slice of the change holds
 * blanks or control characters).  An o= that is not understood is kept.
 */
int sdp_rewrite(char **out, size_t *out_len, const struct sdp *sdp,
		const struct sdp_change *change);

#endif
