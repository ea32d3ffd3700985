/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bed.h - a guardian between an ExaBGP and a worker that the test plays
 *
 * The guardian is a process of its own (trial.c); its stdin and stdout are
 * pipes to the test, which answers as fake_exabgp.h does, or not, or says
 * something else.  Its worker asks the test what to do.
 */
#ifndef GUARDIAN_TEST_BED_H
#define GUARDIAN_TEST_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health-agent/exabgp/lines.h"
#include "health-agent/exabgp/test/fake_exabgp.h"

enum {
	BED_WAIT_MS = 10000,	/* generous: what waits for it, fails */
	BED_SAID_MAX = 65536,
};

enum bed_mood {
	BED_ANSWERS,
	BED_SILENT,		/* reads commands, and that is all */
	BED_REFUSES,		/* answers error to each change */
	BED_FROZEN,		/* does not even read */
};

struct bed {
	char dir[64];
	pid_t pid;		/* of the guardian; 0: it has ended */
	int status;		/* how, as of waitpid() */
	int to, from;		/* its stdin and stdout; -1: closed */
	enum bed_mood mood;
	struct fake_exabgp exabgp;
	struct lines commands;
	char said[BED_SAID_MAX];	/* all commands, each with its LF */

	int listener, orders;	/* -1: no worker is connected */
	pid_t worker;		/* the last one */
	unsigned workers;	/* how many there have been */
	pid_t spawned;
	unsigned hups, terms;
	struct lines words;
	char heard[LINES_MAX];	/* the last status the worker was sent */

	int notices;
	char noticed[BED_SAID_MAX];
};

extern struct bed bed;

/* A bed without a guardian; cmocka's setup and teardown. */
int bed_setup(void **state);
int bed_teardown(void **state);

/* Start the guardian; options: further ones of trial.c, NULL at the end. */
void bed_start(const char *option, ...);

/* Let everybody say something, for at most so long. */
void bed_pump(uint64_t ms);

/* Tell the worker; it is connected. */
void bed_order(const char *line);

/* Raw words of ExaBGP. */
void bed_say(const char *text, size_t len);

uint64_t bed_now_ms(void);

/* Until that is true, or the test fails. */
#define BED_UNTIL(holds) \
	do { \
		uint64_t end_ms_ = bed_now_ms() + BED_WAIT_MS; \
		while (!(holds)) { \
			bed_pump(10); \
			if (bed_now_ms() > end_ms_) \
				bed_give_up(#holds); \
		} \
	} while (0)

void bed_give_up(const char *what);

/* Nothing of the kind, for so long. */
#define BED_NEVER(holds, ms) \
	do { \
		uint64_t end_ms_ = bed_now_ms() + (ms); \
		while (bed_now_ms() < end_ms_) { \
			bed_pump(10); \
			if (holds) \
				bed_give_up("not " #holds); \
		} \
	} while (0)

#endif
