/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls.h - the client's side of a TLS connection, without a socket
 *
 * Bytes go in and come out; who has the socket carries them.  The only user
 * of OpenSSL here.  TLS 1.2 or later, no session is kept: each handshake is a
 * whole one and shows the certificate.
 *
 * With a file of CAs the certificate must be theirs, in its time and of the
 * name; with a name alone it must be of the name; with neither it may be any.
 * When it ends within TLS_WARN_DAYS, tls_note() says so: an expired one alone
 * is no reason to withdraw, it expires on all nodes at once.
 */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cursor.h"

enum {
	TLS_TEXT_MAX = 96,
	TLS_WARN_DAYS = 21,
};

/* One per file of CAs, shared by all who use it. */
struct tls_shared;

/* Before each use: *held, NULL at first, becomes the one for this file as it is
 * now.  ca: path, "" for none.  0; or text says why not, and *held stays.
 */
int tls_shared_renew(struct tls_shared **held, const char *ca,
		     char text[static TLS_TEXT_MAX]);
/* NULL is fine. */
void tls_shared_put(struct tls_shared *shared);

struct tls;

enum tls_stage {
	TLS_HANDSHAKE,
	TLS_OPEN,
	TLS_ENDED,		/* the peer has said good-bye */
	TLS_FAILED,		/* tls_error() says why */
};

/* sni: the name to ask for, or ""; verify: the name or address the certificate
 * must have, or "".  0 or ENOMEM.
 */
int tls_new(struct tls **out, struct tls_shared *shared, const char *sni,
	    const char *verify);
void tls_free(struct tls *t);

/* Bytes of the peer.  Go on with tls_read() until it has nothing more. */
void tls_feed(struct tls *t, struct slice bytes);

/* What the peer has said: 0 when there is nothing more now. */
size_t tls_read(struct tls *t, char *out, size_t size);

/* To the peer; in TLS_OPEN only. */
void tls_write(struct tls *t, struct slice text);

/* Say good-bye; tls_pull() has it then. */
void tls_end(struct tls *t);

/* Bytes for the peer: 0 when there are none. */
size_t tls_pull(struct tls *t, char *out, size_t size);

enum tls_stage tls_stage(const struct tls *t);
const char *tls_error(const struct tls *t);

/* "certificate ends in 6 days", "certificate ended 3 days ago", or "". */
const char *tls_note(const struct tls *t);

#endif
