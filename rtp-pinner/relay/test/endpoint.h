/* SPDX-License-Identifier: GPL-3.0-or-later */
/* endpoint.h - endpoints as text, for tables: "192.0.2.1:4000",
 * "[2001:db8::1]:4000", "192.0.2.0/24", "-" for none
 */
#ifndef RELAY_TEST_ENDPOINT_H
#define RELAY_TEST_ENDPOINT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "rtp-pinner/relay/flow.h"

static inline uint32_t endpoint_number(const char *text, uint32_t max)
{
	uint32_t n;

	if (slice_u32(&n, slice_str(text), max))
		abort();
	return n;
}

static inline struct flow_endpoint endpoint(const char *text)
{
	struct flow_endpoint e = { 0 };
	size_t len = text[0] == '[' ? strcspn(text, "]") + 1 :
				      strcspn(text, ":/");
	const char *rest = text + len;
	struct addr a;

	if (text[0] == '-')
		return e;
	if (addr_parse_host(&a, text, len) != 0)
		abort();
	e.family = a.family;
	memcpy(e.bytes_be, a.bytes_be, sizeof(e.bytes_be));
	if (*rest == ':')
		e.port = (uint16_t)endpoint_number(rest + 1, UINT16_MAX);
	e.prefix_len = a.family == ADDR_IP4 ? 32 : 128;
	if (*rest == '/')
		e.prefix_len = (uint8_t)endpoint_number(rest + 1, e.prefix_len);
	return e;
}

/* A source or target: prefix_len 0. */
static inline struct flow_endpoint source(const char *text)
{
	struct flow_endpoint e = endpoint(text);

	e.prefix_len = 0;
	return e;
}

static inline const char *endpoint_text(const struct flow_endpoint *e)
{
	static char texts[4][ADDR_TEXT_MAX + 8];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	char host[ADDR_TEXT_MAX];
	struct addr a = { .family = e->family };

	memcpy(a.bytes_be, e->bytes_be, sizeof(a.bytes_be));
	if (!e->family)
		return "-";
	addr_format_host(host, &a);
	snprintf(text, sizeof(texts[0]), "%s:%u", host, e->port);
	return text;
}

#endif
