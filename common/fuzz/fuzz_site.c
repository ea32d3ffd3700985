/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A site file: it is either refused with at least one error, each of them one
 * printable line, or it is a site that keeps every promise of site.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "common/site.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void take_error(void *arg, const char *line)
{
	size_t *cnt = arg;

	check(strncmp(line, "c:", 2) == 0);
	for (; *line; line++)
		check(*line >= ' ' && *line < 0x7f);
	++*cnt;
}

static void check_address_pair(const struct addr *ip4, const struct addr *ip6)
{
	check(!addr_is_set(ip4) || ip4->family == ADDR_IP4);
	check(!addr_is_set(ip6) || ip6->family == ADDR_IP6);
	check(addr_is_set(ip4) || addr_is_set(ip6));
	check(!addr_is_set(ip4) || addr_is_unicast(ip4));
	check(!addr_is_set(ip6) || addr_is_unicast(ip6));
}

static void check_host(const char *host)
{
	for (; *host; host++)
		check((*host >= 'a' && *host <= 'z') ||
		      (*host >= '0' && *host <= '9') || *host == '-' ||
		      *host == '.');
}

/* It will stand in a header. */
static void check_url(const char *url)
{
	size_t len = strlen(url);

	if (!len)
		return;
	check(len < SITE_URL_MAX && url[len - 1] != '/');
	for (size_t i = 0; i < len; i++)
		check(url[i] > ' ' && url[i] < 0x7f &&
		      !strchr("\"<>\\^`{|}?#", url[i]));
}

/* It will stand between quotes. */
static void check_neighbor(const struct site_neighbor *n)
{
	check(addr_is_unicast(&n->addr) && n->remote_as && n->port);
	check(!n->ttl_security || !n->multihop);
	check(!n->name[0] || site_name_valid(slice_str(n->name)));
	check(strlen(n->md5) < SITE_MD5_MAX);
	for (const char *at = n->md5; *at; at++)
		check(*at > ' ' && *at < 0x7f && !strchr("\"'\\", *at));
}

static void check_node(const struct site *site, const struct site_node *node)
{
	struct slice name = slice_str(node->name);

	check(site_name_valid(name));
	check(site_find_node(site, name) == node);
	check_address_pair(&node->ip4, &node->ip6);
	check(!addr_equal(&node->ip4, &site->ip4) || !addr_is_set(&node->ip4));
	check(!addr_equal(&node->ip6, &site->ip6) || !addr_is_set(&node->ip6));
	check(node->sip_port && node->sips_port);
	check(node->neighbor_cnt <= SITE_NEIGHBORS_MAX);
	check(!node->neighbor_cnt || node->local_as);
	check(!node->neighbor_cnt || addr_is_set(&node->router_id));
	for (size_t i = 0; i < node->neighbor_cnt; i++)
		check_neighbor(&node->neighbors[i]);
	check_host(node->host);
	check_url(node->http);
}

static void check_peer(const struct site_peer *peer)
{
	check(site_name_valid(slice_str(peer->name)));
	check(peer->address_cnt > 0 &&
	      peer->address_cnt <= SITE_PEER_ADDRESSES_MAX);
	check(peer->gate < SITE_GATES);
	check((peer->prefix_cnt > 0) == (peer->gate == SITE_GATE_PREFIX));
	check(peer->prefix_cnt <= SITE_PEER_PREFIXES_MAX);
	for (size_t i = 0; i < peer->address_cnt; i++)
		check(addr_is_set(&peer->addresses[i].addr));
}

static void check_dns(const struct site *site)
{
	check(site->dns_port && site->dns_ttl_s);
	check(site->dns_server_cnt <= SITE_DNS_SERVERS_MAX);
	check(site->dns_transport_cnt <= SITE_TRANSPORTS);
	if (!site->dns)
		return;
	check(site->dns_port != site->sip_port);
	check(site->dns_server_cnt > 0 && site->dns_transport_cnt > 0);
	for (size_t i = 0; i < site->dns_server_cnt; i++) {
		check(site->dns_servers[i][0] != '\0');
		check_host(site->dns_servers[i]);
	}
	for (size_t i = 0; i < site->dns_transport_cnt; i++)
		check(site->dns_transports[i] != SITE_TLS || site->tls);
}

static void check_site(const struct site *site)
{
	check(site->domain[0] != '\0');
	check_host(site->domain);
	check(site->alias_cnt <= SITE_ALIASES_MAX);
	for (size_t i = 0; i < site->alias_cnt; i++)
		check_host(site->aliases[i]);
	check_address_pair(&site->ip4, &site->ip6);
	check(site->sip_port && site->sips_port && site->http_port &&
	      site->https_port);
	check(site->agent_port && site->agent_port != site->sip_port);
	check(site->stray_port && site->stray_port != site->sip_port &&
	      site->stray_port != site->agent_port);
	check_dns(site);
	check(site->prefix_cnt > 0 && site->prefix_cnt <= SITE_PREFIXES_MAX);
	for (size_t i = 0; i < site->prefix_cnt; i++)
		check(addr_is_unicast(&site->prefixes[i].addr));
	check(site->node_cnt > 0 && site->node_cnt <= SITE_NODES_MAX);
	for (size_t i = 0; i < site->node_cnt; i++)
		check_node(site, &site->nodes[i]);
	check(site->peer_cnt <= SITE_PEERS_MAX);
	for (size_t i = 0; i < site->peer_cnt; i++)
		check_peer(&site->peers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct site *site = NULL;
	size_t errors = 0;
	int err = site_parse(&site, "c", "/nonexistent",
			     slice_of((const char *)data, size), take_error,
			     &errors);

	if (err) {
		check(!site && errors > 0 && (err == EINVAL || err == ENOMEM));
	} else {
		check(site && errors == 0);
		check_site(site);
	}
	site_free(site);
	return 0;
}
