/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf.h - what the daemon was told: file, command line and site file
 *
 * One table of keys (conf_keys.c) makes the parser, the long options, --help,
 * the reference and the sample file.  A flat file of `key = value' lines; each
 * key is a long option too, and the command line wins.  Every error is
 * reported at once, as one line that names file and line (or "--key"), the
 * value and what was allowed; an unknown key comes with the nearest known one.
 *
 * The struct is filled once and then const.
 */
#ifndef DAEMON_CONF_H
#define DAEMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/endpoint.h"
#include "common/log.h"
#include "common/prefix.h"
#include "common/site.h"
#include "rtp-pinner/relay/relay.h"

enum {
	CONF_LISTEN_MAX = 8,
	CONF_METRICS_MAX = 4,
	CONF_PREFIXES_MAX = 32,
	CONF_PATH_MAX = 256,	/* with its NUL */
};

#define CONF_FILE "/etc/sip-anycast/rtp-pinner.conf"

/* What the command line asks for. */
enum conf_action {
	CONF_RUN,
	CONF_CHECK,		/* --check-config: say so and exit 0 */
	CONF_RESERVE,		/* --reserve-ports: reserve_add(), exit */
	CONF_HELP,		/* --help: conf_print_help() */
	CONF_VERSION,		/* --version */
	CONF_REFERENCE,		/* --reference: conf_print_reference() */
	CONF_SAMPLE,		/* --sample: conf_print_sample() */
};

struct conf {
	enum conf_action action;	/* the rest is set for RUN, CHECK and
					 * RESERVE */

	/* the site and this node in it */
	char file[CONF_PATH_MAX];	/* "" : defaults and command line only */
	char site_path[CONF_PATH_MAX];
	char node_name[SITE_NAME_MAX];
	struct site *site;		/* owned; peers: site_find_peer() */
	const struct site_node *node;	/* in site */
	struct addr service[RELAY_SERVICE_MAX];	/* never advertised, never
						 * sent to */
	size_t service_cnt;

	/* control */
	struct endpoint listen[CONF_LISTEN_MAX];
	size_t listen_cnt;
	struct prefix allow[CONF_PREFIXES_MAX];	/* who may send commands */
	size_t allow_cnt;
	struct endpoint metrics[CONF_METRICS_MAX];	/* none: no HTTP */
	size_t metrics_cnt;

	/* media: each family is set or not, one of them at least */
	struct addr media4;		/* local: packets come to and from it */
	struct addr media6;
	struct addr advertised4;	/* what SDPs get; equal to media4 where */
	struct addr advertised6;	/* nothing else was said */
	uint16_t port_min;		/* inclusive */
	uint16_t port_max;
	enum relay_kind relay;
	unsigned threads;		/* 1..RELAY_THREADS_MAX */
	uint8_t dscp;			/* 0..63; a command may say otherwise */

	/* pinning */
	enum site_gate gate;		/* strict, learn or off */
	struct prefix trusted_proxies[CONF_PREFIXES_MAX];
	size_t trusted_proxy_cnt;

	/* limits */
	uint64_t offer_timeout_ms;	/* an offer nobody answered */
	uint64_t silence_timeout_ms;	/* no packet in any direction */
	uint64_t hold_timeout_ms;	/* the same while all media is held */
	uint64_t delete_delay_ms;
	uint64_t quarantine_ms;		/* of a port after its use */
	uint32_t max_sessions;		/* 0: what the ports allow */
	uint32_t max_packet_rate;	/* packets/s a port accepts; 0: any */
	uint32_t max_call_ports;	/* of one call; 0: any */

	/* where things are */
	char state_dir[CONF_PATH_MAX];
	char pid_file[CONF_PATH_MAX];	/* default: in state_dir */
	char node_state[CONF_PATH_MAX];
	enum log_level log_level;
};

/* One line of text, without newline. */
typedef void conf_line_h(void *arg, const char *line);

/* Understand argv[1..] and the files it names.  On success *out is the new
 * conf, and 0 is returned.  Else *out is NULL and report was called at least
 * once: EBADMSG the command line has an option nobody knows (exit 64), EINVAL
 * a value, the file or the site file is wrong (exit 78), ENOMEM (exit 1).
 */
int conf_new(struct conf **out, int argc, char *const argv[],
	     conf_line_h *report, void *arg);

/* NULL is fine. */
void conf_free(struct conf *conf);

/* Take from another conf what can change while the daemon runs: the site,
 * allow and trusted-proxies.  All else stays, so that it tells what is so;
 * from gets the old site.  0, or ENOENT: this node is not in the new site, and
 * nothing has changed.
 */
int conf_take(struct conf *conf, struct conf *from);

/* Prove that the media addresses are this machine's: the kernel delivers
 * packets to them here.  0; EADDRNOTAVAIL after one report for each that is
 * not, with what to do (exit 78); or why that cannot be told.  Binds nothing.
 */
int conf_prove_media(const struct conf *conf, conf_line_h *report, void *arg);

/* True if the control ACL lets this source in. */
bool conf_is_allowed(const struct conf *conf, const struct addr *source);

void conf_print_help(conf_line_h *line, void *arg);
void conf_print_reference(conf_line_h *line, void *arg);

/* The complete configs/rtp-pinner/rtp-pinner.conf. */
void conf_print_sample(conf_line_h *line, void *arg);

#endif
