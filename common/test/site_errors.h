/* SPDX-License-Identifier: GPL-2.0-or-later */
/* site_errors.h - a site file and the exact lines its errors are reported in
 *
 * S is a good service of four lines, N a good node of two; what a row adds
 * begins in line 5 or 7.
 */
#ifndef COMMON_TEST_SITE_ERRORS_H
#define COMMON_TEST_SITE_ERRORS_H

#include "common/test/lines.h"

#include <errno.h>

#include "common/site.h"

#define S                            \
	"[service]\n"                \
	"domain = sip.example.net\n" \
	"address = 192.0.2.53\n"     \
	"secret = 0123456789abcdef\n"
#define N "[node fra1]\naddress = 198.51.100.11\n"
#define S6                                          \
	"[service]\n"                               \
	"domain = sip.example.net\n"                \
	"address = 192.0.2.53, 2001:db8:53::53\n"   \
	"secret = 0123456789abcdef\n"

#define A_HOST "a host name of letters, digits, hyphens and dots"
#define A_PORT "a port, 1 to 65535"
#define AN_ADDRESS \
	"one IPv4 address, one IPv6 address, or both with a comma between them"
#define A_SECRET \
	"file:PATH of a readable file, or the secret itself: 16 to 1024 bytes"
#define A_URL "http:// or https://, a host, optionally a port and a path"
#define A_NEIGHBOR \
	"ADDRESS as N, N an AS number from 1 to 4294967294, then any of: " \
	"port N, md5 file:PATH, md5 TEXT, ttl-security, multihop, bfd, name " \
	"NAME; up to 8 times"
#define A_PREFIX \
	"up to 16 prefixes (ADDRESS/LENGTH) with commas between them"
#define NODE_NAME \
	"a node name is 1 to 31 of a-z, 0-9 and '-', with no '-' at " \
	"either end: [node fra1]"
#define SERVICE_KEYS \
	"domain, alias, address, sip-port, sips-port, http-port, " \
	"https-port, tls, cluster-tls, prefix, agent-port, stray-port, " \
	"dns, dns-port, dns-server, dns-transport, dns-ttl, dns-serial, " \
	"secret, previous-secret"
#define NODE_KEYS \
	"address, host, http, sip-port, sips-port, local-as, router-id, " \
	"neighbor, class"

struct row {
	const char *text;
	const char *want;	/* without the file's name; a line each */
};

static inline void check(const struct row *row, size_t len)
{
	struct lines got = { 0 };
	struct site *site = (void *)&got;
	int err = site_parse(&site, "c", NULL, slice_of(row->text, len),
			     lines_add, &got);

	CHECK_STR(row->want, got.text, row->text);
	CHECK_EQ(EINVAL, err, row->text);
	CHECK(!site, row->text);
}

#define CHECK_ROWS(rows) \
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) \
		check(&(rows)[i], strlen((rows)[i].text))

#endif
