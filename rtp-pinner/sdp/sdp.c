/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two passes over the text: one counts, so that everything fits into one
 * allocation; one reads.
 *
 * A blank line is a line like others, for careless writers leave some.  But
 * for many readers, rtpengine among them, the description ends there: where it
 * is good up to that line and not beyond, the rest is dropped, lest a reader
 * who goes on finds media there that goes around the relay.
 */
#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static const char failed[] = "Failed to parse SDP";
static const char incomplete[] = "Incomplete SDP specification";

/* Goes over lines.  CR ends a line only in a text without any LF: elsewhere
 * rtpengine takes it for a character, except before LF.
 */
struct walk {
	const char *text;
	size_t len;
	size_t pos;
	char end;
};

static struct walk walk_of(struct slice text)
{
	bool has_lf = text.len && memchr(text.text, '\n', text.len);

	return (struct walk){
		.text = text.text,
		.len = text.len,
		.end = has_lf ? '\n' : '\r',
	};
}

static bool next_line(struct sdp_line *out, struct walk *w)
{
	const char *start = w->text + w->pos;
	const char *at;
	size_t len = w->len - w->pos, end = 0;

	if (!len)
		return false;
	at = memchr(start, w->end, len);
	if (at) {
		len = (size_t)(at - start);
		end = 1;
	}
	while (w->end == '\n' && len && start[len - 1] == '\r' &&
	       end < UINT8_MAX) {
		len--;
		end++;
	}
	*out = (struct sdp_line){
		.off = (uint32_t)w->pos,
		.len = (uint32_t)len,
		.end = (uint8_t)end,
	};
	w->pos += len + end;
	return true;
}

/* The letter of "x=", in lower case; 0 for anything else. */
static char type_of(const char *line, size_t len)
{
	if (len < 2 || line[1] != '=')
		return 0;
	return line[0] >= 'A' && line[0] <= 'Z' ? (char)(line[0] + 'a' - 'A') :
						  line[0];
}

struct counts {
	size_t lines;
	size_t sessions;
	size_t media;
	size_t candidates;	/* at most */
};

static struct counts count(struct slice text)
{
	struct counts n = { 0 };
	struct walk w = walk_of(text);
	struct sdp_line line;

	while (next_line(&line, &w)) {
		char type = type_of(text.text + line.off, line.len);

		n.lines++;
		n.sessions += type == 'v';
		n.media += type == 'm';
		n.candidates += type == 'a' && n.media;
	}
	if (n.candidates > n.media * SDP_CANDIDATES_MAX)
		n.candidates = n.media * SDP_CANDIDATES_MAX;
	return n;
}

/* How many CRs end no line.  In copy, if not NULL, they become '?': libosip2
 * and others take each CR for an end, and would find lines we have not seen.
 */
static size_t mask_crs(char *copy, struct slice text)
{
	size_t cnt = 0, pos = 0;

	while (pos < text.len) {
		size_t end = pos;

		while (end < text.len && text.text[end] == '\r')
			end++;
		if (end > pos && end < text.len && text.text[end] != '\n') {
			cnt += end - pos;
			if (copy)
				memset(copy + pos, '?', end - pos);
		}
		pos = end > pos ? end : pos + 1;
	}
	return cnt;
}

/* One block, cut into arrays: the larger alignments come first.  *copy has
 * copy_len bytes.
 */
static struct sdp *allocate(const struct counts *n,
			    struct sdp_candidate **candidates,
			    char **copy, size_t copy_len)
{
	struct sdp *sdp;
	char *at;

	static_assert(alignof(struct sdp) >= alignof(struct sdp_media) &&
		      alignof(struct sdp_media) >=
			      alignof(struct sdp_session) &&
		      alignof(struct sdp_session) >=
			      alignof(struct sdp_section) &&
		      alignof(struct sdp_section) >=
			      alignof(struct sdp_candidate) &&
		      alignof(struct sdp_candidate) >=
			      alignof(struct sdp_line), "order of the arrays");
	sdp = calloc(1, sizeof(*sdp) + n->media * sizeof(*sdp->media) +
			n->sessions * sizeof(*sdp->sessions) +
			n->media * sizeof(*sdp->sections) +
			n->candidates * sizeof(**candidates) +
			n->lines * sizeof(*sdp->lines) + copy_len);
	if (!sdp)
		return NULL;
	at = (char *)(sdp + 1);
	sdp->media = (void *)at;
	at += n->media * sizeof(*sdp->media);
	sdp->sessions = (void *)at;
	at += n->sessions * sizeof(*sdp->sessions);
	sdp->sections = (void *)at;
	at += n->media * sizeof(*sdp->sections);
	*candidates = (void *)at;
	at += n->candidates * sizeof(**candidates);
	sdp->lines = (void *)at;
	at += n->lines * sizeof(*sdp->lines);
	*copy = at;
	return sdp;
}

