/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines are what ExaBGP 4.2.21, 4.2.25 and 5.0.15 have said. */
#include "common/test/append.h"
#include "common/test/table.h"

#include <limits.h>
#include <stdio.h>

#include "health-agent/exabgp/dialect.h"

enum {
	OUR_AS = 64511,
};

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct prefix prefix_at(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(&p, slice_str(text)), 0);
	return p;
}

/* ---- commands */

static void announcements_are_what_exabgp_takes(void **state)
{
	static const struct {
		const char *neighbor;
		uint32_t remote_as;
		struct route route;
		const char *prefix, *want;
	} rows[] = {
		{ "198.51.100.1", 64500, { .med = 100 }, "192.0.2.53",
		  "neighbor 198.51.100.1 announce route 192.0.2.53/32 "
		  "next-hop self med 100\n" },
		{ "2001:db8:1::1", 64500, { .med = UINT32_MAX },
		  "2001:db8:53::53",
		  "neighbor 2001:db8:1::1 announce route 2001:db8:53::53/128 "
		  "next-hop self med 4294967295\n" },
		{ "198.51.100.1", 64500, { .prepend = 2 }, "192.0.2.0/24",
		  "neighbor 198.51.100.1 announce route 192.0.2.0/24 "
		  "next-hop self med 0 as-path [ 64511 64511 64511 ]\n" },
		/* our AS in the path would be a loop */
		{ "198.51.100.1", OUR_AS, { .prepend = 2 }, "192.0.2.0/24",
		  "neighbor 198.51.100.1 announce route 192.0.2.0/24 "
		  "next-hop self med 0\n" },
		{ "198.51.100.1", 64500,
		  { .community_cnt = 2, .large_cnt = 2,
		    .communities = { 0xfbff000a, 0xffff0000 },
		    .large = { { 1, 2, 3 }, { UINT32_MAX, 0, 0 } } },
		  "192.0.2.0/24",
		  "neighbor 198.51.100.1 announce route 192.0.2.0/24 "
		  "next-hop self med 0 community [ 64511:10 65535:0 ] "
		  "large-community [ 1:2:3 4294967295:0:0 ]\n" },
	};
	char out[DIALECT_COMMAND_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dialect_neighbor to = {
			.addr = addr_of(rows[i].neighbor),
			.remote_as = rows[i].remote_as, .local_as = OUR_AS,
		};
		struct route r = rows[i].route;

		r.prefix = prefix_at(rows[i].prefix);
		CHECK_EQ(strlen(rows[i].want), dialect_announce(out, &to, &r),
			 rows[i].want);
		CHECK_STR(rows[i].want, out, "announce");
	}
}

static void the_other_commands_are_what_exabgp_takes(void **state)
{
	struct addr neighbor = addr_of("198.51.100.1");
	struct prefix p = prefix_at("192.0.2.53");
	char out[DIALECT_COMMAND_MAX];

	(void)state;
	dialect_withdraw(out, &neighbor, &p);
	CHECK_STR("neighbor 198.51.100.1 withdraw route 192.0.2.53/32\n", out,
		  "withdraw");
	dialect_show_summary(out);
	CHECK_STR("show neighbor summary\n", out, "summary");
	dialect_show_routes(out);
	CHECK_STR("show adj-rib out extensive\n", out, "routes");
}

/* The longest command there is fits, and is written by one write(2). */
static void the_longest_announcement_fits(void **state)
{
	struct dialect_neighbor to = {
		.addr = addr_of("2001:db8:1111:2222:3333:4444:5555:6666"),
		.remote_as = 1, .local_as = UINT32_MAX,
	};
	struct route r = {
		.prefix = prefix_at("2001:db8:1111:2222:3333:4444:5555:6666"),
		.prepend = ROUTE_PREPEND_MAX, .med = UINT32_MAX,
		.community_cnt = ROUTE_COMMUNITIES_MAX,
		.large_cnt = ROUTE_LARGE_MAX,
	};
	char out[DIALECT_COMMAND_MAX];
	size_t len;

	(void)state;
	for (unsigned i = 0; i < ROUTE_COMMUNITIES_MAX; i++)
		r.communities[i] = UINT32_MAX - ROUTE_COMMUNITIES_MAX + 1 + i;
	for (unsigned i = 0; i < ROUTE_LARGE_MAX; i++)
		r.large[i] = (struct route_large){ UINT32_MAX, UINT32_MAX,
						   UINT32_MAX - i };
	len = dialect_announce(out, &to, &r);
	assert_true(len < DIALECT_COMMAND_MAX && len < PIPE_BUF);
	assert_int_equal(out[len - 1], '\n');
	assert_false(slice_has_controls(slice_of(out, len - 1)));
}

