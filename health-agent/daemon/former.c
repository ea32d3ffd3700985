/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/former.h"

#include <string.h>

#include "common/log.h"

static bool leads_alike(const struct site_node *a, const struct site_node *b)
{
	return addr_equal(&a->ip4, &b->ip4) && addr_equal(&a->ip6, &b->ip6) &&
	       a->sip_port == b->sip_port && a->sips_port == b->sips_port &&
	       !strcmp(a->host, b->host) && !strcmp(a->http, b->http);
}

/* Without the passwords of its neighbours. */
static void copy_node(struct site_node *out, const struct site_node *node)
{
	*out = (struct site_node){
		.ip4 = node->ip4,
		.ip6 = node->ip6,
		.sip_port = node->sip_port,
		.sips_port = node->sips_port,
	};
	memcpy(out->name, node->name, sizeof(out->name));
	memcpy(out->host, node->host, sizeof(out->host));
	memcpy(out->http, node->http, sizeof(out->http));
}

void former_keep(struct agent_conf *is, const struct agent_conf *was,
		 uint64_t now_ms)
{
	if (!leads_alike(is->node, was->node)) {
		copy_node(&is->former, was->node);
		is->former_until_ms = now_ms + FORMER_MS;
		log_warn("reload: clients are sent elsewhere now; Kamailio has "
			 "%d s to read the site file, too", FORMER_MS / 1000);
	} else if (now_ms < was->former_until_ms) {
		is->former = was->former;
		is->former_until_ms = was->former_until_ms;
	} else {
		return;
	}
	for (size_t i = 0; i < is->health.probe_cnt; i++) {
		is->probes[i].prober.former = &is->former;
		is->probes[i].prober.former_until_ms = is->former_until_ms;
	}
}
