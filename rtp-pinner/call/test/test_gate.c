/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/gate.h"

#include "common/test/append.h"
#include "rtp-pinner/call/test/world.h"

#define SDP_HEAD "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n"
#define SDP_TAIL "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

static const char site_text[] =
	"[service]\n"
	"domain = sip.example.net\n"
	"address = 192.0.2.53\n"
	"secret = some-secret-of-16-chars-or-more\n"
	"[node a]\n"
	"address = 198.51.100.11\n"
	"[peer carrier]\n"
	"address = 203.0.113.64/28\n"
	"gate = prefix 198.18.0.0/16\n"
	"[peer pbx]\n"
	"address = 203.0.113.80\n"
	"gate = learn\n"
	"[peer lab]\n"
	"address = 10.9.0.0/16\n"
	"gate = off\n";

static void say_site_error(void *arg, const char *line)
{
	(void)arg;
	print_error("%s\n", line);
}

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static void gate_text(char *out, size_t size, const struct gate *gate)
{
	static const char *const modes[] = { "strict", "learn", "off" };

	out[0] = '\0';
	append(out, size, "%s:", modes[gate->mode]);
	for (unsigned i = 0; i < gate->cnt; i++) {
		char a[ADDR_TEXT_MAX];

		addr_format(a, &gate->entries[i].addr);
		append(out, size, " %s", a);
		if (gate->entries[i].prefix_len % 32)
			append(out, size, "/%u", gate->entries[i].prefix_len);
	}
}

struct gate_case {
	const char *what;
	const char *sdp;
	const char *received[3];
	uint64_t flags;
	enum ng_gate gate;
	const char *prefix;
	const char *want;
};

static const struct gate_case cases[] = {
	{ "SDP address alone", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { NULL }, 0, 0, NULL, "strict: 10.0.0.1" },
	{ "NAT: SDP address and where SIP came from",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "203.0.113.9" }, 0, 0, NULL, "strict: 10.0.0.1 203.0.113.9" },
	{ "the same address counts once",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "10.0.0.1" }, 0, 0, NULL, "strict: 10.0.0.1" },
	{ "several received-from", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "203.0.113.9", "203.0.113.10" }, 0, 0, NULL,
	  "strict: 10.0.0.1 203.0.113.9 203.0.113.10" },
	{ "a trusted proxy is nobody's media",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "192.0.2.10" }, 0, 0, NULL, "strict: 10.0.0.1" },
	{ "mapped IPv4 is IPv4", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "::ffff:203.0.113.9" }, 0, 0, NULL,
	  "strict: 10.0.0.1 203.0.113.9" },
	{ "a service address is no party's",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "192.0.2.53" }, 0, 0, NULL, "strict: 10.0.0.1" },
	{ "nor are 0.0.0.0 and groups",
	  SDP_HEAD "c=IN IP4 0.0.0.0\r\n" SDP_TAIL,
	  { "224.0.0.1", "0.0.0.0" }, 0, 0, NULL, "strict:" },
	{ "a=rtcp names another host",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL
		   "a=rtcp:4009 IN IP4 10.0.0.2\r\n",
	  { "203.0.113.9" }, 0, 0, NULL,
	  "strict: 10.0.0.1 203.0.113.9 10.0.0.2" },
	{ "candidates, over UDP",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL
		   "a=ice-ufrag:abcd\r\n"
		   "a=candidate:1 1 UDP 99 10.0.0.3 4000 typ host\r\n"
		   "a=candidate:2 1 UDP 98 203.0.113.7 9 typ srflx\r\n"
		   "a=candidate:3 1 TCP 97 10.0.0.4 9 typ host\r\n"
		   "a=candidate:4 1 UDP 96 x.local 9 typ host\r\n",
	  { NULL }, 0, 0, NULL, "strict: 10.0.0.1 10.0.0.3 203.0.113.7" },
	{ "trust-address", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "203.0.113.9" }, NG_F(NG_TRUST_ADDRESS), 0, NULL,
	  "strict: 10.0.0.1" },
	{ "SIP-source-address", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "203.0.113.9" }, NG_F(NG_SIP_SOURCE_ADDRESS), 0, NULL,
	  "strict: 203.0.113.9" },
	{ "SIP-source-address wins over trust-address",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "203.0.113.9" },
	  NG_F(NG_SIP_SOURCE_ADDRESS) | NG_F(NG_TRUST_ADDRESS), 0, NULL,
	  "strict: 203.0.113.9" },
	{ "SIP-source-address without a source",
	  SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "192.0.2.10" }, NG_F(NG_SIP_SOURCE_ADDRESS), 0, NULL,
	  "strict: 10.0.0.1" },
	{ "gate=learn", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { NULL }, 0, NG_GATE_LEARN, NULL, "learn: 10.0.0.1" },
	{ "gate=off", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { NULL }, 0, NG_GATE_OFF, NULL, "off: 10.0.0.1" },
	{ "gate by prefix", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { NULL }, 0, NG_GATE_PREFIX, "198.18.0.0/15",
	  "strict: 10.0.0.1 198.18.0.0/15" },
	{ "a peer by received-from", SDP_HEAD "c=IN IP4 10.0.0.1\r\n" SDP_TAIL,
	  { "203.0.113.70" }, 0, 0, NULL,
	  "strict: 10.0.0.1 203.0.113.70 198.18.0.0/16" },
	{ "a peer by SDP", SDP_HEAD "c=IN IP4 10.9.1.1\r\n" SDP_TAIL,
	  { NULL }, 0, 0, NULL, "off: 10.9.1.1" },
	{ "received-from before SDP", SDP_HEAD "c=IN IP4 10.9.1.1\r\n" SDP_TAIL,
	  { "203.0.113.80" }, 0, 0, NULL, "learn: 10.9.1.1 203.0.113.80" },
	{ "a command before the peer",
	  SDP_HEAD "c=IN IP4 10.9.1.1\r\n" SDP_TAIL,
	  { "203.0.113.80" }, 0, NG_GATE_STRICT, NULL,
	  "strict: 10.9.1.1 203.0.113.80" },
};

