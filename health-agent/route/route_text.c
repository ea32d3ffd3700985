/* SPDX-License-Identifier: GPL-3.0-or-later */
/* route_text.c - routes and communities as text */
#include "health-agent/route/route.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t community;
} well_known[] = {
	{ "no-export", ROUTE_NO_EXPORT },
	{ "no-advertise", 0xffffff02u },
	{ "no-export-subconfed", 0xffffff03u },
	{ "no-peer", 0xffffff04u },
	{ "blackhole", 0xffff029au },
	{ "graceful-shutdown", ROUTE_GRACEFUL_SHUTDOWN },
};

/* N:N:... with exactly cnt numbers up to max. */
static int parse_numbers(uint32_t *out, size_t cnt, uint32_t max,
			 struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);

	for (size_t i = 0; i < cnt; i++) {
		if (i && cursor_byte(&c) != ':')
			return EINVAL;
		if (slice_u32(&out[i], cursor_until(&c, ":"), max))
			return EINVAL;
	}
	return cursor_left(&c) || !cursor_ok(&c) ? EINVAL : 0;
}

int route_parse_community(uint32_t *out, struct slice text)
{
	uint32_t halves[2];

	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]);
	     i++) {
		if (slice_case_equal(text, slice_str(well_known[i].name))) {
			*out = well_known[i].community;
			return 0;
		}
	}
	if (parse_numbers(halves, 2, UINT16_MAX, text))
		return EINVAL;
	*out = halves[0] << 16 | halves[1];
	return 0;
}

int route_parse_large(struct route_large *out, struct slice text)
{
	uint32_t parts[3];

	if (parse_numbers(parts, 3, UINT32_MAX, text))
		return EINVAL;
	*out = (struct route_large){ parts[0], parts[1], parts[2] };
	return 0;
}

size_t route_format_prefix(char out[static ROUTE_PREFIX_TEXT_MAX],
			   const struct prefix *p)
{
	size_t len = addr_format(out, &p->addr);

	return len + (size_t)snprintf(out + len, ROUTE_PREFIX_TEXT_MAX - len,
				      "/%u", p->len);
}

size_t route_format_community(char out[static ROUTE_COMMUNITY_TEXT_MAX],
			      uint32_t community)
{
	return (size_t)snprintf(out, ROUTE_COMMUNITY_TEXT_MAX, "%u:%u",
				community >> 16, community & 0xffff);
}

size_t route_format_large(char out[static ROUTE_LARGE_TEXT_MAX],
			  const struct route_large *large)
{
	return (size_t)snprintf(out, ROUTE_LARGE_TEXT_MAX, "%u:%u:%u",
				large->global, large->local1, large->local2);
}

struct text {
	char *out;
	size_t room;	/* with the NUL */
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *t, const char *fmt, ...)
{
	size_t left = t->room - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->out + t->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < left ? (size_t)n : left - 1;
}

static void add_attributes(struct text *t, const struct route *r)
{
	char word[ROUTE_LARGE_TEXT_MAX];

	add(t, "med %u", r->med);
	if (r->prepend)
		add(t, " prepend %u", r->prepend);
	if (r->community_cnt || r->large_cnt)
		add(t, " community");
	for (size_t i = 0; i < r->community_cnt; i++) {
		route_format_community(word, r->communities[i]);
		add(t, " %s", word);
	}
	for (size_t i = 0; i < r->large_cnt; i++) {
		route_format_large(word, &r->large[i]);
		add(t, " %s", word);
	}
}

size_t route_format_attributes(char *out, size_t room, const struct route *r)
{
	struct text t = { .out = out, .room = room };

	if (!room)
		return 0;
	add_attributes(&t, r);
	return t.len;
}

size_t route_format(char *out, size_t room, const struct route *r)
{
	struct text t = { .out = out, .room = room };
	char prefix[ROUTE_PREFIX_TEXT_MAX];

	if (!room)
		return 0;
	route_format_prefix(prefix, &r->prefix);
	add(&t, "%s %s ", prefix,
	    node_state_name((enum node_state)r->state));
	add_attributes(&t, r);
	return t.len;
}
