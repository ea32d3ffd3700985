/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prober.h - one probe: attempts on a libuv loop, each with a result
 *
 * A prober makes one attempt at a time when asked (the daemon owns the
 * schedule: interval, fast interval, splay) and reports exactly one result for
 * each, at the latest when its timeout is over.  A watch (type process) also
 * reports without being asked when what it watches dies.  Nothing blocks, no
 * shell, no DNS; all addresses are literal.  The program ignores SIGPIPE.
 *
 * A type is a struct prober_type; prober_types[] has them all (types.c).
 */
#ifndef PROBE_PROBER_H
#define PROBE_PROBER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/addr.h"
#include "common/counters.h"
#include "common/secret.h"
#include "common/site.h"
#include "health-agent/policy/health.h"

enum {
	PROBER_TEXT_MAX = 192,	/* a result in words, no control characters */
	PROBER_PATH_MAX = 256,
	PROBER_ARGS_MAX = 32,
};

enum prober_kind {
	PROBER_SIP,		/* INVITE that must get our 302, or OPTIONS 200 */
	PROBER_HTTP,		/* GET that must get our 302, or a status */
	PROBER_DNS,		/* a question that must get this answer */
	PROBER_RTP,		/* two sides through a session of the pinner */
	PROBER_PROCESS,		/* a process lives: its death is seen at once */
	PROBER_COMMAND,		/* a program exits with 0 */
	PROBER_KINDS
};

enum prober_transport { PROBER_UDP, PROBER_TCP, PROBER_TLS };
enum prober_method { PROBER_INVITE, PROBER_OPTIONS };

/* Filled by the daemon from [probe NAME]; const while the prober lives. */
struct prober_conf {
	enum prober_kind kind;
	char name[HEALTH_NAME_MAX];
	uint64_t timeout_ms;
	const struct site *site;	/* borrowed, as is node */
	const struct site_node *node;
	/* The node as the site file had it before; NULL: the same.  Until then
	 * an answer that leads there is right, too: whom we ask may not have
	 * read the new one yet.
	 */
	const struct site_node *former;
	uint64_t former_until_ms;	/* clock_boot_ms() */
	struct addr target;	/* of sip, http, dns; its family is the probe's */
	uint16_t port;
	enum prober_transport transport;
	bool on_node;		/* the target is the node address: no redirect
				 * is expected of sip */
	/* sip */
	enum prober_method method;
	/* http: path to ask; expect 0: 302 to the node's http URL + path, else
	 * that status
	 */
	char path[PROBER_PATH_MAX];
	unsigned expect;
	/* tls: name to verify, "" none; file of CAs, "" no verification */
	char tls_name[SITE_HOST_MAX];
	char tls_ca[PROBER_PATH_MAX];
	/* dns */
	char dns_name[SITE_HOST_MAX];
	uint16_t dns_type;		/* 1 A, 16 TXT, 28 AAAA, 33 SRV,
					 * 35 NAPTR */
	char dns_answer[PROBER_PATH_MAX];	/* text form that must be among
						 * the answers; "": any answer */
	/* rtp: the pinner's ng socket; loss and delay allowed.  target is the
	 * address of this node that media goes from and to.
	 */
	struct addr ng_addr;
	uint16_t ng_port;
	unsigned packets;		/* each way, default 5 */
	unsigned loss_percent;		/* more is bad */
	uint64_t delay_ms;		/* a slower packet is lost */
	/* process: whom; grace: how long a successor may take to be found in
	 * the file before the death counts
	 */
	char pid_file[PROBER_PATH_MAX];
	uint64_t grace_ms;
	/* command: argv[0] is a path; NULL-terminated */
	char *argv[PROBER_ARGS_MAX + 1];
};

struct prober_result {
	enum health_attempt what;
	uint64_t took_us;
	char text[PROBER_TEXT_MAX];
};

/* What is dropped and what is odd; `anycast_health_probe_' goes before each. */
enum prober_counter {
	PROBER_C_TIMEOUTS,
	PROBER_C_SIP_GARBAGE,
	PROBER_C_SIP_STRANGE,
	PROBER_C_SIP_PROVISIONAL,
	PROBER_C_SIP_REPEATED,
	PROBER_C_NG_STRANGE,
	PROBER_C_RTP_LATE,
	PROBER_C_RTP_DOUBLE,
	PROBER_C_RTP_ALTERED,
	PROBER_C_RTP_FOREIGN,
	PROBER_C_DNS_GARBAGE,
	PROBER_C_DNS_STRANGE,
	PROBER_C_DNS_REPEATED,
	PROBER_COUNTERS
};

const struct counters *prober_counters(void);

struct prober;

/* Called from the loop, once per prober_attempt(), or by a watch on its own.
 * It may call prober_attempt() again, and prober_close().
 */
typedef void prober_result_h(void *arg, struct prober *p,
			     const struct prober_result *result);

/* 0, or EINVAL: conf lacks something, text says what.  Pure. */
int prober_check(char text[static PROBER_TEXT_MAX],
		 const struct prober_conf *conf);

/* 0, EINVAL (prober_check() says what), or an errno. */
int prober_new(struct prober **out, uv_loop_t *loop,
	       const struct prober_conf *conf, prober_result_h *handler,
	       void *arg);

/* Begin an attempt; EALREADY: one is in flight.  Any failure to begin is
 * reported through the handler as a bad result, from the loop.
 */
int prober_attempt(struct prober *p);

/* Ends without a result; memory goes when the loop has closed the handles.
 * NULL is fine.
 */
void prober_close(struct prober *p);

const char *prober_kind_name(enum prober_kind kind);

/* "udp 192.0.2.53:5060", "pid 4711 of /run/x.pid": for status and why. */
size_t prober_target(char out[static PROBER_TEXT_MAX],
		     const struct prober *p);

#endif
