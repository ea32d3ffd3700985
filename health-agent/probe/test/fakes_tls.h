/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fakes_tls.h - the server's side of TLS, with a certificate of its own */
#ifndef PROBE_FAKES_TLS_H
#define PROBE_FAKES_TLS_H

#include <stddef.h>

struct fake_tls;
struct fake_tls_connection;

struct fake_tls *fake_tls_new(const char *name, int days);
void fake_tls_free(struct fake_tls *t);
/* The name the last client asked for; "" none. */
const char *fake_tls_name(const struct fake_tls *t);
void fake_tls_save(const struct fake_tls *t, char path[static 64]);

struct fake_tls_connection *fake_tls_connect(struct fake_tls *t);
/* NULL is fine. */
void fake_tls_disconnect(struct fake_tls_connection *c);
/* Bytes of the client; what it says, up to size. */
size_t fake_tls_feed(struct fake_tls_connection *c, const char *bytes,
		     size_t len, char *out, size_t size);
void fake_tls_write(struct fake_tls_connection *c, const char *text,
		    size_t len);
size_t fake_tls_pull(struct fake_tls_connection *c, char *out, size_t size);

#endif
