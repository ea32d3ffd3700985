/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FRR: the router's side of the node's sessions; and an FRR on the node that
 * announces what the agent has put into the kernel, as far as FRR 8.4 can.
 */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/render_bgp.h"

static const char *ip_word(enum addr_family family)
{
	return family == ADDR_IP4 ? "ip" : "ipv6";
}

/* Without any, a list that permits nothing. */
static void print_list(const struct site *site, enum addr_family family,
		       const char *name)
{
	char text[PREFIX_TEXT_MAX];
	unsigned sequence = 0;

	for (size_t i = 0; i < site->prefix_cnt; i++) {
		if (site->prefixes[i].addr.family != family)
			continue;
		printf("%s prefix-list %s seq %u permit %s\n", ip_word(family),
		       name, sequence += 5,
		       bgp_prefix(text, &site->prefixes[i]));
	}
	if (!sequence)
		printf("%s prefix-list %s seq 5 deny any\n", ip_word(family),
		       name);
}

static void print_matches(const struct site_node *node,
			  const struct site_neighbor *n, const char *name)
{
	printf(" match %s address prefix-list %s\n",
	       ip_word((enum addr_family)n->addr.family), name);
	if (node->local_as != n->remote_as)
		printf(" match as-path %s\n", name);
}

static void print_policy(const struct site *site, const struct site_node *node,
			 const struct site_neighbor *n, const char *name)
{
	puts("!");
	print_list(site, (enum addr_family)n->addr.family, name);
	if (node->local_as != n->remote_as)
		printf("! nobody's routes but the node's own, prepended or "
		       "not\n"
		       "bgp as-path access-list %s seq 5 permit ^%u(_%u)*$\n",
		       name, node->local_as, node->local_as);
	printf("! RFC 8326: the node drains, any other path is better\n"
	       "route-map %s permit 10\n", name);
	print_matches(node, n, name);
	printf(" match community anycast-drain\n"
	       " set local-preference 0\n"
	       "exit\n"
	       "route-map %s permit 20\n", name);
	print_matches(node, n, name);
	puts("exit");
}

static void print_neighbor(const struct site_node *node,
			   const struct site_neighbor *n)
{
	char own[ADDR_TEXT_MAX];

	addr_format(own, bgp_own(node, n));
	printf(" neighbor %s remote-as %u\n"
	       " neighbor %s description %s%ssip-anycast node %s\n"
	       " neighbor %s timers %d %d\n"
	       " ! ExaBGP calls, and listens nowhere\n"
	       " neighbor %s passive\n", own, node->local_as, own, n->name,
	       n->name[0] ? ": " : "", node->name, own, BGP_KEEPALIVE_S,
	       BGP_HOLD_S, own);
	if (n->md5[0])
		printf(" neighbor %s password %s\n", own, n->md5);
	if (n->ttl_security)
		printf(" neighbor %s ttl-security hops 1\n", own);
	if (n->multihop && node->local_as != n->remote_as)
		printf(" neighbor %s ebgp-multihop\n", own);
	if (n->bfd)
		printf(" neighbor %s bfd %d %d %d\n", own, BGP_BFD_LOST,
		       BGP_BFD_MS, BGP_BFD_MS);
}

/* A session carries its own family and no other. */
static void print_family(const struct ctl *ctl, const struct site_node *node,
			 enum addr_family family)
{
	if (!bgp_has_family(ctl, node, family) && family != ADDR_IP4)
		return;
	printf(" address-family %s unicast\n",
	       family == ADDR_IP4 ? "ipv4" : "ipv6");
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		const struct site_neighbor *n = &node->neighbors[i];
		char own[ADDR_TEXT_MAX];

		if (!bgp_is_chosen(ctl, n))
			continue;
		addr_format(own, bgp_own(node, n));
		if (n->addr.family != family) {
			if (family == ADDR_IP4)
				printf("  no neighbor %s activate\n", own);
			continue;
		}
		printf("  neighbor %s activate\n"
		       "  neighbor %s route-map anycast-%s-%zu in\n"
		       "  neighbor %s route-map anycast-nothing out\n"
		       "  ! no route refresh with ExaBGP\n"
		       "  neighbor %s soft-reconfiguration inbound\n"
		       "  neighbor %s maximum-prefix %d\n", own, own,
		       node->name, bgp_number(ctl, node, i), own, own, own,
		       SITE_PREFIXES_MAX);
	}
	puts(" exit-address-family");
}

static void print_router(const struct ctl *ctl, const struct site *site,
			 const struct site_node *node, uint32_t as)
{
	printf("!\nrouter bgp %u\n", as);
	if (!bgp_one_as(site))
		puts(" ! the nodes are not of one AS\n"
		     " bgp always-compare-med");
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (bgp_is_chosen(ctl, &node->neighbors[i]))
			print_neighbor(node, &node->neighbors[i]);
	}
	print_family(ctl, node, ADDR_IP4);
	print_family(ctl, node, ADDR_IP6);
	puts("exit");
}

