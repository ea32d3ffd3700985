/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/addr.h"
#include "common/clock.h"

struct tls_shared {
	struct tls_shared *next;
	unsigned users;
	char *ca;
	struct stat seen;
	SSL_CTX *ctx;
};

struct tls {
	struct tls_shared *shared;
	SSL *ssl;
	BIO *in, *out;		/* owned by ssl */
	enum tls_stage stage;
	const char *verify;	/* borrowed from the conf; "" */
	char error[TLS_TEXT_MAX];
	char note[TLS_TEXT_MAX];
};

static struct tls_shared *all;

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static SSL_CTX *make_ctx(const char *ca)
{
	SSL_CTX *ctx;

	/* what is right for us does not depend on openssl.cnf */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (!*ca)
		return ctx;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_file(ctx, ca) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static struct tls_shared *find(const char *ca, const struct stat *seen)
{
	for (struct tls_shared *s = all; s; s = s->next)
		if (!strcmp(s->ca, ca) && is_same_file(&s->seen, seen))
			return s;
	return NULL;
}

static struct tls_shared *add(const char *ca, const struct stat *seen)
{
	struct tls_shared *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ca = strdup(ca);
	s->ctx = s->ca ? make_ctx(ca) : NULL;
	if (!s->ctx) {
		ERR_clear_error();
		free(s->ca);
		free(s);
		return NULL;
	}
	s->seen = *seen;
	s->next = all;
	all = s;
	return s;
}

int tls_shared_renew(struct tls_shared **held, const char *ca,
		     char text[static TLS_TEXT_MAX])
{
	struct stat seen = { 0 };
	struct tls_shared *s;

	if (*ca && stat(ca, &seen)) {
		snprintf(text, TLS_TEXT_MAX, "%s: %s", ca, strerror(errno));
		return ENOENT;
	}
	s = find(ca, &seen);
	if (!s)
		s = add(ca, &seen);
	if (!s) {
		if (*ca)
			snprintf(text, TLS_TEXT_MAX, "no CA certificates in %s",
				 ca);
		else
			snprintf(text, TLS_TEXT_MAX, "%s", strerror(ENOMEM));
		return ENOENT;
	}
	s->users++;
	tls_shared_put(*held);
	*held = s;
	return 0;
}

void tls_shared_put(struct tls_shared *shared)
{
	struct tls_shared **at = &all;

	if (!shared || --shared->users)
		return;
	while (*at != shared)
		at = &(*at)->next;
	*at = shared->next;
	SSL_CTX_free(shared->ctx);
	free(shared->ca);
	free(shared);
}

static bool is_address(const char *name)
{
	struct addr addr;

	return !addr_parse(&addr, name, strlen(name));
}

int tls_new(struct tls **out, struct tls_shared *shared, const char *sni,
	    const char *verify)
{
	struct tls *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return ENOMEM;
	t->verify = verify;
	t->ssl = SSL_new(shared->ctx);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->in || !t->out) {
		SSL_free(t->ssl);
		BIO_free(t->in);
		BIO_free(t->out);
		free(t);
		return ENOMEM;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	shared->users++;
	t->shared = shared;
	if (*sni && !is_address(sni))
		SSL_set_tlsext_host_name(t->ssl, sni);
	if (*verify && is_address(verify))
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), verify);
	else if (*verify)
		SSL_set1_host(t->ssl, verify);
	tls_feed(t, (struct slice){ 0 });	/* say hello */
	*out = t;
	return 0;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_shared_put(t->shared);
	free(t);
}

static void fail(struct tls *t, const char *why)
{
	t->stage = TLS_FAILED;
	snprintf(t->error, sizeof(t->error), "%s", why);
}

/* What the library did not like. */
static void fail_openssl(struct tls *t)
{
	long verdict = SSL_get_verify_result(t->ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (verdict != X509_V_OK &&
	    SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE)
		reason = X509_verify_cert_error_string(verdict);
	fail(t, reason ? reason : "protocol error");
	ERR_clear_error();
}

/* Without CAs the library does not look at the name. */
static bool has_name(X509 *cert, const char *name)
{
	if (is_address(name))
		return X509_check_ip_asc(cert, name, 0) == 1;
	return X509_check_host(cert, name, 0, 0, NULL) == 1;
}

static void note_end(struct tls *t, X509 *cert)
{
	ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)clock_wall_s());
	int days = 0, seconds = 0;

	if (now && ASN1_TIME_diff(&days, &seconds, now,
				  X509_get0_notAfter(cert))) {
		if (days < 0 || seconds < 0)
			snprintf(t->note, sizeof(t->note),
				 "certificate ended %d day%s ago", -days,
				 days == -1 ? "" : "s");
		else if (days < TLS_WARN_DAYS)
			snprintf(t->note, sizeof(t->note),
				 "certificate ends in %d day%s", days,
				 days == 1 ? "" : "s");
	}
	ASN1_TIME_free(now);
}

static void opened(struct tls *t)
{
	X509 *cert = SSL_get1_peer_certificate(t->ssl);

	t->stage = TLS_OPEN;
	if (!cert) {
		fail(t, "the server has no certificate");
		return;
	}
	if (*t->verify && !has_name(cert, t->verify))
		fail(t, "the certificate is of another name");
	note_end(t, cert);
	X509_free(cert);
}

static void shake_hands(struct tls *t)
{
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(t->ssl);
	if (ret == 1)
		opened(t);
	else if (SSL_get_error(t->ssl, ret) != SSL_ERROR_WANT_READ)
		fail_openssl(t);
}

void tls_feed(struct tls *t, struct slice bytes)
{
	if (bytes.len && BIO_write(t->in, bytes.text, (int)bytes.len) !=
				 (int)bytes.len) {
		fail(t, strerror(ENOMEM));
		return;
	}
	if (t->stage == TLS_HANDSHAKE)
		shake_hands(t);
}

size_t tls_read(struct tls *t, char *out, size_t size)
{
	int len;

	if (t->stage != TLS_OPEN)
		return 0;
	ERR_clear_error();
	len = SSL_read(t->ssl, out, (int)size);
	if (len > 0)
		return (size_t)len;
	switch (SSL_get_error(t->ssl, len)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_ZERO_RETURN:
		t->stage = TLS_ENDED;
		break;
	default:
		fail_openssl(t);
	}
	return 0;
}

void tls_write(struct tls *t, struct slice text)
{
	if (t->stage != TLS_OPEN)
		return;
	ERR_clear_error();
	/* into memory: all or nothing */
	if (SSL_write(t->ssl, text.text, (int)text.len) <= 0)
		fail_openssl(t);
}

void tls_end(struct tls *t)
{
	ERR_clear_error();
	if (t->stage == TLS_OPEN || t->stage == TLS_ENDED)
		SSL_shutdown(t->ssl);
	ERR_clear_error();
}

size_t tls_pull(struct tls *t, char *out, size_t size)
{
	int len = BIO_read(t->out, out, (int)size);

	return len > 0 ? (size_t)len : 0;
}

enum tls_stage tls_stage(const struct tls *t)
{
	return t->stage;
}

const char *tls_error(const struct tls *t)
{
	return t->error;
}

const char *tls_note(const struct tls *t)
{
	return t->note;
}
