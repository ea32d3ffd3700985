/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node's part of kamailio.cfg: a fragment the shipped cfg includes first.
 *
 * The order of the listen lines matters: Kamailio takes its first sockets as
 * its own identity wherever a script names none, and the module wants the
 * service address there.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

static void define_text(const char *name, const char *value)
{
	printf("#!define %s \"%s\"\n", name, value);
}

static void define_address(const char *name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	addr_format(text, a);
	define_text(name, text);
}

static void define_number(const char *name, unsigned value)
{
	printf("#!define %s %u\n", name, value);
}

static void define_flag(const char *name, bool on)
{
	if (on)
		printf("#!define %s\n", name);
}

/* Hex of a key: for the script's own MACs, the same on every node. */
static void define_key(const char *name, const struct secret_keys *keys)
{
	printf("#!define %s \"", name);
	for (size_t i = 0; i < sizeof(keys->script); i++)
		printf("%02x", keys->script[i]);
	puts("\"");
}

/* Where a node takes KDMQ requests. */
static void print_dmq_address(const struct site *site,
			      const struct site_node *node,
			      enum addr_family family)
{
	char host[ADDR_TEXT_MAX];

	addr_format_host(host, family == ADDR_IP4 ? &node->ip4 : &node->ip6);
	printf("\"sip:%s:%u", host,
	       site->cluster_tls ? site->stray_port : node->sip_port);
	fputs(site->cluster_tls ? ";transport=tls\"" : "\"", stdout);
}

/* FNV-1a of the name, positive: what Kamailio wants to tell servers by. */
static uint32_t server_id(const struct site_node *node)
{
	uint32_t hash = 2166136261u;

	for (const char *at = node->name; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	hash &= 0x7fffffff;
	return hash ? hash : 1;
}

static int check_server_id(const struct site *site,
			   const struct site_node *node)
{
	for (size_t i = 0; i < site->node_cnt; i++) {
		const struct site_node *other = &site->nodes[i];

		if (other == node || server_id(other) != server_id(node))
			continue;
		ctl_complain("nodes %s and %s have names of the same hash (%u), "
			     "by which registrations are told apart: give one "
			     "of them another name", node->name, other->name,
			     server_id(node));
		return CTL_FAILURE;
	}
	return CTL_OK;
}

/* What kamailio.cfg needs where there is more than one node. */
static void print_cluster(const struct site *site, const struct site_node *node)
{
	enum addr_family family = site_nodes_family(site);

	define_number("SERVER_ID", server_id(node));
	if (site->node_cnt < 2)
		return;
	if (family == ADDR_NONE) {
		puts("# The nodes have no address family in common: each keeps "
		     "its registrations.");
		return;
	}
	define_flag("WITH_NODES", true);
	define_flag("WITH_CLUSTER_TLS", site->cluster_tls);
	if (site->cluster_tls)
		define_number("CLUSTER_PORT", site->stray_port);
	fputs("#!define DMQ_ADDRESS ", stdout);
	print_dmq_address(site, node, family);
	putchar('\n');
}

/* Read when the file is included a second time, after the modules. */
static void print_other_nodes(const struct site *site,
			      const struct site_node *node)
{
	enum addr_family family = site_nodes_family(site);

	for (size_t i = 0; i < site->node_cnt; i++) {
		if (&site->nodes[i] == node || family == ADDR_NONE)
			continue;
		fputs("modparam(\"dmq\", \"notification_address\", ", stdout);
		print_dmq_address(site, &site->nodes[i], family);
		puts(")");
	}
}

static void print_defines(const char *site_path, const struct site *site,
			  const struct site_node *node)
{
	define_text("ANYCAST_SITE", site_path);
	define_text("ANYCAST_NODE", node->name);
	define_text("SERVICE_DOMAIN", site->domain);
	define_address("SERVICE_IP4", &site->ip4);
	define_address("SERVICE_IP6", &site->ip6);
	define_address("NODE_IP4", &node->ip4);
	define_address("NODE_IP6", &node->ip6);
	if (node->host[0])
		define_text("NODE_HOST", node->host);
	define_number("SERVICE_SIP_PORT", site->sip_port);
	define_number("SERVICE_SIPS_PORT", site->sips_port);
	define_number("NODE_SIP_PORT", node->sip_port);
	define_number("NODE_SIPS_PORT", node->sips_port);
	define_number("HTTP_PORT", site->http_port);
	define_number("HTTPS_PORT", site->https_port);
	define_flag("WITH_IPV4",
		    addr_is_set(&site->ip4) || addr_is_set(&node->ip4));
	define_flag("WITH_IPV6",
		    addr_is_set(&site->ip6) || addr_is_set(&node->ip6));
	define_flag("WITH_TLS", site->tls);
	define_key("SITE_KEY", &site->keys);
	if (site->has_previous)
		define_key("SITE_KEY_PREVIOUS", &site->previous_keys);
	print_cluster(site, node);
}

static void print_listen(const char *transport, const struct addr *a,
			 unsigned port)
{
	char host[ADDR_TEXT_MAX];

	addr_format_host(host, a);
	printf("listen=%s:%s:%u\n", transport, host, port);
}

static void print_listens(const struct site *site, const struct addr *a,
			  unsigned sip_port, unsigned sips_port)
{
	if (!addr_is_set(a))
		return;
	print_listen("udp", a, sip_port);
	print_listen("tcp", a, sip_port);
	if (site->tls)
		print_listen("tls", a, sips_port);
	print_listen("tcp", a, site->http_port);
	if (site->tls)
		print_listen("tls", a, site->https_port);
}

/* Where the other nodes call with TLS. */
static void print_cluster_listen(const struct site *site,
				 const struct site_node *node)
{
	enum addr_family family = site_nodes_family(site);

	if (!site->cluster_tls || site->node_cnt < 2 || family == ADDR_NONE)
		return;
	print_listen("tls", family == ADDR_IP4 ? &node->ip4 : &node->ip6,
		     site->stray_port);
}

/* What stands in quotes in the cfg must not end them. */
static int check_path(const char *path)
{
	for (const char *at = path; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f) {
			ctl_complain("the path of the site file has a quote, "
				     "backslash or control character, which a "
				     "Kamailio cfg cannot hold");
			return CTL_FAILURE;
		}
	}
	return CTL_OK;
}

