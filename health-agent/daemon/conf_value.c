/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of values that no other program has. */
#include <errno.h>
#include <stdio.h>

#include "health-agent/daemon/conf_priv.h"

static void *field(void *base, size_t at)
{
	return (char *)base + at;
}

#define WHY(...) ((void)snprintf(why, KEY_WHY_MAX, __VA_ARGS__))

/* "%.*s" of a slice, short enough for a line. */
#define SHORT(s) (int)((s).len < 60 ? (s).len : 60), (s).text

/* As the kernel wants it, without what could be taken for a pattern. */
int conf_value_device(void *base, const struct key *key, struct slice value,
		      char why[static KEY_WHY_MAX])
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && !(i && (c == '-' || c == '_' ||
						       c == '.'))) {
			WHY("only a-z, A-Z, 0-9, '-', '_' and '.' make a name");
			return EINVAL;
		}
	}
	return key_text(base, key, value, why);
}

int conf_value_names(void *base, const struct key *key, struct slice value,
		     char why[static KEY_WHY_MAX])
{
	struct conf_names *out = field(base, key->at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	*out = (struct conf_names){ 0 };
	while (value_next(&c, &begun, &element)) {
		if (!site_name_valid(element)) {
			WHY("`%.*s' is no name", SHORT(element));
			return EINVAL;
		}
		for (size_t i = 0; i < out->cnt; i++) {
			if (slice_equal(element, slice_str(out->names[i]))) {
				WHY("`%.*s' is there twice", SHORT(element));
				return EINVAL;
			}
		}
		if (out->cnt == HEALTH_GROUPS_MAX) {
			WHY("`%.*s' is one too many", SHORT(element));
			return EINVAL;
		}
		memcpy(out->names[out->cnt], element.text, element.len);
		out->names[out->cnt++][element.len] = '\0';
	}
	return 0;
}

/* ---- where a probe goes, and what it says there */

static int add_address(struct conf_target *out, struct slice text,
		       char why[static KEY_WHY_MAX])
{
	struct addr addr, *slot;

	if (addr_parse(&addr, text.text, text.len)) {
		WHY("`%.*s' is no address", SHORT(text));
		return EINVAL;
	}
	addr_unmap(&addr);
	if (!addr_is_unicast(&addr)) {
		WHY("`%.*s' is no unicast address", SHORT(text));
		return EINVAL;
	}
	if (addr_is_link_local(&addr)) {
		WHY("`%.*s' means nothing without its link", SHORT(text));
		return EINVAL;
	}
	slot = addr.family == ADDR_IP4 ? &out->ip4 : &out->ip6;
	if (addr_is_set(slot)) {
		WHY("`%.*s' is a second IPv%u address", SHORT(text),
		    addr.family);
		return EINVAL;
	}
	*slot = addr;
	return 0;
}

int conf_value_target(void *base, const struct key *key, struct slice value,
		      char why[static KEY_WHY_MAX])
{
	struct conf_target *out = field(base, key->at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	*out = (struct conf_target){ .kind = TARGET_SERVICE };
	if (slice_equal(value, slice_str("service")))
		return 0;
	out->kind = TARGET_NODE;
	if (slice_equal(value, slice_str("node")))
		return 0;
	out->kind = TARGET_ADDRESS;
	while (value_next(&c, &begun, &element)) {
		if (add_address(out, element, why))
			return EINVAL;
	}
	return 0;
}

int conf_value_expect(void *base, const struct key *key, struct slice value,
		      char why[static KEY_WHY_MAX])
{
	uint32_t *out = field(base, key->at);
	uint32_t status;

	(void)why;
	*out = 0;
	if (slice_equal(value, slice_str("redirect")))
		return 0;
	if (slice_u32(&status, value, 599) || status < 100)
		return EINVAL;
	*out = status;
	return 0;
}

/* It will stand in a request line. */
int conf_value_http_path(void *base, const struct key *key, struct slice value,
			 char why[static KEY_WHY_MAX])
{
	if (value.len == 0 || value.text[0] != '/') {
		WHY("it does not begin with /");
		return EINVAL;
	}
	for (size_t i = 0; i < value.len; i++) {
		if (value.text[i] <= ' ' || value.text[i] >= 0x7f ||
		    value.text[i] == '#') {
			WHY("it has a blank, # or a byte that is not ASCII");
			return EINVAL;
		}
	}
	return key_text(base, key, value, why);
}

static bool is_label(struct slice label)
{
	if (label.len == 0 || label.len > 63)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return true;
}

int conf_value_query(void *base, const struct key *key, struct slice value,
		     char why[static KEY_WHY_MAX])
{
	struct cursor c;

	if (value.len && value.text[value.len - 1] == '.')
		value.len--;
	c = cursor_of(value.text, value.len);
	do {
		if (!is_label(cursor_until(&c, ".")))
			return EINVAL;
	} while (cursor_byte(&c));
	return key_text(base, key, value, why);
}

static const struct {
	const char *word;
	uint16_t type;
} query_types[] = {
	{ "A", 1 }, { "AAAA", 28 }, { "SRV", 33 }, { "NAPTR", 35 },
	{ "TXT", 16 },
};

int conf_value_query_type(void *base, const struct key *key, struct slice value,
			  char why[static KEY_WHY_MAX])
{
	(void)why;
	for (size_t i = 0; i < sizeof(query_types) / sizeof(query_types[0]);
	     i++) {
		if (!slice_case_equal(value, slice_str(query_types[i].word)))
			continue;
		*(uint16_t *)field(base, key->at) = query_types[i].type;
		return 0;
	}
	return EINVAL;
}

int conf_value_endpoint(void *base, const struct key *key, struct slice value,
			char why[static KEY_WHY_MAX])
{
	(void)why;
	return endpoint_parse(field(base, key->at), value);
}

/* ---- commands */

/* The next word; false at the end.  *bad: a quote is not closed, or what
 * follows it is not a blank.
 */
static bool next_word(struct cursor *c, struct slice *out, bool *bad)
{
	cursor_skip_blanks(c);
	if (!cursor_left(c))
		return false;
	if (cursor_peek(c) != '"') {
		*out = cursor_until(c, " \t");
		*bad = memchr(out->text, '"', out->len);
		return true;
	}
	cursor_byte(c);
	*out = cursor_until(c, "\"");
	cursor_expect(c, slice_str("\""));
	*bad = !cursor_ok(c) ||
	       (cursor_left(c) && cursor_peek(c) != ' ' &&
		cursor_peek(c) != '\t');
	return true;
}

int conf_split_command(size_t *cnt, char *words, char *argv[],
		       struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct slice word;
	bool bad = false;

	*cnt = 0;
	while (next_word(&c, &word, &bad)) {
		if (bad || *cnt == PROBER_ARGS_MAX)
			return EINVAL;
		if (argv) {
			memcpy(words, word.text, word.len);
			words[word.len] = '\0';
			argv[*cnt] = words;
			argv[*cnt + 1] = NULL;
			words += word.len + 1;
		}
		(*cnt)++;
	}
	return 0;
}

int conf_value_command(void *base, const struct key *key, struct slice value,
		       char why[static KEY_WHY_MAX])
{
	size_t cnt;

	if (value.len == 0 || value.text[0] != '/') {
		WHY("it does not begin with /");
		return EINVAL;
	}
	if (conf_split_command(&cnt, NULL, NULL, value)) {
		WHY("a \" is not closed or stands inside a word, or there are "
		    "more than %d words", PROBER_ARGS_MAX);
		return EINVAL;
	}
	return key_text(base, key, value, why);
}

/* ---- groups */

static int add_prefix(struct health_group_conf *group, struct slice text,
		      char why[static KEY_WHY_MAX])
{
	char inside[PREFIX_TEXT_MAX];
	const char *problem;
	struct prefix new;
	int err = prefix_parse(&new, text);

	if (err == ERANGE) {
		prefix_format(inside, &new);
		WHY("`%.*s' has bits behind its length: %s?", SHORT(text),
		    inside);
		return EINVAL;
	}
	if (err) {
		WHY("`%.*s' is neither address nor prefix", SHORT(text));
		return EINVAL;
	}
	problem = prefix_problem(&new);
	if (problem) {
		WHY("`%.*s' %s", SHORT(text), problem);
		return EINVAL;
	}
	for (size_t i = 0; i < group->prefix_cnt; i++) {
		if (prefix_equal(&group->prefixes[i], &new)) {
			WHY("`%.*s' is there twice", SHORT(text));
			return EINVAL;
		}
	}
	if (group->prefix_cnt == ROUTE_PREFIXES_MAX) {
		WHY("`%.*s' is one too many", SHORT(text));
		return EINVAL;
	}
	group->prefixes[group->prefix_cnt++] = new;
	return 0;
}

int conf_value_announced(void *base, const struct key *key, struct slice value,
			 char why[static KEY_WHY_MAX])
{
	struct conf_group *g = base;
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	(void)key;
	g->with_site = false;
	g->conf.prefix_cnt = 0;
	while (value_next(&c, &begun, &element)) {
		if (slice_equal(element, slice_str("service")))
			g->with_site = true;
		else if (add_prefix(&g->conf, element, why))
			return EINVAL;
	}
	return 0;
}

/* NULL, or why it is not for every day. */
static const char *community_problem(uint32_t community)
{
	switch (community) {
	case ROUTE_GRACEFUL_SHUTDOWN:
		return "says draining, and then it is there by itself";
	case 0xffff029a:	/* RFC 7999 */
		return "would have the routers drop all packets";
	}
	return NULL;
}

int conf_value_communities(void *base, const struct key *key,
			   struct slice value, char why[static KEY_WHY_MAX])
{
	struct conf_communities *out = field(base, key->at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	out->cnt = 0;
	while (value_next(&c, &begun, &element)) {
		const char *problem;
		uint32_t new;

		if (route_parse_community(&new, element)) {
			WHY("`%.*s' is no community", SHORT(element));
			return EINVAL;
		}
		problem = community_problem(new);
		for (size_t i = 0; i < out->cnt; i++) {
			if (out->list[i] == new)
				problem = "is there twice";
		}
		if (out->cnt == CONF_COMMUNITIES_MAX)
			problem = "is one too many";
		if (problem) {
			WHY("`%.*s' %s", SHORT(element), problem);
			return EINVAL;
		}
		out->list[out->cnt++] = new;
	}
	return 0;
}

int conf_value_larges(void *base, const struct key *key, struct slice value,
		      char why[static KEY_WHY_MAX])
{
	struct conf_group *g = base;
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;

	(void)key;
	g->large_cnt = 0;
	while (value_next(&c, &begun, &element)) {
		struct route_large new;

		if (route_parse_large(&new, element)) {
			WHY("`%.*s' is no large community", SHORT(element));
			return EINVAL;
		}
		for (size_t i = 0; i < g->large_cnt; i++) {
			if (memcmp(&g->large[i], &new, sizeof(new)) == 0) {
				WHY("`%.*s' is there twice", SHORT(element));
				return EINVAL;
			}
		}
		if (g->large_cnt == ROUTE_LARGE_MAX) {
			WHY("`%.*s' is one too many", SHORT(element));
			return EINVAL;
		}
		g->large[g->large_cnt++] = new;
	}
	return 0;
}