static void the_gate_is_what_signalling_says(void **state)
{
	struct calls_conf conf = world_conf();
	struct prefix proxy = prefix_of(&(struct addr){ 0 });
	struct site *site;

	(void)state;
	assert_int_equal(site_parse(&site, "site.conf", NULL,
				    slice_str(site_text), say_site_error, NULL),
			 0);
	assert_int_equal(prefix_parse(&proxy, slice_str("192.0.2.8/29")), 0);
	conf.site = site;
	conf.trusted_proxies = &proxy;
	conf.trusted_proxy_cnt = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct gate_case *c = &cases[i];
		struct ng_command command = {
			.flags = c->flags,
			.gate = c->gate,
		};
		const char *reason;
		struct sdp *sdp;
		struct gate gate;
		char got[512];

		for (unsigned k = 0; c->received[k]; k++)
			command.received[command.received_cnt++] =
				addr_of(c->received[k]);
		if (c->prefix) {
			struct prefix p;

			assert_int_equal(
				prefix_parse(&p, slice_str(c->prefix)), 0);
			command.gate_prefixes[0].addr = p.addr;
			command.gate_prefixes[0].len = p.len;
			command.gate_prefix_cnt = 1;
		}
		assert_int_equal(sdp_parse(&sdp, &reason, slice_str(c->sdp)),
				 0);
		gate_make(&gate, &conf, &command, sdp_media(sdp, 0));
		gate_text(got, sizeof(got), &gate);
		if (strcmp(got, c->want) != 0)
			fail_msg("%s: `%s', not `%s'", c->what, got, c->want);
		sdp_free(sdp);
	}
	site_free(site);
}

static void the_least_important_entries_are_left_out(void **state)
{
	struct calls_conf conf = world_conf();
	struct ng_command command = { .received_cnt = 1 };
	char sdp_text[2048] = SDP_HEAD "c=IN IP4 10.0.0.1\r\n"
			      SDP_TAIL "a=ice-ufrag:abcd\r\n";
	const char *reason;
	struct sdp *sdp;
	struct gate gate;

	(void)state;
	command.received[0] = addr_of("203.0.113.9");
	for (int i = 0; i < 20; i++)
		append(sdp_text, sizeof(sdp_text),
		       "a=candidate:%d 1 UDP 9 10.1.0.%d 4000 typ host\r\n",
		       i, i + 1);
	assert_int_equal(sdp_parse(&sdp, &reason, slice_str(sdp_text)), 0);
	gate_make(&gate, &conf, &command, sdp_media(sdp, 0));
	assert_int_equal(gate.cnt, FLOW_GATE_MAX);
	assert_true(gate.truncated);
	assert_true(addr_equal(&gate.entries[1].addr, &command.received[0]));
	sdp_free(sdp);
}

static void programs_on_loopback_are_sent_nothing(void **state)
{
	static const struct {
		const char *media;
		const char *target;
		bool may;
	} table[] = {
		{ "198.51.100.11", "203.0.113.1", true },
		{ "198.51.100.11", "10.0.0.1", true },
		{ "198.51.100.11", "127.0.0.1", false },
		{ "198.51.100.11", "127.0.53.11", false },
		{ "198.51.100.11", "192.0.2.53", false },
		{ "198.51.100.11", "224.0.0.1", false },
		{ "198.51.100.11", "255.255.255.255", false },
		{ "198.51.100.11", "0.0.0.0", false },
		{ "198.51.100.11", "::1", false },
		{ "198.51.100.11", "2001:db8::1", true },
		{ "127.0.53.11", "127.0.0.1", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct calls_conf conf = world_conf();
		struct addr target = addr_of(table[i].target);

		conf.media4 = addr_of(table[i].media);
		assert_int_equal(gate_may_send(&conf, &target), table[i].may);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gate_is_what_signalling_says),
		cmocka_unit_test(the_least_important_entries_are_left_out),
		cmocka_unit_test(programs_on_loopback_are_sent_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
