/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS probes against servers that do as they please: one result each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "fakes.h"
#include "health-agent/probe/prober_priv.h"

/* What a server answers: flags, then records behind the question. */
struct answer {
	const char *flags;		/* two bytes; NULL: nothing */
	unsigned records;		/* answers counted in the head */
	const char *text;
	size_t len;
	bool strange;			/* with another id */
};

/* The answers to the first, second, ... query; the last one goes on. */
struct answers {
	struct answer a[3];
};

#define A_RR "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2"
#define ONE { "\x84\0", 1, A_RR "\x35", 16, false }
#define TWO { "\x84\0", 2, A_RR "\1" A_RR "\x35", 32, false }
#define NONE { "\x84\0", 0, "", 0, false }
#define NXDOMAIN { "\x84\3", 0, "", 0, false }
#define CUT_OFF { "\x86\0", 0, "", 0, false }
#define OTHER { "\x84\0", 1, A_RR "\x09", 16, true }
#define BROKEN { "\x84\0", 3, A_RR "\x35", 16, false }
#define SILENCE { NULL, 0, "", 0, false }

/* Writes a query's answer; out has room.  query: without a length. */
static size_t write_answer(char *out, const struct answer *a,
			   const char *query, size_t len)
{
	memcpy(out, query, len);
	out[0] = (char)(out[0] ^ a->strange);
	memcpy(out + 2, a->flags, 2);
	out[7] = (char)a->records;
	memcpy(out + len, a->text, a->len);
	return len + a->len;
}

static const struct answer *next(struct fake *f)
{
	const struct answers *answers = f->arg;
	unsigned n = f->requests - 1;

	return &answers->a[n < 3 ? n : 2];
}

static size_t over_udp(struct fake *f, char *out, const char *query,
		       size_t len)
{
	const struct answer *a = next(f);

	return a->flags ? write_answer(out, a, query, len) : 0;
}

static size_t over_tcp(struct fake *f, char *out, const char *query,
		       size_t len)
{
	const struct answer *a = next(f);
	size_t n;

	assert_int_equal(len, 2 + (unsigned char)query[1]);
	if (!a->flags)
		return 0;
	n = write_answer(out + 2, a, query + 2, len - 2);
	out[0] = (char)(n >> 8);
	out[1] = (char)n;
	return n + 2;
}

static struct prober_conf conf_of(const struct fake *f, const char *answer)
{
	struct prober_conf conf = {
		.kind = PROBER_DNS,
		.timeout_ms = 150,
		.target = { .family = ADDR_IP4, .bytes_be = { 127, 0, 0, 1 } },
		.port = f->port,
		.transport = PROBER_UDP,
		.dns_name = "a.example",
		.dns_type = 1,
	};

	SET(conf.dns_answer, answer);
	return conf;
}

