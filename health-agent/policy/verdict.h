/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.h - is a probe good or bad, from its attempts
 *
 *            rise good in a row
 *   UNKNOWN --------------------> UP
 *      |                         |  ^
 *      | fall bad in a row, or   |  | rise good in a row
 *      | none of both for long   v  |
 *      +-----------------------> DOWN
 *
 * Pure.  The caller embeds the struct; a zeroed one has had no attempt.
 */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include <stdbool.h>

#include "health-agent/policy/health.h"
#include "health-agent/policy/words.h"

enum { VERDICT_TEXT_MAX = 192 };

struct verdict {
	enum node_state state;	/* UNKNOWN, UP or DOWN */
	enum health_attempt last;	/* if run > 0 */
	unsigned run;		/* attempts good, or not, in a row */
	unsigned tried;		/* attempts that have led to no verdict yet */
	bool unsteady;		/* DOWN for want of any verdict */
	char text[VERDICT_TEXT_MAX];	/* of the last attempt; clean */
};

/* first: whatever it is, it decides. */
void verdict_attempt(struct verdict *v, const struct health_probe_conf *conf,
		     enum health_attempt what, const char *text, bool first);

/* There is none, or the last attempt speaks against it. */
bool verdict_undecided(const struct verdict *v);

/* So many more good attempts in a row and it is UP; 0: it is. */
unsigned verdict_needs(const struct verdict *v,
		       const struct health_probe_conf *conf);

/* "sip-udp (IPv4)", "kamailio". */
void verdict_add_name(struct words *w, const struct health_probe_conf *conf);

/* "sip-udp (IPv4) has failed 3 times: no answer in 500 ms" */
void verdict_add_words(struct words *w, const struct verdict *v,
		       const struct health_probe_conf *conf);

#endif
