/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prober_priv.h - what a type of probe is, and what probers.c does for all
 *
 *	IDLE --attempt--> RUNNING --prober_done, or time is over--> DONE
 *	  ^                                                           |
 *	  +------------------- result, from the loop -----------------+
 *
 * A type embeds struct prober as its first member.  It never calls the handler
 * and keeps no timeout: it calls prober_done() as soon as it knows, from
 * wherever it is (begin() too).  probers.c then calls cancel(), and the handler
 * later, from the loop.  So p is valid behind prober_done(), and one attempt
 * has one result whatever a type does twice.
 *
 * Handles of libuv outlive their attempt until the loop has closed them.
 * Those embedded in the prober are counted: prober_hold() with each uv_*_init(),
 * prober_drop_handle as callback of uv_close().  What lives for one attempt
 * only is better an allocation of its own that forgets the prober in cancel().
 */
#ifndef PROBE_PROBER_PRIV_H
#define PROBE_PROBER_PRIV_H

#include <stdarg.h>
#include <uv.h>

#include "common/counters.h"
#include "health-agent/probe/prober.h"

enum prober_phase {
	PROBER_IDLE,
	PROBER_RUNNING,
	PROBER_DONE,		/* a result waits for the loop */
	PROBER_CLOSED,
};

struct prober_type {
	size_t size;		/* of the struct that begins with struct prober */

	/* Is the conf complete?  0, or EINVAL with text saying what is not.
	 * Pure; also called by --check-config.  NULL: always.
	 */
	int (*check)(char text[static PROBER_TEXT_MAX],
		     const struct prober_conf *conf);
	/* All else of the struct is zero.  0 or an errno, then close() is
	 * called.  NULL: nothing to do.
	 */
	int (*init)(struct prober *p);
	void (*begin)(struct prober *p);
	/* The attempt is over, or given up: no prober_done() after this.  Also
	 * called for an attempt that never came far.
	 */
	void (*cancel)(struct prober *p);
	/* Time is over: may say how far it came, by prober_done().  NULL, or
	 * when it does not: "no answer in 500 ms".
	 */
	void (*late)(struct prober *p);
	/* Close what init() has opened; after cancel().  NULL: nothing. */
	void (*close)(struct prober *p);
	/* NULL: transport, address and port of the conf.  Returns the length. */
	size_t (*target)(char out[static PROBER_TEXT_MAX],
			 const struct prober *p);
};

struct prober {
	const struct prober_type *type;
	const struct prober_conf *conf;	/* borrowed */
	uv_loop_t *loop;		/* borrowed */
	prober_result_h *handler;
	void *arg;

	enum prober_phase phase;
	bool last_turn;		/* of an attempt whose time is over */
	uint64_t began_ns;	/* uv_hrtime() */
	struct prober_result result;	/* in DONE */
	uv_timer_t timer;
	uv_idle_t deliver;
	unsigned handles;	/* open or closing; 0: free */
};

/* Indexed by enum prober_kind; in types.c. */
extern const struct prober_type *const prober_types[PROBER_KINDS];
extern const struct prober_type prober_sip, prober_http, prober_dns;
extern const struct prober_type prober_rtp, prober_process, prober_command;

/* The result of the attempt in flight; without one, nothing happens.  The text
 * is cut to PROBER_TEXT_MAX and made clean.
 */
void prober_done(struct prober *p, enum health_attempt what, const char *fmt,
		 ...) __attribute__((format(printf, 3, 4)));

/* What a watch has seen: the result of the attempt in flight, in place of a
 * result that is not yet delivered, or a result of its own.
 */
void prober_report(struct prober *p, enum health_attempt what, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));

void prober_hold(struct prober *p);
/* Callback of uv_close() for handles whose data is the prober. */
void prober_drop_handle(uv_handle_t *handle);

/* Write text; always EINVAL, for check(). */
int prober_say(char text[static PROBER_TEXT_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Printable ASCII only: all else becomes '?'. */
void prober_clean(char *text);

void prober_count(enum prober_counter which);

#endif
