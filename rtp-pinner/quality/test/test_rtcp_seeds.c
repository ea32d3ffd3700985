/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Third parties' RTCP, whole and damaged, through oRTP and into a call. */
#include "common/test/table.h"

#include <stdio.h>

#include "rtp-pinner/quality/quality.h"
#include "rtp-pinner/relay/test/seeds.h"

static struct quality q;
static uint64_t at_ms = 1000;

static void into_both_legs(const uint8_t *bytes, size_t len)
{
	quality_rtcp(&q, 30000, bytes, len, at_ms += 20);
	quality_rtcp(&q, 30002, bytes, len, at_ms += 20);
}

static void no_rtcp_does_harm(void **state)
{
	static const char *const kinds[] = { "rtcp", "rtp", "stun" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		CHECK(seeds_each(kinds[i], into_both_legs) > 0, kinds[i]);
	assert_true(q.rtcp_packets > 0);
	assert_true(q.rtcp_broken > 0);
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++) {
		struct quality_sample average;

		quality_average(&average, &q.sources[i]);
		assert_true(average.mos_x100 == 0 ||
			    (average.mos_x100 >= 100 &&
			     average.mos_x100 <= 450));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rtcp_does_harm),
	};
	int skipped = seeds_skip("rtcp");

	return skipped ? skipped : cmocka_run_group_tests(tests, NULL, NULL);
}
