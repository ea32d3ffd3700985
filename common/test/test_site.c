/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a good site file means; test_site_errors.c has the bad ones. */
#include "common/test/lines.h"
#include "common/test/scratch.h"

#include <errno.h>

#include "common/site.h"
#include "common/textfile.h"

#define SECRET "correct horse battery staple"
#define SMALL                                 \
	"[service]\n"                         \
	"domain = sip.example.net\n"          \
	"address = 192.0.2.53\n"              \
	"secret = " SECRET "\n"               \
	"[node fra1]\n"                       \
	"address = 198.51.100.11\n"

static struct site *parse(const char *text)
{
	struct lines errors = { 0 };
	struct site *site;
	int err = site_parse(&site, "site.conf", NULL, slice_str(text),
			     lines_add, &errors);

	assert_string_equal(errors.text, "");
	assert_int_equal(err, 0);
	assert_non_null(site);
	return site;
}

static const char *text_of(const struct addr *a)
{
	static char out[ADDR_TEXT_MAX];

	addr_format(out, a);
	return out;
}

static void defaults_fill_what_is_not_said(void **state)
{
	struct site *site = parse(SMALL);
	const struct site_node *node = &site->nodes[0];

	(void)state;
	assert_string_equal(site->domain, "sip.example.net");
	assert_int_equal(site->alias_cnt, 0);
	assert_string_equal(text_of(&site->ip4), "192.0.2.53");
	assert_false(addr_is_set(&site->ip6));
	assert_int_equal(site->sip_port, 5060);
	assert_int_equal(site->sips_port, 5061);
	assert_int_equal(site->http_port, 80);
	assert_int_equal(site->https_port, 443);
	assert_false(site->tls);
	assert_false(site->has_previous);
	assert_int_equal(site->node_cnt, 1);

	assert_string_equal(node->name, "fra1");
	assert_string_equal(text_of(&node->ip4), "198.51.100.11");
	assert_false(addr_is_set(&node->ip6));
	assert_int_equal(node->sip_port, 5060);
	assert_int_equal(node->sips_port, 5061);
	assert_string_equal(node->host, "");
	assert_string_equal(node->http, "");
	assert_int_equal(node->local_as, 0);
	assert_int_equal(node->neighbor_cnt, 0);
	assert_int_equal(node->class, SITE_GLOBAL);
	site_free(site);
}

static void every_key_reaches_its_field(void **state)
{
	struct site *site = parse(
		"[service]\n"
		"domain = SIP.Example.net\n"
		"alias = a.example.net, B.example.net ,c\n"
		"address = 2001:db8:53::53,192.0.2.53\n"
		"sip-port = 1\n"
		"sips-port = 65535\n"
		"http-port = 8080\n"
		"https-port = 8443\n"
		"tls = yes\n"
		"secret = " SECRET "\n"
		"previous-secret = 0123456789abcdef\n"
		"[node fra1]\n"
		"address = 198.51.100.11, 2001:db8:1::11\n"
		"host = Fra1.example.net\n"
		"http = HTTPS://fra1.example.net:8443/a/b%20c//\n"
		"sip-port = 5070\n"
		"sips-port = 5071\n"
		"local-as = 4294967294\n"
		"neighbor = 198.51.100.1 as 64500\n"
		"neighbor = 2001:db8:1::1   as\t1\n"
		"class = local\n");
	const struct site_node *node = &site->nodes[0];
	struct secret_keys keys;

	(void)state;
	assert_string_equal(site->domain, "sip.example.net");
	assert_int_equal(site->alias_cnt, 3);
	assert_string_equal(site->aliases[0], "a.example.net");
	assert_string_equal(site->aliases[1], "b.example.net");
	assert_string_equal(site->aliases[2], "c");
	assert_string_equal(text_of(&site->ip4), "192.0.2.53");
	assert_string_equal(text_of(&site->ip6), "2001:db8:53::53");
	assert_int_equal(site->sip_port, 1);
	assert_int_equal(site->sips_port, 65535);
	assert_int_equal(site->http_port, 8080);
	assert_int_equal(site->https_port, 8443);
	assert_true(site->tls);
	assert_true(site->has_previous);
	secret_derive(&keys, slice_str(SECRET));
	assert_memory_equal(&site->keys, &keys, sizeof(keys));
	secret_derive(&keys, slice_str("0123456789abcdef"));
	assert_memory_equal(&site->previous_keys, &keys, sizeof(keys));

	assert_string_equal(text_of(&node->ip4), "198.51.100.11");
	assert_string_equal(text_of(&node->ip6), "2001:db8:1::11");
	assert_string_equal(node->host, "fra1.example.net");
	assert_string_equal(node->http,
			    "HTTPS://fra1.example.net:8443/a/b%20c");
	assert_int_equal(node->sip_port, 5070);
	assert_int_equal(node->sips_port, 5071);
	assert_true(node->local_as == 4294967294);
	assert_int_equal(node->neighbor_cnt, 2);
	assert_string_equal(text_of(&node->neighbors[0].addr), "198.51.100.1");
	assert_int_equal(node->neighbors[0].remote_as, 64500);
	assert_string_equal(text_of(&node->neighbors[1].addr),
			    "2001:db8:1::1");
	assert_int_equal(node->neighbors[1].remote_as, 1);
	assert_int_equal(node->class, SITE_LOCAL);
	site_free(site);
}

