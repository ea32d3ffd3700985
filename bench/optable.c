/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/optable.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* 1 to 20 digits and nothing else. */
static int parse_number(uint64_t *out, const char *text)
{
	char *end;

	if (*text < '0' || *text > '9')
		return EINVAL;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno || *end ? EINVAL : 0;
}

static int parse_endpoint(struct sockaddr_in *out, const char *text)
{
	const char *colon = strchr(text, ':');
	char ip[INET_ADDRSTRLEN];
	uint64_t port;
	size_t len;

	if (!colon || parse_number(&port, colon + 1) || !port || port > 65535)
		return EINVAL;

	len = (size_t)(colon - text);
	if (len >= sizeof(ip))
		return EINVAL;
	memcpy(ip, text, len);
	ip[len] = '\0';

	*out = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port) };
	return inet_pton(AF_INET, ip, &out->sin_addr) == 1 ? 0 : EINVAL;
}

/* It may go into a message as it is. */
static int check_text(const char *text)
{
	size_t len = strlen(text);

	if (!len || len > 100)
		return EINVAL;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("<>\"", text[i]))
			return EINVAL;
	return 0;
}

static int set_value(void *out, const struct optable_row *row,
		     const char *value, FILE *err)
{
	void *field = (char *)out + row->offset;
	uint64_t number;
	int bad = 0;

	switch (row->kind) {
	case OPTABLE_FLAG:
		*(bool *)field = true;
		break;
	case OPTABLE_TEXT:
		bad = check_text(value);
		*(const char **)field = value;
		break;
	case OPTABLE_ENDPOINT:
		bad = parse_endpoint(field, value);
		break;
	case OPTABLE_ADDRESS:
		bad = inet_pton(AF_INET, value, field) == 1 ? 0 : EINVAL;
		break;
	case OPTABLE_NUMBER:
		bad = parse_number(&number, value);
		if (!bad && (number < row->min || number > row->max)) {
			fprintf(err, "--%s: %s is not in %ju..%ju\n", row->name,
				value, (uintmax_t)row->min,
				(uintmax_t)row->max);
			return EINVAL;
		}
		if (!bad)
			*(uint64_t *)field = number;
		break;
	}
	if (bad)
		fprintf(err, "--%s: `%s' is not %s\n", row->name, value,
			row->value);
	return bad;
}

static const struct optable_row *find_row(const struct optable *t,
					  const char *arg)
{
	if (strncmp(arg, "--", 2))
		return NULL;
	for (size_t i = 0; i < t->cnt; i++)
		if (!strcmp(arg + 2, t->rows[i].name))
			return &t->rows[i];
	return NULL;
}

int optable_parse(const struct optable *t, void *out, int argc,
		  const char *const *argv, FILE *err)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		const struct optable_row *row = find_row(t, argv[i]);

		if (!row) {
			fprintf(err, "%s: no such option\n", argv[i]);
			bad = EINVAL;
		} else if (row->kind != OPTABLE_FLAG && i + 1 == argc) {
			fprintf(err, "--%s wants %s\n", row->name, row->value);
			bad = EINVAL;
		} else if (set_value(out, row, row->kind == OPTABLE_FLAG
						       ? "" : argv[++i], err)) {
			bad = EINVAL;
		}
	}
	return bad;
}

void optable_print_help(const struct optable *t, FILE *out)
{
	fputs(t->head, out);
	for (size_t i = 0; i < t->cnt; i++)
		fprintf(out, "  --%-11s %-11s %s\n", t->rows[i].name,
			t->rows[i].value ? t->rows[i].value : "",
			t->rows[i].help);
}
