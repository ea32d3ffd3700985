/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys make of a conf. */
#include "health-agent/daemon/test/conf_bed.h"

#include "health-agent/probe/dns_wire.h"

static const char *text_of(const struct addr *a)
{
	static char out[ADDR_TEXT_MAX];

	addr_format(out, a);
	return out;
}

static void summary_of(struct lines *out, const struct agent_conf *conf)
{
	agent_conf_print_summary(conf, lines_add, out);
}

static void defaults_probe_all_that_the_site_has(void **state)
{
	struct agent_conf *conf = bed_good("", BED_ARGS);
	struct lines got = { 0 };

	(void)state;
	summary_of(&got, conf);
	assert_string_equal(got.text,
		"group service: 192.0.2.53/32, 2001:db8:53::53/128\n"
		"probe sip-udp: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-udp: sip [2001:db8:53::53], bad within 2700ms: "
		"withdraws service\n"
		"probe sip-tcp: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-tcp: sip [2001:db8:53::53], bad within 2700ms: "
		"withdraws service\n"
		"probe sip-tls: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-tls: sip [2001:db8:53::53], bad within 2700ms: "
		"withdraws service\n"
		"probe sip-options: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-options: sip [2001:db8:53::53], bad within 2700ms: "
		"withdraws service\n"
		"probe sip-node: sip 198.51.100.11, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-node: sip [2001:db8:1::11], bad within 2700ms: "
		"withdraws service\n"
		"probe http: http 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe http: http [2001:db8:53::53], bad within 2700ms: "
		"withdraws service\n"
		"probe dns: dns 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe dns: dns [2001:db8:53::53], bad within 2700ms: "
		"withdraws service\n"
		"probe rtp: rtp 198.51.100.11, bad within 2700ms: "
		"withdraws service\n"
		"probe rtp: rtp [2001:db8:1::11], bad within 2700ms: "
		"withdraws service\n"
		"probe kamailio: process, bad at once: withdraws service\n"
		"probe pinner: process, bad at once: withdraws service\n"
		"probe knot: process, bad at once: withdraws service\n");
	agent_conf_free(conf);
}

static void defaults_are_those_of_the_documentation(void **state)
{
	struct agent_conf *conf = bed_good("", BED_ARGS);
	const struct health_group_conf *g = &conf->health.groups[0];

	(void)state;
	assert_int_equal(conf->action, AGENT_RUN);
	assert_string_equal(conf->node->name, "a");
	assert_int_equal(conf->output, AGENT_EXABGP);
	assert_int_equal(conf->kernel_table, 200);
	assert_string_equal(conf->kernel_device, "anycast0");
	assert_int_equal(conf->ack_timeout_ms, 2000);
	assert_int_equal(conf->worker_timeout_ms, 2000);
	assert_int_equal(conf->adopt_ms, 800);
	assert_string_equal(conf->node_state, "/run/sip-anycast/node.state");
	assert_string_equal(conf->control,
			    "/run/sip-anycast/health-agent/control.sock");
	assert_string_equal(conf->state_dir, "/var/lib/sip-anycast");
	assert_string_equal(conf->audit_log, "/var/lib/sip-anycast/audit.log");
	assert_string_equal(conf->hook, "");
	assert_int_equal(conf->hook_timeout_ms, 10000);
	assert_int_equal(conf->metrics_cnt, 0);
	assert_int_equal(conf->log_level, LOG_LEVEL_INFO);
	assert_true(conf->peers);
	assert_int_equal(conf->health.peer_cnt, 1);
	assert_int_equal(conf->health.peer_local[0], 1);
	assert_int_equal(conf->health.class, SITE_GLOBAL);

	assert_true(g->is_service);
	assert_int_equal(g->hold_down_ms, 5000);
	assert_int_equal(g->drain_wait_ms, 10000);
	assert_int_equal(g->remote_wait_ms, 5000);
	assert_int_equal(g->penalty, 1000);
	assert_int_equal(g->suppress, 2500);
	assert_int_equal(g->reuse, 1000);
	assert_int_equal(g->half_life_ms, 60000);
	assert_int_equal(g->suppress_max_ms, 600000);
	assert_int_equal(g->up.med, 100);
	assert_int_equal(g->degraded.med, 500);
	assert_int_equal(g->draining.med, 4294967295);
	assert_int_equal(g->degraded.prepend, 0);
	assert_int_equal(g->degraded.community_cnt, 0);
	agent_conf_free(conf);
}

