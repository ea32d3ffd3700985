/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the file, through inih.
 *
 * inih splits `key = value' and takes comments away, but cuts long lines,
 * stops at a NUL, reads an indented line as more of the value above and tells
 * of the first bad line only.  So the reader it calls for every line
 * (next_line) trims, refuses what would be misread, and notices lines that
 * were passed over.
 */
#include <errno.h>
#include <ini.h>

#include "rtp-pinner/daemon/conf_priv.h"

/* Did inih make anything of the line it got last? */
static void finish_line(struct conf_reader *r)
{
	if (!r->line_given)
		return;
	r->line_given = false;
	conf_error(r, "%s:%u: `%s': not key = value", r->name, r->line,
		   r->line_word);
}

/* True if inih should see the line. */
static bool accept_line(struct conf_reader *r, struct slice line, size_t max)
{
	struct cursor c = cursor_of(line.text, line.len);

	if (line.len == 0 || line.text[0] == ';' || line.text[0] == '#')
		return false;
	value_quote(r->line_word, cursor_until(&c, " \t"));
	if (slice_has_controls(line))
		conf_error(r, "%s:%u: there is a control character (or a NUL) "
			   "in the line: text only", r->name, r->line);
	else if (line.text[0] == '[')
		conf_error(r, "%s:%u: `%s': there are no sections here, only "
			   "key = value", r->name, r->line, r->line_word);
	else if (line.len > max)
		conf_error(r, "%s:%u: the line has %zu bytes: at most %zu can "
			   "be read", r->name, r->line, line.len, max);
	else
		return true;
	return false;
}

/* inih's reader: like fgets(). */
static char *next_line(char *buf, int size, void *stream)
{
	struct conf_reader *r = stream;
	size_t max = size > 2 ? (size_t)size - 2 : 0;	/* newline and NUL */

	finish_line(r);
	while (cursor_left(&r->rest)) {
		struct slice line = cursor_until(&r->rest, "\n");

		if (cursor_left(&r->rest))
			cursor_byte(&r->rest);
		r->line++;
		line = slice_trim(line);
		if (!accept_line(r, line, max))
			continue;
		memcpy(buf, line.text, line.len);
		memcpy(buf + line.len, "\n", 2);
		r->line_given = true;
		return buf;
	}
	return NULL;
}

static void unknown_key(struct conf_reader *r, const char *name)
{
	const char *hint = conf_nearest(name);
	char quoted[VALUE_QUOTED_MAX];

	value_quote(quoted, slice_str(name));
	if (hint)
		conf_error(r, "%s:%u: %s: unknown key; did you mean `%s'?",
			   r->name, r->line, quoted, hint);
	else
		conf_error(r, "%s:%u: %s: unknown key; --reference lists them",
			   r->name, r->line, quoted);
}

/* inih's handler. */
static int take_key(void *arg, const char *section, const char *name,
		    const char *value)
{
	struct conf_reader *r = arg;
	const struct conf_key *key = conf_find_key(slice_str(name));
	struct conf_place *place;

	(void)section;
	r->line_given = false;
	if (!key) {
		unknown_key(r, name);
		return 1;
	}
	place = &r->places[key - conf_keys];
	if (place->line) {
		conf_error(r, "%s:%u: %s: set already in line %u", r->name,
			   r->line, name, place->line);
		return 1;
	}
	place->line = r->line;
	conf_set(r, key, slice_str(value));
	return 1;
}

int conf_read_lines(struct conf_reader *r, struct slice text)
{
	r->rest = cursor_of(text.text, text.len);
	r->line = 0;
	/* its result is the first bad line, which finish_line() has told */
	if (ini_parse_stream(next_line, r, take_key, r) == -2)
		return ENOMEM;
	finish_line(r);
	return 0;
}
