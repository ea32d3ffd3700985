/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sections and lines of the file, each key to the section it is in. */
#include <stdio.h>

#include "common/inifile.h"
#include "common/nearest.h"
#include "health-agent/daemon/conf_priv.h"

/* ---- keys */

void conf_set(struct conf_reader *r, struct conf_section *s,
	      const struct key *key, struct slice value)
{
	unsigned id = (unsigned)(key - s->table->keys);
	char problem[KEY_PROBLEM_MAX];

	s->set[id] = true;
	s->bad[id] = key_set(s->base, key, value, problem) != 0;
	if (s->bad[id])
		conf_key_error(r, s, id, "%s", problem);
}

static void list_keys(char *out, size_t room, const struct key_table *table)
{
	size_t len = 0;

	for (size_t i = 0; i < table->cnt && len < room; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s",
					i ? ", " : "", table->keys[i].name);
}

/* The kind of section that has such a key, NULL: none. */
static const char *who_has(struct slice name)
{
	if (key_find(&conf_agent_keys, name))
		return "[agent]";
	if (key_find(&conf_probe_keys, name))
		return "[probe NAME]";
	return key_find(&conf_group_keys, name) ? "[group NAME]" : NULL;
}

static void unknown_key(struct conf_reader *r, unsigned line, struct slice name)
{
	const struct conf_section *s = r->section;
	const char *hint = key_nearest(s->table, name);
	const char *other = who_has(name);
	char quoted[VALUE_QUOTED_MAX], list[512] = "";

	value_quote(quoted, name);
	list_keys(list, sizeof(list), s->table);
	if (other)
		conf_line_error(r, line, "%s %s: a key of %s; allowed: %s",
				s->where, quoted, other, list);
	else if (hint)
		conf_line_error(r, line, "%s %s: unknown key; did you mean "
				"`%s'?", s->where, quoted, hint);
	else
		conf_line_error(r, line, "%s %s: unknown key; allowed: %s",
				s->where, quoted, list);
}

static void take_key(void *arg, unsigned line, struct slice name,
		     struct slice value)
{
	struct conf_reader *r = arg;
	struct conf_section *s = r->section;
	char quoted[VALUE_QUOTED_MAX];
	const struct key *key;
	unsigned id;

	if (r->lost)
		return;
	if (!s) {
		value_quote(quoted, name);
		conf_line_error(r, line, "%s: stands before the first section",
				quoted);
		return;
	}
	key = key_find(s->table, name);
	if (!key) {
		unknown_key(r, line, name);
		return;
	}
	id = (unsigned)(key - s->table->keys);
	if (s->line[id]) {
		conf_line_error(r, line, "%s %s: set already in line %u",
				s->where, key->name, s->line[id]);
		return;
	}
	s->line[id] = line;
	conf_set(r, s, key, value);
}

/* ---- sections */

static void open_section(struct conf_section *s, const struct key_table *table,
			 void *base, const char *where)
{
	*s = (struct conf_section){ .table = table, .base = base };
	snprintf(s->where, sizeof(s->where), "%s", where);
}

static void set_defaults(struct conf_reader *r, struct conf_section *s)
{
	for (size_t i = 0; i < s->table->cnt; i++) {
		const struct key *key = &s->table->keys[i];

		if (key->dflt)
			conf_set(r, s, key, slice_str(key->dflt));
		s->set[i] = false;
	}
}

void conf_open_agent(struct conf_reader *r, struct conf_section *s,
		     struct agent_conf *base)
{
	open_section(s, &conf_agent_keys, base, "[agent]");
	set_defaults(r, s);
}

void conf_open_probe(struct conf_reader *r, struct conf_probe *p,
		     struct slice name)
{
	char where[CONF_WHERE_MAX];

	*p = (struct conf_probe){ 0 };
	snprintf(p->name, sizeof(p->name), "%.*s", (int)name.len, name.text);
	snprintf(where, sizeof(where), "[probe %s]", p->name);
	open_section(&p->section, &conf_probe_keys, p, where);
	set_defaults(r, &p->section);
}

void conf_open_group(struct conf_reader *r, struct conf_group *g,
		     struct slice name)
{
	char where[CONF_WHERE_MAX];

	*g = (struct conf_group){ 0 };
	snprintf(g->conf.name, sizeof(g->conf.name), "%.*s", (int)name.len,
		 name.text);
	snprintf(where, sizeof(where), "[group %s]", g->conf.name);
	open_section(&g->section, &conf_group_keys, g, where);
	set_defaults(r, &g->section);
}

static void begin(struct conf_reader *r, struct conf_section *s, unsigned line)
{
	s->head = line;
	r->section = s;
}