static void default_probes_are_those_of_the_documentation(void **state)
{
	struct agent_conf *conf = bed_good("", BED_ARGS);
	size_t i = bed_probe(conf, "sip-tls", ADDR_IP4);
	const struct prober_conf *p = &conf->probes[i].prober;

	(void)state;
	assert_int_equal(p->port, 5091);
	assert_int_equal(p->transport, PROBER_TLS);
	assert_int_equal(p->method, PROBER_INVITE);
	assert_string_equal(p->tls_name, "");
	assert_string_equal(p->tls_ca, "");
	assert_false(p->on_node);
	assert_int_equal(p->timeout_ms, 500);
	assert_int_equal(conf->probes[i].interval_ms, 1000);
	assert_int_equal(conf->probes[i].fast_interval_ms, 100);
	assert_int_equal(conf->health.probes[i].rise, 3);
	assert_int_equal(conf->health.probes[i].fall, 3);
	assert_int_equal(conf->health.probes[i].failure, HEALTH_WITHDRAW);
	assert_int_equal(conf->health.probes[i].scope, HEALTH_LOCAL);
	assert_int_equal(conf->health.probes[i].groups, 1);

	p = &conf->probes[bed_probe(conf, "sip-node", ADDR_IP6)].prober;
	assert_int_equal(p->port, 5070);
	assert_int_equal(p->method, PROBER_OPTIONS);
	assert_true(p->on_node);
	p = &conf->probes[bed_probe(conf, "http", ADDR_IP4)].prober;
	assert_int_equal(p->port, 80);
	assert_int_equal(p->transport, PROBER_TCP);
	assert_string_equal(p->path, "/");
	assert_int_equal(p->expect, 0);
	p = &conf->probes[bed_probe(conf, "dns", ADDR_IP6)].prober;
	assert_int_equal(p->port, 5353);
	assert_int_equal(p->transport, PROBER_UDP);
	assert_string_equal(p->dns_name, "sip.example.net");
	assert_string_equal(dns_type_name(p->dns_type), "NAPTR");
	assert_string_equal(p->dns_answer, "");
	p = &conf->probes[bed_probe(conf, "rtp", ADDR_IP4)].prober;
	assert_string_equal(text_of(&p->ng_addr), "127.0.0.1");
	assert_int_equal(p->ng_port, 2223);
	assert_int_equal(p->packets, 5);
	assert_int_equal(p->delay_ms, 100);
	i = bed_probe(conf, "kamailio", ADDR_NONE);
	assert_string_equal(conf->probes[i].prober.pid_file,
			    "/run/sip-anycast/kamailio/kamailio.pid");
	assert_int_equal(conf->probes[i].prober.grace_ms, 0);
	assert_int_equal(conf->health.probes[i].rise, 1);
	agent_conf_free(conf);
}

static void defaults_leave_out_what_the_site_has_not(void **state)
{
	static const char site[] =
		BED_SERVICE("address = 192.0.2.53\n")
		"[node a]\naddress = 198.51.100.11, 2001:db8:1::11\n"
		"local-as = 64511\nneighbor = 198.51.100.1 as 64500\n";
	struct lines got = { 0 };
	struct agent_conf *conf;

	(void)state;
	scratch_write("small", site, strlen(site));
	conf = bed_good("", "--site @small --node a");
	summary_of(&got, conf);
	/* neither TLS nor HTTP nor DNS; IPv6 of the node speaks for nothing */
	assert_string_equal(got.text,
		"group service: 192.0.2.53/32\n"
		"probe sip-udp: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-tcp: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-options: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-node: sip 198.51.100.11, bad within 2700ms: "
		"withdraws service\n"
		"probe rtp: rtp 198.51.100.11, bad within 2700ms: "
		"withdraws service\n"
		"probe kamailio: process, bad at once: withdraws service\n"
		"probe pinner: process, bad at once: withdraws service\n");
	assert_int_equal(conf->health.peer_cnt, 0);
	agent_conf_free(conf);
}

