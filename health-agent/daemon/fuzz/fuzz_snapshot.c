/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A health.memory of any bytes: refused, or such that it can be written and
 * read again as it is.  The sum is made right, else nothing would get past it;
 * an input that begins with `!' keeps its own.
 */
#include <stdlib.h>
#include <string.h>

#include "common/fuzz/harness.h"
#include "health-agent/daemon/snapshot.h"

#define BOOT "11111111-2222-3333-4444-555555555555"

enum { NOW = 1000000 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_memory(const struct health_memory *m, bool fresh)
{
	check(m->order < HEALTH_ORDERS && m->unit_cnt <= HEALTH_UNITS_MAX);
	check(fresh || (!m->unit_cnt && !m->order_ms));
	for (size_t i = 0; i < m->unit_cnt; i++) {
		check(memchr(m->units[i].group, '\0',
			     sizeof(m->units[i].group)) != NULL);
		check(m->units[i].state < NODE_STATES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct health_memory memory, again;
	uint8_t bytes[SNAPSHOT_LEN];
	bool fresh;
	uint64_t sum;

	if (!size || data[0] == '!' || size > SNAPSHOT_LEN) {
		check(snapshot_decode(&memory, &fresh, data, size, BOOT, NOW) ||
		      size == SNAPSHOT_LEN);
		return 0;
	}
	/* where the input is shorter, what a sound file has */
	memset(&memory, 0, sizeof(memory));
	memory.saved_ms = NOW;
	snapshot_encode(bytes, &memory, BOOT);
	memcpy(bytes, data, size);
	sum = snapshot_sum(bytes);
	memcpy(bytes + SNAPSHOT_LEN - sizeof(sum), &sum, sizeof(sum));
	if (snapshot_decode(&memory, &fresh, bytes, SNAPSHOT_LEN, BOOT, NOW))
		return 0;
	check_memory(&memory, fresh);
	snapshot_encode(bytes, &memory, BOOT);
	check(snapshot_decode(&again, &fresh, bytes, SNAPSHOT_LEN, BOOT,
			      memory.saved_ms) == 0);
	check(again.unit_cnt == memory.unit_cnt &&
	      again.order == memory.order);
	return 0;
}
