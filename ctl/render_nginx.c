/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nginx: the node's content, where the service's HTTP is redirected to.
 *
 * A server block for the node's http URL on the node addresses, to be included in
 * nginx's http block.  A download there is one connection to one node: no route
 * change touches it.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

static unsigned hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* The path as nginx compares it: without %XX.  Its form has been checked. */
static void decode(char out[static SITE_URL_MAX], struct slice path)
{
	size_t len = 0;

	for (size_t i = 0; i < path.len; i++) {
		char c = path.text[i];

		if (c == '%') {
			c = (char)(hex(path.text[i + 1]) << 4 |
				   hex(path.text[i + 2]));
			i += 2;
		}
		out[len++] = c ? c : '\x01';	/* no name has either */
	}
	out[len] = '\0';
}

/* Kamailio has these ports on the node addresses as well. */
static bool is_kamailios(const struct site *site, const struct site_node *node,
			 uint16_t port)
{
	return port == site->http_port || port == node->sip_port ||
	       (site->tls && (port == site->https_port ||
			      port == node->sips_port));
}

/* What stands in quotes must not end them, and a $ would begin a variable. */
static bool is_plain(const char *path)
{
	for (const char *at = path; *at; at++) {
		if (*at < ' ' || *at >= 0x7f || strchr("\"\\$", *at))
			return false;
	}
	return true;
}

/* nginx compares paths that it has freed of //, /./ and /../. */
static bool is_clean(const char *path)
{
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		if (len == 0 || (len <= 2 && strspn(path, ".") == len))
			return false;
		path += len;
	}
	return true;
}

static int check_url(const struct ctl *ctl, const struct site *site,
		     const struct site_node *node, struct site_url *url,
		     char base[static SITE_URL_MAX])
{
	if (!node->http[0]) {
		ctl_complain("%s: node %s has no http", ctl->site_path,
			     node->name);
		return CTL_CONFIG;
	}
	site_url_parse(url, slice_str(node->http));
	decode(base, url->path);
	if (!is_plain(base) || !is_clean(base)) {
		ctl_complain("%s: node %s: http: nginx cannot have this path: "
			     "it has a quote, a backslash, a $, what is not "
			     "ASCII, or //, /./, /../", ctl->site_path,
			     node->name);
		return CTL_CONFIG;
	}
	if (!is_kamailios(site, node, url->port))
		return CTL_OK;
	ctl_complain("%s: node %s: http: Kamailio has port %u of the node "
		     "address: content needs one of its own, as in %s://%s:%u",
		     ctl->site_path, node->name, url->port,
		     url->tls ? "https" : "http",
		     node->host[0] ? node->host : "HOST",
		     url->tls ? 8443 : 8080);
	return CTL_CONFIG;
}

static int check_root(const char *path)
{
	if (path[0] == '/' && is_plain(path))
		return CTL_OK;
	ctl_complain("--root: a path from / on without quote, backslash, $ or "
		     "control character");
	return CTL_USAGE;
}

static void print_listen(const struct addr *a, const struct site_url *url)
{
	char host[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	addr_format_host(host, a);
	printf("\tlisten %s:%u%s;\n", host, url->port, url->tls ? " ssl" : "");
}

static void print_where(const struct site_node *node,
			const struct site_url *url)
{
	bool ip6 = memchr(url->host.text, ':', url->host.len) != NULL;

	puts("server {");
	print_listen(&node->ip4, url);
	print_listen(&node->ip6, url);
	printf("\tserver_name %s%.*s%s;\n", ip6 ? "[" : "",
	       (int)url->host.len, url->host.text, ip6 ? "]" : "");
	if (url->tls)
		puts("\t# the node's, as Kamailio's: tls.cfg\n"
		     "\tssl_certificate /etc/sip-anycast/tls/node.crt;\n"
		     "\tssl_certificate_key /etc/sip-anycast/tls/node.key;\n"
		     "\tssl_protocols TLSv1.2 TLSv1.3;");
}

/* The path of the URL comes before that of the request, and is no folder. */
static void print_what(const struct ctl *ctl, const char *base)
{
	if (*base)
		printf("\tlocation / {\n"
		       "\t\treturn 404;\n"
		       "\t}\n"
		       "\tlocation \"%s/\" {\n"
		       "\t\talias \"%s/\";\n"
		       "\t}\n", base, ctl->root);
	else
		printf("\troot \"%s\";\n", ctl->root);
	/* the path itself may have such names: the operator has chosen them */
	puts("\t# neither .git nor an editor's leavings");
	if (*base)
		printf("\tlocation ~ \"^\\Q%s/\\E(.*/)?\\.(?!well-known/)\" {\n",
		       base);
	else
		puts("\tlocation ~ /\\.(?!well-known/) {");
	puts("\t\treturn 404;\n"
	     "\t}");
}

int ctl_render_nginx(const struct ctl *ctl, const struct site *site,
		     const struct site_node *node)
{
	struct site_url url = { 0 };
	char base[SITE_URL_MAX];
	int status = check_url(ctl, site, node, &url, base);

	if (!status)
		status = check_root(ctl->root);
	if (status)
		return status;
	printf("# Node %s of %s: its content, for nginx.\n"
	       "# Made by `anycastctl render nginx' from the site file: edit "
	       "that one.\n", node->name, site->domain);
	print_where(node, &url);
	print_what(ctl, base);
	puts("\tserver_tokens off;\n"
	     "\t# whole files, and parts of them: a download that is interrupted "
	     "goes on where\n"
	     "\t# it was (a few ranges in a request, not a thousand)\n"
	     "\tsendfile on;\n"
	     "\ttcp_nopush on;\n"
	     "\tmax_ranges 8;\n"
	     "\tsend_timeout 60s;\n"
	     "\treset_timedout_connection on;\n"
	     "}");
	return CTL_OK;
}
