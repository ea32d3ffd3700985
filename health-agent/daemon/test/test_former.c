/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long what a site file said before is right, with time as data. */
#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "health-agent/daemon/former.h"

static const struct site_node old = {
	.name = "fra1",
	.ip4 = { .family = ADDR_IP4, .bytes_be = { 198, 51, 100, 11 } },
	.sip_port = 5060,
	.sips_port = 5061,
	.host = "fra1.sip.example.net",
	.http = "http://old.example.net",
	.neighbor_cnt = 1,
	.neighbors = { { .name = "with a password" } },
};

static struct agent_conf *conf_of(const struct site_node *node)
{
	struct agent_conf *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->node = node;
	conf->health.probe_cnt = 2;
	return conf;
}

static void check(const struct agent_conf *conf, const char *http,
		  uint64_t until_ms)
{
	for (size_t i = 0; i < 2; i++) {
		const struct prober_conf *p = &conf->probes[i].prober;

		CHECK_EQ(until_ms, p->former_until_ms, "until");
		if (!http) {
			assert_null(p->former);
			continue;
		}
		assert_ptr_equal(&conf->former, p->former);
		CHECK_STR(http, p->former->http, "http");
	}
	assert_null(conf->probes[2].prober.former);
}

static void what_changes_where_the_node_is_is_kept(void **state)
{
	struct site_node new[] = { old, old, old, old, old, old };
	struct agent_conf *was = conf_of(&old);

	(void)state;
	snprintf(new[0].http, sizeof(new[0].http), "http://new.example.net");
	snprintf(new[1].host, sizeof(new[1].host), "new.sip.example.net");
	new[2].ip4.bytes_be[3] = 12;
	new[3].ip6 = (struct addr){ .family = ADDR_IP6 };
	new[4].sip_port = 5070;
	new[5].sips_port = 5071;
	for (size_t i = 0; i < ARRAY_SIZE(new); i++) {
		struct agent_conf *is = conf_of(&new[i]);

		former_keep(is, was, 1000);
		check(is, "http://old.example.net", 1000 + FORMER_MS);
		assert_true(addr_equal(&is->former.ip4, &old.ip4));
		assert_int_equal(is->former.sips_port, 5061);
		assert_string_equal(is->former.host, old.host);
		assert_int_equal(is->former.neighbor_cnt, 0);
		assert_string_equal(is->former.neighbors[0].name, "");
		free(is);
	}
	free(was);
}

static void a_second_reload_takes_nothing_of_its_time(void **state)
{
	struct site_node new = old, newer = old;
	struct agent_conf *first = conf_of(&old), *second = conf_of(&new);
	struct agent_conf *third = conf_of(&new), *late = conf_of(&new);
	struct agent_conf *other = conf_of(&newer);

	(void)state;
	snprintf(new.http, sizeof(new.http), "http://new.example.net");
	snprintf(newer.http, sizeof(newer.http), "http://newer.example.net");
	former_keep(second, first, 1000);
	former_keep(third, second, 1000 + FORMER_MS - 1);
	check(third, "http://old.example.net", 1000 + FORMER_MS);
	former_keep(late, third, 1000 + FORMER_MS);
	check(late, NULL, 0);
	former_keep(other, third, 2000);
	check(other, "http://new.example.net", 2000 + FORMER_MS);
	free(first);
	free(second);
	free(third);
	free(late);
	free(other);
}

static void nothing_changed_is_nothing_to_keep(void **state)
{
	struct site_node same = old;
	struct agent_conf *was = conf_of(&old), *is = conf_of(&same);

	(void)state;
	same.neighbor_cnt = 0;
	former_keep(is, was, 1000);
	check(is, NULL, 0);
	free(was);
	free(is);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_changes_where_the_node_is_is_kept),
		cmocka_unit_test(a_second_reload_takes_nothing_of_its_time),
		cmocka_unit_test(nothing_changed_is_nothing_to_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
