/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp_priv.h - the lines behind struct sdp, for the files of this folder
 *
 * One allocation holds a struct sdp and its arrays.  A session begins with a
 * v= line: rtpengine accepts several in one body, each with its own session
 * level.  A section begins with an m= line and ends before the next m= or v=.
 */
#ifndef SDP_SDP_PRIV_H
#define SDP_SDP_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/sdp/sdp.h"

enum {
	SDP_SESSIONS_MAX = 16,
};

#define SDP_NO_LINE UINT32_MAX

enum sdp_line_kind {
	SDP_LINE_OTHER,		/* kept byte for byte, whatever it says */
	SDP_LINE_BLANK,
	SDP_LINE_VERSION,
	SDP_LINE_ORIGIN,
	SDP_LINE_TITLE,		/* i= */
	SDP_LINE_CONNECTION,
	SDP_LINE_MEDIA,
	SDP_LINE_RTCP,
	SDP_LINE_MUX,		/* a=rtcp-mux, a=rtcp-mux-only */
	SDP_LINE_CANDIDATE,
	SDP_LINE_REMOTE_CANDIDATES,
	SDP_LINE_ICE,		/* the rest of ICE's attributes */
	SDP_LINE_GROUP,
};

/* A line ends with LF, with any CRs before it; in a text without LF it ends
 * with CR.  The last one may have no end, or one of CRs only.
 */
struct sdp_line {
	uint32_t off;		/* in the text */
	uint32_t len;		/* without its end */
	uint8_t end;		/* bytes of its end */
	uint8_t kind;		/* enum sdp_line_kind */
};

struct sdp_session {
	uint32_t connection;	/* its first c= line; SDP_NO_LINE */
	uint32_t origin;	/* its first o= line; SDP_NO_LINE */
	struct addr addr;
	struct slice ufrag;
	bool has_direction;
	uint8_t direction;
};

/* What sdp_media does not show. */
struct sdp_section {
	uint32_t first;		/* its m= line */
	uint32_t connection;	/* its first c= line; SDP_NO_LINE */
	uint32_t head;		/* a c= is added after this line */
	uint32_t tail;		/* attributes are added after this line: what
				 * follows a blank line is lost on many */
	uint32_t session;
	bool has_candidate_line;
	bool has_direction;
	bool grouped;
};

struct sdp {
	struct slice text;
	char end;		/* last byte of each line's end: LF or CR */
	struct sdp_line *lines;
	size_t line_cnt;
	struct sdp_session *sessions;
	size_t session_cnt;
	struct sdp_section *sections;	/* media_cnt of them */
	struct sdp_media *media;
	size_t media_cnt;
};

static inline struct slice sdp_line_text(const struct sdp *sdp,
					 const struct sdp_line *line)
{
	return slice_of(sdp->text.text + line->off, line->len);
}

/* What follows "x=". */
static inline struct slice sdp_line_value(const struct sdp *sdp,
					  const struct sdp_line *line)
{
	return slice_of(sdp->text.text + line->off + 2, line->len - 2);
}

/* The next run of what is no space, len 0 at the end. */
struct slice sdp_word(struct cursor *c);

/* As strtoul() reads it, since rtpengine does: "+4000", "\t4000", "04000"
 * and "4000x" are 4000, "-0" is 0.  False: no digit, or not in 0..max.
 */
bool sdp_number(uint32_t *out, struct slice s, uint32_t max);

/* An address as c= may write it: "192.0.2.1/127", "[2001:db8::1]"; IPv4-mapped
 * becomes IPv4.  Unset for a name or nonsense.
 */
struct addr sdp_addr_read(struct slice s);

bool sdp_addr_is_zero(const struct addr *a);

/* The value of a c= line, or what follows the port in a=rtcp. */
struct sdp_connection {
	struct slice where;	/* "IP4 192.0.2.1"; len 0: not understood */
	struct addr addr;
};

struct sdp_connection sdp_connection_read(struct slice value);

/* The value of an o= line. */
struct sdp_origin {
	struct slice username;
	struct slice version;
	struct slice where;	/* "IP4 192.0.2.1"; len 0: not understood */
};

struct sdp_origin sdp_origin_read(struct slice value);

/* The value of an m= line. */
struct sdp_media_words {
	struct slice type;
	struct slice port;	/* without "/2" */
	struct slice proto;
	struct slice formats;
};

struct sdp_media_words sdp_media_words(struct slice value);

enum sdp_proto sdp_proto_of(struct slice proto);

/* sdp_media.c.  False: no m= line at all. */
bool sdp_media_read(struct sdp_media *out, struct slice value);
void sdp_media_read_rtpmap(struct sdp_media *m, struct slice value);
void sdp_media_read_rtcp(struct sdp_media *m, struct slice value);
void sdp_media_finish_rates(struct sdp_media *m);

/* sdp_attribute.c: the kind of the a= line with that value, and what it says
 * of the session or, where not NULL, of the section.
 */
enum sdp_line_kind sdp_attribute_read(struct slice value,
				      struct sdp_session *session,
				      struct sdp_section *section,
				      struct sdp_media *media);

/* sdp_bundle.c: sets bundle_head of all sections. */
void sdp_bundle(struct sdp *sdp);

/* sdp_candidate.c.  False: not understood. */
bool sdp_candidate_read(struct sdp_candidate *out, struct slice value);

enum {
	SDP_CANDIDATE_TEXT_MAX = 128,
};

/* "a=candidate:..." without a line end.  family_index 0 is the address of c=,
 * 1 the other one.  Returns the length.
 */
size_t sdp_candidate_format(char out[static SDP_CANDIDATE_TEXT_MAX],
			    unsigned component, unsigned family_index,
			    const struct addr *addr, uint16_t port);

#endif
