/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow.h - one row of the flow table: what is known of one UDP port
 *
 * The table has a row for every port of the media range, indexed by
 * port - port_min.  It lies in memory that outlives the daemon (a mapped BPF
 * array, or a file under /run) and is shared by
 *
 *   control   writes struct flow_conf, by flow_conf_write()
 *   a thread  the owner of the port: reads the conf by flow_conf_read(),
 *             writes struct flow_state, alone and without locks
 *   BPF       reads active, thread, the gate, the rate and the latched source
 *             of a row for each packet, and writes struct flow_steer
 *
 * A packet that arrives on port P is judged by row P, and leaves from the port
 * P.conf.sink (P.conf.sink_rtcp for RTCP) to that row's target: the latched
 * source of that row, else what its SDP said.  All ports of a call are owned
 * by one thread, so the two rows a packet touches have one owner.  RTCP of a
 * row with RTCP_MUX may leave from a port of kind FLOW_RTCP, and the other way
 * round: sink_rtcp says so.
 *
 * Plain data of fixed layout: no pointers, explicit padding, included by BPF
 * code too.  Ports are host order, address bytes network order.
 */
#ifndef RELAY_FLOW_H
#define RELAY_FLOW_H

#ifdef __BPF__
#include <linux/types.h>
typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
#else
#include <stdint.h>
#endif

enum {
	FLOW_LAYOUT = 1,	/* of this file; another one is refused */
	FLOW_GATE_MAX = 12,
	FLOW_SSRC_MAX = 8,
	FLOW_RATES_MAX = 8,
	FLOW_CHECKS_MAX = 8,
	FLOW_SOURCES_MAX = 2,
	FLOW_ROW_SIZE = 1024,
};

enum flow_kind {
	FLOW_RTP = 1,		/* RTP, and RTCP where flag RTCP_MUX */
	FLOW_RTCP,
	FLOW_OTHER,		/* any datagram: UDPTL, BFCP, ... */
};

enum flow_gate_mode {
	FLOW_GATE_STRICT,	/* the gate's addresses; a prefix widens one */
	FLOW_GATE_LEARN,	/* the first source becomes the gate */
	FLOW_GATE_OFF,		/* any source, latching as in RFC 7362 */
};

enum flow_flag {
	FLOW_F_RTCP_MUX = 1 << 0,
	FLOW_F_ICE = 1 << 1,		/* STUN passes and decides the latch */
	FLOW_F_STRICT_SOURCE = 1 << 2,	/* once latched, that source only */
	FLOW_F_ASYMMETRIC = 1 << 3,	/* never send to a learned source */
	FLOW_F_HANDOVER = 1 << 4,	/* any source in the gate may take over */
	FLOW_F_SRTP = 1 << 5,		/* payload is opaque: no RTCP parsing */
	FLOW_F_PROBE = 1 << 6,		/* of a probe: nothing for packets, but a
					 * restart need not wonder at it */
};

/* What may pass and why not; docs/media.md tells an operator what each means. */
enum flow_drop {
	FLOW_DROP_STRANGER,	/* source address outside the gate */
	FLOW_DROP_OTHER_SOURCE,	/* in the gate, but another one is latched */
	FLOW_DROP_NOT_MEDIA,	/* neither RTP, RTCP nor what the row carries */
	FLOW_DROP_NO_SINK,	/* no other leg yet, or that leg is held */
	FLOW_DROP_NO_TARGET,	/* nowhere to send: 0.0.0.0, no SDP yet */
	FLOW_DROP_FORBIDDEN,	/* target is a service address or our own port */
	FLOW_DROP_TOO_BIG,	/* truncated by our buffer */
	FLOW_DROP_OLD,		/* waited longer than 100 ms (a restart) */
	FLOW_DROP_RATE,		/* above max-packet-rate of a port */
	FLOW_DROP_STUN,		/* STUN where ICE is not passed, or an answer
				 * to no question that passed here */
	FLOW_DROP_SEND,		/* the kernel refused the packet */
	FLOW_DROP_BUSY,		/* control was writing the row meanwhile */
	FLOW_DROPS
};

struct flow_endpoint {
	uint8_t family;		/* 0 unset, 4, 6 */
	uint8_t prefix_len;	/* gate entries only: 32 or 128 for one address */
	uint16_t port;		/* host order; 0 in gate entries */
	uint8_t bytes_be[16];	/* IPv4 in the first four, the rest zero */
};

struct flow_rate {
	uint8_t payload_type;
	uint8_t rate_khz;	/* RTP clock in kHz: 8, 16, 48, 90; 0: unset */
};

