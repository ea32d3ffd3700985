/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over the lines.  What is not named here is copied with the lines
 * around it, in runs as long as possible.
 */
#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

#include <errno.h>

#include "rtp-pinner/sdp/sdp_writer.h"

struct session_plan {
	struct addr addr;	/* of its c= lines; unset: kept */
	bool drop_ice;		/* ufrag, pwd, options, lite, ... */
	bool drop_candidates;	/* misplaced at this level, as is a=rtcp */
	bool drop_rtcp;
};

struct rewrite {
	const struct sdp *sdp;
	const struct sdp_change *change;
	struct sdp_writer out;
	struct session_plan plans[SDP_SESSIONS_MAX];

	/* where it is now */
	size_t session;
	size_t media;
	bool in_media;
	bool candidates_done, rtcp_done;
};

/* Where "hold" is told by 0.0.0.0 the new family is told by its own zero. */
static struct addr wanted_addr(const struct sdp_media *m,
			       const struct sdp_media_change *change)
{
	if (change->keep_zero_addr && m->zero_addr)
		return (struct addr){ .family = change->addr.family };
	return change->addr;
}

static bool lives_by_session(const struct sdp *sdp, size_t media)
{
	const struct sdp_section *section = &sdp->sections[media];

	return section->connection == SDP_NO_LINE &&
	       sdp->sessions[section->session].connection != SDP_NO_LINE;
}

/* The c= of a session becomes what its first touched section needs, one with a
 * port if there is any.
 */
static void plan_sessions(struct rewrite *r)
{
	const struct sdp *sdp = r->sdp;
	bool ours[SDP_SESSIONS_MAX] = { false };
	bool with_port[SDP_SESSIONS_MAX] = { false };

	for (size_t i = 0; i < sdp->media_cnt; i++) {
		const struct sdp_media_change *c = &r->change->media[i];
		size_t s = sdp->sections[i].session;
		struct session_plan *plan = &r->plans[s];

		if (!c->touch)
			continue;
		plan->drop_rtcp = true;
		plan->drop_candidates |= c->ice != SDP_ICE_KEEP;
		plan->drop_ice |= c->ice == SDP_ICE_REMOVE;
		ours[s] |= c->ice == SDP_ICE_OURS;
		if (lives_by_session(sdp, i) && addr_is_set(&c->addr) &&
		    (!addr_is_set(&plan->addr) || (c->port && !with_port[s]))) {
			plan->addr = wanted_addr(&sdp->media[i], c);
			with_port[s] = c->port;
		}
	}
	for (size_t s = 0; s < sdp->session_cnt; s++) {
		struct session_plan *plan = &r->plans[s];

		if (ours[s])
			plan->drop_ice = false;
		if (r->change->session_connection && !addr_is_set(&plan->addr))
			plan->addr = r->change->addr;
	}
}

/* The first c= line gets the address, a further one goes. */
static void rewrite_connection(struct rewrite *r, uint32_t index,
			       uint32_t first, const struct addr *addr)
{
	const struct sdp_line *line = &r->sdp->lines[index];
	struct slice value = sdp_line_value(r->sdp, line);
	struct sdp_connection old = sdp_connection_read(value);

	if (!addr_is_set(addr))
		return;
	if (index != first) {
		sdp_drop_line(&r->out, line);
	} else if (!old.where.len) {
		sdp_replace(&r->out, value);
		sdp_put_text(&r->out, "IN ");
		sdp_put_addr(&r->out, addr);
	} else if (!addr_equal(&old.addr, addr)) {
		sdp_replace(&r->out, old.where);
		sdp_put_addr(&r->out, addr);
	}
}

static void rewrite_origin(struct rewrite *r, const struct sdp_line *line)
{
	const struct sdp_change *change = r->change;
	struct sdp_origin o = sdp_origin_read(sdp_line_value(r->sdp, line));

	if (!o.where.len)
		return;
	if (change->origin) {
		sdp_replace(&r->out, o.where);
		sdp_put_addr(&r->out, &change->addr);
	}
}

static void rewrite_session_line(struct rewrite *r, uint32_t index)
{
	const struct sdp_line *line = &r->sdp->lines[index];
	const struct session_plan *plan = &r->plans[r->session];

	switch (line->kind) {
	case SDP_LINE_ORIGIN:
		rewrite_origin(r, line);
		break;
	case SDP_LINE_CONNECTION:
		rewrite_connection(r, index,
				   r->sdp->sessions[r->session].connection,
				   &plan->addr);
		break;
	case SDP_LINE_ICE:
		if (plan->drop_ice)
			sdp_drop_line(&r->out, line);
		break;
	case SDP_LINE_CANDIDATE:
	case SDP_LINE_REMOTE_CANDIDATES:
		if (plan->drop_candidates)
			sdp_drop_line(&r->out, line);
		break;
	case SDP_LINE_RTCP:
		if (plan->drop_rtcp)
			sdp_drop_line(&r->out, line);
		break;
	default:
		break;
	}
}

