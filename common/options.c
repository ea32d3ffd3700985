/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/textfile.h"

enum { FILE_SIZE_MAX = 1 << 20 };

struct reader {
	struct options *out;
	const struct key_table *table;
	const struct options_action *actions;
	size_t action_cnt;
	key_line_h *report;
	void *arg;
	bool wrong;
};

static void complain(struct reader *r, const char *option, const char *why)
{
	char quoted[VALUE_QUOTED_MAX], text[VALUE_QUOTED_MAX + 80];

	value_quote(quoted, slice_str(option));
	snprintf(text, sizeof(text), "%s: %s", quoted, why);
	r->report(r->arg, text);
	r->wrong = true;
}

static void unknown_option(struct reader *r, const char *arg, const char *name)
{
	const char *hint = key_nearest(r->table, slice_str(name));
	char why[64];

	snprintf(why, sizeof(why), hint ? "unknown option; did you mean --%s?"
					: "unknown option; try --help", hint);
	complain(r, arg, why);
}

static bool take_action(struct reader *r, struct slice name)
{
	for (size_t i = 0; i < r->action_cnt; i++) {
		if (!slice_equal(name, slice_str(r->actions[i].name)))
			continue;
		if (!r->out->alone) {
			r->out->action = r->actions[i].action;
			r->out->alone = r->actions[i].alone;
		}
		return true;
	}
	return false;
}

/* Where the value of an option goes; NULL: it takes none. */
static const char **place_of(struct reader *r, struct slice name)
{
	const struct key *key = key_find(r->table, name);

	if (slice_equal(name, slice_str("config")))
		return &r->out->config;
	return key ? &r->out->values[key - r->table->keys] : NULL;
}

/* The value of an option: behind its =, or the next word. */
static const char *take_value(struct reader *r, const char *arg,
			      const char *equals, int argc, char *const argv[],
			      int *at)
{
	if (equals)
		return equals + 1;
	if (*at + 1 < argc)
		return argv[++*at];
	complain(r, arg, "needs a value");
	return NULL;
}

int options_read(struct options *out, const struct key_table *table,
		 const struct options_action *actions, size_t action_cnt,
		 int argc, char *const argv[], key_line_h *report, void *arg)
{
	struct reader r = { out, table, actions, action_cnt, report, arg,
			    false };

	for (int i = 1; i < argc; i++) {
		const char *option = argv[i];
		const char *name = option + 2, *equals, **value;
		struct slice word;

		if (strncmp(option, "--", 2) != 0 || !*name) {
			complain(&r, option, "is no option; try --help");
			continue;
		}
		equals = strchr(name, '=');
		word = equals ? slice_of(name, (size_t)(equals - name))
			      : slice_str(name);
		value = place_of(&r, word);
		if (!value) {
			if (equals || !take_action(&r, word))
				unknown_option(&r, option, name);
			continue;
		}
		if (*value)
			complain(&r, option, "is there twice");
		*value = take_value(&r, option, equals, argc, argv, &i);
	}
	return r.wrong ? EBADMSG : 0;
}

int options_read_file(char **text, size_t *len, char *file, size_t room,
		      const struct options *call, const char *dflt,
		      key_line_h *report, void *arg)
{
	const char *path = call->config ? call->config : dflt;
	int err = textfile_read(text, len, path, FILE_SIZE_MAX);
	char line[PATH_MAX + 80];

	if (err == ENOMEM)
		return ENOMEM;
	if (err == ENOENT && !call->config)
		return 0;
	if (!err && strlen(path) < room) {
		memcpy(file, path, strlen(path) + 1);
		return 0;
	}
	textfile_free(*text, *len);
	*text = NULL;
	snprintf(line, sizeof(line), "%s: cannot be read: %s", path,
		 strerror(err ? err : ENAMETOOLONG));
	report(arg, line);
	return 0;
}

void options_print(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

int options_status(int err)
{
	switch (err) {
	case 0:
		return EXIT_SUCCESS;
	case EBADMSG:
		return EX_USAGE;
	case EINVAL:
		return EX_CONFIG;
	default:
		return EXIT_FAILURE;
	}
}
