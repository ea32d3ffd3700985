/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/clock.h"
#include "common/probe.h"
#include "kamailio-module/anycast_probe.h"
#include "kamailio-module/anycast_site.h"
#include "kamailio-module/anycast_stats.h"

bool anycast_probe_valid(
		struct slice value, const struct site *site, struct slice token)
{
	static const enum anycast_event events[PROBE_VERDICTS] = {
			[PROBE_VALID] = EVENT_PROBE_VALID,
			[PROBE_MALFORMED] = EVENT_PROBE_MALFORMED,
			[PROBE_OTHER_NODE] = EVENT_PROBE_OTHER_NODE,
			[PROBE_STALE] = EVENT_PROBE_STALE,
			[PROBE_FORGED] = EVENT_PROBE_FORGED,
	};
	enum probe_verdict verdict = probe_check(value, site,
			slice_str(anycast_site_node()), token, clock_wall_s());

	anycast_count(events[verdict]);
	return verdict == PROBE_VALID;
}
