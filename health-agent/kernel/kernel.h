/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel.h - the output `kernel': routes in a table of the kernel's
 *
 * For nodes whose own BIRD or FRR speaks BGP or OSPF: it learns the table (200
 * unless told otherwise; no rule looks into it, so no packet ever takes these
 * routes) and announces what is there.  The metric tells the state (plan.h).
 *
 * The routes go to a TUN device that is the guardian's own and lives as long
 * as its descriptor.  That is the death switch: whatever ends the guardian, be
 * it SIGKILL, the kernel takes the device away and the routes with it.  Packets
 * that come to the device are read and dropped.
 *
 * The kernel is asked one thing at a time, and never waited for:
 *
 *   SETUP (device up) --> DUMP4 --> DUMP6 --> as wanted? --no--> CHANGE
 *                           ^                   | yes              |
 *      event, want, retry,  |                   v                  |
 *      a second has gone ---+                 IDLE                 |
 *                           +--------------------------------------+
 *
 * Each CHANGE is followed by a dump: what is advertised is what the table has
 * been seen to have.  What the kernel refuses is tried again each second.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health-agent/guardian/output.h"
#include "health-agent/kernel/nl.h"
#include "health-agent/kernel/plan.h"

/* Where a program that execs itself anew finds the device's descriptor, and the
 * table of its routes: "7,200".
 */
#define KERNEL_KEPT_DEVICE "ANYCAST_KERNEL_TUN"

enum {
	KERNEL_PROOF_MS = 1000,	/* between dumps when nothing happens */
	KERNEL_RETRY_MS = 1000,
	KERNEL_ROUNDS_MAX = 4,	/* changes without success before a pause */
};

enum kernel_asking {
	KERNEL_IDLE,
	KERNEL_SETUP,
	KERNEL_DUMP4,
	KERNEL_DUMP6,
	KERNEL_CHANGE,
};

/* What the kernel is being asked (kernel_ask.c). */
struct kernel_request {
	int fd;			/* -1: none */
	uint32_t port;		/* its address */
	enum kernel_asking asking;
	uint32_t seq;		/* of its first message */
	uint32_t next_seq;	/* one past its last one's */
	size_t acks_due;
	uint64_t asked_ms;
	bool refused;		/* one of its messages */
	bool interrupted;	/* a dump that is to be made again */
	struct plan_table dump;	/* being filled */
	struct plan_change changes[PLAN_CHANGES_MAX];
	size_t change_cnt;
};

struct output {
	/* identity */
	uint32_t table_id;
	uint8_t protocol;	/* whose routes are looked at; 0: all */
	char device[NL_DEVICE_MAX];
	uint64_t timeout_ms;	/* of a request */
	struct prefix own[ROUTE_PREFIXES_MAX];
	size_t own_cnt;

	/* the device and who tells of it; -1: none */
	int tun;
	uint32_t ifindex;
	int events;

	/* what is wanted */
	bool has_want;
	struct route_set want;
	uint64_t generation;

	struct kernel_request request;

	/* what comes next */
	bool setup_due;
	bool dump_due;
	bool plan_due;
	unsigned rounds;	/* of changes since the table was right */
	uint64_t retry_ms;	/* nothing is changed before; 0: go on */
	uint64_t device_ms;	/* when to try again with the device; 0 */
	uint64_t proof_ms;	/* the next dump at the latest */

	/* what is known */
	bool table_known;
	struct plan_table table;
	bool settled;		/* it is what is wanted */
	bool found_known;
	struct route_set found;
	uint64_t done_generation;
	uint64_t last_ack_ms;
	int refused[ROUTE_PREFIXES_MAX];	/* errno, of own[i] */
	int device_err;		/* why there is no device, or it is not up */

	uint64_t commands, errors, timeouts, resyncs, heard, lost;
	uint64_t packets;	/* that came to the device, but multicast */

	/* what status() said last */
	uint8_t told_proofs[ROUTE_PREFIXES_MAX];
	uint64_t told_generation;
	char told_text[LINK_TEXT_MAX];
	bool told_found;
};

/* kernel_ask.c: ask what is due and hear the answers, as far as that goes
 * without waiting.
 */
void kernel_ask(struct output *o, uint64_t now_ms);

/* The request's answer did not come in time, or cannot be understood. */
void kernel_ask_anew(struct output *o, uint64_t now_ms);

/* kernel_status.c */
bool kernel_status(struct output *o, struct link_status *out);

#endif
