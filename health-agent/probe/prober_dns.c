/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS probes: one question over UDP, a second time after 200 ms, and over TCP
 * where the answer is truncated or the conf says tcp.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "health-agent/probe/dgram.h"
#include "health-agent/probe/dns_wire.h"
#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/stream.h"

enum {
	REPEAT_MS = 200,
};

struct dns {
	struct prober p;	/* first */
	uv_timer_t repeat;
	/* of this attempt */
	struct dgram *dgram;
	struct stream *stream;
	struct dns_question question;
	unsigned ignored;
	size_t query_len;
	uint8_t query[2 + DNS_QUERY_MAX];	/* length first, for TCP */
};

static int dns_check(char text[static PROBER_TEXT_MAX],
		     const struct prober_conf *conf)
{
	const struct dns_question question = { .name = conf->dns_name };
	uint8_t query[DNS_QUERY_MAX];

	if (!addr_is_set(&conf->target) || !conf->port)
		return prober_say(text, "it has no target");
	if (conf->transport == PROBER_TLS)
		return prober_say(text, "DNS goes over udp or tcp");
	if (!dns_write(query, &question))
		return prober_say(text, "`%s' is no domain name",
				  conf->dns_name);
	if (!dns_type_name(conf->dns_type))
		return prober_say(text, "records of type %u are not known "
					"here: A, AAAA, SRV, NAPTR or TXT",
				  conf->dns_type);
	if (*conf->dns_answer &&
	    !dns_text_equal(conf->dns_answer, conf->dns_answer,
			    conf->dns_type))
		return prober_say(text, "`%s' is no %s", conf->dns_answer,
				  dns_type_name(conf->dns_type));
	return 0;
}

static void judge(struct dns *d, const struct dns_answer *answer)
{
	const struct prober_conf *conf = d->p.conf;
	const char *type = dns_type_name(conf->dns_type);
	unsigned kept = answer->cnt < DNS_RECORDS_MAX ? answer->cnt :
							DNS_RECORDS_MAX;

	if (!answer->cnt) {
		prober_done(&d->p, HEALTH_BAD, "no %s of %.120s", type,
			    conf->dns_name);
		return;
	}
	for (unsigned i = 0; i < kept; i++) {
		if (*conf->dns_answer &&
		    !dns_text_equal(conf->dns_answer, answer->records[i],
				    conf->dns_type))
			continue;
		prober_done(&d->p, HEALTH_GOOD, "%s %.160s", type,
			    answer->records[i]);
		return;
	}
	prober_done(&d->p, HEALTH_BAD, "%s %.80s, not %.80s", type,
		    answer->records[0], conf->dns_answer);
}

static void ask_tcp(struct dns *d);

/* Returns false when it is to be ignored. */
static bool take_message(struct dns *d, struct slice message)
{
	struct dns_answer answer;

	switch (dns_read(&answer, message, &d->question)) {
	case DNS_ANSWERED:
		judge(d, &answer);
		return true;
	case DNS_REFUSED:
		prober_done(&d->p, HEALTH_BAD, "%s (%u)",
			    dns_rcode_name(answer.rcode), answer.rcode);
		return true;
	case DNS_TRUNCATED:
		if (d->stream)
			prober_done(&d->p, HEALTH_BAD, "truncated over TCP");
		else
			ask_tcp(d);
		return true;
	case DNS_STRANGE:
		prober_count(PROBER_C_DNS_STRANGE);
		return false;
	default:
		prober_count(PROBER_C_DNS_GARBAGE);
		return false;
	}
}

/* --- over UDP ------------------------------------------------------------- */

static void on_datagram(void *arg, struct slice bytes)
{
	struct dns *d = arg;

	if (!take_message(d, bytes))
		d->ignored++;
}

static void on_dgram_failed(void *arg, int err)
{
	struct dns *d = arg;

	if (err == ECONNREFUSED)
		prober_done(&d->p, HEALTH_BAD, "nobody listens there");
	else
		prober_done(&d->p, HEALTH_BAD, "%s", strerror(err));
}

static int send_query(struct dns *d)
{
	return dgram_send(d->dgram,
			  slice_of((char *)d->query + 2, d->query_len));
}

static void on_repeat(uv_timer_t *timer)
{
	struct dns *d = timer->data;

	prober_count(PROBER_C_DNS_REPEATED);
	(void)send_query(d);	/* the receiving side hears of a failure */
}

