/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/probe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	MAC_HEX_LEN = 2 * SECRET_MAC_LEN,
	MACS_MAX = 2,
};

static const char hex_digits[] = "0123456789abcdef";

/* The MAC in lower-case hex, without a NUL.  The time goes in as a number, so
 * that its spelling in the header does not matter.
 */
static void mac_hex(char out[static MAC_HEX_LEN],
		    const struct secret_keys *keys, struct slice node,
		    uint64_t wall_s, struct slice call_id)
{
	uint8_t mac[SECRET_MAC_LEN];
	char time_be[8];
	const struct slice parts[] = {
		slice_str("sip-anycast-probe 1"),
		node,
		slice_of(time_be, sizeof(time_be)),
		call_id,
	};

	for (size_t i = sizeof(time_be); i-- > 0; wall_s >>= 8)
		time_be[i] = (char)(wall_s & 0xff);
	secret_mac_parts(mac, keys->probe, parts,
			 sizeof(parts) / sizeof(parts[0]));
	for (size_t i = 0; i < sizeof(mac); i++) {
		out[2 * i] = hex_digits[mac[i] >> 4];
		out[2 * i + 1] = hex_digits[mac[i] & 15];
	}
}

size_t probe_format(char out[static PROBE_VALUE_MAX], const struct site *site,
		    struct slice node, struct slice call_id, uint64_t wall_s)
{
	char hex[MAC_HEX_LEN];
	int len;

	out[0] = '\0';
	if (!site_name_valid(node))
		return 0;
	mac_hex(hex, &site->keys, node, wall_s, call_id);
	len = snprintf(out, PROBE_VALUE_MAX, "%.*s %" PRIu64 " %.*s",
		       (int)node.len, node.text, wall_s, MAC_HEX_LEN, hex);
	if (site->has_previous) {
		mac_hex(hex, &site->previous_keys, node, wall_s, call_id);
		len += snprintf(out + len, (size_t)(PROBE_VALUE_MAX - len),
				" %.*s", MAC_HEX_LEN, hex);
	}
	return (size_t)len;
}

/* Both are MAC_HEX_LEN lower-case hex digits; constant time. */
static bool hex_equal(const char *a, const char *b)
{
	bool first = secret_mac_equal((const uint8_t *)a, (const uint8_t *)b);
	bool second = secret_mac_equal((const uint8_t *)a + SECRET_MAC_LEN,
				       (const uint8_t *)b + SECRET_MAC_LEN);

	static_assert(MAC_HEX_LEN == 2 * SECRET_MAC_LEN, "two halves");
	return first && second;
}

static bool is_hex(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!memchr(hex_digits, s.text[i], sizeof(hex_digits) - 1))
			return false;
	}
	return true;
}

struct value {
	struct slice node;
	uint64_t sent_s;
	struct slice macs[MACS_MAX];
	size_t mac_cnt;
};

static bool parse(struct value *out, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct slice time;

	out->node = cursor_until(&c, " ");
	cursor_expect(&c, slice_str(" "));
	time = cursor_until(&c, " ");
	out->mac_cnt = 0;
	do {
		struct slice *mac = &out->macs[out->mac_cnt++];

		cursor_expect(&c, slice_str(" "));
		*mac = cursor_take(&c, MAC_HEX_LEN);
		if (!cursor_ok(&c) || !is_hex(*mac))
			return false;
	} while (cursor_left(&c) && out->mac_cnt < MACS_MAX);
	return !cursor_left(&c) && site_name_valid(out->node) &&
	       !slice_u64(&out->sent_s, time, UINT64_MAX);
}

static bool has_mac(const struct value *value, const struct secret_keys *keys,
		    struct slice call_id)
{
	char want[MAC_HEX_LEN];
	bool found = false;

	mac_hex(want, keys, value->node, value->sent_s, call_id);
	for (size_t i = 0; i < value->mac_cnt; i++)
		found |= hex_equal(want, value->macs[i].text);
	return found;
}

enum probe_verdict probe_check(struct slice value, const struct site *site,
			       struct slice node, struct slice call_id,
			       uint64_t wall_s)
{
	struct value got;
	uint64_t age_s;

	if (!parse(&got, slice_trim(value)))
		return PROBE_MALFORMED;
	if (!slice_equal(got.node, node))
		return PROBE_OTHER_NODE;
	age_s = got.sent_s > wall_s ? got.sent_s - wall_s
				    : wall_s - got.sent_s;
	if (age_s > PROBE_WINDOW_S)
		return PROBE_STALE;
	if (has_mac(&got, &site->keys, call_id) ||
	    (site->has_previous &&
	     has_mac(&got, &site->previous_keys, call_id)))
		return PROBE_VALID;
	return PROBE_FORGED;
}

const char *probe_verdict_name(enum probe_verdict verdict)
{
	static const char *const names[PROBE_VERDICTS] = {
		[PROBE_VALID] = "valid",
		[PROBE_MALFORMED] = "malformed",
		[PROBE_OTHER_NODE] = "other node",
		[PROBE_STALE] = "stale",
		[PROBE_FORGED] = "forged",
	};

	return (unsigned)verdict < PROBE_VERDICTS ? names[verdict] : "?";
}