/* ---- answers */

#define NAME4 "neighbor 198.51.100.1 local-ip 198.51.100.11 local-as 64511 " \
	"peer-as 64500 router-id 198.51.100.11 family-allowed in-open "
#define JSON(peer, rest) "{ \"exabgp\": \"4.0.1\", \"time\": " \
	"1795656860.87, \"host\" : \"vm\", \"pid\" : 57, \"ppid\" : 1, " \
	"\"counter\": 3, \"type\": \"state\", \"neighbor\": { \"address\": { " \
	"\"local\": \"198.51.100.11\", \"peer\": \"" peer "\" }, \"asn\": { " \
	"\"local\": 64511, \"peer\": 64500 } , " rest " } }"

static const struct {
	const char *line;
	enum dialect_kind kind;
	const char *neighbor, *more;	/* reason, establishment or pid */
} known_lines[] = {
	{ "", DIALECT_NOTHING, "-", "" },
	{ "  ", DIALECT_NOTHING, "-", "" },
	{ "done", DIALECT_DONE, "-", "" },
	{ "error", DIALECT_ERROR, "-", "" },
	{ "{ \"answer\": \"done\", \"message\": \"command completed\" "
	  "}", DIALECT_DONE, "-", "" },
	{ "{ \"answer\": \"error\", \"message\": \"this command does "
	  "not support json output\" }", DIALECT_ERROR, "-", "" },
	{ "{ \"answer\": \"shutdown\", \"message\": \"exbgp exited\" }",
	  DIALECT_EVENT, "-", "" },
	{ "shutdown 57 1", DIALECT_SHUTDOWN, "-", "57" },
	{ "shutdown", DIALECT_NONSENSE, "-", "" },
	{ "shutdown -1 1", DIALECT_NONSENSE, "-", "" },
	{ "{ \"exabgp\": \"4.0.1\", \"time\": 1795656861.2, \"host\" : "
	  "\"vm\", \"pid\" : 57, \"ppid\" : 1, \"type\": "
	  "\"notification\", \"notification\": \"shutdown\" }",
	  DIALECT_SHUTDOWN, "-", "57" },
	{ "{ \"notification\": \"shutdown\" }", DIALECT_NONSENSE, "-", "" },
	{ "Peer            AS        up/down state       |     #sent  "
	  "   #recvd", DIALECT_HEADING, "-", "" },
	{ "198.51.100.1    64500        down established           1  "
	  "        1", DIALECT_SESSION, "198.51.100.1", "established" },
	{ "2001:db8:1::1   64500     0:00:01 established           2  "
	  "        1", DIALECT_SESSION, "2001:db8:1::1",
	  "established" },
	{ "198.51.100.1    64500 3 days, 0:00:01 established       2  "
	  "        1", DIALECT_SESSION, "198.51.100.1", "established" },
	{ "198.51.100.1    64500        down idle                  0  "
	  "        0", DIALECT_SESSION, "198.51.100.1", "" },
	{ "198.51.100.1    n/a          down idle                  0  "
	  "        0", DIALECT_NONSENSE, "198.51.100.1", "" },
	{ "198.51.100.1    64500", DIALECT_NONSENSE, "198.51.100.1",
	  "" },

	{ "neighbor 198.51.100.1 connected", DIALECT_CONNECTED,
	  "198.51.100.1", "" },
	{ "neighbor 198.51.100.1 up", DIALECT_UP, "198.51.100.1", "" },
	{ "neighbor 2001:db8:1::1 down - stop, message [shutting "
	  "down]", DIALECT_DOWN, "2001:db8:1::1",
	  "stop, message [shutting down]" },
	{ "neighbor 198.51.100.1 down - peer reset, message "
	  "[notification received (6,2)] error[Cease / Administrative "
	  "Shutdown]", DIALECT_DOWN, "198.51.100.1",
	  "peer reset, message [notification received (6,2)] "
	  "error[Cease / Administrative Shutdown]" },
	{ "neighbor 198.51.100.1 down - ", DIALECT_DOWN,
	  "198.51.100.1", "" },
	{ "neighbor 198.51.100.1 down", DIALECT_DOWN, "198.51.100.1",
	  "" },
	{ JSON("198.51.100.1", "\"state\": \"connected\""),
	  DIALECT_CONNECTED, "198.51.100.1", "" },
	{ JSON("2001:db8:1::1", "\"state\": \"up\""), DIALECT_UP,
	  "2001:db8:1::1", "" },
	{ JSON("198.51.100.1", "\"state\": \"down\", \"reason\": "
	       "\"peer reset, message (closing connection) "
	       "error(Broken TCP connection)\""), DIALECT_DOWN,
	  "198.51.100.1", "peer reset, message (closing connection) "
	  "error(Broken TCP connection)" },
	/* a router's own words */
	{ JSON("198.51.100.1", "\"state\": \"down\", \"reason\": "
	       "\"\\\", \\\"state\\\": \\\"up\\\"\""), DIALECT_DOWN,
	  "198.51.100.1", "\\\", \\\"state\\\": \\\"up\\\"" },
	{ "neighbor 198.51.100.1 down - neighbor 198.51.100.1 up",
	  DIALECT_DOWN, "198.51.100.1", "neighbor 198.51.100.1 up" },
	{ JSON("198.51.100.1", "\"state\": \"down\", \"reason\": "
	       "{ \"state\": \"up\" }"), DIALECT_DOWN,
	  "198.51.100.1", "" },
	{ "{ \"neighbor\": { \"message\": { \"answer\": \"done\" } } "
	  "}", DIALECT_EVENT, "-", "" },
	{ "neighbor 198.51.100.1 up down", DIALECT_EVENT,
	  "198.51.100.1", "" },

	{ "neighbor 198.51.100.1 receive update start",
	  DIALECT_EVENT, "198.51.100.1", "" },
	{ "neighbor 198.51.100.1 receive update announced ipv4 unicast "
	  "192.0.2.53/32", DIALECT_EVENT, "198.51.100.1", "" },
	{ "neighbor 198.51.100.1 send notification code 6 subcode 2 "
	  "data ", DIALECT_EVENT, "198.51.100.1", "" },
	{ JSON("198.51.100.1", "\"direction\": \"receive\""),
	  DIALECT_EVENT, "198.51.100.1", "" },
	{ NAME4 "ipv4 flow destination 192.0.2.53/32", DIALECT_EVENT,
	  "198.51.100.1", "" },

	{ "exabgp 4.2.21", DIALECT_NONSENSE, "-", "" },
	{ "done done", DIALECT_NONSENSE, "-", "" },
	{ "Done", DIALECT_NONSENSE, "-", "" },
	{ "done\r", DIALECT_NONSENSE, "-", "" },
	{ "neighbor", DIALECT_NONSENSE, "-", "" },
	{ "neighbor x up", DIALECT_NONSENSE, "-", "" },
	{ "{ \"answer\": \"done\"", DIALECT_NONSENSE, "-", "" },
	{ "\x1b[?1034h", DIALECT_NONSENSE, "-", "" },
};

