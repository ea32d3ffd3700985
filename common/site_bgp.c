/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is announced to whom: prefix, router-id, neighbor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/nearest.h"
#include "common/site_priv.h"
#include "common/textfile.h"

enum {
	MD5_FILE_MAX = SITE_MD5_MAX + 64,	/* white space does not count */
};

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

enum neighbor_option {
	OPTION_PORT,
	OPTION_MD5,
	OPTION_TTL_SECURITY,
	OPTION_MULTIHOP,
	OPTION_BFD,
	OPTION_NAME,
	NEIGHBOR_OPTIONS
};

static const char *const option_names[NEIGHBOR_OPTIONS] = {
	[OPTION_PORT] = "port",
	[OPTION_MD5] = "md5",
	[OPTION_TTL_SECURITY] = "ttl-security",
	[OPTION_MULTIHOP] = "multihop",
	[OPTION_BFD] = "bfd",
	[OPTION_NAME] = "name",
};

static struct slice next_word(struct cursor *c)
{
	struct slice word = cursor_until(c, " \t");

	cursor_skip_blanks(c);
	return word;
}

/* It will stand between quotes in the files of three programs. */
static int take_md5(struct site_parser *p, struct site_neighbor *n,
		    struct slice text)
{
	if (text.len == 0 || text.len >= SITE_MD5_MAX) {
		site_why(p, "the password has %zu characters, 1 to %d are "
			 "allowed", text.len, SITE_MD5_MAX - 1);
		return EINVAL;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.text[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'' ||
		    c == '\\') {
			site_why(p, "a password has printable ASCII without "
				 "blanks, quotes and backslashes");
			return EINVAL;
		}
	}
	memcpy(n->md5, text.text, text.len);
	n->md5[text.len] = '\0';
	return 0;
}

static int read_md5(struct site_parser *p, struct site_neighbor *n,
		    struct slice value)
{
	struct slice path;
	size_t len;
	char *text;
	int err;

	if (!site_is_file(value, &path))
		return take_md5(p, n, value);
	err = site_read_file(p, &text, &len, path, MD5_FILE_MAX);
	if (err)
		return err;
	err = take_md5(p, n, slice_trim(slice_of(text, len)));
	textfile_free(text, len);
	return err;
}

static int take_port(struct site_parser *p, struct site_neighbor *n,
		     struct slice value)
{
	uint32_t port;

	if (slice_u32(&port, value, 65535) || port == 0) {
		site_why(p, "a port is 1 to 65535");
		return EINVAL;
	}
	n->port = (uint16_t)port;
	return 0;
}

static int take_name(struct site_parser *p, struct site_neighbor *n,
		     struct slice value)
{
	if (!site_name_valid(value)) {
		site_why(p, "a name is 1 to %d of a-z, 0-9 and '-', with no "
			 "'-' at either end", SITE_NAME_MAX - 1);
		return EINVAL;
	}
	memcpy(n->name, value.text, value.len);
	n->name[value.len] = '\0';
	return 0;
}

/* A word behind a password may be a part of it, md5=x has one in itself: they
 * are not repeated.
 */
static int unknown_option(struct site_parser *p, const struct site_neighbor *n,
			  struct slice word)
{
	struct cursor c = cursor_of(word.text, word.len);
	struct slice name = cursor_until(&c, "=:");
	const char *hint = nearest(name, option_names, NEIGHBOR_OPTIONS);
	char quoted[VALUE_QUOTED_MAX], what[VALUE_QUOTED_MAX + 32];

	value_quote(quoted, name);
	snprintf(what, sizeof(what), "`%s%s' is no option", quoted,
		 cursor_left(&c) ? "..." : "");
	site_why(p, "%s%s%s%s",
		 n->md5[0] ? "what follows the password is no option" : what,
		 hint ? "; did you mean `" : "", hint ? hint : "",
		 hint ? "'?" : "");
	return EINVAL;
}

