/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/keys.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "common/nearest.h"

enum { TABLE_MAX = 64 };

const struct key *key_find(const struct key_table *table, struct slice name)
{
	for (size_t i = 0; i < table->cnt; i++) {
		if (slice_equal(name, slice_str(table->keys[i].name)))
			return &table->keys[i];
	}
	return NULL;
}

const char *key_nearest(const struct key_table *table, struct slice name)
{
	const char *known[TABLE_MAX];
	size_t cnt = table->cnt < TABLE_MAX ? table->cnt : TABLE_MAX;

	for (size_t i = 0; i < cnt; i++)
		known[i] = table->keys[i].name;
	return nearest(name, known, cnt);
}

static void list_words(char out[static KEY_ALLOWED_MAX],
		       const char *const *words)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; words[i] && len < KEY_ALLOWED_MAX; i++) {
		const char *before = len == 0	    ? ""
				     : words[i + 1] ? ", "
						    : " or ";

		if (words[i][0])
			len += (size_t)snprintf(out + len,
						KEY_ALLOWED_MAX - len, "%s%s",
						before, words[i]);
	}
}

void key_allowed(char out[static KEY_ALLOWED_MAX], const struct key *key)
{
	char min[VALUE_DURATION_MAX], max[VALUE_DURATION_MAX];

	if (key->allowed) {
		snprintf(out, KEY_ALLOWED_MAX, "%s", key->allowed);
	} else if (key->words) {
		list_words(out, key->words);
	} else if (key->parse == key_bool) {
		snprintf(out, KEY_ALLOWED_MAX, "yes or no");
	} else if (key->parse == key_duration) {
		value_format_duration(min, key->min);
		value_format_duration(max, key->max);
		snprintf(out, KEY_ALLOWED_MAX,
			 "a time from %s to %s, such as 500ms, 30s, 2m", min,
			 max);
	} else {
		snprintf(out, KEY_ALLOWED_MAX, "a number from %llu to %llu",
			 (unsigned long long)key->min,
			 (unsigned long long)key->max);
	}
}

int key_set(void *base, const struct key *key, struct slice value,
	    char problem[static KEY_PROBLEM_MAX])
{
	char quoted[VALUE_QUOTED_MAX], allowed[KEY_ALLOWED_MAX];
	char why[KEY_WHY_MAX] = "";

	problem[0] = '\0';
	if (key->parse(base, key, value, why) == 0)
		return 0;
	value_quote(quoted, value);
	key_allowed(allowed, key);
	for (char *c = why; *c; c++) {	/* it quotes parts of the value */
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
	}
	static_assert((int)KEY_PROBLEM_MAX > (int)VALUE_QUOTED_MAX +
		      (int)KEY_ALLOWED_MAX + (int)KEY_WHY_MAX + 32, "all fits");
	snprintf(problem, KEY_PROBLEM_MAX, "`%s' is not allowed: %s%s%s%s",
		 quoted, allowed, why[0] ? " (" : "", why, why[0] ? ")" : "");
	return EINVAL;
}
