/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_sip.h - the border between Kamailio's sip_msg and the pure core
 *
 * Copies the facts of a message into the structs that redirect.h and reply.h
 * take, and sends what they make of them.  Nothing else of the module but
 * the pin and HTTP adapters looks into a sip_msg.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_SIP_H
#define KAMAILIO_MODULE_ANYCAST_SIP_H

#include "core/parser/msg_parser.h"

#include "kamailio-module/anycast_site.h"
#include "kamailio-module/contact.h"
#include "kamailio-module/redirect.h"

struct anycast_conf
{
	struct redirect_conf redirect;
	enum contact_style contact_style;
	unsigned fallback_contacts;
	uint32_t expires_s;
	uint32_t options_retry_after_s;
	const char *server_header;
	unsigned http_other_status;
};

struct tm_binds;

/* tm's API, or NULL where tm is not loaded (no transactions then). */
void anycast_sip_init(const struct anycast_conf *conf, struct tm_binds *tm,
		struct follow *follow, const struct clients *clients);

/* Is the socket this message came in on a service address? */
int anycast_on_service(
		const struct sip_msg *msg, const struct anycast_view *view);

/* Decide, and do it.  Returns what a script function returns: 1 answered,
 * absorbed, relayed or dropped; -1 serve it.
 */
int anycast_sip_redirect(struct sip_msg *msg);

/* The last decision of this process about this message, or NULL. */
const struct redirect_answer *anycast_last_answer(const struct sip_msg *msg);

/* The key of a source in the follow table. */
uint64_t anycast_source_key(const struct site *site, const struct addr *addr,
		struct slice user_agent);

#endif