struct reader {
	struct sdp *sdp;
	struct sdp_session *session;	/* NULL before the first v= */
	struct sdp_media *media;	/* NULL at a session level */
	struct sdp_section *section;
	struct sdp_candidate *candidates;	/* the next free one */
	bool after_blank;	/* in this section */
};

/* The arrays of candidates follow each other, each as long as needed. */
static void leave_media(struct reader *r)
{
	if (r->media)
		r->candidates += r->media->candidate_cnt;
	r->media = NULL;
	r->section = NULL;
	r->after_blank = false;
}

static void enter_session(struct reader *r)
{
	leave_media(r);
	r->session = &r->sdp->sessions[r->sdp->session_cnt++];
	*r->session = (struct sdp_session){
		.connection = SDP_NO_LINE,
		.origin = SDP_NO_LINE,
	};
}

static int enter_media(struct reader *r, uint32_t index, struct slice value)
{
	struct sdp *sdp = r->sdp;

	leave_media(r);
	r->media = &sdp->media[sdp->media_cnt];
	r->section = &sdp->sections[sdp->media_cnt];
	sdp->media_cnt++;
	if (!sdp_media_read(r->media, value))
		return EBADMSG;
	r->media->candidates = r->candidates;
	*r->section = (struct sdp_section){
		.first = index,
		.connection = SDP_NO_LINE,
		.head = index,
		.tail = index,
		.session = (uint32_t)(r->session - sdp->sessions),
	};
	return 0;
}

static void read_connection(struct reader *r, uint32_t index,
			    struct slice value)
{
	uint32_t *line = r->media ? &r->section->connection :
				    &r->session->connection;
	struct addr *addr = r->media ? &r->media->addr : &r->session->addr;

	if (*line != SDP_NO_LINE)
		return;		/* the first one counts */
	*line = index;
	*addr = sdp_connection_read(value).addr;
}

static int read_line(struct reader *r, uint32_t index)
{
	struct sdp_line *line = &r->sdp->lines[index];
	char type = type_of(r->sdp->text.text + line->off, line->len);
	struct slice value;

	if (!line->len) {
		line->kind = SDP_LINE_BLANK;
		r->after_blank = true;
		return 0;
	}
	if (!r->session && type != 'v')
		return EBADMSG;
	if (!type)
		return 0;

	value = sdp_line_value(r->sdp, line);
	switch (type) {
	case 'v':
		line->kind = SDP_LINE_VERSION;
		enter_session(r);
		return 0;
	case 'm':
		line->kind = SDP_LINE_MEDIA;
		return enter_media(r, index, value);
	case 'c':
		line->kind = SDP_LINE_CONNECTION;
		read_connection(r, index, value);
		return 0;
	case 'a':
		line->kind = sdp_attribute_read(value, r->session, r->section,
						r->media);
		return 0;
	case 'i':
		line->kind = SDP_LINE_TITLE;
		if (r->section && r->section->head == index - 1)
			r->section->head = index;
		return 0;
	case 'o':
		line->kind = SDP_LINE_ORIGIN;
		if (r->session->origin == SDP_NO_LINE)
			r->session->origin = index;
		return 0;
	default:
		return 0;
	}
}

static int read_lines(struct reader *r, struct slice text)
{
	struct walk w = walk_of(text);
	int err = 0;

	r->sdp->end = w.end;
	while (!err && next_line(&r->sdp->lines[r->sdp->line_cnt], &w)) {
		uint32_t index = (uint32_t)r->sdp->line_cnt++;

		err = read_line(r, index);
		if (r->section && !r->after_blank)
			r->section->tail = index;
	}
	return err;
}

