/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_priv.h - what the files of the conf subject share
 *
 *   conf.c         command line, files; struct agent_conf
 *   conf_file.c    sections and lines of the file, each key to its section
 *   conf_keys.c    the tables of keys
 *   conf_value.c   the kinds of values that no other program has
 *   conf_dflt.c    the probes and the group of a file that has none
 *   conf_probe.c   a section [probe] becomes probes of one family each
 *   conf_group.c   a section [group] becomes a group
 *   conf_check.c   what only all of it together can tell; the site
 *   conf_print.c   help, reference and sample from the tables; the summary
 */
#ifndef AGENT_CONF_PRIV_H
#define AGENT_CONF_PRIV_H

#include "health-agent/daemon/conf.h"

enum conf_agent_key {
	AGENT_SITE,
	AGENT_NODE,
	AGENT_NODE_STATE,
	AGENT_STATE_DIR,
	AGENT_AUDIT_LOG,
	AGENT_LOG_LEVEL,
	AGENT_PEERS,
	AGENT_DRAIN_DEADLINE,
	AGENT_DRAIN_PHONES,
	AGENT_PINNER,
	AGENT_OUTPUT,
	AGENT_KERNEL_TABLE,
	AGENT_KERNEL_DEVICE,
	AGENT_ACK_TIMEOUT,
	AGENT_WORKER_TIMEOUT,
	AGENT_ADOPT_TIMEOUT,
	AGENT_CONTROL,
	AGENT_METRICS,
	AGENT_HOOK,
	AGENT_HOOK_TIMEOUT,
	AGENT_DEFAULT_PROBES,
	AGENT_INTERVAL,
	AGENT_FAST_INTERVAL,
	AGENT_TIMEOUT,
	AGENT_RISE,
	AGENT_FALL,
	AGENT_KEYS
};

enum conf_probe_key {
	PROBE_TYPE,
	PROBE_GROUPS,
	PROBE_FAILURE,
	PROBE_SCOPE,
	PROBE_INTERVAL,
	PROBE_FAST_INTERVAL,
	PROBE_TIMEOUT,
	PROBE_RISE,
	PROBE_FALL,
	PROBE_ADDRESS,
	PROBE_PORT,
	PROBE_TRANSPORT,
	PROBE_TLS_NAME,
	PROBE_TLS_CA,
	PROBE_METHOD,
	PROBE_PATH,
	PROBE_EXPECT,
	PROBE_QUERY,
	PROBE_QUERY_TYPE,
	PROBE_ANSWER,
	PROBE_NG,
	PROBE_PACKETS,
	PROBE_LOSS,
	PROBE_DELAY,
	PROBE_PID_FILE,
	PROBE_GRACE,
	PROBE_COMMAND,
	PROBE_KEYS
};

enum conf_group_key {
	GROUP_PREFIX,
	GROUP_MED_UP,
	GROUP_MED_DEGRADED,
	GROUP_MED_DRAINING,
	GROUP_PREPEND_DEGRADED,
	GROUP_COMMUNITY,
	GROUP_COMMUNITY_DEGRADED,
	GROUP_LARGE_COMMUNITY,
	GROUP_HOLD_DOWN,
	GROUP_DRAIN_WAIT,
	GROUP_REMOTE_WAIT,
	GROUP_PENALTY,
	GROUP_SUPPRESS,
	GROUP_REUSE,
	GROUP_HALF_LIFE,
	GROUP_SUPPRESS_MAX,
	GROUP_KEYS
};

enum {
	CONF_KEYS_MAX = 32,	/* of one section */
	CONF_WHERE_MAX = HEALTH_NAME_MAX + 16,
	CONF_COMMAND_MAX = 200,
	CONF_COMMUNITIES_MAX = HEALTH_COMMUNITIES_MAX / 2,
	CONF_DETECTION_MAX_MS = 60000,
};

extern const struct key_table conf_agent_keys, conf_probe_keys, conf_group_keys;

/* Bit k: probes of kind k have this key. */
extern const unsigned conf_probe_kinds[PROBE_KEYS];

/* ---- a section as it was written */

struct conf_section {
	const struct key_table *table;
	void *base;		/* what its keys fill */
	char where[CONF_WHERE_MAX];	/* "[probe sip-udp]" */
	unsigned head;		/* line of the file; 0: not from there */
	bool set[CONF_KEYS_MAX];
	bool bad[CONF_KEYS_MAX];	/* its value was refused */
	bool in_call[CONF_KEYS_MAX];	/* on the command line, which wins */
	unsigned line[CONF_KEYS_MAX];
};

struct conf_names {
	char names[HEALTH_GROUPS_MAX][HEALTH_NAME_MAX];
	size_t cnt;
};

/* service, node, or one address of each family */
struct conf_target {
	enum { TARGET_SERVICE, TARGET_NODE, TARGET_ADDRESS } kind;
	struct addr ip4, ip6;
};

struct conf_probe {
	struct conf_section section;
	char name[HEALTH_NAME_MAX];
	unsigned kind, failure, scope;	/* enums of prober.h and health.h */
	struct conf_names groups;
	struct agent_timers timers;
	struct conf_target target;
	uint16_t port;
	unsigned transport, method;
	char tls_name[SITE_HOST_MAX], tls_ca[PROBER_PATH_MAX];
	char path[PROBER_PATH_MAX];
	uint32_t expect;
	char query[SITE_HOST_MAX];
	uint16_t query_type;
	char answer[PROBER_PATH_MAX];
	struct endpoint ng;
	uint32_t packets, loss_percent;
	uint64_t delay_ms;
	char pid_file[PROBER_PATH_MAX];
	uint64_t grace_ms;
	char command[CONF_COMMAND_MAX];
	bool left_out;		/* it changes a default that is not made here */
};

