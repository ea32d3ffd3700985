/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calls.h - all calls of the pinner, and what each ng command does to them
 *
 * Pure control logic: no sockets and no clock.  Time is an argument
 * (CLOCK_MONOTONIC, ms, never going back); the relay is reached through struct
 * calls_ops.  One thread.
 *
 * A command is carried out whole or not at all: a refused offer leaves calls,
 * ports and rows as they were.
 *
 * The user's loop: read a command, call calls_offer() etc., write the reply
 * from what it returned, call calls_tick() (a call that was deleted at once
 * lives until that) and send the reply; calls_tick() also when calls_next_ms()
 * is reached.
 */
#ifndef CALL_CALLS_H
#define CALL_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/counters.h"
#include "common/cursor.h"
#include "common/prefix.h"
#include "common/site.h"
#include "rtp-pinner/call/call.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/relay/flow.h"

enum {
	CALLS_SERVICE_MAX = 4,
	CALLS_PACKED_MAX = 65535,	/* bytes of one packed call */
	CALLS_PROBE_MS = 10000,	/* a probe lives no longer */
};

/* Copied by calls_new(), but for what the pointers point to, which must
 * outlive the calls.
 */
struct calls_conf {
	struct addr media4;	/* local: packets come to and from it; one of */
	struct addr media6;	/* the two is set */
	struct addr advertised4;	/* what SDPs get; unset: media4 */
	struct addr advertised6;
	struct addr service[CALLS_SERVICE_MAX];	/* not for media */
	size_t service_cnt;
	uint16_t port_min;
	uint16_t port_max;
	unsigned threads;	/* of the relay, at least 1 */
	uint8_t dscp;		/* default, 0..63 */
	uint32_t max_sessions;	/* 0: no limit but the ports */
	uint32_t packet_rate_max;	/* per port and second; 0: none */
	uint32_t call_ports_max;	/* of one call, both sides; 0: no limit */
	uint64_t offer_timeout_ms;	/* an offer that nobody answers */
	uint64_t silence_timeout_ms;	/* an answered call without a packet */
	uint64_t hold_timeout_ms;	/* the same while a leg is on hold */
	uint64_t delete_delay_ms;	/* where the command has none */
	uint64_t quarantine_ms;	/* of a port after use */
	enum ng_gate gate;	/* default; NG_GATE_UNSET is strict */
	const struct prefix *trusted_proxies;	/* their received-from counts
						 * for nothing */
	size_t trusted_proxy_cnt;
	const struct site *site;	/* its peers' gates: the peer of the
					 * received-from, else of the SDP; a
					 * command's gate wins.  May be NULL */
	uint8_t seed[16];	/* secret: of the hash and of ports' order */
};

enum calls_end {
	CALLS_END_DELETED,
	CALLS_END_OFFER_TIMEOUT,
	CALLS_END_SILENCE,
	CALLS_END_HOLD,		/* silence while on hold */
	CALLS_ENDS
};

const char *calls_end_name(enum calls_end end);

/* All but row may be called during any calls_*() function that takes a time
 * or bytes.  The first four are relay_open() etc.
 */
struct calls_ops {
	int (*open)(void *arg, uint16_t port, const struct flow_conf *conf);
	void (*set)(void *arg, uint16_t port, const struct flow_conf *conf);
	void (*close)(void *arg, uint16_t port);
	const struct flow_row *(*row)(void *arg, uint16_t port);
	/* The call differs from what call_pack() wrote last: rows are right
	 * already.  Not called for probes.  May be NULL.
	 */
	void (*changed)(void *arg, const struct call *call);
	/* The call is about to go, be it a probe; its rows can still be read.
	 * May be NULL.
	 */
	void (*ended)(void *arg, const struct call *call, enum calls_end end);
	void *arg;
};

enum calls_result {
	CALLS_OK,
	CALLS_NO_SDP,		/* "No SDP body in message" */
	CALLS_NO_CALL_ID,
	CALLS_NO_FROM_TAG,
	CALLS_NO_TO_TAG,
	CALLS_BAD_SDP,		/* text: as sdp_parse() says */
	CALLS_NOT_REWRITTEN,	/* "Error rewriting SDP" */
	CALLS_UNKNOWN,		/* "Unknown call-id" */
	CALLS_UNMATCHED,	/* by a delete that says it is fatal */
	CALLS_SESSIONS,		/* "Parallel session limit reached" */
	CALLS_DRAINING,		/* says the same */
	CALLS_PORTS,		/* "Ran out of ports" */
	CALLS_MEMORY,
	CALLS_LEGS,		/* more than CALL_LEGS_MAX branches */
	CALLS_TOO_LONG,		/* call-id, tag, ... above CALL_TEXT_MAX */
	CALLS_SERVICE_ADDRESS,	/* the SDP wants media at a service address */
	CALLS_MEDIA_ADDRESS,	/* media-address is no address to advertise */
	CALLS_HAIRPIN,		/* the SDP wants media at a port of this call */
	CALLS_RESULTS
};

struct calls_reply {
	enum calls_result result;
	const char *text;	/* error-reason; NULL with CALLS_OK; static */
	bool load_limit;	/* `load limit' where the client supports it,
				 * else text, which makes it try another node */
	char *sdp;		/* malloc'ed, for the caller to free; or NULL */
	size_t sdp_len;
	const struct call *call;	/* with CALLS_OK */
};

