/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/render_bgp.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

void bgp_print_head(const struct site *site, const struct site_node *node,
		    const char *mark, const char *target, const char *what)
{
	printf("%s Node %s of %s: %s.\n"
	       "%s Made by `anycastctl render %s' from the site file: edit that "
	       "one.\n", mark, node->name, site->domain, what, mark, target);
}

void bgp_print_secrecy(const struct ctl *ctl, const struct site_node *node,
		       const char *mark)
{
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (node->neighbors[i].md5[0] &&
		    bgp_is_chosen(ctl, &node->neighbors[i])) {
			printf("%s It has a password: not for everybody's "
			       "eyes.\n", mark);
			break;
		}
	}
}

const struct addr *bgp_own(const struct site_node *node,
			   const struct site_neighbor *n)
{
	return n->addr.family == ADDR_IP4 ? &node->ip4 : &node->ip6;
}

bool bgp_is_chosen(const struct ctl *ctl, const struct site_neighbor *n)
{
	char text[ADDR_TEXT_MAX];

	if (!ctl->neighbor)
		return true;
	addr_format(text, &n->addr);
	return strcmp(ctl->neighbor, text) == 0 ||
	       (n->name[0] && strcmp(ctl->neighbor, n->name) == 0);
}

size_t bgp_number(const struct ctl *ctl, const struct site_node *node,
		  size_t i)
{
	size_t number = 1;

	for (size_t at = 0; at < i; at++)
		number += !ctl->neighbor ||
			  strcmp(node->neighbors[at].name,
				 node->neighbors[i].name) == 0;
	return number;
}

int bgp_check(const struct ctl *ctl, const struct site_node *node)
{
	if (!node->neighbor_cnt) {
		ctl_complain("%s: node %s has no neighbor", ctl->site_path,
			     node->name);
		return CTL_CONFIG;
	}
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (bgp_is_chosen(ctl, &node->neighbors[i]))
			return CTL_OK;
	}
	ctl_complain("%s: node %s has no neighbor with this name or address: "
		     "%s", ctl->site_path, node->name, ctl->neighbor);
	return CTL_CONFIG;
}

bool bgp_has_family(const struct ctl *ctl, const struct site_node *node,
		    enum addr_family family)
{
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (node->neighbors[i].addr.family == family &&
		    bgp_is_chosen(ctl, &node->neighbors[i]))
			return true;
	}
	return false;
}

const char *bgp_prefix(char out[static PREFIX_TEXT_MAX],
		       const struct prefix *p)
{
	char addr[ADDR_TEXT_MAX];

	addr_format(addr, &p->addr);
	snprintf(out, PREFIX_TEXT_MAX, "%s/%u", addr, p->len);
	return out;
}

size_t bgp_prefix_cnt(const struct site *site, enum addr_family family)
{
	size_t cnt = 0;

	for (size_t i = 0; i < site->prefix_cnt; i++)
		cnt += site->prefixes[i].addr.family == family;
	return cnt;
}

bool bgp_one_as(const struct site *site)
{
	uint32_t as = 0;

	for (size_t i = 0; i < site->node_cnt; i++) {
		uint32_t own = site->nodes[i].local_as;

		if (own && as && own != as)
			return false;
		as = own ? own : as;
	}
	return true;
}

const char *bgp_symbol(char out[static SITE_NAME_MAX],
		       const struct site_node *node)
{
	memcpy(out, node->name, SITE_NAME_MAX);
	for (char *at = out; *at; at++) {
		if (*at == '-')
			*at = '_';
	}
	return out;
}

static bool is_interface(const char *name)
{
	size_t len = strlen(name);

	for (const char *at = name; *at; at++) {
		if (*at <= ' ' || *at >= 0x7f || strchr("\"'\\/*?", *at))
			return false;
	}
	return len > 0 && len < IFNAMSIZ;
}

const char *bird_family(enum addr_family family)
{
	return family == ADDR_IP4 ? "ipv4" : "ipv6";
}

void bird_print_options(const struct site_neighbor *n)
{
	if (n->md5[0])
		printf("\tpassword \"%s\";\n", n->md5);
	if (n->ttl_security)
		puts("\tttl security on;");
	if (n->bfd)
		printf("\tbfd { interval %d ms; multiplier %d; };\n",
		       BGP_BFD_MS, BGP_BFD_LOST);
}

void bird_print_prefixes(const struct site *site, enum addr_family family)
{
	char text[PREFIX_TEXT_MAX];
	const char *comma = "";

	printf("[ ");
	for (size_t i = 0; i < site->prefix_cnt; i++) {
		if (site->prefixes[i].addr.family != family)
			continue;
		printf("%s%s", comma, bgp_prefix(text, &site->prefixes[i]));
		comma = ", ";
	}
	printf(" ]");
}

int bgp_check_igp(const struct ctl *ctl, const struct site_node *node)
{
	if (!addr_is_set(&node->router_id)) {
		ctl_complain("%s: node %s has neither router-id nor IPv4 "
			     "address", ctl->site_path, node->name);
		return CTL_CONFIG;
	}
	if (!ctl->interface) {
		ctl_complain("render %s needs --interface: the one towards the "
			     "router", ctl->operand);
		return CTL_USAGE;
	}
	if (!is_interface(ctl->interface)) {
		ctl_complain("--interface: this is no interface's name");
		return CTL_USAGE;
	}
	return CTL_OK;
}