static void every_line_is_known(void **state)
{
	char more[512], neighbor[ADDR_TEXT_MAX], pid[16] = "";
	struct dialect_line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known_lines); i++) {
		dialect_parse(&l, slice_str(known_lines[i].line), OUR_AS);
		CHECK_EQ(known_lines[i].kind, l.kind, known_lines[i].line);
		addr_format(neighbor, &l.neighbor);
		CHECK_STR(known_lines[i].neighbor, neighbor, known_lines[i].line);
		snprintf(pid, sizeof(pid), "%u", l.pid);
		snprintf(more, sizeof(more), "%.*s%s%s", (int)l.reason.len,
			 l.reason.len ? l.reason.text : "",
			 l.established ? "established" : "", l.pid ? pid : "");
		CHECK_STR(known_lines[i].more, more, known_lines[i].line);
	}
}

static const struct {
	const char *line, *want;
	bool exact;
} listed_routes[] = {
	{ NAME4 "ipv4 unicast 192.0.2.53/32 next-hop self as-path [ "
	  "64511 64511 ] med 100 community [ 64511:10 65535:0 "
	  "no-export ] large-community [ 64511:1:2 "
	  "64511:4294967295:0 ]",
	  "192.0.2.53/32 unknown med 100 prepend 1 community 64511:10 "
	  "65535:0 65535:65281 64511:1:2 64511:4294967295:0",
	  true },
	/* 4.2.25 and 5.0 resolve self, 5.0 has another path */
	{ NAME4 "ipv4 unicast 192.0.2.53/32 next-hop 198.51.100.11 "
	  "as-path ( 64511 64511 64511 ) med 7",
	  "192.0.2.53/32 unknown med 7 prepend 2", true },
	{ NAME4 "ipv4 unicast 192.0.2.0/24 next-hop self med 0 "
	  "community 64511:1",
	  "192.0.2.0/24 unknown med 0 community 64511:1", true },
	{ "neighbor 2001:db8:1::1 local-ip 2001:db8:1::11 local-as "
	  "64511 peer-as 64500 router-id 198.51.100.11 family-allowed "
	  "ipv6-unicast ipv6 unicast 2001:db8:53::53/128 next-hop self "
	  "med 4294967295",
	  "2001:db8:53::53/128 unknown med 4294967295", true },
	/* `show adj-rib out' without `extensive' */
	{ "neighbor 198.51.100.1 ipv4 unicast 192.0.2.54/32 next-hop "
	  "self med 1", "192.0.2.54/32 unknown med 1", true },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self as-path [ "
	  "64511 ] med 1", "192.0.2.54/32 unknown med 1", true },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self as-path [ ] "
	  "med 1", "192.0.2.54/32 unknown med 1", true },

	/* announced by somebody else, or by hand */
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self",
	  "192.0.2.54/32 unknown med 0", false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self as-path [ "
	  "64511 64512 ] med 1", "192.0.2.54/32 unknown med 1",
	  false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self as-path [ "
	  "64511 ( 64512 ) ] med 1", "192.0.2.54/32 unknown med 0",
	  false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self med 1 "
	  "local-preference 200", "192.0.2.54/32 unknown med 1",
	  false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self med 1 "
	  "extended-community [ target:1:2 origin:3:4 ]",
	  "192.0.2.54/32 unknown med 1", false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 path-information 0.0.0.1 "
	  "next-hop self med 1", "192.0.2.54/32 unknown med 1",
	  false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self med 1 "
	  "attribute [ 0x20 0xC0 0x00 ]",
	  "192.0.2.54/32 unknown med 1", false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self med 1 "
	  "atomic-aggregate", "192.0.2.54/32 unknown med 1", false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self med 1 "
	  "community [ 64511:1 nonsense ]",
	  "192.0.2.54/32 unknown med 1 community 64511:1", false },
	{ NAME4 "ipv4 unicast 192.0.2.54/32 next-hop self med many",
	  "192.0.2.54/32 unknown med 0", false },
};

