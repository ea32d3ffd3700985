/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/prober_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct counter_desc descs[PROBER_COUNTERS] = {
	[PROBER_C_TIMEOUTS] = { "timeouts",
				"attempts that ended with their timeout" },
	[PROBER_C_SIP_GARBAGE] = { "sip_garbage",
				   "datagrams ignored: not a SIP reply" },
	[PROBER_C_SIP_STRANGE] = { "sip_strange",
				   "SIP replies ignored: to another request, "
				   "or forged" },
	[PROBER_C_SIP_PROVISIONAL] = { "sip_provisional",
				       "SIP replies 1xx" },
	[PROBER_C_SIP_REPEATED] = { "sip_repeated",
				    "SIP requests sent a second time" },
	[PROBER_C_DNS_GARBAGE] = { "dns_garbage",
				   "messages ignored: not DNS, or broken" },
	[PROBER_C_DNS_STRANGE] = { "dns_strange",
				   "DNS answers ignored: to another question, "
				   "or forged" },
	[PROBER_C_DNS_REPEATED] = { "dns_repeated",
				    "DNS questions sent a second time" },
	[PROBER_C_NG_STRANGE] = { "ng_strange",
				  "datagrams ignored: no answer to what the "
				  "relay was asked" },
	[PROBER_C_RTP_LATE] = { "rtp_late",
				"RTP packets slower than delay: lost" },
	[PROBER_C_RTP_DOUBLE] = { "rtp_double",
				  "RTP packets that came a second time" },
	[PROBER_C_RTP_ALTERED] = { "rtp_altered",
				   "RTP packets that came changed: lost" },
	[PROBER_C_RTP_FOREIGN] = { "rtp_foreign",
				   "datagrams ignored: no RTP of this "
				   "attempt" },
};

static _Atomic uint64_t values[PROBER_COUNTERS];

static const struct counters counters = {
	.desc = descs,
	.cnt = PROBER_COUNTERS,
	.values = values,
};

const struct counters *prober_counters(void)
{
	return &counters;
}

void prober_count(enum prober_counter which)
{
	counter_add(&counters, which, 1);
}

void prober_clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

int prober_say(char text[static PROBER_TEXT_MAX], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, PROBER_TEXT_MAX, fmt, args);
	va_end(args);
	prober_clean(text);
	return EINVAL;
}

static const struct prober_type *type_of(enum prober_kind kind)
{
	return (unsigned)kind < PROBER_KINDS ? prober_types[kind] : NULL;
}

const char *prober_kind_name(enum prober_kind kind)
{
	static const char *const names[PROBER_KINDS] = {
		[PROBER_SIP] = "sip",
		[PROBER_HTTP] = "http",
		[PROBER_DNS] = "dns",
		[PROBER_RTP] = "rtp",
		[PROBER_PROCESS] = "process",
		[PROBER_COMMAND] = "command",
	};

	return (unsigned)kind < PROBER_KINDS ? names[kind] : "?";
}

int prober_check(char text[static PROBER_TEXT_MAX],
		 const struct prober_conf *conf)
{
	const struct prober_type *type = type_of(conf->kind);

	text[0] = '\0';
	if (!type)
		return prober_say(text, "no such kind of probe");
	if (!conf->timeout_ms)
		return prober_say(text, "it has no timeout");
	return type->check ? type->check(text, conf) : 0;
}

void prober_hold(struct prober *p)
{
	p->handles++;
}

static void drop(struct prober *p)
{
	if (!--p->handles)
		free(p);
}

void prober_drop_handle(uv_handle_t *handle)
{
	drop(handle->data);
}

static void on_deliver(uv_idle_t *idle)
{
	struct prober *p = idle->data;
	struct prober_result result = p->result;

	uv_idle_stop(idle);
	p->phase = PROBER_IDLE;
	p->handler(p->arg, p, &result);
}

