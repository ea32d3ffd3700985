/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health-agent/probe/net.h"

enum {
	READ_MAX = 16384,
	PILE_MIN = 2048,
};

enum stage {
	STAGE_CONNECT,
	STAGE_HANDSHAKE,
	STAGE_OPEN,
};

struct stream {
	uv_tcp_t tcp;
	uv_connect_t connect;
	const struct stream_events *events;	/* NULL: closed */
	void *arg;
	enum stage stage;
	size_t max, got;		/* bytes that may come, and came */
	struct tls *tls;		/* NULL: plain */
	char *pile;			/* what came and was not taken */
	size_t len, size;
};

struct writing {
	uv_write_t req;
	char bytes[];
};

/* One for all: what is read is piled up at once. */
static char shared[READ_MAX];

static void end(struct stream *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void end(struct stream *s, const char *fmt, ...)
{
	char text[STREAM_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	uv_read_stop((uv_stream_t *)&s->tcp);
	s->events->ended(s->arg, text);
}

static int pile_up(struct stream *s, struct slice bytes)
{
	size_t size = s->size ? s->size : PILE_MIN;
	char *pile;

	if (bytes.len > s->max - s->got)
		return EMSGSIZE;
	s->got += bytes.len;
	while (size - s->len < bytes.len)
		size *= 2;
	if (size != s->size) {
		pile = realloc(s->pile, size);
		if (!pile)
			return ENOMEM;
		s->pile = pile;
		s->size = size;
	}
	memcpy(s->pile + s->len, bytes.text, bytes.len);
	s->len += bytes.len;
	return 0;
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	(void)handle, (void)size;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void on_written(uv_write_t *req, int status)
{
	(void)status;		/* the reading side hears of it */
	free(req->data);
}

static int send_bytes(struct stream *s, struct slice bytes)
{
	uv_stream_t *tcp = (uv_stream_t *)&s->tcp;
	uv_buf_t buf = uv_buf_init((char *)bytes.text, (unsigned)bytes.len);
	struct writing *w;
	int sent = uv_try_write(tcp, &buf, 1);
	int err;

	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0)
		return -sent;
	if ((size_t)sent == bytes.len)
		return 0;
	bytes = slice_of(bytes.text + sent, bytes.len - (size_t)sent);
	w = malloc(sizeof(*w) + bytes.len);
	if (!w)
		return ENOMEM;
	memcpy(w->bytes, bytes.text, bytes.len);
	w->req.data = w;
	buf = uv_buf_init(w->bytes, (unsigned)bytes.len);
	err = -uv_write(&w->req, tcp, &buf, 1, on_written);
	if (err)
		free(w);
	return err;
}

static int flush(struct stream *s)
{
	char bytes[4096];
	size_t len;
	int err = 0;

	while (!err && (len = tls_pull(s->tls, bytes, sizeof(bytes))))
		err = send_bytes(s, slice_of(bytes, len));
	return err;
}

static void end_piled(struct stream *s, int err)
{
	if (err == EMSGSIZE)
		end(s, "more than %zu bytes and no answer in them", s->max);
	else
		end(s, "%s", strerror(err));
}

static void opened(struct stream *s)
{
	s->stage = STAGE_OPEN;
	s->events->opened(s->arg);
}

/* Bytes have come, or are about to go; events may close us in between. */
static void turn_tls(struct stream *s)
{
	char text[4096];
	size_t before = s->len, len;
	int err = flush(s);

	if (s->stage == STAGE_HANDSHAKE && tls_stage(s->tls) == TLS_OPEN)
		opened(s);
	while (!err && s->events &&
	       (len = tls_read(s->tls, text, sizeof(text))))
		err = pile_up(s, slice_of(text, len));
	if (!err && s->events && s->len > before)
		s->events->came(s->arg);
	if (!s->events)
		return;
	if (err)
		end_piled(s, err);
	else if (tls_stage(s->tls) == TLS_FAILED)
		end(s, "TLS: %s", tls_error(s->tls));
	else if (tls_stage(s->tls) == TLS_ENDED)
		end(s, "connection closed before an answer");
	else
		flush(s);
}

static void on_read(uv_stream_t *tcp, ssize_t len, const uv_buf_t *buf)
{
	struct stream *s = tcp->data;
	struct slice bytes;
	int err;

	if (!s->events || !len)
		return;
	if (len < 0) {
		if (len == UV_EOF)
			end(s, "connection closed before an answer");
		else
			end(s, "%s", uv_strerror((int)len));
		return;
	}
	bytes = slice_of(buf->base, (size_t)len);
	if (s->tls) {
		tls_feed(s->tls, bytes);
		turn_tls(s);
		return;
	}
	err = pile_up(s, bytes);
	if (err)
		end_piled(s, err);
	else
		s->events->came(s->arg);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct stream *s = connect->data;

	if (!s->events)
		return;
	if (status < 0) {
		end(s, "%s", uv_strerror(status));
		return;
	}
	status = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
	if (status < 0) {
		end(s, "%s", uv_strerror(status));
		return;
	}
	if (s->tls) {
		s->stage = STAGE_HANDSHAKE;
		turn_tls(s);
		return;
	}
	opened(s);
}

static void on_closed(uv_handle_t *handle)
{
	struct stream *s = handle->data;

	tls_free(s->tls);
	free(s->pile);
	free(s);
}

int stream_open(struct stream **out, uv_loop_t *loop,
		const struct stream_conf *conf,
		const struct stream_events *events, void *arg)
{
	union net_address to;
	struct stream *s;
	int err;

	*out = NULL;
	if (!net_address(&to, &conf->peer, conf->port))
		return EAFNOSUPPORT;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	s->tcp.data = s;
	s->connect.data = s;
	s->events = events;
	s->arg = arg;
	s->max = conf->max;
	err = -uv_tcp_init(loop, &s->tcp);
	if (err) {
		free(s);
		return err;
	}
	if (conf->tls)
		err = tls_new(&s->tls, conf->tls, conf->tls_sni,
			      conf->tls_verify);
	if (!err)
		err = -uv_tcp_connect(&s->connect, &s->tcp, &to.sa,
				      on_connected);
	if (!err)
		uv_tcp_nodelay(&s->tcp, 1);
	if (err)
		stream_close(s);
	else
		*out = s;
	return err;
}

int stream_local(const struct stream *s, struct addr *addr, uint16_t *port)
{
	union net_address local;
	int len = sizeof(local);
	int err = -uv_tcp_getsockname(&s->tcp, &local.sa, &len);

	if (!err)
		net_endpoint(addr, port, &local);
	return err;
}

struct slice stream_bytes(const struct stream *s)
{
	return slice_of(s->pile, s->len);
}

void stream_take(struct stream *s, size_t len)
{
	if (!len)
		return;
	s->len -= len;
	memmove(s->pile, s->pile + len, s->len);
}

int stream_write(struct stream *s, struct slice bytes)
{
	if (!s->tls)
		return send_bytes(s, bytes);
	tls_write(s->tls, bytes);
	return tls_stage(s->tls) == TLS_FAILED ? EPROTO : flush(s);
}

const char *stream_missing(const struct stream *s)
{
	static const char *const missing[] = {
		[STAGE_CONNECT] = "no connection",
		[STAGE_HANDSHAKE] = "no TLS handshake",
		[STAGE_OPEN] = "no answer",
	};

	return missing[s->stage];
}

const char *stream_note(const struct stream *s)
{
	return s->tls ? tls_note(s->tls) : "";
}

void stream_close(struct stream *s)
{
	if (!s || !s->events)
		return;
	s->events = NULL;
	if (s->tls && s->stage == STAGE_OPEN) {
		tls_end(s->tls);
		flush(s);
	}
	uv_close((uv_handle_t *)&s->tcp, on_closed);
}