/* A file that is the same on every node fits one with a family less. */
static void a_node_announces_what_it_has_addresses_for(void **state)
{
	static const char site[] =
		BED_SERVICE(BED_BOTH)
		"[node b]\naddress = 198.51.100.75, 2001:db8:2::75\n"
		"[node a]\naddress = 198.51.100.11\nlocal-as = 64511\n"
		"neighbor = 198.51.100.1 as 64500\n";
	struct agent_conf *conf;

	(void)state;
	scratch_write("no-ip6", site, strlen(site));
	conf = bed_good("", "--site @no-ip6 --node a");
	assert_int_equal(conf->health.groups[0].prefix_cnt, 1);
	assert_int_equal(conf->health.groups[0].prefixes[0].addr.family,
			 ADDR_IP4);
	assert_int_equal(conf->health.probe_cnt, 7);
	agent_conf_free(conf);
	conf = bed_good("[group g]\nprefix = 2001:db8:53::53, 192.0.2.53\n",
			"--site @no-ip6 --node a");
	assert_int_equal(conf->health.groups[0].prefix_cnt, 1);
	agent_conf_free(conf);
}

static void a_file_adds_to_the_default_probes_or_replaces_them(void **state)
{
	static const char text[] =
		"[probe trunk]\ntype = command\ncommand = /check\n"
		"[probe kamailio]\npid-file = /k\nfailure = degrade\n"
		"[probe rtp]\ntype = rtp\nfall = 9\n"
		"[probe http]\ninterval = 9s\n[probe sip-tls]\nport = 9\n"
		"[agent]\ndefault-probes = ";
	static const char site[] =
		BED_SERVICE("address = 192.0.2.53\ntls = yes\n")
		"[node a]\naddress = 198.51.100.11\nlocal-as = 64511\n"
		"neighbor = 198.51.100.1 as 64500\n";
	struct lines got = { 0 };
	struct agent_conf *conf;
	char more[512];

	(void)state;
	scratch_write("no-http", site, strlen(site));
	snprintf(more, sizeof(more), "%syes\n", text);
	conf = bed_good(more, "--site @no-http --node a");
	summary_of(&got, conf);
	assert_string_equal(got.text,
		"group service: 192.0.2.53/32\n"
		"probe trunk: command, bad within 2700ms: withdraws service\n"
		"probe kamailio: process, bad at once: degrades service\n"
		"probe rtp: rtp 198.51.100.11, bad within 6300ms: "
		"withdraws service\n"
		"probe sip-tls: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-udp: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-tcp: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-options: sip 192.0.2.53, bad within 2700ms: "
		"withdraws service\n"
		"probe sip-node: sip 198.51.100.11, bad within 2700ms: "
		"withdraws service\n"
		"probe pinner: process, bad at once: withdraws service\n");
	assert_string_equal(conf->probes[1].prober.pid_file, "/k");
	assert_int_equal(conf->probes[3].prober.port, 9);
	agent_conf_free(conf);

	conf = bed_good("[probe x]\ntype = rtp\n", BED_ARGS);
	assert_int_equal(conf->health.probe_cnt, 2);
	agent_conf_free(conf);
}

static void every_agent_key_reaches_its_field(void **state)
{
	static const char text[] =
		"[agent]\nnode = b ; this machine\noutput = kernel\n"
		"kernel-table = 4294967295\nkernel-device = tun-1.x\n"
		"ack-timeout = 100ms\nworker-timeout = 500ms\n"
		"adopt-timeout = 1s\nnode-state = /n\ncontrol = /c\n"
		"state-dir = /s\naudit-log = /a\nhook = /h\n"
		"hook-timeout = 1m\nmetrics = 127.0.0.1:1, [::1]:2\n"
		"log-level = debug\npeers = no\ninterval = 2s\n"
		"fast-interval = 50ms\ntimeout = 1s\nrise = 4\nfall = 2\n"
		"site = /elsewhere\n";
	struct agent_conf *conf = bed_good(text, "--site @site");
	size_t i;

	(void)state;
	assert_string_equal(conf->site_path, scratch_path("site"));
	assert_string_equal(conf->node->name, "b");
	assert_int_equal(conf->health.class, SITE_LOCAL);
	assert_int_equal(conf->output, AGENT_KERNEL);
	assert_int_equal(conf->kernel_table, 4294967295);
	assert_string_equal(conf->kernel_device, "tun-1.x");
	assert_int_equal(conf->ack_timeout_ms, 100);
	assert_int_equal(conf->worker_timeout_ms, 500);
	assert_int_equal(conf->adopt_ms, 1000);
	assert_string_equal(conf->node_state, "/n");
	assert_string_equal(conf->control, "/c");
	assert_string_equal(conf->state_dir, "/s");
	assert_string_equal(conf->audit_log, "/a");
	assert_string_equal(conf->hook, "/h");
	assert_int_equal(conf->hook_timeout_ms, 60000);
	assert_int_equal(conf->metrics_cnt, 2);
	assert_int_equal(conf->metrics[1].port, 2);
	assert_int_equal(conf->log_level, LOG_LEVEL_DEBUG);
	assert_false(conf->peers);
	assert_int_equal(conf->health.peer_cnt, 0);

	i = bed_probe(conf, "sip-udp", ADDR_IP4);
	assert_int_equal(conf->probes[i].interval_ms, 2000);
	assert_int_equal(conf->probes[i].fast_interval_ms, 50);
	assert_int_equal(conf->probes[i].prober.timeout_ms, 1000);
	assert_int_equal(conf->health.probes[i].rise, 4);
	assert_int_equal(conf->health.probes[i].fall, 2);
	assert_int_equal(agent_conf_detection_ms(conf, i),
			 2000 + 1000 + 1 * (50 + 1000));
	i = bed_probe(conf, "pinner", ADDR_NONE);
	assert_int_equal(conf->health.probes[i].rise, 1);
	agent_conf_free(conf);
}