static void a_question_wants_its_answer(void **state)
{
	static const struct {
		const char *what;
		enum prober_transport transport;
		struct answers answers;
		const char *answer;
		enum health_attempt want;
		const char *text;
		uint64_t timeout_ms;
	} cases[] = {
		{ "any", PROBER_UDP, { { ONE } }, "", HEALTH_GOOD,
		  "A 192.0.2.53", 5000 },
		{ "this one", PROBER_UDP, { { TWO } }, "192.0.2.53",
		  HEALTH_GOOD, "A 192.0.2.53", 5000 },
		{ "not this one", PROBER_UDP, { { TWO } }, "192.0.2.54",
		  HEALTH_BAD, "A 192.0.2.1, not 192.0.2.54", 5000 },
		{ "none", PROBER_UDP, { { NONE } }, "", HEALTH_BAD,
		  "no A of a.example", 5000 },
		{ "NXDOMAIN", PROBER_UDP, { { NXDOMAIN } }, "", HEALTH_BAD,
		  "NXDOMAIN (3)", 5000 },
		{ "forged", PROBER_UDP, { { OTHER } }, "",
		  HEALTH_BAD, "no answer in 150 ms; 1 ignored", 150 },
		{ "broken", PROBER_UDP, { { BROKEN } }, "",
		  HEALTH_BAD, "no answer in 150 ms; 1 ignored", 150 },
		{ "forged, then the answer to the second query", PROBER_UDP,
		  { { OTHER, ONE } }, "", HEALTH_GOOD, "A 192.0.2.53", 5000 },
		{ "silence", PROBER_UDP, { { SILENCE } }, "", HEALTH_BAD,
		  "no answer in 150 ms", 150 },
		{ "over TCP", PROBER_TCP, { { ONE } }, "192.0.2.53",
		  HEALTH_GOOD, "A 192.0.2.53", 5000 },
		{ "truncated over TCP", PROBER_TCP, { { CUT_OFF } }, "",
		  HEALTH_BAD, "truncated over TCP", 5000 },
		{ "forged over TCP", PROBER_TCP, { { OTHER } }, "",
		  HEALTH_BAD, "no answer in 150 ms; 1 ignored", 150 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake f = {
			.arg = &cases[i].answers,
			.repeats = cases[i].answers.a[1].flags,
		};
		struct prober_result result;
		struct prober_conf conf;
		uv_loop_t loop;

		f.reply = cases[i].transport == PROBER_UDP ? over_udp :
							     over_tcp;
		if (cases[i].transport == PROBER_UDP)
			fake_udp(&f, &loop, NULL);
		else
			fake_tcp(&f, &loop, NULL);
		conf = conf_of(&f, cases[i].answer);
		conf.transport = cases[i].transport;
		conf.timeout_ms = cases[i].timeout_ms;
		result = fake_attempt(&f, &conf);
		print_message("%s: %s\n", cases[i].what, result.text);
		assert_int_equal(result.what, cases[i].want);
		assert_string_equal(result.text, cases[i].text);
	}
}

/* UDP and TCP on one port, as a server has it. */
static void a_truncated_answer_is_asked_for_again(void **state)
{
	static const struct answers cut_off = { { CUT_OFF } };
	static const struct answers whole = { { TWO } };
	struct fake tcp = { .reply = over_tcp, .arg = &whole };
	struct fake udp = { .reply = over_udp, .arg = &cut_off };
	struct prober_result result;
	struct prober_conf conf;
	uv_loop_t loop;

	(void)state;
	fake_tcp(&tcp, &loop, NULL);
	fake_udp_beside(&udp, &tcp);
	conf = conf_of(&tcp, "192.0.2.53");
	conf.timeout_ms = 2000;
	result = fake_attempt(&tcp, &conf);
	assert_int_equal(result.what, HEALTH_GOOD);
	assert_string_equal(result.text, "A 192.0.2.53");
	assert_int_equal(udp.requests, 1);
	assert_int_equal(tcp.requests, 1);
}

static void nobody_listening_is_heard_at_once(void **state)
{
	struct prober_result result;
	struct fake f = { 0 };
	struct prober_conf conf;
	uv_loop_t loop;

	(void)state;
	fake_udp(&f, &loop, NULL);
	conf = conf_of(&f, "");
	conf.port = 1;
	conf.timeout_ms = 5000;
	result = fake_attempt(&f, &conf);
	assert_int_equal(result.what, HEALTH_BAD);
	assert_string_equal(result.text, "nobody listens there");
}

static void what_is_missing_is_said(void **state)
{
	struct fake f = { .port = 53 };
	struct prober_conf good = conf_of(&f, ""), conf;
	char text[PROBER_TEXT_MAX];

	(void)state;
	assert_int_equal(prober_check(text, &good), 0);
#define BAD(change, words)                                             \
	do {                                                           \
		conf = good;                                           \
		change;                                                \
		assert_int_equal(prober_check(text, &conf), EINVAL);   \
		assert_string_equal(text, words);                      \
	} while (0)
	BAD(conf.port = 0, "it has no target");
	BAD(conf.transport = PROBER_TLS, "DNS goes over udp or tcp");
	BAD(SET(conf.dns_name, "a..b"), "`a..b' is no domain name");
	BAD(SET(conf.dns_name, ""), "`' is no domain name");
	BAD(conf.dns_type = 2, "records of type 2 are not known here: A, "
			       "AAAA, SRV, NAPTR or TXT");
	BAD(SET(conf.dns_answer, "192.0.2"), "`192.0.2' is no A");
	BAD((SET(conf.dns_answer, "192.0.2.1"), conf.dns_type = 28),
	    "`192.0.2.1' is no AAAA");
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_wants_its_answer),
		cmocka_unit_test(a_truncated_answer_is_asked_for_again),
		cmocka_unit_test(nobody_listening_is_heard_at_once),
		cmocka_unit_test(what_is_missing_is_said),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
