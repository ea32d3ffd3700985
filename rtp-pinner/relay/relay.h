/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay.h - the packet side of the pinner, behind one interface
 *
 * Two backends relay packets by the same rows (flow.h) and the same rules
 * (path.h), chosen once at start:
 *
 *   range    one UDP socket per thread owns the whole port range: a BPF
 *            sk_lookup program judges row and gate and steers, packets leave
 *            through raw sockets.  CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW,
 *            kernel 5.9.  No socket, bind or descriptor per call.
 *   sockets  one UDP socket per port and epoll: no privileges.
 *
 * All functions are called by the control thread.  The threads of the relay
 * never call back; control polls rows and takes RTCP copies.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "rtp-pinner/relay/flow.h"

enum {
	RELAY_THREADS_MAX = 16,
	RELAY_SERVICE_MAX = 4,
	RELAY_CLOSED_MAX = 16,
	RELAY_RTCP_MAX = 512,	/* longer RTCP is relayed, but not copied */
};

enum relay_kind {
	RELAY_AUTO,		/* range where permitted, else sockets */
	RELAY_RANGE,
	RELAY_SOCKETS,
};

struct relay_conf {
	enum relay_kind kind;
	uint16_t port_min;	/* inclusive */
	uint16_t port_max;	/* inclusive */
	unsigned threads;	/* 1..RELAY_THREADS_MAX; as many as the last
				 * run had, if these are more: they own calls */
	struct addr media4;	/* local addresses media comes to; one is set */
	struct addr media6;
	struct addr service[RELAY_SERVICE_MAX];	/* never sent to */
	size_t service_cnt;
	uint16_t closed[RELAY_CLOSED_MAX];	/* at the media addresses: ports
						 * of services (path.h) */
	size_t closed_cnt;
	const char *state_dir;	/* lock, and the row file of `sockets' */
};

/* Descriptors that outlive the daemon (daemon/fdstore.h implements it).  All
 * may be NULL: then nothing survives.  The range backend keeps steer-map,
 * steer-link, sink and media-rx-0, media-rx-1, ...: together, they hold the
 * rows and the packets that come meanwhile, and keep ICMP from the phones.
 */
struct relay_keeper {
	int (*take)(void *arg, const char *name);	/* -1: not kept; the
							 * caller owns it */
	int (*keep)(void *arg, const char *name, int fd);	/* a duplicate
								 * is kept; 0
								 * or errno */
	void *arg;
};

struct relay;

/* Make rows, sockets and program, or take them back from the keeper.  Logs the
 * backend chosen with its reason, or one error that says what to do.  Nothing
 * is relayed before relay_start().  0; EBUSY another instance holds the lock;
 * EPERM; EINVAL the range is not reserved (ip_local_reserved_ports) or what was
 * kept is of another layout or range; or another errno.
 */
int relay_new(struct relay **out, const struct relay_conf *conf,
	      const struct relay_keeper *keeper);

/* Start the threads.  Before, a restarted daemon has brought the rows in line
 * with its call store.
 */
int relay_start(struct relay *r);

/* Stops the threads.  What is kept stays open in the keeper. */
void relay_free(struct relay *r);

bool relay_is_range(const struct relay *r);
const char *relay_reason(const struct relay *r);	/* why this backend */
unsigned relay_threads(const struct relay *r);

/* True when the rows are those of an earlier run. */
bool relay_resumed(const struct relay *r);

/* Make the port ready and put it under conf (seq, generation and active are
 * ours to set; thread must be < relay_threads(), and the same for all ports of
 * a call).  A packet that arrives after the return is judged by conf.  0, or
 * the errno of a bind: EADDRINUSE, EMFILE; EINVAL outside the range; EEXIST it
 * is open.  A resumed row keeps its state if it was active; one that is not to
 * be opened is to be closed.
 */
int relay_open(struct relay *r, uint16_t port, const struct flow_conf *conf);

/* Replace the conf of an open port, all but its thread; the state stays unless
 * epoch changes.
 */
void relay_set(struct relay *r, uint16_t port, const struct flow_conf *conf);

/* From now on the port drops everything; its state stays readable until it is
 * opened again.
 */
void relay_close(struct relay *r, uint16_t port);

/* Read-only; NULL outside the range. */
const struct flow_row *relay_row(const struct relay *r, uint16_t port);

/* A copy of each RTCP packet relayed since the last call, at most max of
 * them; bytes are valid during the call.  Returns how many.
 */
typedef void relay_rtcp_h(void *arg, uint16_t port, uint64_t at_ms,
			  const uint8_t *bytes, size_t len);
size_t relay_take_rtcp(struct relay *r, size_t max, relay_rtcp_h *h, void *arg);

/* What all threads have counted since relay_new(). */
struct relay_totals {
	uint64_t packets_in;
	uint64_t packets_out;
	uint64_t bytes_out;
	uint64_t drops[FLOW_DROPS];	/* that of the rate with what BPF has
					 * stopped, which no row knows of */
	uint64_t unowned;	/* what no row has counted: came to free or
				 * quarantined ports (range), or too late */
	uint64_t gate_drops;	/* of unowned: strangers stopped by BPF, as
				 * in steer.stopped of their rows */
	uint64_t rtcp_not_copied;	/* ring full, too long, or more than
					 * PATH_COPIES_MAX a second of a port */
	uint64_t icmp_errors;
	uint64_t receive_overflows;	/* kernel's drops at our sockets */
};
void relay_read_totals(const struct relay *r, struct relay_totals *out);

#endif
