/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compounds of two parties: records of length and packet, in turn. */
#include <stdlib.h>

#include "common/cursor.h"
#include "common/fuzz/harness.h"
#include "rtp-pinner/quality/quality.h"
#include "rtp-pinner/quality/rtcp.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_item(void *arg, const struct rtcp_item *item)
{
	const size_t *len = arg;

	check(item->report_cnt * 24 <= *len && item->bye_cnt * 4 <= *len);
	check(item->report_cnt <= RTCP_REPORTS_MAX &&
	      item->bye_cnt <= RTCP_REPORTS_MAX);
	check(!item->report_cnt || item->type == RTCP_TYPE_SR ||
	      item->type == RTCP_TYPE_RR);
}

static void check_sample(const struct quality_sample *s)
{
	check(s->mos_x100 >= 100 && s->mos_x100 <= 450);
	check(s->loss_x100 <= 10000);
}

static void check_source(const struct quality_source *s)
{
	struct quality_sample average;

	if (!s->sample_cnt)
		return;
	quality_average(&average, s);
	check_sample(&average);
	check_sample(&s->lowest);
	check_sample(&s->highest);
	check(s->lowest.mos_x100 <= average.mos_x100 &&
	      average.mos_x100 <= s->highest.mos_x100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((const char *)data, size);
	struct quality q = { 0 };
	uint64_t at_ms = 1000;
	uint16_t port = 30000;

	while (cursor_left(&c)) {
		size_t len = cursor_byte(&c);
		struct slice bytes = cursor_take(&c, len < cursor_left(&c) ?
							     len :
							     cursor_left(&c));
		const uint8_t *packet = (const uint8_t *)bytes.text;

		(void)!rtcp_parse(packet, bytes.len, check_item, &bytes.len);
		quality_rtcp(&q, port, packet, bytes.len, at_ms);
		port ^= 2;
		at_ms += len * 37;
	}
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++)
		check_source(&q.sources[i]);
	return 0;
}
