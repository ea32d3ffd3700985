/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines and sections of the site file.
 *
 * inih splits `key = value' and takes comments away.  It says nothing about
 * sections without keys, cuts section names after 49 bytes and long lines
 * wherever its buffer ends, stops at a NUL, reads an indented line as more of
 * the value above, and tells of the first bad line only.  So the reader it
 * calls for every line (next_line) opens the sections, refuses what it would
 * misread, and notices lines that it passed over.
 */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/nearest.h"
#include "common/site_priv.h"

#define BOM "\xef\xbb\xbf"

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

void site_quote(char out[static SITE_QUOTED_MAX], struct slice text)
{
	enum { TAIL = sizeof("\\xff...") };
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.text[i];
		size_t room = SITE_QUOTED_MAX - len;

		if (room < TAIL) {
			snprintf(out + len, room, "...");
			return;
		}
		if (c >= ' ' && c < 0x7f)
			len += (size_t)snprintf(out + len, room, "%c", c);
		else
			len += (size_t)snprintf(out + len, room, "\\x%02x", c);
	}
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

/* line begins with '[' and is trimmed. */
static void open_section(struct site_parser *p, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	char quoted[SITE_QUOTED_MAX];
	struct slice name, word, rest;

	cursor_byte(&c);
	name = slice_trim(cursor_until(&c, "]"));
	cursor_expect(&c, slice_str("]"));
	if (!cursor_ok(&c)) {
		site_quote(quoted, line);
		site_error(p, p->line, "`%s': the section is not closed by ]",
			   quoted);
		p->section = SECTION_UNKNOWN;
		return;
	}
	site_quote(quoted, name);
	snprintf(p->where, sizeof(p->where), "[%.60s]", quoted);
	rest = slice_trim(cursor_take(&c, cursor_left(&c)));
	if (rest.len && rest.text[0] != ';' && rest.text[0] != '#')
		site_error(p, p->line,
			   "%s: nothing but a comment may follow the section",
			   p->where);

	c = cursor_of(name.text, name.len);
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

/* ---- lines */

/* Did inih make anything of the line it got last? */
static void finish_line(struct site_parser *p)
{
	if (!p->line_given)
		return;
	p->line_given = false;
	site_error(p, p->line,
		   "`%s': neither [section] nor key = value", p->line_word);
}

/* True if inih should see the line. */
static bool accept_line(struct site_parser *p, struct slice line, size_t max)
{
	struct cursor c = cursor_of(line.text, line.len);

	if (line.len == 0 || line.text[0] == ';' || line.text[0] == '#')
		return false;
	if (slice_has_controls(line)) {
		site_error(p, p->line, "there is a control character (or a "
			   "NUL) in the line: text only");
		return false;
	}
	if (line.text[0] == '[') {
		open_section(p, line);
		return false;
	}
	if (line.len > max) {
		site_error(p, p->line,
			   "the line has %zu bytes: at most %zu can be read",
			   line.len, max);
		return false;
	}
	/* the first word only: the rest may be a secret */
	site_quote(p->line_word, cursor_until(&c, " \t"));
	return true;
}

/* inih's reader: like fgets(). */
static char *next_line(char *buf, int size, void *stream)
{
	struct site_parser *p = stream;
	size_t max = size > 2 ? (size_t)size - 2 : 0;	/* newline and NUL */

	finish_line(p);
	while (cursor_left(&p->rest) && !p->err) {
		struct slice line = cursor_until(&p->rest, "\n");

		if (cursor_left(&p->rest))
			cursor_byte(&p->rest);
		p->line++;
		if (p->line == 1 && line.len >= strlen(BOM) &&
		    memcmp(line.text, BOM, strlen(BOM)) == 0)
			line = slice_of(line.text + strlen(BOM),
					line.len - strlen(BOM));
		line = slice_trim(line);
		if (!accept_line(p, line, max))
			continue;
		memcpy(buf, line.text, line.len);
		memcpy(buf + line.len, "\n", 2);
		p->line_given = true;
		return buf;
	}
	return NULL;
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
	char quoted[SITE_QUOTED_MAX];
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

	site_quote(quoted, name);
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

/* As much of a value as may be shown. */
static void quote_value(char out[static SITE_QUOTED_MAX],
			const struct site_key *key, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice path;
	size_t len;

	site_quote(out, value);
	if (key->hidden && !site_is_file(value, &path))
		snprintf(out, SITE_QUOTED_MAX, "...");
	if (!key->shown_words)
		return;
	for (unsigned i = 0; i < key->shown_words; i++) {
		cursor_skip_blanks(&c);
		cursor_until(&c, " \t");
	}
	if (!cursor_left(&c))
		return;
	site_quote(out, slice_of(value.text, value.len - cursor_left(&c)));
	len = strlen(out);
	if (len + sizeof(" ...") <= SITE_QUOTED_MAX)
		memcpy(out + len, " ...", sizeof(" ..."));
}

static void set_key(struct site_parser *p, const struct site_key *key,
		    struct slice value)
{
	void *base = p->section == SECTION_SERVICE ? (void *)p->service
		     : p->section == SECTION_NODE  ? (void *)p->node
						   : (void *)p->peer;
	unsigned *line = &p->lines->key[key - site_keys];
	char quoted[SITE_QUOTED_MAX];
	bool has_why;
	int err;

	if (*line && !key->repeatable) {
		site_error(p, p->line, "%s %s: set already in line %u",
			   p->where, key->name, *line);
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

/* inih's handler; it knows the section less well than we do. */
static int take_key(void *arg, const char *section, const char *name_text,
		    const char *value_text)
{
	struct site_parser *p = arg;
	struct slice name = slice_str(name_text);
	const struct site_key *key;
	char quoted[SITE_QUOTED_MAX];

	(void)section;
	p->line_given = false;
	if (p->err || p->section == SECTION_UNKNOWN)
		return 1;
	if (p->section == SECTION_NONE) {
		site_quote(quoted, name);
		site_error(p, p->line,
			   "%s: stands before the first section", quoted);
		return 1;
	}
	key = find_key(p->section, name);
	if (key)
		set_key(p, key, slice_str(value_text));
	else
		unknown_key(p, name);
	return 1;
}

int site_parse_lines(struct site_parser *p)
{
	int err;

	p->spare = calloc(1, sizeof(*p->spare));
	if (!p->spare)
		return ENOMEM;
	err = site_defaults(p, SECTION_SERVICE, p->site);
	if (err)
		return err;

	/* its result is the first bad line, which finish_line() has told */
	err = ini_parse_stream(next_line, p, take_key, p);
	if (err == -2)
		return ENOMEM;
	finish_line(p);
	return p->err;
}
