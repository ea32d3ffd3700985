/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file fits all nodes, and what nobody said fits what was said. */
#include "health-agent/daemon/test/conf_bed.h"

/* What is for the other family is left out there, whole groups too. */
static void a_node_leaves_out_what_it_has_no_address_for(void **state)
{
	static const char text[] =
		"[group six]\nprefix = 2001:db8:53::53\n"
		"[group four]\nprefix = 192.0.2.53\n"
		"[probe both]\ntype = dns\n"
		"address = 203.0.113.1, 2001:db8::1\n"
		"[probe one]\ntype = sip\naddress = 2001:db8::1\n"
		"[probe other]\ntype = sip\ngroups = six\n"
		"[probe named]\ntype = process\npid-file = /p\n"
		"groups = six, four\n"
		"[probe alone]\ntype = process\npid-file = /p\n"
		"groups = six\n";
	static const char site[] =
		BED_SERVICE(BED_BOTH)
		"[node b]\naddress = 198.51.100.75, 2001:db8:2::75\n"
		"[node a]\naddress = 198.51.100.11\nlocal-as = 64511\n"
		"neighbor = 198.51.100.1 as 64500\n";
	struct lines got = { 0 };
	struct agent_conf *conf;

	(void)state;
	scratch_write("no-ip6", site, strlen(site));
	conf = bed_good(text, "--site @no-ip6 --node a");
	agent_conf_print_summary(conf, lines_add, &got);
	assert_string_equal(got.text,
		"group four: 192.0.2.53/32\n"
		"probe both: dns 203.0.113.1, bad within 2700ms: "
		"withdraws four\n"
		"probe named: process, bad at once: withdraws four\n");
	agent_conf_free(conf);
	/* the same file where both families are */
	conf = bed_good(text, "--site @no-ip6 --node b --output kernel");
	assert_int_equal(conf->health.group_cnt, 2);
	assert_int_equal(conf->health.probe_cnt, 6);
	agent_conf_free(conf);
}

static void only_the_service_is_asked_by_invite(void **state)
{
	static const char text[] =
		"[probe service]\ntype = sip\n"
		"[probe named]\ntype = sip\naddress = 192.0.2.53\n"
		"[probe own]\ntype = sip\naddress = 198.51.100.11\n"
		"[probe trunk]\ntype = sip\naddress = 203.0.113.9\n";
	static const struct {
		const char *name;
		enum prober_method method;
		uint16_t port;
	} rows[] = {
		{ "service", PROBER_INVITE, 5060 },
		{ "named", PROBER_INVITE, 5060 },
		{ "own", PROBER_OPTIONS, 5070 },
		{ "trunk", PROBER_OPTIONS, 5060 },
	};
	struct agent_conf *conf = bed_good(text, BED_ARGS);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t at = bed_probe(conf, rows[i].name, ADDR_IP4);
		const struct prober_conf *p = &conf->probes[at].prober;

		CHECK_EQ(rows[i].method, p->method, rows[i].name);
		CHECK_EQ(rows[i].port, p->port, rows[i].name);
	}
	agent_conf_free(conf);
}

static void a_default_probe_may_become_another_type(void **state)
{
	struct agent_conf *conf = bed_good(
		"[agent]\ndefault-probes = yes\n"
		"[probe http]\ntype = sip\nmethod = options\n"
		"[probe sip-udp]\ntype = sip\nport = 5080\n", BED_ARGS);
	const struct prober_conf *p;

	(void)state;
	p = &conf->probes[bed_probe(conf, "http", ADDR_IP4)].prober;
	assert_int_equal(p->kind, PROBER_SIP);
	assert_int_equal(p->transport, PROBER_UDP);
	p = &conf->probes[bed_probe(conf, "sip-udp", ADDR_IP4)].prober;
	assert_int_equal(p->method, PROBER_INVITE);
	assert_int_equal(p->port, 5080);
	agent_conf_free(conf);
}

static void all_prefixes_are_in_the_summary(void **state)
{
	char site[2048] = BED_SERVICE("address = 192.0.2.53\n"), last[64];
	size_t len = strlen(site);
	struct lines got = { 0 };
	struct agent_conf *conf;

	(void)state;
	for (unsigned i = 1; i < SITE_PREFIXES_MAX; i++)
		len += (size_t)snprintf(site + len, sizeof(site) - len,
					"prefix = 2001:db8:fff:ffff:ffff:ffff:"
					"ffff:%x\n", 0x1000 + i);
	snprintf(site + len, sizeof(site) - len, "prefix = 192.0.2.53\n"
		 "[node a]\naddress = 198.51.100.11, 2001:db8::1\n");
	scratch_write("long", site, strlen(site));
	conf = bed_good("[probe x]\ntype = process\npid-file = /p\n",
			"--site @long --node a --output dry-run");
	agent_conf_print_summary(conf, lines_add, &got);
	for (unsigned i = 1; i < SITE_PREFIXES_MAX; i++) {
		snprintf(last, sizeof(last), ":ffff:%x/128", 0x1000 + i);
		CHECK(strstr(got.text, last), last);
	}
	CHECK(strstr(got.text, "192.0.2.53/32\n"), got.text);
	agent_conf_free(conf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_leaves_out_what_it_has_no_address_for),
		cmocka_unit_test(only_the_service_is_asked_by_invite),
		cmocka_unit_test(a_default_probe_may_become_another_type),
		cmocka_unit_test(all_prefixes_are_in_the_summary),
	};

	return cmocka_run_group_tests_name("conf fit", tests, bed_setup,
					   scratch_teardown);
}
