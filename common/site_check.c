/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only the whole site file can tell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/site_priv.h"

void site_check_required(struct site_parser *p, enum site_section section,
			 const char *where, const struct site_lines *lines)
{
	for (size_t i = 0; i < SITE_KEYS; i++) {
		const struct site_key *key = &site_keys[i];

		if (key->section == section && key->required && !lines->key[i])
			site_error(p, lines->head,
				   "%s %s: is missing: %s", where, key->name,
				   key->allowed);
	}
}

static void check_sections(struct site_parser *p)
{
	unsigned last = p->line ? p->line : 1;

	if (p->service_lines.head)
		site_check_required(p, SECTION_SERVICE, "[service]",
				    &p->service_lines);
	else
		site_error(p, last, "[service]: is missing: every site file "
			   "has one");
	if (!p->node_seen)
		site_error(p, last, "[node NAME]: is missing: a site has at "
			   "least one node");
	for (size_t i = 0; i < p->site->node_cnt; i++) {
		char where[SITE_WHERE_MAX];

		snprintf(where, sizeof(where), "[node %s]",
			 p->site->nodes[i].name);
		site_check_required(p, SECTION_NODE, where, &p->node_lines[i]);
	}
}

/* ---- what must be unique among the nodes */

/* One text that must not come twice, and the node that has it. */
struct claim {
	const char *text;
	size_t node;	/* index */
};

static int claim_order(const void *a, const void *b)
{
	const struct claim *ca = a, *cb = b;
	int order = strcmp(ca->text, cb->text);

	return order ? order : (ca->node > cb->node) - (ca->node < cb->node);
}

static int check_names(struct site_parser *p, struct claim *claims)
{
	const struct site *site = p->site;

	for (size_t i = 0; i < site->node_cnt; i++)
		claims[i] = (struct claim){ site->nodes[i].name, i };
	qsort(claims, site->node_cnt, sizeof(*claims), claim_order);
	for (size_t i = 0; i < site->node_cnt; i++) {
		site->by_name[i] = (uint16_t)claims[i].node;
		if (i && strcmp(claims[i].text, claims[i - 1].text) == 0)
			site_error(p, p->node_lines[claims[i].node].head,
				   "[node %s]: there is one already, in line "
				   "%u", claims[i].text,
				   p->node_lines[claims[i - 1].node].head);
	}
	return 0;
}

static void check_hosts(struct site_parser *p, struct claim *claims)
{
	const struct site *site = p->site;
	size_t cnt = 0;

	for (size_t i = 0; i < site->node_cnt; i++) {
		const struct site_node *node = &site->nodes[i];

		if (!node->host[0])
			continue;
		claims[cnt++] = (struct claim){ node->host, i };
		if (site_is_service_host(site, slice_str(node->host)))
			site_error(p, p->node_lines[i].key[KEY_NODE_HOST],
				   "[node %s] host: `%s' is not allowed: it "
				   "names the service, which every node answers",
				   node->name, node->host);
	}
	qsort(claims, cnt, sizeof(*claims), claim_order);
	for (size_t i = 1; i < cnt; i++) {
		const struct site_node *node = &site->nodes[claims[i].node];

		if (strcmp(claims[i].text, claims[i - 1].text) == 0)
			site_error(p,
				   p->node_lines[claims[i].node]
					   .key[KEY_NODE_HOST],
				   "[node %s] host: `%s' is not allowed: node "
				   "%s has it already", node->name, node->host,
				   site->nodes[claims[i - 1].node].name);
	}
}

struct address_claim {
	struct addr addr;
	size_t node;	/* index */
};

static int address_order(const void *a, const void *b)
{
	const struct address_claim *ca = a, *cb = b;
	int order = (int)ca->addr.family - (int)cb->addr.family;

	if (!order)
		order = memcmp(ca->addr.bytes_be, cb->addr.bytes_be,
			       sizeof(ca->addr.bytes_be));
	return order ? order : (ca->node > cb->node) - (ca->node < cb->node);
}

bool site_is_service_address(const struct site *site, const struct addr *a)
{
	return addr_is_set(a) &&
	       (addr_equal(a, &site->ip4) || addr_equal(a, &site->ip6));
}

static void collect_address(struct site_parser *p, size_t i,
			    const struct addr *a, struct address_claim *claims,
			    size_t *cnt)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	if (site_is_service_address(p->site, a)) {
		addr_format(text, a);
		site_error(p, p->node_lines[i].key[KEY_NODE_ADDRESS],
			   "[node %s] address: `%s' is not allowed: it is the "
			   "service address (line %u)", p->site->nodes[i].name,
			   text, p->service_lines.key[KEY_ADDRESS]);
		return;
	}
	claims[(*cnt)++] = (struct address_claim){ *a, i };
}

