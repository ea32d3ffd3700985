/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/config.h"
#include "core/dprint.h"
#include "core/forward.h"
#include "core/ip_addr.h"
#include "core/udp_server.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_send.h"

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

static char _buf[BUF_SIZE];
static int _send_flags; /* of msg_send_buffer(): 1, no events */

void anycast_send_unseen(void)
{
	_send_flags = 1;
}

enum anycast_sent anycast_send_reply(struct sip_msg *msg,
		const struct siphead *head, struct reply *reply)
{
	struct reply_request req = {
			.bytes = (size_t)msg->len,
			.head = head,
			.source = addr_of_ip(&msg->rcv.src_ip),
			.source_port = msg->rcv.src_port,
	};
	struct dest_info dst;
	size_t len;

	/* the host's topmost Via, by which we aim, must be the one we write */
	if(head->too_many_vias || !head->via_cnt
			|| head->vias[0].text != msg->h_via1->name.s)
		return ANYCAST_UNANSWERABLE;
	reply->datagram = msg->rcv.proto == PROTO_UDP;
	len = reply_build(_buf, sizeof(_buf), reply, &req);
	if(!len)
		return reply->datagram ? ANYCAST_TOO_LARGE : ANYCAST_UNANSWERABLE;
	aim(&dst, msg);
	return msg_send_buffer(&dst, _buf, (int)len, _send_flags) < 0
				   ? ANYCAST_SEND_FAILED
				   : ANYCAST_SENT;
}

enum anycast_sent anycast_send_datagram(const struct receive_info *rcv,
		uint16_t port, struct reply *reply, const struct reply_request *req)
{
	struct dest_info dst;
	size_t len;

	reply->datagram = true;
	len = reply_build(_buf, sizeof(_buf), reply, req);
	if(!len)
		return ANYCAST_TOO_LARGE;
	init_dst_from_rcv(&dst, (struct receive_info *)rcv);
	if(port)
		su_setport(&dst.to, port);
	return udp_send(&dst, _buf, (unsigned)len) < 0 ? ANYCAST_SEND_FAILED
												   : ANYCAST_SENT;
}
