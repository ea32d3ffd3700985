/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys.c - the keys of a command's dict */
#include "rtp-pinner/ng/command_priv.h"

#include <string.h>

static void unknown(struct reader *r)
{
	r->command->unknown_cnt++;
}

static void split_spaces(struct reader *r, struct slice text,
			 reader_item_h *item)
{
	struct cursor c = cursor_of(text.text, text.len);

	while (cursor_left(&c)) {
		struct slice part = cursor_until(&c, " ");

		cursor_skip_blanks(&c);
		if (part.len && !item(r, part))
			unknown(r);
	}
}

static void split_text(struct reader *r, struct slice text, reader_item_h *item)
{
	struct cursor c = cursor_of(text.text, text.len);

	do {
		struct slice part = slice_trim(cursor_until(&c, ","));

		if (part.len && !item(r, part)) {
			if (memchr(part.text, ' ', part.len))
				split_spaces(r, part, item);
			else
				unknown(r);
		}
		cursor_take(&c, cursor_left(&c) ? 1 : 0);
	} while (cursor_left(&c));
}

void reader_items(struct reader *r, const struct ng_value *v,
		  reader_item_h *item)
{
	if (v->type == NG_IS_STRING) {
		split_text(r, v->string, item);
		return;
	}
	if (v->type != NG_IS_LIST) {
		unknown(r);
		return;
	}
	for (v = v->first; v; v = v->next) {
		if (v->type != NG_IS_STRING || !item(r, v->string))
			unknown(r);
	}
}

bool reader_integer(int64_t *out, const struct ng_value *v)
{
	struct slice text;
	bool negative;
	uint32_t value;

	if (v->type == NG_IS_INTEGER) {
		*out = v->integer;
		return true;
	}
	if (v->type != NG_IS_STRING)
		return false;
	text = slice_trim(v->string);
	negative = text.len && text.text[0] == '-';
	if (negative)
		text = slice_of(text.text + 1, text.len - 1);
	if (slice_u32(&value, text, INT32_MAX))
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

/* The whole text as an address, IPv6 with brackets or without. */
static bool address(struct addr *out, struct slice text)
{
	return !addr_parse(out, text.text, text.len) ||
	       !addr_parse_host(out, text.text, text.len);
}

static bool family(uint8_t *out, struct slice text)
{
	if (slice_case_equal(text, slice_str("IP4")))
		*out = ADDR_IP4;
	else if (slice_case_equal(text, slice_str("IP6")))
		*out = ADDR_IP6;
	else
		return false;
	return true;
}

static bool received_item(struct reader *r, struct slice item)
{
	struct ng_command *command = r->command;
	struct addr addr;
	uint8_t ignored;

	if (family(&ignored, item))
		return true;
	if (!address(&addr, item))
		return false;
	addr_unmap(&addr);
	for (size_t i = 0; i < command->received_cnt; i++) {
		if (addr_equal(&command->received[i], &addr))
			return true;
	}
	if (command->received_cnt == NG_RECEIVED_MAX)
		return false;
	command->received[command->received_cnt++] = addr;
	return true;
}

/* Kamailio writes its own as a list; a string, or anything in rtpp-flags, was
 * written by the operator and replaces it.
 */
static void received_from(struct reader *r, const struct ng_value *v)
{
	bool operators = r->in_rtpp || v->type == NG_IS_STRING;

	if (r->operators_received && !operators)
		return;
	if (!r->operators_received)
		r->command->received_cnt = 0;
	reader_items(r, v, received_item);
	if (operators && r->command->received_cnt)
		r->operators_received = true;
}

static void address_family(struct reader *r, const struct ng_value *v)
{
	if (v->type != NG_IS_STRING ||
	    !family(&r->command->address_family, slice_trim(v->string)))
		unknown(r);
}

static void media_address(struct reader *r, const struct ng_value *v)
{
	struct addr addr;

	if (v->type != NG_IS_STRING || !address(&addr, slice_trim(v->string))) {
		unknown(r);
		return;
	}
	addr_unmap(&addr);
	r->command->media_address = addr;
}

static void tos(struct reader *r, const struct ng_value *v)
{
	int64_t value;

	if (reader_integer(&value, v) && value >= 0 && value <= 255)
		r->command->tos = (int)value;
	else
		unknown(r);
}

/* Seconds; any negative number stands for the default. */
static void delete_delay(struct reader *r, const struct ng_value *v)
{
	int64_t value;

	if (reader_integer(&value, v) && value <= INT32_MAX)
		r->command->delete_delay_ms = value < 0 ? -1 : value * 1000;
	else
		unknown(r);
}

static void limit(struct reader *r, const struct ng_value *v)
{
	int64_t value;

	if (reader_integer(&value, v) && value > 0 && value <= UINT32_MAX)
		r->command->limit = (uint32_t)value;
	else
		unknown(r);
}

static bool ice_item(struct reader *r, struct slice item)
{
	static const struct {
		const char *name;
		enum ng_ice ice;
	} names[] = {
		{ "remove", NG_ICE_REMOVE },	{ "force", NG_ICE_FORCE },
		{ "default", NG_ICE_DEFAULT },	{ "optional", NG_ICE_PASS },
		{ "force-relay", NG_ICE_PASS }, { "pass", NG_ICE_PASS },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!ng_key_equal(item, slice_str(names[i].name)))
			continue;
		r->command->ice = names[i].ice;
		return true;
	}
	if ((item.len >= 4 &&
	     ng_key_equal(slice_of(item.text, 4), slice_str("lite"))) ||
	    ng_key_equal(item, slice_str("no-lite")) ||
	    ng_key_equal(item, slice_str("trickle")) ||
	    ng_key_equal(item, slice_str("ice2"))) {
		r->command->refused_cnt++;
		return true;
	}
	return false;
}

