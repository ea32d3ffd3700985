/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/stun.h"

#include <errno.h>
#include <string.h>

#include "common/cursor.h"

enum {
	MAGIC_COOKIE = 0x2112a442,
	ATTR_USE_CANDIDATE = 0x0025,
};

static uint16_t read_be16(struct cursor *c)
{
	uint16_t high = cursor_byte(c);

	return (uint16_t)(high << 8 | cursor_byte(c));
}

static uint32_t read_be32(struct cursor *c)
{
	uint32_t high = read_be16(c);

	return high << 16 | read_be16(c);
}

/* The 96 bits are random; all of them count. */
static uint64_t read_id(struct cursor *c)
{
	uint64_t high = read_be32(c), middle = read_be32(c), low = read_be32(c);
	uint64_t id =
		(high << 32 | middle) ^ low * UINT64_C(0x9e3779b97f4a7c15);

	return id ? id : 1;
}

int stun_parse(struct stun *out, const uint8_t *bytes, size_t len)
{
	struct cursor c = cursor_of((const char *)bytes, len);
	uint16_t type = read_be16(&c);
	uint16_t body_len = read_be16(&c);

	memset(out, 0, sizeof(*out));
	if (type & 0xc000 || body_len % 4 ||
	    len != (size_t)STUN_HEADER_LEN + body_len ||
	    read_be32(&c) != MAGIC_COOKIE)
		return EBADMSG;
	/* RFC 8489 5: M11..M7 C1 M6..M4 C0 M3..M0 */
	out->class = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	out->method = (uint16_t)((type >> 2 & 0xf80) | (type >> 1 & 0x70) |
				 (type & 0xf));
	out->id = read_id(&c);
	while (cursor_left(&c)) {
		uint16_t attr = read_be16(&c);
		size_t value_len = read_be16(&c);

		if (attr == ATTR_USE_CANDIDATE)
			out->use_candidate = true;
		cursor_take(&c, (value_len + 3) & ~(size_t)3);
	}
	return cursor_ok(&c) ? 0 : EBADMSG;
}
