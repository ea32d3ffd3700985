/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <arpa/inet.h>
#include <stdbool.h>

#include "rtp-pinner/relay/rawip.h"

static void checksums_are_the_worked_examples(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
		uint16_t want;
	} rows[] = {
		{ "nothing", "", 0, 0xffff },
		/* RFC 1071 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2 */
		{ "RFC 1071", "\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8,
		  0xffff - 0xddf2 },
		{ "one byte", "\x01", 1, 0xffff - 0x0100 },
		{ "three bytes", "\x00\x01\xf2", 3, 0xffff - 0xf201 },
		{ "carry", "\xff\xff\xff\xff\x00\x01", 6, 0xffff - 1 },
		/* the IPv4 header every textbook has */
		{ "IPv4 header",
		  "\x45\x00\x00\x73\x00\x00\x40\x00\x40\x11\x00\x00"
		  "\xc0\xa8\x00\x01\xc0\xa8\x00\xc7", 20, 0xb861 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 ntohs(rawip_checksum(0, rows[i].bytes, rows[i].len)),
			 rows[i].name);
}

/* Any length and alignment, against the plain definition. */
static void checksums_do_not_mind_length_or_place(void **state)
{
	uint8_t bytes[300];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (uint8_t)(seed >> 16);
	}
	for (size_t at = 0; at < 8; at++) {
		for (size_t len = 0; len < 280; len++) {
			uint32_t sum = 0;

			for (size_t i = 0; i < len; i++)
				sum += (uint32_t)bytes[at + i] <<
				       (i % 2 ? 0 : 8);
			while (sum >> 16)
				sum = (sum & 0xffff) + (sum >> 16);
			CHECK_EQ((uint16_t)~sum,
				 ntohs(rawip_checksum(0, bytes + at, len)),
				 "random bytes");
		}
	}
}

static const struct flow_endpoint from4 = { 4, 0, 30000, { 192, 0, 2, 1 } };
static const struct flow_endpoint to4 = { 4, 0, 4000, { 198, 51, 100, 2 } };
static const struct flow_endpoint from6 = {
	6, 0, 30000, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
};
static const struct flow_endpoint to6 = {
	6, 0, 4000, { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 },
};

static void ipv4_headers_are_as_on_the_wire(void **state)
{
	static const uint8_t want[] = {
		0x45, 0xb8, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00,
		0x40, 0x11, 0x00, 0x00, 192, 0, 2, 1, 198, 51, 100, 2,
		0x75, 0x30, 0x0f, 0xa0, 0x00, 0x0c,
	};
	uint8_t bytes[RAWIP_HEAD_MAX + 600] = { 0 };
	uint8_t *payload = bytes + RAWIP_HEAD_MAX;

	(void)state;
	memcpy(payload, "abcd", 4);
	assert_int_equal(rawip_head(payload, 4, &from4, &to4, 46), 28);
	assert_memory_equal(payload - 28, want, sizeof(want));
	/* c000+0201+c633+6402 + 0011+000c + 7530+0fa0+000c + 6162+6364 */
	assert_int_equal(payload[-2] << 8 | payload[-1], 0xffff - 0x35f8);

	/* 576 bytes may not be fragmented, 577 may */
	rawip_head(payload, 548, &from4, &to4, 0);
	assert_int_equal(payload[-22], 0x40);
	rawip_head(payload, 549, &from4, &to4, 0);
	assert_int_equal(payload[-22], 0);
}

/* A receiver's sum over all of it, checksum included, is ffff. */
static void udp_checksums_add_up(void **state)
{
	uint8_t bytes[RAWIP_HEAD_MAX + 173];
	uint8_t *payload = bytes + RAWIP_HEAD_MAX;

	(void)state;
	for (size_t len = 0; len <= 173; len++) {
		for (int six = 0; six < 2; six++) {
			size_t addr_len = six ? 16 : 4, head;
			uint64_t sum = htons(17) +
				       (uint64_t)htons((uint16_t)(8 + len));

			memset(payload, (int)len, len);
			head = rawip_head(payload, len, six ? &from6 : &from4,
					  six ? &to6 : &to4, 0);
			sum = rawip_sum(sum, payload - 8 - 2 * addr_len,
					2 * addr_len);
			CHECK_EQ(six ? 48 : 28, head, "head");
			CHECK_EQ(0, rawip_checksum(sum, payload - 8, 8 + len),
				 "sum");
		}
	}
}

