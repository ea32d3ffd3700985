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
#include "kamailio-module/answer.h"
#include "kamailio-module/redirect.h"

struct anycast_conf
{
	struct redirect_conf redirect;
	struct answer_conf answer;
	unsigned http_other_status;
};

struct tm_binds;
struct entry;

/* What both ways to an answer stand on.  tm's API is NULL where tm is not
 * loaded (no transactions then).
 */
struct anycast_env
{
	const struct anycast_conf *conf;
	struct tm_binds *tm;
	struct follow *follow;
	const struct clients *clients;
};

void anycast_sip_init(const struct anycast_env *env);

struct redirect_env anycast_redirect_env(
		const struct anycast_env *env, const struct anycast_view *view);

/* The bucket of tm's table that a request with this Call-ID and CSeq number
 * would be in, fetched into the cache; NULL without tm.  Empty, by far the most
 * frequent case on a service address, is seen without its lock: whoever races
 * with a transaction being made would lose that race behind the lock as well.
 */
const struct entry *anycast_tm_bucket(
		struct tm_binds *tm, struct slice call_id, struct slice cseq_number);
bool anycast_tm_bucket_empty(const struct entry *bucket);

enum sip_method anycast_method(const struct sip_msg *msg);

/* Is the socket this message came in on a service address? */
int anycast_on_service(
		const struct sip_msg *msg, const struct anycast_view *view);

/* Decide, and do it.  Returns what a script function returns: 1 answered,
 * absorbed, relayed or dropped; -1 serve it.
 */
int anycast_sip_redirect(struct sip_msg *msg);

/* The last decision of this process about this message, or NULL. */
const struct redirect_answer *anycast_last_answer(const struct sip_msg *msg);

#endif