static int check_addresses(struct site_parser *p)
{
	const struct site *site = p->site;
	struct address_claim *claims;
	size_t cnt = 0;

	claims = calloc(site->node_cnt * 2 + 1, sizeof(*claims));
	if (!claims)
		return ENOMEM;
	for (size_t i = 0; i < site->node_cnt; i++) {
		collect_address(p, i, &site->nodes[i].ip4, claims, &cnt);
		collect_address(p, i, &site->nodes[i].ip6, claims, &cnt);
	}
	qsort(claims, cnt, sizeof(*claims), address_order);
	for (size_t i = 1; i < cnt; i++) {
		size_t at = claims[i].node;
		char text[ADDR_TEXT_MAX];

		if (!addr_equal(&claims[i].addr, &claims[i - 1].addr))
			continue;
		addr_format(text, &claims[i].addr);
		site_error(p, p->node_lines[at].key[KEY_NODE_ADDRESS],
			   "[node %s] address: `%s' is not allowed: node %s "
			   "has it already", site->nodes[at].name, text,
			   site->nodes[claims[i - 1].node].name);
	}
	free(claims);
	return 0;
}

/* ---- one node against the service */

static void check_http(struct site_parser *p, size_t i)
{
	const struct site_node *node = &p->site->nodes[i];
	struct site_url url = { 0 };

	if (!node->http[0] || site_url_parse(&url, slice_str(node->http)) ||
	    !site_is_service_host(p->site, url.host))
		return;
	site_error(p, p->node_lines[i].key[KEY_NODE_HTTP],
		   "[node %s] http: `%s' is not allowed: it points back at the "
		   "service, which would redirect for ever", node->name,
		   node->http);
}

/* A node in none of the service's families could never be handed out. */
static void check_node_families(struct site_parser *p, size_t i)
{
	const struct site *site = p->site;
	const struct site_node *node = &site->nodes[i];
	bool node_has = addr_is_set(&node->ip4) || addr_is_set(&node->ip6);
	bool both = (addr_is_set(&site->ip4) && addr_is_set(&node->ip4)) ||
		    (addr_is_set(&site->ip6) && addr_is_set(&node->ip6));

	if (!node_has || both)
		return;
	site_error(p, p->node_lines[i].key[KEY_NODE_ADDRESS],
		   "[node %s] address: has no IPv%d address, and the service "
		   "has no other", node->name,
		   addr_is_set(&site->ip4) ? ADDR_IP4 : ADDR_IP6);
}

static void check_service_family(struct site_parser *p, const struct addr *a,
				 size_t offset)
{
	if (!addr_is_set(a))
		return;
	for (size_t i = 0; i < p->site->node_cnt; i++) {
		const char *node = (const char *)&p->site->nodes[i];

		if (addr_is_set((const struct addr *)(node + offset)))
			return;
	}
	site_error(p, p->service_lines.key[KEY_ADDRESS],
		   "[service] address: the service has an IPv%u address and no "
		   "node has one", a->family);
}

/* ---- ports */

/* One port serves one purpose; where: the section's name. */
struct port_use {
	const char *key;
	uint16_t port;
	unsigned line;
};

static void check_ports(struct site_parser *p, const char *where,
			const struct port_use *uses, size_t cnt, unsigned head)
{
	for (size_t i = 1; i < cnt; i++) {
		for (size_t j = 0; j < i; j++) {
			if (uses[i].port != uses[j].port)
				continue;
			site_error(p,
				   uses[i].line   ? uses[i].line
				   : uses[j].line ? uses[j].line
						  : head,
				   "%s %s: `%u' is not allowed: %s has this "
				   "port already", where, uses[i].key,
				   uses[i].port, uses[j].key);
		}
	}
}

/* The nodes' own ports are UDP, as is SIP's. */
static void check_udp_port(struct site_parser *p, const struct port_use *own,
			   const char *where, uint16_t sip_port,
			   unsigned sip_line)
{
	if (own->port != sip_port)
		return;
	if (sip_line > own->line)
		site_error(p, sip_line, "%s sip-port: `%u' is not allowed: "
			   "%s has this port already", where, sip_port,
			   own->key);
	else
		site_error(p, own->line ? own->line : p->service_lines.head,
			   "[service] %s: `%u' is not allowed: sip-port of %s "
			   "has this port already", own->key, sip_port, where);
}