static void every_group_key_reaches_its_field(void **state)
{
	static const char text[] =
		"[group one]\nprefix = service, 203.0.113.0/24\nmed-up = 1\n"
		"med-degraded = 2\nmed-draining = 3\nprepend-degraded = 4\n"
		"community = 64511:20, 64511:10\n"
		"community-degraded = no-export, 64511:15\n"
		"large-community = 64511:2:1, 64511:1:2\nhold-down = 0\n"
		"drain-wait = 1m\nremote-wait = 0\npenalty = 0\n"
		"suppress = 5\nreuse = 4\n"
		"half-life = 2s\nsuppress-max = 3s\n"
		"[group two]\nprefix = 198.18.5.0/24\n";
	struct agent_conf *conf = bed_good(text, BED_ARGS);
	const struct health_group_conf *g = &conf->health.groups[0];
	struct prefix prefixes[ROUTE_PREFIXES_MAX];

	(void)state;
	assert_int_equal(conf->health.group_cnt, 2);
	assert_string_equal(g->name, "one");
	assert_true(g->is_service);
	assert_int_equal(g->prefix_cnt, 3);
	assert_int_equal(g->up.med, 1);
	assert_int_equal(g->up.community_cnt, 2);
	assert_int_equal(g->up.communities[0], 64511u << 16 | 10);
	assert_int_equal(g->up.communities[1], 64511u << 16 | 20);
	assert_int_equal(g->up.large_cnt, 2);
	assert_int_equal(g->up.large[0].local1, 1);
	assert_int_equal(g->up.prepend, 0);
	assert_int_equal(g->degraded.med, 2);
	assert_int_equal(g->degraded.prepend, 4);
	assert_int_equal(g->degraded.community_cnt, 4);
	assert_int_equal(g->degraded.communities[1], 64511u << 16 | 15);
	assert_int_equal(g->degraded.communities[3], ROUTE_NO_EXPORT);
	assert_int_equal(g->draining.med, 3);
	assert_int_equal(g->draining.community_cnt, 2);
	assert_int_equal(g->hold_down_ms, 0);
	assert_int_equal(g->drain_wait_ms, 60000);
	assert_int_equal(g->remote_wait_ms, 0);
	assert_int_equal(g->penalty, 0);
	assert_int_equal(g->suppress, 5);
	assert_int_equal(g->reuse, 4);
	assert_int_equal(g->half_life_ms, 2000);
	assert_int_equal(g->suppress_max_ms, 3000);

	assert_string_equal(conf->health.groups[1].name, "two");
	assert_false(conf->health.groups[1].is_service);
	assert_int_equal(agent_conf_prefixes(conf, prefixes), 4);
	assert_int_equal(prefixes[3].len, 24);

	/* the second one has no IPv6 to speak for */
	assert_int_equal(conf->health.probes[bed_probe(conf, "sip-udp",
						       ADDR_IP4)].groups, 3);
	assert_int_equal(conf->health.probes[bed_probe(conf, "sip-udp",
						       ADDR_IP6)].groups, 1);
	agent_conf_free(conf);
}

