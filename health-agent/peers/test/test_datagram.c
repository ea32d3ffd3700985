/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes between two agents: nodes of different versions must agree on them.
 */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>

#include "health-agent/peers/datagram.h"

static void derive(struct site *site, const char *secret, const char *previous)
{
	assert_int_equal(secret_derive(&site->keys, slice_str(secret)), 0);
	site->has_previous = previous != NULL;
	if (previous)
		assert_int_equal(secret_derive(&site->previous_keys,
					       slice_str(previous)), 0);
}

static const struct datagram sample = {
	.version = DATAGRAM_VERSION,
	.name = { "fra1", 4 },
	.word = { NODE_DRAINING, 0x61626364, 0x71727374, true,
		  0x5152535455565758 },
	.own = { 0x0102030405060708, 9 },
	.wall_ms = 0x1112131415161718,
	.believed = { 0x2122232425262728, 10 },
	.introduced = { 0x3132333435363738, 11 },
};

/* The MAC comes from Python's hashlib.blake2b. */
static void the_bytes_never_change(void **state)
{
	static const struct {
		uint8_t version;
		const char *want;
	} rows[] = {
		{ DATAGRAM_OLD,
		  "534148410103040101020304050607080000000000000009"
		  "1112131415161718212223242526272800000000000000"
		  "0a3132333435363738000000000000000b66726131"
		  "634a74bc4aff81d1dba917709b7b8d51" },
		{ DATAGRAM_VERSION,
		  "534148410203040101020304050607080000000000000009"
		  "1112131415161718212223242526272800000000000000"
		  "0a3132333435363738000000000000000b"
		  "515253545556575861626364717273740100000066726131"
		  "02943d894e5e4d8b07c58dafd0bcc17f" },
	};
	static struct site site;
	uint8_t bytes[PEERS_DATAGRAM_MAX];
	char hex[2 * PEERS_DATAGRAM_MAX + 1];
	size_t len;

	(void)state;
	derive(&site, "correct horse battery staple", NULL);
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
		struct datagram d = sample;

		d.version = rows[row].version;
		len = datagram_write(bytes, &d, "ams1", &site);
		for (size_t i = 0; i < len; i++)
			snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
		assert_string_equal(hex, rows[row].want);
	}
}

static void what_was_written_is_read(void **state)
{
	static struct site site;
	uint8_t bytes[PEERS_DATAGRAM_MAX];
	struct datagram got;
	size_t len;

	(void)state;
	derive(&site, "correct horse battery staple", "0123456789abcdef");
	len = datagram_write(bytes, &sample, "ams1", &site);
	assert_int_equal(datagram_read(&got, bytes, len, "ams1", &site), 0);
	assert_true(slice_equal(got.name, sample.name));
	assert_int_equal(got.word.state, sample.word.state);
	assert_int_equal(got.word.since_s, sample.word.since_s);
	assert_int_equal(got.word.calls, sample.word.calls);
	assert_int_equal(got.word.drained, sample.word.drained);
	assert_true(got.word.site == sample.word.site);
	assert_memory_equal(&got.own, &sample.own, sizeof(got.own));
	assert_true(got.wall_ms == sample.wall_ms);
	assert_memory_equal(&got.believed, &sample.believed,
			    sizeof(got.believed));
	assert_memory_equal(&got.introduced, &sample.introduced,
			    sizeof(got.introduced));
	assert_int_equal(datagram_read(&got, bytes, len, "ams2", &site),
			 EACCES);
}

static void what_is_no_datagram_is_refused(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t byte;
	} rows[] = {
		{ "another magic", 0, 'X' },  { "another version", 4, 3 },
		{ "no such state", 5, 6 },    { "a name too long", 6, 255 },
		{ "an empty name", 6, 0 },    { "no MAC", 7, 0 },
		{ "two MACs, one there", 7, 2 }, { "three MACs", 7, 3 },
		{ "no session", 15, 0 },      { "no number", 23, 0 },
		{ "an odd name", 84, '-' },   { "a NUL in it", 85, 0 },
	};
	static struct site site;

	(void)state;
	derive(&site, "correct horse battery staple", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[PEERS_DATAGRAM_MAX];
		struct datagram got, d = sample;
		size_t len;

		d.own = (struct datagram_mark){ 8, 9 };
		len = datagram_write(bytes, &d, "ams1", &site);
		CHECK_EQ(0, datagram_read(&got, bytes, len, "ams1", &site),
			 "as written");
		bytes[rows[i].at] = rows[i].byte;
		CHECK_EQ(EBADMSG,
			 datagram_read(&got, bytes, len, "ams1", &site),
			 rows[i].what);
		CHECK(!got.name.len, rows[i].what);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_never_change),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_is_no_datagram_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
