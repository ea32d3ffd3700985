/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of the site file: one table, and one parser for each kind of value.
 * Messages, defaults and the printed reference all come from the table.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/site_priv.h"
#include "common/textfile.h"

enum {
	/* white space around the secret does not count */
	SECRET_FILE_MAX = SECRET_LEN_MAX + 64,
};

static void *field(void *base, size_t at)
{
	return (char *)base + at;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int parse_addresses(struct site_parser *p, const struct site_key *key,
			   void *base, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	char text[VALUE_QUOTED_MAX];
	struct slice element;
	bool begun = false;

	while (value_next(&c, &begun, &element)) {
		struct addr addr, unmapped;
		struct addr *slot;

		value_quote(text, element);
		if (addr_parse(&addr, element.text, element.len)) {
			site_why(p, "`%s' is no address", text);
			return EINVAL;
		}
		unmapped = addr;
		addr_unmap(&unmapped);
		if (!addr_is_unicast(&unmapped) ||
		    !addr_equal(&addr, &unmapped)) {
			site_why(p, "%s is no unicast address", text);
			return EINVAL;
		}
		if (addr_is_link_local(&addr)) {
			site_why(p, "%s means nothing without its link", text);
			return EINVAL;
		}
		slot = field(base, addr.family == ADDR_IP4 ? key->at
							   : key->also_at);
		if (addr_is_set(slot)) {
			site_why(p, "%s is a second IPv%u address", text,
				 addr.family);
			return EINVAL;
		}
		*slot = addr;
	}
	return 0;
}

/* NULL, or what keeps this from being a host name (RFC 1123 2.1): letters,
 * digits and hyphens; a last label of digits alone would read as an address.
 */
static const char *host_problem(struct slice host)
{
	struct cursor c = cursor_of(host.text, host.len);
	bool digits_only = false;

	if (host.len == 0)
		return "it is empty";
	if (host.len >= SITE_HOST_MAX)
		return "it is longer than 253 characters";
	for (;;) {
		struct slice label = cursor_until(&c, ".");

		if (label.len == 0)
			return "it has an empty label";
		if (label.len > 63)
			return "a label is longer than 63 characters";
		if (label.text[0] == '-' || label.text[label.len - 1] == '-')
			return "a label begins or ends with a hyphen";
		digits_only = true;
		for (size_t i = 0; i < label.len; i++) {
			if (!is_alnum(label.text[i]) && label.text[i] != '-')
				return "only a-z, 0-9, '-' and '.' make a name";
			digits_only = digits_only && is_digit(label.text[i]);
		}
		if (!cursor_left(&c))
			break;
		cursor_byte(&c);
		if (!cursor_left(&c))
			return "it ends in a dot";
	}
	return digits_only ? "the last label has digits only" : NULL;
}

static void copy_lower(char *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.text[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	out[s.len] = '\0';
}

static int parse_host(struct site_parser *p, const struct site_key *key,
		      void *base, struct slice value)
{
	const char *problem = host_problem(value);

	if (problem) {
		site_why(p, "%s", problem);
		return EINVAL;
	}
	copy_lower(field(base, key->at), value);
	return 0;
}

/* Up to key->max of them. */
static int parse_hosts(struct site_parser *p, const struct site_key *key,
		       void *base, struct slice value)
{
	char(*hosts)[SITE_HOST_MAX] = field(base, key->at);
	size_t *cnt = field(base, key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	while (value_next(&c, &begun, &element)) {
		const char *problem = host_problem(element);
		char text[VALUE_QUOTED_MAX];

		value_quote(text, element);
		if (problem) {
			site_why(p, "`%s': %s", text, problem);
			return EINVAL;
		}
		if (*cnt == key->max) {
			site_why(p, "%s is one too many", text);
			return EINVAL;
		}
		copy_lower(hosts[*cnt], element);
		for (size_t i = 0; i < *cnt; i++) {
			if (strcmp(hosts[i], hosts[*cnt]) == 0) {
				site_why(p, "%s is there twice", text);
				return EINVAL;
			}
		}
		(*cnt)++;
	}
	return 0;
}

static int parse_port(struct site_parser *p, const struct site_key *key,
		      void *base, struct slice value)
{
	uint16_t *port = field(base, key->at);
	uint32_t number;

	(void)p;
	if (slice_u32(&number, value, key->max) || number < key->min)
		return EINVAL;
	*port = (uint16_t)number;
	return 0;
}

static int parse_as(struct site_parser *p, const struct site_key *key,
		    void *base, struct slice value)
{
	uint32_t *as = field(base, key->at);
	uint32_t number;

	(void)p;
	if (slice_u32(&number, value, key->max) || number < key->min)
		return EINVAL;
	*as = number;
	return 0;
}

static int parse_bool(struct site_parser *p, const struct site_key *key,
		      void *base, struct slice value)
{
	bool *flag = field(base, key->at);

	(void)p;
	if (slice_equal(value, slice_str("yes")))
		*flag = true;
	else if (slice_equal(value, slice_str("no")))
		*flag = false;
	else
		return EINVAL;
	return 0;
}

static int parse_class(struct site_parser *p, const struct site_key *key,
		       void *base, struct slice value)
{
	enum site_class *class = field(base, key->at);

	(void)p;
	if (slice_equal(value, slice_str("global")))
		*class = SITE_GLOBAL;
	else if (slice_equal(value, slice_str("local")))
		*class = SITE_LOCAL;
	else
		return EINVAL;
	return 0;
}

static int derive(struct site_parser *p, struct secret_keys *keys,
		  struct slice text, const char *whose)
{
	int err = secret_derive(keys, text);

	if (err == EINVAL)
		site_why(p, "%s has %zu", whose, slice_trim(text).len);
	else if (err)
		site_why(p, "libsodium cannot start");
	return err ? EINVAL : 0;
}

int site_read_file(struct site_parser *p, char **text, size_t *len,
		   struct slice path, size_t max)
{
	bool relative = path.len && path.text[0] != '/' && p->base;
	char full[PATH_MAX];
	int n, err;

	n = snprintf(full, sizeof(full), "%s%s%.*s", relative ? p->base : "",
		     relative ? "/" : "", (int)path.len, path.text);
	if (n < 0 || (size_t)n >= sizeof(full)) {
		site_why(p, "the path is too long");
		return EINVAL;
	}
	err = textfile_read(text, len, full, max);
	if (err == EFBIG)
		site_why(p, "the file has more");
	else if (err && err != ENOMEM)
		site_why(p, "%s", strerror(err));
	return err && err != ENOMEM ? EINVAL : err;
}

bool site_is_file(struct slice value, struct slice *path)
{
	struct cursor c = cursor_of(value.text, value.len);

	cursor_expect(&c, slice_str("file:"));
	*path = cursor_take(&c, cursor_left(&c));
	return cursor_ok(&c);
}

static int read_secret(struct site_parser *p, struct secret_keys *keys,
		       struct slice path)
{
	size_t len;
	char *text;
	int err = site_read_file(p, &text, &len, path, SECRET_FILE_MAX);

	if (err)
		return err;
	err = derive(p, keys, slice_of(text, len), "the file");
	textfile_free(text, len);
	return err;
}

static int parse_secret(struct site_parser *p, const struct site_key *key,
			void *base, struct slice value)
{
	struct secret_keys *keys = field(base, key->at);
	bool *has = key->also_at ? field(base, key->also_at) : NULL;
	struct slice path;
	int err;

	if (site_is_file(value, &path))
		err = read_secret(p, keys, path);
	else
		err = derive(p, keys, value, "this one");
	if (!err && has)
		*has = true;
	return err;
}

/* Path characters of RFC 3986 3.3; *pct counts what a %XX still needs. */
static bool is_path_char(char c, unsigned *pct)
{
	if (*pct) {
		(*pct)--;
		return is_digit(c) || (c >= 'a' && c <= 'f') ||
		       (c >= 'A' && c <= 'F');
	}
	if (c == '%') {
		*pct = 2;
		return true;
	}
	return is_alnum(c) || (c && strchr("-._~!$&'()*+,;=:@/", c));
}

/* host or [v6], and nothing, or :port behind it. */
static const char *parse_authority(struct site_url *out, struct slice authority)
{
	struct cursor c = cursor_of(authority.text, authority.len);
	bool bracketed = cursor_peek(&c) == '[';
	struct slice *host = &out->host;
	struct addr addr;
	uint32_t port = out->tls ? 443 : 80;

	if (memchr(authority.text, '@', authority.len))
		return "it has user information";
	if (bracketed) {
		cursor_byte(&c);
		*host = cursor_until(&c, "]");
		cursor_expect(&c, slice_str("]"));
	} else {
		*host = cursor_until(&c, ":");
	}
	if (cursor_left(&c)) {
		cursor_expect(&c, slice_str(":"));
		if (slice_u32(&port, cursor_take(&c, cursor_left(&c)), 65535) ||
		    port == 0)
			return "its port is not 1 to 65535";
	}
	out->port = (uint16_t)port;
	if (!cursor_ok(&c))
		return "its host is no name and no address";
	if (addr_parse(&addr, host->text, host->len) == 0)
		return (addr.family == ADDR_IP6) == bracketed ?
			       NULL :
			       "brackets belong around IPv6 and only there";
	return bracketed ? "its host is no IPv6 address" : host_problem(*host);
}

/* http:// or https:// in any case (RFC 3986 3.1). */
static bool take_scheme(bool *tls, struct cursor *c)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < 2; i++) {
		struct cursor ahead = *c;
		struct slice scheme = cursor_take(&ahead, strlen(schemes[i]));

		if (slice_case_equal(scheme, slice_str(schemes[i]))) {
			*c = ahead;
			*tls = i == 1;
			return true;
		}
	}
	return false;
}

const char *site_url_parse(struct site_url *out, struct slice url)
{
	struct cursor c = cursor_of(url.text, url.len);
	struct slice authority;
	const char *problem;
	unsigned pct = 0;

	if (!take_scheme(&out->tls, &c))
		return "it begins with neither http:// nor https://";
	authority = cursor_until(&c, "/?#");
	if (!authority.len)
		return "it has no host";
	problem = parse_authority(out, authority);
	if (problem)
		return problem;

	out->path = cursor_take(&c, cursor_left(&c));
	for (size_t i = 0; i < out->path.len; i++) {
		char ch = out->path.text[i];

		if (ch == '?' || ch == '#')
			return "it has a query or a fragment";
		if (!is_path_char(ch, &pct))
			return "its path has a character no URL may have";
	}
	if (pct)
		return "its path ends inside a %XX";
	while (out->path.len && out->path.text[out->path.len - 1] == '/')
		out->path.len--;
	return NULL;
}

static int parse_url(struct site_parser *p, const struct site_key *key,
		     void *base, struct slice value)
{
	struct site_url url = { 0 };
	const char *problem = site_url_parse(&url, value);
	size_t len;

	if (problem) {
		site_why(p, "%s", problem);
		return EINVAL;
	}
	len = (size_t)(url.path.text - value.text) + url.path.len;
	if (len >= SITE_URL_MAX) {
		site_why(p, "it is longer than %d characters",
			 SITE_URL_MAX - 1);
		return EINVAL;
	}
	memcpy(field(base, key->at), value.text, len);
	*((char *)field(base, key->at) + len) = '\0';
	return 0;
}

#define IN_SERVICE(field_) \
	.section = SECTION_SERVICE, .at = offsetof(struct site, field_)
#define IN_NODE(field_) \
	.section = SECTION_NODE, .at = offsetof(struct site_node, field_)
#define IN_PEER(field_) \
	.section = SECTION_PEER, .at = offsetof(struct site_peer, field_)
#define PORT .parse = parse_port, .min = 1, .max = 65535, \
	.allowed = "a port, 1 to 65535"
#define AS_MAX 4294967294	/* RFC 7300 reserves the last one */
#define ADDRESSES .parse = parse_addresses, .required = true, \
	.allowed = "one IPv4 address, one IPv6 address, or both with a " \
		   "comma between them"
#define SECRET .parse = parse_secret, .hidden = true, \
	.allowed = "file:PATH of a readable file, or the secret itself: " \
		   "16 to 1024 bytes"
#define HOST .parse = parse_host, \
	.allowed = "a host name of letters, digits, hyphens and dots"

/* clang-format off */
const struct site_key site_keys[SITE_KEYS] = {
	[KEY_DOMAIN] = { "domain", IN_SERVICE(domain), HOST,
		.required = true,
		.help = "the SIP domain of the service; only requests for it "
			"are redirected" },
	[KEY_ALIAS] = { "alias", IN_SERVICE(aliases), .parse = parse_hosts,
		.also_at = offsetof(struct site, alias_cnt),
		.max = SITE_ALIASES_MAX,
		.allowed = "up to 16 host names with commas between them",
		.help = "further names of the service domain" },
	[KEY_ADDRESS] = { "address", IN_SERVICE(ip4), ADDRESSES,
		.also_at = offsetof(struct site, ip6),
		.help = "the service addresses: anycast, the same on every "
			"node" },
	[KEY_SIP_PORT] = { "sip-port", IN_SERVICE(sip_port), PORT,
		.dflt = "5060",
		.help = "SIP over UDP and TCP" },
	[KEY_SIPS_PORT] = { "sips-port", IN_SERVICE(sips_port), PORT,
		.dflt = "5061",
		.help = "SIP over TLS" },
	[KEY_HTTP_PORT] = { "http-port", IN_SERVICE(http_port), PORT,
		.dflt = "80",
		.help = "where the service answers HTTP" },
	[KEY_HTTPS_PORT] = { "https-port", IN_SERVICE(https_port), PORT,
		.dflt = "443",
		.help = "where the service answers HTTPS" },
	[KEY_TLS] = { "tls", IN_SERVICE(tls), .parse = parse_bool,
		.dflt = "no", .allowed = "yes or no",
		.help = "listen for SIP over TLS and for HTTPS" },
	[KEY_CLUSTER_TLS] = { "cluster-tls", IN_SERVICE(cluster_tls),
		.parse = parse_bool, .dflt = "no", .allowed = "yes or no",
		.help = "SIP between the nodes (registrations, calls) over "
			"TLS, on TCP stray-port, each other's certificates "
			"verified; needs tls = yes" },
	[KEY_PREFIX] = { "prefix", IN_SERVICE(prefixes),
		.parse = site_parse_announced, .repeatable = true,
		.also_at = offsetof(struct site, prefix_cnt),
		.dflt_note = "the service addresses alone",
		.allowed = "up to 16 prefixes (ADDRESS/LENGTH) with commas "
			   "between them",
		.help = "what is announced for the service: every service "
			"address is in one of them" },
	[KEY_AGENT_PORT] = { "agent-port", IN_SERVICE(agent_port), PORT,
		.dflt = "7053",
		.help = "UDP: where the nodes' health agents tell each other "
			"their state" },
	[KEY_STRAY_PORT] = { "stray-port", IN_SERVICE(stray_port), PORT,
		.dflt = "7054",
		.help = "UDP: where the nodes' SIP servers pass each other "
			"messages that came to the wrong one" },
	[KEY_DNS] = { "dns", IN_SERVICE(dns), .parse = parse_bool,
		.dflt = "no", .allowed = "yes or no",
		.help = "every node answers DNS for the service's names" },
	[KEY_DNS_PORT] = { "dns-port", IN_SERVICE(dns_port), PORT,
		.dflt = "53",
		.help = "DNS over UDP and TCP" },
	[KEY_DNS_SERVER] = { "dns-server", IN_SERVICE(dns_servers),
		.parse = parse_hosts, .max = SITE_DNS_SERVERS_MAX,
		.also_at = offsetof(struct site, dns_server_cnt),
		.dflt_note = "ns. and the domain",
		.allowed = "up to 8 host names with commas between them",
		.help = "names of the zones' servers: a node's host has the "
			"node's addresses, another one below the domain or an "
			"alias the service's" },
	[KEY_DNS_TRANSPORT] = { "dns-transport", IN_SERVICE(dns_transports),
		.parse = site_parse_transports,
		.also_at = offsetof(struct site, dns_transport_cnt),
		.dflt_note = "udp, tcp and, with tls = yes, tls",
		.allowed = "udp, tcp and tls, each once, with commas between "
			   "them",
		.help = "what the zones offer for SIP, the preferred one "
			"first" },
	[KEY_DNS_TTL] = { "dns-ttl", IN_SERVICE(dns_ttl_s),
		.parse = site_parse_ttl, .min = 1, .max = 86400,
		.dflt = "5m", .allowed = "whole seconds, 1s to 24h",
		.help = "how long resolvers may keep what they were told" },
	[KEY_DNS_SERIAL] = { "dns-serial", IN_SERVICE(dns_serial),
		.parse = site_parse_serial, .min = 1, .max = UINT32_MAX,
		.dflt_note = "made from the records",
		.allowed = "a number, 1 to 4294967295",
		.help = "the zones' serial, for servers elsewhere that compare "
			"them: raise it with every change" },
	[KEY_SECRET] = { "secret", IN_SERVICE(keys), SECRET,
		.required = true,
		.help = "keys To-tags, probes and what nodes tell each other; "
			"the same on every node; a relative PATH starts at "
			"this file's folder" },
	[KEY_PREVIOUS_SECRET] = { "previous-secret",
		IN_SERVICE(previous_keys), SECRET,
		.also_at = offsetof(struct site, has_previous),
		.help = "the secret before the last change, accepted while "
			"the change reaches all nodes" },

	[KEY_NODE_ADDRESS] = { "address", IN_NODE(ip4), ADDRESSES,
		.also_at = offsetof(struct site_node, ip6),
		.help = "the node addresses: unicast, this node's alone" },
	[KEY_NODE_HOST] = { "host", IN_NODE(host), HOST,
		.help = "the node's name where a certificate must match: in "
			"Contacts for TLS" },
	[KEY_NODE_HTTP] = { "http", IN_NODE(http), .parse = parse_url,
		.allowed = "http:// or https://, a host, optionally a port "
			   "and a path",
		.help = "where HTTP requests are sent; path and query of the "
			"request are put behind it" },
	[KEY_NODE_SIP_PORT] = { "sip-port", IN_NODE(sip_port), PORT,
		.dflt_note = "the service's",
		.help = "SIP over UDP and TCP on the node address" },
	[KEY_NODE_SIPS_PORT] = { "sips-port", IN_NODE(sips_port), PORT,
		.dflt_note = "the service's",
		.help = "SIP over TLS on the node address" },
	[KEY_NODE_LOCAL_AS] = { "local-as", IN_NODE(local_as),
		.parse = parse_as, .min = 1, .max = AS_MAX,
		.allowed = "an AS number, 1 to 4294967294",
		.help = "the node's own AS towards its neighbors" },
	[KEY_NODE_ROUTER_ID] = { "router-id", IN_NODE(router_id),
		.parse = site_parse_router_id,
		.dflt_note = "the node's IPv4 address",
		.allowed = "an IPv4 address",
		.help = "the node's BGP identifier, which no other node has" },
	[KEY_NODE_NEIGHBOR] = { "neighbor", IN_NODE(neighbors),
		.parse = site_parse_neighbor, .repeatable = true,
		.also_at = offsetof(struct site_node, neighbor_cnt),
		.min = 1, .max = AS_MAX, .shown_words = 3,
		.allowed = "ADDRESS as N, N an AS number from 1 to "
			   "4294967294, then any of: port N, md5 file:PATH, "
			   "md5 TEXT, ttl-security, multihop, bfd, name NAME; "
			   "up to 8 times",
		.help = "a BGP peer of the node, reached in its own address "
			"family; md5: password of up to 80 characters; "
			"ttl-security: RFC 5082; multihop: it is not on the "
			"same link; bfd: by the node's BIRD" },
	[KEY_NODE_CLASS] = { "class", IN_NODE(class), .parse = parse_class,
		.dflt = "global", .allowed = "global or local",
		.help = "local: announced with NO_EXPORT, heard by the "
			"neighbors alone" },

	[KEY_PEER_ADDRESS] = { "address", IN_PEER(addresses),
		.parse = site_parse_prefixes, .required = true,
		.also_at = offsetof(struct site_peer, address_cnt),
		.allowed = "up to 16 addresses or prefixes (ADDRESS/LENGTH) "
			   "with commas between them",
		.help = "where the peer's signalling comes from, or what its "
			"SDPs name" },
	[KEY_PEER_GATE] = { "gate", IN_PEER(gate), .parse = site_parse_gate,
		.dflt = "strict",
		.allowed = "strict, prefix and up to 8 prefixes with blanks "
			   "between them, learn or off",
		.help = "whose media the relay lets in: the addresses the "
			"signalling named; those in a prefix too; the first "
			"to send; anybody" },
};
/* clang-format on */

int site_defaults(struct site_parser *p, enum site_section section, void *base)
{
	int err = 0;

	for (size_t i = 0; i < SITE_KEYS && !err; i++) {
		const struct site_key *key = &site_keys[i];

		if (key->section == section && key->dflt)
			err = key->parse(p, key, base, slice_str(key->dflt));
	}
	return err;
}
