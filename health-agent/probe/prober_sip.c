/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIP probes: the requests and verdicts of sip_ask.h over UDP, TCP and TLS.
 *
 * Over UDP the request is sent a second time after 200 ms: one packet may get
 * lost without harm.  What is no reply to it is ignored there, and counted:
 * anybody may send datagrams.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "health-agent/probe/dgram.h"
#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/sip_ask.h"
#include "health-agent/probe/sip_frame.h"
#include "health-agent/probe/stream.h"

enum {
	REPEAT_MS = 200,
};

struct sip {
	struct prober p;	/* first */
	struct sip_ask ask;
	struct tls_shared *tls;
	uv_timer_t repeat;
	/* of this attempt */
	struct dgram *dgram;
	struct stream *stream;
	unsigned garbage, strange;	/* messages ignored */
	char provisional[PROBER_TEXT_MAX];
	size_t request_len;
	char request[SIP_REQUEST_MAX];
};

static void send_text(struct sip *s, const char *text, size_t len)
{
	if (!len)
		return;
	/* that it fails is heard of from the receiving side */
	if (s->dgram)
		(void)dgram_send(s->dgram, slice_of(text, len));
	else if (s->stream)
		(void)stream_write(s->stream, slice_of(text, len));
}

static void end_transaction(struct sip *s, const struct sip_reply *reply)
{
	char text[SIP_REQUEST_MAX];

	send_text(s, text, sip_ask_ack(text, &s->ask, reply));
	send_text(s, text, sip_ask_bye(text, &s->ask, reply));
}

static void conclude(struct sip *s, enum health_attempt what, const char *text)
{
	const char *note = s->stream ? stream_note(s->stream) : "";

	prober_done(&s->p, what, "%s%s%s", text, *note ? ", " : "", note);
}

static void take_message(struct sip *s, struct slice message)
{
	char text[PROBER_TEXT_MAX];
	struct sip_reply reply;
	enum sip_meaning meaning;
	int err = sip_osip_read(&reply, message);

	if (err == ENOMEM) {
		prober_done(&s->p, HEALTH_BAD, "%s", strerror(err));
		return;
	}
	if (err) {
		prober_count(PROBER_C_SIP_GARBAGE);
		s->garbage++;
		return;
	}
	meaning = sip_ask_judge(text, &s->ask, &reply, clock_boot_ms());
	switch (meaning) {
	case SIP_STRANGE:
		prober_count(PROBER_C_SIP_STRANGE);
		s->strange++;
		break;
	case SIP_PROVISIONAL:
		prober_count(PROBER_C_SIP_PROVISIONAL);
		uv_timer_stop(&s->repeat);	/* 17.1.1.2 */
		memcpy(s->provisional, text, sizeof(text));
		break;
	case SIP_GOOD:
	case SIP_BAD:
		end_transaction(s, &reply);
		conclude(s, meaning == SIP_GOOD ? HEALTH_GOOD : HEALTH_BAD,
			 text);
		break;
	}
}

/* Random names and the request that carries them, from where we send. */
static int make_request(struct sip *s, const struct addr *local, uint16_t port)
{
	uint8_t random[SIP_ASK_RANDOM];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		return EAGAIN;
	sip_ask_renew(&s->ask, random, local, port, clock_wall_s());
	s->request_len = sip_ask_write(s->request, &s->ask);
	return s->request_len ? 0 : ENOMEM;
}

/* --- over UDP ------------------------------------------------------------- */

static void on_datagram(void *arg, struct slice bytes)
{
	struct sip *s = arg;
	size_t before, len;

	if (sip_frame_datagram(&before, &len, bytes) != SIP_FRAME_WHOLE) {
		prober_count(PROBER_C_SIP_GARBAGE);
		s->garbage++;
		return;
	}
	take_message(s, slice_of(bytes.text + before, len));
}

static void on_dgram_failed(void *arg, int err)
{
	struct sip *s = arg;

	if (err == ECONNREFUSED)
		prober_done(&s->p, HEALTH_BAD, "nobody listens there");
	else
		prober_done(&s->p, HEALTH_BAD, "%s", strerror(err));
}

static void on_repeat(uv_timer_t *timer)
{
	struct sip *s = timer->data;

	prober_count(PROBER_C_SIP_REPEATED);
	send_text(s, s->request, s->request_len);
}

