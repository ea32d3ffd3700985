/* SPDX-License-Identifier: GPL-3.0-or-later */
/* health.h - the policy: what probes, operator and peers mean for each prefix
 *
 * Pure: no clock, no I/O, no allocation after health_new().  Time is
 * CLOCK_BOOTTIME milliseconds, given with every call and never going back.
 *
 *   attempts of a probe --rise/fall--> verdict --+
 *   operator's order ----------------------------+--> unit's state --> routes
 *   states of the other nodes -------------------+
 *
 * A *group* is what moves together: some prefixes and the probes that speak
 * for them.  A *unit* is a group in one address family it has prefixes of; each
 * has a state of its own, from the probes of its group that are of its family
 * or of none.  A unit for which no probe speaks stays DOWN, and says so.
 *
 *            all good for hold-down       a `degrade' probe bad
 *     DOWN --------------------------> UP <---------> DEGRADED
 *      ^   <--------------------------                   |
 *      |      a `withdraw' probe bad                     |
 *      +-------------------------------------------------+
 *   any --drain--> DRAINING (65535:0, worst MED) --wait--> withdrawn, still
 *   DRAINING --resume--> what the probes say; any --disable--> DISABLED
 *
 * At the start a unit is UNKNOWN until each of its probes has a verdict; then
 * hold-down begins.  A probe's verdict needs `rise' good or `fall' bad attempts
 * in a row, so one whose attempts alternate keeps the verdict it has; one that
 * has none yet is given a bad one after twice rise + fall attempts.
 *
 * Damping: each loss of UP or DEGRADED adds to a unit's penalty, and so does
 * each death of a worker that had it announced; the penalty halves every
 * half-life; above `suppress' the unit stays DOWN until it is below
 * `reuse' again, or for suppress_max.  (Upstream damping, RFC 7196, punishes
 * longer.)
 *
 * Last node: no other node is known to be up.  One not heard from is unknown,
 * and not up; neither is a degraded one, which may be in the same trouble:
 *   - a unit whose bad probes are all of scope `remote' ("I cannot reach
 *     others") is DEGRADED and not DOWN.  Where another node is up it becomes
 *     DEGRADED at first all the same, and DOWN when that node has stayed up for
 *     remote_wait: by then it would have told of the same trouble, and two
 *     nodes that lose their uplink together do not both withdraw;
 *   - a drain waits with its withdrawal until another node is up, and has been
 *     for the drain's wait (its routes must have spread), or it is forced;
 *   - a unit that damping would hold DOWN is announced as DEGRADED, unless no
 *     other nodes are configured at all.  At the start others are given
 *     HEALTH_HEAR_MS to be heard.
 *
 * An operator's `resume' means: what the probes say now counts.  It ends a
 * drain or a disable without hold-down, and forgives all penalties.
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
	HEALTH_CAUSE_MAX = 384,
	/* configured: two places are kept for 65535:0 and NO_EXPORT */
	HEALTH_COMMUNITIES_MAX = ROUTE_COMMUNITIES_MAX - 2,
};

/* After the start another node has been heard by then, if it is there. */
enum { HEALTH_HEAR_MS = 3000 };

#define HEALTH_TIME_MAX_MS UINT64_C(2592000000)	/* 30 days: any wait here */

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
	unsigned rise;		/* >= 1: good attempts until it is good */
	unsigned fall;		/* >= 1: bad ones until it is bad */
};

/* The attributes of a state's route. */
struct health_attributes {
	uint32_t med;
	uint8_t prepend;
	uint8_t community_cnt;		/* <= HEALTH_COMMUNITIES_MAX */
	uint8_t large_cnt;
	uint32_t communities[ROUTE_COMMUNITIES_MAX];
	struct route_large large[ROUTE_LARGE_MAX];
};

struct health_group_conf {
	char name[HEALTH_NAME_MAX];
	bool is_service;	/* the node's state is made of these groups */
	struct prefix prefixes[ROUTE_PREFIXES_MAX];
	size_t prefix_cnt;
	uint64_t hold_down_ms;	/* good for so long before DOWN becomes UP */
	uint64_t drain_wait_ms;	/* announced with 65535:0 until withdrawn */
	uint32_t penalty;	/* of each loss; 0: no damping */
	uint32_t suppress, reuse;	/* 1 <= reuse < suppress */
	uint64_t half_life_ms;		/* >= 1 */
	uint64_t suppress_max_ms;
	uint64_t remote_wait_ms;	/* another node up for so long before
					 * a `remote' probe withdraws */
	struct health_attributes up, degraded;
	struct health_attributes draining;	/* gets 65535:0 besides */
};

struct health_conf {
	struct health_probe_conf probes[HEALTH_PROBES_MAX];
	size_t probe_cnt;
	struct health_group_conf groups[HEALTH_GROUPS_MAX];
	size_t group_cnt;
	enum site_class class;	/* local: NO_EXPORT on every route */
	size_t peer_cnt;	/* the other nodes of the site */
	/* bit i: peer i is of class local.  Its route does not go beyond its
	 * neighbours, so it cannot take over, and never counts as up.
	 */
	uint8_t peer_local[SITE_NODES_MAX / 8];
};