static void set_result(struct prober *p, enum health_attempt what,
		       const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

static void set_result(struct prober *p, enum health_attempt what,
		       const char *fmt, va_list args)
{
	enum prober_phase was = p->phase;

	p->phase = PROBER_DONE;
	p->result = (struct prober_result){ .what = what };
	if (was == PROBER_RUNNING)
		p->result.took_us = (uv_hrtime() - p->began_ns) / 1000;
	vsnprintf(p->result.text, sizeof(p->result.text), fmt, args);
	prober_clean(p->result.text);

	uv_timer_stop(&p->timer);
	uv_idle_start(&p->deliver, on_deliver);
	if (was == PROBER_RUNNING && p->type->cancel)
		p->type->cancel(p);
}

void prober_done(struct prober *p, enum health_attempt what, const char *fmt,
		 ...)
{
	va_list args;

	if (p->phase != PROBER_RUNNING)
		return;
	va_start(args, fmt);
	set_result(p, what, fmt, args);
	va_end(args);
}

void prober_report(struct prober *p, enum health_attempt what, const char *fmt,
		   ...)
{
	va_list args;

	if (p->phase == PROBER_CLOSED)
		return;
	va_start(args, fmt);
	set_result(p, what, fmt, args);
	va_end(args);
}

/* A process that was stopped, or has waited for its turn, finds its timers
 * due before it has looked at its sockets: what lies there still counts.
 */
static void on_timer(uv_timer_t *timer)
{
	struct prober *p = timer->data;

	if (!p->last_turn) {
		p->last_turn = true;
		uv_timer_start(timer, on_timer, 1, 0);
		return;
	}
	prober_count(PROBER_C_TIMEOUTS);
	if (p->type->late)
		p->type->late(p);
	prober_done(p, HEALTH_BAD, "no answer in %" PRIu64 " ms",
		    p->conf->timeout_ms);
}

int prober_new(struct prober **out, uv_loop_t *loop,
	       const struct prober_conf *conf, prober_result_h *handler,
	       void *arg)
{
	char text[PROBER_TEXT_MAX];
	struct prober *p;
	int err;

	*out = NULL;
	err = prober_check(text, conf);
	if (err)
		return err;
	p = calloc(1, type_of(conf->kind)->size);
	if (!p)
		return ENOMEM;
	p->type = type_of(conf->kind);
	p->conf = conf;
	p->loop = loop;
	p->handler = handler;
	p->arg = arg;

	uv_timer_init(loop, &p->timer);
	p->timer.data = p;
	prober_hold(p);
	uv_idle_init(loop, &p->deliver);
	p->deliver.data = p;
	prober_hold(p);

	if (p->type->init)
		err = p->type->init(p);
	if (err)
		prober_close(p);
	else
		*out = p;
	return err;
}

int prober_attempt(struct prober *p)
{
	uint64_t timeout_ms = p->conf->timeout_ms;

	if (p->phase != PROBER_IDLE)
		return EALREADY;
	p->phase = PROBER_RUNNING;
	p->last_turn = false;
	p->began_ns = uv_hrtime();
	/* the loop may have been at this turn for long; one millisecond is
	 * for the last turn
	 */
	uv_update_time(p->loop);
	uv_timer_start(&p->timer, on_timer, timeout_ms - 1, 0);
	p->type->begin(p);
	return 0;
}

void prober_close(struct prober *p)
{
	bool running;

	if (!p || p->phase == PROBER_CLOSED)
		return;
	running = p->phase == PROBER_RUNNING;
	p->phase = PROBER_CLOSED;
	if (running && p->type->cancel)
		p->type->cancel(p);
	if (p->type->close)
		p->type->close(p);
	uv_close((uv_handle_t *)&p->timer, prober_drop_handle);
	uv_close((uv_handle_t *)&p->deliver, prober_drop_handle);
}

static size_t endpoint(char out[static PROBER_TEXT_MAX],
		       const struct prober_conf *conf)
{
	static const char *const transports[] = {
		[PROBER_UDP] = "udp", [PROBER_TCP] = "tcp",
		[PROBER_TLS] = "tls",
	};
	char addr[ADDR_TEXT_MAX];

	addr_format_host(addr, &conf->target);
	return (size_t)snprintf(out, PROBER_TEXT_MAX, "%s %s:%u",
				transports[conf->transport], addr, conf->port);
}

size_t prober_target(char out[static PROBER_TEXT_MAX], const struct prober *p)
{
	if (!p->type->target)
		return endpoint(out, p->conf);
	p->type->target(out, p);
	prober_clean(out);
	return strlen(out);
}
