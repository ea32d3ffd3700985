/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user part of a URI, a newline, the value of a Via parameter, a newline, a
 * branch.  Nobody without the key makes a valid token; one with the key says
 * what went in, at this node, for this branch.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "kamailio-module/token.h"

#define NOW UINT64_C(1790000000)

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Any flow at all, of the input's bytes. */
static struct flow flow_of(struct slice bytes)
{
	struct cursor c = cursor_of(bytes.text, bytes.len);
	struct flow flow = {
		.transport = (enum sip_transport)(cursor_byte(&c) %
						  SIP_TRANSPORTS),
		.on_service = cursor_byte(&c) & 1,
		.local_port = (uint16_t)(cursor_byte(&c) << 8 | 1),
		.remote_port = (uint16_t)(1 << 8 | cursor_byte(&c)),
	};
	uint8_t addr[16] = { 0 };

	for (size_t i = 0; i < sizeof(addr); i++)
		addr[i] = cursor_byte(&c);
	if (flow.on_service)
		addr_from_ip6(&flow.remote, addr);
	else
		addr_from_ip4(&flow.remote, addr);
	return flow;
}

static void check_flow(const struct site *site, struct slice user)
{
	struct slice node = slice_str("fra1"), other = slice_str("ams1");
	struct flow flow, got;
	char good[TOKEN_FLOW_MAX];
	enum token_verdict verdict;
	size_t len;

	verdict = token_parse_flow(&got, user, site, node, NOW, 3600);
	check(verdict == TOKEN_NONE || verdict == TOKEN_MALFORMED ||
	      verdict == TOKEN_FORGED);
	check(!addr_is_set(&got.remote) && !got.remote_port);

	flow = flow_of(user);
	len = token_format_flow(good, site, node, &flow, NOW);
	check(len && len < TOKEN_FLOW_MAX);
	check(token_parse_flow(&got, slice_of(good, len), site, node, NOW,
			       3600) == TOKEN_VALID);
	check(token_flow_equal(&flow, &got));
	check(token_parse_flow(&got, slice_of(good, len), site, other, NOW,
			       3600) == TOKEN_FORGED);
}

static void check_via(const struct site *site, struct slice value,
		      struct slice branch)
{
	char good[TOKEN_VIA_MAX];
	struct slice node;
	size_t len;

	check(token_parse_via(&node, value, site, branch) != TOKEN_VALID);
	check(!node.len);

	len = token_format_via(good, site, slice_str("fra1"), branch);
	check(!!len == !!branch.len);
	if (!len)
		return;
	check(token_parse_via(&node, slice_of(good, len), site, branch) ==
	      TOKEN_VALID);
	check(slice_equal(node, slice_str("fra1")));
	branch.len--;
	check(token_parse_via(&node, slice_of(good, len), site, branch) ==
	      TOKEN_FORGED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the input cannot know these keys */
	struct site site = {
		.keys = { .token = { 0x5a, 1, 2, 3 } },
		.previous_keys = { .token = { 0x5a, 3, 2, 1 } },
		.has_previous = size % 2,
	};
	struct cursor c = cursor_of((const char *)data, size);
	struct slice user = cursor_until(&c, "\n"), value;

	cursor_byte(&c);
	value = cursor_until(&c, "\n");
	cursor_byte(&c);
	check_flow(&site, user);
	check_via(&site, value, cursor_take(&c, cursor_left(&c)));
	return 0;
}
