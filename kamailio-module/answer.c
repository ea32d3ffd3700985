/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/answer.h"

#include "kamailio-module/writer.h"

static void fill_contacts(struct reply *out, struct answer_text *text,
			  const struct redirect_answer *answer,
			  const struct answer_in *in)
{
	const struct redirect_req *req = in->req;
	uint32_t node = answer->node;

	for (unsigned n = 0; n <= in->conf->fallback_contacts &&
			     out->contact_cnt < REPLY_CONTACTS_MAX; n++) {
		char *uri = text->contacts[out->contact_cnt];
		size_t len;

		if (n)
			node = nodes_alternative(in->nodes, req->family,
						 req->call_key, answer->node,
						 n - 1);
		if (node == NODES_NONE)
			return;
		len = contact_format(uri, sizeof(text->contacts[0]), &req->uri,
				     req->transport, req->family, in->site,
				     nodes_at(in->nodes, node),
				     in->conf->contact_style);
		if (!len)
			return;
		out->contacts[out->contact_cnt++] = slice_of(uri, len);
	}
}

/* Values of several fields of one name as one (RFC 3261 7.3.1); the first
 * alone when they do not fit.
 */
static struct slice join(char *out, size_t size, const struct slice *values,
			 size_t cnt)
{
	struct writer w = writer_of(out, size);

	for (size_t i = 0; i < cnt; i++) {
		if (i)
			writer_str(&w, ", ");
		writer_slice(&w, values[i]);
	}
	return writer_len(&w) ? slice_of(out, w.len) : values[0];
}

void answer_fill(struct reply *out, struct answer_text *text,
		 struct redirect_answer *answer, const struct answer_in *in)
{
	const struct redirect_req *req = in->req;

	*out = (struct reply){
		.status = answer->status,
		.phrase = req->defect && answer->status == 400 ?
				  sip_defect_text(req->defect) :
				  sip_status_text(answer->status),
		.server = in->conf->server_header,
	};
	if (!req->has_to_tag) {
		totag_format(text->to_tag, in->tags->digest);
		out->to_tag = slice_of(text->to_tag, TOTAG_LEN);
	}
	if (answer->action == REDIRECT_TO_NODE) {
		fill_contacts(out, text, answer, in);
		out->expires_s = in->conf->expires_s;
		if (!out->contact_cnt) {
			/* the node can be reached, so its URI got too long */
			answer->status = out->status = 414;
			answer->reason = REASON_URI_TOO_LONG;
			answer->action = REDIRECT_REFUSE;
			out->phrase = sip_status_text(414);
		}
	}
	if (answer->reason == REASON_OPTIONS_NO_NODE)
		out->retry_after_s = in->conf->options_retry_after_s;
	if (answer->reason == REASON_OPTIONS)
		out->allow = "INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER";
	if (answer->reason == REASON_PROXY_REQUIRE)
		out->unsupported = join(text->requires, sizeof(text->requires),
					in->head->proxy_requires,
					in->head->proxy_require_cnt);
}