enum health_order {
	HEALTH_RESUME,
	HEALTH_DRAIN,
	HEALTH_DISABLE,
	HEALTH_ORDERS
};

struct health_command {
	enum health_order order;
	bool force;		/* a drain need not wait for another node */
	bool has_wait;		/* wait_ms goes before drain_wait_ms */
	uint64_t wait_ms;
	bool has_deadline;	/* deadline_ms goes before the agent's own: how
				 * long running calls are waited for (drain.h)
				 */
	uint64_t deadline_ms;
	bool has_phones;	/* the same for phones_ms */
	uint64_t phones_ms;
};

/* One attempt of a probe. */
enum health_attempt {
	HEALTH_GOOD,
	HEALTH_BAD,		/* counts towards fall */
	HEALTH_GONE,		/* bad at once, without fall: a process died */
};

/* What is remembered over a restart of the agent (no pointers: written to a
 * file as it is, by daemon/snapshot.c, with the names to match it by).
 */
struct health_memory {
	enum health_order order;
	bool forced;
	bool has_wait;
	uint64_t wait_ms;
	bool has_deadline;
	uint64_t deadline_ms;
	bool has_phones;
	uint64_t phones_ms;
	uint64_t order_ms;	/* when it was given, CLOCK_BOOTTIME */
	uint64_t withdrawn_ms;	/* of drain.h, which is not the policy's: its
				 * owner puts it in; 0: it is not */
	struct {
		char group[HEALTH_NAME_MAX];
		uint8_t family;
		uint8_t state;		/* enum node_state */
		bool announced;
		uint64_t since_ms;	/* of state */
		uint32_t penalty;	/* at saved_ms */
		bool suppressed;
		uint64_t suppressed_ms;
	} units[HEALTH_UNITS_MAX];
	size_t unit_cnt;
	uint64_t saved_ms;
};

struct health;

/* Why a unit is not better than it is. */
enum health_hold {
	HEALTH_HOLD_NONE,	/* nothing holds it: it is UP */
	HEALTH_HOLD_NO_PROBE,	/* no probe speaks for it */
	HEALTH_HOLD_UNDECIDED,	/* some probes have no verdict yet */
	HEALTH_HOLD_ADOPTING,	/* was announced before the start, awaits the
				 * first attempt of each probe till until_ms */
	HEALTH_HOLD_PROBES,	/* bad probes */
	HEALTH_HOLD_REMOTE,	/* bad `remote' probes and another node is up:
				 * DOWN, or DEGRADED until until_ms */
	HEALTH_HOLD_REMOTE_LAST,	/* ... and none is up: DEGRADED */
	HEALTH_HOLD_DOWN,	/* hold-down, until until_ms */
	HEALTH_HOLD_DAMPED,	/* suppressed, until until_ms */
	HEALTH_HOLD_DAMPED_LAST,	/* ... but the last node: DEGRADED */
	HEALTH_HOLD_DRAIN_WAIT,	/* announced until until_ms */
	HEALTH_HOLD_DRAIN_LAST,	/* announced until another node is up */
	HEALTH_HOLD_DRAINED,	/* withdrawn by a drain */
	HEALTH_HOLD_DISABLED,
	HEALTH_HOLDS
};

/* A unit as it is now; valid until the next call that changes anything. */
struct health_unit {
	const struct health_group_conf *group;	/* borrowed from the conf */
	uint8_t family;
	enum node_state state;	/* UNKNOWN: not decided yet after the start */
	enum health_hold hold;
	uint64_t since_ms;
	bool announced;
	struct health_attributes attributes;	/* of its routes, if announced:
						 * with 65535:0 and NO_EXPORT */
	char cause[HEALTH_CAUSE_MAX];	/* in words; no control characters */
	uint32_t penalty;
	bool suppressed;
	uint64_t suppressed_until_ms;	/* if so: at the latest */
	uint64_t until_ms;	/* when `hold' ends by itself; 0: it does not */
};

/* conf is copied.  memory may be NULL (first start): every unit is UNKNOWN and
 * nothing is announced until its probes have risen and hold-down is over.
 *
 * The order of a memory always counts; its units only as long as they are true,
 * so the caller takes them out (unit_cnt = 0) when it is old.  A unit that was
 * announced is adopted: it keeps its state with the first good attempt of each
 * of its probes, needing neither rise nor hold-down; the first bad attempt of a
 * withdraw probe makes it DOWN, and so does the end of adopt_ms (0: there is
 * none).  0, EINVAL (conf is out of its bounds) or ENOMEM.
 *
 * For a reload, make a new one with what the old one remembers and an adopt_ms
 * longer than any probe's timeout, tell it the peers' states, let probes
 * inherit, and then let it follow, in this order: so no unit moves for it.
 */
