/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sections of the site file, and each key to the one it is in. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/inifile.h"
#include "common/nearest.h"
#include "common/site_priv.h"

void site_error(struct site_parser *p, unsigned line, const char *fmt, ...)
{
	char text[1024];
	size_t len;
	va_list ap;
	int n;

	p->errors++;
	n = snprintf(text, sizeof(text), "%s:%u: ", p->name, line);
	len = n < 0 ? 0 : (size_t)n;
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	p->report(p->arg, text);
}

void site_why(struct site_parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
}

/* ---- sections */

static int grow_nodes(struct site_parser *p)
{
	size_t room = p->room ? p->room * 2 : 8;
	struct site_lines *lines;
	struct site_node *nodes;

	if (p->site->node_cnt < p->room)
		return 0;
	nodes = realloc(p->site->nodes, room * sizeof(*nodes));
	if (!nodes)
		return ENOMEM;
	p->site->nodes = nodes;
	lines = realloc(p->node_lines, room * sizeof(*lines));
	if (!lines)
		return ENOMEM;
	p->node_lines = lines;
	p->room = room;
	return 0;
}

void site_use_spare(struct site_parser *p)
{
	secret_fini(&p->spare->keys);
	secret_fini(&p->spare->previous_keys);
	*p->spare = (struct site){ 0 };
	p->spare_node = (struct site_node){ 0 };
	p->spare_peer = (struct site_peer){ 0 };
	p->spare_lines = (struct site_lines){ .head = p->line };
	p->service = p->spare;
	p->node = &p->spare_node;
	p->peer = &p->spare_peer;
	p->lines = &p->spare_lines;
}

static void open_service(struct site_parser *p)
{
	p->section = SECTION_SERVICE;
	if (p->service_lines.head) {
		site_error(p, p->line,
			   "[service]: there is one already, in line %u",
			   p->service_lines.head);
		site_use_spare(p);
		return;
	}
	p->service = p->site;
	p->lines = &p->service_lines;
	p->lines->head = p->line;
}

static void open_node(struct site_parser *p, struct slice name)
{
	struct site_node *node;

	p->section = SECTION_NODE;
	p->node_seen = true;
	if (!site_name_valid(name)) {
		site_error(p, p->line,
			   "%s: a node name is 1 to 31 of a-z, 0-9 and '-', "
			   "with no '-' at either end: [node fra1]",
			   p->where);
		site_use_spare(p);
		return;
	}
	if (p->site->node_cnt == SITE_NODES_MAX) {
		if (!p->too_many)
			site_error(p, p->line, "%s: more than %d nodes",
				   p->where, SITE_NODES_MAX);
		p->too_many = true;
		site_use_spare(p);
		return;
	}
	p->err = grow_nodes(p);
	if (p->err)
		return;

	node = &p->site->nodes[p->site->node_cnt];
	*node = (struct site_node){ 0 };
	memcpy(node->name, name.text, name.len);
	p->node = node;
	p->lines = &p->node_lines[p->site->node_cnt];
	*p->lines = (struct site_lines){ .head = p->line };
	p->site->node_cnt++;
	p->err = site_defaults(p, SECTION_NODE, node);
}

static void open_unknown(struct site_parser *p, struct slice word)
{
	static const char *const known[] = { "service", "node", "peer" };
	const char *hint = nearest(word, known, 3);

	p->section = SECTION_UNKNOWN;
	if (hint)
		site_error(p, p->line,
			   "%s: unknown section; did you mean [%s%s]?",
			   p->where, hint, hint == known[0] ? "" : " NAME");
	else
		site_error(p, p->line,
			   "%s: unknown section; allowed: [service], "
			   "[node NAME], [peer NAME]", p->where);
}

/* inifile's handler; without a name the section cannot be told. */
static void take_section(void *arg, unsigned line, struct slice name)
{
	struct site_parser *p = arg;
	struct cursor c = cursor_of(name.text, name.len);
	char quoted[VALUE_QUOTED_MAX];
	struct slice word, rest;

	p->line = line;
	p->section = SECTION_UNKNOWN;
	if (!name.text || p->err)
		return;
	value_quote(quoted, name);
	snprintf(p->where, sizeof(p->where), "[%.60s]", quoted);
	word = cursor_until(&c, " \t");
	cursor_skip_blanks(&c);
	rest = cursor_take(&c, cursor_left(&c));
	if (slice_equal(word, slice_str("node")))
		open_node(p, rest);
	else if (slice_equal(word, slice_str("peer")))
		site_open_peer(p, rest);
	else if (slice_equal(name, slice_str("service")))
		open_service(p);
	else
		open_unknown(p, word);
}

/* ---- keys */

static const struct site_key *find_key(enum site_section section,
				       struct slice name)
{
	for (size_t i = 0; i < SITE_KEYS; i++) {
		if (site_keys[i].section == section &&
		    slice_equal(slice_str(site_keys[i].name), name))
			return &site_keys[i];
	}
	return NULL;
}

