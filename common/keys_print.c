/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys as text: help, reference and sample. */
#include <stdarg.h>
#include <stdio.h>

#include "common/keys.h"

void key_print(const struct key_printer *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->line(p->arg, text);
}

void key_print_wrapped(const struct key_printer *p, const char *before,
		       const char *text)
{
	size_t room = 79 - strlen(before);

	while (*text) {
		size_t len = strlen(text);

		if (len > room) {
			len = room;
			while (len && text[len] != ' ')
				len--;
			if (!len)
				len = strcspn(text, " ");
		}
		key_print(p, "%s%.*s", before, (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

void key_describe(char out[static KEY_DESCRIPTION_MAX], const struct key *key)
{
	char allowed[KEY_ALLOWED_MAX];
	const char *dflt = key->dflt ? key->dflt : key->dflt_note;

	key_allowed(allowed, key);
	snprintf(out, KEY_DESCRIPTION_MAX, "%s; default: %s", allowed, dflt);
}

void key_print_options(const struct key_printer *p,
		       const struct key_table *table)
{
	for (size_t i = 0; i < table->cnt; i++) {
		char text[KEY_DESCRIPTION_MAX];

		key_describe(text, &table->keys[i]);
		key_print(p, "  --%-18s  %s", table->keys[i].name, text);
	}
}

void key_print_reference(const struct key_printer *p,
			 const struct key_table *table)
{
	for (size_t i = 0; i < table->cnt; i++) {
		char text[KEY_DESCRIPTION_MAX];

		key_describe(text, &table->keys[i]);
		key_print(p, "%s = %s", table->keys[i].name, text);
		key_print_wrapped(p, "    ", table->keys[i].help);
	}
}

void key_print_sample(const struct key_printer *p,
		      const struct key_table *table)
{
	char text[6 + KEY_DESCRIPTION_MAX] = "Takes ";

	for (size_t i = 0; i < table->cnt; i++) {
		const struct key *key = &table->keys[i];

		key_print(p, "%s", "");
		if (key->group) {
			key_print(p, "# ---- %s", key->group);
			key_print(p, "%s", "");
		}
		key_describe(text + 6, key);
		key_print_wrapped(p, "# ", key->help);
		key_print_wrapped(p, "# ", text);
		key_print(p, ";%s = %s", key->name,
			  key->dflt ? key->dflt : key->example);
	}
}
