/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf.h - what the agent was told: its file, command line and site file
 *
 * /etc/sip-anycast/health-agent.conf, INI: [agent], [probe NAME], [group NAME],
 * the same on every node.  Without any [probe] section, or as default-probes
 * says, the default probes are made (conf_dflt.c), as far as the site has what
 * they ask; without any [group] section there is one group `service' with the
 * site's prefixes and all probes.
 * The tables of keys (conf_keys.c) make the parser, the long options (keys of
 * [agent]), --help, --reference and --sample.  Every error is reported at once:
 * file, line, section, key, value and what was allowed; an unknown key or
 * section comes with the nearest one.
 *
 * A section [probe NAME] is one probe for each address family it has a target
 * in and a group to speak for.
 *
 * The struct is filled once and then const.
 */
#ifndef AGENT_CONF_H
#define AGENT_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/endpoint.h"
#include "common/keys.h"
#include "common/log.h"
#include "common/site.h"
#include "health-agent/policy/health.h"
#include "health-agent/probe/prober.h"

enum {
	AGENT_PATH_MAX = 256,		/* with its NUL */
	AGENT_METRICS_MAX = 4,
};

#define AGENT_CONF_FILE "/etc/sip-anycast/health-agent.conf"
#define AGENT_SOCKET "/run/sip-anycast/health-agent/control.sock"

enum agent_action {
	AGENT_RUN,
	AGENT_CHECK,		/* --check-config */
	AGENT_HELP,
	AGENT_VERSION,
	AGENT_REFERENCE,	/* --reference */
	AGENT_SAMPLE,		/* --sample: the complete shipped file */
};

enum agent_output { AGENT_EXABGP, AGENT_KERNEL, AGENT_DRY_RUN };

/* How often a probe is made, and how soon it is believed. */
struct agent_timers {
	uint64_t interval_ms;		/* between the ends of attempts */
	uint64_t fast_interval_ms;	/* the same while it is undecided */
	uint64_t timeout_ms;		/* of an attempt */
	uint32_t rise, fall;
};

/* A probe instance: one per family of its targets. */
struct agent_probe {
	struct prober_conf prober;
	uint64_t interval_ms;		/* between the ends of attempts */
	uint64_t fast_interval_ms;	/* while undecided */
};

struct agent_conf {
	enum agent_action action;

	char file[AGENT_PATH_MAX];
	char site_path[AGENT_PATH_MAX];
	char node_name[SITE_NAME_MAX];
	struct site *site;		/* owned */
	const struct site_node *node;	/* in site */

	enum agent_output output;
	uint32_t kernel_table;		/* default 200 */
	char kernel_device[16];		/* the TUN, default anycast0 */
	uint64_t ack_timeout_ms;	/* ExaBGP's answer; default 2 s */
	uint64_t worker_timeout_ms;	/* silent worker is killed; 2 s */
	uint64_t adopt_ms;	/* decide within this or withdraw; 800 ms */

	char node_state[AGENT_PATH_MAX];	/* NODESTATE_PATH */
	char control[AGENT_PATH_MAX];		/* AGENT_SOCKET */
	char state_dir[AGENT_PATH_MAX];		/* orders, memory */
	char audit_log[AGENT_PATH_MAX];
	char hook[AGENT_PATH_MAX];	/* run at transitions; "" none */
	uint64_t hook_timeout_ms;
	struct endpoint metrics[AGENT_METRICS_MAX];
	size_t metrics_cnt;
	enum log_level log_level;
	bool peers;		/* tell and hear other nodes */
	uint64_t drain_deadline_ms;	/* calls are waited for; 0: no */
	uint64_t drain_phones_ms;	/* they have to register elsewhere */
	struct endpoint pinner;	/* who counts them; port 0: see
				 * agent_conf_pinner() */
	bool default_probes;	/* beside those of the file */
	struct agent_timers timers;	/* of probes that say nothing else */

	struct site_node former;	/* former.h, as the probes see it */
	uint64_t former_until_ms;	/* 0: none */

	/* probe i of health is probes[i] */
	struct agent_probe probes[HEALTH_PROBES_MAX];
	struct health_conf health;
};

/* One line of text, without newline. */
typedef key_line_h agent_conf_line_h;

/* Understand argv[1..] and the files it names.  On success *out is the new
 * conf, and 0 is returned; for AGENT_RUN and AGENT_CHECK all of it is set, else
 * the action alone.  On failure *out is NULL and report was called at least
 * once: EBADMSG the command line has an option nobody knows (exit 64), EINVAL
 * a value, the file or the site file is wrong (exit 78), ENOMEM (exit 1).
 */
int agent_conf_new(struct agent_conf **out, int argc, char *const argv[],
		   agent_conf_line_h *report, void *arg);

/* NULL is fine. */
void agent_conf_free(struct agent_conf *conf);

/* All prefixes of all groups, once; returns how many. */
size_t agent_conf_prefixes(const struct agent_conf *conf,
			   struct prefix out[static ROUTE_PREFIXES_MAX]);

/* The relay that is asked for its calls: as told, else that of the first probe
 * of type rtp.  False: there is none.
 */
bool agent_conf_pinner(const struct agent_conf *conf, struct endpoint *out);

/* How long a failure may go unseen by probe i: it begins just behind a good
 * attempt, and no attempt gets an answer any more,
 *
 *	interval + timeout + (fall - 1) * (fast interval + timeout)
 *
 * 0: it is told at once (the death of a process).
 */
uint64_t agent_conf_detection_ms(const struct agent_conf *conf, size_t i);

/* What it came to, one line for each probe and group: --check-config. */
void agent_conf_print_summary(const struct agent_conf *conf,
			      agent_conf_line_h *line, void *arg);

void agent_conf_print_help(agent_conf_line_h *line, void *arg);
void agent_conf_print_reference(agent_conf_line_h *line, void *arg);
void agent_conf_print_sample(agent_conf_line_h *line, void *arg);

#endif
