/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/command.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/nearest.h"
#include "common/value.h"
#include "health-agent/daemon/audit.h"
#include "health-agent/policy/health.h"

static const char *const verbs[COMMAND_VERBS] = {
	[COMMAND_STATUS] = "status",   [COMMAND_WHY] = "why",
	[COMMAND_LOG] = "log",	       [COMMAND_NODES] = "nodes",
	[COMMAND_DRAIN] = "drain",     [COMMAND_RESUME] = "resume",
	[COMMAND_DISABLE] = "disable", [COMMAND_RELOAD] = "reload",
	[COMMAND_RESTART] = "restart",
};

__attribute__((format(printf, 2, 3)))
static int refuse(char error[static COMMAND_ERROR_MAX], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, COMMAND_ERROR_MAX, fmt, args);
	va_end(args);
	return EBADMSG;
}

static int refuse_verb(char error[static COMMAND_ERROR_MAX], struct slice word)
{
	const char *close = nearest(word, verbs, COMMAND_VERBS);
	char quoted[VALUE_QUOTED_MAX];

	value_quote(quoted, word);
	if (close)
		return refuse(error, "unknown command `%s' (%s?)", quoted,
			      close);
	return refuse(error, "unknown command `%s'", quoted);
}

static int take_verb(struct command *out, char error[static COMMAND_ERROR_MAX],
		     json_t *request)
{
	json_t *word = json_object_get(request, "command");
	struct slice text;

	if (!json_is_string(word))
		return refuse(error, "there is no \"command\"");
	text = slice_of(json_string_value(word), json_string_length(word));
	for (unsigned i = 0; i < COMMAND_VERBS; i++) {
		if (slice_equal(text, slice_str(verbs[i]))) {
			out->verb = i;
			return 0;
		}
	}
	return refuse_verb(error, text);
}

/* A member that is not there leaves *out as it is. */
static int take_number(uint64_t *out, bool *there,
		       char error[static COMMAND_ERROR_MAX], json_t *request,
		       const char *name, uint64_t max)
{
	json_t *value = json_object_get(request, name);

	*there = value != NULL;
	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return refuse(error, "\"%s\" is not a number from 0 to %llu",
			      name, (unsigned long long)max);
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

static int take_drain(struct command *out, char error[static COMMAND_ERROR_MAX],
		      json_t *request)
{
	json_t *force = json_object_get(request, "force");
	int err;

	if (force && !json_is_boolean(force))
		return refuse(error, "\"force\" is neither true nor false");
	out->force = json_is_true(force);
	err = take_number(&out->wait_ms, &out->has_wait, error, request,
			  "wait", HEALTH_TIME_MAX_MS);
	if (!err)
		err = take_number(&out->deadline_ms, &out->has_deadline, error,
				  request, "deadline", HEALTH_TIME_MAX_MS);
	if (!err)
		err = take_number(&out->phones_ms, &out->has_phones, error,
				  request, "phones", HEALTH_TIME_MAX_MS);
	return err;
}

static int take_log(struct command *out, char error[static COMMAND_ERROR_MAX],
		    json_t *request)
{
	uint64_t lines = COMMAND_LOG_LINES;
	bool there;
	int err = take_number(&lines, &there, error, request, "lines",
			      AUDIT_KEPT);

	out->lines = (unsigned)lines;
	return err;
}

static int take(struct command *out, char error[static COMMAND_ERROR_MAX],
		json_t *request)
{
	int err;

	if (!json_is_object(request))
		return refuse(error, "the request is not a JSON object");
	err = take_verb(out, error, request);
	if (!err && out->verb == COMMAND_DRAIN)
		err = take_drain(out, error, request);
	if (!err && out->verb == COMMAND_LOG)
		err = take_log(out, error, request);
	return err;
}

int command_parse(struct command *out, char error[static COMMAND_ERROR_MAX],
		  const char *text, size_t len)
{
	json_t *request = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int err;

	*out = (struct command){ 0 };
	error[0] = '\0';
	if (!request)
		return refuse(error, "the request is not JSON");
	err = take(out, error, request);
	json_decref(request);
	return err;
}
