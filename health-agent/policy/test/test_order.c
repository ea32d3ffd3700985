/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drain, resume, disable. */
#include "health-agent/policy/test/world.h"

#define DRAINING \
	"service4 draining+ @16000; service6 draining+ @16000; " \
	"web4 draining+ @16000"
#define DRAINING_UNTIL(ms) \
	"service4 draining+ @" ms "; service6 draining+ @" ms "; " \
	"web4 draining+ @" ms
#define WAITING "service4 draining+; service6 draining+; web4 draining+"
#define DRAINED "service4 draining; service6 draining; web4 draining"
#define DISABLED "service4 disabled; service6 disabled; web4 disabled"

WORLD_TEST(a_drain_is_announced_for_a_while_and_then_withdrawn,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "drain", DRAINING },
	{ 15999, "", DRAINING },
	{ 16000, "", DRAINED },
	{ 999000, "all good", DRAINED });

WORLD_TEST(a_drain_is_cancelled_at_any_point,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "drain", DRAINING },
	{ 6001, "resume", ALL_UP },
	{ 6002, "drain", "service4 draining+ @16002; "
			 "service6 draining+ @16002; web4 draining+ @16002" },
	{ 16001, "resume", ALL_UP },
	{ 20000, "drain", NULL },
	{ 30000, "", DRAINED },
	/* no hold-down after the withdrawal either */
	{ 30001, "resume", ALL_UP },
	{ 30002, "", ALL_UP });

WORLD_TEST(after_a_resume_the_probes_have_the_word,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 6000, "drain", DRAINING },
	{ 7000, "sip4 bad 3, tone4 bad 3", "service4 draining; "
		"service6 draining+ @16000; web4 draining+ @16000" },
	/* once withdrawn a drain announces nothing again */
	{ 8000, "sip4 good 3", "service4 draining; "
		"service6 draining+ @16000; web4 draining+ @16000" },
	{ 9000, "sip6 bad 3, resume",
	  "service4 degraded+; service6 down; web4 up+" },
	{ 10000, "sip6 good 3", "service4 degraded+; service6 down @15000; "
				"web4 up+" });

WORLD_TEST(a_drain_of_what_is_down_has_nothing_to_wait_for,
	{ 0, "all good 3, peer 0 up", HELD_DOWN("5000") },
	{ 1000, "drain", DRAINED },
	{ 5000, "", DRAINED },
	{ 5001, "resume", ALL_UP });

WORLD_TEST(a_drain_before_anything_is_known,
	{ 0, "drain", DRAINED },
	{ 100, "all good 3", DRAINED },
	{ 200, "resume", ALL_UP });

WORLD_TEST(a_resume_before_anything_is_known_hastens_nothing,
	{ 0, "drain", DRAINED },
	{ 100, "all good", DRAINED },
	{ 200, "resume", "service4 unknown; service6 unknown; web4 unknown" },
	{ 300, "all good 2", HELD_DOWN("5300") });

WORLD_TEST(a_resume_without_an_order_does_not_end_a_hold_down,
	{ 0, "all good 3", HELD_DOWN("5000") },
	{ 100, "resume", HELD_DOWN("5000") },
	{ 5000, "resume", ALL_UP });

WORLD_TEST(a_second_drain_does_not_begin_anew,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 6000, "drain", DRAINING },
	{ 12000, "drain", DRAINING },
	{ 16000, "drain", DRAINED },
	{ 17000, "drain", DRAINED });

WORLD_TEST(a_drain_may_have_its_own_wait,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 6000, "drain wait 3000", "service4 draining+ @9000; "
		"service6 draining+ @9000; web4 draining+ @9000" },
	/* counted from the beginning, and given again it holds */
	{ 7000, "drain wait 4000", "service4 draining+ @10000; "
		"service6 draining+ @10000; web4 draining+ @10000" },
	{ 8000, "drain", "service4 draining+ @10000; "
		"service6 draining+ @10000; web4 draining+ @10000" },
	{ 8500, "drain wait 0", DRAINED },
	/* the next one knows nothing of it */
	{ 9000, "resume", ALL_UP },
	{ 9000, "drain", "service4 draining+ @19000; "
		"service6 draining+ @19000; web4 draining+ @19000" });

