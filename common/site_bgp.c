/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is announced to whom: prefix and router-id, and what the whole file says
 * of neighbors (one of them: site_neighbor.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/site_priv.h"

/* ---- [service] prefix */

int site_parse_announced(struct site_parser *p, const struct site_key *key,
			 void *base, struct slice value)
{
	struct prefix *list = (void *)((char *)base + key->at);
	size_t *cnt = (void *)((char *)base + key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	while (value_next(&c, &begun, &element)) {
		char text[PREFIX_TEXT_MAX];
		const char *problem;

		if (site_add_prefix(p, list, cnt, SITE_PREFIXES_MAX, element))
			return EINVAL;
		problem = prefix_problem(&list[*cnt - 1]);
		if (problem) {
			prefix_format(text, &list[--*cnt]);
			site_why(p, "%s %s", text, problem);
			return EINVAL;
		}
	}
	return 0;
}

static bool is_announced(const struct site *site, const struct addr *a)
{
	for (size_t i = 0; i < site->prefix_cnt; i++) {
		if (prefix_has(&site->prefixes[i], a))
			return true;
	}
	return false;
}

/* No router takes a route to it: a demonstration announces something else. */
static bool is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == ADDR_IP4 ? a->bytes_be[0] == 127
				     : memcmp(a->bytes_be, one, 16) == 0;
}

static void check_announced(struct site_parser *p, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a) || is_loopback(a) || is_announced(p->site, a))
		return;
	addr_format(text, a);
	site_error(p, p->service_lines.key[KEY_PREFIX],
		   "[service] prefix: the service address %s is in none of "
		   "them", text);
}

/* Packets to it would go to the nearest node, whosever it is. */
static void check_not_announced(struct site_parser *p, size_t i,
				const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a) || !is_announced(p->site, a))
		return;
	addr_format(text, a);
	site_error(p, p->node_lines[i].key[KEY_NODE_ADDRESS],
		   "[node %s] address: `%s' is not allowed: it is in a prefix "
		   "of the service (line %u), which every node announces",
		   p->site->nodes[i].name, text,
		   p->service_lines.key[KEY_PREFIX]);
}

static void check_prefixes(struct site_parser *p)
{
	struct site *site = p->site;

	if (!p->service_lines.key[KEY_PREFIX]) {
		if (addr_is_set(&site->ip4))
			site->prefixes[site->prefix_cnt++] =
				prefix_of(&site->ip4);
		if (addr_is_set(&site->ip6))
			site->prefixes[site->prefix_cnt++] =
				prefix_of(&site->ip6);
		return;
	}
	if (!site->prefix_cnt)
		return;		/* wrong, and said so */
	check_announced(p, &site->ip4);
	check_announced(p, &site->ip6);
	for (size_t i = 0; i < site->node_cnt; i++) {
		check_not_announced(p, i, &site->nodes[i].ip4);
		check_not_announced(p, i, &site->nodes[i].ip6);
	}
}

/* ---- [node] router-id */

int site_parse_router_id(struct site_parser *p, const struct site_key *key,
			 void *base, struct slice value)
{
	struct addr *id = (void *)((char *)base + key->at);
	struct addr addr;

	(void)p;
	if (addr_parse(&addr, value.text, value.len) ||
	    addr.family != ADDR_IP4 || !addr_is_unicast(&addr))
		return EINVAL;
	*id = addr;
	return 0;
}

struct id_claim {
	struct addr id;
	size_t node;	/* index */
};

static int id_order(const void *a, const void *b)
{
	const struct id_claim *ca = a, *cb = b;
	int order = memcmp(ca->id.bytes_be, cb->id.bytes_be, 4);

	return order ? order : (ca->node > cb->node) - (ca->node < cb->node);
}

