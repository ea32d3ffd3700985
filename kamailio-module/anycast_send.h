/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_send.h - build a reply to a message and send it where it came from
 *
 * Out of the socket the request came in on: the service address must answer
 * for itself, or no NAT lets the reply through.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_SEND_H
#define KAMAILIO_MODULE_ANYCAST_SEND_H

#include "core/parser/msg_parser.h"

#include "kamailio-module/reply.h"

enum anycast_sent
{
	ANYCAST_SENT,
	ANYCAST_TOO_LARGE,	  /* would break the amplification bound */
	ANYCAST_UNANSWERABLE, /* more Via fields than SIPHEAD_VIAS_MAX */
	ANYCAST_SEND_FAILED,
};

/* Nobody wants to see what is sent: the host's events of it are left out. */
void anycast_send_unseen(void);

/* head is the scanned head of this very message. */
enum anycast_sent anycast_send_reply(struct sip_msg *msg,
		const struct siphead *head, struct reply *reply);

/* The same for a datagram without a sip_msg: to its source, at port unless
 * that is 0.  The host's events of data sent are not told.
 */
enum anycast_sent anycast_send_datagram(const struct receive_info *rcv,
		uint16_t port, struct reply *reply,
		const struct reply_request *req);

#endif
