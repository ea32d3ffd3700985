/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.h - what a scanned request says, as the decision wants to know it
 *
 * Pure, and the one place where it is done: whoever reads a request (the
 * host's parser, or plain.h without it) hands over the same few slices and
 * gets the same keys, tags and defects.
 */
#ifndef KAMAILIO_MODULE_FACTS_H
#define KAMAILIO_MODULE_FACTS_H

#include "common/site.h"
#include "kamailio-module/redirect.h"
#include "kamailio-module/siphead.h"

/* Where the facts come from; all borrowed. */
struct facts_in {
	const struct siphead *head;
	size_t message_len;
	bool datagram;
	struct addr source;
	struct slice method;		/* of the request line */
	struct slice uri;
	struct slice call_id;		/* values */
	struct slice cseq_number;
	struct slice cseq_method;
};

/* What a reply to this message would carry and RFC 3261 17 looks at. */
struct facts_tags {
	uint64_t digest;		/* of the To-tag we would give */
	struct slice call_id;
	struct slice from;
	struct slice to;
	uint32_t cseq;			/* 0 when it is no number */
};

/* The key of a source in the follow table. */
uint64_t facts_source_key(const struct site *site, const struct addr *source,
			  struct slice user_agent);

/* First what leads to the follow table's entries (which can be on their way
 * while the rest is read): user_agent, source_key and transaction_key of req,
 * and all of tags but `to'.
 */
void facts_read_keys(struct redirect_req *req, struct facts_tags *tags,
		     const struct facts_in *in, const struct site *site);

/* Then uri, defect, Max-Forwards, Proxy-Require and the To-tag. */
void facts_read(struct redirect_req *req, struct facts_tags *tags,
		const struct facts_in *in, const struct site *site);

/* And call_key, which is asked for only when the choice is not simply this
 * node: `always' where fallback contacts are chosen by it.
 */
void facts_read_call_key(struct redirect_req *req,
			 const struct facts_tags *tags,
			 const struct nodes *nodes, const struct site *site,
			 bool always);

#endif
