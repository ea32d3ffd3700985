/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only file, command line and site together can tell. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include <linux/rtnetlink.h>

#include "health-agent/daemon/conf_priv.h"
#include "health-agent/daemon/control_socket.h"

/* ---- [agent] */

static void check_control(struct conf_reader *r)
{
	size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) -
		     sizeof(CONTROL_SOCKET_NEW);

	if (strlen(r->conf->control) > max)
		conf_key_error(r, &r->agent, AGENT_CONTROL,
			       "the path of a socket has at most %zu "
			       "characters here", max);
}

static void check_kernel(struct conf_reader *r)
{
	if (r->conf->kernel_table == RT_TABLE_LOCAL)
		conf_key_error(r, &r->agent, AGENT_KERNEL_TABLE,
			       "%d is where the kernel finds the addresses of "
			       "this machine", RT_TABLE_LOCAL);
}

static void check_agent_timers(struct conf_reader *r)
{
	static const struct conf_timer_keys keys = {
		AGENT_INTERVAL, AGENT_FAST_INTERVAL, AGENT_TIMEOUT, AGENT_FALL,
	};
	const bool *bad = r->agent.bad;

	if (!bad[AGENT_INTERVAL] && !bad[AGENT_FAST_INTERVAL] &&
	    !bad[AGENT_TIMEOUT] && !bad[AGENT_FALL])
		conf_check_timers(r, &r->agent, &r->conf->timers, &keys);
}

static void check_metrics(struct conf_reader *r)
{
	const struct agent_conf *conf = r->conf;

	for (size_t i = 0; i < conf->metrics_cnt; i++) {
		const struct addr *a = &conf->metrics[i].addr;
		char text[ADDR_TEXT_MAX];

		if (!addr_equal(a, &conf->site->ip4) &&
		    !addr_equal(a, &conf->site->ip6))
			continue;
		addr_format_host(text, a);
		conf_key_error(r, &r->agent, AGENT_METRICS,
			       "%s is a service address: anybody reaches it",
			       text);
	}
}

static void find_node(struct conf_reader *r)
{
	struct agent_conf *conf = r->conf;
	char why[SITE_NO_NODE_MAX];

	if (r->agent.bad[AGENT_NODE])
		return;
	conf->node = site_own_node(conf->site, conf->node_name, why);
	if (!conf->node)
		conf_key_error(r, &r->agent, AGENT_NODE, "%s %s",
			       conf->site_path, why);
}

/* ---- groups and those who speak for them */

/* A session carries one family, that of its neighbor. */
static void check_neighbors(struct conf_reader *r, uint8_t family)
{
	const struct site_node *node = r->conf->node;

	if (r->conf->output != AGENT_EXABGP ||
	    !conf_groups_of(r->conf, family))
		return;
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (node->neighbors[i].addr.family == family)
			return;
	}
	conf_key_error(r, &r->agent, AGENT_OUTPUT,
		       "exabgp has nobody to announce IPv%u prefixes to: node "
		       "%s has no neighbor of this family in %s", family,
		       node->name, r->conf->site_path);
}

/* NULL, or what speaks for it too little. */
static const char *too_little(const struct health_conf *health, size_t group,
			      uint8_t family)
{
	const char *said = "no probe speaks";

	for (size_t i = 0; i < health->probe_cnt; i++) {
		const struct health_probe_conf *p = &health->probes[i];

		if (!(p->groups & 1u << group) ||
		    (p->family != family && p->family != ADDR_NONE))
			continue;
		if (p->failure == HEALTH_WITHDRAW)
			return NULL;
		said = "no probe of failure = withdraw speaks";
	}
	return said;
}

static void check_spoken_for(struct conf_reader *r, uint8_t family)
{
	uint32_t groups = conf_groups_of(r->conf, family);

	for (size_t i = 0; i < r->group_cnt; i++) {
		const struct conf_group *g = &r->groups[i];
		const char *said;

		if (g->left_out || !(groups & 1u << g->index))
			continue;
		said = too_little(&r->conf->health, g->index, family);
		if (said)
			conf_section_error(r, &g->section,
					   "%s for its IPv%u prefixes: they "
					   "would be announced whatever "
					   "happens", said, family);
	}
}

/* No key of a probe or a group was refused. */
static bool is_all_read(const struct conf_reader *r)
{
	for (size_t i = 0; i < r->probe_cnt; i++) {
		if (memchr(r->probes[i].section.bad, true, CONF_KEYS_MAX))
			return false;
	}
	for (size_t i = 0; i < r->group_cnt; i++) {
		if (memchr(r->groups[i].section.bad, true, CONF_KEYS_MAX))
			return false;
	}
	return true;
}

/* In the order of the site, without this node: as peers.h counts them. */
static void set_peers(struct agent_conf *conf)
{
	struct health_conf *health = &conf->health;

	static_assert(sizeof(health->peer_local) * 8 >= SITE_NODES_MAX,
		      "a bit for each peer");
	for (size_t i = 0; conf->peers && i < conf->site->node_cnt; i++) {
		const struct site_node *node = &conf->site->nodes[i];
		size_t peer = health->peer_cnt;

		if (node == conf->node)
			continue;
		if (node->class == SITE_LOCAL)
			health->peer_local[peer / 8] |=
				(uint8_t)(1u << peer % 8);
		health->peer_cnt++;
	}
}

static void site_error_line(void *arg, const char *line)
{
	conf_error(arg, "%s", line);
}

int conf_check(struct conf_reader *r)
{
	static const uint8_t families[] = { ADDR_IP4, ADDR_IP6 };
	struct agent_conf *conf = r->conf;
	unsigned before;
	bool judged;
	int err;

	check_control(r);
	check_kernel(r);
	check_agent_timers(r);
	err = site_read(&conf->site, conf->site_path, site_error_line, r);
	if (err)
		return err == ENOMEM ? ENOMEM : 0;
	check_metrics(r);
	find_node(r);
	if (!conf->node)
		return 0;
	conf->health.class = conf->node->class;
	set_peers(conf);
	conf_add_defaults(r);
	conf_make_groups(r);
	before = r->errors;
	err = conf_make_probes(r);
	/* else it cannot be told who speaks for whom */
	judged = r->errors == before && is_all_read(r);
	for (size_t i = 0; i < 2 && !err; i++) {
		check_neighbors(r, families[i]);
		if (judged)
			check_spoken_for(r, families[i]);
	}
	return err;
}
