/* SPDX-License-Identifier: GPL-3.0-or-later */
/* small_table.h - a table of 16 ports with two calls in it
 *
 *   call 1  A 192.0.2.10:4000 (RTCP 4001) <-> 30000, 30001
 *           B 192.0.2.20:5000 (RTCP 5001) <-> 30002, 30003
 *   call 2  C 192.0.2.30:6000 (RTP + RTCP by mux) <-> 30004
 *           D [2001:db8::40]:7000 (RTCP 7001) <-> 30006, 30007
 *   call 3  E 192.0.2.50:8000 (T.38) <-> 30008
 *           F 192.0.2.60:9000 (T.38) <-> 30010
 *
 * All else is free.  The media addresses are 192.0.2.1 and 2001:db8::1, the
 * service address is 192.0.2.53.
 */
#ifndef RELAY_TEST_SMALL_TABLE_H
#define RELAY_TEST_SMALL_TABLE_H

#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/path.h"
#include "rtp-pinner/relay/test/endpoint.h"

enum {
	SMALL_PORT_MIN = 30000,
	SMALL_PORT_MAX = 30015,
	SMALL_THREAD = 2,
};

struct small_table {
	struct path path;
	struct flow_row rows[SMALL_PORT_MAX - SMALL_PORT_MIN + 1];
};

static inline struct flow_row *small_row(struct small_table *t, uint16_t port)
{
	return &t->rows[port - SMALL_PORT_MIN];
}

static inline void small_init(struct small_table *t)
{
	static const struct {
		uint16_t port;
		uint32_t call;
		enum flow_kind kind;
		uint16_t flags, sink, sink_rtcp;
		const char *signalled;
	} rows[] = {
		{ 30000, 1, FLOW_RTP, 0, 30002, 0, "192.0.2.10:4000" },
		{ 30001, 1, FLOW_RTCP, 0, 0, 30003, "192.0.2.10:4001" },
		{ 30002, 1, FLOW_RTP, 0, 30000, 0, "192.0.2.20:5000" },
		{ 30003, 1, FLOW_RTCP, 0, 0, 30001, "192.0.2.20:5001" },
		{ 30004, 2, FLOW_RTP, FLOW_F_RTCP_MUX, 30006, 30007,
		  "192.0.2.30:6000" },
		{ 30006, 2, FLOW_RTP, 0, 30004, 0, "[2001:db8::40]:7000" },
		{ 30007, 2, FLOW_RTCP, 0, 0, 30004, "[2001:db8::40]:7001" },
		{ 30008, 3, FLOW_OTHER, 0, 30010, 0, "192.0.2.50:8000" },
		{ 30010, 3, FLOW_OTHER, 0, 30008, 0, "192.0.2.60:9000" },
	};
	struct addr service = { ADDR_IP4, { 192, 0, 2, 53 } };

	memset(t, 0, sizeof(*t));
	t->path = (struct path){
		.rows = t->rows,
		.port_min = SMALL_PORT_MIN,
		.port_max = SMALL_PORT_MAX,
		.thread = SMALL_THREAD,
		.media4 = { ADDR_IP4, { 192, 0, 2, 1 } },
		.media6 = { ADDR_IP6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
		.service = { service },
		.service_cnt = 1,
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow_conf c = {
			.generation = 1,
			.active = 1,
			.thread = SMALL_THREAD,
			.kind = (uint8_t)rows[i].kind,
			.flags = rows[i].flags,
			.dscp = 46,
			.call = rows[i].call,
			.sink = rows[i].sink,
			.sink_rtcp = rows[i].sink_rtcp,
			.signalled = source(rows[i].signalled),
			.gate_cnt = 1,
			.gate = { endpoint(rows[i].signalled) },
		};

		c.gate[0].port = 0;
		flow_conf_write(small_row(t, rows[i].port), &c);
	}
}

#endif
