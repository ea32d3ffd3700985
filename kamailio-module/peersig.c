/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/peersig.h"

#include "common/stamp.h"

enum { PARTS = 6 };

static const struct stamp_kind kind = {
	.label = "sip-anycast-peer 1",
	.node = "node=",
	.time = ";time=",
	.mac = ";mac=",
	.end = ";",
	.window_s = PEERSIG_WINDOW_S,
};

/* parts is where the seal finds them: kept by the caller. */
static struct stamp_seal seal_of(struct slice parts[static PARTS],
				 const struct site *site,
				 const struct peersig_request *req)
{
	parts[0] = req->method;
	parts[1] = req->uri;
	parts[2] = slice_trim(req->from);
	parts[3] = slice_trim(req->call_id);
	parts[4] = slice_trim(req->cseq);
	parts[5] = req->body;
	return (struct stamp_seal){
		.key = site->keys.peer,
		.previous = site->has_previous ? site->previous_keys.peer
					       : NULL,
		.parts = parts,
		.cnt = PARTS,
	};
}

size_t peersig_format(char out[static PEERSIG_VALUE_MAX],
		      const struct site *site, struct slice node,
		      const struct peersig_request *req, uint64_t wall_s)
{
	struct slice parts[PARTS];
	struct stamp_seal seal = seal_of(parts, site, req);

	return stamp_format(out, PEERSIG_VALUE_MAX, &kind, &seal, node,
			    wall_s);
}

enum peersig_verdict peersig_check(struct slice *signer, struct slice value,
				   const struct site *site, struct slice node,
				   const struct peersig_request *req,
				   uint64_t wall_s)
{
	struct slice parts[PARTS];
	struct stamp_seal seal = seal_of(parts, site, req);
	struct stamp got;

	if (signer)
		*signer = (struct slice){ 0 };
	value = slice_trim(value);
	if (!value.len)
		return PEERSIG_MISSING;
	if (!stamp_parse(&got, &kind, value))
		return PEERSIG_MALFORMED;
	if (slice_equal(got.node, node))
		return PEERSIG_OWN;
	if (!stamp_fresh(&got, &kind, wall_s))
		return PEERSIG_STALE;
	if (!stamp_signed(&got, &kind, &seal))
		return PEERSIG_FORGED;
	if (signer)
		*signer = got.node;
	return PEERSIG_VALID;
}

const char *peersig_verdict_name(enum peersig_verdict verdict)
{
	static const char *const names[PEERSIG_VERDICTS] = {
		[PEERSIG_VALID] = "valid",
		[PEERSIG_MISSING] = "missing",
		[PEERSIG_MALFORMED] = "malformed",
		[PEERSIG_OWN] = "own",
		[PEERSIG_STALE] = "stale",
		[PEERSIG_FORGED] = "forged",
	};

	return (unsigned)verdict < PEERSIG_VERDICTS ? names[verdict] : "?";
}
