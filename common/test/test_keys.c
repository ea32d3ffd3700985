/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/lines.h"

#include <errno.h>

#include "common/endpoint.h"
#include "common/keys.h"
#include "common/prefix.h"

struct told {
	uint32_t number;
	uint16_t port;
	uint8_t byte;
	bool flag;
	uint64_t ms;
	unsigned word;
	char text[8];
	char name[32];
	char path[8];
	struct endpoint endpoints[2];
	size_t endpoint_cnt;
	struct prefix prefixes[2];
	size_t prefix_cnt;
};

static const char *const words[] = { "zero", "", "two", "three", NULL };

#define AT(field_) .at = offsetof(struct told, field_), \
	.room = sizeof(((struct told *)0)->field_)
#define LIST(field_, cnt_) .at = offsetof(struct told, field_), \
	.also_at = offsetof(struct told, cnt_), .room = 2

static const struct key keys[] = {
	{ "number", "First", key_number, AT(number), .min = 2,
	  .max = UINT32_MAX, .dflt = "7", .help = "Any number at all." },
	{ "port", NULL, key_number, AT(port), .min = 1, .max = 65535 },
	{ "byte", NULL, key_number, AT(byte), .max = 63 },
	{ "flag", NULL, key_bool, AT(flag) },
	{ "time", NULL, key_duration, AT(ms), .min = 10, .max = 60000 },
	{ "word", NULL, key_word, AT(word), .words = words },
	{ "text", NULL, key_text, AT(text), .allowed = "some text" },
	{ "name", NULL, key_name, AT(name), .allowed = "a name" },
	{ "path", NULL, key_path, AT(path), .allowed = "a path" },
	{ "endpoints", NULL, key_endpoints, LIST(endpoints, endpoint_cnt),
	  .allowed = "places" },
	{ "prefixes", "Last", key_prefixes, LIST(prefixes, prefix_cnt),
	  .allowed = "blocks",
	  .dflt_note = "none", .example = "10.0.0.0/8",
	  .help = "Which addresses." },
};
static const struct key_table table = { keys, ARRAY_SIZE(keys) };

static int set(struct told *told, const char *name, const char *value,
	       char problem[static KEY_PROBLEM_MAX])
{
	const struct key *key = key_find(&table, slice_str(name));

	CHECK(key, name);
	return key_set(told, key, slice_str(value), problem);
}

static void values_reach_their_fields(void **state)
{
	static const char *const rows[][2] = {
		{ "number", "4294967295" }, { "port", "65535" },
		{ "byte", "63" },	    { "flag", "yes" },
		{ "time", "1m" },	    { "word", "two" },
		{ "text", "seven77" },	    { "name", "fra-1" },
		{ "path", "/a b" },	{ "endpoints", "1.2.3.4:5,[::1]:6" },
		{ "prefixes", "10.0.0.0/8, ::1" },
	};
	char problem[KEY_PROBLEM_MAX];
	struct told t = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_EQ(0, set(&t, rows[i][0], rows[i][1], problem),
			 rows[i][0]);
		CHECK_STR("", problem, rows[i][0]);
	}
	assert_int_equal(t.number, UINT32_MAX);
	assert_int_equal(t.port, 65535);
	assert_int_equal(t.byte, 63);
	assert_true(t.flag);
	assert_int_equal(t.ms, 60000);
	assert_int_equal(t.word, 2);
	assert_string_equal(t.text, "seven77");
	assert_string_equal(t.name, "fra-1");
	assert_string_equal(t.path, "/a b");
	assert_int_equal(t.endpoint_cnt, 2);
	assert_int_equal(t.endpoints[1].port, 6);
	assert_int_equal(t.prefix_cnt, 2);
	assert_int_equal(t.prefixes[1].len, 128);

	/* no number is wider than its field */
	t.flag = true;
	assert_int_equal(set(&t, "byte", "0", problem), 0);
	assert_int_equal(set(&t, "port", "1", problem), 0);
	assert_int_equal(set(&t, "byte", "9", problem), 0);
	assert_true(t.flag);
	assert_int_equal(t.port, 1);

	/* a list is read from scratch */
	assert_int_equal(set(&t, "endpoints", "1.2.3.4:5", problem), 0);
	assert_int_equal(t.endpoint_cnt, 1);
	assert_int_equal(set(&t, "flag", "no", problem), 0);
	assert_false(t.flag);
}

