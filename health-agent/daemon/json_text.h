/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json_text.h - text of anybody's as a JSON string */
#ifndef DAEMON_JSON_TEXT_H
#define DAEMON_JSON_TEXT_H

#include <jansson.h>

/* A new reference; control characters become `?', as does what is no ASCII
 * where the text is no UTF-8.  NULL, which the json_object_set_new() family
 * fails with, only without memory.
 */
json_t *json_text(const char *text);

/* Value as one line with its newline, malloc'ed; takes it.  NULL without
 * memory, and for NULL.
 */
char *json_line(json_t *value);

#endif
