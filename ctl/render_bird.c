/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BIRD 2: the router's side of the node's sessions, and a BIRD on the node that
 * watches the path to the router (BFD) beside ExaBGP.
 */
#include <stdio.h>

#include "ctl/ctl.h"
#include "ctl/render_bgp.h"

static void print_filter(const struct site *site, const struct site_node *node,
			 const struct site_neighbor *n, const char *name)
{
	enum addr_family family = (enum addr_family)n->addr.family;

	printf("\nfilter %s_in {\n", name);
	if (!bgp_prefix_cnt(site, family)) {
		puts("\treject;\t# the service has no prefix of this family\n}");
		return;
	}
	printf("\tif net !~ ");
	bird_print_prefixes(site, family);
	puts(" then reject;");
	if (node->local_as != n->remote_as)
		printf("\t# nobody's routes but the node's own, prepended or "
		       "not\n"
		       "\tif bgp_path !~ [= %u+ =] then reject;\n",
		       node->local_as);
	puts("\t# RFC 8326: the node drains, any other path is better\n"
	     "\tif (65535, 0) ~ bgp_community then bgp_local_pref = 0;\n"
	     "\taccept;\n"
	     "}");
}

static void print_ends(const struct site_node *node,
		       const struct site_neighbor *n)
{
	char router[ADDR_TEXT_MAX], own[ADDR_TEXT_MAX];

	addr_format(router, &n->addr);
	addr_format(own, bgp_own(node, n));
	printf("\tlocal %s", router);
	if (n->port != SITE_BGP_PORT)
		printf(" port %u as %u;\n"
		       "\tstrict bind on;\t# that port, on that address only\n",
		       n->port, n->remote_as);
	else
		printf(" as %u;\n", n->remote_as);
	printf("\tneighbor %s as %u;\n"
	       "\t%s;\n", own, node->local_as,
	       n->multihop ? "multihop" : "direct");
}

static void print_options(const struct site *site,
			  const struct site_neighbor *n)
{
	printf("\tpassive on;\t# ExaBGP calls, and listens nowhere\n"
	       "\thold time %d;\n"
	       "\tkeepalive time %d;\n"
	       "\t# when a hold timer has expired BIRD talks to nobody for a "
	       "minute, later five\n"
	       "\terror wait time 1, 10;\n"
	       "\terror forget time 30;\n", BGP_HOLD_S, BGP_KEEPALIVE_S);
	bird_print_options(n);
	if (!bgp_one_as(site))
		puts("\tmed metric on;\t# the nodes are not of one AS");
}

static void print_session(const struct ctl *ctl, const struct site *site,
			  const struct site_node *node, size_t i)
{
	const struct site_neighbor *n = &node->neighbors[i];
	enum addr_family family = (enum addr_family)n->addr.family;
	char symbol[SITE_NAME_MAX], name[64];

	snprintf(name, sizeof(name), "anycast_%s_%zu",
		 bgp_symbol(symbol, node), bgp_number(ctl, node, i));
	print_filter(site, node, n, name);
	printf("\nprotocol bgp %s {\n", name);
	printf("\tdescription \"%s%ssip-anycast node %s\";\n", n->name,
	       n->name[0] ? ": " : "", node->name);
	print_ends(node, n);
	print_options(site, n);
	printf("\t%s {\n"
	       "\t\timport table on;\t# no route refresh with ExaBGP\n"
	       "\t\timport filter %s_in;\n"
	       "\t\timport limit %d action block;\n"
	       "\t\texport none;\n"
	       "\t};\n"
	       "}\n", bird_family(family), name, SITE_PREFIXES_MAX);
}

static bool wants_bfd(const struct ctl *ctl, const struct site_node *node)
{
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (node->neighbors[i].bfd &&
		    bgp_is_chosen(ctl, &node->neighbors[i]))
			return true;
	}
	return false;
}

int ctl_render_bird(const struct ctl *ctl, const struct site *site,
		    const struct site_node *node)
{
	int status = bgp_check(ctl, node);

	if (status)
		return status;
	bgp_print_head(site, node, "#", "bird",
		       "the router's side of its sessions, for BIRD 2");
	bgp_print_secrecy(ctl, node, "#");
	printf("# To be included by the router's bird.conf, which has, once:\n"
	       "#\n"
	       "#\tprotocol device { }\n");
	if (wants_bfd(ctl, node))
		puts("#\tprotocol bfd { }");
	puts("#\n"
	     "# The router announces nothing to the node, and does not keep "
	     "routes of a session\n# that has ended (no graceful restart).");
	if (node->class == SITE_LOCAL)
		puts("# A local node: its routes have NO_EXPORT, which BIRD "
		     "obeys by itself.");
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (bgp_is_chosen(ctl, &node->neighbors[i]))
			print_session(ctl, site, node, i);
	}
	return CTL_OK;
}

/* ---- BFD alone, on the node */

static void print_bfd(const struct site_node *node,
		      const struct site_neighbor *n)
{
	char router[ADDR_TEXT_MAX], own[ADDR_TEXT_MAX];

	addr_format(router, &n->addr);
	addr_format(own, bgp_own(node, n));
	printf("\tneighbor %s local %s%s;\n", router, own,
	       n->multihop ? " multihop on" : "");
	/* of the two sessions the router uses one */
	if (n->ttl_security)
		printf("\t# an FRR takes ttl-security for several hops\n"
		       "\tneighbor %s local %s multihop on;\n", router, own);
}

int ctl_render_bird_bfd(const struct ctl *ctl, const struct site *site,
			const struct site_node *node)
{
	char id[ADDR_TEXT_MAX];
	int status = bgp_check(ctl, node);

	if (status)
		return status;
	if (!wants_bfd(ctl, node)) {
		ctl_complain("%s: no neighbor of node %s has bfd",
			     ctl->site_path, node->name);
		return CTL_CONFIG;
	}
	addr_format(id, &node->router_id);
	bgp_print_head(site, node, "#", "bird-bfd",
		       "a BIRD 2 that watches the paths ExaBGP uses");
	printf("# It has no routes.  A router that has `bfd' for the session "
	       "ends it as soon as\n# the path is lost.\n"
	       "\nrouter id %s;\n"
	       "log stderr { warning, error, fatal, bug };\n"
	       "\nprotocol device {\n}\n"
	       "\nprotocol bfd anycast {\n"
	       "\tinterface \"*\" { interval %d ms; multiplier %d; };\n"
	       "\tmultihop { interval %d ms; multiplier %d; };\n", id,
	       BGP_BFD_MS, BGP_BFD_LOST, BGP_BFD_MS, BGP_BFD_LOST);
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (node->neighbors[i].bfd &&
		    bgp_is_chosen(ctl, &node->neighbors[i]))
			print_bfd(node, &node->neighbors[i]);
	}
	puts("}");
	return CTL_OK;
}
