/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What probers.c promises whatever a type does; the type here does as told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "health-agent/probe/prober_priv.h"

enum act {
	ACT_NOTHING,		/* let time pass */
	ACT_AT_ONCE,		/* done within begin() */
	ACT_TWICE,
	ACT_LATE,		/* speaks when time is over */
};

struct fake {
	struct prober p;	/* first */
	uv_timer_t own;		/* a handle of the type */
};

static struct {
	enum act act;
	bool init_fails;
	unsigned begun, cancelled, closed;
} told;

static void fake_begin(struct prober *p)
{
	told.begun++;
	if (told.act == ACT_AT_ONCE || told.act == ACT_TWICE)
		prober_done(p, HEALTH_GOOD, "fine\r\n\x1b[2J \xc3\xa4");
	if (told.act == ACT_TWICE)
		prober_done(p, HEALTH_BAD, "again");
}

static void fake_cancel(struct prober *p)
{
	told.cancelled++;
	prober_done(p, HEALTH_BAD, "a result of cancel() must not count");
}

static void fake_late(struct prober *p)
{
	if (told.act == ACT_LATE)
		prober_done(p, HEALTH_BAD, "half of it came");
}

static int fake_init(struct prober *p)
{
	struct fake *f = (struct fake *)p;

	uv_timer_init(p->loop, &f->own);
	f->own.data = p;
	prober_hold(p);
	return told.init_fails ? EMFILE : 0;
}

static void fake_close(struct prober *p)
{
	struct fake *f = (struct fake *)p;

	told.closed++;
	uv_close((uv_handle_t *)&f->own, prober_drop_handle);
}

static int fake_check(char text[static PROBER_TEXT_MAX],
		      const struct prober_conf *conf)
{
	if (conf->port)
		return 0;
	snprintf(text, PROBER_TEXT_MAX, "it has no port");
	return EINVAL;
}

static const struct prober_type fake_type = {
	.size = sizeof(struct fake),
	.check = fake_check,
	.init = fake_init,
	.begin = fake_begin,
	.cancel = fake_cancel,
	.late = fake_late,
	.close = fake_close,
};

const struct prober_type *const prober_types[PROBER_KINDS] = {
	[PROBER_SIP] = &fake_type,
};

struct seen {
	unsigned cnt;
	struct prober_result last;
	bool close, again;
};

static struct prober_conf conf = {
	.kind = PROBER_SIP,
	.timeout_ms = 20,
	.port = 5060,
	.target = { .family = ADDR_IP4, .bytes_be = { 192, 0, 2, 53 } },
};

static void on_result(void *arg, struct prober *p,
		      const struct prober_result *result)
{
	struct seen *seen = arg;

	seen->cnt++;
	seen->last = *result;
	if (seen->again) {
		seen->again = false;
		assert_int_equal(prober_attempt(p), 0);
	} else if (seen->close) {
		prober_close(p);
	}
}

static void start(uv_loop_t *loop, struct prober **p, struct seen *seen,
		  enum act act)
{
	memset(&told, 0, sizeof(told));
	memset(seen, 0, sizeof(*seen));
	told.act = act;
	assert_int_equal(uv_loop_init(loop), 0);
	assert_int_equal(prober_new(p, loop, &conf, on_result, seen), 0);
}

/* Runs until nothing is left; the sanitizers see what was forgotten. */
static void finish(uv_loop_t *loop, struct prober *p)
{
	prober_close(p);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
	assert_int_equal(told.closed, 1);
}

static void an_attempt_has_one_clean_result_from_the_loop(void **state)
{
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	start(&loop, &p, &seen, ACT_TWICE);
	assert_int_equal(prober_attempt(p), 0);
	assert_int_equal(seen.cnt, 0);
	assert_int_equal(prober_attempt(p), EALREADY);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.cnt, 1);
	assert_int_equal(seen.last.what, HEALTH_GOOD);
	assert_string_equal(seen.last.text, "fine???[2J ??");
	assert_int_equal(told.cancelled, 1);
	finish(&loop, p);
}

static void an_attempt_may_follow_in_the_handler(void **state)
{
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	start(&loop, &p, &seen, ACT_AT_ONCE);
	seen.again = true;
	prober_attempt(p);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.cnt, 2);
	assert_int_equal(told.begun, 2);
	assert_int_equal(told.cancelled, 2);
	finish(&loop, p);
}

static void a_prober_may_close_in_its_handler(void **state)
{
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	start(&loop, &p, &seen, ACT_AT_ONCE);
	seen.close = true;
	prober_attempt(p);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.cnt, 1);
	finish(&loop, NULL);
}

