/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON documents and the metrics of a node in some trouble, compared as
 * text: programs of others read them.
 */
#include "health-agent/daemon/test/conf_bed.h"

#include <limits.h>

#include "common/textfile.h"
#include "health-agent/daemon/json_text.h"
#include "health-agent/daemon/metrics.h"

enum { NOW = 1000000, EXPECTED_MAX = 65536 };

#define CONF \
	"[agent]\noutput = dry-run\n" \
	"[probe sip-udp]\ntype = sip\ngroups = service\n" \
	"[probe upstream]\ntype = command\ncommand = /bin/true\n" \
	"groups = media\nfailure = degrade\nscope = remote\nfall = 1\n" \
	"[probe pinner]\ntype = process\npid-file = /run/p\n" \
	"[group service]\ncommunity = 64511:1\n" \
	"[group media]\nprefix = 203.0.113.0/24\n"

static const struct status_probe probe_stats[] = {
	{ { 99, 1, 812, NOW - 300, 81200 }, "udp 192.0.2.53:5060" },
	{ { 98, 2, 1500001, NOW - 200, 2500000 },
	  "udp [2001:db8:53::53]:5060" },
	{ { 0 }, "" },
};

struct bed {
	struct agent_conf *conf;
	struct health *health;
	struct peers *peers;
	struct drain drain;
	struct status_view view;
};

static void probe_of(void *arg, size_t i, struct status_probe *out)
{
	(void)arg;
	*out = probe_stats[i < 2 ? i : 2];
}

static void tell(struct bed *b, const char *name, uint8_t family,
		 enum health_attempt what, const char *text, uint64_t now_ms)
{
	for (int i = 0; i < 3; i++)
		health_attempted(b->health, bed_probe(b->conf, name, family),
				 what, text, now_ms);
}

static void make(struct bed *b)
{
	uint64_t then_ms = NOW - 60000;

	b->conf = bed_good(CONF, BED_ARGS);
	drain_init(&b->drain, 0);
	assert_int_equal(health_new(&b->health, &b->conf->health, NULL, 0,
				    then_ms),
			 0);
	assert_int_equal(peers_new(&b->peers, b->conf->site, b->conf->node, 1),
			 0);
	tell(b, "sip-udp", ADDR_IP4, HEALTH_GOOD,
	     "302 to <sip:x@198.51.100.11>", then_ms);
	tell(b, "sip-udp", ADDR_IP6, HEALTH_BAD, "no answer in 500 ms",
	     then_ms);
	tell(b, "pinner", ADDR_NONE, HEALTH_GOOD, "lives", then_ms);
	tell(b, "upstream", ADDR_NONE, HEALTH_BAD, "exit 1", then_ms);
	health_tick(b->health, then_ms);
	health_tick(b->health, NOW - 50000);
	health_tick(b->health, NOW);
	b->view = (struct status_view){
		.version = "0.1.0 (test)",
		.conf = b->conf,
		.health = b->health,
		.peers = b->peers,
		.config_error = "",
		.drain = &b->drain,
		.counted = true,
		.relay = DRAIN_COUNTED,
		.calls = 12,
		.node_since_ms = NOW - 50000,
		.now_ms = NOW,
		.probe = probe_of,
	};
}

static void drop(struct bed *b)
{
	health_free(b->health);
	peers_free(b->peers);
	agent_conf_free(b->conf);
}

static const struct link_status guardian = {
	.output = "exabgp",
	.output_text = "one session is down",
	.last_ack_ms = NOW - 1234,
	.commands = 7,
	.errors = 1,
	.timeouts = 2,
	.resyncs = 3,
	.events = 4,
	.dropped_lines = 5,
	.worker_starts = 1,
	.routes = { { { { ADDR_IP4, { 192, 0, 2, 53 } }, 32 },
		      LINK_PROOF_ADVERTISED } },
	.route_cnt = 1,
	.sessions = { { { ADDR_IP4, { 198, 51, 100, 1 } }, 64500, ADDR_IP4,
			true, NOW - 5000, "" },
		      { { ADDR_IP6, { 0x20, 1, 13, 184, 0, 1, [15] = 1 } },
			64500, ADDR_IP6, false, NOW - 100,
			"peer said \"no\"" } },
	.session_cnt = 2,
};

/* The file of the name, or what has been got where UPDATE_EXPECTED is set. */
static void assert_expected(const char *name, const char *got)
{
	char path[PATH_MAX], *want;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", EXPECTED_DIR, name);
	if (getenv("UPDATE_EXPECTED")) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	}
	assert_int_equal(textfile_read(&want, &len, path, EXPECTED_MAX), 0);
	CHECK_STR(want, got, name);
	textfile_free(want, len);
}

static void assert_json(const char *name, json_t *document)
{
	char *text;

	assert_non_null(document);
	text = json_dumps(document, JSON_INDENT(1));
	assert_non_null(text);
	assert_expected(name, text);
	free(text);
	json_decref(document);
}

static void a_node_in_trouble_is_shown_whole(void **state)
{
	static const char *const warnings[] = { "the disk is full" };
	struct bed b;

	(void)state;
	make(&b);
	b.view.guardian = &guardian;
	b.view.config_error = "site.conf:3: what?";
	b.view.warnings = warnings;
	b.view.warning_cnt = 1;
	assert_json("status-trouble.json", status_json(&b.view));
	drop(&b);
}