static void ask_udp(struct dns *d)
{
	static const struct dgram_events events = {
		.came = on_datagram,
		.failed = on_dgram_failed,
	};
	const struct prober_conf *conf = d->p.conf;
	int err = dgram_open(&d->dgram, d->p.loop, &conf->target, conf->port,
			     &events, d);

	if (!err)
		err = send_query(d);
	if (err)
		prober_done(&d->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
	else
		uv_timer_start(&d->repeat, on_repeat, REPEAT_MS, 0);
}

/* --- over TCP ------------------------------------------------------------- */

static void on_opened(void *arg)
{
	struct dns *d = arg;
	int err = stream_write(d->stream, slice_of((char *)d->query,
						   2 + d->query_len));

	if (err)
		prober_done(&d->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
}

static void on_bytes(void *arg)
{
	struct dns *d = arg;

	while (d->stream) {
		struct slice bytes = stream_bytes(d->stream);
		struct cursor c = cursor_of(bytes.text, bytes.len);
		size_t len = (size_t)cursor_byte(&c) << 8;
		struct slice message;

		len |= cursor_byte(&c);
		message = cursor_take(&c, len);
		if (!cursor_ok(&c))
			return;
		if (!take_message(d, message))
			d->ignored++;
		if (d->stream)
			stream_take(d->stream, c.pos);
	}
}

static void on_ended(void *arg, const char *why)
{
	struct dns *d = arg;

	prober_done(&d->p, HEALTH_BAD, "%s", why);
}

static void ask_tcp(struct dns *d)
{
	static const struct stream_events events = {
		.opened = on_opened,
		.came = on_bytes,
		.ended = on_ended,
	};
	const struct stream_conf conf = {
		.peer = d->p.conf->target,
		.port = d->p.conf->port,
		.max = 2 * (2 + DNS_MESSAGE_MAX),
	};
	int err;

	uv_timer_stop(&d->repeat);
	dgram_close(d->dgram);
	d->dgram = NULL;
	err = stream_open(&d->stream, d->p.loop, &conf, &events, d);
	if (err)
		prober_done(&d->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
}

/* --- the type ------------------------------------------------------------- */

static int dns_init(struct prober *p)
{
	struct dns *d = (struct dns *)p;

	uv_timer_init(p->loop, &d->repeat);
	d->repeat.data = p;
	prober_hold(p);
	return 0;
}

static void dns_begin(struct prober *p)
{
	struct dns *d = (struct dns *)p;
	uint16_t id;

	d->ignored = 0;
	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t)sizeof(id)) {
		prober_done(p, HEALTH_BAD, "cannot be asked: no randomness");
		return;
	}
	d->question = (struct dns_question){
		.id = id,
		.name = p->conf->dns_name,
		.type = p->conf->dns_type,
	};
	d->query_len = dns_write(d->query + 2, &d->question);
	d->query[0] = (uint8_t)(d->query_len >> 8);
	d->query[1] = (uint8_t)d->query_len;
	if (p->conf->transport == PROBER_TCP)
		ask_tcp(d);
	else
		ask_udp(d);
}

static void dns_cancel(struct prober *p)
{
	struct dns *d = (struct dns *)p;

	uv_timer_stop(&d->repeat);
	dgram_close(d->dgram);
	stream_close(d->stream);
	d->dgram = NULL;
	d->stream = NULL;
}

static void dns_late(struct prober *p)
{
	struct dns *d = (struct dns *)p;
	char but[32] = "";

	if (d->ignored)
		snprintf(but, sizeof(but), "; %u ignored", d->ignored);
	prober_done(p, HEALTH_BAD, "%s in %" PRIu64 " ms%s",
		    d->stream ? stream_missing(d->stream) : "no answer",
		    p->conf->timeout_ms, but);
}

static void dns_close(struct prober *p)
{
	struct dns *d = (struct dns *)p;

	uv_close((uv_handle_t *)&d->repeat, prober_drop_handle);
}

const struct prober_type prober_dns = {
	.size = sizeof(struct dns),
	.check = dns_check,
	.init = dns_init,
	.begin = dns_begin,
	.cancel = dns_cancel,
	.late = dns_late,
	.close = dns_close,
};
