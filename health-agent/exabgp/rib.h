/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rib.h - makes ExaBGP's adj-rib-out what is wanted, a command at a time
 *
 * For each pair of a neighbour and an own prefix of its family it keeps what
 * ExaBGP has announced there, as far as is known, and from that and the wanted
 * set the next single command.  `done' is believed but not trusted: ExaBGP says
 * it without a session, and for routes no router takes.  So sessions and
 * adj-rib-out are asked for when the commands are through, when a session comes
 * up, and every RIB_CHECK_MS; what they show to be different is put right.
 *
 *            +-- summary --> SYNCED --+-- withdraw, announce
 *   UNSYNCED |                        +-- adj-rib-out, summary
 *            +---- no answer in time -+
 *
 * Answers carry no number.  ExaBGP gives them in the order of the commands
 * (version and unknown commands are answered out of order, so none is ever
 * sent), and those of a predecessor that was killed come to its successor.
 * Only the summary's begins with a line of its own, the heading: so after the
 * start and after a command without an answer a summary is asked for, and
 * whatever comes before its heading is an older answer.  A heading at another
 * time is that of an older summary, and the next `done' is its.
 *
 * ExaBGP is not told of routes for a session that is down, and those it has are
 * withdrawn.  What it is told while a session begins it sends in an order of its
 * own (4.2.21 to 5.0.15): changed and changed back, a router has the change;
 * withdrawn, it may have the route; and the adj-rib-out shows nothing of it.
 *
 * Own prefixes that are found where they are not wanted are withdrawn, also at
 * neighbours that are not ours to announce to; others are never touched.
 * Nothing is withdrawn or announced before the first rib_want().
 *
 * Pure: no clock, no descriptor, no memory.  Time is CLOCK_BOOTTIME.
 */
#ifndef EXABGP_RIB_H
#define EXABGP_RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health-agent/exabgp/dialect.h"
#include "health-agent/guardian/link.h"
#include "health-agent/route/route.h"

enum {
	RIB_NEIGHBORS_MAX = LINK_SESSIONS_MAX,
	RIB_STRAYS_MAX = 16,
	RIB_CHECK_MS = 2000,
	RIB_AWAIT_MS = 250,	/* the same, where a session is waited for */
	RIB_HASTE_MS = 50,	/* between checks that events ask for */
	RIB_RETRY_MS = 500,	/* doubled with each failure, up to: */
	RIB_RETRY_MAX_MS = 30000,
};

struct rib_conf {
	uint64_t ack_timeout_ms;
	uint32_t exabgp_pid;	/* whose shutdown is meant */
	struct dialect_neighbor neighbors[RIB_NEIGHBORS_MAX];
	size_t neighbor_cnt;
	struct prefix own[ROUTE_PREFIXES_MAX];
	size_t own_cnt;
};

/* What ExaBGP has for a pair. */
enum rib_there {
	RIB_UNKNOWN,	/* not asked yet, or a command was not answered */
	RIB_ABSENT,
	RIB_OTHER,	/* a route, but not as it is wanted */
	RIB_SAME,
};

struct rib_pair {
	enum rib_there there;
	bool proven;	/* that was listed, not only acked */
	bool listed;	/* in the listing that is being read */
	bool missing;	/* acked, but not listed */
	bool refused;	/* the last command was answered with error */
	uint8_t failures;	/* in a row, since it was last as wanted */
	uint64_t retry_ms;
};

enum rib_task { RIB_NONE, RIB_SUMMARY, RIB_LISTING, RIB_ANNOUNCE, RIB_WITHDRAW,
		RIB_STRAY };

struct rib_counts {
	uint64_t commands;
	uint64_t errors;	/* answered with error */
	uint64_t timeouts;	/* not answered in time */
	uint64_t resyncs;	/* listings that differed from what was known */
	uint64_t events;
	uint64_t dropped;	/* lines of no use: nonsense, late answers */
};

struct rib {
	struct rib_conf conf;

	struct route_set want;
	bool wants;		/* there has been a first want */
	uint64_t generation, done_generation;

	struct link_session sessions[RIB_NEIGHBORS_MAX];
	/* established, as the last whole summary had it: events, which others
	 * may have written, move nothing
	 */
	bool ready[RIB_NEIGHBORS_MAX];
	struct rib_pair pairs[RIB_NEIGHBORS_MAX][ROUTE_PREFIXES_MAX];
	struct {		/* own prefixes at others' neighbours */
		struct addr neighbor;
		struct prefix prefix;
	} strays[RIB_STRAYS_MAX];
	size_t stray_cnt;

	/* the command in flight */
	enum rib_task task;
	size_t neighbor, prefix;	/* of ANNOUNCE and WITHDRAW */
	bool outdated;		/* its route is wanted otherwise by now */
	bool heading;		/* of SUMMARY: seen */
	bool rows[RIB_NEIGHBORS_MAX];	/* of SUMMARY: established */
	bool ups[RIB_NEIGHBORS_MAX];	/* ... and what events said since */
	bool differs;		/* of LISTING: from what was known */
	uint64_t begun_ms, deadline_ms;

	bool synced;
	unsigned older;		/* dones to come that are older summaries' */
	uint8_t sync_failures, list_failures;
	uint64_t sync_ms, summary_ms, listing_ms;	/* when each is due */
	uint64_t checked_ms;	/* when it was last asked for either */
	bool prove;		/* a listing is due when all is acked */
	bool leaving;		/* ExaBGP has said shutdown */

	bool found_known;
	struct route_set found;
	uint64_t heard_ms;	/* an ack, or a line of a listing */
	uint64_t last_ack_ms;
	struct rib_counts counts;
	bool changed;		/* since the last rib_status() */
};

void rib_init(struct rib *rib, const struct rib_conf *conf, uint64_t now_ms);

/* Announce exactly this from now on.  Routes of prefixes that are not own are
 * not announced, and LINK_PROOF_REFUSED.
 */
void rib_want(struct rib *rib, const struct route_set *set,
	      uint64_t generation, uint64_t now_ms);

/* A line from ExaBGP, without its LF. */
void rib_line(struct rib *rib, struct slice line, uint64_t now_ms);

/* The command to send now, and its length; 0: none.  It counts as sent, unless
 * rib_unsent() says otherwise at once.
 */
size_t rib_command(struct rib *rib, char out[static DIALECT_COMMAND_MAX],
		   uint64_t now_ms);
void rib_unsent(struct rib *rib);

/* When rib_command() may have one without another line having come. */
uint64_t rib_due(const struct rib *rib, uint64_t now_ms);

/* This program was kept from running for so long, and ExaBGP's answers may
 * wait to be read: nobody is late for that.
 */
void rib_paused(struct rib *rib, uint64_t ms);

/* All that is wanted has been acked. */
bool rib_settled(const struct rib *rib);

/* ExaBGP answers. */
bool rib_alive(const struct rib *rib, uint64_t now_ms);

/* Fills in what is known of routes, sessions, counters and what was found.
 * True: something other than a counter changed since the last call.
 */
bool rib_status(struct rib *rib, struct link_status *out, uint64_t now_ms);

#endif
