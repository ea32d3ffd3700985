/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/quality/rtcp.h"

#include <errno.h>
#include <string.h>

#include "common/cursor.h"
#include "rtp-pinner/quality/rtcp_ortp.h"

enum {
	PACKET_MAX = 1536, /* longer ones are RTCP_TYPE_OTHER; a full SR
			    * has 772 bytes */
};

/* One packet of a compound, its padding left out. */
struct packet {
	uint8_t type;
	uint8_t rc;
	struct slice bytes;
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

static struct cursor cursor_in(struct slice bytes, size_t skip)
{
	struct cursor c = cursor_of(bytes.text, bytes.len);

	cursor_take(&c, skip);
	return c;
}

/* Blocks of an XR: whole, up to the end (RFC 3611 3). */
static bool blocks_fit(struct slice bytes)
{
	struct cursor c = cursor_in(bytes, RTCP_XR_LEN);

	while (cursor_left(&c)) {
		cursor_take(&c, 2);
		cursor_take(&c, (size_t)read_be16(&c) * 4);
	}
	return cursor_ok(&c);
}

static bool fits(const struct packet *p)
{
	size_t len = p->bytes.len;

	switch (p->type) {
	case RTCP_PT_SR:
		return len >= RTCP_SR_LEN + (size_t)p->rc * RTCP_BLOCK_LEN;
	case RTCP_PT_RR:
		return len >= RTCP_RR_LEN + (size_t)p->rc * RTCP_BLOCK_LEN;
	case RTCP_PT_BYE:
		return len >= 4 + (size_t)p->rc * 4;
	case RTCP_PT_SDES:
		return len >= 4 + (size_t)p->rc * 8;
	case RTCP_PT_XR:
		return len >= RTCP_XR_LEN && blocks_fit(p->bytes);
	default:
		return true;
	}
}

/* Take the next packet; false when it is none (RFC 3550 6.4, A.2). */
static bool take(struct packet *out, struct cursor *c)
{
	struct cursor header = *c;
	uint8_t first = cursor_byte(&header);
	uint8_t type = cursor_byte(&header);
	size_t len = ((size_t)read_be16(&header) + 1) * 4;
	struct slice bytes = cursor_take(c, len);
	uint8_t padding;

	*out = (struct packet){
		.type = type,
		.rc = first & 0x1f,
		.bytes = bytes,
	};
	if (!cursor_ok(c) || first >> 6 != 2 || type < 192 || type > 223)
		return false;
	if (first & 0x20) {
		padding = (uint8_t)bytes.text[len - 1];
		if (cursor_left(c) || !padding || padding % 4 ||
		    padding > len - 4)
			return false;
		out->bytes.len -= padding;
	}
	return fits(out);
}

static bool is_compound(struct slice bytes)
{
	struct cursor c = cursor_of(bytes.text, bytes.len);
	struct packet p;

	while (cursor_left(&c))
		if (!take(&p, &c))
			return false;
	return bytes.len > 0;
}

/* An XR gives an item for each block; oRTP sees them one by one, each behind
 * the header of the packet.
 */
static void give_blocks(const struct packet *p, rtcp_item_h *h, void *arg)
{
	uint32_t copy[(RTCP_XR_LEN + RTCP_XR_VOIP_LEN) / 4];
	struct cursor c = cursor_in(p->bytes, RTCP_XR_LEN);

	memcpy(copy, p->bytes.text, RTCP_XR_LEN);
	while (cursor_left(&c)) {
		struct rtcp_item item = { .type = RTCP_TYPE_OTHER };
		struct cursor header = c;
		uint8_t type = cursor_byte(&header);
		struct slice block;

		cursor_take(&header, 1);
		block = cursor_take(&c, ((size_t)read_be16(&header) + 1) * 4);
		if (type == RTCP_XR_VOIP && block.len == RTCP_XR_VOIP_LEN) {
			memcpy(copy + RTCP_XR_LEN / 4, block.text, block.len);
			rtcp_ortp_read_voip(&item, copy, sizeof(copy));
		}
		h(arg, &item);
	}
}

static void give(const struct packet *p, rtcp_item_h *h, void *arg)
{
	struct rtcp_item item = { .type = RTCP_TYPE_OTHER };
	uint32_t copy[PACKET_MAX / 4];
	struct cursor c = cursor_in(p->bytes, 4);

	if (p->type == RTCP_PT_XR) {
		give_blocks(p, h, arg);
		return;
	}
	if (cursor_left(&c) >= 4)
		item.ssrc = read_be32(&c);
	if (p->bytes.len <= sizeof(copy)) {
		memcpy(copy, p->bytes.text, p->bytes.len);
		switch (p->type) {
		case RTCP_PT_SR:
			rtcp_ortp_read_sr(&item, copy, p->bytes.len, p->rc);
			break;
		case RTCP_PT_RR:
			rtcp_ortp_read_rr(&item, copy, p->bytes.len, p->rc);
			break;
		case RTCP_PT_BYE:
			rtcp_ortp_read_bye(&item, copy, p->bytes.len, p->rc);
			break;
		case RTCP_PT_SDES:
			item.type = RTCP_TYPE_SDES;
			break;
		}
	}
	h(arg, &item);
}

int rtcp_parse(const uint8_t *bytes, size_t len, rtcp_item_h *h, void *arg)
{
	struct slice whole = slice_of((const char *)bytes, len);
	struct cursor c = cursor_of(whole.text, whole.len);
	struct packet p;

	if (!is_compound(whole))
		return EBADMSG;
	while (cursor_left(&c) && take(&p, &c))
		give(&p, h, arg);
	return 0;
}
