/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/prefix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ANNOUNCED_LEN_MIN = 8 };

static unsigned family_bits(const struct addr *a)
{
	return a->family == ADDR_IP4 ? 32 : a->family == ADDR_IP6 ? 128 : 0;
}

/* The bits of byte i that a prefix of len bits has. */
static uint8_t mask_of(unsigned len, unsigned i)
{
	if (len >= (i + 1) * 8)
		return 0xff;
	return len <= i * 8 ? 0 : (uint8_t)(0xff00 >> (len - i * 8));
}

struct prefix prefix_of(const struct addr *a)
{
	return (struct prefix){ *a, (uint8_t)family_bits(a) };
}

int prefix_parse(struct prefix *out, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct slice addr = cursor_until(&c, "/");
	bool outside = false;
	uint32_t len;

	*out = (struct prefix){ 0 };
	if (addr_parse(&out->addr, addr.text, addr.len))
		return EINVAL;
	*out = prefix_of(&out->addr);
	if (!cursor_left(&c))
		return 0;
	cursor_byte(&c);
	if (slice_u32(&len, cursor_take(&c, cursor_left(&c)), out->len)) {
		*out = (struct prefix){ 0 };
		return EINVAL;
	}
	out->len = (uint8_t)len;
	for (unsigned i = 0; i < sizeof(out->addr.bytes_be); i++) {
		uint8_t inside = out->addr.bytes_be[i] & mask_of(len, i);

		outside = outside || inside != out->addr.bytes_be[i];
		out->addr.bytes_be[i] = inside;
	}
	return outside ? ERANGE : 0;
}

bool prefix_has(const struct prefix *p, const struct addr *a)
{
	if (!addr_is_set(a) || a->family != p->addr.family)
		return false;
	for (unsigned i = 0; i * 8 < p->len; i++) {
		if ((a->bytes_be[i] ^ p->addr.bytes_be[i]) & mask_of(p->len, i))
			return false;
	}
	return true;
}

const char *prefix_problem(const struct prefix *p)
{
	struct addr plain = p->addr;

	addr_unmap(&plain);
	if (p->len < ANNOUNCED_LEN_MIN)
		return "is too large a part of all addresses";
	if (!addr_is_unicast(&p->addr) || addr_is_link_local(&p->addr) ||
	    !addr_equal(&plain, &p->addr))
		return "is no block of unicast";
	return NULL;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

size_t prefix_format(char out[static PREFIX_TEXT_MAX], const struct prefix *p)
{
	char text[ADDR_TEXT_MAX];
	size_t len = addr_format(text, &p->addr);

	memcpy(out, text, len + 1);
	if (p->len == family_bits(&p->addr))
		return len;
	return len + (size_t)snprintf(out + len, PREFIX_TEXT_MAX - len, "/%u",
				      p->len);
}
