/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One parser for each kind of value that more than one program takes. */
#include <errno.h>
#include <stdio.h>

#include "common/endpoint.h"
#include "common/keys.h"
#include "common/prefix.h"
#include "common/site.h"

static void *field(void *base, size_t at)
{
	return (char *)base + at;
}

#define WHY(...) ((void)snprintf(why, KEY_WHY_MAX, __VA_ARGS__))

/* "%.*s" of a slice, short enough for a line. */
#define SHORT(s) (int)((s).len < 60 ? (s).len : 60), (s).text

/* ---- numbers and words */

int key_number(void *base, const struct key *key, struct slice value,
	       char why[static KEY_WHY_MAX])
{
	void *at = field(base, key->at);
	uint32_t number;

	(void)why;
	if (slice_u32(&number, value, (uint32_t)key->max) || number < key->min)
		return EINVAL;
	switch (key->room) {
	case sizeof(uint8_t):
		*(uint8_t *)at = (uint8_t)number;
		return 0;
	case sizeof(uint16_t):
		*(uint16_t *)at = (uint16_t)number;
		return 0;
	case sizeof(uint32_t):
		*(uint32_t *)at = number;
		return 0;
	default:
		return EINVAL;
	}
}

int key_bool(void *base, const struct key *key, struct slice value,
	     char why[static KEY_WHY_MAX])
{
	bool yes = slice_equal(value, slice_str("yes"));

	(void)why;
	if (!yes && !slice_equal(value, slice_str("no")))
		return EINVAL;
	*(bool *)field(base, key->at) = yes;
	return 0;
}

int key_duration(void *base, const struct key *key, struct slice value,
		 char why[static KEY_WHY_MAX])
{
	uint64_t ms;

	if (value_duration(&ms, value)) {
		uint32_t number;

		if (!slice_u32(&number, value, UINT32_MAX))
			WHY("it has no unit: %us?", number);
		return EINVAL;
	}
	if (ms < key->min || ms > key->max)
		return EINVAL;
	*(uint64_t *)field(base, key->at) = ms;
	return 0;
}

int key_word(void *base, const struct key *key, struct slice value,
	     char why[static KEY_WHY_MAX])
{
	(void)why;
	for (unsigned i = 0; key->words[i]; i++) {
		if (key->words[i][0] &&
		    slice_equal(value, slice_str(key->words[i]))) {
			memcpy(field(base, key->at), &i, sizeof(i));
			return 0;
		}
	}
	return EINVAL;
}

/* ---- text */

int key_text(void *base, const struct key *key, struct slice value,
	     char why[static KEY_WHY_MAX])
{
	char *text = field(base, key->at);

	if (value.len == 0) {
		WHY("it is empty");
		return EINVAL;
	}
	if (value.len >= key->room) {
		WHY("it is longer than %zu characters", key->room - 1);
		return EINVAL;
	}
	memcpy(text, value.text, value.len);
	text[value.len] = '\0';
	return 0;
}

int key_name(void *base, const struct key *key, struct slice value,
	     char why[static KEY_WHY_MAX])
{
	if (!site_name_valid(value))
		return EINVAL;
	return key_text(base, key, value, why);
}

/* Where our files go: relative ones would depend on who starts us. */
int key_path(void *base, const struct key *key, struct slice value,
	     char why[static KEY_WHY_MAX])
{
	if (value.len == 0 || value.text[0] != '/') {
		WHY("it does not begin with /");
		return EINVAL;
	}
	return key_text(base, key, value, why);
}

/* ---- lists of addresses */

int key_endpoints(void *base, const struct key *key, struct slice value,
		  char why[static KEY_WHY_MAX])
{
	struct endpoint *list = field(base, key->at);
	size_t *cnt = field(base, key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	*cnt = 0;
	while (value_next(&c, &begun, &element)) {
		struct endpoint new;

		if (endpoint_parse(&new, element)) {
			WHY("`%.*s' is no ADDRESS:PORT", SHORT(element));
			return EINVAL;
		}
		for (size_t i = 0; i < *cnt; i++) {
			if (endpoint_equal(&list[i], &new)) {
				WHY("`%.*s' is there twice", SHORT(element));
				return EINVAL;
			}
		}
		if (*cnt == key->room) {
			WHY("`%.*s' is one too many", SHORT(element));
			return EINVAL;
		}
		list[(*cnt)++] = new;
	}
	return 0;
}

int key_prefixes(void *base, const struct key *key, struct slice value,
		 char why[static KEY_WHY_MAX])
{
	struct prefix *list = field(base, key->at);
	size_t *cnt = field(base, key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	char inside[PREFIX_TEXT_MAX];
	struct slice element;
	bool begun = false;

	*cnt = 0;
	while (value_next(&c, &begun, &element)) {
		struct prefix new;
		int err = prefix_parse(&new, element);

		if (err == ERANGE) {
			prefix_format(inside, &new);
			WHY("`%.*s' has bits behind its length: %s?",
			    SHORT(element), inside);
			return EINVAL;
		}
		if (err) {
			WHY("`%.*s' is neither address nor prefix",
			    SHORT(element));
			return EINVAL;
		}
		if (*cnt == key->room) {
			WHY("`%.*s' is one too many", SHORT(element));
			return EINVAL;
		}
		list[(*cnt)++] = new;
	}
	return 0;
}