/* Whose line is wrong: the one that was written, the later of two. */
static size_t id_culprit(const struct site_parser *p, size_t a, size_t b)
{
	unsigned line_a = p->node_lines[a].key[KEY_NODE_ROUTER_ID];
	unsigned line_b = p->node_lines[b].key[KEY_NODE_ROUTER_ID];

	return line_b >= line_a ? b : a;
}

static int check_router_ids(struct site_parser *p)
{
	const struct site *site = p->site;
	struct id_claim *claims = calloc(site->node_cnt + 1, sizeof(*claims));
	size_t cnt = 0;

	if (!claims)
		return ENOMEM;
	for (size_t i = 0; i < site->node_cnt; i++) {
		struct site_node *node = &p->site->nodes[i];

		if (!p->node_lines[i].key[KEY_NODE_ROUTER_ID])
			node->router_id = node->ip4;
		if (addr_is_set(&node->router_id))
			claims[cnt++] = (struct id_claim){ node->router_id, i };
	}
	qsort(claims, cnt, sizeof(*claims), id_order);
	for (size_t i = 1; i < cnt; i++) {
		size_t a = claims[i - 1].node, b = claims[i].node;
		size_t at = id_culprit(p, a, b);
		unsigned line = p->node_lines[at].key[KEY_NODE_ROUTER_ID];
		char text[ADDR_TEXT_MAX];

		/* two equal addresses have been told of already */
		if (!line || !addr_equal(&claims[i - 1].id, &claims[i].id))
			continue;
		addr_format(text, &claims[i].id);
		site_error(p, line, "[node %s] router-id: `%s' is not "
			   "allowed: node %s has it already",
			   site->nodes[at].name, text,
			   site->nodes[at == a ? b : a].name);
	}
	free(claims);
	return 0;
}

/* ---- [node] neighbor */

static void check_neighbor(struct site_parser *p, size_t i, size_t at)
{
	const struct site_node *node = &p->site->nodes[i];
	const struct site_neighbor *n = &node->neighbors[at];
	const struct addr *own = n->addr.family == ADDR_IP4 ? &node->ip4
							     : &node->ip6;
	char text[ADDR_TEXT_MAX];
	const char *problem = NULL;

	addr_format(text, &n->addr);
	if (site_is_service_address(p->site, &n->addr))
		problem = "it is the service address";
	else if (is_announced(p->site, &n->addr))
		problem = "it is in a prefix of the service, which every node "
			  "announces";
	else if (addr_equal(&n->addr, own))
		problem = "it is the node's own address";
	else if (!addr_is_set(own) &&
		 (addr_is_set(&node->ip4) || addr_is_set(&node->ip6)))
		problem = "the node has no address of its family";
	if (problem)
		site_error(p, p->node_lines[i].neighbor[at],
			   "[node %s] neighbor: `%s' is not allowed: %s",
			   node->name, text, problem);
}

static void check_neighbors(struct site_parser *p, size_t i)
{
	const struct site_node *node = &p->site->nodes[i];
	const struct site_lines *lines = &p->node_lines[i];
	unsigned line = lines->key[KEY_NODE_NEIGHBOR];

	if (!node->neighbor_cnt)
		return;
	if (!lines->key[KEY_NODE_LOCAL_AS])
		site_error(p, line, "[node %s] local-as: is missing: a node "
			   "with a neighbor needs it", node->name);
	if (!addr_is_set(&node->router_id) &&
	    !lines->key[KEY_NODE_ROUTER_ID] && addr_is_set(&node->ip6))
		site_error(p, line, "[node %s] router-id: is missing: a node "
			   "with a neighbor and no IPv4 address needs it",
			   node->name);
	for (size_t n = 0; n < node->neighbor_cnt; n++)
		check_neighbor(p, i, n);
}

int site_check_bgp(struct site_parser *p)
{
	int err = check_router_ids(p);

	if (err)
		return err;
	check_prefixes(p);
	for (size_t i = 0; i < p->site->node_cnt; i++)
		check_neighbors(p, i);
	return 0;
}
