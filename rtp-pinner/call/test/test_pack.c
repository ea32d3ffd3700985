/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/pack.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

#define ICE_LINES \
	"a=ice-ufrag:ff\r\na=ice-pwd:0123456789012345678901\r\n" \
	"a=candidate:1 1 UDP 99 10.0.0.1 4000 typ host\r\n"

/* A call with everything a record can hold: a fork, a shared port, hold, ICE,
 * a pending re-offer, a pending delete.
 */
static void rich_call(struct world *w)
{
	for (unsigned i = 0; i < 2; i++) {
		const char *const branches[] = { "z1", "z2" };

		world_offer_ok(w, (struct say){
			.from = "f", .branch = branches[i], .label = "caller",
			.received = "198.18.0.1", .tos = 0xb8,
			.flags = NG_F(NG_STRICT_SOURCE),
			.sdp = audio("203.0.113.1", 4000, ICE_LINES),
		});
	}
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.gate = NG_GATE_PREFIX, .gate_prefix = "198.18.0.0/15",
		.sdp = audio("203.0.113.2", 5000, ICE_LINES),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1b", .branch = "z1",
		.sdp = audio("2001:db8::2", 5000, NULL),
	});
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t1b", .branch = "z9",
		.sdp = audio_video("203.0.113.1", 4000, 4002),
	});
	world_delete(w, (struct say){ .from = "f", .branch = "z2" });
}

static void rows_copy(struct flow_conf *out, const struct world *w)
{
	for (unsigned i = 0; i < WORLD_PORTS; i++) {
		out[i] = w->rows[i].conf;
		out[i].seq = 0;
		out[i].generation = 0;
		if (!out[i].active)
			memset(&out[i], 0, sizeof(out[i]));
	}
}

static void a_restarted_pinner_has_the_same_rows(void **state)
{
	struct world *w = *state;
	static struct flow_conf before[WORLD_PORTS];
	static struct flow_conf after[WORLD_PORTS];
	unsigned used;

	rich_call(w);
	used = world_used(w);
	rows_copy(before, w);
	assert_int_equal(world_restart(w, "c"), 0);
	rows_copy(after, w);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(world_used(w), used);
	assert_int_equal(world_counter(w, CALLS_C_RESTORED), 1);
}

static void a_packed_call_comes_back_byte_for_byte(void **state)
{
	struct world *w = *state;
	uint8_t bytes[2][4096];
	struct call *call;
	size_t len;

	rich_call(w);
	len = call_pack(world_call(w, "c"), bytes[0], sizeof(bytes[0]));
	assert_int_not_equal(len, 0);
	assert_int_equal(call_unpack(&call, bytes[0], len), 0);
	/* but for a flag that tells what is open in this run */
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *was = &world_call(w, "c")->legs[i];

		for (unsigned k = 0; k < was->media_cnt; k++)
			call->legs[i].media[k].flags = was->media[k].flags;
		for (unsigned k = 0; k < was->saved_cnt; k++)
			call->legs[i].saved[k].flags = was->saved[k].flags;
	}
	assert_int_equal(call_pack(call, bytes[1], sizeof(bytes[1])), len);
	assert_memory_equal(bytes[0], bytes[1], len);
	assert_int_equal(call_pack(call, bytes[1], len - 1), 0);
	call_free(call);
}

static void after_a_restart_the_dialog_goes_on(void **state)
{
	struct world *w = *state;
	uint16_t f;
	uint16_t t;
	uint32_t epoch;

	world_talk(w);
	f = world_port(w, "f", 0);
	t = world_port(w, "t", 0);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .branch = "z9",
		.sdp = audio_video("203.0.113.7", 4400, 4402),
	});
	assert_int_equal(world_restart(w, "c"), 0);
	epoch = world_row(w, f)->epoch;
	world_offer_ok(w, (struct say){	/* the same again: no news */
		.from = "f", .to = "t", .branch = "z9",
		.sdp = audio_video("203.0.113.7", 4400, 4402),
	});
	assert_int_equal(world_row(w, f)->epoch, epoch);
	assert_int_equal(sdp_port(w->reply.sdp, 0), t);
	world_delete(w, (struct say){ .from = "f", .branch = "z9" });
	assert_true(w->deleted.rolled_back);
	assert_string_equal(world_route(w, t), "203.0.113.1:4000");
	assert_int_equal(world_used(w), 2);
	world_delete(w, (struct say){ .from = "f", .branch = "zb" });
	world_pass(w, WORLD_DELETE_DELAY);
	assert_string_equal(w->ended, "c:deleted ");
	assert_int_equal(world_used(w), 0);
}

static void a_port_kept_for_a_roll_back_survives(void **state)
{
	struct world *w = *state;
	uint16_t t;

	world_talk(w);
	t = world_port(w, "t", 0);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .branch = "z9",
		.flags = NG_F(NG_NO_PORT_LATCHING),
		.sdp = audio("203.0.113.7", 4000, NULL),
	});
	assert_int_equal(world_used(w), 3);
	assert_int_equal(world_restart(w, "c"), 0);
	assert_int_equal(world_used(w), 3);
	for (uint32_t port = WORLD_PORT_MIN; port <= WORLD_PORT_MAX; port++)
		assert_int_equal(call_owns_port(world_call(w, "c"),
						(uint16_t)port),
				 world_row(w, (uint16_t)port)->active);
	world_delete(w, (struct say){ .from = "f", .branch = "z9" });
	assert_int_equal(world_port(w, "t", 0), t);
	assert_string_equal(world_route(w, t), "203.0.113.1:4000");
	assert_int_equal(world_used(w), 2);
}

