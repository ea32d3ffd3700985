/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the zones of the service need: the values of dns-... keys, and what the
 * whole file says of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/site_priv.h"

static const char *const transport_words[SITE_TRANSPORTS] = {
	[SITE_UDP] = "udp", [SITE_TCP] = "tcp", [SITE_TLS] = "tls",
};

const char *site_transport_name(enum site_transport transport)
{
	return (unsigned)transport < SITE_TRANSPORTS ?
		       transport_words[transport] : "?";
}

int site_parse_transports(struct site_parser *p, const struct site_key *key,
			  void *base, struct slice value)
{
	enum site_transport *list = (void *)((char *)base + key->at);
	size_t *cnt = (void *)((char *)base + key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	while (value_next(&c, &begun, &element)) {
		char text[VALUE_QUOTED_MAX];
		unsigned found = 0;

		value_quote(text, element);
		while (found < SITE_TRANSPORTS &&
		       !slice_equal(element, slice_str(transport_words[found])))
			found++;
		if (found == SITE_TRANSPORTS) {
			site_why(p, "`%s' is none", text);
			return EINVAL;
		}
		for (size_t i = 0; i < *cnt; i++) {
			if (list[i] == (enum site_transport)found) {
				site_why(p, "%s is there twice", text);
				return EINVAL;
			}
		}
		list[(*cnt)++] = (enum site_transport)found;
	}
	return 0;
}

int site_parse_ttl(struct site_parser *p, const struct site_key *key,
		   void *base, struct slice value)
{
	uint32_t *ttl_s = (void *)((char *)base + key->at);
	uint64_t ms;

	(void)p;
	if (value_duration(&ms, value) || ms % 1000 || ms / 1000 < key->min ||
	    ms / 1000 > key->max)
		return EINVAL;
	*ttl_s = (uint32_t)(ms / 1000);
	return 0;
}

int site_parse_serial(struct site_parser *p, const struct site_key *key,
		      void *base, struct slice value)
{
	uint32_t *serial = (void *)((char *)base + key->at);
	uint32_t number;

	(void)p;
	if (slice_u32(&number, value, key->max) || number < key->min)
		return EINVAL;
	*serial = number;
	return 0;
}

/* ---- ports */

static void check_port(struct site_parser *p, const char *of, const char *key,
		       uint16_t port, unsigned key_line)
{
	const struct site_lines *lines = &p->service_lines;
	unsigned line = lines->key[KEY_DNS_PORT];

	if (port != p->site->dns_port)
		return;
	if (key_line > line)
		site_error(p, key_line, "%s %s: `%u' is not allowed: dns-port "
			   "has this port already", of, key, port);
	else
		site_error(p, line ? line : lines->head, "[service] dns-port: "
			   "`%u' is not allowed: %s of %s has this port already",
			   port, key, of);
}

static void check_dns_ports(struct site_parser *p)
{
	const struct site *site = p->site;
	const unsigned *line = p->service_lines.key;
	char where[SITE_WHERE_MAX] = "[service]";

	check_port(p, where, "sip-port", site->sip_port, line[KEY_SIP_PORT]);
	check_port(p, where, "http-port", site->http_port, line[KEY_HTTP_PORT]);
	if (site->tls) {
		check_port(p, where, "sips-port", site->sips_port,
			   line[KEY_SIPS_PORT]);
		check_port(p, where, "https-port", site->https_port,
			   line[KEY_HTTPS_PORT]);
	}
	check_port(p, where, "agent-port", site->agent_port,
		   line[KEY_AGENT_PORT]);
	check_port(p, where, "stray-port", site->stray_port,
		   line[KEY_STRAY_PORT]);
	for (size_t i = 0; i < site->node_cnt; i++) {
		const struct site_node *node = &site->nodes[i];
		const unsigned *own = p->node_lines[i].key;

		snprintf(where, sizeof(where), "[node %s]", node->name);
		if (own[KEY_NODE_SIP_PORT])
			check_port(p, where, "sip-port", node->sip_port,
				   own[KEY_NODE_SIP_PORT]);
		if (own[KEY_NODE_SIPS_PORT] && site->tls)
			check_port(p, where, "sips-port", node->sips_port,
				   own[KEY_NODE_SIPS_PORT]);
	}
}

/* ---- names and transports */

static void check_servers(struct site_parser *p)
{
	struct site *site = p->site;

	if (!p->service_lines.key[KEY_DNS_SERVER]) {
		site->dns_server_cnt = 1;
		snprintf(site->dns_servers[0], sizeof(site->dns_servers[0]),
			 "ns.%.*s", SITE_HOST_MAX - 4, site->domain);
		return;
	}
	for (size_t i = 0; i < site->dns_server_cnt; i++) {
		const char *name = site->dns_servers[i];

		if (site_is_service_host(site, slice_str(name)))
			site_error(p, p->service_lines.key[KEY_DNS_SERVER],
				   "[service] dns-server: `%s' is not allowed: "
				   "it names the service itself", name);
	}
}

static void check_transports(struct site_parser *p)
{
	struct site *site = p->site;

	if (!p->service_lines.key[KEY_DNS_TRANSPORT]) {
		site->dns_transports[0] = SITE_UDP;
		site->dns_transports[1] = SITE_TCP;
		site->dns_transports[2] = SITE_TLS;
		site->dns_transport_cnt = site->tls ? 3 : 2;
		return;
	}
	for (size_t i = 0; i < site->dns_transport_cnt; i++) {
		if (site->dns_transports[i] == SITE_TLS && !site->tls)
			site_error(p, p->service_lines.key[KEY_DNS_TRANSPORT],
				   "[service] dns-transport: `tls' is not "
				   "allowed: the service has no tls = yes");
	}
}

void site_check_dns(struct site_parser *p)
{
	/* a name fills no line of the file: _sips._tcp. fits before it */
	if (!p->site->dns)
		return;
	check_dns_ports(p);
	check_servers(p);
	check_transports(p);
}