struct conf_communities {
	uint32_t list[CONF_COMMUNITIES_MAX];
	size_t cnt;
};

struct conf_group {
	struct conf_section section;
	struct health_group_conf conf;	/* but for what follows */
	bool with_site;			/* the prefixes of the site, too */
	uint32_t med_up, med_degraded, med_draining;
	uint8_t prepend_degraded;
	struct conf_communities community, community_degraded;
	struct route_large large[ROUTE_LARGE_MAX];
	size_t large_cnt;
	bool left_out;		/* nothing of it is announced by this node */
	unsigned index;		/* else: in the health_conf */
};

struct conf_reader {
	const char *name;	/* borrowed: of the file, for messages */
	agent_conf_line_h *report;
	void *arg;
	unsigned errors;
	struct agent_conf *conf;

	struct conf_section agent;
	struct conf_probe probes[HEALTH_PROBES_MAX];
	size_t probe_cnt;
	struct conf_group groups[HEALTH_GROUPS_MAX];
	size_t group_cnt;

	/* a section that is wrong or there twice is read into these, so that
	 * the errors inside it are reported all the same */
	struct conf_section spare_agent;
	struct agent_conf *spare_conf;	/* owned */
	struct conf_probe spare_probe;
	struct conf_group spare_group;

	struct conf_section *section;	/* the one lines are of; NULL: none */
	bool lost;		/* its keys cannot be judged */
	bool too_many_probes, too_many_groups;	/* said once */
};

/* ---- reports */

/* Report one error, a complete line. */
void conf_error(struct conf_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Report what is wrong with a line of the file. */
void conf_line_error(struct conf_reader *r, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ... with a section, or with the value of a key, right as that is by itself;
 * begins with the place it was given.
 */
void conf_section_error(struct conf_reader *r, const struct conf_section *s,
			const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_key_error(struct conf_reader *r, const struct conf_section *s,
		    unsigned key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- sections */

/* Parse a value into the section's fields, or report why not. */
void conf_set(struct conf_reader *r, struct conf_section *s,
	      const struct key *key, struct slice value);

/* An empty section with the defaults of its keys; name for probe and group. */
void conf_open_agent(struct conf_reader *r, struct conf_section *s,
		     struct agent_conf *base);
void conf_open_probe(struct conf_reader *r, struct conf_probe *p,
		     struct slice name);
void conf_open_group(struct conf_reader *r, struct conf_group *g,
		     struct slice name);

/* 0 or ENOMEM. */
int conf_read_lines(struct conf_reader *r, struct slice text);

/* ---- values, for the tables */

key_value_h conf_value_device;		/* char[room] */
key_value_h conf_value_names;		/* struct conf_names */
key_value_h conf_value_target;		/* struct conf_target */
key_value_h conf_value_expect;		/* uint32_t: 0 or an HTTP status */
key_value_h conf_value_http_path;	/* char[room] */
key_value_h conf_value_query;		/* char[SITE_HOST_MAX] */
key_value_h conf_value_query_type;	/* uint16_t */
key_value_h conf_value_endpoint;	/* struct endpoint */
key_value_h conf_value_command;		/* char[CONF_COMMAND_MAX] */
key_value_h conf_value_announced;	/* struct conf_group's prefixes */
key_value_h conf_value_communities;	/* struct conf_communities */
key_value_h conf_value_larges;		/* struct conf_group's */

/* Words of a command: blanks between them, "..." around those that have some.
 * Counts them, and copies them to words behind argv[], which ends with NULL;
 * both may be NULL.  0, or EINVAL: a quote is open, there are too many.
 */
int conf_split_command(size_t *cnt, char *words, char *argv[],
		       struct slice text);

/* ---- probes and groups */

/* A probe that is made where no section is; lines: "key = value\n"... */
struct conf_dflt {
	const char *name;
	const char *lines;
	const char *help;
	const char *needs;	/* in words; NULL: nothing */
	bool (*has)(const struct site *site, const struct site_node *node);
};

extern const struct conf_dflt conf_dflts[];
extern const size_t conf_dflt_cnt;

/* The site is there: make the probes and the group nobody wrote, and add to
 * sections named like a default probe what they leave to it.
 */
void conf_add_defaults(struct conf_reader *r);

/* Fill conf->health.groups, then .probes and conf->probes; node is there. */
void conf_make_groups(struct conf_reader *r);
int conf_make_probes(struct conf_reader *r);	/* 0 or ENOMEM */

/* The keys of a section that hold these timers. */
struct conf_timer_keys {
	unsigned interval, fast_interval, timeout, fall;
};

void conf_check_timers(struct conf_reader *r, const struct conf_section *s,
		       const struct agent_timers *timers,
		       const struct conf_timer_keys *keys);

/* This node has no address of the family, and another one has: what is said of
 * it in a file for all nodes is for that one.
 */
bool conf_is_elsewhere(const struct agent_conf *conf, uint8_t family);

/* Bit i: group i of the health_conf has a prefix of this family. */
uint32_t conf_groups_of(const struct agent_conf *conf, uint8_t family);

/* Read the site, find the node, and make and check all that follows.  0 or
 * ENOMEM.
 */
int conf_check(struct conf_reader *r);

/* "sip", "http", ...: by enum prober_kind, then NULL. */
extern const char *const conf_kind_words[];

/* As agent_conf_new(), with the file's text (name: for messages); for tests. */
int agent_conf_parse(struct agent_conf **out, int argc, char *const argv[],
		     const char *name, struct slice text,
		     agent_conf_line_h *report, void *arg);

#endif
