/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other way out: the agent (output = kernel) puts routes into a table of the
 * kernel, a BIRD on the node learns them and announces them, by BGP in ExaBGP's
 * place or by OSPF.  The metric of a route is its state.
 */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/render_bgp.h"

static const enum addr_family families[] = { ADDR_IP4, ADDR_IP6 };

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* Can anything be announced in this family from this node? */
static bool has_family(const struct site *site, const struct site_node *node,
		       enum addr_family family)
{
	const struct addr *own = family == ADDR_IP4 ? &node->ip4 : &node->ip6;

	return addr_is_set(own) && bgp_prefix_cnt(site, family) > 0;
}

static void print_kernel(const struct site *site, enum addr_family family)
{
	printf("\n%s table anycast%d;\n"
	       "\n"
	       "protocol kernel anycast_kernel%d {\n"
	       "\tkernel table %d;\n"
	       "\tlearn;\n"
	       "\tscan time 10;\t# changes are told at once besides\n"
	       "\t%s {\n"
	       "\t\ttable anycast%d;\n"
	       "\t\timport where net ~ ", bird_family(family), family, family,
	       BGP_TABLE, bird_family(family), family);
	bird_print_prefixes(site, family);
	puts(";\n\t\texport none;\n\t};\n}");
}

static void print_tables(const struct site *site, const struct site_node *node)
{
	char id[ADDR_TEXT_MAX];

	addr_format(id, &node->router_id);
	printf("# The agent (output = kernel) has put the routes into table "
	       "%d; the metric is\n# the state: %d up, %d degraded, %d "
	       "draining.  When the agent dies they are gone.\n"
	       "\n"
	       "router id %s;\n"
	       "log stderr { warning, error, fatal, bug };\n"
	       "\n"
	       "protocol device {\n}\n", BGP_TABLE, BGP_METRIC_UP,
	       BGP_METRIC_DEGRADED, BGP_METRIC_DRAINING, id);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (has_family(site, node, families[i]))
			print_kernel(site, families[i]);
	}
}

/* ---- OSPF */

static void print_ospf(const char *interface, enum addr_family family)
{
	printf("\nprotocol ospf %s anycast_ospf%d {\n"
	       "\t%s {\n"
	       "\t\ttable anycast%d;\n"
	       "\t\timport none;\n"
	       "\t\texport filter anycast_cost;\n"
	       "\t};\n"
	       "\tarea 0 {\n"
	       "\t\tinterface \"%s\" {\n"
	       "\t\t\thello 1;\t\t# the same on the router\n"
	       "\t\t\tdead count 4;\n"
	       "\t\t};\n"
	       "\t};\n"
	       "}\n", family == ADDR_IP4 ? "v2" : "v3", family,
	       bird_family(family), family, interface);
}

int ctl_render_bird_igp(const struct ctl *ctl, const struct site *site,
			const struct site_node *node)
{
	int status = bgp_check_igp(ctl, node);

	if (status)
		return status;
	bgp_print_head(site, node, "#", "bird-igp", "a BIRD 2 that speaks OSPF");
	print_tables(site, node);
	printf("\n# Type 1: the way to the node counts, so that the nearest "
	       "one is taken.\n"
	       "filter anycast_cost {\n"
	       "\tospf_metric1 = %d;\n"
	       "\tif krt_metric = %d then ospf_metric1 = %d;\n"
	       "\tif krt_metric = %d then ospf_metric1 = %d;\n"
	       "\taccept;\n"
	       "}\n", BGP_COST_UP, BGP_METRIC_DEGRADED, BGP_COST_DEGRADED,
	       BGP_METRIC_DRAINING, BGP_COST_DRAINING);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (has_family(site, node, families[i]))
			print_ospf(ctl->interface, families[i]);
	}
	return CTL_OK;
}

/* ---- BGP, in ExaBGP's place */

static void print_attributes(const struct site_node *node)
{
	printf("\nfilter anycast_out {\n"
	       "\tbgp_med = %d;\n"
	       "\tif krt_metric = %d then bgp_med = %d;\n"
	       "\tif krt_metric = %d then {\n"
	       "\t\tbgp_med = 4294967295;\n"
	       "\t\tbgp_community.add((65535, 0));\t# RFC 8326\n"
	       "\t}\n", BGP_MED_UP, BGP_METRIC_DEGRADED, BGP_MED_DEGRADED,
	       BGP_METRIC_DRAINING);
	if (node->class == SITE_LOCAL)
		puts("\tbgp_community.add((65535, 65281));\t# NO_EXPORT: a "
		     "local node");
	puts("\taccept;\n}");
}

static void print_session(const struct site_node *node, size_t i)
{
	const struct site_neighbor *n = &node->neighbors[i];
	char router[ADDR_TEXT_MAX], own[ADDR_TEXT_MAX];

	addr_format(router, &n->addr);
	addr_format(own, bgp_own(node, n));
	printf("\nprotocol bgp anycast_%zu {\n", i + 1);
	if (n->name[0])
		printf("\tdescription \"%s\";\n", n->name);
	printf("\tlocal %s as %u;\n"
	       "\tneighbor %s", own, node->local_as, router);
	if (n->port != SITE_BGP_PORT)
		printf(" port %u", n->port);
	printf(" as %u;\n\t%s;\n\thold time %d;\n\tkeepalive time %d;\n"
	       "\tgraceful restart off;\n", n->remote_as,
	       n->multihop ? "multihop" : "direct", BGP_HOLD_S,
	       BGP_KEEPALIVE_S);
	bird_print_options(n);
	printf("\t%s {\n"
	       "\t\ttable anycast%d;\n"
	       "\t\timport none;\n"
	       "\t\texport filter anycast_out;\n"
	       "\t\tnext hop self;\n"
	       "\t};\n"
	       "}\n", bird_family((enum addr_family)n->addr.family),
	       n->addr.family);
}

int ctl_render_bird_kernel(const struct ctl *ctl, const struct site *site,
			   const struct site_node *node)
{
	bool bfd = false;
	int status = bgp_check(ctl, node);

	if (status)
		return status;
	bgp_print_head(site, node, "#", "bird-kernel",
		       "a BIRD 2 in the place of ExaBGP");
	bgp_print_secrecy(ctl, node, "#");
	print_tables(site, node);
	for (size_t i = 0; i < node->neighbor_cnt; i++)
		bfd = bfd || node->neighbors[i].bfd;
	if (bfd)
		puts("\nprotocol bfd {\n}");
	print_attributes(node);
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		const struct site_neighbor *n = &node->neighbors[i];

		if (bgp_is_chosen(ctl, n) &&
		    has_family(site, node, (enum addr_family)n->addr.family))
			print_session(node, i);
	}
	return CTL_OK;
}
