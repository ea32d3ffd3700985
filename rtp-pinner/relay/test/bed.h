/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bed.h - where relay tests run: a private network namespace with phones
 *
 * The namespace has lo alone, with these addresses.  All media of a test goes
 * through one relay, made by bed_start().
 */
#ifndef RELAY_TEST_BED_H
#define RELAY_TEST_BED_H

#include "common/test/table.h"

#include "rtp-pinner/relay/relay.h"

#define MEDIA4 "127.0.53.11"
#define MEDIA6 "2001:db8::11"
#define ALICE4 "127.0.1.1"
#define ALICE6 "2001:db8:1::1"
#define BOB4 "127.0.1.2"
#define BOB6 "2001:db8:1::2"
#define STRANGER4 "127.0.66.6"
#define STRANGER6 "2001:db8:66::6"

enum {
	BED_PORT_MIN = 20000,
	BED_PORT_MAX = 20099,
	BED_WAIT_MS = 5000,	/* a generous limit for what must happen */
	BED_KEPT_MAX = 24,
	BED_SKIPPED = 4,	/* exit code */
};

/* Of the call most tests have. */
enum {
	ALICE_PORT = 4000,
	BOB_PORT = 4100,
	PORT_A = BED_PORT_MIN,
	PORT_B = PORT_A + 1,
};

struct bed_kept {
	char name[16];
	int fd;
};

struct bed {
	enum relay_kind kind;
	char dir[64];		/* state directory */
	struct relay_conf conf;
	struct relay *relay;
	struct relay_keeper keeper;
	struct bed_kept kept[BED_KEPT_MAX];
	size_t kept_cnt;
};

/* Leave the caller's network namespace.  0, or BED_SKIPPED when that is not
 * permitted, with the reason on stdout.
 */
int bed_enter(void);

/* cmocka's; the kind is in *state before (bed_kinds), a struct bed after. */
int bed_setup(void **state);
int bed_teardown(void **state);
extern const enum relay_kind bed_range, bed_sockets;

/* Entries of cmocka's table: a test with one backend, or with each. */
#define RANGE(test) \
	{ "range: " #test, test, bed_setup, bed_teardown, \
	  (void *)(uintptr_t)&bed_range }
#define SOCKETS(test) \
	{ "sockets: " #test, test, bed_setup, bed_teardown, \
	  (void *)(uintptr_t)&bed_sockets }
#define BOTH(test) RANGE(test), SOCKETS(test)

/* Make the relay of b->conf; bed_start() also starts its threads. */
void bed_make(struct bed *b);
void bed_start(struct bed *b);
void bed_stop(struct bed *b);	/* what is kept stays kept */
void bed_forget(struct bed *b);	/* and now it does not */
void bed_unlink(const struct bed *b, const char *name);	/* a file of dir */

struct addr bed_addr(const char *text);
struct flow_endpoint bed_endpoint(const char *text, uint16_t port);

/* A UDP socket that also hears ICMP errors, and TOS or traffic class; closed
 * at the end of the test if not before.
 */
int phone_open(const char *text, uint16_t port);
void phone_close(int phone);
void phone_send(int phone, const char *media, uint16_t port, const void *bytes,
		size_t len);

/* What arrives within the limit; fails the test when nothing does. */
struct heard {
	char from[ADDR_TEXT_MAX];
	uint16_t port;
	int tos;
	size_t len;
	uint8_t bytes[4096];
};
void phone_hear(struct heard *out, int phone, const char *what);

/* Neither packet nor ICMP error is waiting. */
void phone_is_idle(int phone, const char *what);

/* len bytes that begin as RTP (RFC 3550 5.1), or as an RTCP SR (6.4.1). */
void make_rtp(uint8_t *out, size_t len, uint16_t seq, uint32_t ssrc);
void make_rtcp(uint8_t *out, size_t len, uint32_t ssrc);

/* Two ports that belong together: what comes in at one leaves from the other,
 * alice behind the first, bob behind the second.
 */
struct bed_call {
	uint16_t port_a, port_b;
	const char *alice, *bob;
	uint16_t alice_port, bob_port;
	struct flow_conf a, b;	/* as they will be opened, to be changed */
};
struct bed_call bed_call(uint16_t port_a, const char *alice,
			 uint16_t alice_port, const char *bob,
			 uint16_t bob_port);
void bed_open(struct bed *b, const struct bed_call *call);

/* A call at PORT_A and PORT_B, not open yet, with its phones. */
struct talk {
	struct bed_call call;
	int alice, bob;
};
struct talk talk_of(const char *alice, const char *bob);
void talk_end(const struct talk *t);

/* Poll until the expression holds. */
#define UNTIL(condition, what) \
	do { \
		uint64_t until_ = clock_ms() + BED_WAIT_MS; \
		while (!(condition)) { \
			if (clock_ms() > until_) \
				fail_msg("%s: never %s", what, #condition); \
			bed_breathe(); \
		} \
	} while (0)
void bed_breathe(void);		/* a millisecond for others */

struct flow_state bed_state(const struct bed *b, uint16_t port);
struct relay_totals bed_totals(const struct bed *b);

#endif
