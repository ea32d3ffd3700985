/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/ng/bencode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct slice read_string(struct cursor *c)
{
	struct slice digits = cursor_until(c, ":");
	uint32_t len;

	cursor_byte(c);
	if (slice_u32(&len, digits, UINT32_MAX)) {
		cursor_fail(c);
		return (struct slice){ 0 };
	}
	return cursor_take(c, len);
}

static int64_t read_integer(struct cursor *c)
{
	struct slice digits;
	bool negative;
	uint64_t value;

	cursor_byte(c);
	negative = cursor_peek(c) == '-';
	if (negative)
		cursor_byte(c);
	digits = cursor_until(c, "e");
	cursor_byte(c);
	if (slice_u64(&value, digits, INT64_MAX)) {
		cursor_fail(c);
		return 0;
	}
	return negative ? -(int64_t)value : (int64_t)value;
}

int bencode_read(struct ng_dict *d, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct ng_value *open[NG_DEPTH_MAX];
	size_t depth = 1;

	ng_dict_reset(d);
	if (cursor_byte(&c) != 'd')
		return EBADMSG;
	open[0] = ng_root(d);

	while (depth && cursor_ok(&c) && ng_dict_ok(d)) {
		struct ng_value *parent = open[depth - 1];
		struct ng_value *child;
		struct slice key = { 0 };
		unsigned char kind = cursor_peek(&c);

		if (kind == 'e') {
			cursor_byte(&c);
			depth--;
			continue;
		}
		if (parent->type == NG_IS_DICT) {
			key = read_string(&c);
			kind = cursor_peek(&c);
		}
		switch (kind) {
		case 'i':
			ng_add_integer(d, parent, key, read_integer(&c));
			break;
		case 'l':
		case 'd':
			cursor_byte(&c);
			if (depth == NG_DEPTH_MAX)
				return EBADMSG;
			child = kind == 'l' ? ng_add_list(d, parent, key)
					    : ng_add_dict(d, parent, key);
			open[depth++] = child;
			break;
		default:
			ng_add_string(d, parent, key, read_string(&c));
			break;
		}
	}
	return cursor_ok(&c) && ng_dict_ok(d) ? 0 : EBADMSG;
}

struct out {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

static void out_bytes(struct out *o, const char *bytes, size_t len)
{
	if (o->full || len > o->size - o->len) {
		o->full = true;
		return;
	}
	if (len)
		memcpy(o->buf + o->len, bytes, len);
	o->len += len;
}

static void out_string(struct out *o, struct slice s)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%zu:", s.len);

	out_bytes(o, digits, (size_t)n);
	out_bytes(o, s.text, s.len);
}

static void out_scalar(struct out *o, const struct ng_value *v)
{
	char digits[24];
	int n;

	if (v->type == NG_IS_STRING) {
		out_string(o, v->string);
		return;
	}
	n = snprintf(digits, sizeof(digits), "i%" PRId64 "e", v->integer);
	out_bytes(o, digits, (size_t)n);
}

int bencode_write(char *buf, size_t size, size_t *out_len,
		  const struct ng_value *value)
{
	struct out o = { .buf = buf, .size = size };
	const struct ng_value *next[NG_DEPTH_MAX];
	bool in_dict[NG_DEPTH_MAX];
	const struct ng_value *v = value;
	size_t depth = 0;

	for (;;) {
		if (v && depth && in_dict[depth - 1])
			out_string(&o, v->key);
		if (!v) {
			out_bytes(&o, "e", 1);
			v = next[--depth];
		} else if (v->type == NG_IS_LIST || v->type == NG_IS_DICT) {
			if (depth == NG_DEPTH_MAX)
				return ENOBUFS;
			out_bytes(&o, v->type == NG_IS_LIST ? "l" : "d", 1);
			in_dict[depth] = v->type == NG_IS_DICT;
			next[depth++] = v->next;
			v = v->first;
			continue;
		} else {
			out_scalar(&o, v);
			v = v->next;
		}
		if (!depth || o.full)
			break;
	}
	if (o.full)
		return ENOBUFS;
	*out_len = o.len;
	return 0;
}
