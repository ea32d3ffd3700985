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

/* What the caller wants to say; struct reply without what the message and
 * its transport decide.
 */
struct anycast_reply
{
	unsigned status;
	const char *phrase;
	struct slice to_tag;
	char contact_text[REPLY_CONTACTS_MAX][REPLY_CONTACT_LEN_MAX];
	struct slice contacts[REPLY_CONTACTS_MAX];
	size_t contact_cnt;
	uint32_t expires_s;
	uint32_t retry_after_s;
	struct slice unsupported;
	const char *allow;
	const char *server;
};

enum anycast_sent
{
	ANYCAST_SENT,
	ANYCAST_TOO_LARGE,	  /* would break the amplification bound */
	ANYCAST_UNANSWERABLE, /* more Via fields than SIPHEAD_VIAS_MAX */
	ANYCAST_SEND_FAILED,
};

/* head is the scanned head of this very message. */
enum anycast_sent anycast_send_reply(struct sip_msg *msg,
		const struct siphead *head, const struct anycast_reply *reply);

#endif