static void every_probe_key_reaches_its_field(void **state)
{
	static const char text[] =
		"[group g]\n[group h]\nprefix = 203.0.113.0/24\n"
		"[probe s]\ntype = sip\ngroups = g\nfailure = degrade\n"
		"scope = remote\ninterval = 3s\nfast-interval = 20ms\n"
		"timeout = 2s\nrise = 5\nfall = 1\n"
		"address = 203.0.113.9, 2001:db8::9\nport = 5099\n"
		"transport = tls\ntls-name = x.example.net\ntls-ca = /ca\n"
		"method = options\n"
		"[probe h]\ntype = http\npath = /a?b=c\nexpect = 204\n"
		"transport = tls\ntls-ca = /ca\naddress = node\n"
		"[probe d]\ntype = dns\nquery = _sip._udp.example.net.\n"
		"query-type = srv\nanswer = 10 0 5060 sip.example.net.\n"
		"transport = tcp\n"
		"[probe r]\ntype = rtp\nng = [::1]:99\npackets = 3\nloss = 0\n"
		"delay = 30ms\ngroups = g,h\n"
		"[probe p]\ntype = process\npid-file = /p\ngrace = 2s\n"
		"[probe c]\ntype = command\n"
		"command = /bin/check \"two words\"  three \"\"\n";
	struct agent_conf *conf = bed_good(text, BED_ARGS);
	const struct prober_conf *p;
	size_t i = bed_probe(conf, "s", ADDR_IP6);

	(void)state;
	p = &conf->probes[i].prober;
	assert_int_equal(conf->health.probes[i].groups, 1);
	assert_int_equal(conf->health.probes[i].failure, HEALTH_DEGRADE);
	assert_int_equal(conf->health.probes[i].scope, HEALTH_REMOTE);
	assert_int_equal(conf->health.probes[i].rise, 5);
	assert_int_equal(conf->health.probes[i].fall, 1);
	assert_int_equal(conf->probes[i].interval_ms, 3000);
	assert_int_equal(conf->probes[i].fast_interval_ms, 20);
	assert_int_equal(agent_conf_detection_ms(conf, i), 5000);
	assert_string_equal(p->name, "s");
	assert_string_equal(text_of(&p->target), "2001:db8::9");
	assert_int_equal(p->port, 5099);
	assert_string_equal(p->tls_name, "x.example.net");
	assert_string_equal(p->tls_ca, "/ca");
	assert_int_equal(p->method, PROBER_OPTIONS);
	assert_ptr_equal(p->site, conf->site);
	assert_ptr_equal(p->node, conf->node);

	p = &conf->probes[bed_probe(conf, "h", ADDR_IP4)].prober;
	assert_string_equal(p->path, "/a?b=c");
	assert_int_equal(p->expect, 204);
	assert_int_equal(p->port, 443);
	assert_string_equal(p->tls_name, "a.sip.example.net");
	p = &conf->probes[bed_probe(conf, "d", ADDR_IP4)].prober;
	assert_string_equal(p->dns_name, "_sip._udp.example.net");
	assert_int_equal(p->dns_type, 33);
	assert_string_equal(p->dns_answer, "10 0 5060 sip.example.net.");
	assert_int_equal(p->transport, PROBER_TCP);
	assert_int_equal(p->port, 5353);
	i = bed_probe(conf, "r", ADDR_IP4);
	p = &conf->probes[i].prober;
	assert_int_equal(conf->health.probes[i].groups, 3);
	assert_string_equal(text_of(&p->ng_addr), "::1");
	assert_int_equal(p->ng_port, 99);
	assert_int_equal(p->packets, 3);
	assert_int_equal(p->loss_percent, 0);
	assert_int_equal(p->delay_ms, 30);
	i = bed_probe(conf, "p", ADDR_NONE);
	assert_int_equal(conf->probes[i].prober.grace_ms, 2000);
	assert_int_equal(agent_conf_detection_ms(conf, i), 2000);
	p = &conf->probes[bed_probe(conf, "c", ADDR_NONE)].prober;
	assert_string_equal(p->argv[0], "/bin/check");
	assert_string_equal(p->argv[1], "two words");
	assert_string_equal(p->argv[2], "three");
	assert_string_equal(p->argv[3], "");
	assert_null(p->argv[4]);
	agent_conf_free(conf);
}

