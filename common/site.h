/* SPDX-License-Identifier: GPL-2.0-or-later */
/* site.h - the site file: what the service is and which nodes it has
 *
 * One INI file, identical on every node.  site_read() reports every error at
 * once, each as one line that names file, line, key, value and what was
 * allowed; unknown sections and keys are errors with the nearest known name.
 * The keys, their ranges and defaults stand in one table (site.c), from which
 * `anycastctl check --reference` prints the reference.
 *
 *   [service]   domain, alias, address, sip-port, sips-port, http-port,
 *               https-port, tls, cluster-tls, prefix (repeatable), agent-port,
 *               stray-port, dns, dns-port, dns-server, dns-transport,
 *               dns-ttl, dns-serial, secret, previous-secret
 *   [node NAME] address, host, http, sip-port, sips-port, local-as, router-id,
 *               neighbor (repeatable), class
 *   [peer NAME] address, gate: whom the media relay trusts from elsewhere
 *
 * The struct is filled once and then const.  One owner: site_free() takes it.
 */
#ifndef COMMON_SITE_H
#define COMMON_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "common/prefix.h"
#include "common/secret.h"

enum {
	SITE_NAME_MAX = 32,	/* node name with its NUL: [a-z0-9-] */
	SITE_HOST_MAX = 254,	/* DNS name with its NUL */
	SITE_URL_MAX = 512,	/* http = ..., with its NUL */
	SITE_ALIASES_MAX = 16,	/* further names of the service domain */
	SITE_DNS_SERVERS_MAX = 8,	/* names of the zones' servers */
	SITE_NODES_MAX = 4096,
	SITE_PREFIXES_MAX = 16,	/* announced for the service */
	SITE_NEIGHBORS_MAX = 8,	/* per node */
	SITE_MD5_MAX = 81,	/* TCP MD5 password with its NUL (RFC 2385: 80) */
	SITE_BGP_PORT = 179,
	SITE_PEERS_MAX = 1024,
	SITE_PEER_ADDRESSES_MAX = 16,	/* per peer */
	SITE_PEER_PREFIXES_MAX = 8,	/* of gate = prefix */
	SITE_NO_NODE_MAX = 320,
};

enum site_class {
	SITE_GLOBAL,		/* announced to the whole Internet */
	SITE_LOCAL,		/* announced with NO_EXPORT */
};

/* A BGP session: one address family, that of addr. */
struct site_neighbor {
	struct addr addr;
	uint32_t remote_as;
	uint16_t port;		/* default SITE_BGP_PORT */
	bool ttl_security;	/* RFC 5082: one hop, sent with TTL 255 */
	bool multihop;		/* it is not on the same link */
	bool bfd;		/* RFC 5880, by the node's BIRD */
	char name[SITE_NAME_MAX];	/* of the router, which may have several
				 * sessions; "": none was given */
	char md5[SITE_MD5_MAX];	/* "" none; printable, no blank or quote */
};

struct site_node {
	char name[SITE_NAME_MAX];
	struct addr ip4;	/* unicast; unset when the node has none */
	struct addr ip6;
	uint16_t sip_port;	/* UDP, TCP; default: the service's */
	uint16_t sips_port;	/* TLS; default: the service's */
	char host[SITE_HOST_MAX];	/* name in the certificate; may be "" */
	char http[SITE_URL_MAX];	/* base URL without trailing slash; or "" */
	uint32_t local_as;	/* 0: not set */
	struct addr router_id;	/* default ip4; unset when there is neither */
	struct site_neighbor neighbors[SITE_NEIGHBORS_MAX];
	size_t neighbor_cnt;
	enum site_class class;
};

/* Which sources of media the relay lets in on a leg. */
enum site_gate {
	SITE_GATE_STRICT,	/* the addresses its signalling named */
	SITE_GATE_PREFIX,	/* and those in the peer's prefixes */
	SITE_GATE_LEARN,	/* the first source that sends */
	SITE_GATE_OFF,		/* any source */
	SITE_GATES
};

/* Somebody whose media comes from elsewhere than its signalling says: a
 * gateway, the media hosts of an SBC, a CGNAT.
 */
struct site_peer {
	char name[SITE_NAME_MAX];
	struct prefix addresses[SITE_PEER_ADDRESSES_MAX];	/* of signalling
								 * or of its SDPs */
	size_t address_cnt;
	enum site_gate gate;	/* default strict */
	struct prefix prefixes[SITE_PEER_PREFIXES_MAX];
	size_t prefix_cnt;	/* > 0 with SITE_GATE_PREFIX only */
};

/* How SIP is spoken, as the zones offer it. */
enum site_transport {
	SITE_UDP,
	SITE_TCP,
	SITE_TLS,
	SITE_TRANSPORTS
};

