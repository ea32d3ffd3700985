/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/dialect.h"

#include "health-agent/exabgp/json.h"

static bool is(struct slice word, const char *text)
{
	return slice_equal(word, slice_str(text));
}

/* The next word between blanks; empty at the end. */
static struct slice take_word(struct cursor *c)
{
	cursor_skip_blanks(c);
	return cursor_until(c, " \t");
}

static struct slice rest_of(struct cursor *c)
{
	cursor_skip_blanks(c);
	return cursor_take(c, cursor_left(c));
}

/* ---- a line of the adj-rib-out */

/* An attribute's value: one word, or those in its brackets or parentheses.
 * Each is handed to add; false from it: that is none of ours.
 */
typedef bool value_h(struct dialect_line *out, struct slice word,
		     uint32_t local_as);

static bool take_values(struct dialect_line *out, struct cursor *c,
			uint32_t local_as, value_h *add)
{
	struct slice word = take_word(c);
	bool ours = true;

	if (!is(word, "[") && !is(word, "("))
		return word.len && add(out, word, local_as);
	for (;;) {
		word = take_word(c);
		if (is(word, "]") || is(word, ")"))
			return ours;
		if (!word.len) {
			cursor_fail(c);		/* never closed */
			return false;
		}
		ours = add(out, word, local_as) && ours;
	}
}

static bool add_next_hop(struct dialect_line *out, struct slice word,
			 uint32_t local_as)
{
	(void)out, (void)word, (void)local_as;
	return true;	/* `self', or what it stood for */
}

static bool add_med(struct dialect_line *out, struct slice word,
		    uint32_t local_as)
{
	(void)local_as;
	return !slice_u32(&out->route.med, word, UINT32_MAX);
}

/* Counts one too many: the path has our AS once without any prepending. */
static bool add_hop(struct dialect_line *out, struct slice word,
		    uint32_t local_as)
{
	uint32_t as;

	if (slice_u32(&as, word, UINT32_MAX) || as != local_as ||
	    out->route.prepend > ROUTE_PREPEND_MAX)
		return false;
	out->route.prepend++;
	return true;
}

static bool add_community(struct dialect_line *out, struct slice word,
			  uint32_t local_as)
{
	uint32_t community;

	(void)local_as;
	return !route_parse_community(&community, word) &&
	       route_add_community(&out->route, community);
}

static bool add_large(struct dialect_line *out, struct slice word,
		      uint32_t local_as)
{
	struct route_large large;

	(void)local_as;
	return !route_parse_large(&large, word) &&
	       route_add_large(&out->route, &large);
}

static bool add_unknown(struct dialect_line *out, struct slice word,
			uint32_t local_as)
{
	(void)out, (void)word, (void)local_as;
	return false;
}

static value_h *attribute_of(struct slice word)
{
	static const struct {
		const char *name;
		value_h *add;
	} attributes[] = {
		{ "next-hop", add_next_hop },
		{ "med", add_med },
		{ "as-path", add_hop },
		{ "community", add_community },
		{ "large-community", add_large },
	};

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]);
	     i++) {
		if (is(word, attributes[i].name))
			return attributes[i].add;
	}
	return add_unknown;
}

/* Behind the neighbour: what it is called, the family, the prefix, and the
 * attributes.  local-ip, local-as, ... are pairs.
 */
static enum dialect_kind parse_route(struct dialect_line *out,
				     struct cursor *c, struct slice word,
				     uint32_t local_as)
{
	bool has_med = false;

	while (!is(word, "ipv4") && !is(word, "ipv6")) {
		if (!word.len || !take_word(c).len)
			return DIALECT_EVENT;
		word = take_word(c);
	}
	if (!is(take_word(c), "unicast") ||
	    prefix_parse(&out->route.prefix, take_word(c)))
		return DIALECT_EVENT;
	out->exact = true;
	for (word = take_word(c); word.len; word = take_word(c)) {
		has_med = has_med || is(word, "med");
		if (!take_values(out, c, local_as, attribute_of(word)))
			out->exact = false;
	}
	if (!cursor_ok(c))
		return DIALECT_NONSENSE;
	out->exact = out->exact && has_med;	/* none is not 0 */
	if (out->route.prepend)
		out->route.prepend--;
	return DIALECT_ROUTE;
}

/* ---- other lines that begin with `neighbor' */

static enum dialect_kind parse_neighbor(struct dialect_line *out,
					struct cursor *c, uint32_t local_as)
{
	struct slice word = take_word(c);

