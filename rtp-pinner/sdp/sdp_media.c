/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

#include "common/cursor.h"

struct slice sdp_word(struct cursor *c)
{
	while (cursor_peek(c) == ' ')
		cursor_byte(c);
	return cursor_until(c, " ");
}

bool sdp_number(uint32_t *out, struct slice s, uint32_t max)
{
	struct cursor c = cursor_of(s.text, s.len);
	uint64_t value = 0;
	bool negative;

	while (cursor_peek(&c) >= '\t' && cursor_peek(&c) <= '\r')
		cursor_byte(&c);
	negative = cursor_peek(&c) == '-';
	if (negative || cursor_peek(&c) == '+')
		cursor_byte(&c);
	if (cursor_peek(&c) < '0' || cursor_peek(&c) > '9')
		return false;
	while (cursor_peek(&c) >= '0' && cursor_peek(&c) <= '9') {
		value = value * 10 + cursor_byte(&c) - '0';
		if (value > max || (negative && value))
			return false;
	}
	*out = (uint32_t)value;
	return true;
}

struct addr sdp_addr_read(struct slice s)
{
	struct cursor c = cursor_of(s.text, s.len);
	struct slice bare = cursor_until(&c, "/");
	struct addr addr;

	if (bare.len > 2 && bare.text[0] == '[' &&
	    bare.text[bare.len - 1] == ']')
		bare = slice_of(bare.text + 1, bare.len - 2);
	if (addr_parse(&addr, bare.text, bare.len))
		return (struct addr){ 0 };
	addr_unmap(&addr);
	return addr;
}

bool sdp_addr_is_zero(const struct addr *a)
{
	static const uint8_t zero[sizeof(a->bytes_be)];

	return addr_is_set(a) && !memcmp(a->bytes_be, zero, sizeof(zero));
}

/* From the first character of one slice to the last of another. */
static struct slice span(struct slice from, struct slice to)
{
	return slice_of(from.text, (size_t)(to.text + to.len - from.text));
}

static bool is_internet(struct slice network)
{
	return slice_case_equal(network, slice_str("IN"));
}

static bool is_address_type(struct slice type)
{
	return slice_case_equal(type, slice_str("IP4")) ||
	       slice_case_equal(type, slice_str("IP6"));
}

struct sdp_connection sdp_connection_read(struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice network = sdp_word(&c);
	struct slice type = sdp_word(&c);
	struct slice address = sdp_word(&c);

	if (!is_internet(network) || !is_address_type(type) || !address.len)
		return (struct sdp_connection){ 0 };
	return (struct sdp_connection){
		.where = span(type, address),
		.addr = sdp_addr_read(address),
	};
}

/* username id version IN IP4 address, where the username may hold spaces:
 * real phones send them, and rtpengine takes them.
 */
struct sdp_origin sdp_origin_read(struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice first = sdp_word(&c);
	struct slice word[6] = { [5] = first };
	size_t last = 5;

	while (word[last].len) {
		for (size_t i = 0; i < last; i++)
			word[i] = word[i + 1];
		word[last] = sdp_word(&c);
		if (word[0].len && word[last].len && is_internet(word[3]) &&
		    is_address_type(word[4]))
			return (struct sdp_origin){
				.username = span(first, word[0]),
				.version = word[2],
				.where = span(word[4], word[5]),
			};
	}
	return (struct sdp_origin){ 0 };
}

struct sdp_media_words sdp_media_words(struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct sdp_media_words words = { .type = sdp_word(&c) };
	struct slice port = sdp_word(&c);
	struct cursor in_port = cursor_of(port.text, port.len);

	words.port = cursor_until(&in_port, "/");
	words.proto = sdp_word(&c);
	words.formats = cursor_take(&c, cursor_left(&c));
	return words;
}

/* Clock rates of the static payload types (RFC 3551 6). */
static uint32_t static_rate(uint32_t payload_type)
{
	static const uint32_t hz[] = {
		[0] = 8000,   [3] = 8000,   [4] = 8000,   [5] = 8000,
		[6] = 16000,  [7] = 8000,   [8] = 8000,   [9] = 8000,
		[10] = 44100, [11] = 44100, [12] = 8000,  [13] = 8000,
		[14] = 90000, [15] = 8000,  [16] = 11025, [17] = 22050,
		[18] = 8000,  [25] = 90000, [26] = 90000, [28] = 90000,
		[31] = 90000, [32] = 90000, [33] = 90000, [34] = 90000,
	};

	return payload_type < sizeof(hz) / sizeof(hz[0]) ? hz[payload_type] : 0;
}

