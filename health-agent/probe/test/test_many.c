/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many attempts, some of them closed at a moment of chance: each has one result
 * or none, and no descriptor and no handle is left.  The sanitizers see to the
 * memory.
 */
#include "site_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"

enum {
	ATTEMPTS = 200,
	WARM_UP = 40,		/* libraries keep what they open first */
	TURNS_MAX = 12,		/* none of these takes more */
};

/* --- servers that are right each time ------------------------------------- */

static size_t sip_reply(struct fake *f, char *out, const char *request,
			size_t len)
{
	const char *text = f->request[0];
	const char *head = strstr(text, "\r\n");

	(void)request, (void)len;
	return (size_t)snprintf(out, FAKE_REQUEST_MAX,
				"SIP/2.0 200 OK%.*sContent-Length: 0\r\n\r\n",
				(int)(strstr(text, "\r\n\r\n") + 2 - head),
				head);
}

static size_t http_reply(struct fake *f, char *out, const char *request,
			 size_t len)
{
	(void)f, (void)request, (void)len;
	return (size_t)snprintf(out, FAKE_REQUEST_MAX,
				"HTTP/1.1 103 Early Hints\r\n\r\n"
				"HTTP/1.1 302 Found\r\nLocation: "
				"http://fra1.www.example.net/\r\n\r\n");
}

/* One A record, or the flag that there are too many for a datagram. */
static size_t dns_reply(struct fake *f, char *out, const char *request,
			size_t len)
{
	static const char record[] =
		"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x35";
	size_t before = f->tcp ? 2 : 0, added = 0;
	bool cut_off = !f->tcp && f->arg;

	memcpy(out, request, len);
	out[before + 2] = (char)(cut_off ? 0x86 : 0x84);
	out[before + 7] = (char)!cut_off;
	if (!cut_off) {
		added = sizeof(record) - 1;
		memcpy(out + len, record, added);
	}
	if (f->tcp)
		out[1] = (char)(len + added - before);
	return len + added;
}

/* --- the attempts --------------------------------------------------------- */

struct many {
	enum prober_kind kind;
	enum prober_transport transport;
	bool truncated;		/* DNS: UDP first, then TCP */
};

static void start(struct fake *f, struct fake *beside, uv_loop_t *loop,
		  const struct many *m)
{
	static size_t (*const replies[PROBER_KINDS])(struct fake *f, char *out,
						     const char *request,
						     size_t len) = {
		[PROBER_SIP] = sip_reply,
		[PROBER_HTTP] = http_reply,
		[PROBER_DNS] = dns_reply,
	};

	f->reply = beside->reply = replies[m->kind];
	f->repeats = beside->repeats = true;
	beside->arg = m;
	site_listen(f, loop, m->truncated ? PROBER_TCP : m->transport);
	if (m->truncated)
		fake_udp_beside(beside, f);
}

static struct prober_conf conf_of(const struct fake *f, const struct many *m)
{
	struct prober_conf conf = site_conf(f, m->kind, m->transport);

	conf.timeout_ms = 5000;
	conf.method = PROBER_OPTIONS;
	SET(conf.path, "/");
	SET(conf.dns_name, "a.example");
	conf.dns_type = 1;
	return conf;
}

/* One attempt, for so many turns of the loop at most. */
static void attempt(struct prober **p, struct fake_seen *seen, struct fake *f,
		    const struct prober_conf *conf, unsigned turns)
{
	unsigned before = seen->cnt;

	if (!*p)
		assert_int_equal(prober_new(p, f->loop, conf, fake_on_result,
					    seen), 0);
	f->requests = 0;
	assert_int_equal(prober_attempt(*p), 0);
	while (turns-- && seen->cnt == before)
		uv_run(f->loop, UV_RUN_NOWAIT);
	assert_true(seen->cnt <= before + 1);
	if (seen->cnt == before) {
		prober_close(*p);
		*p = NULL;
	} else {
		assert_string_equal(seen->last.what == HEALTH_GOOD ? "" :
					    seen->last.text, "");
	}
}

/* Until the server, too, has seen the end of all connections. */
static void settle(uv_loop_t *loop, unsigned want)
{
	uint64_t end_ns = uv_hrtime() + UINT64_C(5000000000);

	while (descriptors() != want && uv_hrtime() < end_ns)
		uv_run(loop, UV_RUN_NOWAIT);
	assert_int_equal(descriptors(), want);
}

static void run(const struct many *m, bool closing)
{
	struct fake f = { 0 }, beside = { 0 };
	struct fake_seen seen = { 0 };
	struct prober *p = NULL;
	struct prober_conf conf;
	unsigned before = 0;
	uv_loop_t loop;

	start(&f, &beside, &loop, m);
	conf = conf_of(&f, m);
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		if (i == WARM_UP) {
			for (unsigned t = 0; t < 4 * TURNS_MAX; t++)
				uv_run(&loop, UV_RUN_NOWAIT);
			before = descriptors();
		}
		attempt(&p, &seen, &f, &conf,
			closing ? (unsigned)random() % TURNS_MAX : UINT32_MAX);
		beside.requests = 0;
	}
	settle(&loop, before);
	if (!closing)
		assert_int_equal(seen.cnt, ATTEMPTS);
	prober_close(p);
	fake_end(&f);
}

static const struct many all[] = {
	{ PROBER_SIP, PROBER_UDP, false },
	{ PROBER_SIP, PROBER_TCP, false },
	{ PROBER_SIP, PROBER_TLS, false },
	{ PROBER_HTTP, PROBER_TCP, false },
	{ PROBER_HTTP, PROBER_TLS, false },
	{ PROBER_DNS, PROBER_UDP, false },
	{ PROBER_DNS, PROBER_TCP, false },
	{ PROBER_DNS, PROBER_UDP, true },
};

static void many_leave_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		run(&all[i], false);
}

static void many_that_are_closed_leave_nothing(void **state)
{
	(void)state;
	srandom(1);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		run(&all[i], true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_leave_nothing),
		cmocka_unit_test(many_that_are_closed_leave_nothing),
	};

	return cmocka_run_group_tests(tests, site_setup, site_teardown);
}