WORLD_TEST(the_last_node_stays_announced_until_another_is_up,
	{ 0, "all good 3, peer 0 down", NULL },
	{ 6000, "drain", WAITING },
	{ 16000, "", WAITING },
	{ 60000, "peer 0 degraded", WAITING },
	{ 60001, "peer 1 up", WAITING },
	/* it is heard of sooner than its route has spread */
	{ 60002, "peer 0 up", DRAINING_UNTIL("70002") },
	{ 70001, "", DRAINING_UNTIL("70002") },
	{ 70002, "", DRAINED },
	/* it does not come back */
	{ 70003, "peer 0 down", DRAINED });

WORLD_TEST(a_node_that_comes_up_amid_a_drain_is_given_time_as_well,
	{ 0, "all good 3, peer 0 down", NULL },
	{ 6000, "drain", WAITING },
	{ 12000, "peer 0 up", DRAINING_UNTIL("22000") },
	/* what was heard of it before does not count */
	{ 13000, "peer 0 unknown", WAITING },
	{ 14000, "peer 0 up", DRAINING_UNTIL("24000") },
	{ 23999, "", DRAINING_UNTIL("24000") },
	{ 24000, "", DRAINED });

WORLD_TEST(another_node_that_is_gone_again_is_not_up,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 6000, "drain", DRAINING },
	{ 15999, "peer 0 unknown", WAITING },
	{ 16000, "", WAITING },
	{ 16001, "resume", ALL_UP });

WORLD_TEST(force_waits_for_nobody,
	{ 0, "all good 3", NULL },
	{ 6000, "drain force", DRAINING },
	{ 16000, "", DRAINED });

WORLD_TEST(force_counts_from_the_beginning_too,
	{ 0, "all good 3", NULL },
	{ 6000, "drain", WAITING },
	{ 7000, "drain force", DRAINING },
	{ 16000, "", DRAINED });

WORLD_TEST(force_may_come_later_and_stays,
	{ 0, "all good 3", NULL },
	{ 6000, "drain", WAITING },
	{ 16000, "", WAITING },
	{ 20000, "drain force", DRAINED },
	{ 20001, "resume", ALL_UP },
	{ 30000, "drain force", NULL },
	{ 30001, "drain", NULL },
	{ 40000, "", DRAINED },
	{ 40001, "resume", ALL_UP },
	{ 50000, "drain", NULL },
	{ 60000, "", WAITING });

WORLD_TEST(a_bad_probe_withdraws_a_drain_at_once,
	{ 0, "all good 3", NULL },
	{ 6000, "drain", WAITING },
	{ 6001, "kam gone", DRAINED },
	{ 6002, "kam good", DRAINED },
	{ 6003, "resume", ALL_UP });

WORLD_TEST(what_is_remote_does_not_withdraw_a_drain,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 6000, "drain", DRAINING },
	{ 6001, "up4 bad 3", DRAINING },
	{ 11001, "", DRAINING },
	/* the other node has been up for long enough meanwhile */
	{ 11002, "resume", "service4 down; service6 up+; web4 up+" });

WORLD_TEST(disable_withdraws_at_once,
	{ 0, "all good 3", NULL },
	{ 5000, "", ALL_UP },
	{ 6000, "disable", DISABLED },
	{ 7000, "all good 3", DISABLED },
	{ 8000, "sip4 bad 3", DISABLED },
	{ 9000, "resume", "service4 down; service6 up+; web4 up+" },
	{ 9001, "disable, disable, resume, resume",
	  "service4 down; service6 up+; web4 up+" });

WORLD_TEST(from_one_order_to_the_other,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 6000, "drain", DRAINING },
	{ 7000, "disable", DISABLED },
	{ 8000, "drain", DRAINED },
	{ 9000, "disable", DISABLED },
	{ 9001, "resume", ALL_UP });

WORLD_TEST(an_order_is_no_loss_and_resume_forgives,
	{ 0, "all good 3, peer 0 up", NULL },
	{ 5000, "disable, resume, disable, resume, disable, resume", ALL_UP },
	{ 5001, "drain wait 0, resume, drain wait 0, resume", ALL_UP },
	{ 6000, "web4 bad 3, web4 good 3", NULL },
	{ 11000, "web4 bad 3, web4 good 3", NULL },
	{ 16000, "web4 bad 3, web4 good 3",
	  "service4 up+; service6 up+; web4 down @106140" },
	/* without an order hold-down is left as it is */
	{ 16001, "resume", "service4 up+; service6 up+; web4 down @21000" },
	{ 21000, "web4 bad 3, web4 good 3",
	  "service4 up+; service6 up+; web4 down @26000" });

