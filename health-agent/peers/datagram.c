/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/peers/datagram.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/be.h"

enum {
	HEAD_LEN = 84,
	MACS_MAX = 2,
	FLAG_DRAINED = 1,
};

static_assert(HEAD_LEN + SITE_NAME_MAX + MACS_MAX * SECRET_MAC_LEN <=
	      PEERS_DATAGRAM_MAX, "the longest one fits");

static const char magic[] = "SAHA";
static const char label[] = "sip-anycast agents 1";

/* The numbers of the states on the wire: never those of the enum. */
static const uint8_t wire_states[NODE_STATES] = {
	[NODE_UNKNOWN] = 0,
	[NODE_UP] = 1,
	[NODE_DEGRADED] = 2,
	[NODE_DRAINING] = 3,
	[NODE_DOWN] = 4,
	[NODE_DISABLED] = 5,
};

static void sign(uint8_t out[static SECRET_MAC_LEN],
		 const struct secret_keys *keys, const uint8_t *bytes,
		 size_t len, const char *to)
{
	const struct slice parts[] = {
		slice_str(label),
		slice_str(to),
		slice_of((const char *)bytes, len),
	};

	secret_mac_parts(out, keys->agent, parts,
			 sizeof(parts) / sizeof(parts[0]));
}

/* ---- writing */

static size_t put(uint8_t *out, size_t at, uint64_t value, size_t len)
{
	return at + be_put(out + at, value, len);
}

static size_t put_mark(uint8_t *out, size_t at, struct datagram_mark mark)
{
	at = put(out, at, mark.session, 8);
	return put(out, at, mark.sequence, 8);
}

static size_t put_word(uint8_t *out, size_t at, const struct peers_word *w)
{
	at = put(out, at, w->site, 8);
	at = put(out, at, w->since_s, 4);
	at = put(out, at, w->calls, 4);
	at = put(out, at, w->drained ? FLAG_DRAINED : 0, 1);
	return put(out, at, 0, 3);
}

size_t datagram_write(uint8_t out[static PEERS_DATAGRAM_MAX],
		      const struct datagram *d, const char *to,
		      const struct site *site)
{
	size_t at = 0, signed_len;

	memcpy(out, magic, 4);
	out[4] = d->version;
	out[5] = wire_states[d->word.state];
	out[6] = (uint8_t)d->name.len;
	out[7] = site->has_previous ? 2 : 1;
	at = put_mark(out, 8, d->own);
	at = put(out, at, d->wall_ms, 8);
	at = put_mark(out, at, d->believed);
	at = put_mark(out, at, d->introduced);
	if (d->version != DATAGRAM_OLD)
		at = put_word(out, at, &d->word);
	memcpy(out + at, d->name.text, d->name.len);
	at += d->name.len;

	signed_len = at;
	sign(out + at, &site->keys, out, signed_len, to);
	at += SECRET_MAC_LEN;
	if (site->has_previous) {
		sign(out + at, &site->previous_keys, out, signed_len, to);
		at += SECRET_MAC_LEN;
	}
	return at;
}

/* ---- reading */

static struct datagram_mark take_mark(struct cursor *c)
{
	struct datagram_mark mark;

	mark.session = cursor_number(c, 8);
	mark.sequence = cursor_number(c, 8);
	return mark;
}

static enum node_state take_state(struct cursor *c)
{
	uint8_t byte = cursor_byte(c);

	for (size_t i = 0; i < NODE_STATES; i++) {
		if (wire_states[i] == byte)
			return (enum node_state)i;
	}
	cursor_fail(c);
	return NODE_UNKNOWN;
}

static void take_word(struct peers_word *out, struct cursor *c)
{
	out->site = cursor_number(c, 8);
	out->since_s = (uint32_t)cursor_number(c, 4);
	out->calls = (uint32_t)cursor_number(c, 4);
	out->drained = cursor_byte(c) & FLAG_DRAINED;
	cursor_take(c, 3);
}

/* Everything but the MACs, which c stands before. */
static uint8_t take_body(struct datagram *out, struct cursor *c)
{
	uint8_t name_len, macs;

	cursor_expect(c, slice_of(magic, 4));
	out->version = cursor_byte(c);
	if (out->version != DATAGRAM_OLD && out->version != DATAGRAM_VERSION)
		cursor_fail(c);
	out->word.state = take_state(c);
	name_len = cursor_byte(c);
	macs = cursor_byte(c);
	out->own = take_mark(c);
	out->wall_ms = cursor_number(c, 8);
	out->believed = take_mark(c);
	out->introduced = take_mark(c);
	out->word.calls = PEERS_CALLS_UNKNOWN;
	if (out->version != DATAGRAM_OLD)
		take_word(&out->word, c);
	out->name = cursor_take(c, name_len);
	if (!site_name_valid(out->name) || !out->own.session ||
	    !out->own.sequence)
		cursor_fail(c);
	return macs;
}

static bool is_signed(const uint8_t *mac, const struct site *site,
		      const uint8_t *bytes, size_t len, const char *to)
{
	uint8_t want[SECRET_MAC_LEN];

	sign(want, &site->keys, bytes, len, to);
	if (secret_mac_equal(want, mac))
		return true;
	if (!site->has_previous)
		return false;
	sign(want, &site->previous_keys, bytes, len, to);
	return secret_mac_equal(want, mac);
}

int datagram_read(struct datagram *out, const uint8_t *bytes, size_t len,
		  const char *to, const struct site *site)
{
	struct cursor c = cursor_of((const char *)bytes, len);
	size_t body_len;
	uint8_t macs;

	*out = (struct datagram){ 0 };
	macs = take_body(out, &c);
	body_len = len - cursor_left(&c);
	if (!cursor_ok(&c) || macs < 1 || macs > MACS_MAX ||
	    cursor_left(&c) != macs * (size_t)SECRET_MAC_LEN) {
		*out = (struct datagram){ 0 };
		return EBADMSG;
	}
	for (size_t i = 0; i < macs; i++) {
		if (is_signed(bytes + body_len + i * SECRET_MAC_LEN, site,
			      bytes, body_len, to))
			return 0;
	}
	return EACCES;
}
