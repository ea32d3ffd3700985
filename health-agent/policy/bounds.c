/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bounds.c - what the policy could not work with
 *
 * The agent's configuration says all this in words before; here it is only
 * made sure of.
 */
#include <errno.h>
#include <string.h>

#include "health-agent/policy/health_priv.h"

static bool is_name(const char name[static HEALTH_NAME_MAX])
{
	size_t len = strnlen(name, HEALTH_NAME_MAX);

	if (!len || len == HEALTH_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return true;
}

static bool is_probe(const struct health_probe_conf *p, size_t group_cnt)
{
	return is_name(p->name) && p->rise && p->fall &&
	       (p->family == ADDR_NONE || p->family == ADDR_IP4 ||
		p->family == ADDR_IP6) &&
	       (unsigned)p->failure <= HEALTH_DEGRADE &&
	       (unsigned)p->scope <= HEALTH_REMOTE &&
	       !((uint64_t)p->groups >> group_cnt);
}

static bool are_attributes(const struct health_attributes *a)
{
	return a->prepend <= ROUTE_PREPEND_MAX &&
	       a->community_cnt <= HEALTH_COMMUNITIES_MAX &&
	       a->large_cnt <= ROUTE_LARGE_MAX;
}

static bool is_damping(const struct health_group_conf *g)
{
	if (!g->penalty)
		return true;
	return g->reuse && g->reuse < g->suppress && g->half_life_ms &&
	       g->half_life_ms <= HEALTH_TIME_MAX_MS &&
	       g->suppress_max_ms <= HEALTH_TIME_MAX_MS;
}

static bool is_prefix(const struct prefix *p)
{
	return (p->addr.family == ADDR_IP4 && p->len <= 32) ||
	       (p->addr.family == ADDR_IP6 && p->len <= 128);
}

static bool is_group(const struct health_group_conf *g)
{
	if (!is_name(g->name) || !g->prefix_cnt ||
	    g->prefix_cnt > ROUTE_PREFIXES_MAX ||
	    g->hold_down_ms > HEALTH_TIME_MAX_MS ||
	    g->drain_wait_ms > HEALTH_TIME_MAX_MS ||
	    g->remote_wait_ms > HEALTH_TIME_MAX_MS)
		return false;
	for (size_t i = 0; i < g->prefix_cnt; i++) {
		if (!is_prefix(&g->prefixes[i]))
			return false;
	}
	return are_attributes(&g->up) && are_attributes(&g->degraded) &&
	       are_attributes(&g->draining) && is_damping(g);
}

/* A prefix has one state, so it is in one group; a name is a group's own. */
static bool are_apart(const struct health_group_conf *a,
		      const struct health_group_conf *b)
{
	if (a != b && strcmp(a->name, b->name) == 0)
		return false;
	for (size_t i = 0; i < a->prefix_cnt; i++) {
		for (size_t k = a == b ? i + 1 : 0; k < b->prefix_cnt; k++) {
			if (prefix_equal(&a->prefixes[i], &b->prefixes[k]))
				return false;
		}
	}
	return true;
}

static bool are_groups(const struct health_conf *conf)
{
	size_t prefixes = 0;

	for (size_t i = 0; i < conf->group_cnt; i++) {
		if (!is_group(&conf->groups[i]))
			return false;
		prefixes += conf->groups[i].prefix_cnt;
		for (size_t k = 0; k <= i; k++) {
			if (!are_apart(&conf->groups[i], &conf->groups[k]))
				return false;
		}
	}
	return prefixes <= ROUTE_PREFIXES_MAX;
}

int bounds_check(const struct health_conf *conf)
{
	if (conf->probe_cnt > HEALTH_PROBES_MAX || !conf->group_cnt ||
	    conf->group_cnt > HEALTH_GROUPS_MAX ||
	    conf->peer_cnt > SITE_NODES_MAX ||
	    (unsigned)conf->class > SITE_LOCAL)
		return EINVAL;
	for (size_t i = 0; i < conf->probe_cnt; i++) {
		if (!is_probe(&conf->probes[i], conf->group_cnt))
			return EINVAL;
	}
	return are_groups(conf) ? 0 : EINVAL;
}
