/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl render: one row per program whose settings come from the site. */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

const struct ctl_target ctl_targets[] = {
	{ "kamailio", "defines, aliases and listen lines, to be included first",
	  ctl_render_kamailio },
	{ "tls", "the part of tls.cfg that nodes know each other by (cluster-tls)",
	  ctl_render_tls },
	{ "knot", "Knot DNS: its configuration; with --output the zones as well",
	  ctl_render_knot },
	{ "zone", "the zone file of the domain, or of --zone, for any DNS server",
	  ctl_render_zone },
	{ "nginx", "the node's content, where HTTP is redirected to",
	  ctl_render_nginx },
	{ "exabgp", "ExaBGP's configuration, with the health agent as its process",
	  ctl_render_exabgp },
	{ "bird", "the router's side of the node's sessions, for BIRD 2",
	  ctl_render_bird },
	{ "bird-bfd", "a BIRD beside ExaBGP that watches the paths (BFD)",
	  ctl_render_bird_bfd },
	{ "bird-kernel", "a BIRD in ExaBGP's place, for the agent's output "
	  "kernel", ctl_render_bird_kernel },
	{ "bird-igp", "the same with OSPF", ctl_render_bird_igp },
	{ "frr", "the router's side of the node's sessions, for FRR",
	  ctl_render_frr },
	{ "frr-igp", "the same for FRR, which knows in and out alone", ctl_render_frr_igp },
};
const size_t ctl_target_cnt = sizeof(ctl_targets) / sizeof(ctl_targets[0]);

static const struct ctl_target *find_target(const char *name)
{
	for (size_t i = 0; i < ctl_target_cnt; i++) {
		if (strcmp(ctl_targets[i].name, name) == 0)
			return &ctl_targets[i];
	}
	return NULL;
}

/* A zone is made on any machine: its servers need not be nodes. */
static bool needs_node(const struct ctl *ctl, const struct ctl_target *target)
{
	return target->render != ctl_render_zone || ctl->node_local ||
	       ctl->node_name;
}

int ctl_render(const struct ctl *ctl)
{
	const struct ctl_target *target = find_target(ctl->operand);
	const struct site_node *node = NULL;
	struct site *site;
	int status;

	if (!target) {
		fprintf(stderr, "anycastctl: cannot render %s; known:",
			ctl->operand);
		for (size_t i = 0; i < ctl_target_cnt; i++)
			fprintf(stderr, " %s", ctl_targets[i].name);
		fputc('\n', stderr);
		return CTL_USAGE;
	}
	if (ctl->output && target->render != ctl_render_knot) {
		ctl_complain("render %s takes no --output", ctl->operand);
		return CTL_USAGE;
	}
	status = needs_node(ctl, target) ? ctl_read_node(&site, &node, ctl)
					 : ctl_read_site(&site, ctl);
	if (status)
		return status;
	status = target->render(ctl, site, node);
	site_free(site);
	return status;
}
