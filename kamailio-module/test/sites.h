/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sites.h - sites for the tests of the module's core, parsed like any other */
#ifndef KAMAILIO_MODULE_TEST_SITES_H
#define KAMAILIO_MODULE_TEST_SITES_H

#include "common/test/table.h"

#include <stdio.h>

#include "common/site.h"

/* Every kind of node there can be: fra1 has both families and ports of its
 * own, ams1 IPv4 only, tyo1 IPv6 only and no host, lon1 both.
 */
#define SITE_OF_FOUR \
	"[service]\n" \
	"domain = sip.example.net\n" \
	"alias = voice.example.com, example.net\n" \
	"address = 192.0.2.53, 2001:db8:53::53\n" \
	"secret = a secret of sixteen or more\n" \
	"tls = yes\n" \
	"[node fra1]\n" \
	"address = 198.51.100.11, 2001:db8:11::11\n" \
	"sip-port = 5070\n" \
	"sips-port = 5071\n" \
	"host = fra1.sip.example.net\n" \
	"[node ams1]\n" \
	"address = 198.51.100.12\n" \
	"host = ams1.sip.example.net\n" \
	"[node tyo1]\n" \
	"address = 2001:db8:13::13\n" \
	"[node lon1]\n" \
	"address = 198.51.100.14, 2001:db8:14::14\n" \
	"host = lon1.sip.example.net\n"

enum { FRA1, AMS1, TYO1, LON1 };

static inline void sites_complain(void *arg, const char *line)
{
	(void)arg;
	print_error("%s\n", line);
}

/* Freed by site_free(). */
static inline struct site *site_of(const char *text)
{
	struct site *site;

	if (site_parse(&site, "test", NULL, slice_str(text), sites_complain,
		       NULL))
		fail_msg("the test's own site file is wrong");
	return site;
}

static inline struct addr addr_of(const char *text)
{
	struct addr addr;

	if (addr_parse(&addr, text, strlen(text)))
		fail_msg("%s is no address", text);
	return addr;
}

#endif