static void timers_go_on_after_a_restart(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_delete(w, (struct say){ .from = "f" });
	world_pass(w, 10 * 1000);
	assert_int_equal(world_restart(w, "c"), 0);
	world_pass(w, WORLD_DELETE_DELAY - 10 * 1000 - 1);
	assert_string_equal(w->ended, "");
	world_pass(w, 1);
	assert_string_equal(w->ended, "c:deleted ");
}

/* ---- records that do not fit ---- */

static int restore(struct world *w, uint32_t slot, const uint8_t *bytes,
		   size_t len)
{
	int err = calls_restore(w->calls, slot, bytes, len, w->now_ms);

	world_used(w);
	return err;
}

static void what_collides_is_refused_whole(void **state)
{
	struct world *w = *state;
	struct calls_conf conf = world_conf();
	uint8_t bytes[4096];
	uint8_t other[4096];
	size_t len;

	world_talk(w);
	len = call_pack(world_call(w, "c"), bytes, sizeof(bytes));
	assert_int_equal(restore(w, 5, bytes, len), EEXIST);	/* call-id */
	memcpy(other, bytes, len);
	other[3] = 'd';		/* the call-id; ports as before */
	assert_int_equal(restore(w, 5, other, len), EBADMSG);
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	assert_int_equal(restore(w, 5, bytes, len), EBADMSG);	/* they rest */
	world_pass(w, WORLD_QUARANTINE);
	assert_int_equal(restore(w, 5, bytes, len), 0);
	assert_int_equal(world_call(w, "c")->slot, 5);
	assert_int_equal(calls_slots(w->calls), 6);
	world_offer_ok(w, (struct say){	/* fills a gap before it */
		.call = "e", .from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_in_range(world_call(w, "e")->slot, 0, 4);

	memset(w->rows, 0, sizeof(w->rows));
	conf.port_min = conf.port_max - 1;	/* another range */
	world_start(w, &conf);
	assert_int_equal(calls_restore(w->calls, 0, bytes, len, w->now_ms),
			 EBADMSG);
	assert_int_equal(counter_get(calls_counters(w->calls),
				     CALLS_C_RESTORE_FAILED),
			 1);
}

static void a_slot_is_restored_once(void **state)
{
	struct world *w = *state;
	uint8_t bytes[4096];
	size_t len;

	world_talk(w);
	len = call_pack(world_call(w, "c"), bytes, sizeof(bytes));
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	world_pass(w, WORLD_QUARANTINE);
	world_offer_ok(w, (struct say){
		.call = "e", .from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	if (world_used(w) == 2)
		assert_int_not_equal(restore(w, world_call(w, "e")->slot,
					     bytes, len),
				     0);
	assert_null(world_call(w, "c"));
}

static void ports_the_relay_cannot_open_refuse_the_record(void **state)
{
	for (unsigned good = 0; good < 5; good++) {
		struct world *w;
		void *other;
		int err;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_talk(w);
		w->open_error = EMFILE;
		w->open_good = good;
		err = world_restart(w, "c");
		assert_int_equal(err, good < 4 ? EMFILE : 0);
		assert_int_equal(world_used(w), good < 4 ? 0 : 2);
		world_teardown(&other);
	}
	(void)state;
}

static void ports_nobody_owns_can_be_kept_out_of_use(void **state)
{
	struct world *w = *state;
	struct calls_gauges g;

	calls_quarantine(w->calls, WORLD_PORT_MIN, w->now_ms);
	calls_quarantine(w->calls, WORLD_PORT_MIN + 1, w->now_ms);
	calls_quarantine(w->calls, WORLD_PORT_MIN + 7, w->now_ms);
	calls_quarantine(w->calls, 80, w->now_ms);
	calls_gauges(w->calls, &g);
	assert_int_equal(g.ports_quarantined, 2);
}

/* Whatever bytes are in it, a record is taken with sound ports or refused. */
static void damaged_records_are_taken_soundly_or_refused(void **state)
{
	struct world *w = *state;
	uint8_t good[4096];
	uint8_t bad[4096];
	unsigned taken = 0;
	size_t len;

	rich_call(w);
	len = call_pack(world_call(w, "c"), good, sizeof(good));
	for (size_t cut = 0; cut < len; cut++) {
		struct call *call;

		assert_int_equal(call_unpack(&call, good, cut), EBADMSG);
	}
	memcpy(bad, good, len);
	bad[len] = 0;
	assert_int_equal(call_unpack(&(struct call *){ NULL }, bad, len + 1),
			 EBADMSG);
	for (size_t i = 0; i < len; i++) {
		struct calls_conf conf = world_conf();

		memcpy(bad, good, len);
		bad[i] ^= (uint8_t)(1u << (i % 8));
		memset(w->rows, 0, sizeof(w->rows));
		world_start(w, &conf);
		if (restore(w, 0, bad, len))
			assert_int_equal(world_used(w), 0);
		else
			taken++;
		calls_tick(w->calls, w->now_ms);
		world_delete(w, (struct say){ .from = "f", .to = "t1b" });
		world_pass(w, WORLD_DELETE_DELAY + WORLD_HOLD_TIMEOUT);
	}
	assert_in_range(taken, 1, len);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_restarted_pinner_has_the_same_rows),
		TEST(a_packed_call_comes_back_byte_for_byte),
		TEST(after_a_restart_the_dialog_goes_on),
		TEST(a_port_kept_for_a_roll_back_survives),
		TEST(timers_go_on_after_a_restart),
		TEST(what_collides_is_refused_whole),
		TEST(a_slot_is_restored_once),
		TEST(ports_the_relay_cannot_open_refuse_the_record),
		TEST(ports_nobody_owns_can_be_kept_out_of_use),
		TEST(damaged_records_are_taken_soundly_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