/* The sections that have such a key: NULL, none. */
static const char *who_has(struct slice name)
{
	if (find_key(SECTION_SERVICE, name))
		return "[service]";
	if (find_key(SECTION_NODE, name))
		return "[node]";
	return find_key(SECTION_PEER, name) ? "[peer]" : NULL;
}

static void unknown_key(struct site_parser *p, struct slice name)
{
	const char *other = who_has(name);
	const char *known[SITE_KEYS];
	char quoted[VALUE_QUOTED_MAX];
	char list[SITE_WHY_MAX] = "";
	size_t cnt = 0, len = 0;
	const char *hint;

	for (size_t i = 0; i < SITE_KEYS; i++) {
		if (site_keys[i].section == p->section)
			known[cnt++] = site_keys[i].name;
	}
	for (size_t i = 0; i < cnt && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len,
					"%s%s", i ? ", " : "", known[i]);

	value_quote(quoted, name);
	hint = nearest(name, known, cnt);
	if (other)
		site_error(p, p->line, "%s %s: a key of %s sections; allowed: "
			   "%s", p->where, quoted, other, list);
	else if (hint)
		site_error(p, p->line, "%s %s: unknown key; did you mean `%s'?",
			   p->where, quoted, hint);
	else
		site_error(p, p->line, "%s %s: unknown key; allowed: %s",
			   p->where, quoted, list);
}

/* Its first words, up to a password that stands where it should not. */
static struct slice first_words(struct slice value, unsigned cnt)
{
	struct cursor c = cursor_of(value.text, value.len);
	size_t len = 0;

	while (cnt-- > 0 && cursor_left(&c)) {
		struct slice word = cursor_until(&c, " \t");

		if (word.len >= 3 && memcmp(word.text, "md5", 3) == 0)
			break;
		len = value.len - cursor_left(&c);
		cursor_skip_blanks(&c);
	}
	return slice_of(value.text, len);
}

/* As much of a value as may be shown. */
static void quote_value(char out[static VALUE_QUOTED_MAX],
			const struct site_key *key, struct slice value)
{
	struct slice path, shown = value;
	size_t len;

	if (key->hidden && !site_is_file(value, &path))
		shown.len = 0;
	if (key->shown_words)
		shown = first_words(value, key->shown_words);
	value_quote(out, shown);
	len = strlen(out);
	if (shown.len < value.len && len + sizeof(" ...") <= VALUE_QUOTED_MAX)
		snprintf(out + len, VALUE_QUOTED_MAX - len, "%s...",
			 len ? " " : "");
}

static void set_key(struct site_parser *p, const struct site_key *key,
		    struct slice value)
{
	void *base = p->section == SECTION_SERVICE ? (void *)p->service
		     : p->section == SECTION_NODE  ? (void *)p->node
						   : (void *)p->peer;
	unsigned *line = &p->lines->key[key - site_keys];
	char quoted[VALUE_QUOTED_MAX];
	bool has_why;
	int err;

	if (*line && !key->repeatable) {
		site_error(p, p->line, "%s %s: set already in line %u; one "
			   "line takes %s", p->where, key->name, *line,
			   key->allowed);
		return;
	}
	*line = p->line;
	p->why[0] = '\0';
	err = key->parse(p, key, base, value);
	if (err == ENOMEM)
		p->err = ENOMEM;
	if (err != EINVAL)
		return;

	has_why = p->why[0] != '\0';
	quote_value(quoted, key, value);
	site_error(p, p->line, "%s %s: `%s' is not allowed: %s%s%s%s", p->where,
		   key->name, quoted, key->allowed, has_why ? " (" : "",
		   p->why, has_why ? ")" : "");
}

/* inifile's handler. */
static void take_key(void *arg, unsigned line, struct slice name,
		     struct slice value)
{
	struct site_parser *p = arg;
	const struct site_key *key;
	char quoted[VALUE_QUOTED_MAX];

	p->line = line;
	if (p->err || p->section == SECTION_UNKNOWN)
		return;
	if (p->section == SECTION_NONE) {
		value_quote(quoted, name);
		site_error(p, line, "%s: stands before the first section",
			   quoted);
		return;
	}
	key = find_key(p->section, name);
	if (key)
		set_key(p, key, value);
	else
		unknown_key(p, name);
}

static void take_bad(void *arg, unsigned line, const char *text)
{
	site_error(arg, line, "%s", text);
}

/* Where the file ends: a message about what it lacks says so. */
static unsigned last_line(struct slice text)
{
	unsigned lines = text.len && text.text[text.len - 1] != '\n';

	for (size_t i = 0; i < text.len; i++)
		lines += text.text[i] == '\n';
	return lines;
}

int site_parse_lines(struct site_parser *p, struct slice text)
{
	static const struct inifile_handler handler = {
		.section = take_section, .key = take_key, .bad = take_bad,
	};
	int err;

	p->spare = calloc(1, sizeof(*p->spare));
	if (!p->spare)
		return ENOMEM;
	err = site_defaults(p, SECTION_SERVICE, p->site);
	if (!err)
		err = inifile_read(text, &handler, p);
	p->line = last_line(text);
	return err ? err : p->err;
}
