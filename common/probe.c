/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/probe.h"

#include "common/stamp.h"

static const struct stamp_kind kind = {
	.label = "sip-anycast-probe 1",
	.node = "",
	.time = " ",
	.mac = " ",
	.end = " ",
	.window_s = PROBE_WINDOW_S,
};

/* call_id is kept by the caller, the keys by the site. */
static struct stamp_seal seal_of(const struct site *site,
				 const struct slice *call_id)
{
	const struct secret_keys *previous = site_previous_keys(site);

	return (struct stamp_seal){
		.key = site->keys.probe,
		.previous = previous ? previous->probe : NULL,
		.parts = call_id,
		.cnt = 1,
	};
}

size_t probe_format(char out[static PROBE_VALUE_MAX], const struct site *site,
		    struct slice node, struct slice call_id, uint64_t wall_s)
{
	struct stamp_seal seal = seal_of(site, &call_id);

	return stamp_format(out, PROBE_VALUE_MAX, &kind, &seal, node, wall_s);
}

enum probe_verdict probe_check(struct slice value, const struct site *site,
			       struct slice node, struct slice call_id,
			       uint64_t wall_s)
{
	struct stamp_seal seal = seal_of(site, &call_id);
	struct stamp got;

	if (!stamp_parse(&got, &kind, slice_trim(value)))
		return PROBE_MALFORMED;
	if (!slice_equal(got.node, node))
		return PROBE_OTHER_NODE;
	if (!stamp_fresh(&got, &kind, wall_s))
		return PROBE_STALE;
	return stamp_signed(&got, &kind, &seal) ? PROBE_VALID : PROBE_FORGED;
}

const char *probe_verdict_name(enum probe_verdict verdict)
{
	static const char *const names[PROBE_VERDICTS] = {
		[PROBE_VALID] = "valid",
		[PROBE_MALFORMED] = "malformed",
		[PROBE_OTHER_NODE] = "other node",
		[PROBE_STALE] = "stale",
		[PROBE_FORGED] = "forged",
	};

	return (unsigned)verdict < PROBE_VERDICTS ? names[verdict] : "?";
}