static void a_drain_is_over_when_nothing_is_announced(void **state)
{
	static const struct {
		uint64_t at_ms;
		const char *does;
		bool drained;
	} rows[] = {
		{ 0, "", false },
		{ 0, "all good 3, peer 0 up", false },
		{ 5000, "", false },
		{ 6000, "drain", false },
		{ 7000, "sip4 bad 3, sip6 bad 3", false },
		{ 15999, "", false },
		{ 16000, "", true },
		{ 16001, "disable", true },
		{ 16002, "resume", false },
		{ 16003, "sip4 good 3, sip6 good 3", false },
		{ 16004, "disable", true },
		{ 16005, "restart", true },
		{ 16006, "resume", false },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_do(&w, rows[i].at_ms, rows[i].does);
		CHECK_EQ(rows[i].drained, health_drained(w.h), rows[i].does);
	}
	world_fini(&w);
}

static void the_order_in_force_can_be_asked_for(void **state)
{
	static const struct {
		uint64_t at_ms;
		const char *does;
		enum health_order order;
		bool force, has_wait;
		uint64_t wait_ms, since_ms;
	} rows[] = {
		{ 5, "", HEALTH_RESUME, false, false, 0, 5 },
		{ 6, "drain", HEALTH_DRAIN, false, false, 0, 6 },
		{ 7, "drain force", HEALTH_DRAIN, true, false, 0, 6 },
		{ 8, "drain wait 77", HEALTH_DRAIN, true, true, 77, 6 },
		{ 9, "drain", HEALTH_DRAIN, true, true, 77, 6 },
		{ 10, "drain wait 18446744073709551615", HEALTH_DRAIN, true,
		  true, HEALTH_TIME_MAX_MS, 6 },
		{ 11, "disable force", HEALTH_DISABLE, false, false, 0, 11 },
		{ 12, "drain", HEALTH_DRAIN, false, false, 0, 12 },
		{ 13, "resume wait 9", HEALTH_RESUME, false, false, 0, 13 },
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct health_command *c;
		struct health_memory m;

		world_do(&w, rows[i].at_ms, rows[i].does);
		health_remember(w.h, &m, rows[i].at_ms);
		c = health_command(w.h);
		CHECK_EQ(rows[i].order, c->order, rows[i].does);
		CHECK_EQ(rows[i].force, c->force, rows[i].does);
		CHECK_EQ(rows[i].has_wait, c->has_wait, rows[i].does);
		CHECK_EQ(rows[i].wait_ms, c->wait_ms, rows[i].does);
		CHECK_EQ(rows[i].since_ms, m.order_ms, rows[i].does);
	}
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_drain_is_announced_for_a_while_and_then_withdrawn),
		cmocka_unit_test(a_drain_is_cancelled_at_any_point),
		cmocka_unit_test(after_a_resume_the_probes_have_the_word),
		cmocka_unit_test(
			a_drain_of_what_is_down_has_nothing_to_wait_for),
		cmocka_unit_test(a_drain_before_anything_is_known),
		cmocka_unit_test(
			a_resume_before_anything_is_known_hastens_nothing),
		cmocka_unit_test(
			a_resume_without_an_order_does_not_end_a_hold_down),
		cmocka_unit_test(a_second_drain_does_not_begin_anew),
		cmocka_unit_test(a_drain_may_have_its_own_wait),
		cmocka_unit_test(
			the_last_node_stays_announced_until_another_is_up),
		cmocka_unit_test(
			a_node_that_comes_up_amid_a_drain_is_given_time_as_well),
		cmocka_unit_test(another_node_that_is_gone_again_is_not_up),
		cmocka_unit_test(force_waits_for_nobody),
		cmocka_unit_test(force_counts_from_the_beginning_too),
		cmocka_unit_test(force_may_come_later_and_stays),
		cmocka_unit_test(a_bad_probe_withdraws_a_drain_at_once),
		cmocka_unit_test(what_is_remote_does_not_withdraw_a_drain),
		cmocka_unit_test(disable_withdraws_at_once),
		cmocka_unit_test(from_one_order_to_the_other),
		cmocka_unit_test(an_order_is_no_loss_and_resume_forgives),
		cmocka_unit_test(a_drain_is_over_when_nothing_is_announced),
		cmocka_unit_test(the_order_in_force_can_be_asked_for),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
