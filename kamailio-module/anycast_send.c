/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/config.h"
#include "core/dprint.h"
#include "core/forward.h"
#include "core/ip_addr.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_send.h"

static struct slice field_of(const struct hdr_field *h)
{
	return slice_of(h->name.s, h->len > 0 ? (size_t)h->len : 0);
}

/* Where the first of the values in a Via field ends: at a comma that is not
 * in quotes, or at the end of the field without its line break.
 */
static size_t first_value_end(struct slice field)
{
	size_t end = slice_trim(field).len;
	bool quoted = false;

	for(size_t i = 0; i < end; i++) {
		char c = field.text[i];

		if(quoted && c == '\\')
			i++;
		else if(c == '"')
			quoted = !quoted;
		else if(c == ',' && !quoted)
			end = i;
	}
	return slice_trim(slice_of(field.text, end)).len;
}

/* RFC 3261 18.2.1: unless sent-by is the very address it came from. */
static bool needs_received(
		const struct via_body *via, const struct addr *source)
{
	struct addr sent_by;

	if(via->rport || via->received)
		return true;
	return addr_parse_host(
				   &sent_by, via->host.s, (size_t)via->host.len)
		   || !addr_equal(&sent_by, source);
}

static void fill_via1(struct reply_request *req, const struct sip_msg *msg)
{
	const struct via_body *via = msg->via1;
	const char *start = msg->h_via1->name.s;

	req->via1_end = first_value_end(req->vias[0]);
	req->source = addr_of_ip(&msg->rcv.src_ip);
	req->source_port = msg->rcv.src_port;
	req->wants_received = needs_received(via, &req->source);
	if(via->rport && via->rport->value.len <= 0)
		req->rport_end =
				(size_t)(via->rport->name.s + via->rport->name.len - start);
	if(via->received) {
		/* from the ';' before it */
		req->received_at = (size_t)(via->received->start - 1 - start);
		req->received_len = (size_t)via->received->size + 1;
	}
}

/* 0, or -1 when there are too many Via fields to carry. */
static int fill_request(struct reply_request *req, const struct sip_msg *msg)
{
	memset(req, 0, offsetof(struct reply_request, vias));
	req->via_cnt = 0;
	req->rport_end = req->received_at = req->received_len = 0;
	req->bytes = msg->len;
	for(const struct hdr_field *h = msg->headers; h; h = h->next) {
		switch(h->type) {
			case HDR_VIA_T:
				if(req->via_cnt == REPLY_VIAS_MAX)
					return -1;
				req->vias[req->via_cnt++] = field_of(h);
				break;
			case HDR_FROM_T:
				if(h == msg->from)
					req->from = field_of(h);
				break;
			case HDR_TO_T:
				if(h == msg->to)
					req->to = field_of(h);
				break;
			case HDR_CALLID_T:
				if(h == msg->callid)
					req->call_id = field_of(h);
				break;
			case HDR_CSEQ_T:
				if(h == msg->cseq)
					req->cseq = field_of(h);
				break;
			default:
				break;
		}
	}
	if(!req->via_cnt)
		return -1;
	fill_via1(req, msg);
	return 0;
}

/* RFC 3261 18.2.2, RFC 3581 4: to the source address, at the source port with
 * rport, else at sent-by's.
 */
static void aim(struct dest_info *dst, const struct sip_msg *msg)
{
	init_dst_from_rcv(dst, (struct receive_info *)&msg->rcv);
	dst->send_flags.f = msg->rpl_send_flags.f;
	dst->send_flags.blst_imask = msg->rpl_send_flags.blst_imask;
	if(msg->rcv.proto != PROTO_UDP) {
		dst->send_flags.f |= SND_F_FORCE_CON_REUSE;
		return;
	}
	if(!msg->via1->rport && !(msg->msg_flags & FL_FORCE_RPORT))
		su_setport(&dst->to, msg->via1->port ? msg->via1->port : SIP_PORT);
}

enum anycast_sent anycast_send_reply(
		struct sip_msg *msg, const struct anycast_reply *r)
{
	static char buf[BUF_SIZE];
	static struct reply_request req;
	struct dest_info dst;
	struct reply reply = {
			.status = r->status,
			.phrase = r->phrase,
			.to_tag = r->to_tag,
			.contact_cnt = r->contact_cnt,
			.expires_s = r->expires_s,
			.retry_after_s = r->retry_after_s,
			.unsupported = r->unsupported,
			.allow = r->allow,
			.server = r->server,
			.datagram = msg->rcv.proto == PROTO_UDP,
	};
	size_t len;

	if(fill_request(&req, msg))
		return ANYCAST_UNANSWERABLE;
	memcpy(reply.contacts, r->contacts,
			r->contact_cnt * sizeof(r->contacts[0]));
	len = reply_build(buf, sizeof(buf), &reply, &req);
	if(!len)
		return reply.datagram ? ANYCAST_TOO_LARGE : ANYCAST_UNANSWERABLE;
	aim(&dst, msg);
	return msg_send_buffer(&dst, buf, (int)len, 0) < 0 ? ANYCAST_SEND_FAILED
													   : ANYCAST_SENT;
}