	if (addr_parse(&out->neighbor, word.text, word.len))
		return DIALECT_NONSENSE;
	word = take_word(c);
	if (is(word, "up") && !rest_of(c).len)
		return DIALECT_UP;
	if (is(word, "connected") && !rest_of(c).len)
		return DIALECT_CONNECTED;
	if (is(word, "down")) {
		take_word(c);	/* - */
		out->reason = rest_of(c);
		return DIALECT_DOWN;
	}
	/* their text is the other side's */
	if (is(word, "receive") || is(word, "send") || !word.len)
		return DIALECT_EVENT;
	return parse_route(out, c, word, local_as);
}

/* Peer  AS  up/down  state  #sent  #recvd; up/down may be "1 day, 0:02:03" */
static enum dialect_kind parse_session(struct dialect_line *out,
				       struct cursor *c, struct slice word)
{
	struct slice last[3] = { { 0 } };
	uint32_t as;
	uint64_t number;

	if (addr_parse(&out->neighbor, word.text, word.len) ||
	    slice_u32(&as, take_word(c), UINT32_MAX))
		return DIALECT_NONSENSE;
	for (word = take_word(c); word.len; word = take_word(c)) {
		last[0] = last[1];
		last[1] = last[2];
		last[2] = word;
	}
	if (slice_u64(&number, last[1], UINT64_MAX) ||
	    slice_u64(&number, last[2], UINT64_MAX))
		return DIALECT_NONSENSE;
	out->established = is(last[0], "established");
	return DIALECT_SESSION;
}

/* ---- JSON */

struct event {
	struct slice answer, notification, pid, state, peer, reason;
};

static void add_member(void *arg, const struct json_path *path,
		       struct slice value)
{
	struct event *e = arg;

	if (json_at(path, (const char *[]){ "answer", NULL }))
		e->answer = value;
	else if (json_at(path, (const char *[]){ "notification", NULL }))
		e->notification = value;
	else if (json_at(path, (const char *[]){ "pid", NULL }))
		e->pid = value;
	else if (json_at(path, (const char *[]){ "neighbor", "state", NULL }))
		e->state = value;
	else if (json_at(path, (const char *[]){ "neighbor", "reason", NULL }))
		e->reason = value;
	else if (json_at(path, (const char *[]){ "neighbor", "address", "peer",
						 NULL }))
		e->peer = value;
}

static enum dialect_kind parse_shutdown(struct dialect_line *out,
					struct slice pid)
{
	return slice_u32(&out->pid, pid, INT32_MAX) ? DIALECT_NONSENSE
						    : DIALECT_SHUTDOWN;
}

static enum dialect_kind parse_json(struct dialect_line *out,
				    struct slice line)
{
	struct event e = { 0 };

	if (json_walk(line, add_member, &e))
		return DIALECT_NONSENSE;
	if (is(e.answer, "done"))
		return DIALECT_DONE;
	if (is(e.answer, "error"))
		return DIALECT_ERROR;
	if (is(e.notification, "shutdown"))
		return parse_shutdown(out, e.pid);
	if (addr_parse(&out->neighbor, e.peer.text, e.peer.len))
		return DIALECT_EVENT;
	out->reason = e.reason;
	if (is(e.state, "up"))
		return DIALECT_UP;
	if (is(e.state, "connected"))
		return DIALECT_CONNECTED;
	return is(e.state, "down") ? DIALECT_DOWN : DIALECT_EVENT;
}

/* ---- any line */

static enum dialect_kind parse(struct dialect_line *out, struct slice line,
			       uint32_t local_as)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice word = take_word(&c);

	if (!word.len)
		return DIALECT_NOTHING;
	if (word.text[0] == '{')
		return parse_json(out, line);
	if (is(word, "neighbor"))
		return parse_neighbor(out, &c, local_as);
	if (is(word, "Peer") && is(take_word(&c), "AS"))
		return DIALECT_HEADING;
	if (is(word, "shutdown"))
		return parse_shutdown(out, take_word(&c));
	if (!cursor_left(&c)) {
		if (is(word, "done"))
			return DIALECT_DONE;
		if (is(word, "error"))
			return DIALECT_ERROR;
	}
	return parse_session(out, &c, word);
}

void dialect_parse(struct dialect_line *out, struct slice line,
		   uint32_t local_as)
{
	*out = (struct dialect_line){ 0 };
	out->kind = parse(out, line, local_as);
}
