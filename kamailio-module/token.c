/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/token.h"

#include <assert.h>
#include <sodium.h>

#include "common/be.h"

enum {
	PREFIX_LEN = 3,		/* "f1-" */
	HEAD_LEN = 9,		/* before the address */
	FLOW_BYTES_MIN = HEAD_LEN + 4 + SECRET_MAC_LEN,
	FLOW_BYTES_MAX = HEAD_LEN + 16 + SECRET_MAC_LEN,
	FLOW_ON_SERVICE = 8,	/* beside the transport in the first byte */
	FLOW_IP6 = 16,
	FLOW_TRANSPORT_MASK = 7,
	VIA_MAC_LEN = 10,
	VIA_HEX_LEN = 2 * VIA_MAC_LEN,
	SECONDS = 60,
};
static_assert(SIP_TRANSPORTS <= FLOW_TRANSPORT_MASK + 1, "three bits");
static_assert((int)VIA_MAC_LEN <= (int)SECRET_MAC_LEN, "a part of the MAC");
static_assert(TOKEN_VIA_MAX == SITE_NAME_MAX + 1 + (int)VIA_HEX_LEN, "");
static_assert(TOKEN_FLOW_MAX > PREFIX_LEN + (FLOW_BYTES_MAX * 4 + 2) / 3, "");

static const char hex_digits[] = "0123456789abcdef";

const char *token_verdict_name(enum token_verdict verdict)
{
	static const char *const names[TOKEN_VERDICTS] = {
		[TOKEN_VALID] = "valid",
		[TOKEN_NONE] = "none",
		[TOKEN_MALFORMED] = "malformed",
		[TOKEN_FORGED] = "forged",
		[TOKEN_STALE] = "stale",
	};

	return (unsigned)verdict < TOKEN_VERDICTS ? names[verdict] : "?";
}

static void flow_mac(uint8_t out[static SECRET_MAC_LEN],
		     const struct secret_keys *keys, struct slice node,
		     const uint8_t *bytes, size_t len)
{
	const struct slice parts[] = {
		slice_str("sip-anycast-flow 1"),
		node,
		slice_of((const char *)bytes, len),
	};

	secret_mac_parts(out, keys->token, parts,
			 sizeof(parts) / sizeof(parts[0]));
}