/* The first formats are those the party prefers; more than fit are left out. */
static void read_formats(struct sdp_media *m, struct slice formats)
{
	struct cursor c = cursor_of(formats.text, formats.len);

	while (m->rate_cnt < SDP_RATES_MAX) {
		struct slice word = sdp_word(&c);
		uint32_t payload_type;

		if (!word.len)
			return;
		if (slice_u32(&payload_type, word, 127))
			continue;
		m->rates[m->rate_cnt++] = (struct sdp_rate){
			.payload_type = (uint8_t)payload_type,
			.hz = static_rate(payload_type),
		};
	}
}

void sdp_media_read_rtpmap(struct sdp_media *m, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice type = sdp_word(&c);
	struct slice encoding = sdp_word(&c);
	struct cursor in = cursor_of(encoding.text, encoding.len);
	uint32_t payload_type, hz;

	cursor_until(&in, "/");
	cursor_byte(&in);
	if (slice_u32(&payload_type, type, 127) ||
	    slice_u32(&hz, cursor_until(&in, "/"), 100000000) || !hz)
		return;
	for (size_t i = 0; i < m->rate_cnt; i++) {
		if (m->rates[i].payload_type == payload_type)
			m->rates[i].hz = hz;
	}
}

void sdp_media_finish_rates(struct sdp_media *m)
{
	size_t known = 0;

	for (size_t i = 0; i < m->rate_cnt; i++) {
		if (m->rates[i].hz)
			m->rates[known++] = m->rates[i];
	}
	m->rate_cnt = known;
}

static bool has_part(struct slice proto, const char *part)
{
	struct cursor c = cursor_of(proto.text, proto.len);
	struct slice want = slice_str(part);

	while (cursor_left(&c)) {
		if (slice_case_equal(cursor_until(&c, "/"), want))
			return true;
		cursor_byte(&c);
	}
	return false;
}

/* Datagrams are the default, as with rtpengine: a transport of tomorrow is
 * rather relayed than sent around the relay.  What is known to be a stream is
 * left alone; "DTLS/SCTP" of old browsers runs over UDP.
 */
enum sdp_proto sdp_proto_of(struct slice proto)
{
	static const char *const streams[] = {
		"TCP", "MSRP", "DCCP", "PSTN", "H323c", "AAL1", "AAL2",
	};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		if (has_part(proto, streams[i]))
			return SDP_PROTO_OTHER;
	}
	if (has_part(proto, "SCTP") && !has_part(proto, "UDP") &&
	    !slice_case_equal(proto, slice_str("DTLS/SCTP")))
		return SDP_PROTO_OTHER;
	if (!has_part(proto, "RTP"))
		return SDP_PROTO_UDP;
	if (has_part(proto, "SAVP") || has_part(proto, "SAVPF"))
		return SDP_PROTO_SRTP;
	return SDP_PROTO_RTP;
}

bool sdp_media_read(struct sdp_media *out, struct slice value)
{
	struct sdp_media_words words = sdp_media_words(value);

	*out = (struct sdp_media){
		.type = words.type,
		.proto_text = words.proto,
		.proto = sdp_proto_of(words.proto),
		.bundle_head = -1,
	};
	if (!words.proto.len ||
	    !sdp_number(&out->port, words.port, UINT16_MAX))
		return false;
	read_formats(out, words.formats);
	return true;
}

void sdp_media_read_rtcp(struct sdp_media *m, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	uint32_t port;

	if (m->has_rtcp)
		return;		/* the first one counts */
	m->has_rtcp = true;
	if (!sdp_number(&port, sdp_word(&c), UINT16_MAX) || !port)
		return;
	m->rtcp_port = (uint16_t)port;
	m->rtcp_addr = sdp_connection_read(cursor_take(&c, cursor_left(&c)))
			       .addr;
}

bool sdp_media_is_held(const struct sdp_media *m)
{
	if (!m->port)
		return false;
	return m->direction == SDP_SENDONLY || m->direction == SDP_INACTIVE ||
	       (m->zero_addr && !m->ice);
}
