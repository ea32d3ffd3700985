/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/clients.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIELDS = 5,
	QUOTED_MAX = 100,		/* of a bad value, in a message */
	FILE_MAX = 1 << 20,
	USER_AGENT_LOOK_MAX = 256,	/* no pattern needs more of a header */
};

struct parse {
	struct clients *out;
	const char *name;
	unsigned line;
	clients_error_h *report;
	void *arg;
	int err;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static void complain(struct parse *p, const char *what, struct slice value,
		     const char *allowed)
{
	char quoted[QUOTED_MAX + 1] = "";
	char text[512];

	for (size_t i = 0; i < value.len && i < QUOTED_MAX; i++)
		quoted[i] = is_control(value.text[i]) ? '?' : value.text[i];
	snprintf(text, sizeof(text), "%s:%u: %s: `%s' is not allowed: %s",
		 p->name, p->line, what, quoted, allowed);
	p->report(p->arg, text);
	p->err = EINVAL;
}

static bool is_pattern(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_control(s.text[i]))
			return false;
	return s.len > 0;
}

static enum client_habit parse_habit(struct parse *p, const char *what,
				     struct slice word)
{
	static const char *const names[CLIENT_HABITS] = {
		[CLIENT_UNKNOWN] = "unknown",
		[CLIENT_FOLLOWS] = "follows",
		[CLIENT_NEVER] = "never",
	};

	for (unsigned i = 0; i < CLIENT_HABITS; i++)
		if (slice_equal(word, slice_str(names[i])))
			return (enum client_habit)i;
	complain(p, what, word, "follows, never or unknown");
	return CLIENT_UNKNOWN;
}

static bool is_month(struct slice s)
{
	if (s.len != 7 || s.text[4] != '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (i != 4 && !isdigit((unsigned char)s.text[i]))
			return false;
	return memcmp(s.text + 5, "00", 2) > 0 &&
	       memcmp(s.text + 5, "12", 2) <= 0;
}

static void parse_line(struct parse *p, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice field[FIELDS] = { 0 };
	struct client client = { 0 };
	struct client *grown;

	for (unsigned i = 0; i < FIELDS; i++) {
		field[i] = slice_trim(cursor_until(
			&c, i == FIELDS - 1 ? "" : "|"));
		if (i < FIELDS - 1)
			cursor_expect(&c, slice_str("|"));
	}
	if (!cursor_ok(&c)) {
		complain(p, "line", line,
			 "PATTERN | INVITE | REGISTER | YYYY-MM | EVIDENCE");
		return;
	}
	if (!is_pattern(field[0]))
		complain(p, "PATTERN", field[0], "a User-Agent, `*' is any text");
	client.invite = parse_habit(p, "INVITE", field[1]);
	client.registration = parse_habit(p, "REGISTER", field[2]);
	if (!is_month(field[3]))
		complain(p, "SINCE", field[3], "a month as YYYY-MM");
	if (!field[4].len)
		complain(p, "EVIDENCE", field[4], "how this is known");
	if (p->err)
		return;

	client.pattern = strndup(field[0].text, field[0].len);
	grown = realloc(p->out->v, (p->out->cnt + 1) * sizeof(*grown));
	if (grown)
		p->out->v = grown;
	if (!client.pattern || !grown) {
		free(client.pattern);
		p->err = ENOMEM;
		return;
	}
	for (char *at = client.pattern; *at; at++)
		*at = lower(*at);
	p->out->v[p->out->cnt++] = client;
}

int clients_parse(struct clients *out, const char *name, struct slice text,
		  clients_error_h *report, void *arg)
{
	struct parse p = {
		.out = out, .name = name, .report = report, .arg = arg,
	};
	struct cursor c = cursor_of(text.text, text.len);

	*out = (struct clients){ 0 };
	while (cursor_left(&c) && p.err != ENOMEM) {
		struct slice line = slice_trim(cursor_until(&c, "\n"));

		p.line++;
		if (cursor_left(&c))
			cursor_byte(&c);
		if (line.len && line.text[0] != '#')
			parse_line(&p, line);
	}
	if (p.err)
		clients_fini(out);
	return p.err;
}

int clients_read(struct clients *out, const char *path,
		 clients_error_h *report, void *arg)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t len;
	int err;

	*out = (struct clients){ 0 };
	if (!file)
		return errno;
	text = malloc(FILE_MAX);
	if (!text) {
		fclose(file);
		return ENOMEM;
	}
	len = fread(text, 1, FILE_MAX, file);
	if (ferror(file))
		err = EIO;
	else if (len == FILE_MAX)
		err = EFBIG;
	else
		err = clients_parse(out, path, slice_of(text, len), report, arg);
	free(text);
	fclose(file);
	return err;
}

void clients_fini(struct clients *clients)
{
	for (size_t i = 0; i < clients->cnt; i++)
		free(clients->v[i].pattern);
	free(clients->v);
	*clients = (struct clients){ 0 };
}

/* Greedy match with one point of return, so its cost is bounded by the product
 * of the lengths and never explodes.
 */
static bool matches(const char *pattern, struct slice text)
{
	const char *star = NULL;
	size_t at = 0, star_at = 0;

	while (at < text.len) {
		if (*pattern == '*') {
			star = pattern++;
			star_at = at;
		} else if (*pattern && *pattern == lower(text.text[at])) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star + 1;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

const struct client *clients_find(const struct clients *clients,
				  struct slice user_agent)
{
	char first;

	if (!user_agent.len)
		return NULL;
	if (user_agent.len > USER_AGENT_LOOK_MAX)
		user_agent.len = USER_AGENT_LOOK_MAX;
	first = lower(user_agent.text[0]);
	for (size_t i = 0; i < clients->cnt; i++) {
		const char *pattern = clients->v[i].pattern;

		if (*pattern != first && *pattern != '*')
			continue;	/* most are done with here */
		if (matches(pattern, user_agent))
			return &clients->v[i];
	}
	return NULL;
}
