/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section [group] becomes a group. */
#include "health-agent/daemon/conf_priv.h"

uint32_t conf_groups_of(const struct agent_conf *conf, uint8_t family)
{
	uint32_t groups = 0;

	for (size_t i = 0; i < conf->health.group_cnt; i++) {
		const struct health_group_conf *group = &conf->health.groups[i];

		for (size_t j = 0; j < group->prefix_cnt; j++) {
			if (group->prefixes[j].addr.family == family)
				groups |= 1u << i;
		}
	}
	return groups;
}

static bool has_family(const struct site_node *node, uint8_t family)
{
	return addr_is_set(family == ADDR_IP4 ? &node->ip4 : &node->ip6);
}

bool conf_is_elsewhere(const struct agent_conf *conf, uint8_t family)
{
	const struct site *site = conf->site;

	if (has_family(conf->node, family))
		return false;
	for (size_t i = 0; i < site->node_cnt; i++) {
		if (has_family(&site->nodes[i], family))
			return true;
	}
	return false;
}

/* ---- attributes */

static struct health_attributes
attributes_of(const struct conf_group *g, uint32_t med,
	      const struct conf_communities *more)
{
	struct route r = { 0 };
	struct health_attributes out = { .med = med };

	for (size_t i = 0; i < g->community.cnt; i++)
		route_add_community(&r, g->community.list[i]);
	for (size_t i = 0; more && i < more->cnt; i++)
		route_add_community(&r, more->list[i]);
	for (size_t i = 0; i < g->large_cnt; i++)
		route_add_large(&r, &g->large[i]);
	out.community_cnt = r.community_cnt;
	out.large_cnt = r.large_cnt;
	memcpy(out.communities, r.communities, sizeof(out.communities));
	memcpy(out.large, r.large, sizeof(out.large));
	return out;
}

static void make_attributes(struct health_group_conf *out,
			    const struct conf_group *g)
{
	out->up = attributes_of(g, g->med_up, NULL);
	out->degraded = attributes_of(g, g->med_degraded,
				      &g->community_degraded);
	out->degraded.prepend = g->prepend_degraded;
	out->draining = attributes_of(g, g->med_draining, NULL);
}

static bool is_bad(const struct conf_section *s, unsigned a, unsigned b)
{
	return s->bad[a] || s->bad[b];
}

static void check_figures(struct conf_reader *r, const struct conf_group *g)
{
	const struct conf_section *s = &g->section;

	if (!is_bad(s, GROUP_REUSE, GROUP_SUPPRESS) &&
	    g->conf.reuse >= g->conf.suppress)
		conf_key_error(r, s, s->set[GROUP_REUSE] ? GROUP_REUSE
							 : GROUP_SUPPRESS,
			       "reuse = %u is not below suppress = %u",
			       g->conf.reuse, g->conf.suppress);
	if (!is_bad(s, GROUP_MED_UP, GROUP_MED_DEGRADED) &&
	    g->med_degraded < g->med_up)
		conf_key_error(r, s, s->set[GROUP_MED_DEGRADED]
					     ? GROUP_MED_DEGRADED
					     : GROUP_MED_UP,
			       "med-degraded = %u is below med-up = %u: a "
			       "degraded node would be preferred",
			       g->med_degraded, g->med_up);
	if (!is_bad(s, GROUP_MED_DEGRADED, GROUP_MED_DRAINING) &&
	    g->med_draining < g->med_degraded)
		conf_key_error(r, s, s->set[GROUP_MED_DRAINING]
					     ? GROUP_MED_DRAINING
					     : GROUP_MED_DEGRADED,
			       "med-draining = %u is below med-degraded = %u: "
			       "a draining node would be preferred",
			       g->med_draining, g->med_degraded);
}

/* ---- prefixes */

static bool has_prefix(const struct health_group_conf *group,
		       const struct prefix *prefix)
{
	for (size_t i = 0; i < group->prefix_cnt; i++) {
		if (prefix_equal(&group->prefixes[i], prefix))
			return true;
	}
	return false;
}

static void add_site_prefixes(struct conf_reader *r, const struct conf_group *g,
			      struct health_group_conf *out)
{
	const struct site *site = r->conf->site;

	for (size_t i = 0; i < site->prefix_cnt; i++) {
		if (has_prefix(out, &site->prefixes[i]))
			continue;
		if (out->prefix_cnt == ROUTE_PREFIXES_MAX) {
			conf_key_error(r, &g->section, GROUP_PREFIX,
				       "there are more than %d prefixes",
				       ROUTE_PREFIXES_MAX);
			return;
		}
		out->prefixes[out->prefix_cnt++] = site->prefixes[i];
	}
}

/* A prefix of the site, or one around a service address. */
static bool is_service(const struct site *site, const struct prefix *prefix)
{
	for (size_t i = 0; i < site->prefix_cnt; i++) {
		if (prefix_equal(&site->prefixes[i], prefix))
			return true;
	}
	return prefix_has(prefix, &site->ip4) || prefix_has(prefix, &site->ip6);
}

