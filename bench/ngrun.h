/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ngrun.h - many calls through an ng daemon, in a closed loop
 *
 * A window of calls is in progress, each with one command outstanding; a
 * right reply brings the call's next command or, after its last, the next
 * call.  Nothing is sent twice: what is not answered in time, or not well, ends
 * its call and is counted.  It spins instead of sleeping.
 */
#ifndef BENCH_NGRUN_H
#define BENCH_NGRUN_H

#include <netinet/in.h>
#include <stdint.h>

#include "bench/histogram.h"
#include "bench/ngmsg.h"
#include "bench/window.h"

enum {
	NGRUN_SAID_MAX = 128,
};

struct ngrun {
	int fd;				/* -1: closed */
	uint32_t run;			/* names this run */
	uint64_t timeout_ns;
	struct window window;
	enum ngmsg_op *ops;		/* owned; what each slot waits for */

	uint64_t done;			/* calls */
	uint64_t refused;		/* calls that got an error */
	uint64_t timeouts;
	uint64_t strays;		/* datagrams that answer nothing */
	char said[NGRUN_SAID_MAX];	/* the first error */
	struct histogram latency_ns[NGMSG_OPS];
};

/* Calls first .. first + cnt - 1, each through the commands from .. to. */
struct ngrun_job {
	uint64_t first;
	uint64_t cnt;
	enum ngmsg_op from;
	enum ngmsg_op to;
	void *arg;
	/* The parties of a call; run and number are there already. */
	void (*describe)(void *arg, struct ngmsg_call *call);
	/* Where the daemon takes the media of whom this body is sent to; may
	 * be NULL.
	 */
	void (*media)(void *arg, uint64_t number, enum ngmsg_op op,
		      const struct sockaddr_in *where);
};

/* 0 or a positive errno; to be closed either way.  Counters start at 0. */
int ngrun_open(struct ngrun *r, const struct sockaddr_in *daemon,
	       uint64_t window, uint64_t timeout_ms);
void ngrun_close(struct ngrun *r);

/* Returns once every call is through or given up: 0, or the errno of a system
 * call.  The counters say how they went.
 */
int ngrun_do(struct ngrun *r, const struct ngrun_job *job);

#endif
