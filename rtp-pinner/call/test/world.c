/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/test/world.h"

#include <errno.h>
#include <stdlib.h>

#include "common/test/append.h"
#include "rtp-pinner/call/pack.h"
#include "rtp-pinner/call/ports.h"

enum { TEXT_MAX = 2048 };

/* Text that outlives a few calls. */
static char *text_slot(void)
{
	static char slots[16][TEXT_MAX];
	static unsigned next;

	return slots[next++ % 16];
}

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };

	if (text)
		assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct slice slice_or_none(const char *text)
{
	return text ? slice_str(text) : (struct slice){ 0 };
}

/* ---- the relay ---- */

static struct flow_row *row_at(struct world *w, uint16_t port)
{
	assert_in_range(port, WORLD_PORT_MIN, WORLD_PORT_MAX);
	return &w->rows[port - WORLD_PORT_MIN];
}

static void write_conf(struct flow_row *row, const struct flow_conf *conf)
{
	uint32_t seq = row->conf.seq;
	uint32_t generation = row->conf.generation;

	row->conf = *conf;
	row->conf.seq = seq + 2;
	row->conf.generation = generation;
}

static int fake_open(void *arg, uint16_t port, const struct flow_conf *conf)
{
	struct world *w = arg;
	struct flow_row *row = row_at(w, port);

	assert_int_equal(row->conf.active, 0);
	assert_int_equal(conf->active, 1);
	if (port == w->taken_port)
		return EADDRINUSE;
	if (w->open_error && !w->open_good)
		return w->open_error;
	if (w->open_good)
		w->open_good--;
	w->opens++;
	memset(row, 0, sizeof(*row));
	row->conf.generation = ++w->generation;
	write_conf(row, conf);
	return 0;
}

static void fake_set(void *arg, uint16_t port, const struct flow_conf *conf)
{
	struct world *w = arg;

	assert_int_equal(row_at(w, port)->conf.active, 1);
	assert_int_equal(conf->active, 1);
	w->sets++;
	write_conf(row_at(w, port), conf);
}

static void fake_close(void *arg, uint16_t port)
{
	struct world *w = arg;

	assert_int_equal(row_at(w, port)->conf.active, 1);
	row_at(w, port)->conf.active = 0;
}

static const struct flow_row *fake_row(void *arg, uint16_t port)
{
	struct world *w = arg;

	return port >= WORLD_PORT_MIN && port <= WORLD_PORT_MAX ?
		row_at(w, port) : NULL;
}

static void fake_changed(void *arg, const struct call *call)
{
	struct world *w = arg;

	assert_non_null(call);
	w->changes++;
}

static void fake_ended(void *arg, const struct call *call, enum calls_end end)
{
	struct world *w = arg;
	size_t len = strlen(w->ended);

	snprintf(w->ended + len, sizeof(w->ended) - len, "%.*s:%s ",
		 (int)call->id_len, call->id, calls_end_name(end));
}

/* ---- the world ---- */

struct calls_conf world_conf(void)
{
	return (struct calls_conf){
		.media4 = addr_of(WORLD_MEDIA4),
		.media6 = addr_of(WORLD_MEDIA6),
		.service = { addr_of(WORLD_SERVICE4),
			     addr_of("2001:db8:53::53") },
		.service_cnt = 2,
		.port_min = WORLD_PORT_MIN,
		.port_max = WORLD_PORT_MAX,
		.threads = 2,
		.dscp = 46,
		.max_sessions = WORLD_SESSIONS,
		.packet_rate_max = 1000,
		.offer_timeout_ms = WORLD_OFFER_TIMEOUT,
		.silence_timeout_ms = WORLD_SILENCE_TIMEOUT,
		.hold_timeout_ms = WORLD_HOLD_TIMEOUT,
		.delete_delay_ms = WORLD_DELETE_DELAY,
		.quarantine_ms = WORLD_QUARANTINE,
		.seed = { 7 },
	};
}