static void rewrite_media_words(struct rewrite *r, const struct sdp_line *line,
				const struct sdp_media_change *change)
{
	struct sdp_media_words words =
		sdp_media_words(sdp_line_value(r->sdp, line));

	if (r->sdp->media[r->media].port != change->port) {
		sdp_replace(&r->out, words.port);
		sdp_put_number(&r->out, change->port);
	}
	if (change->proto_text.len) {
		sdp_replace(&r->out, words.proto);
		sdp_put(&r->out, change->proto_text);
	}
}

static bool wants_rtcp_line(const struct sdp_media_change *change)
{
	return change->rtcp_line && change->rtcp_port && change->port;
}

static void put_rtcp(struct rewrite *r, const struct sdp_media_change *change)
{
	struct addr addr = wanted_addr(&r->sdp->media[r->media], change);

	sdp_put_text(&r->out, "a=rtcp:");
	sdp_put_number(&r->out, change->rtcp_port);
	if (change->rtcp_full && addr_is_set(&addr)) {
		sdp_put_text(&r->out, " IN ");
		sdp_put_addr(&r->out, &addr);
	}
}

static bool has_rtcp_component(const struct sdp_media *m,
			       const struct sdp_media_change *change)
{
	enum sdp_proto proto = change->proto_text.len ?
				       sdp_proto_of(change->proto_text) :
				       m->proto;

	return change->rtcp_port && change->rtcp_port != change->port &&
	       proto != SDP_PROTO_UDP &&
	       (!m->rtcp_mux_only || change->mux == SDP_MUX_REMOVE);
}

static bool wants_candidates(const struct sdp_media *m,
			     const struct sdp_media_change *change)
{
	return change->ice == SDP_ICE_OURS && m->ice && change->port;
}

/* Ours, one a line, without the end of the last one. */
static void put_candidates(struct rewrite *r, const struct sdp_line *line,
			   const struct sdp_media_change *change)
{
	const struct sdp_media *m = &r->sdp->media[r->media];
	const struct addr *addrs[] = { &change->addr, &change->addr_other };
	unsigned components = has_rtcp_component(m, change) ? 2 : 1;
	bool first = true;

	for (unsigned component = 1; component <= components; component++) {
		uint16_t port = component == 1 ? change->port :
						 change->rtcp_port;

		for (unsigned i = 0; i < 2; i++) {
			char text[SDP_CANDIDATE_TEXT_MAX];
			size_t len;

			if (!addr_is_set(addrs[i]))
				continue;
			len = sdp_candidate_format(text, component, i,
						   addrs[i], port);
			if (!first)
				sdp_put_end(&r->out, line);
			sdp_put(&r->out, slice_of(text, len));
			first = false;
		}
	}
}

static void rewrite_attribute(struct rewrite *r, const struct sdp_line *line,
			      const struct sdp_media_change *change)
{
	const struct sdp_media *m = &r->sdp->media[r->media];
	struct slice text = sdp_line_text(r->sdp, line);

	switch (line->kind) {
	case SDP_LINE_RTCP:
		if (!wants_rtcp_line(change) || r->rtcp_done) {
			sdp_drop_line(&r->out, line);
			break;
		}
		sdp_replace(&r->out, text);
		put_rtcp(r, change);
		r->rtcp_done = true;
		break;
	case SDP_LINE_MUX:
		if (change->mux == SDP_MUX_REMOVE)
			sdp_drop_line(&r->out, line);
		break;
	case SDP_LINE_CANDIDATE:
		if (change->ice == SDP_ICE_KEEP)
			break;
		if (!wants_candidates(m, change) || r->candidates_done) {
			sdp_drop_line(&r->out, line);
			break;
		}
		sdp_replace(&r->out, text);
		put_candidates(r, line, change);
		r->candidates_done = true;
		break;
	case SDP_LINE_REMOTE_CANDIDATES:
		if (change->ice != SDP_ICE_KEEP)
			sdp_drop_line(&r->out, line);
		break;
	case SDP_LINE_ICE:
		if (change->ice == SDP_ICE_REMOVE)
			sdp_drop_line(&r->out, line);
		break;
	default:
		break;
	}
}

