/* SPDX-License-Identifier: GPL-3.0-or-later */
/* health.h - the policy: what probes, operator and peers mean for each prefix
 *
 * Pure: no clock, no I/O, no allocation after health_new().  Time is
 * CLOCK_BOOTTIME milliseconds, given with every call and never going back.
 *
 *   attempts of a probe --rise/fall--> probe good/bad --+
 *   operator's order ----------------------------------+--> unit's state --> route
 *   states of the other nodes -------------------------+
 *
 * A *group* is what moves together: some prefixes and the probes that speak
 * for them.  A *unit* is a group in one address family; each unit has a state
 * of its own, from the probes of its group that are of its family or of none.
 *
 *            all good for hold-down       a `degrade' probe bad
 *     DOWN --------------------------> UP <---------> DEGRADED
 *      ^   <--------------------------                   |
 *      |      a `withdraw' probe bad                     |
 *      +-------------------------------------------------+
 *   any --drain--> DRAINING (65535:0, worst MED) --wait--> withdrawn, still
 *   DRAINING --resume--> what the probes say; any --disable--> DISABLED
 *
 * Damping: each loss of UP or DEGRADED adds to a unit's penalty, which halves
 * every half-life; above `suppress' the unit stays DOWN until it is below
 * `reuse' again.  (Upstream damping, RFC 7196, punishes longer.)
 *
 * Last node: a unit whose bad probes are all of scope `remote' ("I cannot
 * reach others") never goes DOWN while no other node is known to be up: it is
 * DEGRADED.  A drain waits with its withdrawal for another node that is up,
 * unless it was forced.  A node not heard from is unknown, and not up.
 */
#ifndef POLICY_HEALTH_H
#define POLICY_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nodestate.h"
#include "common/site.h"
#include "health-agent/route/route.h"

enum {
	HEALTH_NAME_MAX = 32,
	HEALTH_PROBES_MAX = 64,		/* probe instances: one per family */
	HEALTH_GROUPS_MAX = 16,
	HEALTH_UNITS_MAX = 2 * HEALTH_GROUPS_MAX,
	HEALTH_CAUSE_MAX = 256,
};

enum health_failure {
	HEALTH_WITHDRAW,	/* a bad probe takes the unit DOWN */
	HEALTH_DEGRADE,		/* ... makes it DEGRADED */
};

enum health_scope {
	HEALTH_LOCAL,		/* says something about this node */
	HEALTH_REMOTE,		/* says something about what is beyond it */
};

struct health_probe_conf {
	char name[HEALTH_NAME_MAX];
	uint8_t family;		/* enum addr_family; ADDR_NONE: both */
	enum health_failure failure;
	enum health_scope scope;
	uint32_t groups;	/* bit i: speaks for groups[i] */
	unsigned rise;		/* good attempts in a row until it is good */
	unsigned fall;		/* bad ones until it is bad; >= 1 */
};

/* The attributes of a state's route. */
struct health_attributes {
	uint32_t med;
	uint8_t prepend;
	uint8_t community_cnt, large_cnt;
	uint32_t communities[ROUTE_COMMUNITIES_MAX];
	struct route_large large[ROUTE_LARGE_MAX];
};

struct health_group_conf {
	char name[HEALTH_NAME_MAX];
	bool is_service;	/* the node's state is made of these groups */
	struct prefix prefixes[ROUTE_PREFIXES_MAX];
	size_t prefix_cnt;
	uint64_t hold_down_ms;	/* good for so long before DOWN becomes UP */
	uint64_t drain_wait_ms;	/* announced with 65535:0 before it is withdrawn */
	uint32_t penalty;	/* of each loss; 0: no damping */
	uint32_t suppress, reuse;
	uint64_t half_life_ms;
	uint64_t suppress_max_ms;
	struct health_attributes up, degraded, draining;	/* draining gets
								 * 65535:0 besides */
};

struct health_conf {
	struct health_probe_conf probes[HEALTH_PROBES_MAX];
	size_t probe_cnt;
	struct health_group_conf groups[HEALTH_GROUPS_MAX];
	size_t group_cnt;
	enum site_class class;	/* local: NO_EXPORT on every route */
	size_t peer_cnt;	/* the other nodes of the site */
};

enum health_order { HEALTH_RESUME, HEALTH_DRAIN, HEALTH_DISABLE, HEALTH_ORDERS };