static void listed_routes_are_read(void **state)
{
	char text[ROUTE_TEXT_MAX];
	struct dialect_line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(listed_routes); i++) {
		dialect_parse(&l, slice_str(listed_routes[i].line), OUR_AS);
		CHECK_EQ(DIALECT_ROUTE, l.kind, listed_routes[i].line);
		CHECK_EQ(listed_routes[i].exact, l.exact, listed_routes[i].line);
		route_format(text, sizeof(text), &l.route);
		CHECK_STR(listed_routes[i].want, text, listed_routes[i].line);
	}
}

static void broken_routes_are_no_routes(void **state)
{
	static const char *const lines[] = {
		NAME4 "ipv4 unicast 192.0.2.53/33 next-hop self",
		NAME4 "ipv4 unicast 192.0.2.53/24 next-hop self",
		NAME4 "ipv4 unicast",
		NAME4 "ipv4",
		NAME4,
		NAME4 "ipv4 unicast 192.0.2.53/32 community [ 64511:1",
		NAME4 "ipv4 unicast 192.0.2.53/32 as-path (",
	};
	struct dialect_line l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		dialect_parse(&l, slice_str(lines[i]), OUR_AS);
		CHECK(l.kind == DIALECT_EVENT || l.kind == DIALECT_NONSENSE,
		      lines[i]);
	}
}

/* A path or list longer than we ever announce is not ours. */
static void long_lists_are_counted_out(void **state)
{
	char line[8192] = NAME4 "ipv4 unicast 192.0.2.53/32 med 1 as-path [";
	struct dialect_line l;

	(void)state;
	for (int i = 0; i < 300; i++)
		append(line, sizeof(line), " %d", OUR_AS);
	append(line, sizeof(line), " ] community [");
	for (int i = 0; i < 300; i++)
		append(line, sizeof(line), " 64511:%d", i);
	append(line, sizeof(line), " ]");
	dialect_parse(&l, slice_str(line), OUR_AS);
	assert_int_equal(l.kind, DIALECT_ROUTE);
	assert_false(l.exact);
	assert_true(l.route.prepend <= ROUTE_PREPEND_MAX);
	assert_int_equal(l.route.community_cnt, ROUTE_COMMUNITIES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(announcements_are_what_exabgp_takes),
		cmocka_unit_test(the_other_commands_are_what_exabgp_takes),
		cmocka_unit_test(the_longest_announcement_fits),
		cmocka_unit_test(every_line_is_known),
		cmocka_unit_test(listed_routes_are_read),
		cmocka_unit_test(broken_routes_are_no_routes),
		cmocka_unit_test(long_lists_are_counted_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