/* What a delete did: CALLS_OK always, but for CALLS_NO_CALL_ID and
 * CALLS_UNMATCHED; the warning is rtpengine's text where nothing matched.
 */
struct calls_deleted {
	enum calls_result result;
	const char *text;
	const char *warning;
	const struct call *call;	/* for the statistics of the reply */
	unsigned leg;		/* the party named, first in the reply; or
				 * CALL_NONE: a delete by call-id alone */
	bool rolled_back;	/* it answered a pending re-offer: no end */
};

/* 0, ENOMEM, EINVAL (range, address). */
int calls_new(struct calls **out, const struct calls_conf *conf,
	      const struct calls_ops *ops);

/* Forgets all calls without closing their ports: they outlive the daemon. */
void calls_free(struct calls *calls);

/* Take peers and proxies from elsewhere from now on: the next offer or answer
 * of a leg makes its gate of them.  Nothing points to the old ones afterwards.
 */
void calls_set_site(struct calls *calls, const struct site *site,
		    const struct prefix *trusted_proxies,
		    size_t trusted_proxy_cnt);

void calls_offer(struct calls *calls, struct calls_reply *out,
		 const struct ng_command *command, uint64_t now_ms);
void calls_answer(struct calls *calls, struct calls_reply *out,
		  const struct ng_command *command, uint64_t now_ms);
void calls_delete(struct calls *calls, struct calls_deleted *out,
		  const struct ng_command *command, uint64_t now_ms);

/* Deletes and timeouts that are due, ports out of quarantine. */
void calls_tick(struct calls *calls, uint64_t now_ms);

/* When calls_tick() has something to do again; UINT64_MAX: never. */
uint64_t calls_next_ms(const struct calls *calls);

/* NULL when there is none. */
const struct call *calls_find(const struct calls *calls, struct slice call_id);

/* NULL when the slot is free. */
const struct call *calls_at(const struct calls *calls, uint32_t slot);

/* Newest first: for (c = calls_newest(x); c; c = c->older). */
const struct call *calls_newest(const struct calls *calls);

/* While draining, new calls are refused and known ones are served; and probes,
 * and those that say they have nowhere else to go (NG_NO_OTHER_RELAY).
 */
void calls_drain(struct calls *calls, bool drain);
bool calls_draining(const struct calls *calls);

struct calls_gauges {
	uint32_t sessions;	/* without the probes */
	uint32_t probes;
	uint32_t answered;	/* of them, without the probes */
	uint32_t ending;	/* of them: media until a delete's delay is over */
	uint32_t ports_free;	/* pairs */
	uint32_t ports_used;
	uint32_t ports_quarantined;
};
void calls_gauges(const struct calls *calls, struct calls_gauges *out);

/* One past the highest slot ever used. */
uint32_t calls_slots(const struct calls *calls);

/* "Unknown call-id", ...; NULL for CALLS_OK. */
const char *calls_result_text(enum calls_result result);

/* Take back a packed call (pack.h) into its slot: opens its ports with their
 * rows, timers go on.  0; EBADMSG the bytes are damaged, or their ports are
 * taken or outside the range; EEXIST the slot or the call-id is taken; ENOMEM;
 * or the errno of open.  On error nothing has changed.
 */
int calls_restore(struct calls *calls, uint32_t slot, const uint8_t *bytes,
		  size_t len, uint64_t now_ms);

/* Keep a port that no restored call owns out of use for quarantine_ms: after
 * calls_restore() of all, for rows that are still active.
 */
void calls_quarantine(struct calls *calls, uint16_t port, uint64_t now_ms);

enum calls_counter {
	CALLS_C_CREATED,
	CALLS_C_PROBES,
	CALLS_C_PROBES_LEFT,
	CALLS_C_RESTORED,
	CALLS_C_RESTORE_FAILED,
	CALLS_C_ENDED_DELETED,
	CALLS_C_ENDED_OFFER_TIMEOUT,
	CALLS_C_ENDED_SILENCE,
	CALLS_C_ENDED_HOLD,
	CALLS_C_BRANCH_ENDED,
	CALLS_C_REFUSED_SESSIONS,
	CALLS_C_REFUSED_DRAINING,
	CALLS_C_REFUSED_PORTS,
	CALLS_C_REFUSED_MEMORY,
	CALLS_C_REFUSED_SERVICE_ADDRESS,
	CALLS_C_REFUSED_MEDIA_ADDRESS,
	CALLS_C_REFUSED_HAIRPIN,
	CALLS_C_MEDIA_WITHOUT_PORT,	/* disabled in a running call */
	CALLS_C_DELETE_REVOKED,
	CALLS_C_DELETE_UNMATCHED,
	CALLS_C_ROLLED_BACK,
	CALLS_C_ANSWER_SWAPPED,
	CALLS_C_GATE_EMPTY,
	CALLS_C_GATE_PREFIX,
	CALLS_C_GATE_LEARN,
	CALLS_C_GATE_OFF,
	CALLS_C_GATE_PROXY_LEFT_OUT,
	CALLS_C_GATE_TRUNCATED,
	CALLS_C_TRANSPORT_KEPT,	/* transport-protocol would need SRTP keys */
	CALLS_C_PORT_DOUBLE_FREE,
	CALLS_C_PORT_OPEN_FAILED,
	CALLS_COUNTERS
};

extern const struct counter_desc calls_counter_desc[CALLS_COUNTERS];
const struct counters *calls_counters(const struct calls *calls);

#endif