static void wrong_values_are_explained(void **state)
{
	static const struct {
		const char *key;
		const char *value;
		const char *want;	/* behind "is not allowed: " */
	} rows[] = {
		{ "number", "1", "a number from 2 to 4294967295" },
		{ "number", "4294967296", "a number from 2 to 4294967295" },
		{ "number", " 3", "a number from 2 to 4294967295" },
		{ "port", "0", "a number from 1 to 65535" },
		{ "byte", "64", "a number from 0 to 63" },
		{ "flag", "true", "yes or no" },
		{ "time", "9ms", "a time from 10ms to 1m, such as 500ms, 30s, "
				 "2m" },
		{ "time", "30", "a time from 10ms to 1m, such as 500ms, 30s, "
				"2m (it has no unit: 30s?)" },
		{ "word", "one", "zero, two or three" },
		{ "word", "", "zero, two or three" },
		{ "text", "", "some text (it is empty)" },
		{ "text", "eight888", "some text (it is longer than 7 "
				      "characters)" },
		{ "name", "Fra1", "a name" },
		{ "path", "a", "a path (it does not begin with /)" },
		{ "endpoints", "::1:5", "places (`::1:5' is no ADDRESS:PORT)" },
		{ "endpoints", "1.1.1.1:1,1.1.1.1:1",
		  "places (`1.1.1.1:1' is there twice)" },
		{ "endpoints", "1.1.1.1:1,1.1.1.1:2,1.1.1.1:3",
		  "places (`1.1.1.1:3' is one too many)" },
		{ "endpoints", "x\ny", "places (`x?y' is no ADDRESS:PORT)" },
		{ "prefixes", "10.0.0.1/8", "blocks (`10.0.0.1/8' has bits "
					    "behind its length: 10.0.0.0/8?)" },
		{ "prefixes", "10.0.0.0/8,", "blocks (`' is neither address "
					     "nor prefix)" },
		{ "prefixes", "::1,::2,::3", "blocks (`::3' is one too many)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char problem[KEY_PROBLEM_MAX], want[KEY_PROBLEM_MAX];
		char quoted[VALUE_QUOTED_MAX];
		struct told told = { 0 };

		value_quote(quoted, slice_str(rows[i].value));
		snprintf(want, sizeof(want), "`%s' is not allowed: %s", quoted,
			 rows[i].want);
		CHECK_EQ(EINVAL, set(&told, rows[i].key, rows[i].value,
				     problem), rows[i].value);
		CHECK_STR(want, problem, rows[i].value);
	}
}

static void keys_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(key_find(&table, slice_str("byte")), &keys[2]);
	assert_null(key_find(&table, slice_str("bytes")));
	assert_null(key_find(&table, slice_str("")));
	assert_string_equal(key_nearest(&table, slice_str("bytes")), "byte");
	assert_null(key_nearest(&table, slice_str("colour")));
}

static void the_table_is_printed(void **state)
{
	const struct key two[] = { keys[0], keys[10] };
	const struct key_table small = { two, 2 };
	struct lines got = { 0 };
	const struct key_printer p = { lines_add, &got };

	(void)state;
	key_print_options(&p, &small);
	assert_string_equal(got.text,
		"  --number              a number from 2 to 4294967295; "
		"default: 7\n"
		"  --prefixes            blocks; default: none\n");
	got = (struct lines){ 0 };
	key_print_reference(&p, &small);
	assert_string_equal(got.text,
		"number = a number from 2 to 4294967295; default: 7\n"
		"    Any number at all.\n"
		"prefixes = blocks; default: none\n    Which addresses.\n");
	got = (struct lines){ 0 };
	key_print_sample(&p, &small);
	assert_string_equal(got.text,
		"\n# ---- First\n\n# Any number at all.\n"
		"# Takes a number from 2 to 4294967295; default: 7\n"
		";number = 7\n"
		"\n# ---- Last\n\n# Which addresses.\n"
		"# Takes blocks; default: none\n;prefixes = 10.0.0.0/8\n");
	got = (struct lines){ 0 };
	key_print_wrapped(&p, "# ", "Lorem ipsum dolor sit amet, consectetur "
			  "adipiscing elit, sed do eiusmod tempor.");
	assert_string_equal(got.text,
		"# Lorem ipsum dolor sit amet, consectetur adipiscing elit, "
		"sed do eiusmod\n# tempor.\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_reach_their_fields),
		cmocka_unit_test(wrong_values_are_explained),
		cmocka_unit_test(keys_are_found_by_name),
		cmocka_unit_test(the_table_is_printed),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
