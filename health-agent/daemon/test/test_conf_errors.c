/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is refused, and in what words. */
#include "health-agent/daemon/test/conf_bed.h"

#define NOT " is not allowed: "
#define NAMES "names of groups with commas between them"
#define ADDRESS "service, node, or addresses: one IPv4, one IPv6, or both " \
	"with a comma between them"
#define PREFIXES "service, addresses or prefixes (ADDRESS/LENGTH) with " \
	"commas between them"
#define COMMUNITIES "up to 7 of N:N with commas between them, or their names"
#define LARGES "up to 8 of N:N:N with commas between them"
#define COMMAND "a program's path and its arguments; \"...\" around what has " \
	"blanks"

static void values_of_agent_are_judged(void **state)
{
#define BAD(key, value, why) \
	{ "[agent]\n" key " = " value "\n", NULL, \
	  "~c:2: [agent] " key ": `" value "'" NOT why "\n", 0 }
	static const struct bed_bad rows[] = {
		BAD("output", "bgp", "exabgp, kernel or dry-run"),
		BAD("kernel-table", "0", "a number from 1 to 4294967295"),
		BAD("kernel-device", "a/b", "the name of an interface (only "
		    "a-z, A-Z, 0-9, '-', '_' and '.' make a name)"),
		BAD("kernel-device", "0123456789abcdef", "the name of an "
		    "interface (it is longer than 15 characters)"),
		BAD("ack-timeout", "2", "a time from 100ms to 1m, such as "
		    "500ms, 30s, 2m (it has no unit: 2s?)"),
		BAD("worker-timeout", "400ms", "a time from 500ms to 1m, such "
		    "as 500ms, 30s, 2m"),
		BAD("control", "sock", "a path that begins with / (it does not "
		    "begin with /)"),
		BAD("peers", "on", "yes or no"),
		BAD("rise", "0", "a number from 1 to 100"),
		BAD("fall", "101", "a number from 1 to 100"),
		BAD("interval", "10ms", "a time from 20ms to 1m, such as "
		    "500ms, 30s, 2m"),
		BAD("log-level", "loud", "err, warn, info or debug"),
		BAD("metrics", ":9104", "ADDRESS:PORT, several with commas "
		    "between them; IPv6 in brackets (`:9104' is no "
		    "ADDRESS:PORT)"),
	};
#undef BAD

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void values_of_probes_are_judged(void **state)
{
#define BAD(key, value, why) \
	{ "[probe x]\ntype = command\ncommand = /x\n" key " = " value "\n", \
	  NULL, "~c:4: [probe x] " key ": `" value "'" NOT why "\n", 0 }
	static const struct bed_bad rows[] = {
		{ "[probe x]\ntype = icmp\n", NULL, "c:2: [probe x] type: "
		  "`icmp'" NOT "sip, http, dns, rtp, process or command\n", 0 },
		BAD("groups", "", NAMES " (`' is no name)"),
		BAD("groups", "service,service", NAMES
		    " (`service' is there twice)"),
		BAD("failure", "down", "withdraw or degrade"),
		BAD("scope", "global", "local or remote"),
		BAD("address", "anycast", ADDRESS
		    " (`anycast' is no address)"),
		BAD("address", "192.0.2.1, 192.0.2.2", ADDRESS
		    " (`192.0.2.2' is a second IPv4 address)"),
		BAD("address", "224.0.0.1", ADDRESS
		    " (`224.0.0.1' is no unicast address)"),
		BAD("address", "fe80::1", ADDRESS
		    " (`fe80::1' means nothing without its link)"),
		BAD("port", "0", "a number from 1 to 65535"),
		BAD("transport", "sctp", "udp, tcp or tls"),
		BAD("method", "register", "invite or options"),
		BAD("path", "x", "a path that begins with / (it does not begin "
		    "with /)"),
		BAD("path", "/a b", "a path that begins with / (it has a "
		    "blank, # or a byte that is not ASCII)"),
		BAD("expect", "ok", "redirect, or a status from 100 to 599"),
		BAD("expect", "99", "redirect, or a status from 100 to 599"),
		BAD("query", "a..b", "a DNS name"),
		BAD("query", "a b", "a DNS name"),
		BAD("query-type", "MX", "A, AAAA, SRV, NAPTR or TXT"),
		BAD("ng", "127.0.0.1", "ADDRESS:PORT"),
		BAD("packets", "51", "a number from 1 to 50"),
		BAD("loss", "100", "a number from 0 to 99"),
		BAD("delay", "11s", "a time from 1ms to 10s, such as 500ms, "
		    "30s, 2m"),
		BAD("tls-name", "a..b", "a host name"),
		{ "[probe x]\ntype = command\ncommand = check\n", NULL,
		  "~c:3: [probe x] command: `check'" NOT COMMAND " (it does "
		  "not begin with /)\n", 0 },
		{ "[probe x]\ntype = command\ncommand = /x \"y\n", NULL,
		  "~c:3: [probe x] command: `/x \"y'" NOT COMMAND " (a \" is "
		  "not closed or stands inside a word, or there are more than "
		  "32 words)\n", 0 },
		{ "[probe x]\ntype = command\ncommand = /x y\"z\"\n", NULL,
		  "~stands inside a word", 0 },
		{ "[probe x]\ntype = command\ncommand = /x \"y\"z\n", NULL,
		  "~stands inside a word", 0 },
	};
#undef BAD

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void values_of_groups_are_judged(void **state)
{
#define BAD(key, value, why) \
	{ "[group x]\n" key " = " value "\n", NULL, \
	  "c:2: [group x] " key ": `" value "'" NOT why "\n", 0 }
	static const struct bed_bad rows[] = {
		BAD("prefix", "203.0.113.1/24", PREFIXES " (`203.0.113.1/24' "
		    "has bits behind its length: 203.0.113.0/24?)"),
		BAD("prefix", "x", PREFIXES
		    " (`x' is neither address nor prefix)"),
		BAD("prefix", "0.0.0.0/0", PREFIXES
		    " (`0.0.0.0/0' is too large a part of all addresses)"),
		BAD("prefix", "224.0.0.0/8", PREFIXES
		    " (`224.0.0.0/8' is no block of unicast)"),
		BAD("prefix", "::ffff:203.0.113.0/120", PREFIXES
		    " (`::ffff:203.0.113.0/120' is no block of unicast)"),
		BAD("prefix", "fe80::/64", PREFIXES
		    " (`fe80::/64' is no block of unicast)"),
		BAD("prefix", "203.0.113.1,203.0.113.1/32", PREFIXES
		    " (`203.0.113.1/32' is there twice)"),
		BAD("med-up", "-1", "a number from 0 to 4294967295"),
		BAD("prepend-degraded", "11", "a number from 0 to 10"),
		BAD("community", "65536:1", COMMUNITIES
		    " (`65536:1' is no community)"),
		BAD("community", "65535:0", COMMUNITIES " (`65535:0' says "
		    "draining, and then it is there by itself)"),
		BAD("community", "blackhole", COMMUNITIES " (`blackhole' would "
		    "have the routers drop all packets)"),
		BAD("community-degraded", "1:1,1:1", COMMUNITIES
		    " (`1:1' is there twice)"),
		BAD("community", "1:1,1:2,1:3,1:4,1:5,1:6,1:7,1:8", COMMUNITIES
		    " (`1:8' is one too many)"),
		BAD("large-community", "1:2", LARGES
		    " (`1:2' is no large community)"),
		BAD("large-community", "1:2:3,1:2:3", LARGES
		    " (`1:2:3' is there twice)"),
		BAD("half-life", "0", "a time from 1s to 1h, such as 500ms, "
		    "30s, 2m"),
		BAD("suppress", "0", "a number from 1 to 1000000"),
	};
#undef BAD

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void lines_and_sections_are_judged(void **state)
{
	static const struct bed_bad rows[] = {
		{ "interval = 1s\n[agnet]\nx = 1\n[agent]\nnode\n", NULL,
		  "c:1: interval: stands before the first section\n"
		  "c:2: [agnet]: unknown section; did you mean [agent]?\n"
		  "c:5: `node': neither [section] nor key = value\n", 0 },
		{ "[prob x]\n[service]\n", NULL,
		  "c:1: [prob x]: unknown section; did you mean [probe NAME]?\n"
		  "c:2: [service]: unknown section; allowed: [agent], "
		  "[probe NAME], [group NAME]\n", 0 },
		{ "[agent x]\n", NULL, "c:1: [agent x]: unknown section; did "
		  "you mean [agent]?\n", 0 },
		{ "[agent]\nouput = kernel\ncolour = red\n", NULL,
		  "~c:2: [agent] ouput: unknown key; did you mean `output'?\n"
		  "c:3: [agent] colour: unknown key; allowed: site, ", 0 },
		{ "[group x]\nmetrics = 127.0.0.1:1\n", NULL, "~c:2: [group x] "
		  "metrics: a key of [agent]; allowed: prefix, med-up, ", 0 },
		{ "[agent]\nfall = 1\nfall = 2\n[agent]\nfall = 0\n", NULL,
		  "c:3: [agent] fall: set already in line 2\n"
		  "c:4: [agent]: there is one already, in line 1\n"
		  "c:5: [agent] fall: `0'" NOT "a number from 1 to 100\n", 0 },
		{ "[probe x]\ntype = rtp\n[probe x]\ntype = tpr\n", NULL,
		  "c:3: [probe x]: there is one already, in line 1\n"
		  "c:4: [probe x] type: `tpr'" NOT "sip, http, dns, rtp, "
		  "process or command\n", 0 },
		{ "[group x]\n[group x]\n[group]\n[probe Kamailio]\n", NULL,
		  "c:2: [group x]: there is one already, in line 1\n"
		  "c:3: [group ]: a name is 1 to 31 of a-z, 0-9 and '-', with "
		  "no '-' at either end\n"
		  "c:4: [probe Kamailio]: a name is 1 to 31 of a-z, 0-9 and "
		  "'-', with no '-' at either end\n", 0 },
		{ "[probe x\ntype = 1\n[agent] rise = 2\n", NULL,
		  "c:1: `[probe x': the section is not closed by ]\n"
		  "c:3: [agent]: nothing but a comment may follow the "
		  "section\n", 0 },
		{ "", "--colour=red x", "--colour=red: unknown option; try "
		  "--help\nx: is no option; try --help\n", EBADMSG },
		{ "", "--ouput kernel", "~--ouput: unknown option; did you "
		  "mean --output?\n", EBADMSG },
		{ "", BED_ARGS " --rise x --fall=0",
		  "--rise: `x'" NOT "a number from 1 to 100\n"
		  "--fall: `0'" NOT "a number from 1 to 100\n", 0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void a_probe_has_the_keys_of_its_type(void **state)
{
	static const struct bed_bad rows[] = {
		{ "[probe x]\n", NULL, "c:1: [probe x]: type is missing: sip, "
		  "http, dns, rtp, process or command\n", 0 },
		{ "[probe x]\npath = /\ntype = sip\n", NULL, "c:2: [probe x] "
		  "path: is no key of type = sip, but of http\n", 0 },
		{ "[probe x]\ntype = rtp\nport = 5\n", NULL, "c:3: [probe x] "
		  "port: is no key of type = rtp, but of sip, http, dns\n", 0 },
		{ "[probe x]\ntype = process\n[probe y]\ntype = command\n",
		  NULL, "c:1: [probe x]: pid-file is missing: a path that "
		  "begins with /\nc:3: [probe y]: command is missing: "
		  COMMAND "\n", 0 },
		{ "[probe x]\ntype = http\ntransport = udp\n", NULL,
		  "c:3: [probe x] transport: HTTP needs tcp or tls\n", 0 },
		{ "[probe x]\ntype = dns\ntransport = tls\n", NULL,
		  "c:3: [probe x] transport: DNS needs udp or tcp\n", 0 },
		{ "[probe x]\ntype = sip\naddress = node\nmethod = invite\n",
		  NULL, "c:4: [probe x] method: an INVITE to what is not the "
		  "service is a call, and gets no redirect: options\n", 0 },
		{ "[probe x]\ntype = sip\nmethod = invite\n"
		  "address = 203.0.113.9, 2001:db8:53::53\n", NULL,
		  "c:3: [probe x] method: an INVITE to what is not the service "
		  "is a call, and gets no redirect: options\n", 0 },
		{ "[probe x]\ntype = sip\nmethod = invite\n"
		  "address = 198.51.100.75, 2001:db8:53::53\n", NULL,
		  "~c:3: [probe x] method: an INVITE to what is not the "
		  "service ", 0 },
		{ "[probe x]\ntype = http\naddress = node\n", NULL,
		  "c:1: [probe x] expect (default): only the service redirects "
		  "to this node: a status\n", 0 },
		{ "[probe x]\ntype = http\nexpect = redirect\n"
		  "address = 192.0.2.53, 2001:db8::1\n", NULL,
		  "c:3: [probe x] expect: only the service redirects to this "
		  "node: a status\n", 0 },
		{ "[probe x]\ntype = sip\ntls-ca = /x\n"
		  "[probe y]\ntype = http\ntls-name = x\ntransport = tcp\n",
		  NULL,
		  "c:3: [probe x] tls-ca: is for transport = tls\n"
		  "c:6: [probe y] tls-name: is for transport = tls\n", 0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void a_probe_has_all_it_needs(void **state)
{
	static const struct bed_bad rows[] = {
		{ "[probe x]\ntype = dns\nanswer = moon\n", NULL,
		  "c:1: [probe x]: `moon' is no A\n", 0 },
		{ "[probe x]\ntype = rtp\ntimeout = 100ms\n"
		  "fast-interval = 50ms\ndelay = 90ms\n", NULL,
		  "c:1: [probe x]: delay 90 ms and 5 packets do not fit into "
		  "timeout 100 ms\n", 0 },
		{ "[agent]\ntimeout = 50ms\n", NULL, "[probe rtp] (default): "
		  "delay 10 ms and 5 packets do not fit into timeout 50 ms\n",
		  0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void defaults_are_changed_only_where_they_are_made(void **state)
{
	static const struct bed_bad rows[] = {
		{ "[probe kamailio]\npid-file = /k\n", NULL,
		  "c:1: [probe kamailio]: type is missing: sip, http, dns, "
		  "rtp, process or command\n", 0 },
		{ "[agent]\ndefault-probes = no\n", NULL,
		  "[group service] (default): no probe speaks for its IPv4 "
		  "prefixes: they would be announced whatever happens\n"
		  "[group service] (default): no probe speaks for its IPv6 "
		  "prefixes: they would be announced whatever happens\n", 0 },
		{ "[agent]\ndefault-probes = yes\n[probe rtp]\npath = /\n",
		  NULL, "c:4: [probe rtp] path: is no key of type = rtp, but "
		  "of http\n", 0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void timers_must_make_sense(void **state)
{
	static const struct bed_bad rows[] = {
		{ "[agent]\ntimeout = 2s\n", NULL, "c:2: [agent] timeout: "
		  "timeout = 2s is longer than interval = 1s: who does not "
		  "answer would be asked less often than who does\n", 0 },
		{ "", BED_ARGS " --interval 50ms", "--interval: timeout = "
		  "500ms is longer than interval = 50ms: who does not answer "
		  "would be asked less often than who does\n"
		  "--interval: fast-interval = 100ms is longer than interval "
		  "= 50ms\n", 0 },
		{ "[probe x]\ntype = rtp\nfast-interval = 2s\n", NULL,
		  "c:3: [probe x] fast-interval: fast-interval = 2s is longer "
		  "than interval = 1s\n", 0 },
		{ "[probe x]\ntype = rtp\nfall = 100\n", NULL,
		  "c:3: [probe x] fall: a failure could go "
		  "unseen for 60900ms, interval + timeout + (fall - 1) * "
		  "(fast-interval + timeout): at most 1m\n", 0 },
		{ "[agent]\nfall = 100\nfast-interval = 1s\n", NULL,
		  "c:2: [agent] fall: a failure could go unseen "
		  "for 150s, interval + timeout + (fall - 1) * (fast-interval "
		  "+ timeout): at most 1m\n", 0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

#define G "[group g]\n"
#define P "[probe x]\ntype = process\npid-file = /p\n"

static void groups_and_probes_must_fit(void **state)
{
	static const struct bed_bad rows[] = {
		{ P "groups = servce\n", NULL, "c:4: [probe x] groups: there "
		  "is no [group servce]; did you mean `service'?\n", 0 },
		{ G P "groups = g, nothing\n", NULL, "c:5: [probe x] groups: "
		  "there is no [group nothing]\n", 0 },
		{ G "[group h]\nprefix = 2001:db8:53::53\n", NULL,
		  "c:3: [group h] prefix: 2001:db8:53::53 is in group g "
		  "already\n", 0 },
		{ G "[group h]\nprefix = 198.51.100.64/26\n", NULL,
		  "c:3: [group h] prefix: an address of node b is in "
		  "198.51.100.64/26, which every node announces\n", 0 },
		{ G "[group h]\nprefix = 198.51.100.0/29\n", NULL,
		  "c:3: [group h] prefix: a neighbor of node a is in "
		  "198.51.100.0/29, which every node announces\n", 0 },
		{ "[group h]\nprefix = 203.0.113.0/24, 192.0.2.53\n", NULL,
		  "~c: 2001:db8:53::53 of ", 0 },
		{ G "reuse = 2500\nmed-degraded = 99\n", NULL,
		  "c:2: [group g] reuse: reuse = 2500 is not below suppress = "
		  "2500\nc:3: [group g] med-degraded: med-degraded = 99 is "
		  "below med-up = 100: a degraded node would be preferred\n",
		  0 },
		/* one error for one mistake */
		{ G "reuse = x\nsuppress = 500\nmed-up = x\n"
		  "med-degraded = 50\n", NULL,
		  "c:2: [group g] reuse: `x'" NOT "a number from 1 to 1000000\n"
		  "c:4: [group g] med-up: `x'" NOT "a number from 0 to "
		  "4294967295\n", 0 },
		{ G "med-up = 501\nmed-draining = 400\n", NULL,
		  "c:2: [group g] med-up: med-degraded = 500 is below med-up = "
		  "501: a degraded node would be preferred\n"
		  "c:3: [group g] med-draining: med-draining = 400 is below "
		  "med-degraded = 500: a draining node would be preferred\n",
		  0 },
		{ G "[group h]\nprefix = 203.0.113.0/24\n" P "groups = g\n",
		  NULL, "c:2: [group h]: no probe speaks for its IPv4 "
		  "prefixes: they would be announced whatever happens\n", 0 },
		{ "[probe x]\ntype = sip\nfailure = degrade\n", NULL,
		  "[group service] (default): no probe of failure = withdraw "
		  "speaks for its IPv4 prefixes: they would be announced "
		  "whatever happens\n"
		  "[group service] (default): no probe of failure = withdraw "
		  "speaks for its IPv6 prefixes: they would be announced "
		  "whatever happens\n", 0 },
		{ "[probe x]\ntype = sip\naddress = 203.0.113.1\n", NULL,
		  "[group service] (default): no probe speaks for its IPv6 "
		  "prefixes: they would be announced whatever happens\n", 0 },
		{ G "[group h]\nprefix = 203.0.113.0/24\n"
		  "[probe x]\ntype = rtp\ngroups = h\naddress = 2001:db8::1\n"
		  "[probe y]\ntype = rtp\n", NULL,
		  "c:7: [probe x] address: none of its groups has an IPv6 "
		  "prefix\n", 0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void too_much_is_refused(void **state)
{
	char *text = NULL;
	struct lines got = { 0 };
	struct agent_conf *conf;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	for (int i = 0; i < HEALTH_PROBES_MAX + 2; i++)
		fprintf(f, "[probe p%d]\ntype = process\npid-file = /p\n", i);
	for (int i = 0; i < HEALTH_GROUPS_MAX + 2; i++)
		fprintf(f, "[group g%d]\nprefix = 203.0.113.%d\n", i, i);
	fclose(f);
	assert_int_equal(bed_parse(&conf, text, BED_ARGS, &got), EINVAL);
	assert_non_null(strstr(got.text, "c:193: [probe p64]: more than 64 "
					 "probes\n"));
	assert_non_null(strstr(got.text, "c:231: [group g16]: more than 16 "
					 "groups\n"));
	assert_null(strstr(got.text, "p65"));
	free(text);

	/* 40 sections are 80 probes */
	f = open_memstream(&text, &len);
	for (int i = 0; i < 40; i++)
		fprintf(f, "[probe p%d]\ntype = rtp\n", i);
	fclose(f);
	got = (struct lines){ 0 };
	assert_int_equal(bed_parse(&conf, text, BED_ARGS, &got), EINVAL);
	assert_string_equal(got.text, "c:65: [probe p32]: there are more than "
			    "64 probes, counting one for each family\n");
	free(text);

	/* 33 prefixes */
	f = open_memstream(&text, &len);
	fprintf(f, "[group g0]\n");
	for (int i = 1; i < 4; i++) {
		fprintf(f, "[group g%d]\nprefix = 203.0.%d.0", i, i);
		for (int j = 1; j < 10 + (i == 3); j++)
			fprintf(f, ",203.0.%d.%d", i, j);
		fprintf(f, "\n");
	}
	fclose(f);
	got = (struct lines){ 0 };
	assert_int_equal(bed_parse(&conf, text, BED_ARGS, &got), EINVAL);
	assert_string_equal(got.text, "c: the groups have 33 prefixes: at most "
				      "32 can be announced\n");
	free(text);
}

#define TWENTY "12345678901234567890"
#define EIGHTY TWENTY TWENTY TWENTY TWENTY

static void what_belongs_together_is_judged(void **state)
{
	static const struct bed_bad rows[] = {
		{ "[agent]\nnode = c\n", "--site @site", "~c:2: [agent] node: ",
		  0 },
		{ "", "--site @site --node c", "~ has no node c; it has: a b\n",
		  0 },
		{ "", "--site /nonexistent --node a", "/nonexistent: cannot be "
		  "read: No such file or directory\n", 0 },
		{ "[agent]\nmetrics = [2001:db8:53::53]:9104\n", NULL,
		  "c:2: [agent] metrics: [2001:db8:53::53] is a service "
		  "address: anybody reaches it\n", 0 },
		{ "[agent]\nkernel-table = 255\n", NULL, "c:2: [agent] "
		  "kernel-table: 255 is where the kernel finds the addresses "
		  "of this machine\n", 0 },
		{ "[agent]\ncontrol = /0123456789/0123456789/0123456789/"
		  "0123456789/0123456789/0123456789/0123456789/0123456789/"
		  "0123456789/0123456789\n", NULL, "c:2: [agent] control: the "
		  "path of a socket has at most 103 characters here\n", 0 },
		{ "[agent]\ncontrol = /" EIGHTY "/1234567890123456789012\n",
		  NULL, "~at most 103 characters", 0 },
		{ "", "--site @site --node b",
		  "~[agent] output (default): exabgp has nobody to announce "
		  "IPv4 prefixes to: node b has no neighbor of this family in ",
		  0 },
		{ "[agent]\noutput = exabgp\n", "--site @site --node b",
		  "~c:2: [agent] output: exabgp has nobody to announce IPv6 "
		  "prefixes to: node b has no neighbor of this family in ", 0 },
		{ "[probe x]\ntype = http\n",
		  "--site @site --node b --output dry-run",
		  "~c:1: [probe x] expect (default): node b has no http in ",
		  0 },
	};

	(void)state;
	bed_check_bad(rows, ARRAY_SIZE(rows));
	agent_conf_free(bed_good("[agent]\ncontrol = /" EIGHTY
				 "/123456789012345678901\n", BED_ARGS));
	/* kernel and dry-run need no neighbor */
	agent_conf_free(bed_good("", "--site @site --node b --output kernel"));
	agent_conf_free(bed_good("", "--site @site --node b --output dry-run"));
}

static void a_family_is_one_of_some_node(void **state)
{
	static const char site[] =
		BED_SERVICE("address = 192.0.2.53\n")
		"[node b]\naddress = 198.51.100.75\n"
		"[node a]\naddress = 198.51.100.11\nlocal-as = 64511\n"
		"neighbor = 198.51.100.1 as 64500\n";
	static const struct bed_bad rows[] = {
		{ "[group g]\n[group h]\nprefix = 2001:db8:9::/48\n",
		  "--site @no-ip6 --node a",
		  "c:3: [group h] prefix: no node has an address of a family "
		  "of these\n", 0 },
		{ "[probe x]\ntype = dns\naddress = 203.0.113.1, 2001:db8::1\n",
		  "--site @no-ip6 --node a",
		  "c:3: [probe x] address: none of its groups has an IPv6 "
		  "prefix\n", 0 },
	};

	(void)state;
	scratch_write("no-ip6", site, strlen(site));
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

static void tls_needs_the_site_to_listen(void **state)
{
	static const char site[] =
		BED_SERVICE("address = 192.0.2.53\n")
		"[node a]\naddress = 198.51.100.11\nlocal-as = 64511\n"
		"neighbor = 198.51.100.1 as 64500\n";
	static const struct bed_bad rows[] = {
		{ "[probe x]\ntype = sip\ntransport = tls\n",
		  "--site @plain --node a",
		  "~c:3: [probe x] transport: tls is closed: ", 0 },
	};

	(void)state;
	scratch_write("plain", site, strlen(site));
	bed_check_bad(rows, ARRAY_SIZE(rows));
}

/* Nobody should mend one error to be told of the next. */
static void all_errors_come_at_once(void **state)
{
	static const char site[] = BED_SERVICE("address = moon\n")
		"[node a]\naddress = 198.51.100.11\nport = 1\n";
	struct lines got = { 0 };
	struct agent_conf *conf;

	(void)state;
	scratch_write("bad", site, strlen(site));
	assert_int_equal(bed_parse(&conf,
		"[agent]\nrise = x\ntimeout = 9s\n[probe x]\ntype = y\n"
		"[group g]\nprefix = z\n", "--site @bad --node a --hook x",
		&got), EINVAL);
	assert_non_null(strstr(got.text, "c:2: [agent] rise"));
	assert_non_null(strstr(got.text, "c:3: [agent] timeout"));
	assert_non_null(strstr(got.text, "c:5: [probe x] type"));
	assert_non_null(strstr(got.text, "c:7: [group g] prefix"));
	assert_non_null(strstr(got.text, "--hook: "));
	assert_non_null(strstr(got.text, "[service] address"));
	assert_non_null(strstr(got.text, "[node a] port"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_agent_are_judged),
		cmocka_unit_test(values_of_probes_are_judged),
		cmocka_unit_test(values_of_groups_are_judged),
		cmocka_unit_test(lines_and_sections_are_judged),
		cmocka_unit_test(a_probe_has_the_keys_of_its_type),
		cmocka_unit_test(a_probe_has_all_it_needs),
		cmocka_unit_test(defaults_are_changed_only_where_they_are_made),
		cmocka_unit_test(timers_must_make_sense),
		cmocka_unit_test(groups_and_probes_must_fit),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(what_belongs_together_is_judged),
		cmocka_unit_test(a_family_is_one_of_some_node),
		cmocka_unit_test(tls_needs_the_site_to_listen),
		cmocka_unit_test(all_errors_come_at_once),
	};

	return cmocka_run_group_tests_name("conf errors", tests, bed_setup,
					   scratch_teardown);
}
