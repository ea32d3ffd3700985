/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/options.h"
#include "common/textfile.h"
#include "health-agent/daemon/conf_priv.h"

enum { CONF_LINE_MAX = 1200 };

/* ---- reports */

static void report(struct conf_reader *r, const char *place, const char *fmt,
		   va_list ap) __attribute__((format(printf, 3, 0)));

static void report(struct conf_reader *r, const char *place, const char *fmt,
		   va_list ap)
{
	char text[CONF_LINE_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", place);

	r->errors++;
	if (len < sizeof(text))
		vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	r->report(r->arg, text);
}

void conf_error(struct conf_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(r, "", fmt, ap);
	va_end(ap);
}

void conf_line_error(struct conf_reader *r, unsigned line, const char *fmt, ...)
{
	char place[AGENT_PATH_MAX + 16];
	va_list ap;

	snprintf(place, sizeof(place), "%s:%u: ", r->name, line);
	va_start(ap, fmt);
	report(r, place, fmt, ap);
	va_end(ap);
}

void conf_section_error(struct conf_reader *r, const struct conf_section *s,
			const char *fmt, ...)
{
	char place[AGENT_PATH_MAX + 16 + CONF_WHERE_MAX];
	va_list ap;

	if (s->head)
		snprintf(place, sizeof(place), "%s:%u: %s: ", r->name, s->head,
			 s->where);
	else
		snprintf(place, sizeof(place), "%s (default): ", s->where);
	va_start(ap, fmt);
	report(r, place, fmt, ap);
	va_end(ap);
}

void conf_key_error(struct conf_reader *r, const struct conf_section *s,
		    unsigned key, const char *fmt, ...)
{
	char place[AGENT_PATH_MAX + 64 + CONF_WHERE_MAX];
	const char *name = s->table->keys[key].name;
	va_list ap;

	if (s->in_call[key])
		snprintf(place, sizeof(place), "--%s: ", name);
	else if (s->line[key])
		snprintf(place, sizeof(place), "%s:%u: %s %s: ", r->name,
			 s->line[key], s->where, name);
	else if (s->head)
		snprintf(place, sizeof(place), "%s:%u: %s %s (default): ",
			 r->name, s->head, s->where, name);
	else
		snprintf(place, sizeof(place), "%s %s (default): ", s->where,
			 name);
	va_start(ap, fmt);
	report(r, place, fmt, ap);
	va_end(ap);
}

/* ---- the command line */

static const struct options_action actions[] = {
	{ "check-config", AGENT_CHECK, false },
	{ "help", AGENT_HELP, true },
	{ "version", AGENT_VERSION, true },
	{ "reference", AGENT_REFERENCE, true },
	{ "sample", AGENT_SAMPLE, true },
};

static_assert((int)AGENT_KEYS <= (int)OPTIONS_MAX, "every key is an option");

static void apply_call(struct conf_reader *r, const struct options *call)
{
	for (size_t i = 0; i < AGENT_KEYS; i++) {
		if (!call->values[i])
			continue;
		r->agent.in_call[i] = true;
		conf_set(r, &r->agent, &conf_agent_keys.keys[i],
			 slice_str(call->values[i]));
	}
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
				sizeof(r->conf->file), call, AGENT_CONF_FILE,
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
	struct options call = { .action = AGENT_RUN };
	int err = options_read(&call, &conf_agent_keys, actions,
			       sizeof(actions) / sizeof(actions[0]), argc, argv,
			       r->report, r->arg);

	if (err)
		return err;
	r->conf->action = (enum agent_action)call.action;
	if (call.alone)
		return 0;
	conf_open_agent(r, &r->agent, r->conf);
	err = read_file(r, &call, text);
	if (err)
		return err;
	apply_call(r, &call);
	err = conf_check(r);
	if (err)
		return err;
	return r->errors ? EINVAL : 0;
}

static void reader_free(struct conf_reader *r)
{
	if (!r)
		return;
	agent_conf_free(r->conf);
	free(r->spare_conf);
	free(r);
}

static int reader_new(struct conf_reader **out)
{
	struct conf_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return ENOMEM;
	r->conf = calloc(1, sizeof(*r->conf));
	r->spare_conf = calloc(1, sizeof(*r->spare_conf));
	if (!r->conf || !r->spare_conf) {
		reader_free(r);
		return ENOMEM;
	}
	*out = r;
	return 0;
}

int agent_conf_parse(struct agent_conf **out, int argc, char *const argv[],
		     const char *name, struct slice text,
		     agent_conf_line_h *report_line, void *arg)
{
	struct conf_reader *r = NULL;
	int err = reader_new(&r);

	*out = NULL;
	if (!err) {
		r->name = name;
		r->report = report_line;
		r->arg = arg;
		err = fill(r, argc, argv, text);
	}
	if (err == ENOMEM)
		report_line(arg, strerror(ENOMEM));
	if (!err) {
		*out = r->conf;
		r->conf = NULL;
	}
	reader_free(r);
	return err;
}

int agent_conf_new(struct agent_conf **out, int argc, char *const argv[],
		   agent_conf_line_h *report_line, void *arg)
{
	return agent_conf_parse(out, argc, argv, AGENT_CONF_FILE,
				slice_of(NULL, 0), report_line, arg);
}

void agent_conf_free(struct agent_conf *conf)
{
	if (!conf)
		return;
	/* a command's words lie behind its argv[0] */
	for (size_t i = 0; i < conf->health.probe_cnt; i++)
		free(conf->probes[i].prober.argv[0]);
	site_free(conf->site);
	free(conf);
}

size_t agent_conf_prefixes(const struct agent_conf *conf,
			   struct prefix out[static ROUTE_PREFIXES_MAX])
{
	size_t cnt = 0;

	for (size_t i = 0; i < conf->health.group_cnt; i++) {
		const struct health_group_conf *group = &conf->health.groups[i];

		for (size_t j = 0; j < group->prefix_cnt; j++)
			out[cnt++] = group->prefixes[j];
	}
	return cnt;
}

bool agent_conf_pinner(const struct agent_conf *conf, struct endpoint *out)
{
	*out = conf->pinner;
	for (size_t i = 0; !out->port && i < conf->health.probe_cnt; i++) {
		const struct prober_conf *p = &conf->probes[i].prober;

		if (p->kind == PROBER_RTP)
			*out = (struct endpoint){ p->ng_addr, p->ng_port };
	}
	return out->port != 0;
}

uint64_t agent_conf_detection_ms(const struct agent_conf *conf, size_t i)
{
	const struct agent_probe *p = &conf->probes[i];
	uint64_t timeout_ms = p->prober.timeout_ms;

	if (p->prober.kind == PROBER_PROCESS)
		return p->prober.grace_ms;
	return p->interval_ms + timeout_ms +
	       (conf->health.probes[i].fall - 1) *
		       (p->fast_interval_ms + timeout_ms);
}