static void a_drain_is_shown_before_the_guardian_is_heard(void **state)
{
	struct bed b;

	(void)state;
	make(&b);
	health_ordered(b.health,
		       &(struct health_command){ .order = HEALTH_DRAIN,
						 .force = true },
		       NOW);
	health_tick(b.health, NOW);
	b.view.peers = NULL;
	assert_json("status-drain.json", status_json(&b.view));
	drop(&b);
}

static void a_drain_that_waits_for_calls_says_so(void **state)
{
	static const struct drain_sight sight = {
		.ordered = true, .withdrawn = true, .relay = DRAIN_COUNTED,
		.calls = 12, .deadline_ms = 60000,
	};
	struct bed b;

	(void)state;
	make(&b);
	health_ordered(b.health,
		       &(struct health_command){ .order = HEALTH_DRAIN,
						 .force = true,
						 .has_wait = true },
		       NOW);
	drain_step(&b.drain, &sight, NOW - 8000);
	b.view.peers = NULL;
	assert_json("status-calls.json", status_json(&b.view));
	drop(&b);
}

/* Introduced, then believed, with a line more in its site file. */
static void hear_another_site(struct bed *b)
{
	static const char more[] = BED_FULL "; a word more\n";
	static const struct peers_word word = {
		NODE_DRAINING, 30, 7, true, 0,
	};
	const struct site_node *node = peers_entry(b->peers, 0)->node;
	struct lines errors = { 0 };
	struct site *site;
	struct peers *other;
	size_t index;

	assert_int_equal(site_parse(&site, "s", NULL, slice_str(more),
				    lines_add, &errors), 0);
	assert_int_equal(peers_new(&other, site,
				   site_find_node(site, slice_str(node->name)),
				   2), 0);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t bytes[PEERS_DATAGRAM_MAX];
		size_t len = peers_write(b->peers, 0, &word, 0, bytes);

		peers_read(other, &b->conf->node->ip4, bytes, len, 0, NOW,
			   &index);
		len = peers_write(other, 0, &word, 0, bytes);
		peers_read(b->peers, &node->ip4, bytes, len, 0, NOW - 300,
			   &index);
	}
	peers_free(other);
	site_free(site);
}

static void the_nodes_are_listed(void **state)
{
	struct bed b;

	(void)state;
	make(&b);
	hear_another_site(&b);
	assert_json("nodes.json", status_nodes(&b.view));
	drop(&b);
}

static void metrics_say_the_same(void **state)
{
	char *text = NULL;
	size_t len = 0;
	struct bed b;
	FILE *f;

	(void)state;
	make(&b);
	b.view.guardian = &guardian;
	f = open_memstream(&text, &len);
	assert_non_null(f);
	metrics_print_view(f, &b.view);
	fclose(f);
	assert_expected("metrics.txt", text);
	free(text);
	drop(&b);
}

static void replies_are_one_line(void **state)
{
	char *line;

	(void)state;
	line = json_line(status_error("no\nway \"x\" \x1b \xff"));
	assert_string_equal(line, "{\"ok\":false,\"error\":\"no?way \\\"x\\\" "
				  "? ?\"}\n");
	free(line);
	line = json_line(status_ok());
	assert_string_equal(line, "{\"ok\":true}\n");
	free(line);
	assert_null(json_line(NULL));
}

static void text_of_anybody_becomes_a_string(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "gr\xc3\xbc\xc3\x9f" "e", "gr\xc3\xbc\xc3\x9f" "e" },
		{ "a\x7f\x01z", "a?" "?z" },
		{ "half \xc3", "half ?" },
		{ "\xc3\xbc and \xff", "?" "? and ?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *got = json_text(rows[i].text);

		CHECK_STR(rows[i].want, json_string_value(got), rows[i].text);
		json_decref(got);
	}
}

/* So many allocations of jansson succeed, the next and all after it fail. */
static size_t allocations_left;

static void *allocate(size_t size)
{
	if (!allocations_left)
		return NULL;
	allocations_left--;
	return malloc(size);
}

static void without_memory_there_is_no_document(void **state)
{
	struct bed b;
	size_t most = 0;
	char *line = NULL;

	(void)state;
	make(&b);
	b.view.guardian = &guardian;
	json_set_alloc_funcs(allocate, free);
	while (!line) {
		allocations_left = most++;
		line = json_line(status_json(&b.view));
	}
	json_set_alloc_funcs(malloc, free);
	/* whole, as soon as there is enough */
	assert_non_null(strstr(line, "\"worker_starts\":1"));
	assert_true(most > 100);
	free(line);
	drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_in_trouble_is_shown_whole),
		cmocka_unit_test(a_drain_is_shown_before_the_guardian_is_heard),
		cmocka_unit_test(a_drain_that_waits_for_calls_says_so),
		cmocka_unit_test(the_nodes_are_listed),
		cmocka_unit_test(metrics_say_the_same),
		cmocka_unit_test(replies_are_one_line),
		cmocka_unit_test(without_memory_there_is_no_document),
		cmocka_unit_test(text_of_anybody_becomes_a_string),
	};

	return cmocka_run_group_tests(tests, bed_setup, scratch_teardown);
}