int ctl_render_kamailio(const struct ctl *ctl, const struct site *site,
			const struct site_node *node)
{
	char path[PATH_MAX];

	if (!realpath(ctl->site_path, path)) {
		ctl_complain("%s: %s", ctl->site_path, strerror(errno));
		return CTL_FAILURE;
	}
	if (check_path(path) || check_server_id(site, node))
		return CTL_FAILURE;

	printf("# Node %s of %s, for Kamailio.\n"
	       "# Made by `anycastctl render kamailio' from the site file: "
	       "edit that one.\n"
	       "# SITE_KEY is made from the site's secret: not for "
	       "everybody's eyes.\n\n"
	       "#!ifndef ANYCAST_SITE\n\n", node->name, site->domain);
	print_defines(path, site, node);

	puts("\n# The service's names and the node's are ours: what is "
	     "addressed to them\n# is for this server.");
	printf("alias=\"%s\"\n", site->domain);
	for (size_t i = 0; i < site->alias_cnt; i++)
		printf("alias=\"%s\"\n", site->aliases[i]);
	if (node->host[0])
		printf("alias=\"%s\"\n", node->host);

	puts("\n# The service addresses first: requests on them are "
	     "redirected.");
	print_listens(site, &site->ip4, site->sip_port, site->sips_port);
	print_listens(site, &site->ip6, site->sip_port, site->sips_port);

	puts("\n# The node addresses: requests on them are served.  A pure "
	     "front leaves them\n# to another server.\n"
	     "#!ifndef SERVICE_ADDRESS_ONLY");
	print_listens(site, &node->ip4, node->sip_port, node->sips_port);
	print_listens(site, &node->ip6, node->sip_port, node->sips_port);
	print_cluster_listen(site, node);
	puts("#!endif\n\n"
	     "# The second time, when the modules are loaded: whom to ask for "
	     "registrations.\n"
	     "#!else");
	print_other_nodes(site, node);
	puts("#!endif");
	return CTL_OK;
}
