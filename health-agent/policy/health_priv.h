/* SPDX-License-Identifier: GPL-3.0-or-later */
/* health_priv.h - what the files of the policy share
 *
 *   verdict.c  a probe: good or bad, by rise and fall
 *   survey.c   what all probes of a unit say together
 *   damping.c  a unit's penalty
 *   unit.c     one unit: state, hold-down, last node, drain, adoption
 *   node.c     the units together
 *   routes.c   what a state announces
 *   memory.c   what outlives a restart
 *   cause.c    all of it in words
 *   bounds.c   is a configuration one that can be worked with
 *   health.c   events in, units out
 */
#ifndef POLICY_HEALTH_PRIV_H
#define POLICY_HEALTH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health-agent/policy/damping.h"
#include "health-agent/policy/health.h"
#include "health-agent/policy/verdict.h"
#include "health-agent/policy/words.h"

/* What the probes of a unit say together, worst first. */
enum says {
	SAYS_NOTHING,		/* there are none */
	SAYS_BAD,		/* a local `withdraw' probe is bad */
	SAYS_UNDECIDED,
	SAYS_REMOTE,		/* no `withdraw' probe is bad but remote ones */
	SAYS_DEGRADED,
	SAYS_GOOD,
};

struct survey {
	enum says says;
	unsigned cnt;		/* probes that speak for the unit */
	unsigned worst_cnt;	/* probes of the kind that made it so */
	size_t worst;		/* the first of these */
};

/* Since when something holds without a break. */
struct since {
	bool set;
	uint64_t ms;
};

struct unit {
	struct health_unit shown;
	size_t index;		/* of its group */
	struct survey survey;
	struct since good;	/* SAYS_GOOD or SAYS_DEGRADED */
	struct since local;	/* these or SAYS_REMOTE */
	struct since remote;	/* SAYS_REMOTE while another node is up */
	struct damping damping;
	bool at_once;		/* resumed just now: no hold-down */
	bool adopting;
	bool lost;		/* ... what is not there any more */
	uint64_t adopt_end_ms;
	enum node_state adopt_state;	/* what it was before */
	uint64_t adopt_since_ms;
};

/* What a unit's step looks at beside its probes. */
struct outlook {
	uint64_t now_ms;
	uint64_t hear_ms;	/* other nodes have been heard by then */
	struct health_command command;
	uint64_t ordered_ms;
	bool others;		/* there are nodes that could take over */
	bool other_up;
	uint64_t other_up_ms;	/* since when, if so */
};

struct health {
	struct health_conf conf;
	struct verdict verdicts[HEALTH_PROBES_MAX];
	struct unit units[HEALTH_UNITS_MAX];
	size_t unit_cnt;
	struct outlook outlook;
	uint8_t *peers;		/* owned: enum node_state each */
	size_t others_up;
	bool changed;
};

/* 0 or EINVAL. */
int bounds_check(const struct health_conf *conf);

bool survey_speaks(const struct health_probe_conf *probe,
		   const struct unit *u);
struct survey survey_take(const struct health *h, const struct unit *u);

/* Let the unit follow its survey, the order and time.  True: state, announced
 * or suppressed changed.
 */
bool unit_step(struct unit *u, const struct outlook *o,
	       enum site_class class);

/* When it wants to be stepped again at the latest; UINT64_MAX: never. */
uint64_t unit_due_ms(const struct unit *u);

/* Its routes have been withdrawn before it was adopted.  True: that counts. */
bool unit_lose(struct unit *u, uint64_t now_ms);

/* Sum without going round. */
uint64_t unit_after(uint64_t ms, uint64_t wait_ms);

/* How long a drain goes on announcing it, once another node is up. */
uint64_t unit_drain_wait_ms(const struct unit *u,
			    const struct health_command *c);

/* Write u->shown.cause. */
void cause_tell(const struct health *h, struct unit *u);

/* "service (IPv4)" */
void cause_add_unit(struct words *w, const struct health_unit *unit);

/* The attributes of a unit's routes in this state. */
void routes_attributes(struct health_attributes *out,
		       const struct health_group_conf *group,
		       enum node_state state, enum site_class class);

/* Set up order and units as a memory has them. */
void memory_recall(struct health *h, const struct health_memory *memory,
		   uint64_t adopt_ms);

/* Times of old that still count. */
void memory_follow(struct health *h, const struct health *old);

#endif
