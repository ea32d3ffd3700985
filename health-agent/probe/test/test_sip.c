/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SIP probes against servers that do as they please: one result each. */
#include "site_bed.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/probe.h"
#include "common/clock.h"
#include "health-agent/probe/prober_priv.h"

#define SAME "{via}{from}{to-tag}{call-id}{cseq}"
#define END "Content-Length: 0\r\n\r\n"
#define FOUND "SIP/2.0 302 Moved Temporarily\r\n"
#define OURS "Contact: <sip:probe@198.51.100.11:5060>\r\n"
#define OURS_TCP "Contact: <sip:probe@198.51.100.11:5060;transport=tcp>\r\n"
#define OURS_TLS \
	"Contact: <sip:probe@fra1.sip.example.net:5061;transport=tls>\r\n"
#define GOOD FOUND SAME OURS END
#define GOOD_TEXT "302 to sip:probe@198.51.100.11:5060"

struct sip_case {
	const char *what;
	const char *script[2];	/* to INVITE, and to what comes then */
	enum health_attempt want;
	const char *text;
	bool repeats;		/* the first is lost, the second counts */
	unsigned requests;	/* with the ACK of a final answer */
	uint64_t timeout_ms;	/* 0: 150 where the text says so, else long */
};

static struct prober_conf conf_of(const struct fake *f,
				  enum prober_transport transport)
{
	struct prober_conf conf = site_conf(f, PROBER_SIP, transport);

	SET(conf.name, "sip");
	return conf;
}

static void check(const struct sip_case *c, enum prober_transport transport)
{
	struct fake f = {
		.script = { c->script[0], c->script[1] },
		.want_requests = c->requests,
		.repeats = c->repeats,
	};
	struct prober_conf conf;
	struct prober_result result;
	uv_loop_t loop;

	site_listen(&f, &loop, transport);
	conf = conf_of(&f, transport);
	if (c->timeout_ms)
		conf.timeout_ms = c->timeout_ms;
	else if (!strstr(c->text, "150 ms"))
		conf.timeout_ms = 5000;
	result = fake_attempt(&f, &conf);
	print_message("%s: %s\n", c->what, result.text);
	assert_int_equal(result.what, c->want);
	assert_string_equal(result.text, c->text);
	assert_int_equal(f.requests, f.want_requests);
	assert_memory_equal(f.request[0], "INVITE ", 7);
	if (c->requests == 2 && !c->timeout_ms)
		assert_memory_equal(f.request[1], "ACK ", 4);
}

