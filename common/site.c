/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/site.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/site_priv.h"
#include "common/textfile.h"

enum {
	SITE_FILE_MAX = 8 << 20,	/* 4096 nodes of 2 KiB each */
};

static_assert(SITE_NODES_MAX - 1 <= UINT16_MAX, "by_name holds any index");

static int parse_text(struct site_parser *p, struct slice text)
{
	int err = site_parse_lines(p, text);

	if (!err)
		err = site_check(p);
	if (err)
		site_error(p, p->line, "%s", strerror(err));
	return err;
}

static uint64_t fingerprint(const struct site *site, struct slice text)
{
	static const char label[] = "site file";
	const struct slice parts[] = { slice_str(label), text };
	uint8_t mac[SECRET_MAC_LEN];
	uint64_t out = 0;

	secret_mac_parts(mac, site->keys.agent, parts, 2);
	for (size_t i = 0; i < sizeof(out); i++)
		out = out << 8 | mac[i];
	return out | 1;		/* never 0 */
}

int site_parse(struct site **out, const char *name, const char *base,
	       struct slice text, site_error_h *report, void *arg)
{
	struct site_parser p = {
		.name = name,
		.base = base,
		.report = report,
		.arg = arg,
	};
	int err;

	*out = NULL;
	p.site = calloc(1, sizeof(*p.site));
	err = p.site ? parse_text(&p, text) : ENOMEM;
	if (!err && p.errors)
		err = EINVAL;

	site_free(p.spare);
	free(p.node_lines);
	free(p.peer_lines);
	if (err) {
		site_free(p.site);
		return err;
	}
	p.site->fingerprint = fingerprint(p.site, text);
	*out = p.site;
	return 0;
}

/* The folder path is in, "." where it has none. */
static int folder_of(char out[static PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= PATH_MAX)
		return ENAMETOOLONG;
	if (!slash)
		memcpy(out, ".", 2);
	else if (len == 0)
		memcpy(out, "/", 2);
	else {
		memcpy(out, path, len);
		out[len] = '\0';
	}
	return 0;
}

static void report_file(const char *path, int err, site_error_h *report,
			void *arg)
{
	char text[PATH_MAX + 128];

	snprintf(text, sizeof(text), "%s: cannot be read: %s", path,
		 strerror(err));
	report(arg, text);
}

int site_read(struct site **out, const char *path, site_error_h *report,
	      void *arg)
{
	char base[PATH_MAX];
	size_t len = 0;
	char *text = NULL;
	int err;

	*out = NULL;
	err = folder_of(base, path);
	if (!err)
		err = textfile_read(&text, &len, path, SITE_FILE_MAX);
	if (err) {
		report_file(path, err, report, arg);
		return err;
	}
	err = site_parse(out, path, base, slice_of(text, len), report, arg);
	textfile_free(text, len);
	return err;
}

void site_free(struct site *site)
{
	if (!site)
		return;
	secret_fini(&site->keys);
	secret_fini(&site->previous_keys);
	free(site->by_name);
	free(site->peers);
	if (site->nodes)
		explicit_bzero(site->nodes,
			       site->node_cnt * sizeof(*site->nodes));
	free(site->nodes);
	free(site);
}

bool site_name_valid(struct slice name)
{
	if (name.len == 0 || name.len >= SITE_NAME_MAX ||
	    name.text[0] == '-' || name.text[name.len - 1] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return true;
}

bool site_name_copy(char out[static SITE_NAME_MAX], struct slice name)
{
	memset(out, 0, SITE_NAME_MAX);
	if (!site_name_valid(name))
		return false;
	memcpy(out, name.text, name.len);
	return true;
}

void site_local_name(char out[static SITE_NAME_MAX])
{
	char host[HOST_NAME_MAX + 1] = "";
	struct cursor c;
	struct slice label;

	out[0] = '\0';
	if (gethostname(host, sizeof(host) - 1) < 0)
		return;
	for (char *at = host; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + ('a' - 'A'));
	}
	c = cursor_of(host, strlen(host));
	label = cursor_until(&c, ".");
	if (!site_name_valid(label))
		return;
	memcpy(out, label.text, label.len);
	out[label.len] = '\0';
}

