/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neighbor = ADDRESS as N [OPTION]...: a BGP session of a node. */
#include <errno.h>
#include <stdio.h>

#include "common/nearest.h"
#include "common/site_priv.h"
#include "common/textfile.h"

enum {
	MD5_FILE_MAX = SITE_MD5_MAX + 64,	/* white space does not count */
};

enum neighbor_option {
	OPTION_PORT,
	OPTION_MD5,
	OPTION_TTL_SECURITY,
	OPTION_MULTIHOP,
	OPTION_BFD,
	OPTION_NAME,
	NEIGHBOR_OPTIONS
};

static const char *const option_names[NEIGHBOR_OPTIONS] = {
	[OPTION_PORT] = "port",
	[OPTION_MD5] = "md5",
	[OPTION_TTL_SECURITY] = "ttl-security",
	[OPTION_MULTIHOP] = "multihop",
	[OPTION_BFD] = "bfd",
	[OPTION_NAME] = "name",
};

static struct slice next_word(struct cursor *c)
{
	struct slice word = cursor_until(c, " \t");

	cursor_skip_blanks(c);
	return word;
}

/* It will stand between quotes in the files of three programs. */
static int take_md5(struct site_parser *p, struct site_neighbor *n,
		    struct slice text)
{
	if (text.len == 0 || text.len >= SITE_MD5_MAX) {
		site_why(p, "the password has %zu characters, 1 to %d are "
			 "allowed", text.len, SITE_MD5_MAX - 1);
		return EINVAL;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.text[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'' ||
		    c == '\\') {
			site_why(p, "a password has printable ASCII without "
				 "blanks, quotes and backslashes");
			return EINVAL;
		}
	}
	memcpy(n->md5, text.text, text.len);
	n->md5[text.len] = '\0';
	return 0;
}

/* The error repeats nothing of the line that far: it names the file itself. */
static void blame_file(struct site_parser *p, struct slice path)
{
	char quoted[VALUE_QUOTED_MAX], why[SITE_WHY_MAX];

	value_quote(quoted, path);
	memcpy(why, p->why, sizeof(why));
	site_why(p, "%s: %s", quoted, why);
}

static int read_md5(struct site_parser *p, struct site_neighbor *n,
		    struct slice value)
{
	struct slice path;
	size_t len;
	char *text;
	int err;

	if (!site_is_file(value, &path))
		return take_md5(p, n, value);
	err = site_read_file(p, &text, &len, path, MD5_FILE_MAX);
	if (!err) {
		err = take_md5(p, n, slice_trim(slice_of(text, len)));
		textfile_free(text, len);
	}
	if (err == EINVAL)
		blame_file(p, path);
	return err;
}

static int take_port(struct site_parser *p, struct site_neighbor *n,
		     struct slice value)
{
	uint32_t port;

	if (slice_u32(&port, value, 65535) || port == 0) {
		site_why(p, "a port is 1 to 65535");
		return EINVAL;
	}
	n->port = (uint16_t)port;
	return 0;
}

static int take_name(struct site_parser *p, struct site_neighbor *n,
		     struct slice value)
{
	if (!site_name_valid(value)) {
		site_why(p, "a name is 1 to %d of a-z, 0-9 and '-', with no "
			 "'-' at either end", SITE_NAME_MAX - 1);
		return EINVAL;
	}
	memcpy(n->name, value.text, value.len);
	n->name[value.len] = '\0';
	return 0;
}

/* A word behind a password may be a part of it, md5=x has one in itself: they
 * are not repeated.
 */
static int unknown_option(struct site_parser *p, const struct site_neighbor *n,
			  struct slice word)
{
	struct cursor c = cursor_of(word.text, word.len);
	struct slice name = cursor_until(&c, "=:");
	const char *hint = nearest(name, option_names, NEIGHBOR_OPTIONS);
	char quoted[VALUE_QUOTED_MAX], what[VALUE_QUOTED_MAX + 32];

