/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/config.h"
#include "core/dprint.h"
#include "core/forward.h"
#include "core/ip_addr.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_send.h"

/* Where the first of the values in a Via field ends: at a comma that is not
 * in quotes, or at the end of the field without its line break.
 */
static size_t first_value_end(struct slice field)
{
	size_t end = slice_trim(field).len;
	bool quoted = false;

	if(memchr(field.text, ',', end) == NULL)
		return end;
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

static struct reply_request request_of(
		const struct sip_msg *msg, const struct siphead *head)
{
	const struct via_body *via = msg->via1;
	const char *start = head->vias[0].text;
	struct reply_request req = {
			.bytes = (size_t)msg->len,
			.head = head,
			.via1_end = first_value_end(head->vias[0]),
			.source = addr_of_ip((struct ip_addr *)&msg->rcv.src_ip),
			.source_port = msg->rcv.src_port,
	};

	req.wants_received = needs_received(via, &req.source);
	if(via->rport && via->rport->value.len <= 0)
		req.rport_end =
				(size_t)(via->rport->name.s + via->rport->name.len - start);
	if(via->received) {
		/* from the ';' before it */
		req.received_at = (size_t)(via->received->start - 1 - start);
		req.received_len = (size_t)via->received->size + 1;
	}
	return req;
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

enum anycast_sent anycast_send_reply(struct sip_msg *msg,
		const struct siphead *head, const struct anycast_reply *r)
{
	static char buf[BUF_SIZE];
	struct reply_request req;
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

	/* the host's topmost Via must be ours too: offsets go from one to the
	 * other */
	if(head->too_many_vias || !head->via_cnt
			|| head->vias[0].text != msg->h_via1->name.s)
		return ANYCAST_UNANSWERABLE;
	req = request_of(msg, head);
	memcpy(reply.contacts, r->contacts,
			r->contact_cnt * sizeof(r->contacts[0]));
	len = reply_build(buf, sizeof(buf), &reply, &req);
	if(!len)
		return reply.datagram ? ANYCAST_TOO_LARGE : ANYCAST_UNANSWERABLE;
	aim(&dst, msg);
	return msg_send_buffer(&dst, buf, (int)len, 0) < 0 ? ANYCAST_SEND_FAILED
													   : ANYCAST_SENT;
}
