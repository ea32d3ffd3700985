/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/peersig.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	MAC_HEX_LEN = 2 * SECRET_MAC_LEN,
	MACS_MAX = 2,
};

static const char hex_digits[] = "0123456789abcdef";

/* The time goes in as a number, so that its spelling does not matter. */
static void sign(uint8_t mac[static SECRET_MAC_LEN],
		 const struct secret_keys *keys, struct slice node,
		 const struct peersig_request *req, uint64_t wall_s)
{
	char time_be[8];
	const struct slice parts[] = {
		slice_str("sip-anycast-peer 1"),
		node,
		slice_of(time_be, sizeof(time_be)),
		req->method,
		req->uri,
		slice_trim(req->from),
		slice_trim(req->call_id),
		slice_trim(req->cseq),
		req->body,
	};

	for (size_t i = sizeof(time_be); i-- > 0; wall_s >>= 8)
		time_be[i] = (char)(wall_s & 0xff);
	secret_mac_parts(mac, keys->peer, parts,
			 sizeof(parts) / sizeof(parts[0]));
}

size_t peersig_format(char out[static PEERSIG_VALUE_MAX],
		      const struct site *site, struct slice node,
		      const struct peersig_request *req, uint64_t wall_s)
{
	const struct secret_keys *keys[] = { &site->keys,
					     &site->previous_keys };
	size_t cnt = site->has_previous ? 2 : 1;
	size_t len;

	out[0] = '\0';
	if (!site_name_valid(node))
		return 0;
	len = (size_t)snprintf(out, PEERSIG_VALUE_MAX,
			       "node=%.*s;time=%" PRIu64, (int)node.len,
			       node.text, wall_s);
	for (size_t k = 0; k < cnt; k++) {
		uint8_t mac[SECRET_MAC_LEN];

		sign(mac, keys[k], node, req, wall_s);
		memcpy(out + len, ";mac=", 5);
		len += 5;
		for (size_t i = 0; i < sizeof(mac); i++) {
			out[len++] = hex_digits[mac[i] >> 4];
			out[len++] = hex_digits[mac[i] & 15];
		}
	}
	out[len] = '\0';
	return len;
}

struct value {
	struct slice node;
	uint64_t sent_s;
	uint8_t macs[MACS_MAX][SECRET_MAC_LEN];
	size_t mac_cnt;
};

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

static bool parse(struct value *out, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct slice time;

	cursor_expect(&c, slice_str("node="));
	out->node = cursor_until(&c, ";");
	cursor_expect(&c, slice_str(";time="));
	time = cursor_until(&c, ";");
	out->mac_cnt = 0;
	do {
		cursor_expect(&c, slice_str(";mac="));
		if (!parse_mac(out->macs[out->mac_cnt++],
			       cursor_take(&c, MAC_HEX_LEN)))
			return false;
	} while (cursor_left(&c) && out->mac_cnt < MACS_MAX);
	return cursor_ok(&c) && !cursor_left(&c) &&
	       site_name_valid(out->node) &&
	       !slice_u64(&out->sent_s, time, UINT64_MAX);
}

static bool signed_with(const struct value *got, const struct secret_keys *keys,
			const struct peersig_request *req)
{
	uint8_t want[SECRET_MAC_LEN];
	bool found = false;

	sign(want, keys, got->node, req, got->sent_s);
	for (size_t i = 0; i < got->mac_cnt; i++)
		found |= secret_mac_equal(want, got->macs[i]);
	return found;
}

enum peersig_verdict peersig_check(struct slice value, const struct site *site,
				   struct slice node,
				   const struct peersig_request *req,
				   uint64_t wall_s)
{
	struct value got;
	uint64_t age_s;

	value = slice_trim(value);
	if (!value.len)
		return PEERSIG_MISSING;
	if (!parse(&got, value))
		return PEERSIG_MALFORMED;
	if (slice_equal(got.node, node))
		return PEERSIG_OWN;
	age_s = got.sent_s > wall_s ? got.sent_s - wall_s
				    : wall_s - got.sent_s;
	if (age_s > PEERSIG_WINDOW_S)
		return PEERSIG_STALE;
	if (signed_with(&got, &site->keys, req) ||
	    (site->has_previous &&
	     signed_with(&got, &site->previous_keys, req)))
		return PEERSIG_VALID;
	return PEERSIG_FORGED;
}

const char *peersig_verdict_name(enum peersig_verdict verdict)
{
	static const char *const names[PEERSIG_VERDICTS] = {
		[PEERSIG_VALID] = "valid",
		[PEERSIG_MISSING] = "missing",
		[PEERSIG_MALFORMED] = "malformed",
		[PEERSIG_OWN] = "own",
		[PEERSIG_STALE] = "stale",
		[PEERSIG_FORGED] = "forged",
	};

	return (unsigned)verdict < PEERSIG_VERDICTS ? names[verdict] : "?";
}
