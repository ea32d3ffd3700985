/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/health_priv.h"

bool survey_speaks(const struct health_probe_conf *probe, const struct unit *u)
{
	return (probe->groups >> u->index & 1) &&
	       (probe->family == ADDR_NONE ||
		probe->family == u->shown.family);
}

static enum says word_of(const struct verdict *v,
			 const struct health_probe_conf *probe)
{
	if (v->state == NODE_UNKNOWN)
		return SAYS_UNDECIDED;
	if (v->state == NODE_UP)
		return SAYS_GOOD;
	if (probe->failure == HEALTH_DEGRADE)
		return SAYS_DEGRADED;
	return probe->scope == HEALTH_REMOTE ? SAYS_REMOTE : SAYS_BAD;
}

struct survey survey_take(const struct health *h, const struct unit *u)
{
	struct survey s = { .says = SAYS_GOOD };

	for (size_t i = 0; i < h->conf.probe_cnt; i++) {
		enum says word;

		if (!survey_speaks(&h->conf.probes[i], u))
			continue;
		s.cnt++;
		word = word_of(&h->verdicts[i], &h->conf.probes[i]);
		if (word < s.says || !s.worst_cnt) {
			s.says = word;
			s.worst = i;
			s.worst_cnt = 0;
		}
		s.worst_cnt += word == s.says;
	}
	if (!s.cnt)
		s.says = SAYS_NOTHING;
	return s;
}
