/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Without descriptors or memory an attempt is bad, and the next one is good
 * when there are some again.
 */
#include "site_bed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SAME "{via}{from}{to-tag}{call-id}{cseq}"
#define END "Content-Length: 0\r\n\r\n"
#define FOUND(contact) \
	"SIP/2.0 302 Moved\r\n" SAME "Contact: <sip:probe@" contact ">\r\n" END

static const char *const scripts[] = {
	[PROBER_UDP] = FOUND("198.51.100.11:5060"),
	[PROBER_TCP] = FOUND("198.51.100.11:5060;transport=tcp"),
	[PROBER_TLS] = FOUND("fra1.sip.example.net:5061;transport=tls"),
};

static struct prober_conf conf_of(const struct fake *f,
				  enum prober_transport transport)
{
	struct prober_conf conf = site_conf(f, PROBER_SIP, transport);

	conf.timeout_ms = 2000;
	return conf;
}

static void start(struct fake *f, uv_loop_t *loop,
		  enum prober_transport transport)
{
	for (size_t i = 0; i < FAKE_PARTS_MAX; i += 2)
		f->script[i] = scripts[transport];	/* then comes an ACK */
	site_listen(f, loop, transport);
}

/* --- memory --------------------------------------------------------------- */

/* How many allocations of ours go well before all fail; negative: all do. */
static int left = -1;

static bool fails(void)
{
	if (left < 0)
		return false;
	if (!left)
		return true;
	left--;
	return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t cnt, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t cnt, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t cnt, size_t size)
{
	return fails() ? NULL : __real_calloc(cnt, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* Returns true when it was made and the attempt was good. */
static bool attempt_with(enum prober_transport transport, int allocations)
{
	struct fake f = { 0 };
	struct fake_seen seen = { 0 };
	struct prober_conf conf;
	struct prober *p;
	uv_loop_t loop;
	int err;

	start(&f, &loop, transport);
	conf = conf_of(&f, transport);
	left = allocations;
	err = prober_new(&p, &loop, &conf, fake_on_result, &seen);
	if (!err) {
		prober_attempt(p);
		while (!seen.cnt)
			uv_run(&loop, UV_RUN_ONCE);
	}
	left = -1;
	prober_close(p);
	fake_end(&f);
	assert_int_equal(seen.cnt, !err);
	if (!err && seen.last.what == HEALTH_BAD)
		assert_non_null(strstr(seen.last.text,
				       "Cannot allocate memory"));
	return !err && seen.last.what == HEALTH_GOOD;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (int t = PROBER_UDP; t <= PROBER_TLS; t++) {
		int n = 0;

		while (!attempt_with((enum prober_transport)t, n))
			assert_true(++n < 100);
		/* the prober, its socket, the message to parse at least */
		assert_true(n >= 3);
	}
}

/* --- descriptors ---------------------------------------------------------- */

static void without_descriptors_it_is_bad_until_there_are_some(void **state)
{
	static const enum health_attempt want[] = {
		HEALTH_GOOD, HEALTH_BAD, HEALTH_BAD, HEALTH_GOOD,
	};
	struct rlimit usual, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &usual);
	none = usual;
	none.rlim_cur = 0;
	for (int t = PROBER_UDP; t <= PROBER_TCP; t++) {
		struct fake f = { 0 };
		struct fake_seen seen = { 0 };
		struct prober_conf conf;
		struct prober *p;
		uv_loop_t loop;

		start(&f, &loop, (enum prober_transport)t);
		conf = conf_of(&f, (enum prober_transport)t);
		assert_int_equal(prober_new(&p, &loop, &conf, fake_on_result,
					    &seen), 0);
		for (unsigned i = 0; i < 4; i++) {
			bool bad = want[i] == HEALTH_BAD;

			setrlimit(RLIMIT_NOFILE, bad ? &none : &usual);
			prober_attempt(p);
			while (seen.cnt == i)
				uv_run(&loop, UV_RUN_ONCE);
			setrlimit(RLIMIT_NOFILE, &usual);
			assert_int_equal(seen.last.what, want[i]);
			if (bad)
				assert_string_equal(
					seen.last.text,
					"cannot be asked: Too many open "
					"files");
			/* the ACK of a good one; the script counts */
			while (!bad && f.requests < (i ? 4 : 2))
				uv_run(&loop, UV_RUN_NOWAIT);
		}
		prober_close(p);
		fake_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(
			without_descriptors_it_is_bad_until_there_are_some),
	};

	return cmocka_run_group_tests(tests, site_setup, site_teardown);
}
