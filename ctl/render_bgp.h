/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render_bgp.h - what the renderings for ExaBGP, BIRD and FRR share */
#ifndef CTL_RENDER_BGP_H
#define CTL_RENDER_BGP_H

#include "ctl/ctl.h"

enum {
	BGP_HOLD_S = 9,		/* a frozen ExaBGP is noticed after that */
	BGP_KEEPALIVE_S = 3,
	BGP_BFD_MS = 50,	/* times BGP_BFD_LOST: a lost path is noticed */
	BGP_BFD_LOST = 3,

	/* The kernel's table and metrics of the agent's output `kernel'. */
	BGP_TABLE = 200,
	BGP_METRIC_UP = 1,
	BGP_METRIC_DEGRADED = 5,
	BGP_METRIC_DRAINING = 10,
	/* ... and what an IGP makes of them. */
	BGP_COST_UP = 10,
	BGP_COST_DEGRADED = 1000,
	BGP_COST_DRAINING = 60000,
	BGP_MED_UP = 100,
	BGP_MED_DEGRADED = 500,
};

/* The first comment: what it is and that it is made.  mark begins a line. */
void bgp_print_head(const struct site *site, const struct site_node *node,
		    const char *mark, const char *target, const char *what);

/* A comment when one of the chosen sessions has a password. */
void bgp_print_secrecy(const struct ctl *ctl, const struct site_node *node,
		       const char *mark);

/* The node's address in the family of its neighbor. */
const struct addr *bgp_own(const struct site_node *node,
			   const struct site_neighbor *n);

/* Is it among those asked for (--neighbor)? */
bool bgp_is_chosen(const struct ctl *ctl, const struct site_neighbor *n);

/* What tells the i-th neighbor's session from others in the names of a rendering:
 * its number among those of its router, so that another router's sessions come
 * and go without a new name for it; without --neighbor, among all.
 */
size_t bgp_number(const struct ctl *ctl, const struct site_node *node,
		  size_t i);

/* Has the node neighbors, and those that were asked for?  CTL_OK, or a
 * complaint and CTL_CONFIG.
 */
int bgp_check(const struct ctl *ctl, const struct site_node *node);

/* Does the node have a chosen neighbor of this family? */
bool bgp_has_family(const struct ctl *ctl, const struct site_node *node,
		    enum addr_family family);

/* ADDRESS/LEN, also at full length. */
const char *bgp_prefix(char out[static PREFIX_TEXT_MAX],
		       const struct prefix *p);

size_t bgp_prefix_cnt(const struct site *site, enum addr_family family);

/* Do all nodes have one AS, so that their MEDs are compared anyway? */
bool bgp_one_as(const struct site *site);

/* The node's name as a word of BIRD's: with '_' for '-'. */
const char *bgp_symbol(char out[static SITE_NAME_MAX],
		       const struct site_node *node);

/* "ipv4" or "ipv6", the channel. */
const char *bird_family(enum addr_family family);

/* What a session has besides: password, ttl-security, bfd. */
void bird_print_options(const struct site_neighbor *n);

/* The service's prefixes of this family, as a set: "[ 192.0.2.0/24 ]". */
void bird_print_prefixes(const struct site *site, enum addr_family family);

/* For OSPF: the node has a router ID and --interface names an interface.
 * CTL_OK, or a complaint and why not.
 */
int bgp_check_igp(const struct ctl *ctl, const struct site_node *node);

#endif