static void a_node_inherits_the_services_ports(void **state)
{
	struct site *site = parse("[node a]\naddress = 198.51.100.1\n"
				  "[node b]\naddress = 198.51.100.2\n"
				  "sip-port = 5099\n"
				  "[service]\ndomain = example.net\n"
				  "address = 192.0.2.53\nsip-port = 5070\n"
				  "sips-port = 5071\nsecret = " SECRET "\n");

	(void)state;
	assert_int_equal(site->nodes[0].sip_port, 5070);
	assert_int_equal(site->nodes[0].sips_port, 5071);
	assert_int_equal(site->nodes[1].sip_port, 5099);
	assert_int_equal(site->nodes[1].sips_port, 5071);
	site_free(site);
}

/* Comments, blanks, line ends, order of sections. */
static void form_does_not_matter(void **state)
{
	static const char *const rows[] = {
		SMALL,
		"\xef\xbb\xbf" SMALL,
		"\n\n# \xc3\xbc\n; x\n" SMALL "\n# end without newline",
		"[service] ; comment\n"
		"  domain=sip.example.net ; c\n"
		"\taddress : 192.0.2.53\r\n"
		"secret = " SECRET "\n"
		"[ node \t fra1 ]# comment\n"
		"   address\t=\t198.51.100.11",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct site *site = parse(rows[i]);

		CHECK_STR("sip.example.net", site->domain, rows[i]);
		CHECK_STR("192.0.2.53", text_of(&site->ip4), rows[i]);
		CHECK_EQ(1, site->node_cnt, rows[i]);
		CHECK_STR("fra1", site->nodes[0].name, rows[i]);
		CHECK_STR("198.51.100.11", text_of(&site->nodes[0].ip4),
			  rows[i]);
		site_free(site);
	}
}

