/* SPDX-License-Identifier: GPL-2.0-or-later */
/* site_priv.h - what the files of the site subject share
 *
 *   site.c        reads the file, owns struct site, look-ups
 *   site_parse.c  lines and sections; every line's errors
 *   site_keys.c   the table of keys, one parser per kind of value
 *   site_peer.c   everything about [peer NAME] sections
 *   site_bgp.c    what is announced to whom: prefix, router-id
 *   site_neighbor.c  the value of neighbor and its options
 *   site_dns.c    what the zones need: dns-...
 *   site_check.c  what only the whole file can tell: missing, twice, crossed
 */
#ifndef COMMON_SITE_PRIV_H
#define COMMON_SITE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/site.h"
#include "common/value.h"

enum site_key_id {
	KEY_DOMAIN,
	KEY_ALIAS,
	KEY_ADDRESS,
	KEY_SIP_PORT,
	KEY_SIPS_PORT,
	KEY_HTTP_PORT,
	KEY_HTTPS_PORT,
	KEY_TLS,
	KEY_CLUSTER_TLS,
	KEY_PREFIX,
	KEY_AGENT_PORT,
	KEY_STRAY_PORT,
	KEY_DNS,
	KEY_DNS_PORT,
	KEY_DNS_SERVER,
	KEY_DNS_TRANSPORT,
	KEY_DNS_TTL,
	KEY_DNS_SERIAL,
	KEY_SECRET,
	KEY_PREVIOUS_SECRET,
	KEY_NODE_ADDRESS,
	KEY_NODE_HOST,
	KEY_NODE_HTTP,
	KEY_NODE_SIP_PORT,
	KEY_NODE_SIPS_PORT,
	KEY_NODE_LOCAL_AS,
	KEY_NODE_ROUTER_ID,
	KEY_NODE_NEIGHBOR,
	KEY_NODE_CLASS,
	KEY_PEER_ADDRESS,
	KEY_PEER_GATE,
	SITE_KEYS
};

enum site_section {
	SECTION_NONE,		/* before the first one */
	SECTION_SERVICE,
	SECTION_NODE,
	SECTION_PEER,
	SECTION_UNKNOWN,	/* its keys cannot be judged */
	SITE_SECTIONS
};

/* Where a section and its keys stand in the file; 0: nowhere. */
struct site_lines {
	unsigned head;
	unsigned key[SITE_KEYS];	/* the last one of several */
	unsigned neighbor[SITE_NEIGHBORS_MAX];
};

enum {
	SITE_WHERE_MAX = 64,
	SITE_WHY_MAX = 256,
};

struct site_parser {
	const char *name;	/* borrowed: of the file, for messages */
	const char *base;	/* borrowed: folder of relative secrets or NULL */
	site_error_h *report;
	void *arg;
	unsigned errors;
	int err;		/* ENOMEM ends the parse */

	unsigned line;
	enum site_section section;
	char where[SITE_WHERE_MAX];	/* "[node fra1]" */
	struct site_node *node;		/* borrowed: in site or &spare_node */
	struct site *service;		/* borrowed: site or spare */
	struct site_peer *peer;		/* borrowed: in site or &spare_peer */
	struct site_lines *lines;	/* borrowed: of the current section */
	char why[SITE_WHY_MAX];		/* set by a value parser, or "" */

	struct site *site;
	struct site_lines service_lines;
	struct site_lines *node_lines;	/* owned: one per node of site */
	size_t room;			/* of nodes and node_lines */
	struct site_lines *peer_lines;	/* owned: one per peer of site */
	size_t peer_room;		/* of peers and peer_lines */
	bool node_seen;			/* good or bad */
	bool too_many;			/* nodes: said once */
	bool too_many_peers;

	/* a section that is wrong or there twice is read into these, so
	 * that the errors inside it are reported all the same */
	struct site *spare;		/* owned */
	struct site_node spare_node;
	struct site_peer spare_peer;
	struct site_lines spare_lines;
};

struct site_key;

/* Parse value into the fields of key inside base, a struct site or site_node.
 * 0, EINVAL (p->why may say more than key->allowed does) or ENOMEM.
 */
typedef int site_value_h(struct site_parser *p, const struct site_key *key,
			 void *base, struct slice value);

struct site_key {
	const char *name;
	enum site_section section;
	site_value_h *parse;
	size_t at;		/* offset of the field */
	size_t also_at;		/* of its second half: IPv6, count or flag */
	uint32_t min;
	uint32_t max;
	bool required;
	bool repeatable;
	bool hidden;		/* the value is never printed */
	unsigned shown_words;	/* no more of it is printed; 0: all */
	const char *dflt;	/* NULL: none; parsed like a value */
	const char *dflt_note;	/* printed where dflt cannot say it */
	const char *allowed;
	const char *help;
};

extern const struct site_key site_keys[SITE_KEYS];

/* Report one error; the message begins behind "NAME:LINE: ". */
void site_error(struct site_parser *p, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What a value parser did not like, in addition to key->allowed. */
void site_why(struct site_parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Fill in the defaults the table has for the keys of this section. */
int site_defaults(struct site_parser *p, enum site_section section, void *base);

/* From now on keys are read into what nobody uses. */
void site_use_spare(struct site_parser *p);

/* Read the file a value names, relative to the site file: file:PATH.  0, EINVAL
 * (p->why says why) or ENOMEM; textfile_free() takes the text.
 */
int site_read_file(struct site_parser *p, char **text, size_t *len,
		   struct slice path, size_t max);

/* Does the value begin with file:?  Then *path is what follows. */
bool site_is_file(struct slice value, struct slice *path);

/* Put the prefix that text is behind the cnt of list, which has room for max.
 * 0, or EINVAL with p->why set.
 */
int site_add_prefix(struct site_parser *p, struct prefix *list, size_t *cnt,
		    size_t max, struct slice text);

/* [peer NAME] begins; p->where has been set. */
void site_open_peer(struct site_parser *p, struct slice name);
site_value_h site_parse_prefixes;
site_value_h site_parse_gate;

/* 0 or ENOMEM. */
int site_check_peers(struct site_parser *p);

site_value_h site_parse_announced;
site_value_h site_parse_router_id;
site_value_h site_parse_neighbor;

/* Is it one of the service addresses? */
bool site_is_service_address(const struct site *site, const struct addr *a);

/* Neighbors, router IDs and prefixes, and their defaults.  0 or ENOMEM. */
int site_check_bgp(struct site_parser *p);

site_value_h site_parse_transports;
site_value_h site_parse_ttl;
site_value_h site_parse_serial;

/* What the zones need, with its defaults; when ports are settled. */
void site_check_dns(struct site_parser *p);

/* Every required key of a section is there. */
void site_check_required(struct site_parser *p, enum site_section section,
			 const char *where, const struct site_lines *lines);

/* Read the sections and keys of the file into p->site.  0 or ENOMEM. */
int site_parse_lines(struct site_parser *p, struct slice text);

/* Check the whole, settle inherited ports, sort the names.  0 or ENOMEM. */
int site_check(struct site_parser *p);

/* Does host (no brackets around IPv6) name the service: its domain, an alias
 * or a service address?
 */
bool site_is_service_host(const struct site *site, struct slice host);

#endif
