/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fakes_tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake_tls {
	SSL_CTX *ctx;
	X509 *cert;
	char name[256];
};

struct fake_tls_connection {
	SSL *ssl;
	BIO *in, *out;
};

static X509 *make_certificate(EVP_PKEY *key, const char *name, int days)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	char alt[128];
	X509_EXTENSION *extension;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -100 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L + 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	X509_set_pubkey(cert, key);
	snprintf(alt, sizeof(alt), "DNS:%s", name);
	extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

static int on_name(SSL *ssl, int *alert, void *arg)
{
	struct fake_tls *t = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	snprintf(t->name, sizeof(t->name), "%s", name ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

struct fake_tls *fake_tls_new(const char *name, int days)
{
	struct fake_tls *t = test_calloc(1, sizeof(*t));
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(t);
	assert_non_null(key);
	t->cert = make_certificate(key, name, days);
	t->ctx = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(t->ctx, t->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(t->ctx, key), 1);
	SSL_CTX_set_tlsext_servername_callback(t->ctx, on_name);
	SSL_CTX_set_tlsext_servername_arg(t->ctx, t);
	EVP_PKEY_free(key);
	return t;
}

const char *fake_tls_name(const struct fake_tls *t)
{
	return t->name;
}

void fake_tls_free(struct fake_tls *t)
{
	SSL_CTX_free(t->ctx);
	X509_free(t->cert);
	test_free(t);
}

void fake_tls_save(const struct fake_tls *t, char path[static 64])
{
	FILE *file;
	int fd;

	snprintf(path, 64, "/tmp/probe-ca.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, t->cert), 1);
	fclose(file);
}

struct fake_tls_connection *fake_tls_connect(struct fake_tls *t)
{
	struct fake_tls_connection *c = test_calloc(1, sizeof(*c));

	assert_non_null(c);
	c->ssl = SSL_new(t->ctx);
	c->in = BIO_new(BIO_s_mem());
	c->out = BIO_new(BIO_s_mem());
	SSL_set_bio(c->ssl, c->in, c->out);
	SSL_set_accept_state(c->ssl);
	return c;
}

void fake_tls_disconnect(struct fake_tls_connection *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	test_free(c);
}

size_t fake_tls_feed(struct fake_tls_connection *c, const char *bytes,
		     size_t len, char *out, size_t size)
{
	int n;

	BIO_write(c->in, bytes, (int)len);
	n = SSL_read(c->ssl, out, (int)size);
	return n > 0 ? (size_t)n : 0;
}

void fake_tls_write(struct fake_tls_connection *c, const char *text,
		    size_t len)
{
	assert_true(SSL_write(c->ssl, text, (int)len) > 0);
}

size_t fake_tls_pull(struct fake_tls_connection *c, char *out, size_t size)
{
	int n = BIO_read(c->out, out, (int)size);

	return n > 0 ? (size_t)n : 0;
}
