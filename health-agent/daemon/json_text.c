/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/json_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void replace(char *text, bool (*bad)(unsigned char c))
{
	for (; *text; text++) {
		if (bad((unsigned char)*text))
			*text = '?';
	}
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static bool is_no_ascii(unsigned char c)
{
	return c >= 0x80;
}

json_t *json_text(const char *text)
{
	char *clean = strdup(text);
	json_t *string;

	if (!clean)
		return NULL;
	replace(clean, is_control);
	string = json_string(clean);
	if (!string) {
		replace(clean, is_no_ascii);
		string = json_string(clean);
	}
	free(clean);
	return string;
}

char *json_line(json_t *value)
{
	size_t len = json_dumpb(value, NULL, 0, JSON_COMPACT);
	char *line = value && len ? malloc(len + 2) : NULL;

	/* writing takes memory too */
	if (line && json_dumpb(value, line, len, JSON_COMPACT) != len) {
		free(line);
		line = NULL;
	}
	if (line)
		memcpy(line + len, "\n", 2);
	json_decref(value);
	return line;
}
