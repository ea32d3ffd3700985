/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_priv.h - what the files of the conf subject share
 *
 *   conf.c        command line; struct conf
 *   conf_file.c   lines of the file
 *   conf_check.c  what only all of it together can tell; the site
 *   conf_keys.c   the table of keys
 *   conf_print.c  help, reference and sample, from the table
 *   conf_media.c  is the media address this machine's?
 */
#ifndef DAEMON_CONF_PRIV_H
#define DAEMON_CONF_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/keys.h"
#include "rtp-pinner/daemon/conf.h"

enum conf_key_id {
	CONF_SITE,
	CONF_NODE,
	CONF_NODE_STATE,
	CONF_STATE_DIR,
	CONF_PID_FILE,
	CONF_LOG_LEVEL,
	CONF_LISTEN,
	CONF_ALLOW,
	CONF_METRICS,
	CONF_MEDIA_ADDRESS,
	CONF_PORT_MIN,
	CONF_PORT_MAX,
	CONF_RELAY,
	CONF_THREADS,
	CONF_DSCP,
	CONF_GATE,
	CONF_TRUSTED_PROXIES,
	CONF_MAX_SESSIONS,
	CONF_MAX_PACKET_RATE,
	CONF_MAX_CALL_PORTS,
	CONF_OFFER_TIMEOUT,
	CONF_SILENCE_TIMEOUT,
	CONF_HOLD_TIMEOUT,
	CONF_DELETE_DELAY,
	CONF_QUARANTINE,
	CONF_KEYS
};

enum { CONF_WHERE_MAX = CONF_PATH_MAX + 24 };

extern const struct key conf_keys[CONF_KEYS];
extern const struct key_table conf_table;

/* Where the value of a key was given. */
struct conf_place {
	unsigned line;		/* of the file; 0: not there */
	bool in_call;		/* on the command line, which wins */
};

struct conf_reader {
	const char *name;	/* borrowed: of the file, for messages */
	conf_line_h *report;
	void *arg;
	unsigned errors;
	struct conf *conf;
	struct conf_place places[CONF_KEYS];
	bool in_call;		/* now on the command line */
};

/* Report one error, a complete line. */
void conf_error(struct conf_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Report what is wrong with a key's value, which is right by itself; begins
 * with the place it was given.
 */
void conf_key_error(struct conf_reader *r, enum conf_key_id id,
		    const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Parse a value into the key's fields, or report why not. */
void conf_set(struct conf_reader *r, const struct key *key,
	      struct slice value);

/* 0 or ENOMEM. */
int conf_read_lines(struct conf_reader *r, struct slice text);

/* Read the site, find the node, fill in what follows from them, and check what
 * belongs together.
 */
void conf_check(struct conf_reader *r);

/* From memory, with the file's text (name: for messages); for tests. */
int conf_parse(struct conf **out, int argc, char *const argv[],
	       const char *name, struct slice text, conf_line_h *report,
	       void *arg);

#endif