static void nodes_are_found_by_name(void **state)
{
	static const char *const missing[] = {
		"", "a", "n", "n0", "n00", "n300", "zz", "N1", "n1 ", "n-",
		"a2345678901234567890123456789012345",
	};
	static char text[32768];
	char why[SITE_NO_NODE_MAX];
	struct site *site;
	char name[16];
	size_t len;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text), "[service]\n"
			       "domain = d\naddress = 192.0.2.53\n"
			       "secret = " SECRET "\n");
	for (unsigned i = 300; i-- > 1;)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[node n%u]\naddress = 10.0.%u.%u\n",
					i, i / 250, i % 250 + 1);
	site = parse(text);
	assert_int_equal(site->node_cnt, 299);
	assert_string_equal(site->nodes[0].name, "n299");
	for (unsigned i = 1; i < 300; i++) {
		const struct site_node *node;

		snprintf(name, sizeof(name), "n%u", i);
		node = site_find_node(site, slice_str(name));
		CHECK(node && strcmp(node->name, name) == 0, name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
		CHECK(!site_find_node(site, slice_str(missing[i])), missing[i]);
	assert_null(site_own_node(site, (char[SITE_NAME_MAX]){ "zz" }, why));
	assert_int_equal(strncmp(why, "has no node zz; it has: n299 n298 ", 34),
			 0);
	assert_string_equal(why + strlen(why) - 9, " n247 ...");
	site_free(site);
	site_free(NULL);
}

static void node_names_are_small_letters(void **state)
{
	static const struct {
		const char *name;
		bool want;
	} rows[] = {
		{ "", false },	   { "a", true },      { "fra1", true },
		{ "1", true },	   { "a-b", true },    { "-a", false },
		{ "a-", false },   { "-", false },     { "A", false },
		{ "a.b", false },  { "a_b", false },   { "a b", false },
		{ "a\n", false },  { "\xc3\xbc", false },
		{ "a23456789012345678901234567890b", true },
		{ "a234567890123456789012345678901b", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 site_name_valid(slice_str(rows[i].name)),
			 rows[i].name);
}

static void a_node_without_a_name_is_this_one(void **state)
{
	char local[SITE_NAME_MAX], text[512], name[SITE_NAME_MAX] = "";
	char why[SITE_NO_NODE_MAX], want[SITE_NO_NODE_MAX];
	struct site *site;

	(void)state;
	site_local_name(local);
	snprintf(text, sizeof(text), "[service]\ndomain = d\n"
		 "address = 192.0.2.53\nsecret = " SECRET "\n"
		 "[node other]\naddress = 10.0.0.1\n"
		 "[node %s]\naddress = 10.0.0.2\n", local[0] ? local : "x");
	site = parse(text);
	if (local[0])
		assert_ptr_equal(site_own_node(site, name, why),
				 &site->nodes[1]);
	else
		assert_null(site_own_node(site, name, why));
	assert_string_equal(name, local);
	snprintf(name, sizeof(name), "other");
	assert_ptr_equal(site_own_node(site, name, why), &site->nodes[0]);
	snprintf(name, sizeof(name), "another");
	assert_null(site_own_node(site, name, why));
	snprintf(want, sizeof(want), "has no node another; it has: other %s",
		 site->nodes[1].name);
	assert_string_equal(why, want);
	site_free(site);
}

static void the_local_name_is_the_host_name_in_short(void **state)
{
	char host[HOST_NAME_MAX + 1] = "";
	char got[SITE_NAME_MAX];

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	host[strcspn(host, ".")] = '\0';
	for (char *at = host; *at; at++)
		*at |= *at >= 'A' && *at <= 'Z' ? 0x20 : 0;
	site_local_name(got);
	assert_string_equal(got, site_name_valid(slice_str(host)) ? host : "");
}

/* Written into the test's folder; good until the next call. */
static struct site *read_with_secret(const char *line, int want)
{
	struct lines errors = { 0 };
	struct site *site;
	char text[1024];
	int n = snprintf(text, sizeof(text), "[service]\ndomain = d\n"
			 "address = 192.0.2.53\nsecret = %s\n[node a]\n"
			 "address = 198.51.100.1\n", line);

	scratch_write("site.conf", text, (size_t)n);
	CHECK_EQ(want, site_read(&site, scratch_path("site.conf"), lines_add,
				 &errors), line);
	CHECK_EQ(want != 0, errors.cnt, errors.text);
	return site;
}

static void a_secret_file_lies_beside_the_site_file(void **state)
{
	struct secret_keys keys;
	char line[PATH_MAX + 8];
	struct site *site;

	(void)state;
	secret_derive(&keys, slice_str(SECRET));
	scratch_write("secret", SECRET "\n", strlen(SECRET) + 1);
	site = read_with_secret("file:secret ; relative", 0);
	assert_memory_equal(&site->keys, &keys, sizeof(keys));
	site_free(site);
	site = read_with_secret("file:./secret", 0);
	site_free(site);
	snprintf(line, sizeof(line), "file:%s", scratch_path("secret"));
	site = read_with_secret(line, 0);
	assert_memory_equal(&site->keys, &keys, sizeof(keys));
	site_free(site);

	assert_null(read_with_secret("file:", EINVAL));
	assert_null(read_with_secret("file:none", EINVAL));
	assert_null(read_with_secret("file:.", EINVAL));
	scratch_write("short", "short\n", 6);
	assert_null(read_with_secret("file:short", EINVAL));
}

static void a_file_that_cannot_be_read_is_an_error_too(void **state)
{
	struct lines errors = { 0 };
	char want[PATH_MAX + 128];
	struct site *site;

	(void)state;
	assert_int_equal(site_read(&site, scratch_path("none.conf"), lines_add,
				   &errors), ENOENT);
	assert_null(site);
	snprintf(want, sizeof(want),
		 "%s: cannot be read: No such file or directory\n",
		 scratch_path("none.conf"));
	assert_string_equal(errors.text, want);
	assert_int_equal(site_read(&site, scratch_dir, lines_add, &errors),
			 EISDIR);
	assert_int_equal(errors.cnt, 2);
}

static char *shipped_text(size_t *len)
{
	char *text;

	assert_int_equal(textfile_read(&text, len, SITE_SAMPLE, 65536), 0);
	return text;
}

static void the_shipped_sample_is_good(void **state)
{
	struct lines errors = { 0 };
	struct site *site;
	size_t len;
	char *text = shipped_text(&len);

	(void)state;
	scratch_write("secret", SECRET, strlen(SECRET));
	scratch_write("sample.conf", text, len);
	textfile_free(text, len);
	site_read(&site, scratch_path("sample.conf"), lines_add, &errors);
	assert_string_equal(errors.text, "");
	assert_non_null(site);
	assert_int_equal(site->node_cnt, 2);
	assert_non_null(site_find_node(site, slice_str("ams1")));
	site_free(site);
}

static struct {
	const char *sample;
	size_t keys;
} look;

/* A line `  KEY = ...' of the reference: is the key in the sample? */
static void find_in_sample(void *arg, const char *line)
{
	char key[64];

	(void)arg;
	if (strncmp(line, "  ", 2) != 0 || line[2] == ' ')
		return;
	snprintf(key, sizeof(key), "%.*s ", (int)strcspn(line + 2, " "),
		 line + 2);
	CHECK(strstr(look.sample, key), key);
	look.keys++;
}

static void the_sample_shows_every_key_of_the_reference(void **state)
{
	size_t len;
	char *text = shipped_text(&len);

	(void)state;
	look.sample = text;
	site_print_reference(find_in_sample, NULL);
	assert_int_equal(look.keys, 31);
	textfile_free(text, len);
}

static void the_reference_tells_range_and_default(void **state)
{
	static const char *const want[] = {
		"[service]\n",
		"[node NAME]\n",
		"  sip-port = a port, 1 to 65535; default: 5060\n",
		"  sip-port = a port, 1 to 65535; default: the service's\n",
		"  class = global or local; default: global\n",
		"  domain = a host name of letters, digits, hyphens and dots; "
		"required\n",
		"up to 8 times; repeatable\n",
	};
	struct lines all = { 0 };

	(void)state;
	site_print_reference(lines_add, &all);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		CHECK(strstr(all.text, want[i]), want[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_what_is_not_said),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(a_node_inherits_the_services_ports),
		cmocka_unit_test(form_does_not_matter),
		cmocka_unit_test(nodes_are_found_by_name),
		cmocka_unit_test(node_names_are_small_letters),
		cmocka_unit_test(a_node_without_a_name_is_this_one),
		cmocka_unit_test(the_local_name_is_the_host_name_in_short),
		cmocka_unit_test(a_secret_file_lies_beside_the_site_file),
		cmocka_unit_test(a_file_that_cannot_be_read_is_an_error_too),
		cmocka_unit_test(the_shipped_sample_is_good),
		cmocka_unit_test(the_sample_shows_every_key_of_the_reference),
		cmocka_unit_test(the_reference_tells_range_and_default),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
