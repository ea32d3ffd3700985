/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clients.h - what is known of SIP clients and 302, by User-Agent
 *
 * A dated data file, one client per line, first match wins:
 *
 *	PATTERN | INVITE | REGISTER | SINCE | EVIDENCE
 *	baresip v1.0* | follows | never | 2026-08 | seen: 1.0.0 ...
 *
 * PATTERN is compared with the whole User-Agent without regard to case, `*`
 * stands for any text.  INVITE and REGISTER are follows, never or unknown.
 * Unknown means what it means for a client not listed: INVITE is redirected
 * and watched (follow.h), REGISTER is served.
 */
#ifndef KAMAILIO_MODULE_CLIENTS_H
#define KAMAILIO_MODULE_CLIENTS_H

#include <stddef.h>

#include "common/cursor.h"

enum client_habit {
	CLIENT_UNKNOWN,
	CLIENT_FOLLOWS,
	CLIENT_NEVER,
	CLIENT_HABITS
};

struct client {
	char *pattern;		/* lower case */
	enum client_habit invite;
	enum client_habit registration;
};

struct clients {
	struct client *v;
	size_t cnt;
};

/* One complete line per error: "clients.conf:3: ...". */
typedef void clients_error_h(void *arg, const char *line);

/* Parse the text of a client table; name stands for the file in messages.
 * 0, EINVAL (all errors reported) or ENOMEM; on error *out is empty.
 */
int clients_parse(struct clients *out, const char *name, struct slice text,
		  clients_error_h *report, void *arg);

/* Read the file (less than 1 MiB) and parse it; an errno when it can't be read. */
int clients_read(struct clients *out, const char *path,
		 clients_error_h *report, void *arg);

/* The text of clients.conf as it was when the module was built. */
struct slice clients_builtin(void);

void clients_fini(struct clients *clients);

/* NULL when no line matches, or there is no User-Agent. */
const struct client *clients_find(const struct clients *clients,
				  struct slice user_agent);

#endif