size_t token_format_flow(char out[static TOKEN_FLOW_MAX],
			 const struct site *site, struct slice node,
			 const struct flow *flow, uint64_t wall_s)
{
	uint8_t bytes[FLOW_BYTES_MAX];
	bool ip6 = flow->remote.family == ADDR_IP6;
	size_t addr_len = ip6 ? 16 : 4;
	size_t len;

	out[0] = '\0';
	if (!site_name_valid(node) || !addr_is_set(&flow->remote) ||
	    !flow->remote_port || !flow->local_port)
		return 0;

	bytes[0] = (uint8_t)((flow->transport & FLOW_TRANSPORT_MASK) |
			     (flow->on_service ? FLOW_ON_SERVICE : 0) |
			     (ip6 ? FLOW_IP6 : 0));
	len = 1 + be_put(bytes + 1, flow->local_port, 2);
	len += be_put(bytes + len, flow->remote_port, 2);
	len += be_put(bytes + len, wall_s / SECONDS, 4);
	memcpy(bytes + len, flow->remote.bytes_be, addr_len);
	len += addr_len;
	flow_mac(bytes + len, site_writing_keys(site), node, bytes, len);
	len += SECRET_MAC_LEN;

	memcpy(out, "f1-", PREFIX_LEN);
	sodium_bin2base64(out + PREFIX_LEN, TOKEN_FLOW_MAX - PREFIX_LEN, bytes,
			  len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return strlen(out);
}

/* The bytes that the MAC covers; what they say must be possible. */
static bool read_flow(struct flow *out, uint64_t *minute, struct slice bytes)
{
	struct cursor c = cursor_of(bytes.text, bytes.len);
	uint8_t first = cursor_byte(&c);
	struct slice addr;

	out->transport = (enum sip_transport)(first & FLOW_TRANSPORT_MASK);
	out->on_service = first & FLOW_ON_SERVICE;
	out->local_port = (uint16_t)cursor_number(&c, 2);
	out->remote_port = (uint16_t)cursor_number(&c, 2);
	*minute = (uint32_t)cursor_number(&c, 4);
	addr = cursor_take(&c, first & FLOW_IP6 ? 16 : 4);
	if (!cursor_ok(&c) || cursor_left(&c))
		return false;
	if (first & FLOW_IP6)
		addr_from_ip6(&out->remote, (const uint8_t *)addr.text);
	else
		addr_from_ip4(&out->remote, (const uint8_t *)addr.text);
	return out->transport < SIP_TRANSPORTS &&
	       !(first & ~(FLOW_TRANSPORT_MASK | FLOW_ON_SERVICE | FLOW_IP6)) &&
	       out->local_port && out->remote_port;
}

static bool has_flow_mac(const uint8_t *bytes, size_t len,
			 const struct secret_keys *keys, struct slice node)
{
	uint8_t want[SECRET_MAC_LEN];

	flow_mac(want, keys, node, bytes, len);
	return secret_mac_equal(want, bytes + len);
}

static bool is_stale(uint64_t minute, uint64_t wall_s, uint32_t lifetime_s)
{
	uint64_t now = (uint32_t)(wall_s / SECONDS);
	uint64_t age = minute > now ? minute - now : now - minute;

	return age * SECONDS > (uint64_t)lifetime_s + SECONDS - 1;
}

enum token_verdict token_parse_flow(struct flow *out, struct slice user,
				    const struct site *site, struct slice node,
				    uint64_t wall_s, uint32_t lifetime_s)
{
	uint8_t bytes[FLOW_BYTES_MAX];
	struct flow flow = { 0 };
	uint64_t minute;
	size_t len;

	*out = (struct flow){ 0 };
	if (user.len < PREFIX_LEN || memcmp(user.text, "f1-", PREFIX_LEN))
		return TOKEN_NONE;
	if (sodium_base642bin(bytes, sizeof(bytes), user.text + PREFIX_LEN,
			      user.len - PREFIX_LEN, NULL, &len, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
	    len < FLOW_BYTES_MIN)
		return TOKEN_MALFORMED;
	len -= SECRET_MAC_LEN;
	if (!read_flow(&flow, &minute, slice_of((const char *)bytes, len)))
		return TOKEN_MALFORMED;
	if (!has_flow_mac(bytes, len, &site->keys, node) &&
	    !(site->has_previous &&
	      has_flow_mac(bytes, len, &site->previous_keys, node)))
		return TOKEN_FORGED;
	*out = flow;
	return is_stale(minute, wall_s, lifetime_s) ? TOKEN_STALE : TOKEN_VALID;
}

bool token_flow_equal(const struct flow *a, const struct flow *b)
{
	return a->transport == b->transport &&
	       a->on_service == b->on_service &&
	       a->local_port == b->local_port &&
	       a->remote_port == b->remote_port &&
	       addr_equal(&a->remote, &b->remote);
}

static void via_hex(char out[static VIA_HEX_LEN],
		    const struct secret_keys *keys, struct slice node,
		    struct slice branch)
{
	uint8_t mac[SECRET_MAC_LEN];
	const struct slice parts[] = {
		slice_str("sip-anycast-via 1"), node, branch,
	};

	secret_mac_parts(mac, keys->token, parts,
			 sizeof(parts) / sizeof(parts[0]));
	for (size_t i = 0; i < VIA_MAC_LEN; i++) {
		out[2 * i] = hex_digits[mac[i] >> 4];
		out[2 * i + 1] = hex_digits[mac[i] & 15];
	}
}

size_t token_format_via(char out[static TOKEN_VIA_MAX],
			const struct site *site, struct slice node,
			struct slice branch)
{
	out[0] = '\0';
	if (!site_name_valid(node) || !branch.len)
		return 0;
	memcpy(out, node.text, node.len);
	out[node.len] = '.';
	via_hex(out + node.len + 1, site_writing_keys(site), node, branch);
	out[node.len + 1 + VIA_HEX_LEN] = '\0';
	return node.len + 1 + VIA_HEX_LEN;
}

static bool has_via_mac(struct slice hex, const struct secret_keys *keys,
			struct slice node, struct slice branch)
{
	char want[VIA_HEX_LEN];

	via_hex(want, keys, node, branch);
	return !sodium_memcmp(want, hex.text, VIA_HEX_LEN);
}

enum token_verdict token_parse_via(struct slice *node, struct slice value,
				   const struct site *site,
				   struct slice branch)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice name = cursor_until(&c, ".");
	struct slice hex;

	*node = (struct slice){ 0 };
	if (!value.len)
		return TOKEN_NONE;
	cursor_expect(&c, slice_str("."));
	hex = cursor_take(&c, VIA_HEX_LEN);
	if (!cursor_ok(&c) || cursor_left(&c) || !site_name_valid(name))
		return TOKEN_MALFORMED;
	if (!has_via_mac(hex, &site->keys, name, branch) &&
	    !(site->has_previous &&
	      has_via_mac(hex, &site->previous_keys, name, branch)))
		return TOKEN_FORGED;
	*node = name;
	return TOKEN_VALID;
}