int health_new(struct health **out, const struct health_conf *conf,
	       const struct health_memory *memory, uint64_t adopt_ms,
	       uint64_t now_ms);
void health_free(struct health *h);

/* What was announced before the start has been withdrawn meanwhile, all but
 * what is there: the guardian does so when a worker dies.  For the units that
 * are being adopted and have nothing there this is a loss as others are, once.
 * They return as any that is adopted, unless they are suppressed by now.
 * Returns how many there are.
 */
size_t health_lost(struct health *h, const struct route_set *there,
		   uint64_t now_ms);

/* text: the probe's own words ("no answer in 500 ms", "302 to sip:..."). */
void health_attempted(struct health *h, size_t probe, enum health_attempt what,
		      const char *text, uint64_t now_ms);

/* The same order again changes nothing, but: a drain may become forced or get
 * another wait (counted from its first beginning) or deadline, a resume forgives
 * penalties.
 */
void health_ordered(struct health *h, const struct health_command *command,
		    uint64_t now_ms);

/* For a reload: the probe is the one that was number `from' in old, and goes on
 * with its verdict, unless it has had an attempt here.
 */
void health_inherit(struct health *h, size_t probe, const struct health *old,
		    size_t from, uint64_t now_ms);

/* For a reload: what has held for some time in old, such as all that hold-down
 * waits for, has held for as long here.
 */
void health_follow(struct health *h, const struct health *old, uint64_t now_ms);

/* Peer i (0..peer_cnt-1) says so, or has not been heard: NODE_UNKNOWN. */
void health_peer(struct health *h, size_t peer, enum node_state state,
		 uint64_t now_ms);

/* Let time pass: hold-down, drain, damping, adoption.  Returns when it wants to
 * be called again at the latest, always after now_ms; UINT64_MAX: nothing is
 * due.  It may also be called to have causes with fresh times in them.
 */
uint64_t health_tick(struct health *h, uint64_t now_ms);

/* True until this call if a unit's state, an order or the routes changed since
 * the last one.
 */
bool health_changed(struct health *h);

size_t health_unit_cnt(const struct health *h);
const struct health_unit *health_unit(const struct health *h, size_t i);

/* No unit is being adopted any more.  Until then the routes of health_routes()
 * are not complete: leave what is announced as it is, or see health_keep().
 */
bool health_decided(const struct health *h);

/* The node as a whole, for node.state and peers, from the units of service
 * groups: UP when all are, UNKNOWN when all are, DOWN when none is announced,
 * DEGRADED in between; an order goes before.  cause is set as in a unit.
 */
enum node_state health_node(const struct health *h,
			    char cause[static HEALTH_CAUSE_MAX]);

/* The order in force; force and wait are those of a drain. */
const struct health_command *health_command(const struct health *h);

/* A drain or disable that has nothing announced (any more): safe to stop. */
bool health_drained(const struct health *h);

/* How many other nodes are up and could take over.  0: a drain that is not
 * forced will wait for one.
 */
size_t health_others_up(const struct health *h);

const struct health_conf *health_conf(const struct health *h);

/* Is the probe good (NODE_UP), bad (NODE_DOWN) or not decided (NODE_UNKNOWN)?
 * run: how many attempts of the last kind in a row.
 */
enum node_state health_probe(const struct health *h, size_t probe,
			     unsigned *run);

/* What the last attempt said, clean; "" when there was none. */
const char *health_probe_text(const struct health *h, size_t probe);

/* "sip-udp (IPv4) has failed 3 times: no answer in 500 ms", NUL-terminated, cut
 * where it does not fit; returns its length.
 */
size_t health_probe_tell(const struct health *h, size_t probe, char *out,
			 size_t room);

/* So many more good attempts in a row and it is good; 0: it is. */
unsigned health_probe_needs(const struct health *h, size_t probe);

/* Does the probe speak for the unit: of its group, of its family or none? */
bool health_speaks(const struct health *h, size_t probe, size_t unit);

/* Should the probe go on at its fast interval?  It is not decided, or its last
 * attempt speaks against its verdict.
 */
bool health_probe_undecided(const struct health *h, size_t probe);

/* What is to be announced. */
void health_routes(const struct health *h, struct route_set *out);

/* Add to want what announced has of the units that are still being adopted: so
 * the others need not wait for them.
 */
void health_keep(const struct health *h, const struct route_set *announced,
		 struct route_set *want);

/* A health made of it at once remembers the same. */
void health_remember(const struct health *h, struct health_memory *out,
		     uint64_t now_ms);

/* For a reload: what a health of the next configuration is to be made with.  A
 * group that is new in it goes on from the one that has had its prefixes.
 */
void health_remember_for(const struct health *h, const struct health_conf *next,
			 struct health_memory *out, uint64_t now_ms);

#endif
