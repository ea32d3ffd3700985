/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/inifile.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/value.h"

#define BOM "\xef\xbb\xbf"

struct reader {
	const struct inifile_handler *handler;
	void *arg;
	struct cursor rest;
	unsigned line;
	bool line_given;	/* inih has it and said nothing yet */
	struct slice line_word;	/* its first one */
};

static void bad(const struct reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void bad(const struct reader *r, const char *fmt, ...)
{
	char text[VALUE_QUOTED_MAX + 160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->handler->bad(r->arg, r->line, text);
}

static bool is_key(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		char c = word.text[i];

		if (!(c >= 'a' && c <= 'z') && c != '-')
			return false;
	}
	return word.len > 0;
}

/* Anything but the word of a key may be a secret, and is not shown. */
static void no_key(struct reader *r)
{
	const char *what = r->handler->section
				   ? "neither [section] nor key = value"
				   : "not key = value";
	char quoted[VALUE_QUOTED_MAX];

	value_quote(quoted, r->line_word);
	if (is_key(r->line_word))
		bad(r, "`%s': %s", quoted, what);
	else
		bad(r, "this is %s", what);
}

/* Did inih make anything of the line it got last? */
static void finish_line(struct reader *r)
{
	if (r->line_given)
		no_key(r);
	r->line_given = false;
}

/* line begins with '[' and is trimmed. */
static void open_section(struct reader *r, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	char quoted[VALUE_QUOTED_MAX];
	struct slice name, rest;

	if (!r->handler->section) {
		value_quote(quoted, r->line_word);
		bad(r, "`%s': there are no sections here, only key = value",
		    quoted);
		return;
	}
	cursor_byte(&c);
	name = slice_trim(cursor_until(&c, "]"));
	cursor_expect(&c, slice_str("]"));
	if (!cursor_ok(&c)) {
		value_quote(quoted, line);
		bad(r, "`%s': the section is not closed by ]", quoted);
		r->handler->section(r->arg, r->line, slice_of(NULL, 0));
		return;
	}
	rest = slice_trim(cursor_take(&c, cursor_left(&c)));
	if (rest.len && rest.text[0] != ';' && rest.text[0] != '#') {
		value_quote(quoted, name);
		bad(r, "[%s]: nothing but a comment may follow the section",
		    quoted);
	}
	r->handler->section(r->arg, r->line, name);
}

/* True if inih should see the line. */
static bool accept_line(struct reader *r, struct slice line, size_t max)
{
	struct cursor c = cursor_of(line.text, line.len);

	if (line.len == 0 || line.text[0] == ';' || line.text[0] == '#')
		return false;
	r->line_word = cursor_until(&c, " \t");
	if (slice_has_controls(line))
		bad(r, "there is a control character (or a NUL) in the line: "
		    "text only");
	else if (line.text[0] == '[')
		open_section(r, line);
	else if (line.len > max)
		bad(r, "the line has %zu bytes: at most %zu can be read",
		    line.len, max);
	else
		return true;
	return false;
}

static struct slice take_line(struct reader *r)
{
	struct slice line = cursor_until(&r->rest, "\n");

	if (cursor_left(&r->rest))
		cursor_byte(&r->rest);
	r->line++;
	if (r->line == 1 && line.len >= strlen(BOM) &&
	    memcmp(line.text, BOM, strlen(BOM)) == 0)
		line = slice_of(line.text + strlen(BOM),
				line.len - strlen(BOM));
	return slice_trim(line);
}

/* inih's reader: like fgets(). */
static char *next_line(char *buf, int size, void *stream)
{
	struct reader *r = stream;
	size_t max = size > 2 ? (size_t)size - 2 : 0;	/* newline and NUL */

	finish_line(r);
	while (cursor_left(&r->rest)) {
		struct slice line = take_line(r);

		if (!accept_line(r, line, max))
			continue;
		memcpy(buf, line.text, line.len);
		memcpy(buf + line.len, "\n", 2);
		r->line_given = true;
		return buf;
	}
	return NULL;
}

/* inih's handler. */
static int take_key(void *arg, const char *section, const char *name,
		    const char *value)
{
	struct reader *r = arg;

	(void)section;
	r->line_given = false;
	/* `secret x==' without its = has one in the secret */
	if (!*name || strpbrk(name, " \t"))
		no_key(r);
	else
		r->handler->key(r->arg, r->line, slice_str(name),
				slice_str(value));
	return 1;
}

int inifile_read(struct slice text, const struct inifile_handler *handler,
		 void *arg)
{
	struct reader r = {
		.handler = handler,
		.arg = arg,
		.rest = cursor_of(text.text, text.len),
	};

	/* its result is the first bad line, which finish_line() has told */
	if (ini_parse_stream(next_line, &r, take_key, &r) == -2)
		return ENOMEM;
	finish_line(&r);
	return 0;
}