/* One FRR is of one AS: which neighbors are meant? */
static int check_as(const struct ctl *ctl, const struct site_node *node,
		    uint32_t *as)
{
	*as = 0;
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		const struct site_neighbor *n = &node->neighbors[i];

		if (!bgp_is_chosen(ctl, n))
			continue;
		if (*as && *as != n->remote_as) {
			ctl_complain("the neighbors of node %s are not of one "
				     "AS: --neighbor names a router",
				     node->name);
			return CTL_USAGE;
		}
		*as = n->remote_as;
	}
	return CTL_OK;
}

static void print_notes(const struct ctl *ctl, const struct site_node *node)
{
	unsigned port = SITE_BGP_PORT;
	bool bfd = false;

	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		const struct site_neighbor *n = &node->neighbors[i];

		if (!bgp_is_chosen(ctl, n))
			continue;
		bfd = bfd || n->bfd;
		port = n->port != SITE_BGP_PORT ? n->port : port;
	}
	if (bfd)
		puts("! /etc/frr/daemons: bfdd=yes");
	if (port != SITE_BGP_PORT)
		printf("! /etc/frr/daemons: bgpd_options with -p %u\n", port);
	if (node->class == SITE_LOCAL)
		puts("! A local node: its routes have NO_EXPORT, which FRR "
		     "obeys by itself.");
}

int ctl_render_frr(const struct ctl *ctl, const struct site *site,
		   const struct site_node *node)
{
	uint32_t as;
	int status = bgp_check(ctl, node);

	if (!status)
		status = check_as(ctl, node, &as);
	if (status)
		return status;
	bgp_print_head(site, node, "!", "frr",
		       "the router's side of its sessions, for FRR");
	bgp_print_secrecy(ctl, node, "!");
	puts("! Into frr.conf, or into a running one by: vtysh -f FILE");
	print_notes(ctl, node);
	puts("!\nbgp community-list standard anycast-drain seq 5 permit "
	     "65535:0\n"
	     "route-map anycast-nothing deny 10\n"
	     "exit");
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		char name[64];

		if (!bgp_is_chosen(ctl, &node->neighbors[i]))
			continue;
		snprintf(name, sizeof(name), "anycast-%s-%zu", node->name,
			 bgp_number(ctl, node, i));
		print_policy(site, node, &node->neighbors[i], name);
	}
	print_router(ctl, site, node, as);
	return CTL_OK;
}

/* ---- the node's side, for an IGP */

enum { TABLE_MAIN = 254 };

static bool announces(const struct site *site, const struct site_node *node,
		      enum addr_family family)
{
	const struct addr *own = family == ADDR_IP4 ? &node->ip4 : &node->ip6;

	return addr_is_set(own) && bgp_prefix_cnt(site, family) > 0;
}

static void print_map(const struct site *site, enum addr_family family)
{
	puts("!");
	print_list(site, family, "anycast");
	printf("route-map anycast%d permit 10\n"
	       " match %s address prefix-list anycast\n"
	       " set metric %d\n"
	       "exit\n", family, ip_word(family), BGP_COST_UP);
}

static void print_ospf_interface(const char *ospf)
{
	printf(" %s area 0\n"
	       " ! the same on the router\n"
	       " %s hello-interval 1\n"
	       " %s dead-interval 4\n", ospf, ospf, ospf);
}

static void print_ospf_router(const char *ospf, const char *id,
			      enum addr_family family)
{
	printf("!\nrouter %s\n"
	       " %s router-id %s\n"
	       " redistribute kernel metric-type 1 route-map anycast%d\n"
	       "exit\n", ospf, ospf, id, family);
}

static void print_igp(const struct ctl *ctl, const struct site *site,
		      const struct site_node *node)
{
	bool ip4 = announces(site, node, ADDR_IP4);
	bool ip6 = announces(site, node, ADDR_IP6);
	char id[ADDR_TEXT_MAX];

	addr_format(id, &node->router_id);
	if (ip4)
		print_map(site, ADDR_IP4);
	if (ip6)
		print_map(site, ADDR_IP6);
	printf("!\ninterface %s\n", ctl->interface);
	if (ip4)
		print_ospf_interface("ip ospf");
	if (ip6)
		print_ospf_interface("ipv6 ospf6");
	puts("exit");
	if (ip4)
		print_ospf_router("ospf", id, ADDR_IP4);
	if (ip6)
		print_ospf_router("ospf6", id, ADDR_IP6);
}

/* Not from a table of its own, as BIRD: FRR 8.4 keeps a route it has imported
 * from another table when the device is gone, loses it when its metric changes,
 * and imports IPv4 alone.  In no case does its OSPF look at the metric.
 */
int ctl_render_frr_igp(const struct ctl *ctl, const struct site *site,
		       const struct site_node *node)
{
	int status = bgp_check_igp(ctl, node);

	if (status)
		return status;
	bgp_print_head(site, node, "!", "frr-igp", "an FRR that speaks OSPF");
	printf("! For an agent with output = kernel and kernel-table = %d: FRR "
	       "8.4 cannot follow\n"
	       "! another table.  Type 1: the way to the node counts, so that "
	       "the nearest one is\n"
	       "! taken.  OSPF of FRR does not look at the metric of a kernel "
	       "route: the cost is\n"
	       "! the same whether the node is up, degraded or draining.\n",
	       TABLE_MAIN);
	print_igp(ctl, site, node);
	return CTL_OK;
}
