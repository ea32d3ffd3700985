/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of Kamailio's tls.cfg that is for the other nodes: a certificate of
 * the site's own authority, on a port of its own, asked for by both sides.  A
 * public certificate would prove nothing: any would do, as the host compares
 * no names.
 */
#include <stdio.h>

#include "ctl/ctl.h"

static void print_profile(void)
{
	puts("method = TLSv1.2+\n"
	     "certificate = /etc/sip-anycast/tls/nodes.crt\n"
	     "private_key = /etc/sip-anycast/tls/nodes.key\n"
	     "ca_list = /etc/sip-anycast/tls/nodes-ca.crt\n"
	     "verify_certificate = yes\n"
	     "require_certificate = yes\n"
	     "verify_depth = 1");
}

int ctl_render_tls(const struct ctl *ctl, const struct site *site,
		   const struct site_node *node)
{
	enum addr_family family = site_nodes_family(site);
	char host[ADDR_TEXT_MAX];

	(void)ctl;
	if (!site->cluster_tls) {
		ctl_complain("%s: [service] cluster-tls is not yes: the nodes "
			     "talk to each other without TLS", ctl->site_path);
		return CTL_CONFIG;
	}
	if (family == ADDR_NONE) {
		ctl_complain("%s: the nodes have no address family in common, "
			     "so they do not talk to each other",
			     ctl->site_path);
		return CTL_CONFIG;
	}
	addr_format_host(host, family == ADDR_IP4 ? &node->ip4 : &node->ip6);
	printf("# What the nodes of %s know each other by, for node %s: to be "
	       "added\n# to tls.cfg.\n\n[server:%s:%u]\n", site->domain,
	       node->name, host, site->stray_port);
	print_profile();
	puts("\n[client:any]\n"
	     "server_id = nodes\n"
	     "server_name = nodes.invalid");
	print_profile();
	return CTL_OK;
}
