/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/ng/ngjson.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

/* One open object or array of the text, and where it goes. */
struct frame {
	json_t *from;
	void *iter;   /* of an object */
	size_t index; /* of an array */
	struct ng_value *to;
};

static int64_t cut(double real)
{
	if (!(real > -9e18 && real < 9e18))
		return 0;
	return (int64_t)real;
}

/* The next child of the frame, NULL at its end. */
static json_t *frame_next(struct frame *f, struct slice *key)
{
	json_t *child;

	if (json_is_array(f->from))
		return json_array_get(f->from, f->index++);
	if (!f->iter)
		return NULL;
	*key = slice_of(json_object_iter_key(f->iter),
			json_object_iter_key_len(f->iter));
	child = json_object_iter_value(f->iter);
	f->iter = json_object_iter_next(f->from, f->iter);
	return child;
}

static void read_scalar(struct ng_dict *d, struct ng_value *parent,
			struct slice key, const json_t *child)
{
	switch (json_typeof(child)) {
	case JSON_STRING:
		ng_add_string(d, parent, key,
			      ng_copy(d, slice_of(json_string_value(child),
						  json_string_length(child))));
		break;
	case JSON_INTEGER:
		ng_add_integer(d, parent, key, json_integer_value(child));
		break;
	case JSON_REAL:
		ng_add_integer(d, parent, key, cut(json_real_value(child)));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		ng_add_integer(d, parent, key, json_is_true(child));
		break;
	default:
		break;
	}
}

static int read_tree(struct ng_dict *d, json_t *root)
{
	struct frame frames[NG_DEPTH_MAX];
	size_t depth = 1;

	frames[0] = (struct frame){
		.from = root,
		.iter = json_object_iter(root),
		.to = ng_root(d),
	};
	while (depth && ng_dict_ok(d)) {
		struct frame *f = &frames[depth - 1];
		struct slice key = { 0 };
		json_t *child = frame_next(f, &key);

		if (!child) {
			depth--;
			continue;
		}
		key = ng_copy(d, key);
		if (!json_is_object(child) && !json_is_array(child)) {
			read_scalar(d, f->to, key, child);
			continue;
		}
		if (depth == NG_DEPTH_MAX)
			return EBADMSG;
		frames[depth++] = (struct frame){
			.from = child,
			.iter = json_is_object(child) ? json_object_iter(child)
						      : NULL,
			.to = json_is_object(child)
				      ? ng_add_dict(d, f->to, key)
				      : ng_add_list(d, f->to, key),
		};
	}
	return ng_dict_ok(d) ? 0 : EBADMSG;
}

int ngjson_read(struct ng_dict *d, struct slice text)
{
	json_t *root;
	int err;

	ng_dict_reset(d);
	if (!text.len)
		return EBADMSG;
	root = json_loadb(text.text, text.len, JSON_DISABLE_EOF_CHECK, NULL);
	if (!root)
		return EBADMSG;
	err = json_is_object(root) ? read_tree(d, root) : EBADMSG;
	json_decref(root);
	return err;
}

static json_t *json_text(struct slice s)
{
	bool has_nul = s.len && memchr(s.text, '\0', s.len);
	json_t *json = has_nul ? NULL
			       : json_stringn(s.len ? s.text : "", s.len);
	char *copy;

	if (json)
		return json;

	copy = malloc(s.len);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < s.len; i++)
		copy[i] = s.text[i] > 0 && s.text[i] < 0x7f ? s.text[i] : '?';
	json = json_stringn(copy, s.len);
	free(copy);
	return json;
}

static json_t *json_of(const struct ng_value *v)
{
	switch (v->type) {
	case NG_IS_STRING:
		return json_text(v->string);
	case NG_IS_INTEGER:
		return json_integer(v->integer);
	case NG_IS_LIST:
		return json_array();
	case NG_IS_DICT:
		return json_object();
	}
	return NULL;
}

/* Takes child over, NULL too. */
static int json_put(json_t *parent, const struct ng_value *v, json_t *child)
{
	json_t *key;
	int failed;

	if (!child)
		return ENOMEM;
	if (json_is_array(parent))
		return json_array_append_new(parent, child) ? ENOMEM : 0;

	key = json_text(v->key);
	if (!key) {
		json_decref(child);
		return ENOMEM;
	}
	failed = json_object_setn_new(parent, json_string_value(key),
				      json_string_length(key), child);
	json_decref(key);
	return failed ? ENOMEM : 0;
}

static bool is_nest(const struct ng_value *v)
{
	return v->type == NG_IS_LIST || v->type == NG_IS_DICT;
}

static int build(json_t *root, const struct ng_value *value)
{
	const struct ng_value *next[NG_DEPTH_MAX];
	json_t *to[NG_DEPTH_MAX];
	const struct ng_value *v = value->first;
	size_t depth = 1;
	int err;

	next[0] = NULL;
	to[0] = root;
	while (depth) {
		json_t *child;

		if (!v) {
			v = next[--depth];
			continue;
		}
		if (is_nest(v) && depth == NG_DEPTH_MAX)
			return ENOBUFS;
		child = json_of(v);
		err = json_put(to[depth - 1], v, child);
		if (err)
			return err;
		if (is_nest(v)) {
			next[depth] = v->next;
			to[depth++] = child; /* borrowed: its parent has it */
			v = v->first;
		} else {
			v = v->next;
		}
	}
	return 0;
}

int ngjson_write(char *buf, size_t size, size_t *out_len,
		 const struct ng_value *value)
{
	json_t *root = json_of(value);
	size_t len;
	int err = 0;

	if (!root)
		return ENOMEM;
	if (is_nest(value))
		err = build(root, value);
	if (!err) {
		len = json_dumpb(root, buf, size,
				 JSON_COMPACT | JSON_ENCODE_ANY);
		if (!len || len > size)
			err = ENOBUFS;
		else
			*out_len = len;
	}
	json_decref(root);
	return err;
}
