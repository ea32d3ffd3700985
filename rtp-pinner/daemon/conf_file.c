/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file: each line to the key it names. */
#include "common/inifile.h"
#include "rtp-pinner/daemon/conf_priv.h"

static void unknown_key(struct conf_reader *r, unsigned line, struct slice name)
{
	const char *hint = key_nearest(&conf_table, name);
	char quoted[VALUE_QUOTED_MAX];

	value_quote(quoted, name);
	if (hint)
		conf_error(r, "%s:%u: %s: unknown key; did you mean `%s'?",
			   r->name, line, quoted, hint);
	else
		conf_error(r, "%s:%u: %s: unknown key; --reference lists them",
			   r->name, line, quoted);
}

static void take_key(void *arg, unsigned line, struct slice name,
		     struct slice value)
{
	struct conf_reader *r = arg;
	const struct key *key = key_find(&conf_table, name);
	struct conf_place *place;

	if (!key) {
		unknown_key(r, line, name);
		return;
	}
	place = &r->places[key - conf_keys];
	if (place->line) {
		conf_error(r, "%s:%u: %s: set already in line %u", r->name,
			   line, key->name, place->line);
		return;
	}
	place->line = line;
	conf_set(r, key, value);
}

static void take_bad(void *arg, unsigned line, const char *text)
{
	struct conf_reader *r = arg;

	conf_error(r, "%s:%u: %s", r->name, line, text);
}

int conf_read_lines(struct conf_reader *r, struct slice text)
{
	static const struct inifile_handler handler = {
		.key = take_key, .bad = take_bad,
	};

	return inifile_read(text, &handler, r);
}