static void time_is_over_for_who_says_nothing(void **state)
{
	static const struct {
		enum act act;
		const char *text;
	} cases[] = {
		{ ACT_NOTHING, "no answer in 20 ms" },
		{ ACT_LATE, "half of it came" },
	};
	uint64_t before = counter_get(prober_counters(), PROBER_C_TIMEOUTS);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct prober *p;
		struct seen seen;
		uv_loop_t loop;

		start(&loop, &p, &seen, cases[i].act);
		prober_attempt(p);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(seen.cnt, 1);
		assert_int_equal(seen.last.what, HEALTH_BAD);
		assert_string_equal(seen.last.text, cases[i].text);
		assert_in_range(seen.last.took_us, 19000, 5000000);
		finish(&loop, p);
	}
	assert_int_equal(counter_get(prober_counters(), PROBER_C_TIMEOUTS),
			 before + 2);
}

static void closing_ends_an_attempt_without_a_result(void **state)
{
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	start(&loop, &p, &seen, ACT_NOTHING);
	prober_attempt(p);
	finish(&loop, p);
	assert_int_equal(seen.cnt, 0);
	assert_int_equal(told.cancelled, 1);

	/* also one that waits for the loop */
	start(&loop, &p, &seen, ACT_AT_ONCE);
	prober_attempt(p);
	finish(&loop, p);
	assert_int_equal(seen.cnt, 0);
}

static void a_watch_reports_without_being_asked(void **state)
{
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	start(&loop, &p, &seen, ACT_NOTHING);
	prober_report(p, HEALTH_GONE, "pid %d died", 4711);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.cnt, 1);
	assert_int_equal(seen.last.what, HEALTH_GONE);
	assert_string_equal(seen.last.text, "pid 4711 died");
	assert_int_equal(told.cancelled, 0);

	/* a death in an attempt is its result, also when it was good before */
	told.act = ACT_AT_ONCE;
	prober_attempt(p);
	prober_report(p, HEALTH_GONE, "died");
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.cnt, 2);
	assert_int_equal(seen.last.what, HEALTH_GONE);
	assert_int_equal(told.cancelled, 1);
	finish(&loop, p);
}

static void what_cannot_be_is_said(void **state)
{
	char text[PROBER_TEXT_MAX];
	struct prober_conf bad = conf;
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	bad.kind = PROBER_DNS;	/* not in this table */
	assert_int_equal(prober_check(text, &bad), EINVAL);
	assert_string_equal(text, "no such kind of probe");
	bad = conf;
	bad.timeout_ms = 0;
	assert_int_equal(prober_check(text, &bad), EINVAL);
	assert_string_equal(text, "it has no timeout");
	bad = conf;
	bad.port = 0;
	assert_int_equal(prober_check(text, &bad), EINVAL);
	assert_string_equal(text, "it has no port");
	assert_int_equal(prober_check(text, &conf), 0);

	memset(&told, 0, sizeof(told));
	uv_loop_init(&loop);
	assert_int_equal(prober_new(&p, &loop, &bad, on_result, &seen), EINVAL);
	assert_null(p);
	told.init_fails = true;
	assert_int_equal(prober_new(&p, &loop, &conf, on_result, &seen),
			 EMFILE);
	assert_null(p);
	finish(&loop, NULL);
}

static void a_target_is_named(void **state)
{
	char text[PROBER_TEXT_MAX];
	struct prober *p;
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	start(&loop, &p, &seen, ACT_NOTHING);
	assert_int_equal(prober_target(text, p), strlen("udp 192.0.2.53:5060"));
	assert_string_equal(text, "udp 192.0.2.53:5060");
	finish(&loop, p);
	for (unsigned i = 0; i < PROBER_KINDS; i++)
		assert_string_not_equal(prober_kind_name(i), "?");
	assert_string_equal(prober_kind_name(PROBER_KINDS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_attempt_has_one_clean_result_from_the_loop),
		cmocka_unit_test(an_attempt_may_follow_in_the_handler),
		cmocka_unit_test(a_prober_may_close_in_its_handler),
		cmocka_unit_test(time_is_over_for_who_says_nothing),
		cmocka_unit_test(closing_ends_an_attempt_without_a_result),
		cmocka_unit_test(a_watch_reports_without_being_asked),
		cmocka_unit_test(what_cannot_be_is_said),
		cmocka_unit_test(a_target_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