/* Written by control only. */
struct flow_conf {
	uint32_t seq;		/* odd while it is being written */
	uint32_t generation;	/* of the opening of this port */
	uint8_t active;		/* 0: the port is free or quarantined */
	uint8_t thread;
	uint8_t kind;		/* enum flow_kind */
	uint8_t gate_mode;	/* enum flow_gate_mode */
	uint8_t gate_cnt;
	uint8_t dscp;		/* 0..63, of packets sent from this port */
	uint16_t flags;		/* enum flow_flag */
	uint32_t epoch;		/* a change unlatches: new SDP or new ufrag */
	uint32_t call;		/* slot of the call in the call store */
	uint16_t sink;		/* port it leaves from; 0: none */
	uint16_t sink_rtcp;	/* all that comes to kind FLOW_RTCP, and RTCP */
	struct flow_endpoint signalled;	/* where the SDP says to send */
	struct flow_rate rates[FLOW_RATES_MAX];
	uint32_t packet_rate_max;	/* packets per second accepted; 0: any */
	uint32_t pad;
	struct flow_endpoint gate[FLOW_GATE_MAX];
} __attribute__((aligned(8)));	/* copied by words of 8 bytes */

/* An ICE check that passed: the response goes back to where it came from. */
struct flow_check {
	uint64_t id;		/* hash of the transaction ID; 0: free */
	uint64_t at_ms;
	struct flow_endpoint from;
	uint8_t use_candidate;
	uint8_t succeeded;	/* was answered by a success response */
	uint8_t pad[2];
};

/* RFC 3550 A.1, A.3, A.8 for one SSRC; rtp.h tells what the fields mean. */
struct flow_source {
	uint32_t ssrc;
	uint16_t max_seq;
	uint8_t payload_type;
	uint8_t valid;		/* 0: unused */
	uint32_t cycles;
	uint32_t base_seq;
	uint32_t bad_seq;
	uint32_t received;
	uint32_t expected_prior;	/* of numberings that ended in a restart */
	uint32_t received_prior;
	uint32_t timestamp;	/* of the last packet that had a new one */
	uint32_t arrived_us;	/* when that came; wraps */
	uint32_t jitter_us_q4;	/* microseconds times 16: clocks may change */
	uint32_t jitter_max_us;
	uint32_t last_ms;	/* when the last packet came; wraps */
};

/* Written by the owning thread only; control reads it by flow_state_read().
 * It is of the opening whose generation it bears; the thread clears it with
 * the first packet of a newer one.
 */
struct flow_state {
	uint32_t epoch;		/* of the conf this began with */
	uint32_t generation;
	uint8_t latched;
	uint8_t ssrc_cnt;
	uint8_t relatches;	/* saturates */
	uint8_t copies;		/* of RTCP, in the current second */
	struct flow_endpoint source;	/* the latched one */
	struct flow_endpoint verified;	/* ICE: whose check was answered last,
					 * the target until it is latched */
	uint64_t last_ms;	/* last packet that passed gate and latch,
				 * CLOCK_MONOTONIC; 0: never */
	uint64_t latched_ms;	/* last packet of those that hold the latch */
	uint64_t second_ms;	/* begin of the current second */
	uint32_t second_cnt;
	uint32_t ssrcs[FLOW_SSRC_MAX];
	struct flow_endpoint stranger;	/* a source outside the gate that sends
					 * RTP; another only after 1 s silence */
	uint32_t stranger_rtp;	/* RTP packets of that one source */
	uint32_t aside_cnt;	/* in that second too: STUN of who is not latched */
	uint64_t stranger_since_ms;	/* its first */
	uint64_t stranger_ms;	/* and its last one */
	struct flow_check checks[FLOW_CHECKS_MAX];
	struct flow_source sources[FLOW_SOURCES_MAX];
	uint64_t packets_in;	/* that passed on: in no drops but FLOW_DROP_SEND */
	uint64_t bytes_in;	/* of UDP payload */
	uint64_t packets_out;	/* sent from this port */
	uint64_t bytes_out;
	uint32_t drops[FLOW_DROPS];	/* of packets that arrived here; wraps */
	uint32_t errors;	/* ICMP errors to what was sent from this port */
};

/* Written by the BPF program of the range backend alone, but for relay_open(),
 * which zeroes it.  It stops a stranger's packet before any thread sees it, but
 * lets one through now and then (STEER_SAMPLE_MS): the thread drops that too,
 * and learns from it who the stranger is and whether it sends RTP.  It also
 * stops what is far above packet_rate_max (STEER_RATE_SLACK).
 */
struct flow_steer {
	uint64_t sampled_ns;	/* when one was let through, CLOCK_MONOTONIC */
	uint64_t stopped;	/* packets stopped; not in drops[] */
	uint64_t second_ns;	/* begin of the second of the rate */
	uint32_t spent[2];	/* by others in the gate; by the latched source */
};

struct flow_row {
	struct flow_conf conf;
	struct flow_state state;
	struct flow_steer steer;
	uint8_t pad[FLOW_ROW_SIZE - sizeof(struct flow_conf) -
		    sizeof(struct flow_state) - sizeof(struct flow_steer)];
};

#ifndef __BPF__
_Static_assert(sizeof(struct flow_row) == FLOW_ROW_SIZE, "row layout");
_Static_assert(sizeof(struct flow_endpoint) == 20, "endpoint layout");
#endif

#endif
