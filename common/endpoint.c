/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/endpoint.h"

#include <errno.h>
#include <stdio.h>

int endpoint_parse(struct endpoint *out, struct slice text)
{
	size_t colon = text.len;
	uint32_t port;

	while (colon > 0 && text.text[colon - 1] != ':')
		colon--;
	if (colon == 0 ||
	    slice_u32(&port, slice_of(text.text + colon, text.len - colon),
		      65535) ||
	    port == 0 || addr_parse_host(&out->addr, text.text, colon - 1))
		return EINVAL;
	out->port = (uint16_t)port;
	return 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

size_t endpoint_format(char out[static ENDPOINT_TEXT_MAX],
		       const struct endpoint *e)
{
	size_t len = addr_format_host(out, &e->addr);

	return len + (size_t)snprintf(out + len, ENDPOINT_TEXT_MAX - len,
				      ":%u", e->port);
}
