/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/stamp.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/site.h"

enum { MAC_HEX_LEN = 2 * SECRET_MAC_LEN };

static const char hex_digits[] = "0123456789abcdef";

/* The time goes in as a number, so that its spelling does not matter. */
static void sign(uint8_t mac[static SECRET_MAC_LEN], const uint8_t *key,
		 const struct stamp_kind *kind, const struct stamp_seal *seal,
		 struct slice node, uint64_t wall_s)
{
	char time_be[8];
	struct slice parts[3 + STAMP_PARTS_MAX] = {
		slice_str(kind->label),
		node,
		slice_of(time_be, sizeof(time_be)),
	};

	assert(seal->cnt <= STAMP_PARTS_MAX);
	for (size_t i = sizeof(time_be); i-- > 0; wall_s >>= 8)
		time_be[i] = (char)(wall_s & 0xff);
	for (size_t i = 0; i < seal->cnt; i++)
		parts[3 + i] = seal->parts[i];
	secret_mac_parts(mac, key, parts, 3 + seal->cnt);
}

/* In lower-case hex, NUL-terminated. */
static void format_mac(char out[static MAC_HEX_LEN + 1],
		       const uint8_t mac[static SECRET_MAC_LEN])
{
	for (size_t i = 0; i < SECRET_MAC_LEN; i++) {
		out[2 * i] = hex_digits[mac[i] >> 4];
		out[2 * i + 1] = hex_digits[mac[i] & 15];
	}
	out[MAC_HEX_LEN] = '\0';
}

size_t stamp_format(char *out, size_t size, const struct stamp_kind *kind,
		    const struct stamp_seal *seal, struct slice node,
		    uint64_t wall_s)
{
	const uint8_t *const keys[STAMP_MACS_MAX] = { seal->key,
						      seal->previous };
	size_t len;

	out[0] = '\0';
	if (!site_name_valid(node))
		return 0;
	len = (size_t)snprintf(out, size, "%s%.*s%s%" PRIu64, kind->node,
			       (int)node.len, node.text, kind->time, wall_s);
	for (size_t k = 0; k < STAMP_MACS_MAX && keys[k]; k++) {
		uint8_t mac[SECRET_MAC_LEN];
		char hex[MAC_HEX_LEN + 1];

		sign(mac, keys[k], kind, seal, node, wall_s);
		format_mac(hex, mac);
		assert(len < size);
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					kind->mac, hex);
	}
	assert(len < size);
	return len;
}

/* Of a lower-case hex digit; 16 for anything else. */
static unsigned digit(char c)
{
	const char *at = c ? strchr(hex_digits, c) : NULL;

	return at ? (unsigned)(at - hex_digits) : 16;
}

static bool parse_mac(uint8_t mac[static SECRET_MAC_LEN], struct slice hex)
{
	if (hex.len != MAC_HEX_LEN)
		return false;
	for (size_t i = 0; i < SECRET_MAC_LEN; i++) {
		unsigned high = digit(hex.text[2 * i]);
		unsigned low = digit(hex.text[2 * i + 1]);

		if (high > 15 || low > 15)
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool stamp_parse(struct stamp *out, const struct stamp_kind *kind,
		 struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice time;

	cursor_expect(&c, slice_str(kind->node));
	out->node = cursor_until(&c, kind->end);
	cursor_expect(&c, slice_str(kind->time));
	time = cursor_until(&c, kind->end);
	out->mac_cnt = 0;
	do {
		cursor_expect(&c, slice_str(kind->mac));
		if (!parse_mac(out->macs[out->mac_cnt++],
			       cursor_take(&c, MAC_HEX_LEN)))
			return false;
	} while (cursor_left(&c) && out->mac_cnt < STAMP_MACS_MAX);
	return cursor_ok(&c) && !cursor_left(&c) &&
	       site_name_valid(out->node) &&
	       !slice_u64(&out->sent_s, time, UINT64_MAX);
}

bool stamp_fresh(const struct stamp *stamp, const struct stamp_kind *kind,
		 uint64_t wall_s)
{
	uint64_t age_s = stamp->sent_s > wall_s ? stamp->sent_s - wall_s
						: wall_s - stamp->sent_s;

	return age_s <= kind->window_s;
}

static bool signed_with(const struct stamp *stamp, const uint8_t *key,
			const struct stamp_kind *kind,
			const struct stamp_seal *seal)
{
	uint8_t want[SECRET_MAC_LEN];
	bool found = false;

	sign(want, key, kind, seal, stamp->node, stamp->sent_s);
	for (size_t i = 0; i < stamp->mac_cnt; i++)
		found |= secret_mac_equal(want, stamp->macs[i]);
	return found;
}

bool stamp_signed(const struct stamp *stamp, const struct stamp_kind *kind,
		  const struct stamp_seal *seal)
{
	return signed_with(stamp, seal->key, kind, seal) ||
	       (seal->previous &&
		signed_with(stamp, seal->previous, kind, seal));
}
