/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/options.h"
#include "common/textfile.h"
#include "rtp-pinner/daemon/conf_priv.h"

enum { CONF_LINE_MAX = 1024 };

/* ---- reports */

void conf_error(struct conf_reader *r, const char *fmt, ...)
{
	char text[CONF_LINE_MAX];
	va_list ap;

	r->errors++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->report(r->arg, text);
}

static void place_text(char out[static CONF_WHERE_MAX],
		       const struct conf_reader *r, enum conf_key_id id)
{
	const struct conf_place *place = &r->places[id];
	const char *key = conf_keys[id].name;

	if (place->in_call || r->in_call)
		snprintf(out, CONF_WHERE_MAX, "--%s", key);
	else if (place->line)
		snprintf(out, CONF_WHERE_MAX, "%s:%u: %s", r->name,
			 place->line, key);
	else
		snprintf(out, CONF_WHERE_MAX, "%s (default)", key);
}

void conf_key_error(struct conf_reader *r, enum conf_key_id id,
		    const char *fmt, ...)
{
	char where[CONF_WHERE_MAX], text[CONF_LINE_MAX / 2];
	va_list ap;

	place_text(where, r, id);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	conf_error(r, "%s: %s", where, text);
}

/* ---- keys */

void conf_set(struct conf_reader *r, const struct key *key, struct slice value)
{
	char problem[KEY_PROBLEM_MAX];

	if (key_set(r->conf, key, value, problem))
		conf_key_error(r, (enum conf_key_id)(key - conf_keys), "%s",
			       problem);
}

static void set_defaults(struct conf_reader *r)
{
	for (size_t i = 0; i < CONF_KEYS; i++) {
		if (conf_keys[i].dflt)
			conf_set(r, &conf_keys[i], slice_str(conf_keys[i].dflt));
	}
}

/* ---- the command line */

static const struct options_action actions[] = {
	{ "check-config", CONF_CHECK, false },
	{ "reserve-ports", CONF_RESERVE, false },
	{ "help", CONF_HELP, true },
	{ "version", CONF_VERSION, true },
	{ "reference", CONF_REFERENCE, true },
	{ "sample", CONF_SAMPLE, true },
};

static_assert((int)CONF_KEYS <= (int)OPTIONS_MAX, "every key is an option");

static void apply_call(struct conf_reader *r, const struct options *call)
{
	r->in_call = true;
	for (size_t i = 0; i < CONF_KEYS; i++) {
		if (!call->values[i])
			continue;
		r->places[i].in_call = true;
		conf_set(r, &conf_keys[i], slice_str(call->values[i]));
	}
	r->in_call = false;
}

/* ---- all of it */

static void take_unreadable(void *arg, const char *line)
{
	conf_error(arg, "%s", line);
}

/* text.text NULL: read the file the call names, or the default one. */
static int read_file(struct conf_reader *r, const struct options *call,
		     struct slice text)
{
	char *loaded = NULL;
	size_t len = 0;
	int err;

	if (text.text)
		return conf_read_lines(r, text);
	err = options_read_file(&loaded, &len, r->conf->file,
				sizeof(r->conf->file), call, CONF_FILE,
				take_unreadable, r);
	if (!loaded)
		return err;
	r->name = r->conf->file;
	err = conf_read_lines(r, slice_of(loaded, len));
	textfile_free(loaded, len);
	return err;
}

static int fill(struct conf_reader *r, int argc, char *const argv[],
		struct slice text)
{
	struct options call = { .action = CONF_RUN };
	int err = options_read(&call, &conf_table, actions,
			       sizeof(actions) / sizeof(actions[0]), argc, argv,
			       r->report, r->arg);

	if (err)
		return err;
	r->conf->action = (enum conf_action)call.action;
	if (call.alone)
		return 0;
	set_defaults(r);
	err = read_file(r, &call, text);
	if (err) {
		conf_error(r, "%s: %s", r->name, strerror(err));
		return err;
	}
	apply_call(r, &call);
	conf_check(r);
	return r->errors ? EINVAL : 0;
}

int conf_parse(struct conf **out, int argc, char *const argv[],
	       const char *name, struct slice text, conf_line_h *report,
	       void *arg)
{
	struct conf_reader r = {
		.name = name,
		.report = report,
		.arg = arg,
		.conf = calloc(1, sizeof(*r.conf)),
	};
	int err;

	*out = NULL;
	if (!r.conf) {
		report(arg, strerror(ENOMEM));
		return ENOMEM;
	}
	err = fill(&r, argc, argv, text);
	if (err)
		conf_free(r.conf);
	else
		*out = r.conf;
	return err;
}

int conf_new(struct conf **out, int argc, char *const argv[],
	     conf_line_h *report, void *arg)
{
	return conf_parse(out, argc, argv, CONF_FILE, slice_of(NULL, 0),
			  report, arg);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	site_free(conf->site);
	free(conf);
}

int conf_take(struct conf *conf, struct conf *from)
{
	const struct site_node *node =
		site_find_node(from->site, slice_str(conf->node_name));
	struct site *site = conf->site;

	if (!node)
		return ENOENT;
	conf->site = from->site;
	conf->node = node;
	from->site = site;
	from->node = NULL;

	memcpy(conf->allow, from->allow, sizeof(conf->allow));
	conf->allow_cnt = from->allow_cnt;
	memcpy(conf->trusted_proxies, from->trusted_proxies,
	       sizeof(conf->trusted_proxies));
	conf->trusted_proxy_cnt = from->trusted_proxy_cnt;
	return 0;
}

bool conf_is_allowed(const struct conf *conf, const struct addr *source)
{
	struct addr a = *source;

	addr_unmap(&a);
	for (size_t i = 0; i < conf->allow_cnt; i++) {
		if (prefix_has(&conf->allow[i], &a))
			return true;
	}
	return false;
}
