/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of any content, sources and times through the calls of small_table.h.
 * Nothing leaves for a forbidden target, for one that is neither named nor
 * heard in the gate, or because of a stranger; every packet is counted once.
 *
 * Input: records of port, source, time step, change, length and the packet.
 */
#include <stdlib.h>

#include "common/cursor.h"
#include "common/fuzz/harness.h"
#include "rtp-pinner/relay/path.h"
#include "rtp-pinner/relay/pin.h"
#include "rtp-pinner/relay/test/small_table.h"

enum {
	PORTS = SMALL_PORT_MAX - SMALL_PORT_MIN + 1,
	SOURCES = 16,
};

static const char *const sources[SOURCES] = {
	"192.0.2.10:4000", "192.0.2.10:4001", "192.0.2.10:9999",
	"192.0.2.20:5000", "192.0.2.20:5001", "192.0.2.30:6000",
	"[2001:db8::40]:7000", "[2001:db8::40]:7001", "192.0.2.50:8000",
	"192.0.2.60:9000", "203.0.113.66:4000", "[2001:db8::66]:4000",
	"192.0.2.1:30002", "192.0.2.53:5060", "192.0.2.10:0", "0.0.0.0:5000",
};

struct seen {
	uint64_t arrived;
	bool heard[SOURCES];	/* passed the gate at this port */
};

static struct small_table t;
static struct seen seen[PORTS];

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_named(const struct flow_conf *c, const struct flow_endpoint *e)
{
	for (size_t i = 0; i < c->gate_cnt; i++)
		if (pin_same_address(&c->gate[i], e))
			return true;
	return false;
}

/* Change a conf as control may. */
static void change(uint16_t port, uint8_t what)
{
	struct flow_row *row = small_row(&t, port);
	struct flow_conf c;

	check(flow_conf_read(&c, row));
	switch (what & 15) {
	case 1:
		c.epoch++;
		break;
	case 2:
		c.flags = (uint16_t)(what >> 4 | (what & 0x80 ? 0x30 : 0));
		break;
	case 3:
		c.gate_mode = (uint8_t)(what >> 4) % 3;
		break;
	case 4:
		c.signalled = source(sources[what >> 4]);
		c.epoch++;
		break;
	case 5:
		c.gate[c.gate_cnt] = endpoint(sources[what >> 4]);
		c.gate[c.gate_cnt].port = 0;
		c.gate_cnt += c.gate_cnt < FLOW_GATE_MAX - 1;
		break;
	case 6:
		c.packet_rate_max = what >> 4;
		break;
	case 7:
		c.generation++;
		memset(&seen[port - SMALL_PORT_MIN], 0, sizeof(seen[0]));
		/* Counters of the thread begin anew with its next packet. */
		row->state.generation = 0;
		break;
	default:
		return;
	}
	flow_conf_write(row, &c);
}

static void check_target(const struct path_out *out,
			 const struct flow_conf *arrival)
{
	const struct seen *sink = &seen[out->port_out - SMALL_PORT_MIN];
	struct addr to = { .family = out->to.family };
	struct flow_conf c;
	bool known;

	check(flow_conf_read(&c, small_row(&t, out->port_out)));
	check(c.active && c.call == arrival->call);
	memcpy(to.bytes_be, out->to.bytes_be, sizeof(to.bytes_be));
	check(addr_is_unicast(&to) && out->to.port);
	check(!addr_equal(&to, &t.path.service[0]));
	if (addr_equal(&to, &t.path.media4) && out->to.port >= SMALL_PORT_MIN &&
	    out->to.port <= SMALL_PORT_MAX) {
		struct flow_conf own;

		check(flow_conf_read(&own, small_row(&t, out->to.port)));
		check(!own.active || own.call != arrival->call);
	}
	known = pin_same_source(&out->to, &c.signalled);
	for (size_t i = 0; i < SOURCES && !known; i++) {
		struct flow_endpoint heard = source(sources[i]);

		known = sink->heard[i] && pin_same_source(&out->to, &heard);
	}
	check(known);
}

static void feed(uint16_t port, uint8_t from, struct slice bytes,
		 uint64_t now_us)
{
	struct path_packet pkt = {
		.port = port,
		.from = source(sources[from]),
		.bytes = (const uint8_t *)bytes.text,
		.len = bytes.len,
	};
	struct flow_row *row = small_row(&t, port);
	struct seen *here = &seen[port - SMALL_PORT_MIN];
	struct path_out out;
	struct flow_conf c;
	uint64_t counted = 0;

	check(flow_conf_read(&c, row));
	switch (path_packet(&out, &t.path, &pkt, now_us)) {
	case PATH_UNOWNED:
		check(!c.active);
		return;
	case PATH_DROP:
		check(out.drop < FLOW_DROPS);
		here->heard[from] |= out.drop != FLOW_DROP_STRANGER;
		break;
	case PATH_SEND:
		check(c.gate_mode != FLOW_GATE_STRICT ||
		      is_named(&c, &pkt.from));
		here->heard[from] = true;
		check(out.port_out == c.sink || out.port_out == c.sink_rtcp);
		check_target(&out, &c);
		path_sent(&t.path, &out, pkt.len);
		break;
	}
	here->arrived++;
	counted = row->state.packets_in;
	for (int i = 0; i < FLOW_DROPS; i++)
		counted += row->state.drops[i];
	check(counted == here->arrived);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((const char *)data, size);
	uint64_t now_us = UINT64_C(3600000000);

	small_init(&t);
	memset(seen, 0, sizeof(seen));
	while (cursor_left(&c)) {
		uint16_t port = SMALL_PORT_MIN + cursor_byte(&c) % PORTS;
		uint8_t from = cursor_byte(&c) % SOURCES;
		uint64_t step = cursor_byte(&c);
		uint8_t what = cursor_byte(&c);
		struct slice bytes = cursor_take(&c, cursor_byte(&c));

		if (!cursor_ok(&c))
			break;
		now_us += step * step * 1000;
		change(port, what);
		if (bytes.len)
			feed(port, from, bytes, now_us);
	}
	return 0;
}
