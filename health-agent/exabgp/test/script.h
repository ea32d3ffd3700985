/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script.h - a reconciler against an ExaBGP whose words stand in a table
 *
 * A script is lines, done one after the other by a clock that stands still:
 *
 *	+100		let 100 ms pass
 *	> TEXT		the next command is this one
 *	-		there is no next command
 *	< TEXT		ExaBGP says so
 *	want TEXT	PREFIX med N [prepend N] [community N:N]..., ...; nothing
 *	proof P TEXT	of this prefix
 *	session A up	or down
 *	text TEXT	what ails it
 *	count NAME N	a counter of link_status
 *	done N		the generation that is done (wants count from 1)
 *	alive yes	or no
 *	due N		in N ms
 *	found TEXT	or unknown
 *	unsent		the command could not be written
 *	paused N	the program stood still for N ms, the clock went on
 *
 * In it $A and $B are IPv4 neighbours, $C an IPv6 one, $I one of our own AS, $X
 * nobody's; $P and $Q own IPv4 prefixes, $R an IPv6 one, $F a foreign one.
 * $heading, $row(A), $list(A) are lines of ExaBGP 4.2.21.
 */
#ifndef EXABGP_TEST_SCRIPT_H
#define EXABGP_TEST_SCRIPT_H

#include "common/test/append.h"
#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "health-agent/exabgp/rib.h"

enum {
	OUR_AS = 64511,
	START_MS = 1000000,
	ACK_MS = 2000,
	EXABGP_PID = 57,
};

static const struct {
	const char *word, *text;
} words[] = {
	{ "$A", "198.51.100.1" },
	{ "$B", "198.51.100.2" },
	{ "$C", "2001:db8:1::1" },
	{ "$I", "198.51.100.3" },
	{ "$X", "198.51.100.9" },
	{ "$P", "192.0.2.53/32" },
	{ "$Q", "192.0.2.54/32" },
	{ "$R", "2001:db8:53::53/128" },
	{ "$F", "203.0.113.0/24" },
	{ "$heading", "Peer            AS        up/down state       |     "
		      "#sent     #recvd" },
	{ "$row", "   64500     0:00:01 established           2          1" },
	{ "$idle", "   64500        down idle                  0          0" },
	{ "$summary", "show neighbor summary" },
	{ "$listing", "show adj-rib out extensive" },
	{ "$4", "local-ip 198.51.100.11 local-as 64511 peer-as 64500 "
		"router-id 198.51.100.11 family-allowed in-open ipv4 unicast" },
	{ "$6", "local-ip 2001:db8:1::11 local-as 64511 peer-as 64500 "
		"router-id 198.51.100.11 family-allowed in-open ipv6 unicast" },
};

static struct rib rib;
static struct link_status status;
static uint64_t now_ms, generation;

static const char *word_at(const char *at, size_t *len)
{
	const char *found = NULL;

	*len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);

		if (n > *len && strncmp(at, words[i].word, n) == 0) {
			*len = n;
			found = words[i].text;
		}
	}
	return found;
}

static const char *expand(const char *text)
{
	static char out[2][4096];
	static int turn;
	char *to = out[turn ^= 1];

	to[0] = '\0';
	while (*text) {
		size_t len;
		const char *word = word_at(text, &len);

		if (word)
			append(to, sizeof(out[0]), "%s", word);
		else
			append(to, sizeof(out[0]), "%c", *text);
		text += word ? len : 1;
	}
	return to;
}

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct prefix prefix_at(struct slice text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(&p, text), 0);
	return p;
}

static void init_rib(const char *neighbors, const char *own)
{
	struct rib_conf conf = { .ack_timeout_ms = ACK_MS,
				 .exabgp_pid = EXABGP_PID };

	for (; *neighbors; neighbors++) {
		char word[] = { '$', *neighbors, '\0' };

		conf.neighbors[conf.neighbor_cnt++] = (struct dialect_neighbor){
			.addr = addr_of(expand(word)), .local_as = OUR_AS,
			.remote_as = *neighbors == 'I' ? OUR_AS : 64500,
		};
	}
	for (; *own; own++) {
		char word[] = { '$', *own, '\0' };

		conf.own[conf.own_cnt++] = prefix_at(slice_str(expand(word)));
	}
	now_ms = START_MS;
	generation = 0;
	memset(&status, 0, sizeof(status));
	rib_init(&rib, &conf, now_ms);
}

static void parse_route(struct route *r, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct slice word;
	uint32_t number;

	*r = (struct route){ .state = NODE_UP };
	r->prefix = prefix_at(cursor_until(&c, " "));
	for (;;) {
		cursor_skip_blanks(&c);
		word = cursor_until(&c, " ");
		if (!word.len)
			return;
		cursor_skip_blanks(&c);
		if (slice_equal(word, slice_str("community"))) {
			assert_int_equal(route_parse_community(
				&number, cursor_until(&c, " ")), 0);
			assert_true(route_add_community(r, number));
			continue;
		}
		assert_int_equal(slice_u32(&number, cursor_until(&c, " "),
					   UINT32_MAX), 0);
		if (slice_equal(word, slice_str("med")))
			r->med = number;
		else if (slice_equal(word, slice_str("prepend")))
			r->prepend = (uint8_t)number;
		else
			fail_msg("%.*s?", (int)word.len, word.text);
	}
}