static void an_invite_wants_its_302(void **state)
{
	static const struct sip_case cases[] = {
		{ "the right answer", { GOOD }, HEALTH_GOOD, GOOD_TEXT,
		  .requests = 2 },
		{ "its Contact in maddr style",
		  { FOUND SAME "Contact: <sip:probe@sip.example.net:5060"
			       ";maddr=198.51.100.11>\r\n" END },
		  HEALTH_GOOD,
		  "302 to sip:probe@sip.example.net:5060;maddr=198.51.100.11",
		  .requests = 2 },
		{ "other nodes behind ours",
		  { FOUND SAME OURS "Contact: <sip:probe@198.51.100.12:5060>"
			       "\r\n" END }, HEALTH_GOOD, GOOD_TEXT,
		  .requests = 2 },
		{ "compact, folded, LF alone",
		  { FOUND "{via}{from}{to-tag}{call-id}{cseq}m:\n <sip:probe"
			  "@198.51.100.11:5060>\nl:\n\t0\n\n" },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "another node",
		  { FOUND SAME "Contact: <sip:probe@198.51.100.12:5060>\r\n"
			  END }, HEALTH_BAD,
		  "302 to sip:probe@198.51.100.12:5060, not "
		  "sip:probe@198.51.100.11:5060", .requests = 2 },
		{ "another port",
		  { FOUND SAME "Contact: <sip:probe@198.51.100.11:5070>\r\n"
			  END }, HEALTH_BAD,
		  "302 to sip:probe@198.51.100.11:5070, not "
		  "sip:probe@198.51.100.11:5060", .requests = 2 },
		{ "another transport", { FOUND SAME OURS_TCP END }, HEALTH_BAD,
		  "302 to sip:probe@198.51.100.11:5060;transport=tcp, not "
		  "sip:probe@198.51.100.11:5060", .requests = 2 },
		{ "another family",
		  { FOUND SAME "Contact: <sip:probe@[2001:db8:1::11]:5060>"
			  "\r\n" END }, HEALTH_BAD,
		  "302 to sip:probe@[2001:db8:1::11]:5060, not "
		  "sip:probe@198.51.100.11:5060", .requests = 2 },
		{ "our node behind another one",
		  { FOUND SAME "Contact: <sip:probe@198.51.100.12:5060>\r\n"
			  OURS END }, HEALTH_BAD,
		  "302 to sip:probe@198.51.100.12:5060, not "
		  "sip:probe@198.51.100.11:5060", .requests = 2 },
		{ "no Contact", { FOUND SAME END }, HEALTH_BAD,
		  "302 without a Contact", .requests = 2 },
		{ "no tag of ours",
		  { FOUND "{via}{from}To: <sip:probe@sip.example.net>;tag=a1-"
			  "0123456789abcdef\r\n{call-id}{cseq}" OURS END },
		  HEALTH_BAD, "302 with a To-tag that is not of this site",
		  .requests = 2 },
		{ "200", { "SIP/2.0 200 OK\r\n" SAME END }, HEALTH_BAD,
		  "200 OK instead of 302", .requests = 3 },
		{ "480 with a bell in it",
		  { "SIP/2.0 480 Away\a\r\n" SAME END }, HEALTH_BAD,
		  "480 Away? instead of 302", .requests = 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(&cases[i], PROBER_UDP);
}

/* For a while behind a reload Kamailio may not have read the site file. */
static void what_the_site_file_said_before_counts_for_a_while(void **state)
{
#define AT(host) FOUND SAME "Contact: <sip:probe@" host ":5060>\r\n" END
#define IN_MADDR FOUND SAME "Contact: <sip:probe@sip.example.net:5060;maddr=" \
			    "198.51.100.77>\r\n" END
	static const struct {
		const char *script;
		int64_t left_ms;
		enum health_attempt want;
		const char *text;
	} cases[] = {
		{ AT("198.51.100.77"), 60000, HEALTH_GOOD,
		  "302 to sip:probe@198.51.100.77:5060, as the site file was" },
		{ IN_MADDR, 60000, HEALTH_GOOD,
		  "302 to sip:probe@sip.example.net:5060;maddr=198.51.100.77, "
		  "as the site file was" },
		{ AT("198.51.100.77"), -1, HEALTH_BAD,
		  "302 to sip:probe@198.51.100.77:5060, not "
		  "sip:probe@198.51.100.11:5060" },
		{ AT("198.51.100.78"), 60000, HEALTH_BAD,
		  "302 to sip:probe@198.51.100.78:5060, not "
		  "sip:probe@198.51.100.11:5060" },
		{ GOOD, 60000, HEALTH_GOOD, GOOD_TEXT },
	};
	const struct site_node former = {
		.name = "fra1",
		.ip4 = { .family = ADDR_IP4, .bytes_be = { 198, 51, 100, 77 } },
		.sip_port = 5060,
		.sips_port = 5061,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake f = {
			.script = { cases[i].script }, .want_requests = 2,
		};
		struct prober_result result;
		struct prober_conf conf;
		uv_loop_t loop;

		fake_udp(&f, &loop, site);
		conf = conf_of(&f, PROBER_UDP);
		conf.timeout_ms = 5000;
		conf.former = &former;
		conf.former_until_ms =
			clock_boot_ms() + (uint64_t)cases[i].left_ms;
		result = fake_attempt(&f, &conf);
		assert_string_equal(result.text, cases[i].text);
		assert_int_equal(result.what, cases[i].want);
	}
}

static void what_is_no_reply_to_us_does_not_count(void **state)
{
	static char large[65000];
	static const char *const other_via =
		"SIP/2.0 480 X\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch="
		"z9hG4bKforged\r\n{from}{to-tag}{call-id}{cseq}" END;
	static const struct sip_case cases[] = {
		{ "nothing", { "" }, HEALTH_BAD, "no answer in 150 ms",
		  .requests = 1 },
		{ "a forged Via", { 0 }, HEALTH_BAD,
		  "no answer in 150 ms; ignored: 0 not SIP, 1 of other "
		  "requests", .requests = 1 },
		{ "a forged Call-ID",
		  { "SIP/2.0 480 X\r\n{via}{from}{to-tag}Call-ID: x\r\n{cseq}"
		    END FAKE_CUT GOOD }, HEALTH_GOOD, GOOD_TEXT,
		  .requests = 2 },
		{ "a forged From-tag",
		  { "SIP/2.0 480 X\r\n{via}From: <sip:probe@sip.example.net>"
		    ";tag=1\r\n{to-tag}{call-id}{cseq}" END FAKE_CUT GOOD },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "a forged CSeq",
		  { "SIP/2.0 480 X\r\n{via}{from}{to-tag}{call-id}CSeq: 999 "
		    "INVITE\r\n" END FAKE_CUT GOOD }, HEALTH_GOOD, GOOD_TEXT,
		  .requests = 2 },
		{ "a second Via",
		  { "SIP/2.0 480 X\r\n{via}Via: SIP/2.0/UDP 192.0.2.1\r\n{from}"
		    "{to-tag}{call-id}{cseq}" END FAKE_CUT GOOD },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "garbage", { "\xff\xfe{via}" FAKE_CUT "\r\n\r\n" FAKE_CUT
			       "HTTP/1.1 200 OK\r\n\r\n" FAKE_CUT GOOD },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "half a message",
		  { "SIP/2.0 302 Moved\r\n{via}{from}{to-ta" FAKE_CUT
		    "SIP/2.0 480 X\r\n" SAME "Content-Length: 5\r\n\r\nfour"
		    FAKE_CUT GOOD }, HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "our own request", { "INVITE sip:x SIP/2.0\r\n" SAME END
				       FAKE_CUT GOOD },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "64 kB", { large }, HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "two answers", { GOOD FAKE_CUT "SIP/2.0 480 X\r\n" SAME END },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
	};
	size_t len;

	(void)state;
	memset(large, 'x', sizeof(large));
	memcpy(large, "SIP/2.0 480 X\r\nSubject: ", 24);
	len = sizeof(large) - sizeof(GOOD) - 8;
	memcpy(large + len, FAKE_CUT GOOD, sizeof(GOOD) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sip_case c = cases[i];

		if (!c.script[0])
			c.script[0] = other_via;
		check(&c, PROBER_UDP);
	}
}

static void a_provisional_answer_is_none(void **state)
{
	static const struct sip_case cases[] = {
		{ "100, then the answer",
		  { "SIP/2.0 100 Trying\r\n" SAME END FAKE_CUT GOOD },
		  HEALTH_GOOD, GOOD_TEXT, .requests = 2 },
		{ "100 only: CANCEL, and no second INVITE",
		  { "SIP/2.0 100 Trying\r\n" SAME END }, HEALTH_BAD,
		  "only 100 Trying in 300 ms", .requests = 2,
		  .timeout_ms = 300 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(&cases[i], PROBER_UDP);
}

static void a_lost_packet_does_no_harm(void **state)
{
	static const struct sip_case c = {
		"the first is lost", { "", GOOD }, HEALTH_GOOD, GOOD_TEXT,
		.repeats = true, .requests = 3, .timeout_ms = 5000,
	};
	uint64_t before =
		counter_get(prober_counters(), PROBER_C_SIP_REPEATED);

	(void)state;
	check(&c, PROBER_UDP);
	assert_true(counter_get(prober_counters(), PROBER_C_SIP_REPEATED) >
		    before);
}

static void nobody_listening_is_heard_at_once(void **state)
{
	struct prober_result result;
	struct fake f = { 0 };
	struct prober_conf conf;
	uv_loop_t loop;

	(void)state;
	fake_udp(&f, &loop, site);
	conf = conf_of(&f, PROBER_UDP);
	conf.port = 1;
	conf.timeout_ms = 5000;
	result = fake_attempt(&f, &conf);
	assert_int_equal(result.what, HEALTH_BAD);
	assert_string_equal(result.text, "nobody listens there");

	memset(&f, 0, sizeof(f));
	fake_tcp(&f, &loop, site);
	conf.transport = PROBER_TCP;
	result = fake_attempt(&f, &conf);
	assert_int_equal(result.what, HEALTH_BAD);
	assert_string_equal(result.text, "connection refused");
}

static void a_stream_is_cut_into_messages(void **state)
{
	static const char trying[] = "SIP/2.0 100 Hm\r\nl: 0\r\n\r\n";
	static char endless[140000], chatter[140000];
	static const struct sip_case cases[] = {
		{ "at once", { FOUND SAME OURS_TCP END }, HEALTH_GOOD,
		  GOOD_TEXT ";transport=tcp", .requests = 2 },
		{ "byte by byte", { FAKE_BYTEWISE "\r\n" FOUND SAME OURS_TCP
				    END }, HEALTH_GOOD,
		  GOOD_TEXT ";transport=tcp", .requests = 2,
		  .timeout_ms = 2000 },
		{ "behind others",
		  { "SIP/2.0 100 Trying\r\n" SAME "Content-Length: 2\r\n\r\nab"
		    "SIP/2.0 480 X\r\n{via}{from}{to-tag}Call-ID: x\r\n{cseq}"
		    END FAKE_CUT FOUND SAME OURS_TCP END }, HEALTH_GOOD,
		  GOOD_TEXT ";transport=tcp", .requests = 2 },
		{ "with a body that comes late",
		  { FOUND SAME OURS_TCP "Content-Length: 4\r\n\r\n" FAKE_CUT
		    "body" }, HEALTH_GOOD, GOOD_TEXT ";transport=tcp",
		  .requests = 2 },
		{ "closed at once", { FAKE_CLOSE }, HEALTH_BAD,
		  "connection closed before an answer", .requests = 1 },
		{ "closed in the middle", { FOUND SAME FAKE_CUT FAKE_CLOSE },
		  HEALTH_BAD, "connection closed before an answer",
		  .requests = 1 },
		{ "nothing", { "" }, HEALTH_BAD, "no answer in 150 ms",
		  .requests = 1 },
		{ "half of it", { FOUND SAME OURS_TCP "Content-Length: 9\r\n"
				  "\r\n" }, HEALTH_BAD, "no answer in 150 ms",
		  .requests = 1 },
		{ "garbage", { "\x80\x80\x80" }, HEALTH_BAD,
		  "garbage instead of SIP", .requests = 1 },
		{ "no Content-Length", { FOUND SAME OURS_TCP "\r\n" },
		  HEALTH_BAD, "garbage instead of SIP", .requests = 1 },
		{ "a head without end", { endless }, HEALTH_BAD,
		  "garbage instead of SIP", .requests = 1,
		  .timeout_ms = 2000 },
		{ "a server that says nothing at length", { chatter },
		  HEALTH_BAD, "more than 131070 bytes and no answer in them",
		  .requests = 1, .timeout_ms = 2000 },
	};

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	memcpy(endless, "SIP/2.0 302 Moved\r\nSubject: ", 28);
	for (size_t at = 0; at < 139000; at += strlen(trying))
		memcpy(chatter + at, trying, sizeof(trying));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(&cases[i], PROBER_TCP);
}

static struct prober_result over_tls(const char *script, int days,
				     const char *verify, bool ca)
{
	struct fake f = { .script = { script } };
	struct prober_result result;
	struct prober_conf conf;
	char path[64] = "";
	uv_loop_t loop;

	fake_tls(&f, &loop, site, "sip.example.net", days);
	conf = conf_of(&f, PROBER_TLS);
	conf.timeout_ms = 5000;
	SET(conf.tls_name, verify);
	if (ca) {
		fake_tls_ca(&f, path);
		SET(conf.tls_ca, path);
	}
	result = fake_attempt(&f, &conf);
	print_message("%s\n", result.text);
	if (ca)
		unlink(path);
	if (!*verify)
		verify = "sip.example.net";
	assert_string_equal(f.tls_name,
			    strspn(verify, "0123456789.") ? "" : verify);
	return result;
}

#define TLS_GOOD FOUND SAME OURS_TLS END
#define TLS_TEXT "302 to sip:probe@fra1.sip.example.net:5061;transport=tls"

static void a_certificate_is_looked_at(void **state)
{
	static const struct {
		const char *script;
		int days;
		const char *verify;
		bool ca;
		enum health_attempt want;
		const char *text;
	} cases[] = {
		{ TLS_GOOD, 90, "", false, HEALTH_GOOD, TLS_TEXT },
		{ TLS_GOOD, 6, "", false, HEALTH_GOOD,
		  TLS_TEXT ", certificate ends in 6 days" },
		{ TLS_GOOD, 1, "", false, HEALTH_GOOD,
		  TLS_TEXT ", certificate ends in 1 day" },
		{ TLS_GOOD, -3, "", false, HEALTH_GOOD,
		  TLS_TEXT ", certificate ended 2 days ago" },
		{ TLS_GOOD, 90, "sip.example.net", true, HEALTH_GOOD,
		  TLS_TEXT },
		{ TLS_GOOD, 90, "", true, HEALTH_GOOD, TLS_TEXT },
		{ TLS_GOOD, 90, "sip.example.net", false, HEALTH_GOOD,
		  TLS_TEXT },
		{ TLS_GOOD, 90, "other.example.net", true, HEALTH_BAD,
		  "TLS: hostname mismatch" },
		{ TLS_GOOD, 90, "other.example.net", false, HEALTH_BAD,
		  "TLS: the certificate is of another name" },
		{ TLS_GOOD, 90, "192.0.2.53", false, HEALTH_BAD,
		  "TLS: the certificate is of another name" },
		{ TLS_GOOD, -3, "sip.example.net", true, HEALTH_BAD,
		  "TLS: certificate has expired" },
		{ FAKE_BYTEWISE TLS_GOOD, 90, "", false, HEALTH_GOOD,
		  TLS_TEXT },
		{ "SIP/2.0 2" FAKE_CUT FAKE_CLOSE, 90, "", false, HEALTH_BAD,
		  "connection closed before an answer" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prober_result result =
			over_tls(cases[i].script, cases[i].days,
				 cases[i].verify, cases[i].ca);

		assert_int_equal(result.what, cases[i].want);
		assert_string_equal(result.text, cases[i].text);
	}
}

static void who_speaks_no_tls_is_found_out(void **state)
{
	static const struct {
		const char *script;
		const char *text;
	} cases[] = {
		{ "", "no TLS handshake in 150 ms" },
		{ "SIP/2.0 400 Bad Request\r\n\r\n",
		  "TLS: wrong version number" },
		{ FAKE_CLOSE, "connection closed before an answer" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake f = { .script = { cases[i].script } };
		struct prober_result result;
		struct prober_conf conf;
		uv_loop_t loop;

		fake_tcp(&f, &loop, site);
		conf = conf_of(&f, PROBER_TLS);
		if (!strstr(cases[i].text, "150 ms"))
			conf.timeout_ms = 5000;
		result = fake_attempt(&f, &conf);
		assert_int_equal(result.what, HEALTH_BAD);
		assert_string_equal(result.text, cases[i].text);
	}
}

/* The file may come, change and go while the prober lives. */
static void the_file_of_cas_counts_as_it_is_now(void **state)
{
	static const char *const texts[] = {
		"cannot be asked: %s: No such file or directory",
		TLS_TEXT,
		"cannot be asked: no CA certificates in %s",
		TLS_TEXT,
		"cannot be asked: %s: No such file or directory",
	};
	struct fake f = { .script = { TLS_GOOD, NULL, TLS_GOOD } };
	struct fake_seen seen = { 0 };
	char path[64], kept[80], want[PROBER_TEXT_MAX];
	struct prober_conf conf;
	struct prober *p;
	uv_loop_t loop;

	(void)state;
	fake_tls(&f, &loop, site, "sip.example.net", 90);
	fake_tls_ca(&f, path);
	snprintf(kept, sizeof(kept), "%s.kept", path);
	rename(path, kept);
	conf = conf_of(&f, PROBER_TLS);
	conf.timeout_ms = 5000;
	SET(conf.tls_ca, path);
	assert_int_equal(prober_new(&p, &loop, &conf, fake_on_result, &seen),
			 0);
	for (unsigned i = 0; i < 5; i++) {
		unlink(path);
		if (i == 2)
			close(creat(path, 0600));
		else if (i == 1 || i == 3)
			assert_int_equal(link(kept, path), 0);
		prober_attempt(p);
		while (seen.cnt == i)
			uv_run(&loop, UV_RUN_ONCE);
		while (f.requests < (i < 1 ? 0 : i < 3 ? 2U : 4U))
			uv_run(&loop, UV_RUN_NOWAIT);
		snprintf(want, sizeof(want), "%s", texts[i]);
		if (strchr(texts[i], '%'))
			snprintf(want, sizeof(want), "%.*s%s%s",
				 (int)strcspn(texts[i], "%"), texts[i], path,
				 strchr(texts[i], '%') + 2);
		assert_string_equal(seen.last.text, want);
	}
	unlink(kept);
	prober_close(p);
	fake_end(&f);
}

/* Closing in every stage of an attempt leaves nothing behind and says nothing:
 * the sanitizers see to the rest.
 */
static void a_prober_may_be_closed_at_any_time(void **state)
{
	static const enum prober_transport transports[] = {
		PROBER_UDP, PROBER_TCP, PROBER_TLS,
	};

	(void)state;
	for (size_t t = 0; t < 3; t++) {
		for (unsigned turns = 0; turns < 12; turns++) {
			struct fake f = { .script = { FAKE_BYTEWISE GOOD } };
			struct fake_seen seen = { 0 };
			struct prober_conf conf;
			struct prober *p;
			uv_loop_t loop;

			site_listen(&f, &loop, transports[t]);
			conf = conf_of(&f, transports[t]);
			assert_int_equal(prober_new(&p, &loop, &conf,
						    fake_on_result, &seen), 0);
			prober_attempt(p);
			for (unsigned i = 0; i < turns && !seen.cnt; i++)
				uv_run(&loop, UV_RUN_NOWAIT);
			prober_close(p);
			fake_end(&f);
			assert_true(seen.cnt <= 1);
		}
	}
}

/* A worker that was stopped finds its timers due before its sockets. */
static void an_answer_counts_that_came_while_we_were_stopped(void **state)
{
	struct fake f = { 0 };
	struct fake_seen seen = { 0 };
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	char request[FAKE_REQUEST_MAX + 1], reply[2 * FAKE_REQUEST_MAX];
	struct prober_conf conf;
	struct prober *p;
	uv_loop_t loop;
	uint64_t end_ns;
	ssize_t len;
	uv_os_fd_t fd;

	(void)state;
	fake_udp(&f, &loop, site);
	uv_udp_recv_stop(&f.udp);
	uv_fileno(&f.handle, &fd);
	conf = conf_of(&f, PROBER_UDP);
	conf.timeout_ms = 20;
	conf.method = PROBER_OPTIONS;
	assert_int_equal(prober_new(&p, &loop, &conf, fake_on_result, &seen),
			 0);
	prober_attempt(p);

	/* the loop does not turn */
	len = recvfrom(fd, request, sizeof(request) - 1, MSG_DONTWAIT,
		       (struct sockaddr *)&from, &from_len);
	assert_true(len > 0);
	request[len] = '\0';
	len = snprintf(reply, sizeof(reply), "SIP/2.0 200 OK%s",
		       strstr(request, "\r\n"));
	assert_int_equal(sendto(fd, reply, (size_t)len, 0,
				(struct sockaddr *)&from, from_len), len);
	end_ns = uv_hrtime() + UINT64_C(50000000);
	while (uv_hrtime() < end_ns)
		;
	while (!seen.cnt)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(seen.last.what, HEALTH_GOOD);
	prober_close(p);
	fake_end(&f);
}

static void an_attempt_follows_another(void **state)
{
	struct fake f = { .script = { GOOD, NULL, GOOD } };
	struct fake_seen seen = { 0 };
	struct prober_conf conf;
	struct prober *p;
	uv_loop_t loop;

	(void)state;
	fake_udp(&f, &loop, site);
	conf = conf_of(&f, PROBER_UDP);
	conf.timeout_ms = 5000;
	assert_int_equal(prober_new(&p, &loop, &conf, fake_on_result, &seen),
			 0);
	for (unsigned n = 1; n <= 2; n++) {
		prober_attempt(p);
		while (seen.cnt < n || f.requests < 2 * n)
			uv_run(&loop, UV_RUN_NOWAIT);
		assert_int_equal(seen.last.what, HEALTH_GOOD);
	}
	/* nothing of the first can be taken for the second */
	assert_string_not_equal(strstr(f.request[0], "Call-ID"),
				strstr(f.request[2], "Call-ID"));
	assert_string_not_equal(strstr(f.request[0], PROBE_HEADER),
				strstr(f.request[2], PROBE_HEADER));
	prober_close(p);
	fake_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invite_wants_its_302),
		cmocka_unit_test(
			what_the_site_file_said_before_counts_for_a_while),
		cmocka_unit_test(what_is_no_reply_to_us_does_not_count),
		cmocka_unit_test(a_provisional_answer_is_none),
		cmocka_unit_test(a_lost_packet_does_no_harm),
		cmocka_unit_test(nobody_listening_is_heard_at_once),
		cmocka_unit_test(a_stream_is_cut_into_messages),
		cmocka_unit_test(a_certificate_is_looked_at),
		cmocka_unit_test(who_speaks_no_tls_is_found_out),
		cmocka_unit_test(the_file_of_cas_counts_as_it_is_now),
		cmocka_unit_test(a_prober_may_be_closed_at_any_time),
		cmocka_unit_test(
			an_answer_counts_that_came_while_we_were_stopped),
		cmocka_unit_test(an_attempt_follows_another),
	};

	return cmocka_run_group_tests(tests, site_setup, site_teardown);
}
