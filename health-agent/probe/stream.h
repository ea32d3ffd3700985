/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream.h - a TCP or TLS connection to one peer, for one attempt
 *
 * What comes is gathered until it is taken.
 */
#ifndef PROBE_STREAM_H
#define PROBE_STREAM_H

#include <uv.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "health-agent/probe/tls.h"

enum {
	STREAM_TEXT_MAX = 128,
};

struct stream_conf {
	struct addr peer;
	uint16_t port;
	struct tls_shared *tls;	/* borrowed for the call; NULL: plain TCP */
	const char *tls_sni;	/* borrowed while the stream lives */
	const char *tls_verify;
	size_t max;		/* more ends it, taken or not: who talks and
				 * does not answer is not listened to */
};

/* stream_close() is fine in all of them. */
struct stream_events {
	void (*opened)(void *arg);	/* now it can be written to */
	void (*came)(void *arg);	/* see stream_bytes() */
	/* Nothing comes any more; why is text. */
	void (*ended)(void *arg, const char *why);
};

struct stream;

/* 0 or errno.  conf may go afterwards, events is borrowed. */
int stream_open(struct stream **out, uv_loop_t *loop,
		const struct stream_conf *conf,
		const struct stream_events *events, void *arg);

/* Our end, once it is open. */
int stream_local(const struct stream *s, struct addr *addr, uint16_t *port);

/* What has come and was not taken; valid until the next event. */
struct slice stream_bytes(const struct stream *s);
void stream_take(struct stream *s, size_t len);

/* 0 or errno; what does not go at once goes later. */
int stream_write(struct stream *s, struct slice bytes);

/* How far it is, for who waited in vain: "no connection", "no TLS handshake",
 * "no answer".
 */
const char *stream_missing(const struct stream *s);

/* tls_note() or "". */
const char *stream_note(const struct stream *s);

/* No events after this; the loop frees it.  NULL is fine. */
void stream_close(struct stream *s);

#endif