static void begin_udp(struct sip *s)
{
	static const struct dgram_events events = {
		.came = on_datagram,
		.failed = on_dgram_failed,
	};
	const struct prober_conf *conf = s->p.conf;
	struct addr local;
	uint16_t port;
	int err;

	err = dgram_open(&s->dgram, s->p.loop, &conf->target, conf->port,
			 &events, s);
	if (!err)
		err = dgram_local(s->dgram, &local, &port);
	if (!err)
		err = make_request(s, &local, port);
	if (!err)
		err = dgram_send(s->dgram,
				 slice_of(s->request, s->request_len));
	if (err) {
		prober_done(&s->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
		return;
	}
	uv_timer_start(&s->repeat, on_repeat, REPEAT_MS, 0);
}

/* --- over TCP and TLS ----------------------------------------------------- */

static void on_opened(void *arg)
{
	struct sip *s = arg;
	struct addr local;
	uint16_t port;
	int err = stream_local(s->stream, &local, &port);

	if (!err)
		err = make_request(s, &local, port);
	if (!err)
		err = stream_write(s->stream,
				   slice_of(s->request, s->request_len));
	if (err)
		prober_done(&s->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
}

static void on_bytes(void *arg)
{
	struct sip *s = arg;
	enum sip_frame frame = SIP_FRAME_WHOLE;
	size_t before, len;

	while (s->stream && frame == SIP_FRAME_WHOLE) {
		struct slice bytes = stream_bytes(s->stream);

		frame = sip_frame_stream(&before, &len, bytes);
		if (frame == SIP_FRAME_BAD) {
			prober_count(PROBER_C_SIP_GARBAGE);
			prober_done(&s->p, HEALTH_BAD,
				    "garbage instead of SIP");
			return;
		}
		if (frame == SIP_FRAME_WHOLE)
			take_message(s, slice_of(bytes.text + before, len));
		else
			len = 0;
		if (s->stream)
			stream_take(s->stream, before + len);
	}
}

static void on_ended(void *arg, const char *why)
{
	struct sip *s = arg;

	conclude(s, HEALTH_BAD, why);
}

static int open_stream(struct sip *s)
{
	static const struct stream_events events = {
		.opened = on_opened,
		.came = on_bytes,
		.ended = on_ended,
	};
	const struct prober_conf *conf = s->p.conf;
	struct stream_conf stream = {
		.peer = conf->target,
		.port = conf->port,
		.tls = s->tls,
		.tls_sni = conf->tls_name,
		.tls_verify = conf->tls_name,
		.max = 2 * SIP_FRAME_MAX,
	};

	if (!*conf->tls_name)
		stream.tls_sni = conf->on_node ? conf->node->host :
						 conf->site->domain;
	return stream_open(&s->stream, s->p.loop, &stream, &events, s);
}

static void begin_stream(struct sip *s)
{
	char text[TLS_TEXT_MAX];
	int err;

	if (s->p.conf->transport == PROBER_TLS &&
	    tls_shared_renew(&s->tls, s->p.conf->tls_ca, text)) {
		prober_done(&s->p, HEALTH_BAD, "cannot be asked: %s", text);
		return;
	}
	err = open_stream(s);
	if (err)
		prober_done(&s->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
}

/* --- the type ------------------------------------------------------------- */

static int sip_init(struct prober *p)
{
	struct sip *s = (struct sip *)p;

	uv_timer_init(p->loop, &s->repeat);
	s->repeat.data = p;
	prober_hold(p);
	return sip_ask_init(&s->ask, p->conf);
}

static void sip_begin(struct prober *p)
{
	struct sip *s = (struct sip *)p;

	s->garbage = 0;
	s->strange = 0;
	s->provisional[0] = '\0';
	s->request_len = 0;
	if (p->conf->transport == PROBER_UDP)
		begin_udp(s);
	else
		begin_stream(s);
}

static void sip_cancel(struct prober *p)
{
	struct sip *s = (struct sip *)p;

	uv_timer_stop(&s->repeat);
	dgram_close(s->dgram);
	stream_close(s->stream);
	s->dgram = NULL;
	s->stream = NULL;
}

/* "no answer in 500 ms, but 2 datagrams of other origin" */
static void sip_late(struct prober *p)
{
	struct sip *s = (struct sip *)p;
	const char *missing = s->stream ? stream_missing(s->stream) :
					  "no answer";
	char text[SIP_REQUEST_MAX];
	char but[64] = "";

	if (s->provisional[0]) {
		send_text(s, text, sip_ask_cancel(text, &s->ask));
		prober_done(p, HEALTH_BAD, "only %s in %" PRIu64 " ms",
			    s->provisional, p->conf->timeout_ms);
		return;
	}
	if (s->garbage || s->strange)
		snprintf(but, sizeof(but),
			 "; ignored: %u not SIP, %u of other requests",
			 s->garbage, s->strange);
	prober_done(p, HEALTH_BAD, "%s in %" PRIu64 " ms%s", missing,
		    p->conf->timeout_ms, but);
}

static void sip_close(struct prober *p)
{
	struct sip *s = (struct sip *)p;

	tls_shared_put(s->tls);
	s->tls = NULL;
	uv_close((uv_handle_t *)&s->repeat, prober_drop_handle);
}

const struct prober_type prober_sip = {
	.size = sizeof(struct sip),
	.check = sip_ask_check,
	.init = sip_init,
	.begin = sip_begin,
	.cancel = sip_cancel,
	.late = sip_late,
	.close = sip_close,
};