	value_quote(quoted, name);
	snprintf(what, sizeof(what), "`%s%s' is no option", quoted,
		 cursor_left(&c) ? "..." : "");
	site_why(p, "%s%s%s%s",
		 n->md5[0] ? "what follows the password is no option" : what,
		 hint ? "; did you mean `" : "", hint ? hint : "",
		 hint ? "'?" : "");
	return EINVAL;
}

static int take_option(struct site_parser *p, struct site_neighbor *n,
		       enum neighbor_option option, struct cursor *c)
{
	switch (option) {
	case OPTION_PORT:
		return take_port(p, n, next_word(c));
	case OPTION_MD5:
		return read_md5(p, n, next_word(c));
	case OPTION_TTL_SECURITY:
		n->ttl_security = true;
		return 0;
	case OPTION_MULTIHOP:
		n->multihop = true;
		return 0;
	case OPTION_BFD:
		n->bfd = true;
		return 0;
	case OPTION_NAME:
		return take_name(p, n, next_word(c));
	case NEIGHBOR_OPTIONS:
		break;
	}
	return EINVAL;
}

static int take_options(struct site_parser *p, struct site_neighbor *n,
			struct cursor *c)
{
	unsigned seen = 0;

	while (cursor_left(c)) {
		struct slice word = next_word(c);
		unsigned at = 0;
		int err;

		while (at < NEIGHBOR_OPTIONS &&
		       !slice_equal(word, slice_str(option_names[at])))
			at++;
		if (at == NEIGHBOR_OPTIONS)
			return unknown_option(p, n, word);
		if (seen & (1u << at)) {
			site_why(p, "%s is there twice", option_names[at]);
			return EINVAL;
		}
		seen |= 1u << at;
		err = take_option(p, n, (enum neighbor_option)at, c);
		if (err)
			return err;
	}
	if (n->ttl_security && n->multihop) {
		site_why(p, "ttl-security is for a neighbor on the same link, "
			 "multihop for one that is not");
		return EINVAL;
	}
	return 0;
}

/* What the neighbors the node has already do not allow. */
static int check_other(struct site_parser *p, const struct site_neighbor *list,
		       size_t cnt, const struct site_neighbor *new)
{
	for (size_t i = 0; i < cnt; i++) {
		if (addr_equal(&list[i].addr, &new->addr)) {
			site_why(p, "the node has this neighbor already");
			return EINVAL;
		}
	}
	if (cnt == SITE_NEIGHBORS_MAX) {
		site_why(p, "it is one too many");
		return EINVAL;
	}
	return 0;
}

/* ADDR as N [OPTION]... */
int site_parse_neighbor(struct site_parser *p, const struct site_key *key,
			void *base, struct slice value)
{
	struct site_neighbor *list = (void *)((char *)base + key->at);
	size_t *cnt = (void *)((char *)base + key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice addr = next_word(&c), as = next_word(&c);
	struct site_neighbor new = { .port = SITE_BGP_PORT };
	int err;

	if (addr_parse(&new.addr, addr.text, addr.len) ||
	    !addr_is_unicast(&new.addr)) {
		site_why(p, "the first word is no unicast address");
		return EINVAL;
	}
	if (addr_is_link_local(&new.addr)) {
		site_why(p, "a link-local address means nothing without its "
			 "link");
		return EINVAL;
	}
	if (!slice_equal(as, slice_str("as")) ||
	    slice_u32(&new.remote_as, next_word(&c), key->max) ||
	    new.remote_as < key->min)
		return EINVAL;
	err = take_options(p, &new, &c);
	if (!err)
		err = check_other(p, list, *cnt, &new);
	if (!err) {
		p->lines->neighbor[*cnt] = p->line;
		list[(*cnt)++] = new;
	}
	explicit_bzero(&new, sizeof(new));
	return err;
}