void world_start(struct world *w, const struct calls_conf *conf)
{
	const struct calls_ops ops = {
		.open = fake_open,
		.set = fake_set,
		.close = fake_close,
		.row = fake_row,
		.changed = fake_changed,
		.ended = fake_ended,
		.arg = w,
	};

	calls_free(w->calls);
	assert_int_equal(calls_new(&w->calls, conf, &ops), 0);
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct calls_conf conf = world_conf();

	assert_non_null(w);
	w->now_ms = 1000 * 1000;
	world_start(w, &conf);
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	free(w->reply.sdp);
	calls_free(w->calls);
	free(w);
	return 0;
}

static struct ng_command command_of(struct say say)
{
	struct ng_command c = {
		.flags = say.flags,
		.call_id = slice_str(say.call ? say.call : "c"),
		.from_tag = slice_or_none(say.from),
		.to_tag = slice_or_none(say.to),
		.via_branch = slice_or_none(say.branch),
		.label = slice_or_none(say.label),
		.sdp = slice_or_none(say.sdp),
		.transport_protocol = slice_or_none(say.transport),
		.media_address = addr_of(say.media_address),
		.address_family = say.family,
		.ice = say.ice,
		.gate = say.gate,
		.message_type = say.type,
		.tos = say.tos ? say.tos : -1,
		.delete_delay_ms = say.at_once ? 0 : -1,
		.is_probe = say.probe,
	};

	if (say.received) {
		c.received[0] = addr_of(say.received);
		c.received_cnt = 1;
	}
	if (say.gate_prefix) {
		struct prefix p;

		assert_int_equal(
			prefix_parse(&p, slice_str(say.gate_prefix)), 0);
		c.gate_prefixes[0].addr = p.addr;
		c.gate_prefixes[0].len = p.len;
		c.gate_prefix_cnt = 1;
	}
	return c;
}

static enum calls_result settle(struct world *w)
{
	if (w->reply.result)
		assert_null(w->reply.sdp);
	else
		assert_non_null(w->reply.sdp);
	world_used(w);
	return w->reply.result;
}

enum calls_result world_offer(struct world *w, struct say say)
{
	struct ng_command c = command_of(say);

	free(w->reply.sdp);
	calls_offer(w->calls, &w->reply, &c, w->now_ms);
	return settle(w);
}

enum calls_result world_answer(struct world *w, struct say say)
{
	struct ng_command c = command_of(say);

	free(w->reply.sdp);
	calls_answer(w->calls, &w->reply, &c, w->now_ms);
	return settle(w);
}

void world_offer_ok(struct world *w, struct say say)
{
	assert_int_equal(world_offer(w, say), CALLS_OK);
}

void world_answer_ok(struct world *w, struct say say)
{
	assert_int_equal(world_answer(w, say), CALLS_OK);
}

void world_delete(struct world *w, struct say say)
{
	struct ng_command c = command_of(say);

	calls_delete(w->calls, &w->deleted, &c, w->now_ms);
	calls_tick(w->calls, w->now_ms);
	world_used(w);
}

void world_pass(struct world *w, uint64_t ms)
{
	uint64_t end = w->now_ms + ms;

	while (calls_next_ms(w->calls) <= end) {
		if (calls_next_ms(w->calls) > w->now_ms)
			w->now_ms = calls_next_ms(w->calls);
		calls_tick(w->calls, w->now_ms);
	}
	w->now_ms = end;
	calls_tick(w->calls, w->now_ms);
	world_used(w);
}

int world_restart(struct world *w, const char *id)
{
	const struct call *call = world_call(w, id);
	struct calls_conf conf = world_conf();
	uint32_t slot = call->slot;
	uint8_t bytes[8192];
	size_t len = call_pack(call, bytes, sizeof(bytes));
	int err;

	assert_int_not_equal(len, 0);
	assert_int_equal(len, call_pack_size(call));
	conf.seed[0] = 99;	/* another run */
	world_start(w, &conf);
	for (unsigned i = 0; i < WORLD_PORTS; i++)
		w->rows[i].conf.active = 0;
	err = calls_restore(w->calls, slot, bytes, len, w->now_ms);
	world_used(w);
	return err;
}

const struct call *world_call(struct world *w, const char *id)
{
	return calls_find(w->calls, slice_str(id));
}

uint16_t world_port(struct world *w, const char *tag, unsigned media)
{
	const struct call *call = world_call(w, "c");
	unsigned leg;

	assert_non_null(call);
	leg = call_find_tag(call, slice_str(tag));
	assert_int_not_equal(leg, CALL_NONE);
	return call_media_port(call, leg, media);
}

