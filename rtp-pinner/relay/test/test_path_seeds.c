/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Third parties' packets, whole and damaged, through the packet path. */
#include "common/test/table.h"

#include "rtp-pinner/relay/path.h"
#include "rtp-pinner/relay/stun.h"
#include "rtp-pinner/relay/test/seeds.h"
#include "rtp-pinner/relay/test/small_table.h"

static struct small_table t;
static uint64_t now_us = 1000000;
static size_t sent;

static void send_from(uint16_t port, const char *from, const uint8_t *bytes,
		      size_t len)
{
	struct path_packet pkt = { .port = port, .from = source(from),
				   .bytes = bytes, .len = len };
	struct path_out out;

	now_us += 1000;
	if (path_packet(&out, &t.path, &pkt, now_us) == PATH_SEND)
		sent++;
}

static void packet_through_each_kind_of_row(const uint8_t *bytes, size_t len)
{
	struct stun stun;

	send_from(30000, "192.0.2.10:4000", bytes, len);
	send_from(30001, "192.0.2.10:4001", bytes, len);
	send_from(30004, "192.0.2.30:6000", bytes, len);
	send_from(30006, "[2001:db8::40]:7000", bytes, len);
	send_from(30008, "192.0.2.50:8000", bytes, len);
	send_from(30000, "203.0.113.66:4000", bytes, len);
	(void)!stun_parse(&stun, bytes, len);
}

static void no_packet_does_harm(void **state)
{
	static const char *const kinds[] = { "rtp", "rtcp", "stun" };

	(void)state;
	small_init(&t);
	for (uint16_t port = 30006; port <= 30007; port++) {
		struct flow_conf c;

		assert_true(flow_conf_read(&c, small_row(&t, port)));
		c.flags |= FLOW_F_ICE | FLOW_F_SRTP;
		flow_conf_write(small_row(&t, port), &c);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t before = sent;
		size_t cnt = seeds_each(kinds[i],
					packet_through_each_kind_of_row);

		CHECK(cnt > 0, kinds[i]);
		CHECK(sent > before, kinds[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_packet_does_harm),
	};
	int skipped = seeds_skip("rtp");

	return skipped ? skipped : cmocka_run_group_tests(tests, NULL, NULL);
}
