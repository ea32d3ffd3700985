/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/peersig.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	MAC_HEX_LEN = 2 * SECRET_MAC_LEN,
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
	uint8_t mac[SECRET_MAC_LEN];
	char hex[MAC_HEX_LEN];

	out[0] = '\0';
	if (!site_name_valid(node))
		return 0;
	sign(mac, site->has_previous ? &site->previous_keys : &site->keys,
	     node, req, wall_s);
	for (size_t i = 0; i < sizeof(mac); i++) {
		hex[2 * i] = hex_digits[mac[i] >> 4];
		hex[2 * i + 1] = hex_digits[mac[i] & 15];
	}
	return (size_t)snprintf(out, PEERSIG_VALUE_MAX,
				"node=%.*s;time=%" PRIu64 ";mac=%.*s",
				(int)node.len, node.text, wall_s, MAC_HEX_LEN,
				hex);
}

struct value {
	struct slice node;
	uint64_t sent_s;
	uint8_t mac[SECRET_MAC_LEN];
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
	struct slice time, hex;

	cursor_expect(&c, slice_str("node="));
	out->node = cursor_until(&c, ";");
	cursor_expect(&c, slice_str(";time="));
	time = cursor_until(&c, ";");
	cursor_expect(&c, slice_str(";mac="));
	hex = cursor_take(&c, MAC_HEX_LEN);
	return cursor_ok(&c) && !cursor_left(&c) &&
	       site_name_valid(out->node) && parse_mac(out->mac, hex) &&
	       !slice_u64(&out->sent_s, time, UINT64_MAX);
}

static bool signed_with(const struct value *got, const struct secret_keys *keys,
			const struct peersig_request *req)
{
	uint8_t want[SECRET_MAC_LEN];

	sign(want, keys, got->node, req, got->sent_s);
	return secret_mac_equal(want, got->mac);
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