static void want(const char *text)
{
	struct cursor c = cursor_of(text, strlen(text));
	struct route_set set = { 0 };

	while (strcmp(text, "nothing") != 0 && cursor_left(&c)) {
		parse_route(&set.routes[set.cnt++],
			    slice_trim(cursor_until(&c, ",")));
		if (cursor_left(&c))
			cursor_byte(&c);
	}
	rib_want(&rib, &set, ++generation, now_ms);
}

static void check_proof(const char *text, const char *line)
{
	size_t len = strcspn(text, " ");
	struct prefix p = prefix_at(slice_of(text, len));

	for (size_t i = 0; i < status.route_cnt; i++) {
		if (!prefix_equal(&status.routes[i].prefix, &p))
			continue;
		CHECK_STR(text + len + 1,
			  link_proof_name(status.routes[i].proof), line);
		return;
	}
	fail_msg("%s: no such prefix", line);
}

static void check_session(const char *text, const char *line)
{
	size_t len = strcspn(text, " ");
	char name[ADDR_TEXT_MAX];

	for (size_t i = 0; i < status.session_cnt; i++) {
		addr_format(name, &status.sessions[i].neighbor);
		if (strlen(name) != len || strncmp(name, text, len) != 0)
			continue;
		CHECK_STR(text + len + 1,
			  status.sessions[i].up ? "up" : "down", line);
		return;
	}
	fail_msg("%s: no such session", line);
}

static void check_count(const char *text, const char *line)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "commands", status.commands }, { "errors", status.errors },
		{ "timeouts", status.timeouts }, { "resyncs", status.resyncs },
		{ "events", status.events },
		{ "dropped", status.dropped_lines },
	};
	size_t len = strcspn(text, " ");

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (strlen(counts[i].name) != len ||
		    strncmp(counts[i].name, text, len) != 0)
			continue;
		CHECK_EQ(strtoull(text + len, NULL, 10), counts[i].value, line);
		return;
	}
	fail_msg("%s: no such counter", line);
}

static void check_found(const char *text, const char *line)
{
	char found[4096] = "", route[ROUTE_TEXT_MAX];

	for (size_t i = 0; i < status.found.cnt; i++) {
		route_format(route, sizeof(route), &status.found.routes[i]);
		append(found, sizeof(found), "%s%s", i ? ", " : "", route);
	}
	if (!status.found_known)
		append(found, sizeof(found), "unknown");
	CHECK_STR(text, found, line);
}

static void check_command(const char *want_text, const char *line)
{
	char command[DIALECT_COMMAND_MAX];
	size_t len = rib_command(&rib, command, now_ms);

	if (len) {
		CHECK_EQ('\n', command[len - 1], line);
		command[len - 1] = '\0';
	}
	CHECK_STR(want_text, len ? command : "", line);
}

/* The rest of the line if it begins with the word. */
static const char *after(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 ? line + len : NULL;
}

static void do_line(const char *script_line)
{
	static char kept[4096];
	const char *line, *rest;

	snprintf(kept, sizeof(kept), "%s", expand(script_line));
	line = kept;
	rib_status(&rib, &status, now_ms);
	if ((rest = after(line, "+")))
		now_ms += strtoull(rest, NULL, 10);
	else if ((rest = after(line, "> ")))
		check_command(rest, line);
	else if (strcmp(line, "-") == 0)
		check_command("", script_line);
	else if ((rest = after(line, "< ")))
		rib_line(&rib, slice_str(rest), now_ms);
	else if ((rest = after(line, "want ")))
		want(rest);
	else if ((rest = after(line, "proof ")))
		check_proof(rest, line);
	else if ((rest = after(line, "session ")))
		check_session(rest, line);
	else if (after(line, "text"))
		CHECK_STR(line[4] ? line + 5 : "", status.output_text, line);
	else if ((rest = after(line, "count ")))
		check_count(rest, line);
	else if ((rest = after(line, "done ")))
		CHECK_EQ(strtoull(rest, NULL, 10), status.generation, line);
	else if ((rest = after(line, "alive ")))
		CHECK_STR(rest, rib_alive(&rib, now_ms) ? "yes" : "no", line);
	else if ((rest = after(line, "due ")))
		CHECK_EQ(strtoull(rest, NULL, 10),
			 rib_due(&rib, now_ms) - now_ms, line);
	else if (after(line, "found"))
		check_found(line[5] ? line + 6 : "", line);
	else if (strcmp(line, "unsent") == 0)
		rib_unsent(&rib);
	else if ((rest = after(line, "paused "))) {
		now_ms += strtoull(rest, NULL, 10);
		rib_paused(&rib, strtoull(rest, NULL, 10));
	} else {
		fail_msg("%s?", line);
	}
}

static void play(const char *const *script)
{
	for (; *script; script++)
		do_line(*script);
}

#define PLAY(...) play((const char *const[]){ __VA_ARGS__, NULL })

#endif
