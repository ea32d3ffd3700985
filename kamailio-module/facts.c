/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/facts.h"

#include <errno.h>

#include "common/secret.h"
#include "kamailio-module/totag.h"

enum {
	HASHED_AGENT_MAX = 256,
};

uint64_t facts_source_key(const struct site *site, const struct addr *source,
			  struct slice user_agent)
{
	uint8_t buf[sizeof(source->bytes_be) + HASHED_AGENT_MAX];
	size_t len = sizeof(source->bytes_be);

	memcpy(buf, source->bytes_be, len);
	if (user_agent.len > sizeof(buf) - len)
		user_agent.len = sizeof(buf) - len;
	if (user_agent.len)
		memcpy(buf + len, user_agent.text, user_agent.len);
	return secret_siphash(site->keys.table, buf, len + user_agent.len);
}

/* Not secret: what it is mixed with is. */
static uint64_t source_hash(const struct addr *addr)
{
	uint64_t half[2];

	memcpy(half, addr->bytes_be, sizeof(half));
	return half[0] * 0x9e3779b97f4a7c15 ^ half[1] * 0xc2b2ae3d27d4eb4f;
}

/* What the first answer of a transaction is remembered by: its To-tag's keyed
 * hash, which is made anyway, and the source.
 */
static uint64_t transaction_key(uint64_t digest, const struct addr *source)
{
	uint64_t key = digest ^ source_hash(source);

	/* splitmix64's finisher: every bit of both reaches every bit */
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
	key = (key ^ key >> 27) * 0x94d049bb133111eb;
	return key ^ key >> 31;
}

void facts_read_keys(struct redirect_req *req, struct facts_tags *tags,
		     const struct facts_in *in, const struct site *site)
{
	tags->call_id = in->call_id;
	totag_find(in->head->from_value, &tags->from);
	if (slice_u32(&tags->cseq, in->cseq_number, UINT32_MAX))
		tags->cseq = 0;
	tags->digest = totag_digest(&site->keys, tags->call_id, tags->from,
				    tags->cseq);
	req->transaction_key = transaction_key(tags->digest, &in->source);
	req->user_agent = in->head->user_agent;
	req->source_key = facts_source_key(site, &in->source, req->user_agent);
}

/* RFC 3261 18.3: over UDP a body shorter than it says is a broken message. */
static bool body_is_cut(const struct facts_in *in)
{
	uint32_t says = 0;

	if (!in->head->has_content_length)
		return false;
	if (slice_u32(&says, in->head->content_length, UINT32_MAX))
		return true;
	return in->datagram && says > in->message_len - in->head->body_at;
}

static enum sip_defect find_defect(struct redirect_req *req,
				   const struct facts_in *in)
{
	const struct siphead *head = in->head;
	int err = sipuri_parse(&req->uri, in->uri);
	uint32_t cseq;

	if (head->has_max_forwards &&
	    slice_u32(&req->max_forwards, head->max_forwards, 255))
		return DEFECT_MAX_FORWARDS;
	if (err == EMSGSIZE)
		return DEFECT_URI_TOO_LONG;
	if (err)
		return DEFECT_URI;
	if (slice_u32(&cseq, in->cseq_number, UINT32_MAX) ||
	    !slice_equal(in->cseq_method, in->method))
		return DEFECT_CSEQ;
	if (!slice_trim(in->call_id).len)
		return DEFECT_CALL_ID;
	if (!head->from_value.len)
		return DEFECT_FROM;
	if (!head->to_value.len)
		return DEFECT_TO;
	return body_is_cut(in) ? DEFECT_CONTENT_LENGTH : DEFECT_NONE;
}

static bool tag_is_ours(const struct facts_tags *tags, const struct site *site)
{
	const struct secret_keys *previous = site_previous_keys(site);

	return totag_is_ours(tags->to, &site->keys, tags->call_id, tags->from,
			     tags->cseq) ||
	       (previous && totag_is_ours(tags->to, previous, tags->call_id,
					  tags->from, tags->cseq));
}

void facts_read(struct redirect_req *req, struct facts_tags *tags,
		const struct facts_in *in, const struct site *site)
{
	req->has_max_forwards = in->head->has_max_forwards;
	req->defect = find_defect(req, in);
	req->has_to_tag = totag_find(in->head->to_value, &tags->to);
	req->to_tag_is_ours = req->has_to_tag && tag_is_ours(tags, site);
	req->has_proxy_require = in->head->proxy_require_cnt > 0;
}

void facts_read_call_key(struct redirect_req *req,
			 const struct facts_tags *tags,
			 const struct nodes *nodes, const struct site *site,
			 bool always)
{
	if (always || nodes_pick(nodes, req->family, 0) != nodes_self(nodes))
		req->call_key = secret_siphash(site->keys.table,
					       tags->call_id.text,
					       tags->call_id.len);
}