const struct flow_conf *world_row(struct world *w, uint16_t port)
{
	return &row_at(w, port)->conf;
}

static const char *endpoint_text(const struct flow_endpoint *e)
{
	char addr[ADDR_TEXT_MAX];
	char *out = text_slot();
	struct addr a = { .family = e->family };

	if (!e->family)
		return "-";
	memcpy(a.bytes_be, e->bytes_be, sizeof(a.bytes_be));
	addr_format_host(addr, &a);
	snprintf(out, 64, "%s:%u", addr, e->port);
	return out;
}

static const char *route(struct world *w, uint16_t port, bool rtcp)
{
	const struct flow_conf *row = world_row(w, port);
	uint16_t sink = rtcp ? row->sink_rtcp : row->sink;

	assert_int_equal(row->active, 1);
	if (!sink)
		return "-";
	assert_int_equal(world_row(w, sink)->active, 1);
	assert_int_equal(world_row(w, sink)->thread, row->thread);
	return endpoint_text(&world_row(w, sink)->signalled);
}

const char *world_route(struct world *w, uint16_t port)
{
	return route(w, port, false);
}

const char *world_rtcp_route(struct world *w, uint16_t port)
{
	return route(w, port, true);
}

const char *world_gate(struct world *w, uint16_t port)
{
	static const char *const modes[] = { "strict", "learn", "off" };
	const struct flow_conf *row = world_row(w, port);
	char *out = text_slot();

	out[0] = '\0';
	append(out, TEXT_MAX, "%s:", modes[row->gate_mode]);
	for (unsigned i = 0; i < row->gate_cnt; i++) {
		const struct flow_endpoint *e = &row->gate[i];
		struct addr a = { .family = e->family };
		char addr[ADDR_TEXT_MAX];

		memcpy(a.bytes_be, e->bytes_be, sizeof(a.bytes_be));
		addr_format(addr, &a);
		append(out, TEXT_MAX, " %s", addr);
		if (e->prefix_len != (e->family == 4 ? 32 : 128))
			append(out, TEXT_MAX, "/%u", e->prefix_len);
	}
	return out;
}

void world_packet(struct world *w, uint16_t port)
{
	row_at(w, port)->state.last_ms = w->now_ms;
}

unsigned world_used(struct world *w)
{
	struct calls_gauges g;
	unsigned open = 0;

	calls_gauges(w->calls, &g);
	for (unsigned i = 0; i < WORLD_PORTS; i += 2)
		open += w->rows[i].conf.active;
	assert_int_equal(open, g.ports_used);
	assert_int_equal(g.ports_free + g.ports_used + g.ports_quarantined,
			 WORLD_PORTS / 2);
	assert_int_equal(world_counter(w, CALLS_C_PORT_DOUBLE_FREE), 0);
	return g.ports_used;
}

uint64_t world_counter(struct world *w, enum calls_counter which)
{
	return counter_get(calls_counters(w->calls), which);
}

uint16_t sdp_port(const char *sdp, unsigned n)
{
	const char *at = strstr(sdp, "m=");

	while (at && n--)
		at = strstr(at + 1, "m=");
	assert_non_null(at);
	return (uint16_t)strtoul(strchr(at, ' '), NULL, 10);
}

bool world_says(struct world *w, const char *text)
{
	return w->reply.sdp && strstr(w->reply.sdp, text);
}

const char *audio(const char *addr, unsigned port, const char *extra)
{
	char *out = text_slot();
	const char *family = strchr(addr, ':') ? "IP6" : "IP4";

	snprintf(out, 2048,
		 "v=0\r\no=- 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\n%s",
		 family, addr, family, addr, port, extra ? extra : "");
	return out;
}

const char *audio_video(const char *addr, unsigned port, unsigned video_port)
{
	char extra[128];

	snprintf(extra, sizeof(extra),
		 "m=video %u RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n",
		 video_port);
	return audio(addr, port, extra);
}

void world_talk(struct world *w)
{
	world_offer_ok(w, (struct say){
		.from = "f",
		.branch = "z1",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "f",
		.to = "t",
		.branch = "z1",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
}