struct site {
	char domain[SITE_HOST_MAX];	/* lower case */
	char aliases[SITE_ALIASES_MAX][SITE_HOST_MAX];
	size_t alias_cnt;
	struct addr ip4;	/* the service addresses; at least one is set */
	struct addr ip6;
	uint16_t sip_port;	/* default 5060 */
	uint16_t sips_port;	/* default 5061 */
	uint16_t http_port;	/* where the service answers HTTP; default 80 */
	uint16_t https_port;	/* default 443 */
	bool tls;		/* listen for SIPS and HTTPS; default no */
	bool cluster_tls;	/* SIP between the nodes over TLS; default no */
	/* what is announced; default: the service addresses themselves */
	struct prefix prefixes[SITE_PREFIXES_MAX];
	size_t prefix_cnt;
	uint16_t agent_port;	/* UDP between the health agents; default 7053 */
	uint16_t stray_port;	/* UDP between the modules; default 7054 */
	bool dns;		/* every node answers DNS; default no */
	uint16_t dns_port;	/* default 53 */
	char dns_servers[SITE_DNS_SERVERS_MAX][SITE_HOST_MAX];
	size_t dns_server_cnt;	/* default ns.DOMAIN; 0 without dns */
	enum site_transport dns_transports[SITE_TRANSPORTS];	/* best first */
	size_t dns_transport_cnt;	/* default: all there are; 0 without dns */
	uint32_t dns_ttl_s;	/* of every record; default 300 */
	uint32_t dns_serial;	/* 0: made from the records */
	struct secret_keys keys;
	struct secret_keys previous_keys;	/* valid if has_previous */
	bool has_previous;
	/* it has left the file: nodes and flows are still read by it, tags and
	 * probes, which say that they may have either, are not */
	bool previous_is_over;
	struct site_node *nodes;	/* in the order of the file */
	size_t node_cnt;
	uint16_t *by_name;	/* indices of nodes, sorted by their names */
	struct site_peer *peers;	/* in the order of the file */
	size_t peer_cnt;
	/* of the whole text, by the agents' key: nodes whose files are the
	 * same have the same one
	 */
	uint64_t fingerprint;
};

/* Called once per error with a complete line of text, no newline:
 * "site.conf:12: [node fra1] http: `ftp://x' is not allowed: ..."
 */
typedef void site_error_h(void *arg, const char *line);

/* Read and check the site file.  Secrets given as file:PATH are read too; a
 * relative PATH is relative to the site file.  On success *out owns a new
 * site and 0 is returned.  Else *out is NULL and report has been called at
 * least once: ENOENT/EACCES/... when the file cannot be read, EINVAL when its
 * contents are wrong, ENOMEM.
 */
int site_read(struct site **out, const char *path, site_error_h *report,
	      void *arg);

/* As site_read, from memory; name stands for the file in messages, and base
 * is the folder of relative secrets (NULL: the current one).
 */
int site_parse(struct site **out, const char *name, const char *base,
	       struct slice text, site_error_h *report, void *arg);

/* The keys that what nodes tell each other is written with: the oldest that all
 * of them have while a secret is being changed.
 */
const struct secret_keys *site_writing_keys(const struct site *site);

/* The previous secret's keys while the site file has it; else NULL. */
const struct secret_keys *site_previous_keys(const struct site *site);

/* Wipes keys and passwords.  NULL is fine. */
void site_free(struct site *site);

/* 1 to 31 of a-z, 0-9 and '-', which neither begins nor ends the name. */
bool site_name_valid(struct slice name);

/* Copy a node's name; false, and all zero, when it is no valid one. */
bool site_name_copy(char out[static SITE_NAME_MAX], struct slice name);

/* The node name this machine has where nobody gave one: its host name up to
 * the first dot, in lower case; "" when that is no valid node name.
 */
void site_local_name(char out[static SITE_NAME_MAX]);

/* NULL when there is no node of this name. */
const struct site_node *site_find_node(const struct site *site,
				       struct slice name);

/* The family in which the nodes talk to each other: the first that all of them
 * have an address of; ADDR_NONE when there is none.
 */
enum addr_family site_nodes_family(const struct site *site);

/* The node called name; where that is "" it becomes the local name first.  NULL:
 * there is none, and why says it with the nodes there are, as far as they fit:
 * "has no node x; it has: a b".
 */
const struct site_node *site_own_node(const struct site *site,
				      char name[static SITE_NAME_MAX],
				      char why[static SITE_NO_NODE_MAX]);

/* The peer with the longest prefix around a; NULL when no peer has it. */
const struct site_peer *site_find_peer(const struct site *site,
				       const struct addr *a);

/* A base URL taken apart; the slices lie inside it. */
struct site_url {
	bool tls;		/* https */
	struct slice host;	/* without brackets */
	uint16_t port;		/* default 80, 443 with tls */
	struct slice path;	/* without trailing slashes */
};

/* NULL, or what is wrong with it.  No node's http has anything. */
const char *site_url_parse(struct site_url *out, struct slice url);

/* "udp", "tcp", "tls". */
const char *site_transport_name(enum site_transport transport);

/* "strict", "prefix", "learn", "off". */
const char *site_gate_name(enum site_gate gate);

/* Print the reference of all sections and keys: type, range, default, help. */
void site_print_reference(void (*line)(void *arg, const char *text), void *arg);

#endif