static void check_udp_ports(struct site_parser *p, const char *where,
			    uint16_t sip_port, unsigned sip_line)
{
	const unsigned *line = p->service_lines.key;
	const struct port_use own[] = {
		{ "agent-port", p->site->agent_port, line[KEY_AGENT_PORT] },
		{ "stray-port", p->site->stray_port, line[KEY_STRAY_PORT] },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		check_udp_port(p, &own[i], where, sip_port, sip_line);
}

static void check_all_ports(struct site_parser *p)
{
	struct site *site = p->site;
	const unsigned *line = p->service_lines.key;
	struct port_use uses[] = {
		{ "sip-port", site->sip_port, line[KEY_SIP_PORT] },
		{ "http-port", site->http_port, line[KEY_HTTP_PORT] },
		{ "sips-port", site->sips_port, line[KEY_SIPS_PORT] },
		{ "https-port", site->https_port, line[KEY_HTTPS_PORT] },
	};
	const struct port_use own[] = {
		{ "agent-port", site->agent_port, line[KEY_AGENT_PORT] },
		{ "stray-port", site->stray_port, line[KEY_STRAY_PORT] },
	};
	size_t cnt = site->tls ? 4 : 2;

	check_ports(p, "[service]", uses, cnt, p->service_lines.head);
	check_ports(p, "[service]", own, 2, p->service_lines.head);
	check_udp_ports(p, "[service]", site->sip_port, line[KEY_SIP_PORT]);
	for (size_t i = 0; i < site->node_cnt; i++) {
		const struct site_lines *lines = &p->node_lines[i];
		struct site_node *node = &site->nodes[i];
		char where[SITE_WHERE_MAX];

		if (!lines->key[KEY_NODE_SIP_PORT])
			node->sip_port = site->sip_port;
		if (!lines->key[KEY_NODE_SIPS_PORT])
			node->sips_port = site->sips_port;
		if (!lines->key[KEY_NODE_SIP_PORT] &&
		    !lines->key[KEY_NODE_SIPS_PORT])
			continue;	/* the service's, judged above */
		snprintf(where, sizeof(where), "[node %s]", node->name);
		check_udp_ports(p, where, node->sip_port,
				lines->key[KEY_NODE_SIP_PORT]);
		uses[0].port = node->sip_port;
		uses[0].line = lines->key[KEY_NODE_SIP_PORT];
		uses[2].port = node->sips_port;
		uses[2].line = lines->key[KEY_NODE_SIPS_PORT];
		uses[1].line = uses[3].line = 0;
		check_ports(p, where, uses, cnt, lines->head);
	}
}

static void check_domain(struct site_parser *p)
{
	const struct site *site = p->site;

	for (size_t i = 0; i < site->alias_cnt; i++) {
		if (strcmp(site->aliases[i], site->domain) == 0)
			site_error(p, p->service_lines.key[KEY_ALIAS],
				   "[service] alias: `%s' is not allowed: it "
				   "is the domain itself", site->domain);
	}
}

static void check_cluster_tls(struct site_parser *p)
{
	if (p->site->cluster_tls && !p->site->tls)
		site_error(p, p->service_lines.key[KEY_CLUSTER_TLS],
			   "[service] cluster-tls: `yes' is not allowed: it "
			   "needs tls = yes");
}

int site_check(struct site_parser *p)
{
	struct site *site = p->site;
	struct claim *claims;
	int err;

	check_sections(p);
	check_domain(p);
	check_cluster_tls(p);
	check_all_ports(p);

	site->by_name = calloc(site->node_cnt + 1, sizeof(*site->by_name));
	claims = calloc(site->node_cnt + 1, sizeof(*claims));
	if (!site->by_name || !claims) {
		free(claims);
		return ENOMEM;
	}
	check_names(p, claims);
	check_hosts(p, claims);
	free(claims);
	site_check_dns(p);
	err = check_addresses(p);
	if (!err)
		err = site_check_peers(p);
	for (size_t i = 0; i < site->node_cnt && !err; i++)
		check_http(p, i);
	if (!err)
		err = site_check_bgp(p);
	if (err)
		return err;

	/* an address that could not be read would look like a missing family */
	if (p->errors)
		return 0;
	for (size_t i = 0; i < site->node_cnt; i++)
		check_node_families(p, i);
	check_service_family(p, &site->ip4, offsetof(struct site_node, ip4));
	check_service_family(p, &site->ip6, offsetof(struct site_node, ip6));
	return 0;
}