/* RFC 768: a sum of zero is sent as all ones, zero means there is none. */
static void a_zero_checksum_is_never_sent(void **state)
{
	uint8_t bytes[RAWIP_HEAD_MAX + 2] = { 0 };
	uint8_t *payload = bytes + RAWIP_HEAD_MAX;
	uint16_t check;

	(void)state;
	rawip_head(payload, 2, &from4, &to4, 0);
	memcpy(&check, payload - 2, sizeof(check));
	memcpy(payload, &check, sizeof(check));	/* now the sum is ffff */
	rawip_head(payload, 2, &from4, &to4, 0);
	assert_int_equal(payload[-2], 0xff);
	assert_int_equal(payload[-1], 0xff);
}

static void ipv6_headers_are_as_on_the_wire(void **state)
{
	static const uint8_t want[] = {
		0x6b, 0x80, 0, 0, 0x00, 0x0c, 0x11, 0x40,
	};
	uint8_t bytes[RAWIP_HEAD_MAX + 4];
	uint8_t *payload = bytes + RAWIP_HEAD_MAX;

	(void)state;
	memcpy(payload, "abcd", 4);
	assert_int_equal(rawip_head(payload, 4, &from6, &to6, 46), 48);
	assert_memory_equal(bytes, want, sizeof(want));
	assert_memory_equal(bytes + 8, from6.bytes_be, 16);
	assert_memory_equal(bytes + 24, to6.bytes_be, 16);
}

/* Put the pieces together again as a receiver does. */
static void fragments_are_the_datagram(void **state)
{
	static const struct {
		bool six;
		size_t len, mtu, want;
	} rows[] = {
		{ false, 1473, 1500, 2 },
		{ false, 2048, 1500, 2 },
		{ false, 2048, 1400, 2 },
		{ false, 2048, 600, 4 },
		{ false, 2048, 0, 4 },		/* taken as 552 */
		{ true, 1453, 1500, 2 },
		{ true, 2048, 1280, 2 },
		{ true, 2048, 0, 2 },		/* taken as 1280 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[RAWIP_HEAD_MAX + 2048], whole[2100];
		struct rawip_piece pieces[RAWIP_PIECES_MAX];
		uint8_t *payload = bytes + RAWIP_HEAD_MAX;
		size_t len = rows[i].len, at = 0, head, cnt;
		size_t ip = rows[i].six ? 40 : 20;

		for (size_t k = 0; k < len; k++)
			payload[k] = (uint8_t)(k * 7);
		head = rawip_head(payload, len, rows[i].six ? &from6 : &from4,
				  rows[i].six ? &to6 : &to4, 0);
		cnt = rawip_fragment(pieces, payload - head, head + len,
				     rows[i].mtu, 0x12345678);
		CHECK_EQ(rows[i].want, cnt, "pieces");
		for (size_t k = 0; k < cnt; k++) {
			const uint8_t *h = pieces[k].head;
			const uint8_t *field = h + (rows[i].six ? 42 : 6);
			unsigned word = (unsigned)field[0] << 8 | field[1];
			size_t offset = rows[i].six ? word & ~7U :
						      (word & 0x1fff) * 8;
			bool more = rows[i].six ? word & 1 : word & 0x2000;
			size_t total = pieces[k].head_len + pieces[k].len;

			CHECK_EQ(at, offset, "offset");
			CHECK_EQ(k + 1 < cnt, more, "more");
			CHECK(total <= (rows[i].mtu ? rows[i].mtu : 1280),
			      "mtu");
			CHECK_EQ(rows[i].six ? total - 40 : total,
				 rows[i].six ? h[4] << 8 | h[5] :
					       h[2] << 8 | h[3], "length");
			memcpy(whole + at, pieces[k].bytes, pieces[k].len);
			at += pieces[k].len;
		}
		CHECK_EQ(head - ip + len, at, "all of it");
		CHECK(!memcmp(whole, payload - head + ip, at), "as it was");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_the_worked_examples),
		cmocka_unit_test(checksums_do_not_mind_length_or_place),
		cmocka_unit_test(ipv4_headers_are_as_on_the_wire),
		cmocka_unit_test(udp_checksums_add_up),
		cmocka_unit_test(a_zero_checksum_is_never_sent),
		cmocka_unit_test(ipv6_headers_are_as_on_the_wire),
		cmocka_unit_test(fragments_are_the_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
