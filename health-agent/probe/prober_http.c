/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP probes: the request and verdict of http_ask.h over TCP and TLS. */
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "health-agent/probe/http_ask.h"
#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/stream.h"

struct http {
	struct prober p;	/* first */
	struct tls_shared *tls;
	char host[SITE_URL_MAX];	/* to ask for in TLS */
	struct stream *stream;	/* of this attempt */
};

static void conclude(struct http *h, enum health_attempt what,
		     const char *text)
{
	const char *note = h->stream ? stream_note(h->stream) : "";

	prober_done(&h->p, what, "%s%s%s", text, *note ? ", " : "", note);
}

static void on_opened(void *arg)
{
	struct http *h = arg;
	char request[HTTP_REQUEST_MAX];
	size_t len = http_ask_write(request, h->p.conf, clock_wall_s());
	int err = stream_write(h->stream, slice_of(request, len));

	if (err)
		prober_done(&h->p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
}

static void on_bytes(void *arg)
{
	struct http *h = arg;
	char text[PROBER_TEXT_MAX];
	struct http_head head;
	bool good;

	do {
		switch (http_head_read(&head, stream_bytes(h->stream))) {
		case HTTP_HEAD_MORE:
			return;
		case HTTP_HEAD_BAD:
			prober_done(&h->p, HEALTH_BAD,
				    "garbage instead of HTTP");
			return;
		case HTTP_HEAD_WHOLE:
			break;
		}
		if (head.status < 200)	/* RFC 9110 15.2: interim */
			stream_take(h->stream, head.len);
	} while (head.status < 200);

	good = http_ask_judge(text, h->p.conf, &head, clock_boot_ms());
	conclude(h, good ? HEALTH_GOOD : HEALTH_BAD, text);
}

static void on_ended(void *arg, const char *why)
{
	conclude(arg, HEALTH_BAD, why);
}

static int http_init(struct prober *p)
{
	struct http *h = (struct http *)p;

	http_ask_host(h->host, p->conf);
	return 0;
}

static int open_stream(struct prober *p)
{
	static const struct stream_events events = {
		.opened = on_opened,
		.came = on_bytes,
		.ended = on_ended,
	};
	struct http *h = (struct http *)p;
	const struct stream_conf stream = {
		.peer = p->conf->target,
		.port = p->conf->port,
		.tls = h->tls,
		.tls_sni = *p->conf->tls_name ? p->conf->tls_name : h->host,
		.tls_verify = p->conf->tls_name,
		/* the body of a 200 may come with its head */
		.max = 4 * HTTP_HEAD_MAX,
	};

	return stream_open(&h->stream, p->loop, &stream, &events, h);
}

static void http_begin(struct prober *p)
{
	struct http *h = (struct http *)p;
	char text[TLS_TEXT_MAX];
	int err;

	if (p->conf->transport == PROBER_TLS &&
	    tls_shared_renew(&h->tls, p->conf->tls_ca, text)) {
		prober_done(p, HEALTH_BAD, "cannot be asked: %s", text);
		return;
	}
	err = open_stream(p);
	if (err)
		prober_done(p, HEALTH_BAD, "cannot be asked: %s",
			    strerror(err));
}

static void http_cancel(struct prober *p)
{
	struct http *h = (struct http *)p;

	stream_close(h->stream);
	h->stream = NULL;
}

static void http_late(struct prober *p)
{
	struct http *h = (struct http *)p;

	prober_done(p, HEALTH_BAD, "%s in %" PRIu64 " ms",
		    stream_missing(h->stream), p->conf->timeout_ms);
}

static void http_close(struct prober *p)
{
	struct http *h = (struct http *)p;

	tls_shared_put(h->tls);
	h->tls = NULL;
}

const struct prober_type prober_http = {
	.size = sizeof(struct http),
	.check = http_ask_check,
	.init = http_init,
	.begin = http_begin,
	.cancel = http_cancel,
	.late = http_late,
	.close = http_close,
};
