/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.h - a pinner without relay, clock and sockets, for the tests here
 *
 * The relay is an array of rows that insists on order: a port is opened once,
 * set and closed while it is open.  Commands are written as tables.
 */
#ifndef CALL_TEST_WORLD_H
#define CALL_TEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "rtp-pinner/call/calls.h"

enum {
	WORLD_PORT_MIN = 30000,
	WORLD_PORT_MAX = 30199,
	WORLD_PORTS = WORLD_PORT_MAX - WORLD_PORT_MIN + 1,
	WORLD_SESSIONS = 8,
	WORLD_OFFER_TIMEOUT = 100 * 1000,
	WORLD_SILENCE_TIMEOUT = 60 * 1000,
	WORLD_HOLD_TIMEOUT = 600 * 1000,
	WORLD_DELETE_DELAY = 30 * 1000,
	WORLD_QUARANTINE = 20 * 1000,
};

#define WORLD_MEDIA4 "198.51.100.11"
#define WORLD_MEDIA6 "2001:db8:1::11"
#define WORLD_SERVICE4 "192.0.2.53"

struct world {
	struct calls *calls;
	uint64_t now_ms;
	struct calls_reply reply;	/* of the last offer or answer */
	struct calls_deleted deleted;
	char ended[256];	/* "ID:reason " for each call that ended */
	unsigned changes;	/* calls of changed */
	unsigned sets;		/* of set */
	unsigned opens;
	uint32_t generation;
	int open_error;		/* given by open, once open_good is 0 */
	unsigned open_good;
	uint16_t taken_port;	/* EADDRINUSE there */
	struct flow_row rows[WORLD_PORTS];
};

/* What a command says; NULL and 0 are absent. */
struct say {
	const char *call;	/* default "c" */
	const char *from;
	const char *to;
	const char *branch;
	const char *label;
	const char *sdp;
	const char *received;
	const char *transport;
	const char *media_address;
	uint64_t flags;
	uint8_t family;
	enum ng_ice ice;
	enum ng_gate gate;
	const char *gate_prefix;
	enum ng_message_type type;
	int tos;		/* 0: unset */
	bool at_once;		/* delete-delay 0 */
	bool probe;		/* the health agent's */
};

/* cmocka's setup and teardown: *state is a struct world. */
int world_setup(void **state);
int world_teardown(void **state);

/* A conf like that of the world, to be changed before world_start(). */
struct calls_conf world_conf(void);
void world_start(struct world *w, const struct calls_conf *conf);

/* Carry out; the result.  The reply's SDP is freed by the next one. */
enum calls_result world_offer(struct world *w, struct say say);
enum calls_result world_answer(struct world *w, struct say say);

/* Fails the test unless CALLS_OK. */
void world_offer_ok(struct world *w, struct say say);
void world_answer_ok(struct world *w, struct say say);
void world_delete(struct world *w, struct say say);

/* Time passes, calls_tick() at every deadline on the way. */
void world_pass(struct world *w, uint64_t ms);

/* Restart: a new struct calls takes the packed call back.  Its errno. */
int world_restart(struct world *w, const char *call);

const struct call *world_call(struct world *w, const char *id);

/* The port the party of this tag sends to, in the call "c"; 0: none. */
uint16_t world_port(struct world *w, const char *tag, unsigned media);

/* Where a packet goes that arrives at this port: "10.0.0.1:4000", "-" for
 * nowhere.  Static memory, a few at a time.
 */
const char *world_route(struct world *w, uint16_t port);
const char *world_rtcp_route(struct world *w, uint16_t port);

/* "strict: 10.0.0.1 10.0.0.2/24" */
const char *world_gate(struct world *w, uint16_t port);

const struct flow_conf *world_row(struct world *w, uint16_t port);

/* A packet has passed there now. */
void world_packet(struct world *w, uint16_t port);

/* Ports in use, by allocator and by relay: they must agree. */
unsigned world_used(struct world *w);

uint64_t world_counter(struct world *w, enum calls_counter which);

/* "m=" port n of an SDP, and whether a text stands in the last reply's. */
uint16_t sdp_port(const char *sdp, unsigned n);
bool world_says(struct world *w, const char *text);

/* An SDP with one audio at addr:port and extra lines (NULL: none).  Static
 * memory, a few at a time.
 */
const char *audio(const char *addr, unsigned port, const char *extra);

/* The same with a video at video_port. */
const char *audio_video(const char *addr, unsigned port, unsigned video_port);

/* Offer and answer of an ordinary call "c": f at 203.0.113.1:4000, t at
 * 203.0.113.2:5000.
 */
void world_talk(struct world *w);

#endif