/* What a section takes from its session, and what follows from other fields. */
static int finish_media(struct sdp_media *m, const struct sdp_section *section,
			const struct sdp_session *session)
{
	bool has_connection = section->connection != SDP_NO_LINE;

	if (!has_connection && session->connection != SDP_NO_LINE) {
		has_connection = true;
		m->addr = session->addr;
	}
	if (!has_connection && m->port && m->proto != SDP_PROTO_OTHER)
		return EBADMSG;

	m->zero_addr = sdp_addr_is_zero(&m->addr);
	if (!m->ufrag.len)
		m->ufrag = session->ufrag;
	m->ice = m->ufrag.len || section->has_candidate_line;
	if (!section->has_direction && session->has_direction)
		m->direction = (enum sdp_direction)session->direction;
	if (!m->port)
		m->rtcp_port = 0;
	else if (!m->rtcp_port && (m->proto == SDP_PROTO_RTP ||
				   m->proto == SDP_PROTO_SRTP))
		m->rtcp_port = (uint16_t)(m->port + 1);
	if (!addr_is_set(&m->rtcp_addr))
		m->rtcp_addr = m->addr;
	sdp_media_finish_rates(m);
	return 0;
}

static int parse(struct sdp **out, const char **reason, struct slice text)
{
	bool masked = walk_of(text).end == '\n' && mask_crs(NULL, text);
	struct counts n = count(text);
	struct reader r = { 0 };
	char *copy;
	int err;

	*reason = failed;
	if (n.media > SDP_MEDIA_MAX || n.sessions > SDP_SESSIONS_MAX)
		return EBADMSG;
	r.sdp = allocate(&n, &r.candidates, &copy, masked ? text.len : 0);
	if (!r.sdp)
		return ENOMEM;

	if (masked) {
		memcpy(copy, text.text, text.len);
		mask_crs(copy, text);
		text.text = copy;
	}
	r.sdp->text = text;
	err = read_lines(&r, text);
	if (err)
		goto out;
	*reason = incomplete;
	for (size_t i = 0; !err && i < r.sdp->media_cnt; i++) {
		const struct sdp_section *section = &r.sdp->sections[i];

		err = finish_media(&r.sdp->media[i], section,
				   &r.sdp->sessions[section->session]);
	}
	if (err)
		goto out;
	sdp_bundle(r.sdp);
	*out = r.sdp;
	*reason = NULL;
	return 0;
out:
	sdp_free(r.sdp);
	return err;
}

/* The first blank line behind one that is not, or the end. */
static size_t find_blank(struct slice text)
{
	struct walk w = walk_of(text);
	struct sdp_line line;
	bool begun = false;

	while (next_line(&line, &w)) {
		if (begun && !line.len)
			return line.off;
		begun |= line.len > 0;
	}
	return text.len;
}

int sdp_parse(struct sdp **out, const char **reason, struct slice text)
{
	size_t blank;
	int err;

	*out = NULL;
	*reason = failed;
	if (text.len >= UINT32_MAX / 2)
		return EBADMSG;
	err = parse(out, reason, text);
	if (err != EBADMSG)
		return err;
	blank = find_blank(text);
	return blank < text.len ?
		       parse(out, reason, slice_of(text.text, blank)) : err;
}

void sdp_free(struct sdp *sdp)
{
	free(sdp);
}

size_t sdp_media_cnt(const struct sdp *sdp)
{
	return sdp->media_cnt;
}

const struct sdp_media *sdp_media(const struct sdp *sdp, size_t index)
{
	return index < sdp->media_cnt ? &sdp->media[index] : NULL;
}

static struct sdp_origin first_origin(const struct sdp *sdp)
{
	uint32_t line = sdp->session_cnt ? sdp->sessions[0].origin :
					   SDP_NO_LINE;

	if (line == SDP_NO_LINE)
		return (struct sdp_origin){ 0 };
	return sdp_origin_read(sdp_line_value(sdp, &sdp->lines[line]));
}

struct slice sdp_origin_username(const struct sdp *sdp)
{
	return first_origin(sdp).username;
}

uint64_t sdp_origin_version(const struct sdp *sdp)
{
	uint64_t version = 0;

	(void)slice_u64(&version, first_origin(sdp).version, UINT64_MAX);
	return version;
}