static void rewrite_media_line(struct rewrite *r, uint32_t index)
{
	const struct sdp_line *line = &r->sdp->lines[index];
	const struct sdp_media *m = &r->sdp->media[r->media];
	const struct sdp_media_change *change = &r->change->media[r->media];
	struct addr addr;

	if (!change->touch)
		return;
	switch (line->kind) {
	case SDP_LINE_MEDIA:
		rewrite_media_words(r, line, change);
		break;
	case SDP_LINE_CONNECTION:
		addr = wanted_addr(m, change);
		rewrite_connection(r, index,
				   r->sdp->sections[r->media].connection,
				   &addr);
		break;
	default:
		rewrite_attribute(r, line, change);
		break;
	}
}

/* A c= of its own, where the session's does not serve. */
static void add_connection(struct rewrite *r, const struct sdp_line *line)
{
	const struct sdp *sdp = r->sdp;
	const struct sdp_section *section = &sdp->sections[r->media];
	const struct sdp_session *session = &sdp->sessions[section->session];
	const struct session_plan *plan = &r->plans[section->session];
	const struct sdp_media_change *change = &r->change->media[r->media];
	bool by_session = lives_by_session(sdp, r->media);
	struct addr addr;

	if (section->connection != SDP_NO_LINE)
		return;
	if (!change->touch) {
		if (!by_session || !sdp->media[r->media].port ||
		    !addr_is_set(&plan->addr) ||
		    addr_equal(&plan->addr, &session->addr))
			return;
		sdp_begin_line(&r->out, line);
		sdp_put(&r->out,
			sdp_line_text(sdp, &sdp->lines[session->connection]));
		sdp_finish_line(&r->out, line);
		return;
	}
	addr = wanted_addr(&sdp->media[r->media], change);
	if (!change->port || (by_session && addr_equal(&plan->addr, &addr)))
		return;
	sdp_begin_line(&r->out, line);
	sdp_put_text(&r->out, "c=IN ");
	sdp_put_addr(&r->out, &addr);
	sdp_finish_line(&r->out, line);
}

static void add_attributes(struct rewrite *r, const struct sdp_line *line)
{
	const struct sdp_media *m = &r->sdp->media[r->media];
	const struct sdp_media_change *change = &r->change->media[r->media];

	if (!change->touch)
		return;
	if (wants_rtcp_line(change) && !m->has_rtcp) {
		sdp_begin_line(&r->out, line);
		put_rtcp(r, change);
		sdp_finish_line(&r->out, line);
	}
	if (change->mux == SDP_MUX_ADD && !m->rtcp_mux) {
		sdp_begin_line(&r->out, line);
		sdp_put_text(&r->out, "a=rtcp-mux");
		sdp_finish_line(&r->out, line);
	}
	if (wants_candidates(m, change) &&
	    !r->sdp->sections[r->media].has_candidate_line) {
		sdp_begin_line(&r->out, line);
		put_candidates(r, line, change);
		sdp_finish_line(&r->out, line);
	}
}

static void enter_line(struct rewrite *r, const struct sdp_line *line)
{
	if (line->kind == SDP_LINE_MEDIA) {
		r->media += r->in_media;
		r->in_media = true;
		r->candidates_done = r->rtcp_done = false;
	} else if (line->kind == SDP_LINE_VERSION) {
		r->media += r->in_media;
		r->in_media = false;
	}
}

static void rewrite_lines(struct rewrite *r)
{
	const struct sdp *sdp = r->sdp;
	size_t versions = 0;

	for (uint32_t i = 0; i < sdp->line_cnt; i++) {
		const struct sdp_line *line = &sdp->lines[i];

		enter_line(r, line);
		if (line->kind == SDP_LINE_VERSION)
			r->session = versions++;
		if (!r->in_media) {
			rewrite_session_line(r, i);
			continue;
		}
		rewrite_media_line(r, i);
		if (i == sdp->sections[r->media].head)
			add_connection(r, line);
		if (i == sdp->sections[r->media].tail)
			add_attributes(r, line);
	}
}

/* What stands between blanks in a line: nothing in it ends the line. */
static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.text[i];

		if (c <= ' ' || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_sound(const struct sdp *sdp, const struct sdp_change *change)
{
	if ((change->origin || change->session_connection) &&
	    !addr_is_set(&change->addr))
		return false;
	for (size_t i = 0; i < sdp->media_cnt; i++) {
		const struct sdp_media_change *c = &change->media[i];

		if (!c->touch)
			continue;
		if ((c->port && !addr_is_set(&c->addr)) ||
		    !is_word(c->proto_text))
			return false;
	}
	return true;
}

int sdp_rewrite(char **out, size_t *out_len, const struct sdp *sdp,
		const struct sdp_change *change)
{
	struct rewrite r = { .sdp = sdp, .change = change };

	*out = NULL;
	*out_len = 0;
	if (!is_sound(sdp, change))
		return EINVAL;
	plan_sessions(&r);
	sdp_writer_init(&r.out, sdp);
	rewrite_lines(&r);
	return sdp_writer_take(out, out_len, &r.out);
}
