/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_priv.h - what relay.c and its two backends share
 *
 * relay.c holds the rows, the threads and the lock; a backend brings the
 * sockets and the loop of a thread.  Everything but `run' is called by the
 * control thread.
 */
#ifndef RELAY_RELAY_PRIV_H
#define RELAY_RELAY_PRIV_H

#include <pthread.h>

#include "rtp-pinner/relay/path.h"
#include "rtp-pinner/relay/relay.h"
#include "rtp-pinner/relay/ring.h"
#include "rtp-pinner/relay/flow_table.h"

enum {
	RELAY_SLOT = 2048,	/* the longest payload relayed */
	RELAY_WHY_MAX = 256,
	/* How long a thread sleeps before it looks at r->stop: in a restart
	 * the packets of one that stopped first wait for the others.
	 */
	RELAY_LOOK_MS = 20,
};

/* Written by the thread alone, read by control (relaxed). */
struct thread_counts {
	uint64_t packets_in;
	uint64_t packets_out;
	uint64_t bytes_out;
	uint64_t drops[FLOW_DROPS];
	uint64_t unowned;
	uint64_t rtcp_not_copied;
	uint64_t icmp_errors;
	uint64_t overflows;	/* of sockets that are closed meanwhile */
};

struct relay_thread {
	struct relay *relay;	/* borrowed */
	unsigned index;
	pthread_t id;
	bool running;
	struct path path;
	struct ring rtcp;
	struct thread_counts counts __attribute__((aligned(64)));
};

struct relay_ops {
	const char *name;
	/* Make the rows and all that is made once.  An error that is no fault
	 * of the configuration sets r->may_fall_back, and each r->why.
	 */
	int (*make)(struct relay *r, const struct relay_conf *conf,
		    const struct relay_keeper *keeper);
	void (*fini)(struct relay *r);	/* half-built too; no thread runs */
	void (*run)(struct relay_thread *t);	/* until r->stop */
	void (*wake)(struct relay_thread *t);	/* r->stop was set; may be NULL */
	/* Around the writing of a row; NULL: nothing to be done. */
	int (*open)(struct relay *r, uint16_t port, const struct flow_conf *c);
	int (*opened)(struct relay *r, uint16_t port);
	void (*set)(struct relay *r, uint16_t port, const struct flow_conf *c);
	void (*closed)(struct relay *r, uint16_t port);
	void (*add_totals)(const struct relay *r, struct relay_totals *out);
};

extern const struct relay_ops relay_range_ops;
extern const struct relay_ops relay_sockets_ops;

struct relay {
	struct relay_conf conf;		/* state_dir is NULL after the start */
	const struct relay_ops *ops;
	void *backend;			/* owned, of the backend's own type */
	char why[RELAY_WHY_MAX];	/* this backend, or why make() failed */
	bool may_fall_back;
	int lock;
	struct flow_table rows;
	uint8_t *opened;		/* by port - port_min: in this run */
	bool stop;			/* atomic */
	bool started;
	struct relay_thread *threads;	/* conf.threads of them */
};

static inline bool relay_stopping(const struct relay *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* Set r->why to "what: strerror(err)" and the cure; returns err. */
int relay_fail(struct relay *r, int err, const char *what);

#endif