static void begin_agent(struct conf_reader *r, unsigned line)
{
	if (!r->agent.head) {
		begin(r, &r->agent, line);
		return;
	}
	conf_line_error(r, line, "[agent]: there is one already, in line %u",
			r->agent.head);
	conf_open_agent(r, &r->spare_agent, r->spare_conf);
	begin(r, &r->spare_agent, line);
}

static bool check_name(struct conf_reader *r, unsigned line, const char *kind,
		       struct slice name)
{
	char quoted[VALUE_QUOTED_MAX];

	if (site_name_valid(name))
		return true;
	value_quote(quoted, name);
	conf_line_error(r, line, "[%s %s]: a name is 1 to %d of a-z, 0-9 and "
			"'-', with no '-' at either end", kind, quoted,
			HEALTH_NAME_MAX - 1);
	return false;
}

static void told_already(struct conf_reader *r, unsigned line,
			 const struct conf_section *first)
{
	conf_line_error(r, line, "%s: there is one already, in line %u",
			first->where, first->head);
}

/* Where the section is read to: NULL, nothing will be made of it. */
static struct conf_probe *new_probe(struct conf_reader *r, unsigned line,
				    struct slice name)
{
	if (!check_name(r, line, "probe", name))
		return NULL;
	for (size_t i = 0; i < r->probe_cnt; i++) {
		if (slice_equal(name, slice_str(r->probes[i].name))) {
			told_already(r, line, &r->probes[i].section);
			return NULL;
		}
	}
	if (r->probe_cnt < HEALTH_PROBES_MAX)
		return &r->probes[r->probe_cnt++];
	if (!r->too_many_probes)
		conf_line_error(r, line, "[probe %.*s]: more than %d probes",
				(int)name.len, name.text, HEALTH_PROBES_MAX);
	r->too_many_probes = true;
	return NULL;
}

static struct conf_group *new_group(struct conf_reader *r, unsigned line,
				    struct slice name)
{
	if (!check_name(r, line, "group", name))
		return NULL;
	for (size_t i = 0; i < r->group_cnt; i++) {
		if (slice_equal(name, slice_str(r->groups[i].conf.name))) {
			told_already(r, line, &r->groups[i].section);
			return NULL;
		}
	}
	if (r->group_cnt < HEALTH_GROUPS_MAX)
		return &r->groups[r->group_cnt++];
	if (!r->too_many_groups)
		conf_line_error(r, line, "[group %.*s]: more than %d groups",
				(int)name.len, name.text, HEALTH_GROUPS_MAX);
	r->too_many_groups = true;
	return NULL;
}

static void begin_probe(struct conf_reader *r, unsigned line, struct slice name)
{
	struct conf_probe *p = new_probe(r, line, name);

	if (!p) {
		p = &r->spare_probe;
		if (!site_name_valid(name))
			name = slice_str("?");
	}
	conf_open_probe(r, p, name);
	begin(r, &p->section, line);
}

static void begin_group(struct conf_reader *r, unsigned line, struct slice name)
{
	struct conf_group *g = new_group(r, line, name);

	if (!g) {
		g = &r->spare_group;
		if (!site_name_valid(name))
			name = slice_str("?");
	}
	conf_open_group(r, g, name);
	begin(r, &g->section, line);
}

static void unknown_section(struct conf_reader *r, unsigned line,
			    struct slice name, struct slice word)
{
	static const char *const known[] = { "agent", "probe", "group" };
	const char *hint = nearest(word, known, 3);
	char quoted[VALUE_QUOTED_MAX];

	value_quote(quoted, name);
	if (hint)
		conf_line_error(r, line, "[%s]: unknown section; did you mean "
				"[%s%s]?", quoted, hint,
				hint == known[0] ? "" : " NAME");
	else
		conf_line_error(r, line, "[%s]: unknown section; allowed: "
				"[agent], [probe NAME], [group NAME]", quoted);
	r->lost = true;
}

static void take_section(void *arg, unsigned line, struct slice name)
{
	struct conf_reader *r = arg;
	struct cursor c = cursor_of(name.text, name.len);
	struct slice word = cursor_until(&c, " \t");
	struct slice rest;

	r->lost = !name.text;
	if (r->lost)
		return;
	cursor_skip_blanks(&c);
	rest = cursor_take(&c, cursor_left(&c));
	if (slice_equal(name, slice_str("agent")))
		begin_agent(r, line);
	else if (slice_equal(word, slice_str("probe")))
		begin_probe(r, line, rest);
	else if (slice_equal(word, slice_str("group")))
		begin_group(r, line, rest);
	else
		unknown_section(r, line, name, word);
}

static void take_bad(void *arg, unsigned line, const char *text)
{
	conf_line_error(arg, line, "%s", text);
}

int conf_read_lines(struct conf_reader *r, struct slice text)
{
	static const struct inifile_handler handler = {
		.section = take_section, .key = take_key, .bad = take_bad,
	};

	return inifile_read(text, &handler, r);
}