static void ice(struct reader *r, const struct ng_value *v)
{
	reader_items(r, v, ice_item);
}

static bool gate_prefix_item(struct reader *r, struct slice item)
{
	struct ng_command *command = r->command;
	struct cursor c = cursor_of(item.text, item.len);
	struct slice text = cursor_until(&c, "/");
	struct ng_prefix prefix;
	uint32_t most, len;

	if (!address(&prefix.addr, text))
		return false;
	most = prefix.addr.family == ADDR_IP4 ? 32 : 128;
	len = most;
	if (cursor_left(&c)) {
		cursor_byte(&c);
		if (slice_u32(&len, cursor_take(&c, cursor_left(&c)), most))
			return false;
	}
	if (command->gate_prefix_cnt == NG_GATE_MAX)
		return false;
	prefix.len = (uint8_t)len;
	command->gate_prefixes[command->gate_prefix_cnt++] = prefix;
	return true;
}

static bool gate_item(struct reader *r, struct slice item)
{
	static const struct {
		const char *name;
		enum ng_gate gate;
	} names[] = {
		{ "strict", NG_GATE_STRICT },
		{ "prefix", NG_GATE_PREFIX },
		{ "learn", NG_GATE_LEARN },
		{ "off", NG_GATE_OFF },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!ng_key_equal(item, slice_str(names[i].name)))
			continue;
		r->command->gate = names[i].gate;
		return true;
	}
	if (!gate_prefix_item(r, item))
		return false;
	r->command->gate = NG_GATE_PREFIX;
	return true;
}

static void gate(struct reader *r, const struct ng_value *v)
{
	reader_items(r, v, gate_item);
}

static void gate_prefix(struct reader *r, const struct ng_value *v)
{
	size_t before = r->command->gate_prefix_cnt;

	reader_items(r, v, gate_prefix_item);
	if (r->command->gate_prefix_cnt > before &&
	    r->command->gate == NG_GATE_UNSET)
		r->command->gate = NG_GATE_PREFIX;
}

static void message_type(struct reader *r, const struct ng_value *v)
{
	static const struct {
		const char *name;
		enum ng_message_type type;
	} names[] = {
		{ "request", NG_SIP_REQUEST },
		{ "sip-request", NG_SIP_REQUEST },
		{ "reply", NG_SIP_REPLY },
		{ "sip-reply", NG_SIP_REPLY },
		{ "response", NG_SIP_REPLY },
		{ "sip-response", NG_SIP_REPLY },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (v->type == NG_IS_STRING &&
		    ng_key_equal(v->string, slice_str(names[i].name))) {
			r->command->message_type = names[i].type;
			return;
		}
	}
	unknown(r);
}

static void flags(struct reader *r, const struct ng_value *v)
{
	reader_items(r, v, read_flag);
}

static void replace(struct reader *r, const struct ng_value *v)
{
	reader_items(r, v, read_replace);
}

static void rtcp_mux(struct reader *r, const struct ng_value *v)
{
	reader_items(r, v, read_rtcp_mux);
}

static void supports(struct reader *r, const struct ng_value *v)
{
	reader_items(r, v, read_supports);
}

static void rtpp_flags(struct reader *r, const struct ng_value *v)
{
	if (v->type == NG_IS_STRING && !r->in_rtpp)
		read_rtpp_flags(r, v->string);
	else
		unknown(r);
}

