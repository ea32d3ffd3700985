/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/zone.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool zone_has(const char *zone, const char *name)
{
	size_t zone_len = strlen(zone), len = strlen(name);

	if (len < zone_len || strcmp(name + len - zone_len, zone) != 0)
		return false;
	return len == zone_len || name[len - zone_len - 1] == '.';
}

static bool is_below_another(const struct site *site, const char *alias)
{
	if (zone_has(site->domain, alias))
		return true;
	for (size_t i = 0; i < site->alias_cnt; i++) {
		if (site->aliases[i] != alias &&
		    zone_has(site->aliases[i], alias))
			return true;
	}
	return false;
}

size_t zone_names(const char *out[static ZONES_MAX], const struct site *site)
{
	size_t cnt = 0;

	out[cnt++] = site->domain;
	for (size_t i = 0; i < site->alias_cnt; i++) {
		if (!is_below_another(site, site->aliases[i]))
			out[cnt++] = site->aliases[i];
	}
	return cnt;
}

static void print_addresses(FILE *f, const char *name, const struct addr *ip4,
			    const struct addr *ip6)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(ip4)) {
		addr_format(text, ip4);
		fprintf(f, "%s.\tA\t%s\n", name, text);
	}
	if (addr_is_set(ip6)) {
		addr_format(text, ip6);
		fprintf(f, "%s.\tAAAA\t%s\n", name, text);
	}
}

/* ---- the service's names */

static const struct {
	const char *service;	/* of NAPTR */
	const char *label;	/* of SRV */
} ways[SITE_TRANSPORTS] = {
	[SITE_UDP] = { "SIP+D2U", "_sip._udp" },
	[SITE_TCP] = { "SIP+D2T", "_sip._tcp" },
	[SITE_TLS] = { "SIPS+D2T", "_sips._tcp" },
};

static unsigned port_of(const struct zone *z, enum site_transport transport)
{
	const struct site *site = z->site;

	if (transport == SITE_TLS)
		return z->local ? z->local->sips_port : site->sips_port;
	return z->local ? z->local->sip_port : site->sip_port;
}

/* RFC 3263 4.1: the order of the NAPTRs says what we prefer, each leads to an SRV,
 * that one to the addresses.
 */
static void print_service(FILE *f, const struct zone *z, const char *name)
{
	const struct site *site = z->site;

	for (size_t i = 0; i < site->dns_transport_cnt; i++) {
		enum site_transport transport = site->dns_transports[i];

		fprintf(f, "%s.\tNAPTR\t%zu 10 \"s\" \"%s\" \"\" %s.%s.\n",
			name, 10 * (i + 1), ways[transport].service,
			ways[transport].label, name);
	}
	for (size_t i = 0; i < site->dns_transport_cnt; i++) {
		enum site_transport transport = site->dns_transports[i];

		fprintf(f, "%s.%s.\tSRV\t0 0 %u %s.\n", ways[transport].label,
			name, port_of(z, transport), name);
	}
	if (z->local)
		print_addresses(f, name, &z->local->ip4, &z->local->ip6);
	else
		print_addresses(f, name, &site->ip4, &site->ip6);
}

/* ---- the nodes' names */

/* The host of its http URL, "" where that is an address. */
static void web_host(char out[static SITE_HOST_MAX],
		     const struct site_node *node)
{
	struct site_url url = { 0 };
	struct addr addr;
	size_t i = 0;

	/* the site's reader has found nothing wrong with it */
	if (node->http[0])
		site_url_parse(&url, slice_str(node->http));
	if (addr_parse(&addr, url.host.text, url.host.len) == 0)
		url.host.len = 0;
	for (; i < url.host.len; i++) {
		char ch = url.host.text[i];

		out[i] = ch >= 'A' && ch <= 'Z' ? (char)(ch + ('a' - 'A')) : ch;
	}
	out[i] = '\0';
}

static void print_node(FILE *f, const struct zone *z,
		       const struct site_node *node)
{
	char web[SITE_HOST_MAX];

	web_host(web, node);
	if (node->host[0] && zone_has(z->name, node->host))
		print_addresses(f, node->host, &node->ip4, &node->ip6);
	if (web[0] && strcmp(web, node->host) != 0 && zone_has(z->name, web))
		print_addresses(f, web, &node->ip4, &node->ip6);
}

/* ---- the zone */

static bool is_a_node(const struct site *site, const char *name)
{
	char web[SITE_HOST_MAX];

	for (size_t i = 0; i < site->node_cnt; i++) {
		web_host(web, &site->nodes[i]);
		if (strcmp(name, site->nodes[i].host) == 0 ||
		    strcmp(name, web) == 0)
			return true;
	}
	return false;
}

static unsigned ttl_of(const struct zone *z)
{
	unsigned ttl = z->site->dns_ttl_s;

	return z->local && ttl > ZONE_LOCAL_TTL_S ? ZONE_LOCAL_TTL_S : ttl;
}

/* That the servers are on the service address is true of the local variant as
 * well: whoever asks shall find a node that lives.
 */
static void print_records(FILE *f, const struct zone *z, uint32_t serial)
{
	const struct site *site = z->site;

	fprintf(f, "$TTL %u\n%s.\tSOA\t%s. hostmaster.%s. %u 3600 600 1209600 "
		"%u\n", ttl_of(z), z->name, site->dns_servers[0], site->domain,
		serial, ttl_of(z));
	for (size_t i = 0; i < site->dns_server_cnt; i++)
		fprintf(f, "%s.\tNS\t%s.\n", z->name, site->dns_servers[i]);
	for (size_t i = 0; i < site->dns_server_cnt; i++) {
		if (zone_has(z->name, site->dns_servers[i]) &&
		    !is_a_node(site, site->dns_servers[i]))
			print_addresses(f, site->dns_servers[i], &site->ip4,
					&site->ip6);
	}
	if (zone_has(z->name, site->domain))
		print_service(f, z, site->domain);
	for (size_t i = 0; i < site->alias_cnt; i++) {
		if (zone_has(z->name, site->aliases[i]))
			print_service(f, z, site->aliases[i]);
	}
	for (size_t i = 0; i < site->node_cnt; i++)
		print_node(f, z, &site->nodes[i]);
}

/* A fingerprint: equal zones have equal serials, whoever makes them and when. */
static int make_serial(uint32_t *serial, const struct zone *z)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return ENOMEM;
	print_records(f, z, 0);
	if (fclose(f) == EOF) {
		free(text);
		return ENOMEM;
	}
	crypto_generichash(hash, sizeof(hash), (unsigned char *)text, len, NULL,
			   0);
	free(text);
	*serial = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
		  (uint32_t)hash[2] << 8 | hash[3];
	if (!*serial)
		*serial = 1;
	return 0;
}

int zone_print(FILE *f, const struct zone *z)
{
	uint32_t serial = z->site->dns_serial;
	int err = serial ? 0 : make_serial(&serial, z);

	if (err)
		return err;
	fprintf(f, "; %s, a zone of the service %s: ", z->name,
		z->site->domain);
	if (z->local)
		fprintf(f, "what node %s says\n; of itself; every node says "
			"something else.\n", z->local->name);
	else
		fprintf(f, "the same on every node.\n");
	fprintf(f, "; Made by `anycastctl render zone%s' from the site file: edit "
		"that one.\n", z->local ? " --node-local" : "");
	print_records(f, z, serial);
	return 0;
}
