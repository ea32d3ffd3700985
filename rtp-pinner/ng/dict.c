/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/ng/dict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ng_dict_new(struct ng_dict **out, size_t value_max, size_t text_max)
{
	struct ng_dict *d;
	int err = ENOMEM;

	if (!out || !value_max)
		return EINVAL;

	d = calloc(1, sizeof(*d));
	if (!d)
		return ENOMEM;
	d->values = malloc(value_max * sizeof(*d->values));
	d->text = malloc(text_max ? text_max : 1);
	if (!d->values || !d->text)
		goto out;

	d->value_max = value_max;
	d->text_max = text_max;
	ng_dict_reset(d);
	err = 0;
out:
	if (err)
		ng_dict_free(d);
	else
		*out = d;
	return err;
}

void ng_dict_free(struct ng_dict *d)
{
	if (!d)
		return;
	free(d->values);
	free(d->text);
	free(d);
}

void ng_dict_reset(struct ng_dict *d)
{
	d->values[0] = (struct ng_value){ .type = NG_IS_DICT };
	d->value_cnt = 1;
	d->text_len = 0;
	d->full = false;
}

static struct ng_value *add(struct ng_dict *d, struct ng_value *parent,
			    struct slice key, enum ng_type type)
{
	struct ng_value *v;

	if (!parent || d->full || d->value_cnt == d->value_max ||
	    (parent->type != NG_IS_LIST && parent->type != NG_IS_DICT)) {
		d->full = true;
		return NULL;
	}

	v = &d->values[d->value_cnt++];
	*v = (struct ng_value){ .type = type, .key = key };
	if (parent->last)
		parent->last->next = v;
	else
		parent->first = v;
	parent->last = v;
	return v;
}

struct ng_value *ng_add_string(struct ng_dict *d, struct ng_value *parent,
			       struct slice key, struct slice value)
{
	struct ng_value *v = add(d, parent, key, NG_IS_STRING);

	if (v)
		v->string = value;
	return v;
}

struct ng_value *ng_add_integer(struct ng_dict *d, struct ng_value *parent,
				struct slice key, int64_t value)
{
	struct ng_value *v = add(d, parent, key, NG_IS_INTEGER);

	if (v)
		v->integer = value;
	return v;
}

struct ng_value *ng_add_list(struct ng_dict *d, struct ng_value *parent,
			     struct slice key)
{
	return add(d, parent, key, NG_IS_LIST);
}

struct ng_value *ng_add_dict(struct ng_dict *d, struct ng_value *parent,
			     struct slice key)
{
	return add(d, parent, key, NG_IS_DICT);
}

static struct slice key_of(const char *key)
{
	return key ? slice_str(key) : (struct slice){ 0 };
}

struct ng_value *ng_put(struct ng_dict *d, struct ng_value *parent,
			const char *key, struct slice value)
{
	return ng_add_string(d, parent, key_of(key), value);
}

struct ng_value *ng_put_integer(struct ng_dict *d, struct ng_value *parent,
				const char *key, int64_t value)
{
	return ng_add_integer(d, parent, key_of(key), value);
}

struct ng_value *ng_put_list(struct ng_dict *d, struct ng_value *parent,
			     const char *key)
{
	return ng_add_list(d, parent, key_of(key));
}

struct ng_value *ng_put_dict(struct ng_dict *d, struct ng_value *parent,
			     const char *key)
{
	return ng_add_dict(d, parent, key_of(key));
}

struct ng_value *ng_put_text(struct ng_dict *d, struct ng_value *parent,
			     const char *key, const char *fmt, ...)
{
	size_t left = d->text_max - d->text_len;
	char *text = d->text + d->text_len;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, left, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= left) {
		d->full = true;
		return NULL;
	}
	d->text_len += (size_t)len;
	return ng_put(d, parent, key, slice_of(text, (size_t)len));
}

struct slice ng_copy(struct ng_dict *d, struct slice text)
{
	char *copy = d->text + d->text_len;

	if (text.len > d->text_max - d->text_len) {
		d->full = true;
		return (struct slice){ 0 };
	}
	if (text.len)
		memcpy(copy, text.text, text.len);
	d->text_len += text.len;
	return slice_of(copy, text.len);
}

static unsigned char fold(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned char)(c + ('a' - 'A'));
	return c == ' ' || c == '_' ? '-' : c;
}

bool ng_key_equal(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (fold((unsigned char)a.text[i]) !=
		    fold((unsigned char)b.text[i]))
			return false;
	}
	return true;
}

const struct ng_value *ng_find(const struct ng_value *dict, const char *key)
{
	const struct ng_value *found = NULL;
	struct slice want = slice_str(key);

	if (!dict || dict->type != NG_IS_DICT)
		return NULL;
	for (const struct ng_value *v = dict->first; v; v = v->next) {
		if (ng_key_equal(v->key, want))
			found = v;
	}
	return found;
}

struct slice ng_find_string(const struct ng_value *dict, const char *key)
{
	const struct ng_value *v = ng_find(dict, key);

	return v && v->type == NG_IS_STRING ? v->string : (struct slice){ 0 };
}
