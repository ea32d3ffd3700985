/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, reference and the shipped file, and that it says what is so. */
#include "health-agent/daemon/test/conf_bed.h"

#include "common/textfile.h"

static const struct key_table *const tables[] = {
	&conf_agent_keys, &conf_probe_keys, &conf_group_keys,
};

static void put_line(void *arg, const char *line)
{
	FILE *f = arg;

	CHECK(strlen(line) < 80 || strstr(line, "; default: "), line);
	for (const char *c = line; *c; c++)
		CHECK(*c >= ' ' && *c < 0x7f, line);
	fprintf(f, "%s\n", line);
}

static char *printed(void (*print)(agent_conf_line_h *line, void *arg))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	print(put_line, f);
	fclose(f);
	return text;
}

/* Pointers into the two sites are as different as the sites are the same. */
static void check_same(struct agent_conf *a, struct agent_conf *b,
		       const char *what)
{
	CHECK_EQ(a->health.probe_cnt, b->health.probe_cnt, what);
	for (size_t i = 0; i < a->health.probe_cnt; i++) {
		CHECK_STR(a->node->name, b->node->name, what);
		b->probes[i].prober.site = a->probes[i].prober.site;
		b->probes[i].prober.node = a->probes[i].prober.node;
		CHECK(memcmp(&a->probes[i], &b->probes[i],
			     sizeof(a->probes[i])) == 0,
		      a->health.probes[i].name);
		CHECK(memcmp(&a->health.probes[i], &b->health.probes[i],
			     sizeof(a->health.probes[i])) == 0,
		      a->health.probes[i].name);
	}
	CHECK_EQ(a->health.group_cnt, b->health.group_cnt, what);
	for (size_t i = 0; i < a->health.group_cnt; i++)
		CHECK(memcmp(&a->health.groups[i], &b->health.groups[i],
			     sizeof(a->health.groups[i])) == 0, what);
	b->default_probes = a->default_probes;	/* once made, all the same */
	b->site = a->site;
	b->node = a->node;
	CHECK(memcmp(a, b, sizeof(*a)) == 0, what);
}

/* Is this line of the sample the example of a key without a default? */
static bool is_example(const char *line)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < tables[t]->cnt; i++) {
			const struct key *key = &tables[t]->keys[i];
			char want[256];

			if (key->dflt || t == 1)
				continue;
			snprintf(want, sizeof(want), ";%s = %s\n", key->name,
				 key->example);
			if (strncmp(line, want, strlen(want)) == 0)
				return true;
		}
	}
	return false;
}

/* Put every line in force that begins with ; */
static void put_in_force(char *text, bool examples)
{
	for (char *at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (*at == ';' && (examples || !is_example(at)))
			*at = ' ';
	}
}

static void the_shipped_file_is_made_of_the_tables(void **state)
{
	char *made = printed(agent_conf_print_sample), *shipped;
	size_t len;

	(void)state;
	if (getenv("UPDATE")) {		/* then read the difference */
		FILE *f = fopen(AGENT_SAMPLE_FILE, "w");

		assert_non_null(f);
		fputs(made, f);
		fclose(f);
	}
	assert_int_equal(textfile_read(&shipped, &len, AGENT_SAMPLE_FILE,
				       65536), 0);
	CHECK(strcmp(made, shipped) == 0, "anycast-health --sample");
	textfile_free(shipped, len);
	free(made);
}

static void the_shipped_file_says_what_is_so_without_it(void **state)
{
	struct agent_conf *dflt = bed_good("", BED_ARGS), *conf;
	char *text = printed(agent_conf_print_sample);
	struct site *site;

	(void)state;
	conf = bed_good(text, BED_ARGS);
	site = conf->site;
	check_same(dflt, conf, "as it is");
	conf->site = site;
	agent_conf_free(conf);

	put_in_force(text, false);
	assert_non_null(strstr(text, "\n [probe sip-udp]\n type = sip\n"));
	assert_non_null(strstr(text, "\n;metrics = "));
	conf = bed_good(text, BED_ARGS);
	assert_int_equal(conf->health.probe_cnt, 19);
	site = conf->site;
	check_same(dflt, conf, "with every default in force");
	conf->site = site;
	agent_conf_free(conf);

	put_in_force(text, true);
	assert_null(strstr(text, "\n;"));
	agent_conf_free(bed_good(text, BED_ARGS));
	free(text);
	agent_conf_free(dflt);
}

/* The examples of probe keys stand in no sample. */
static void every_example_of_a_probe_is_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_probe_keys.cnt; i++) {
		const struct key *key = &conf_probe_keys.keys[i];
		const char *value = key->dflt ? key->dflt : key->example;
		static struct conf_probe p;
		char problem[KEY_PROBLEM_MAX];

		CHECK(value, key->name);
		key_set(&p, key, slice_str(value), problem);
		CHECK_STR("", problem, key->name);
	}
}

static void every_key_is_in_help_and_reference(void **state)
{
	char *help = printed(agent_conf_print_help);
	char *reference = printed(agent_conf_print_reference);
	const char *at = reference;

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < tables[t]->cnt; i++) {
			const struct key *key = &tables[t]->keys[i];
			char want[64];

			CHECK(key->dflt || (key->dflt_note && key->example),
			      key->name);
			CHECK(key->help[strlen(key->help) - 1] == '.',
			      key->name);
			snprintf(want, sizeof(want), "\n%s = ", key->name);
			at = strstr(at, want);	/* in the order of the table */
			CHECK(at, want);
			snprintf(want, sizeof(want), "\n  --%s ", key->name);
			CHECK(t || strstr(help, want), want);
		}
	}
	free(help);
	free(reference);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_file_is_made_of_the_tables),
		cmocka_unit_test(the_shipped_file_says_what_is_so_without_it),
		cmocka_unit_test(every_example_of_a_probe_is_good),
		cmocka_unit_test(every_key_is_in_help_and_reference),
	};

	return cmocka_run_group_tests_name("conf print", tests, bed_setup,
					   scratch_teardown);
}