static void ignored(struct reader *r, const struct ng_value *v)
{
	(void)r;
	(void)v;
}

static void refused(struct reader *r, const struct ng_value *v)
{
	(void)v;
	r->command->refused_cnt++;
}

static void to_tag(struct reader *r, const struct ng_value *v)
{
	if (v->type != NG_IS_STRING) {
		unknown(r);
		return;
	}
	r->command->to_tag = v->string;
	if (r->in_rtpp)
		r->to_tag_wanted = true;
}

/* In rtpp-flags via-branch still says how Kamailio was to find it; what it
 * found is in the dict.
 */
static void via_branch(struct reader *r, const struct ng_value *v)
{
	if (v->type != NG_IS_STRING)
		unknown(r);
	else if (!r->in_rtpp)
		r->command->via_branch = v->string;
}

#define TEXT(name_, field_)                                      \
	{                                                        \
		name_, NULL, offsetof(struct ng_command, field_) \
	}
#define CALL(name_, handler_)      \
	{                          \
		name_, handler_, 0 \
	}

static const struct {
	const char *name;
	void (*read)(struct reader *r, const struct ng_value *v);
	size_t text_offset; /* of a struct slice, where read is NULL */
} keys[] = {
	TEXT("call-id", call_id),
	TEXT("from-tag", from_tag),
	CALL("to-tag", to_tag),
	TEXT("label", label),
	TEXT("from-label", label),
	TEXT("sdp", sdp),
	TEXT("anycast-probe", probe),
	TEXT("transport-protocol", transport_protocol),
	CALL("via-branch", via_branch),
	CALL("command", ignored),
	CALL("supports", supports),
	CALL("flags", flags),
	CALL("replace", replace),
	CALL("rtcp-mux", rtcp_mux),
	CALL("ICE", ice),
	CALL("received-from", received_from),
	CALL("address-family", address_family),
	CALL("media-address", media_address),
	CALL("TOS", tos),
	CALL("delete-delay", delete_delay),
	CALL("gate", gate),
	CALL("gate-prefix", gate_prefix),
	CALL("sip-message-type", message_type),
	CALL("rtpp-flags", rtpp_flags),
	CALL("limit", limit),
	/* one address of a family serves every direction and interface */
	CALL("direction", ignored),
	CALL("from-interface", ignored),
	CALL("to-interface", ignored),
	CALL("interface", ignored),
	CALL("inbound-peer", ignored),
	CALL("outbound-peer", ignored),
	CALL("sip-code", ignored),
	CALL("sip-response-code", ignored),
	CALL("passthrough", ignored),
	CALL("address", refused),
	CALL("audio-player", refused),
	CALL("player", refused),
	CALL("BUNDLE", refused),
	CALL("codec", refused),
	CALL("codecs", refused),
	CALL("delay-buffer", refused),
	CALL("drop-traffic", refused),
	CALL("DTLS", refused),
	CALL("DTLS-fingerprint", refused),
	CALL("DTLS-reverse", refused),
	CALL("DTMF-delay", refused),
	CALL("DTMF-log-dest", refused),
	CALL("DTMF-security", refused),
	CALL("endpoint-learning", refused),
	CALL("extmap", refused),
	CALL("generate-RTCP", refused),
	CALL("ICE-lite", refused),
	CALL("media-echo", refused),
	CALL("metadata", refused),
	CALL("moh", refused),
	CALL("OSRTP", refused),
	CALL("output-destination", refused),
	CALL("ptime", refused),
	CALL("ptime-reverse", refused),
	CALL("record-call", refused),
	CALL("recording-file", refused),
	CALL("recording-path", refused),
	CALL("recording-pattern", refused),
	CALL("repacketize", refused),
	CALL("SDES", refused),
	CALL("sdp-attr", refused),
	CALL("sdp-media-remove", refused),
	CALL("set-label", refused),
	CALL("T.38", refused),
	CALL("T38", refused),
	CALL("template", refused),
	CALL("to-call-id", refused),
	CALL("to-label", refused),
	CALL("xmlrpc-callback", refused),
};

void read_key(struct reader *r, const struct ng_value *v)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!ng_key_equal(v->key, slice_str(keys[i].name)))
			continue;
		if (keys[i].read)
			keys[i].read(r, v);
		else if (v->type == NG_IS_STRING)
			memcpy((char *)r->command + keys[i].text_offset,
			       &v->string, sizeof(v->string));
		else
			unknown(r);
		return;
	}
	unknown(r);
}
