/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client table, up to the first NUL, and then a User-Agent: the table is
 * refused with printable lines, or its patterns are what a plain matcher takes
 * them for.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/clients.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void take_error(void *arg, const char *line)
{
	size_t *cnt = arg;

	check(strncmp(line, "c:", 2) == 0);
	for (; *line; line++)
		check((unsigned char)*line >= ' ' && *line != 0x7f);
	++*cnt;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The same question, asked with one row of a table: row[i] says whether the
 * pattern so far takes the first i bytes of the text.
 */
static bool plain_match(const char *pattern, struct slice text)
{
	static bool row[256 + 1];

	memset(row, 0, sizeof(row));
	row[0] = true;
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			for (size_t i = 1; i <= text.len; i++)
				row[i] = row[i] || row[i - 1];
			continue;
		}
		for (size_t i = text.len; i > 0; i--)
			row[i] = row[i - 1] &&
				 lower(text.text[i - 1]) == *pattern;
		row[0] = false;
	}
	return row[text.len];
}

static void check_find(const struct clients *clients, struct slice user_agent)
{
	const struct client *found = clients_find(clients, user_agent);
	const struct client *want = NULL;

	if (user_agent.len > 256)
		user_agent.len = 256;
	for (size_t i = 0; i < clients->cnt && user_agent.len && !want; i++)
		if (plain_match(clients->v[i].pattern, user_agent))
			want = &clients->v[i];
	check(found == want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of((const char *)data, size);
	const char *nul = size ? memchr(data, 0, size) : NULL;
	size_t len = nul ? (size_t)(nul - all.text) : size;
	struct slice user_agent = { 0 };
	struct clients clients;
	size_t errors = 0;
	int err;

	if (nul)
		user_agent = slice_of(nul + 1, size - len - 1);
	err = clients_parse(&clients, "c", slice_of(all.text, len), take_error,
			    &errors);
	check(err == (errors ? EINVAL : 0));
	check(!errors || (!clients.cnt && !clients.v));
	for (size_t i = 0; i < clients.cnt; i++) {
		const struct client *c = &clients.v[i];

		check(c->pattern[0] != '\0');
		check(c->invite < CLIENT_HABITS &&
		      c->registration < CLIENT_HABITS);
		check_find(&clients, slice_str(c->pattern));
	}
	check_find(&clients, user_agent);
	clients_fini(&clients);
	/* the whole as a table: a NUL is no end of anything */
	errors = 0;
	err = clients_parse(&clients, "c", all, take_error, &errors);
	check(err == (errors ? EINVAL : 0));
	clients_fini(&clients);
	return 0;
}