static int take_option(struct site_parser *p, struct site_neighbor *n,
		       enum neighbor_option option, struct cursor *c)
{
	switch (option) {
	case OPTION_PORT:
		return take_port(p, n, next_word(c));
	case OPTION_MD5:
		return read_md5(p, n, next_word(c));
	case OPTION_TTL_SECURITY:
		n->ttl_security = true;
		return 0;
	case OPTION_MULTIHOP:
		n->multihop = true;
		return 0;
	case OPTION_BFD:
		n->bfd = true;
		return 0;
	case OPTION_NAME:
		return take_name(p, n, next_word(c));
	case NEIGHBOR_OPTIONS:
		break;
	}
	return EINVAL;
}

static int take_options(struct site_parser *p, struct site_neighbor *n,
			struct cursor *c)
{
	unsigned seen = 0;

	while (cursor_left(c)) {
		struct slice word = next_word(c);
		unsigned at = 0;
		int err;

		while (at < NEIGHBOR_OPTIONS &&
		       !slice_equal(word, slice_str(option_names[at])))
			at++;
		if (at == NEIGHBOR_OPTIONS)
			return unknown_option(p, n, word);
		if (seen & (1u << at)) {
			site_why(p, "%s is there twice", option_names[at]);
			return EINVAL;
		}
		seen |= 1u << at;
		err = take_option(p, n, (enum neighbor_option)at, c);
		if (err)
			return err;
	}
	if (n->ttl_security && n->multihop) {
		site_why(p, "ttl-security is for a neighbor on the same link, "
			 "multihop for one that is not");
		return EINVAL;
	}
	return 0;
}

/* What the neighbors the node has already do not allow. */
static int check_other(struct site_parser *p, const struct site_neighbor *list,
		       size_t cnt, const struct site_neighbor *new)
{
	for (size_t i = 0; i < cnt; i++) {
		if (addr_equal(&list[i].addr, &new->addr)) {
			site_why(p, "the node has this neighbor already");
			return EINVAL;
		}
	}
	if (cnt == SITE_NEIGHBORS_MAX) {
		site_why(p, "it is one too many");
		return EINVAL;
	}
	return 0;
}

/* ADDR as N [OPTION]... */
int site_parse_neighbor(struct site_parser *p, const struct site_key *key,
			void *base, struct slice value)
{
	struct site_neighbor *list = (void *)((char *)base + key->at);
	size_t *cnt = (void *)((char *)base + key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice addr = next_word(&c), as = next_word(&c);
	struct site_neighbor new = { .port = SITE_BGP_PORT };
	int err;

	if (addr_parse(&new.addr, addr.text, addr.len) ||
	    !addr_is_unicast(&new.addr)) {
		site_why(p, "the first word is no unicast address");
		return EINVAL;
	}
	if (addr_is_link_local(&new.addr)) {
		site_why(p, "a link-local address means nothing without its "
			 "link");
		return EINVAL;
	}
	if (!slice_equal(as, slice_str("as")) ||
	    slice_u32(&new.remote_as, next_word(&c), key->max) ||
	    new.remote_as < key->min)
		return EINVAL;
	err = take_options(p, &new, &c);
	if (!err)
		err = check_other(p, list, *cnt, &new);
	if (!err)
		list[(*cnt)++] = new;
	explicit_bzero(&new, sizeof(new));
	return err;
}

static void check_neighbor(struct site_parser *p, size_t i,
			   const struct site_neighbor *n)
{
	const struct site_node *node = &p->site->nodes[i];
	unsigned line = p->node_lines[i].key[KEY_NODE_NEIGHBOR];
	const struct addr *own = n->addr.family == ADDR_IP4 ? &node->ip4
							     : &node->ip6;
	char text[ADDR_TEXT_MAX];
	const char *problem = NULL;

	addr_format(text, &n->addr);
	if (site_is_service_address(p->site, &n->addr))
		problem = "it is the service address";
	else if (addr_equal(&n->addr, own))
		problem = "it is the node's own address";
	else if (!addr_is_set(own) &&
		 (addr_is_set(&node->ip4) || addr_is_set(&node->ip6)))
		problem = "the node has no address of its family";
	if (problem)
		site_error(p, line, "[node %s] neighbor: `%s' is not allowed: "
			   "%s", node->name, text, problem);
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
		check_neighbor(p, i, &node->neighbors[n]);
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
