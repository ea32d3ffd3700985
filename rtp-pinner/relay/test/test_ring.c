/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <pthread.h>
#include <sched.h>

#include "rtp-pinner/relay/ring.h"

static void a_ring_is_a_bounded_queue(void **state)
{
	uint8_t bytes[RELAY_RTCP_MAX + 1] = { 0 };
	struct ring ring;

	(void)state;
	assert_int_equal(ring_init(&ring), 0);
	assert_null(ring_first(&ring));
	for (int round = 0; round < 3; round++) {
		for (uint16_t i = 0; i < RING_SLOTS; i++) {
			bytes[0] = (uint8_t)i;
			assert_true(ring_put(&ring, i, i, bytes, i + 1U));
		}
		assert_false(ring_put(&ring, 1, 1, bytes, 1));
		for (uint16_t i = 0; i < RING_SLOTS; i++) {
			const struct ring_item *item = ring_first(&ring);

			assert_int_equal(item->port, i);
			assert_int_equal(item->at_ms, i);
			assert_int_equal(item->len, i + 1);
			assert_int_equal(item->bytes[0], (uint8_t)i);
			ring_drop(&ring);
		}
		assert_null(ring_first(&ring));
	}
	assert_true(ring_put(&ring, 1, 1, bytes, RELAY_RTCP_MAX));
	assert_false(ring_put(&ring, 1, 1, bytes, RELAY_RTCP_MAX + 1));
	ring_fini(&ring);
	ring_fini(&ring);
}

enum { ITEMS = 200000 };

static void *produce(void *arg)
{
	struct ring *ring = arg;

	for (uint32_t i = 0; i < ITEMS;) {
		if (ring_put(ring, (uint16_t)i, i, (const uint8_t *)&i,
			     sizeof(i)))
			i++;
		else
			sched_yield();
	}
	return NULL;
}

static void items_cross_threads_whole_and_in_order(void **state)
{
	struct ring ring;
	pthread_t thread;

	(void)state;
	assert_int_equal(ring_init(&ring), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, &ring), 0);
	for (uint32_t i = 0; i < ITEMS;) {
		const struct ring_item *item = ring_first(&ring);

		if (!item) {
			sched_yield();
			continue;
		}
		assert_int_equal(item->at_ms, i);
		assert_memory_equal(item->bytes, &i, sizeof(i));
		ring_drop(&ring);
		i++;
	}
	pthread_join(thread, NULL);
	ring_fini(&ring);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_is_a_bounded_queue),
		cmocka_unit_test(items_cross_threads_whole_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
