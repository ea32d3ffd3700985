/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/json.h"

#include <errno.h>

struct walk {
	struct cursor c;
	struct json_path path;
	char closes[JSON_DEPTH_MAX];	/* '}' or ']' of each level */
	json_value_h *value;
	void *arg;
};

static unsigned char peek_black(struct cursor *c)
{
	while (cursor_left(c) && slice_is_white((char)cursor_peek(c)))
		cursor_byte(c);
	return cursor_peek(c);
}

/* Behind the opening quote, up to the closing one. */
static struct slice take_string(struct cursor *c)
{
	const char *start;
	size_t begin;

	cursor_expect(c, slice_str("\""));
	begin = c->pos;
	start = c->start + begin;
	while (cursor_left(c) && cursor_peek(c) != '"') {
		if (cursor_byte(c) == '\\')
			cursor_byte(c);
	}
	if (!cursor_left(c)) {
		cursor_fail(c);
		return slice_of(NULL, 0);
	}
	cursor_byte(c);
	return slice_of(start, c->pos - 1 - begin);
}

static void open_level(struct walk *w, unsigned char opening)
{
	cursor_byte(&w->c);
	if (w->path.depth == JSON_DEPTH_MAX) {
		cursor_fail(&w->c);
		return;
	}
	w->closes[w->path.depth] = opening == '{' ? '}' : ']';
	w->path.keys[w->path.depth++] = slice_of("", 0);
}

/* KEY : in an object, nothing in an array. */
static void take_key(struct walk *w)
{
	size_t top = w->path.depth - 1;

	if (w->closes[top] == ']')
		return;
	peek_black(&w->c);
	w->path.keys[top] = take_string(&w->c);
	peek_black(&w->c);
	cursor_expect(&w->c, slice_str(":"));
}

/* True: it opens a level; its members come first. */
static bool take_value(struct walk *w)
{
	unsigned char next = peek_black(&w->c);
	struct slice value;

	if (next == '{' || next == '[') {
		open_level(w, next);
		return true;
	}
	if (next == '"') {
		value = take_string(&w->c);
	} else {
		value = cursor_until(&w->c, ",]} \t\r\n\"{[:");
		if (!value.len)
			cursor_fail(&w->c);
	}
	if (cursor_ok(&w->c))
		w->value(w->arg, &w->path, value);
	return false;
}

static bool closes(struct walk *w)
{
	return peek_black(&w->c) ==
	       (unsigned char)w->closes[w->path.depth - 1];
}

/* Behind a value: what closes here, and the comma.  True: another one. */
static bool after_value(struct walk *w)
{
	while (w->path.depth && closes(w)) {
		cursor_byte(&w->c);
		w->path.depth--;
	}
	if (!w->path.depth)
		return false;
	cursor_expect(&w->c, slice_str(","));
	return cursor_ok(&w->c);
}

int json_walk(struct slice line, json_value_h *value, void *arg)
{
	struct walk w = {
		.c = cursor_of(line.text, line.len),
		.value = value, .arg = arg,
	};
	bool opened = true, more = true;

	if (peek_black(&w.c) != '{')
		return EBADMSG;
	open_level(&w, '{');
	while (more && cursor_ok(&w.c)) {
		if (!opened || !closes(&w)) {
			take_key(&w);
			opened = take_value(&w);
			if (opened)
				continue;
		}
		opened = false;
		more = after_value(&w);
	}
	peek_black(&w.c);
	return cursor_ok(&w.c) && !cursor_left(&w.c) ? 0 : EBADMSG;
}

bool json_at(const struct json_path *path, const char *const *keys)
{
	size_t i = 0;

	for (; keys[i]; i++) {
		if (i == path->depth ||
		    !slice_equal(path->keys[i], slice_str(keys[i])))
			return false;
	}
	return i == path->depth;
}