static void the_command_line_wins(void **state)
{
	struct agent_conf *conf =
		bed_good("[agent]\nnode = b\nmetrics = 127.0.0.1:1, 127.0.0.1:2"
			 "\noutput = kernel\n",
			 "--node=a --site @site --metrics 127.0.0.1:3 "
			 "--output=dry-run --interval 500ms --check-config");

	(void)state;
	assert_int_equal(conf->action, AGENT_CHECK);
	assert_string_equal(conf->node->name, "a");
	assert_int_equal(conf->metrics_cnt, 1);
	assert_int_equal(conf->metrics[0].port, 3);
	assert_int_equal(conf->output, AGENT_DRY_RUN);
	assert_int_equal(conf->probes[0].interval_ms, 500);
	agent_conf_free(conf);
}

static void a_loopback_service_is_announced_as_something_else(void **state)
{
	static const char site[] =
		BED_SERVICE("address = 127.0.53.53\nprefix = 192.0.2.53/32\n")
		"[node a]\naddress = 127.0.53.11\n"
		"local-as = 64511\nneighbor = 127.0.53.1 as 64500\n";
	struct agent_conf *conf;

	(void)state;
	scratch_write("loopback", site, strlen(site));
	conf = bed_good("", "--site @loopback --node a");
	assert_true(conf->health.groups[0].is_service);
	assert_int_equal(conf->health.groups[0].prefix_cnt, 1);
	assert_int_equal(conf->health.probes[0].groups, 1);
	agent_conf_free(conf);
}

static void actions_need_no_site(void **state)
{
	static const struct {
		const char *args;
		enum agent_action action;
	} rows[] = {
		{ "--help", AGENT_HELP },
		{ "--version --site /nonexistent", AGENT_VERSION },
		{ "--check-config --reference", AGENT_REFERENCE },
		{ "--sample", AGENT_SAMPLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct agent_conf *conf = bed_good("x", rows[i].args);

		CHECK_EQ(rows[i].action, conf->action, rows[i].args);
		agent_conf_free(conf);
	}
}

static void a_file_is_read_or_is_an_error(void **state)
{
	static const char text[] = "[agent]\nnode = b\noutput = dry-run\n";
	char *argv[] = { (char[]){ "p" }, (char[]){ "--config" }, NULL,
			 (char[]){ "--site" }, NULL };
	char path[PATH_MAX], site[PATH_MAX];
	struct lines got = { 0 };
	struct agent_conf *conf;

	(void)state;
	scratch_write("c.conf", text, strlen(text));
	snprintf(path, sizeof(path), "%s", scratch_path("c.conf"));
	snprintf(site, sizeof(site), "%s", scratch_path("site"));
	argv[2] = path;
	argv[4] = site;
	assert_int_equal(agent_conf_new(&conf, 5, argv, lines_add, &got), 0);
	assert_string_equal(got.text, "");
	assert_string_equal(conf->file, path);
	assert_string_equal(conf->node->name, "b");
	agent_conf_free(conf);

	argv[2] = (char[]){ "/nonexistent.conf" };
	assert_int_equal(agent_conf_new(&conf, 5, argv, lines_add, &got),
			 EINVAL);
	assert_null(conf);
	assert_non_null(strstr(got.text, "/nonexistent.conf: cannot be read: "
					 "No such file or directory\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_probe_all_that_the_site_has),
		cmocka_unit_test(defaults_are_those_of_the_documentation),
		cmocka_unit_test(default_probes_are_those_of_the_documentation),
		cmocka_unit_test(defaults_leave_out_what_the_site_has_not),
		cmocka_unit_test(a_node_announces_what_it_has_addresses_for),
		cmocka_unit_test(
			a_file_adds_to_the_default_probes_or_replaces_them),
		cmocka_unit_test(every_agent_key_reaches_its_field),
		cmocka_unit_test(every_group_key_reaches_its_field),
		cmocka_unit_test(every_probe_key_reaches_its_field),
		cmocka_unit_test(the_command_line_wins),
		cmocka_unit_test(
			a_loopback_service_is_announced_as_something_else),
		cmocka_unit_test(actions_need_no_site),
		cmocka_unit_test(a_file_is_read_or_is_an_error),
	};

	return cmocka_run_group_tests_name("conf", tests, bed_setup,
					   scratch_teardown);
}