/* NULL, or what of the node a prefix has. */
static const char *part_in(const struct site_node *node,
			   const struct prefix *prefix)
{
	if (prefix_has(prefix, &node->ip4) || prefix_has(prefix, &node->ip6))
		return "an address";
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (prefix_has(prefix, &node->neighbors[i].addr))
			return "a neighbor";
	}
	return NULL;
}

/* Packets to it would go to the nearest node, whosever it is. */
static void check_nodes(struct conf_reader *r, const struct conf_group *g,
			const struct prefix *prefix)
{
	const struct site *site = r->conf->site;
	char text[PREFIX_TEXT_MAX];

	prefix_format(text, prefix);
	for (size_t i = 0; i < site->node_cnt; i++) {
		const char *part = part_in(&site->nodes[i], prefix);

		if (part)
			conf_key_error(r, &g->section, GROUP_PREFIX,
				       "%s of node %s is in %s, which every "
				       "node announces", part,
				       site->nodes[i].name, text);
	}
}

static void check_once(struct conf_reader *r, const struct conf_group *g,
		       const struct prefix *prefix)
{
	const struct health_conf *health = &r->conf->health;
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < health->group_cnt; i++) {
		if (!has_prefix(&health->groups[i], prefix))
			continue;
		prefix_format(text, prefix);
		conf_key_error(r, &g->section, GROUP_PREFIX,
			       "%s is in group %s already", text,
			       health->groups[i].name);
	}
}

/* Without an address of a family the node can serve nobody in it: Kamailio
 * sends such callers to other nodes.
 */
static bool is_served(const struct site_node *node, const struct prefix *prefix)
{
	return has_family(node, prefix->addr.family);
}

static void drop_unserved(struct conf_reader *r, const struct conf_group *g,
			  struct health_group_conf *out)
{
	const struct agent_conf *conf = r->conf;
	bool elsewhere = false;
	size_t cnt = 0;

	for (size_t i = 0; i < out->prefix_cnt; i++) {
		uint8_t family = out->prefixes[i].addr.family;

		elsewhere = elsewhere || conf_is_elsewhere(conf, family);
		if (is_served(conf->node, &out->prefixes[i]))
			out->prefixes[cnt++] = out->prefixes[i];
	}
	if (out->prefix_cnt && !cnt && !elsewhere)
		conf_key_error(r, &g->section, GROUP_PREFIX,
			       "no node has an address of a family of these");
	out->prefix_cnt = cnt;
}

static void make_group(struct conf_reader *r, struct conf_group *g)
{
	struct health_conf *health = &r->conf->health;
	struct health_group_conf *out = &health->groups[health->group_cnt];

	*out = g->conf;
	make_attributes(out, g);
	check_figures(r, g);
	if (g->with_site)
		add_site_prefixes(r, g, out);
	drop_unserved(r, g, out);
	for (size_t i = 0; i < out->prefix_cnt; i++) {
		check_nodes(r, g, &out->prefixes[i]);
		check_once(r, g, &out->prefixes[i]);
		if (is_service(r->conf->site, &out->prefixes[i]))
			out->is_service = true;
	}
	g->left_out = out->prefix_cnt == 0;
	if (g->left_out)
		*out = (struct health_group_conf){ 0 };
	else
		g->index = (unsigned)health->group_cnt++;
}

static void check_site_prefixes(struct conf_reader *r)
{
	const struct health_conf *health = &r->conf->health;
	const struct site *site = r->conf->site;

	for (size_t i = 0; i < site->prefix_cnt; i++) {
		char text[PREFIX_TEXT_MAX];
		bool found = !is_served(r->conf->node, &site->prefixes[i]);

		for (size_t j = 0; j < health->group_cnt; j++)
			found = found || has_prefix(&health->groups[j],
						    &site->prefixes[i]);
		if (found)
			continue;
		prefix_format(text, &site->prefixes[i]);
		conf_error(r, "%s: %s of %s is in no [group]: it would never "
			   "be announced", r->name, text, r->conf->site_path);
	}
}

void conf_make_groups(struct conf_reader *r)
{
	struct health_conf *health = &r->conf->health;
	bool bad = false;
	size_t cnt = 0;

	for (size_t i = 0; i < r->group_cnt; i++) {
		make_group(r, &r->groups[i]);
		bad = bad || r->groups[i].section.bad[GROUP_PREFIX];
	}
	for (size_t i = 0; i < health->group_cnt; i++)
		cnt += health->groups[i].prefix_cnt;
	if (cnt > ROUTE_PREFIXES_MAX)
		conf_error(r, "%s: the groups have %zu prefixes: at most %d "
			   "can be announced", r->name, cnt,
			   ROUTE_PREFIXES_MAX);
	if (!bad)
		check_site_prefixes(r);
}
