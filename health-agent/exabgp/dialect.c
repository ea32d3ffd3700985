/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dialect.c - the commands; dialect_parse.c - the answers */
#include "health-agent/exabgp/dialect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct command {
	char *out;
	size_t len;
};

/* The longest announcement fits (a test makes it); one that did not would be
 * half a command.
 */
__attribute__((format(printf, 2, 3)))
static void add(struct command *c, const char *fmt, ...)
{
	size_t room = DIALECT_COMMAND_MAX - c->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->out + c->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		abort();
	c->len += (size_t)n;
}

static void add_path(struct command *c, const struct dialect_neighbor *to,
		     unsigned prepend)
{
	if (!prepend || to->local_as == to->remote_as)
		return;
	add(c, " as-path [");
	for (unsigned i = 0; i <= prepend; i++)
		add(c, " %u", to->local_as);
	add(c, " ]");
}

static void add_communities(struct command *c, const struct route *r)
{
	char community[ROUTE_COMMUNITY_TEXT_MAX];
	char large[ROUTE_LARGE_TEXT_MAX];

	for (size_t i = 0; i < r->community_cnt; i++) {
		route_format_community(community, r->communities[i]);
		add(c, "%s %s", i ? "" : " community [", community);
	}
	if (r->community_cnt)
		add(c, " ]");
	for (size_t i = 0; i < r->large_cnt; i++) {
		route_format_large(large, &r->large[i]);
		add(c, "%s %s", i ? "" : " large-community [", large);
	}
	if (r->large_cnt)
		add(c, " ]");
}

static void add_route(struct command *c, const struct addr *neighbor,
		      const char *verb, const struct prefix *p)
{
	char addr[ADDR_TEXT_MAX], prefix[ROUTE_PREFIX_TEXT_MAX];

	addr_format(addr, neighbor);
	route_format_prefix(prefix, p);
	add(c, "neighbor %s %s route %s", addr, verb, prefix);
}

size_t dialect_announce(char out[static DIALECT_COMMAND_MAX],
			const struct dialect_neighbor *to,
			const struct route *r)
{
	struct command c = { .out = out };

	add_route(&c, &to->addr, "announce", &r->prefix);
	add(&c, " next-hop self med %u", r->med);
	add_path(&c, to, r->prepend);
	add_communities(&c, r);
	add(&c, "\n");
	return c.len;
}

size_t dialect_withdraw(char out[static DIALECT_COMMAND_MAX],
			const struct addr *neighbor, const struct prefix *p)
{
	struct command c = { .out = out };

	add_route(&c, neighbor, "withdraw", p);
	add(&c, "\n");
	return c.len;
}

size_t dialect_show_summary(char out[static DIALECT_COMMAND_MAX])
{
	struct command c = { .out = out };

	add(&c, "show neighbor summary\n");
	return c.len;
}

size_t dialect_show_routes(char out[static DIALECT_COMMAND_MAX])
{
	struct command c = { .out = out };

	add(&c, "show adj-rib out extensive\n");
	return c.len;
}