/* One attempt of a probe. */
enum health_attempt {
	HEALTH_GOOD,
	HEALTH_BAD,		/* counts towards fall */
	HEALTH_GONE,		/* bad at once, whatever fall is: a process died */
};

/* What is remembered over a restart of the agent (no pointers: written to a
 * file as it is, by daemon/snapshot.c, with the names to match it by).
 */
struct health_memory {
	enum health_order order;
	bool forced;
	uint64_t order_ms;	/* when it was given, CLOCK_BOOTTIME */
	struct {
		char group[HEALTH_NAME_MAX];
		uint8_t family;
		uint8_t state;		/* enum node_state */
		bool announced;
		uint32_t penalty;	/* at saved_ms */
		bool suppressed;
		uint64_t suppressed_ms;
	} units[HEALTH_UNITS_MAX];
	size_t unit_cnt;
	uint64_t saved_ms;
};

struct health;

/* A unit as it is now; valid until the next call that changes anything. */
struct health_unit {
	const struct health_group_conf *group;	/* borrowed from the conf */
	uint8_t family;
	enum node_state state;	/* UNKNOWN: not decided yet after the start */
	uint64_t since_ms;
	bool announced;
	struct health_attributes attributes;	/* of its routes, if announced */
	char cause[HEALTH_CAUSE_MAX];	/* in words; no control characters */
	uint32_t penalty;
	bool suppressed;
	uint64_t until_ms;	/* when hold-down, drain or suppression end; 0 */
};

/* conf is copied.  memory may be NULL (first start): every unit is UNKNOWN and
 * not announced until its probes have risen and hold-down is over.  With a
 * memory (fresh: the caller decides), a unit that was announced is adopted: it
 * keeps its state with the first good attempt of each of its probes, needing
 * neither rise nor hold-down; the first bad attempt of a withdraw probe makes
 * it DOWN.  0, EINVAL (conf is out of its bounds) or ENOMEM.
 */
int health_new(struct health **out, const struct health_conf *conf,
	       const struct health_memory *memory, uint64_t now_ms);
void health_free(struct health *h);

/* text: the probe's own words ("no answer in 500 ms", "302 to sip:..."). */
void health_attempted(struct health *h, size_t probe, enum health_attempt what,
		      const char *text, uint64_t now_ms);

/* force: a drain need not wait for another node that is up. */
void health_ordered(struct health *h, enum health_order order, bool force,
		    uint64_t now_ms);

/* Peer i (0..peer_cnt-1) says so, or has not been heard: NODE_UNKNOWN. */
void health_peer(struct health *h, size_t peer, enum node_state state,
		 uint64_t now_ms);

/* Let time pass: hold-down, drain, damping.  Returns when it wants to be
 * called again at the latest, UINT64_MAX: nothing is due.
 */
uint64_t health_tick(struct health *h, uint64_t now_ms);

/* True until this call if a unit, an order or the routes changed since the
 * last one.
 */
bool health_changed(struct health *h);

size_t health_unit_cnt(const struct health *h);
const struct health_unit *health_unit(const struct health *h, size_t i);

/* Every unit has a state other than UNKNOWN. */
bool health_decided(const struct health *h);

/* The node as a whole, for node.state and peers: the service units' states;
 * UP when all are, DOWN when all are, DEGRADED in between; an order goes before.
 * cause is set as in a unit.
 */
enum node_state health_node(const struct health *h,
			    char cause[static HEALTH_CAUSE_MAX]);

enum health_order health_order(const struct health *h);
/* A drain that has been withdrawn (or needed nothing): safe to stop. */
bool health_drained(const struct health *h);

/* Is the probe good (NODE_UP), bad (NODE_DOWN) or not decided (NODE_UNKNOWN)?
 * run: how many attempts of the last kind in a row.
 */
enum node_state health_probe(const struct health *h, size_t probe,
			     unsigned *run);

/* Should the probe go on at its fast interval?  It is not decided, or its last
 * attempts speak against its verdict.
 */
bool health_probe_undecided(const struct health *h, size_t probe);

/* What is to be announced. */
void health_routes(const struct health *h, struct route_set *out);

void health_remember(const struct health *h, struct health_memory *out,
		     uint64_t now_ms);

#endif
