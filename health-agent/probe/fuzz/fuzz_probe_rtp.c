/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of any kind come to a stream, some of them its own: after the length
 * of each (a byte), 255 stands for the stream's next packet as it is, 254 for
 * that packet with a byte changed by what follows.  When there is none any more
 * it is the last one again.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/probe/rtp_stream.h"

enum { PACKETS = 5, DELAY_NS = 1000 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t random[RTP_STREAM_RANDOM] = { 1, 2, 3, 4, 5, 6 };
	struct cursor c = cursor_of((const char *)data, size);
	uint8_t packet[RTP_PACKET_LEN] = { 0 };
	unsigned good = 0, all = 0, heard = 0;
	struct rtp_stream s;

	rtp_stream_begin(&s, random, PACKETS, DELAY_NS);
	while (cursor_left(&c)) {
		unsigned len = cursor_byte(&c);
		struct slice bytes = slice_of((const char *)packet,
					      sizeof(packet));
		enum rtp_heard what;
		bool altered = false;

		if (len < 254) {
			bytes = cursor_take(&c, len < cursor_left(&c)
							? len
							: cursor_left(&c));
		} else {
			altered = rtp_stream_write(&s, packet, 0) &&
				  len == 254;
			if (len == 254)
				packet[cursor_byte(&c) % sizeof(packet)] ^=
					cursor_byte(&c) | 1;
		}
		what = rtp_stream_read(&s, bytes, len);
		good += what == RTP_GOOD;
		all++;
		check(!altered || what != RTP_GOOD);
	}
	check(s.heard[RTP_GOOD] == good && good <= PACKETS);
	for (unsigned i = 0; i < RTP_HEARDS; i++)
		heard += s.heard[i];
	check(heard == all);
	check(rtp_stream_loss_percent(&s) == 100 * (PACKETS - good) / PACKETS);
	check(!rtp_stream_is_over(&s) || s.sent == PACKETS);
	return 0;
}
