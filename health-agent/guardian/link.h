/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link.h - guardian and worker talk: messages over a SOCK_SEQPACKET pair
 *
 * The guardian starts the worker with the socket as descriptor LINK_FD.  One
 * message is one packet, a struct of this file as it is (both are the same
 * program; magic and version are checked because an upgrade may replace the
 * file in between).  Neither side blocks: a full socket drops the message, and
 * the next one says the same again.
 *
 * The worker sends LINK_BEAT at least every LINK_BEAT_MS, and LINK_WANT at
 * each change and with every beat once it has decided.  The guardian sends
 * LINK_STATUS at each change and every second.
 */
#ifndef GUARDIAN_LINK_H
#define GUARDIAN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "health-agent/route/route.h"

enum {
	LINK_FD = 3,
	LINK_BEAT_MS = 250,
	LINK_SESSIONS_MAX = 16,
	LINK_TEXT_MAX = 128,
};

enum link_type {
	LINK_BEAT,		/* worker: my loop turns */
	LINK_WANT,		/* worker: announce exactly this (struct link_want) */
	LINK_RESTART,		/* worker: exec yourself anew, routes stay */
	LINK_STOP,		/* worker: withdraw and end (after a drain) */
	LINK_STATUS,		/* guardian: struct link_status */
	LINK_TYPES
};

struct link_head {
	uint32_t magic;
	uint16_t version;
	uint16_t type;		/* enum link_type */
};

struct link_want {
	struct link_head head;
	uint64_t generation;	/* counts the worker's changes */
	bool drained;		/* this is a drain's end: STATUS may say so */
	struct route_set set;
};

/* Is a wanted route where it should be?  In this order of badness. */
enum link_proof {
	LINK_PROOF_NONE,	/* not wanted, not there */
	LINK_PROOF_ADVERTISED,	/* session up and in its adj-rib-out (exabgp),
				 * in the table (kernel) */
	LINK_PROOF_PENDING,	/* command sent, not seen yet */
	LINK_PROOF_SESSION_DOWN,
	LINK_PROOF_MISSING,	/* acked, but not in adj-rib-out */
	LINK_PROOF_REFUSED,	/* `error' */
	LINK_PROOF_UNWANTED,	/* still there and should not be */
	LINK_PROOFS
};

struct link_session {
	struct addr neighbor;
	uint32_t remote_as;
	uint8_t family;		/* of its one address family */
	bool up;
	uint64_t since_ms;	/* CLOCK_BOOTTIME */
	char reason[LINK_TEXT_MAX];	/* of its last down; clean */
};

struct link_status {
	struct link_head head;
	uint64_t generation;	/* of the last want that is done: acked */
	char output[16];	/* "exabgp", "kernel", "dry-run" */
	char output_text[LINK_TEXT_MAX];	/* what ails it; "" nothing */
	uint64_t last_ack_ms;	/* CLOCK_BOOTTIME; 0 never */
	uint64_t commands, errors, timeouts, resyncs, events, dropped_lines;
	uint32_t worker_starts;	/* how many workers there have been */
	struct {
		struct prefix prefix;
		uint8_t proof;	/* enum link_proof, worst over its sessions */
	} routes[ROUTE_PREFIXES_MAX];
	size_t route_cnt;
	struct link_session sessions[LINK_SESSIONS_MAX];
	size_t session_cnt;
	/* found at start, before the first want: what to adopt */
	bool found_known;
	struct route_set found;	/* med, prepend, communities as they are */
};

/* Send a message of this type; len is the size of its struct, which begins
 * with the struct link_head that is filled here (in what is sent, message is
 * left alone).  NULL and 0: there is nothing behind the head.  0; EAGAIN the
 * socket is full; or an errno (EPIPE: the other one is gone).
 */
int link_send(int fd, const void *message, size_t len, enum link_type type);

union link_message {
	struct link_head head;
	struct link_want want;
	struct link_status status;
};

/* 0; EAGAIN nothing there; ECONNRESET the other one is gone; EBADMSG a
 * message of another version or length, or with a count out of its array,
 * dropped.
 */
int link_receive(int fd, union link_message *out);

const char *link_proof_name(enum link_proof proof);

#endif