static int order_of(struct slice name, const char *other)
{
	struct slice o = slice_str(other);
	size_t least = name.len < o.len ? name.len : o.len;
	int order = memcmp(name.text, o.text, least);

	return order ? order : (name.len > o.len) - (name.len < o.len);
}

const struct secret_keys *site_previous_keys(const struct site *site)
{
	return site->has_previous && !site->previous_is_over ?
		       &site->previous_keys :
		       NULL;
}

const struct secret_keys *site_writing_keys(const struct site *site)
{
	const struct secret_keys *previous = site_previous_keys(site);

	return previous ? previous : &site->keys;
}

const struct site_node *site_find_node(const struct site *site,
				       struct slice name)
{
	size_t low = 0, high = site->node_cnt;

	if (!site_name_valid(name))
		return NULL;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct site_node *node = &site->nodes[site->by_name[mid]];
		int order = order_of(name, node->name);

		if (order == 0)
			return node;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct site_node *site_own_node(const struct site *site,
				      char name[static SITE_NAME_MAX],
				      char why[static SITE_NO_NODE_MAX])
{
	const struct site_node *node;
	size_t len;

	if (!name[0])
		site_local_name(name);
	node = site_find_node(site, slice_str(name));
	if (node)
		return node;
	len = (size_t)snprintf(why, SITE_NO_NODE_MAX, "has no node %s; it has:",
			       name[0] ? name : "of the host's name");
	for (size_t i = 0; i < site->node_cnt; i++) {
		const char *known = site->nodes[i].name;
		bool fits = len + SITE_NAME_MAX + 1 < SITE_NO_NODE_MAX;

		len += (size_t)snprintf(why + len, SITE_NO_NODE_MAX - len,
					" %s", fits ? known : "...");
		if (!fits)
			break;
	}
	return NULL;
}

enum addr_family site_nodes_family(const struct site *site)
{
	size_t ip4 = 0, ip6 = 0;

	for (size_t i = 0; i < site->node_cnt; i++) {
		ip4 += addr_is_set(&site->nodes[i].ip4);
		ip6 += addr_is_set(&site->nodes[i].ip6);
	}
	if (ip4 == site->node_cnt)
		return ADDR_IP4;
	return ip6 == site->node_cnt ? ADDR_IP6 : ADDR_NONE;
}

bool site_is_service_host(const struct site *site, struct slice host)
{
	struct addr addr;

	if (addr_parse(&addr, host.text, host.len) == 0) {
		addr_unmap(&addr);
		return addr_equal(&addr, &site->ip4) ||
		       addr_equal(&addr, &site->ip6);
	}
	if (slice_case_equal(host, slice_str(site->domain)))
		return true;
	for (size_t i = 0; i < site->alias_cnt; i++) {
		if (slice_case_equal(host, slice_str(site->aliases[i])))
			return true;
	}
	return false;
}

static void print_key(const struct site_key *key,
		      void (*line)(void *arg, const char *text), void *arg)
{
	const char *dflt = key->dflt ? key->dflt : key->dflt_note;
	char text[768];

	snprintf(text, sizeof(text), "  %s = %s%s%s%s%s", key->name,
		 key->allowed, key->required ? "; required" : "",
		 key->repeatable ? "; repeatable" : "",
		 dflt ? "; default: " : "", dflt ? dflt : "");
	line(arg, text);
	snprintf(text, sizeof(text), "      %s", key->help);
	line(arg, text);
}

void site_print_reference(void (*line)(void *arg, const char *text), void *arg)
{
	static const char *const heads[SITE_SECTIONS] = {
		[SECTION_SERVICE] = "[service]",
		[SECTION_NODE] = "[node NAME]",
		[SECTION_PEER] = "[peer NAME]",
	};

	for (size_t s = 0; s < SITE_SECTIONS; s++) {
		if (!heads[s])
			continue;
		line(arg, heads[s]);
		for (size_t i = 0; i < SITE_KEYS; i++) {
			if (site_keys[i].section == s)
				print_key(&site_keys[i], line, arg);
		}
	}
}
