/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/append.h"
#include "common/test/table.h"

#include <errno.h>

#include "health-agent/exabgp/json.h"

static char found[2048];

static void add(void *arg, const struct json_path *path, struct slice value)
{
	(void)arg;
	for (size_t i = 0; i < path->depth; i++)
		append(found, sizeof(found), "%s%.*s", i ? "." : "",
		       (int)path->keys[i].len, path->keys[i].text);
	append(found, sizeof(found), "=%.*s ", (int)value.len, value.text);
}

static void values_come_with_their_path(void **state)
{
	static const struct {
		const char *text, *want;
		int err;
	} rows[] = {
		{ "{}", "", 0 },
		{ " { } ", "", 0 },
		{ "{\"a\":1}", "a=1 ", 0 },
		{ "{ \"a\" : \"b c\" , \"d\" : true }", "a=b c d=true ", 0 },
		{ "{\"a\":{\"b\":{\"c\":null}},\"d\":-1.5e3}",
		  "a.b.c=null d=-1.5e3 ", 0 },
		{ "{\"a\":{},\"b\":[],\"c\":2}", "c=2 ", 0 },
		{ "{\"a\":[1,\"x\",{\"b\":2}],\"c\":3}",
		  "a.=1 a.=x a..b=2 c=3 ", 0 },
		{ "{\"a\":\"\\\"} ,\\\\\"}", "a=\\\"} ,\\\\ ", 0 },
		{ "{\"\":\"\"}", "= ", 0 },
		/* as ExaBGP 4.2 writes it */
		{ "{ \"asn\": { \"local\": 1, \"peer\": 2 } , \"s\": \"up\" } ",
		  "asn.local=1 asn.peer=2 s=up ", 0 },

		{ "", "", EBADMSG },
		{ "[]", "", EBADMSG },
		{ "x{}", "", EBADMSG },
		{ "{", "", EBADMSG },
		{ "{}}", "", EBADMSG },
		{ "{} x", "", EBADMSG },
		{ "{]", "", EBADMSG },
		{ "{\"a\"}", "", EBADMSG },
		{ "{\"a\":}", "", EBADMSG },
		{ "{\"a\":1", "a=1 ", EBADMSG },
		{ "{\"a\":1,}", "a=1 ", EBADMSG },
		{ "{\"a\":1 2}", "a=1 ", EBADMSG },
		{ "{\"a\":\"b", "", EBADMSG },
		{ "{\"a\":\"b\\", "", EBADMSG },
		{ "{\"a\":\"b\\\"}", "", EBADMSG },
		{ "{a:1}", "", EBADMSG },
		{ "{\"a\":[1}", "a.=1 ", EBADMSG },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}",
		  "a.a.a.a.a.a.a=1 ", 0 },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}"
		  "}}}}}}", "a.a.a.a.a.a.a.a=1 ", 0 },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		  "\"a\":1}}}}}}}}}", "", EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		found[0] = '\0';
		CHECK_EQ(rows[i].err,
			 json_walk(slice_str(rows[i].text), add, NULL),
			 rows[i].text);
		CHECK_STR(rows[i].want, found, rows[i].text);
	}
}

static void a_path_is_compared_as_a_whole(void **state)
{
	struct json_path path = {
		.keys = { slice_of("a", 1), slice_of("bc", 2) }, .depth = 2,
	};

	(void)state;
	assert_true(json_at(&path, (const char *[]){ "a", "bc", NULL }));
	assert_false(json_at(&path, (const char *[]){ "a", NULL }));
	assert_false(json_at(&path, (const char *[]){ "a", "b", NULL }));
	assert_false(json_at(&path, (const char *[]){ "a", "bc", "d", NULL }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_with_their_path),
		cmocka_unit_test(a_path_is_compared_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
