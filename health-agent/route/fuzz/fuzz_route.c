/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A community or large community, then more of them by lines.  What is parsed
 * prints as text that parses to the same; a route takes them in order and once,
 * whatever their number, and prints within any room.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/route/route.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void take_community(struct route *r, uint32_t community)
{
	char text[ROUTE_COMMUNITY_TEXT_MAX];
	size_t len = route_format_community(text, community);
	uint32_t again;

	check(len < sizeof(text) && strlen(text) == len);
	check(route_parse_community(&again, slice_of(text, len)) == 0);
	check(again == community);
	check(route_add_community(r, community) ||
	      r->community_cnt == ROUTE_COMMUNITIES_MAX);
}

static void take_large(struct route *r, const struct route_large *large)
{
	char text[ROUTE_LARGE_TEXT_MAX];
	size_t len = route_format_large(text, large);
	struct route_large again;

	check(len < sizeof(text) && strlen(text) == len);
	check(route_parse_large(&again, slice_of(text, len)) == 0);
	check(again.global == large->global && again.local1 == large->local1 &&
	      again.local2 == large->local2);
	check(route_add_large(r, large) || r->large_cnt == ROUTE_LARGE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((const char *)data, size);
	struct route r = { .state = NODE_UP };
	char text[ROUTE_TEXT_MAX];
	size_t whole, cut;

	while (cursor_left(&c)) {
		struct slice line = cursor_until(&c, "\n");
		struct route_large large;
		uint32_t community;

		if (route_parse_community(&community, line) == 0)
			take_community(&r, community);
		if (route_parse_large(&large, line) == 0)
			take_large(&r, &large);
		if (cursor_left(&c))
			cursor_byte(&c);
	}
	for (size_t i = 1; i < r.community_cnt; i++)
		check(r.communities[i - 1] < r.communities[i]);
	check(route_equal(&r, &r));

	whole = route_format(text, sizeof(text), &r);
	check(whole < sizeof(text) - 1 && strlen(text) == whole);
	for (size_t room = 1; room <= whole; room *= 2) {
		cut = route_format(text, room, &r);
		check(cut == room - 1 && strlen(text) == cut);
	}
	return 0;
}
