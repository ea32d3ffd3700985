/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/reply.h"

#include "kamailio-module/via.h"
#include "kamailio-module/writer.h"

/* How much has been given up so far; see the order in reply.h. */
enum shed {
	SHED_NOTHING,
	SHED_SERVER,
	SHED_ALLOW,
	SHED_FALLBACK,
	SHED_EXPIRES,
	SHED_HINTS,
	SHED_PHRASE,
	SHED_CONTENT_LENGTH,
	SHEDS
};

static void put_status(struct writer *w, const struct reply *r, enum shed shed)
{
	writer_str(w, "SIP/2.0 ");
	writer_u32(w, r->status);
	writer_str(w, " ");
	if (shed < SHED_PHRASE)
		writer_str(w, r->phrase);
	writer_str(w, "\r\n");
}

static void put_field(struct writer *w, struct slice field)
{
	writer_folded(w, slice_trim(field));
	writer_str(w, "\r\n");
}

/* The To field with a tag behind its value. */
static void put_to(struct writer *w, struct slice to, struct slice tag)
{
	writer_folded(w, slice_trim(to));
	if (tag.len) {
		writer_str(w, ";tag=");
		writer_slice(w, tag);
	}
	writer_str(w, "\r\n");
}

static void put_contacts(struct writer *w, const struct reply *r,
			 enum shed shed)
{
	size_t cnt = shed < SHED_FALLBACK || !r->contact_cnt ? r->contact_cnt :
							       1;

	for (size_t i = 0; i < cnt; i++) {
		writer_str(w, i ? ", <" : "Contact: <");
		writer_slice(w, r->contacts[i]);
		writer_str(w, ">");
		if (cnt > 1) {
			/* q: 1.0 for ours, then 0.9, 0.8: RFC 3261 20.10 */
			writer_str(w, i ? ";q=0." : ";q=1.0");
			if (i)
				writer_u32(w, (uint32_t)(10 - i));
		}
		if (r->expires_s && shed < SHED_EXPIRES) {
			writer_str(w, ";expires=");
			writer_u32(w, r->expires_s);
		}
	}
	if (cnt)
		writer_str(w, "\r\n");
}

static void put_hints(struct writer *w, const struct reply *r)
{
	if (r->retry_after_s) {
		writer_str(w, "Retry-After: ");
		writer_u32(w, r->retry_after_s);
		writer_str(w, "\r\n");
	}
	if (r->unsupported.len) {
		writer_str(w, "Unsupported: ");
		writer_folded(w, slice_trim(r->unsupported));
		writer_str(w, "\r\n");
	}
}

static void put_named(struct writer *w, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	writer_str(w, name);
	writer_str(w, value);
	writer_str(w, "\r\n");
}

static size_t build(char *out, size_t size, const struct reply *r,
		    const struct reply_request *req, enum shed shed)
{
	struct writer w = writer_of(out, size);

	put_status(&w, r, shed);
	via_write(&w, req->head->vias[0], &req->source, req->source_port);
	for (size_t i = 1; i < req->head->via_cnt; i++)
		put_field(&w, req->head->vias[i]);
	put_field(&w, req->head->from);
	put_to(&w, req->head->to, r->to_tag);
	put_field(&w, req->head->call_id);
	put_field(&w, req->head->cseq);
	put_contacts(&w, r, shed);
	if (shed < SHED_HINTS)
		put_hints(&w, r);
	if (shed < SHED_ALLOW)
		put_named(&w, "Allow: ", r->allow);
	if (shed < SHED_SERVER)
		put_named(&w, "Server: ", r->server);
	/* RFC 3261 20.14: a stream needs it, a datagram does not */
	if (shed < SHED_CONTENT_LENGTH)
		writer_str(&w, "Content-Length: 0\r\n");
	writer_str(&w, "\r\n");
	return writer_len(&w);
}

size_t reply_build(char *out, size_t size, const struct reply *reply,
		   const struct reply_request *req)
{
	size_t bound = req->bytes + req->bytes / 2;
	size_t len;

	if (!req->head->via_cnt || req->head->too_many_vias)
		return 0;
	if (!reply->datagram)
		return build(out, size, reply, req, SHED_NOTHING);
	for (unsigned shed = SHED_NOTHING; shed < SHEDS; shed++) {
		len = build(out, size, reply, req, (enum shed)shed);
		if (len && len <= bound)
			return len;
	}
	return 0;
}
