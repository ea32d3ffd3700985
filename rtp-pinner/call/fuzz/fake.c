/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/fuzz/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/call/pack.h"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static struct flow_row *row_at(struct fake *f, uint16_t port)
{
	must(port >= FAKE_PORT_MIN && port < FAKE_PORT_MIN + FAKE_PORTS,
	     "port inside the range");
	return &f->rows[port - FAKE_PORT_MIN];
}

static void write_conf(struct flow_row *row, const struct flow_conf *conf,
		       uint32_t generation)
{
	must(conf->active == 1, "an open row is active");
	must(conf->gate_cnt <= FLOW_GATE_MAX, "the gate fits");
	row->conf = *conf;
	row->conf.generation = generation;
}

static int open_row(void *arg, uint16_t port, const struct flow_conf *conf)
{
	struct fake *f = arg;
	struct flow_row *row = row_at(f, port);

	must(!row->conf.active, "a port is opened once");
	write_conf(row, conf, ++f->generation);
	return 0;
}

static void set_row(void *arg, uint16_t port, const struct flow_conf *conf)
{
	struct flow_row *row = row_at(arg, port);

	must(row->conf.active, "a port that is set is open");
	write_conf(row, conf, row->conf.generation);
}

static void close_row(void *arg, uint16_t port)
{
	struct flow_row *row = row_at(arg, port);

	must(row->conf.active, "a port is closed once");
	row->conf.active = 0;
}

static const struct flow_row *read_row(void *arg, uint16_t port)
{
	struct fake *f = arg;

	return port >= FAKE_PORT_MIN && port < FAKE_PORT_MIN + FAKE_PORTS ?
		row_at(f, port) : NULL;
}

void fake_start(struct fake *f)
{
	const struct calls_conf conf = {
		.media4 = { ADDR_IP4, { 198, 51, 100, 11 } },
		.media6 = { ADDR_IP6, { 0x20, 1, 0xd, 0xb8, [15] = 11 } },
		.service = { { ADDR_IP4, { 192, 0, 2, 53 } } },
		.service_cnt = 1,
		.port_min = FAKE_PORT_MIN,
		.port_max = FAKE_PORT_MIN + FAKE_PORTS - 1,
		.threads = 2,
		.max_sessions = 4,
		.offer_timeout_ms = 100000,
		.silence_timeout_ms = 60000,
		.hold_timeout_ms = 120000,
		.delete_delay_ms = 30000,
		.quarantine_ms = 1000,
	};
	const struct calls_ops ops = {
		.open = open_row,
		.set = set_row,
		.close = close_row,
		.row = read_row,
		.arg = f,
	};

	memset(f, 0, sizeof(*f));
	f->now_ms = 1000000;
	must(!calls_new(&f->calls, &conf, &ops), "calls_new");
}

void fake_stop(struct fake *f)
{
	calls_free(f->calls);
	f->calls = NULL;
}

static void check_sink(struct fake *f, const struct flow_conf *row,
		       uint16_t port, uint16_t sink)
{
	const struct flow_conf *other;

	if (!sink)
		return;
	other = &row_at(f, sink)->conf;
	must(other->active, "a sink is open");
	must(other->call == row->call, "a sink is of the same call");
	must(other->thread == row->thread, "a call stays on one thread");
	must(sink != port, "nothing leaves where it came in");
}

static void check_media(struct fake *f, const struct call *call, uint16_t port)
{
	const struct flow_conf *row = &row_at(f, port)->conf;

	must(row->active, "a port of a call is open");
	must(row->call == call->slot, "a row knows its call");
	check_sink(f, row, port, row->sink);
	check_sink(f, row, port, row->sink_rtcp);
}

static void check_pack(const struct call *call)
{
	static uint8_t bytes[CALLS_PACKED_MAX];
	size_t len = call_pack(call, bytes, sizeof(bytes));
	struct call *copy;

	must(len && len == call_pack_size(call), "a call can be packed");
	must(!call_unpack(&copy, bytes, len), "what is packed is sound");
	call_free(copy);
}

void fake_check(struct fake *f)
{
	struct calls_gauges g;
	unsigned open = 0;

	for (const struct call *c = calls_newest(f->calls); c; c = c->older) {
		for (unsigned i = 0; i < c->leg_cnt; i++) {
			const struct call_leg *leg = &c->legs[i];

			for (unsigned k = 0; k < leg->media_cnt; k++)
				if (leg->media[k].port)
					check_media(f, c, leg->media[k].port);
		}
		check_pack(c);
	}
	for (unsigned i = 0; i < FAKE_PORTS; i += 2)
		open += f->rows[i].conf.active;
	calls_gauges(f->calls, &g);
	must(open == g.ports_used, "open ports are used ports");
	must(g.ports_used + g.ports_free + g.ports_quarantined ==
		     FAKE_PORTS / 2,
	     "no port is lost");
	must(!counter_get(calls_counters(f->calls), CALLS_C_PORT_DOUBLE_FREE),
	     "no port is freed twice");
}

void fake_finish(struct fake *f)
{
	struct calls_gauges g;

	for (unsigned i = 0; i < 10000 && calls_newest(f->calls); i++) {
		f->now_ms = calls_next_ms(f->calls) > f->now_ms ?
			calls_next_ms(f->calls) : f->now_ms;
		calls_tick(f->calls, f->now_ms);
	}
	calls_tick(f->calls, f->now_ms + 1000);
	fake_check(f);
	calls_gauges(f->calls, &g);
	must(!g.sessions && !g.answered && !g.probes, "all calls end");
	must(g.ports_free == FAKE_PORTS / 2, "all ports are free again");
}
