/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answer.h - a decision as the reply that says it
 *
 * Pure: status, phrase, tag, Contacts and the rest of struct reply.  A node
 * whose Contact does not fit turns the redirect into a 414.
 */
#ifndef KAMAILIO_MODULE_ANSWER_H
#define KAMAILIO_MODULE_ANSWER_H

#include "kamailio-module/contact.h"
#include "kamailio-module/facts.h"
#include "kamailio-module/reply.h"
#include "kamailio-module/totag.h"

enum {
	ANSWER_REQUIRES_MAX = 512,
};

struct answer_conf {
	enum contact_style contact_style;
	unsigned fallback_contacts;
	uint32_t expires_s;
	uint32_t options_retry_after_s;
	const char *server_header;
};

struct answer_in {
	const struct redirect_req *req;
	const struct facts_tags *tags;
	const struct siphead *head;
	const struct nodes *nodes;
	const struct site *site;
	const struct answer_conf *conf;
};

/* What the slices of the reply point into, besides the request. */
struct answer_text {
	char contacts[REPLY_CONTACTS_MAX][REPLY_CONTACT_LEN_MAX];
	char to_tag[TOTAG_LEN];
	char requires[ANSWER_REQUIRES_MAX];
};

/* Fill in all of *out but `datagram'. */
void answer_fill(struct reply *out, struct answer_text *text,
		 struct redirect_answer *answer, const struct answer_in *in);

#endif
