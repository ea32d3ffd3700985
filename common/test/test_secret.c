/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>

#include "common/secret.h"

static const char *hex(const uint8_t *bytes, size_t len)
{
	static char out[2 * 64 + 1];

	out[0] = '\0';
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

/* The values come from Python's hashlib.blake2b: nodes of different versions
 * must agree on them, so a change here is a change of the protocol.
 */
static void keys_are_the_same_on_every_node(void **state)
{
	struct secret_keys k;

	(void)state;
	assert_int_equal(secret_derive(&k, slice_str("correct horse battery "
						     "staple")), 0);
	assert_string_equal(hex(k.totag, sizeof(k.totag)),
			    "441e7ff5b6658cc98ff59fab20c89c78");
	assert_string_equal(hex(k.table, sizeof(k.table)),
			    "fb5c8ea15a39c79688a1463c7ce47f72");
	assert_string_equal(hex(k.probe, sizeof(k.probe)),
			    "309e3987e66c74844bed577c4c39121f"
			    "f119e575a5f44f8d475f787ce40f3da2");
	assert_string_equal(hex(k.script, sizeof(k.script)),
			    "cfbb6020a183dfc6d01dd01b0110a97b"
			    "8fe3789d5c28191961ddafcef0a89fcd");
	assert_string_equal(hex(k.agent, sizeof(k.agent)),
			    "cdddb0e5033dddbfa26cab544f46d0d5"
			    "726d688b338651040cbee453c8d79b7e");
	assert_string_equal(hex(k.pass, sizeof(k.pass)),
			    "c33d524e2f38e94d9ff059077907ddfe"
			    "09216f324511d043afe3003f82da8b46");
	assert_string_equal(hex(k.token, sizeof(k.token)),
			    "0c6ab78999d49384f511d2d1ec6e1a6b"
			    "57655b0a83451c00fe9bd3890c245545");
	assert_string_equal(hex(k.peer, sizeof(k.peer)),
			    "1b77005645d1fbb162eadba9d0ca373e"
			    "b69d25cad43200c1136614d0eea8f479");
}

static void white_space_around_a_secret_does_not_count(void **state)
{
	struct secret_keys a, b, c;

	(void)state;
	secret_derive(&a, slice_str("0123456789abcdef"));
	secret_derive(&b, slice_str(" 0123456789abcdef\r\n"));
	secret_derive(&c, slice_str("0123456789abcdeg"));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_memory_not_equal(a.totag, c.totag, sizeof(a.totag));
	assert_memory_not_equal(a.probe, c.probe, sizeof(a.probe));
}

static void a_secret_is_16_to_1024_bytes(void **state)
{
	static const struct {
		size_t len;
		int want;
	} rows[] = {
		{ 0, EINVAL },	{ 15, EINVAL }, { 16, 0 },
		{ 1024, 0 },	{ 1025, EINVAL },
	};
	static char text[2048];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct secret_keys k;

		assert_int_equal(secret_derive(&k, slice_of(text, rows[i].len)),
				 rows[i].want);
	}
	/* blanks do not make a short one long */
	memset(text + 15, ' ', 100);
	assert_int_equal(secret_derive(&(struct secret_keys){ 0 },
				       slice_of(text, 100)), EINVAL);
}

static void fini_wipes(void **state)
{
	static const struct secret_keys zero;
	struct secret_keys k;

	(void)state;
	secret_derive(&k, slice_str("0123456789abcdef"));
	secret_fini(&k);
	assert_memory_equal(&k, &zero, sizeof(k));
}

/* The vector of the SipHash paper, appendix A: SipHash-2-4. */
static void siphash_is_siphash_2_4(void **state)
{
	uint8_t key[SECRET_SIPHASH_KEY_LEN], text[15];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)i;
	assert_true(secret_siphash(key, text, sizeof(text)) ==
		    UINT64_C(0xa129ca6149be45e5));
	/* first of the reference implementation's vectors: no input */
	assert_true(secret_siphash(key, text, 0) ==
		    UINT64_C(0x726fdb47dd0e0e31));
}

static void macs_are_keyed_blake2b(void **state)
{
	const struct slice parts[] = {
		slice_str("a"), { 0 }, slice_str("bc"),
	};
	uint8_t key[SECRET_MAC_KEY_LEN], mac[SECRET_MAC_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	secret_mac(mac, key, "abc", 3);
	assert_string_equal(hex(mac, sizeof(mac)),
			    "1a64be47e4729d951c302ee543f97cf3");
	secret_mac(mac, key, "", 0);
	assert_string_equal(hex(mac, sizeof(mac)),
			    "3daf97bce7888fd59773c66bf647459c");
	secret_mac_parts(mac, key, parts, ARRAY_SIZE(parts));
	assert_string_equal(hex(mac, sizeof(mac)),
			    "f1bc2039a7678974dcb978bfec1a1ce1");
}

static void parts_cannot_be_moved_into_each_other(void **state)
{
	const struct slice ab_c[] = { slice_str("ab"), slice_str("c") };
	const struct slice a_bc[] = { slice_str("a"), slice_str("bc") };
	static const uint8_t key[SECRET_MAC_KEY_LEN] = { 1 };
	uint8_t one[SECRET_MAC_LEN], other[SECRET_MAC_LEN];

	(void)state;
	secret_mac_parts(one, key, ab_c, 2);
	secret_mac_parts(other, key, a_bc, 2);
	assert_false(secret_mac_equal(one, other));
	secret_mac_parts(other, key, ab_c, 2);
	assert_true(secret_mac_equal(one, other));
	for (size_t i = 0; i < sizeof(one); i++) {
		other[i] ^= 0x80;
		assert_false(secret_mac_equal(one, other));
		other[i] ^= 0x80;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_the_same_on_every_node),
		cmocka_unit_test(white_space_around_a_secret_does_not_count),
		cmocka_unit_test(a_secret_is_16_to_1024_bytes),
		cmocka_unit_test(fini_wipes),
		cmocka_unit_test(siphash_is_siphash_2_4),
		cmocka_unit_test(macs_are_keyed_blake2b),
		cmocka_unit_test(parts_cannot_be_moved_into_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
