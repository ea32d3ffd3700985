/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/relay/icmp.h"

/* A message parsed as either family: a port that is read was in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct addr media[] = {
		{ ADDR_IP4, { 192, 0, 2, 1 } },
		{ ADDR_IP6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	};

	for (int i = 0; i < 2; i++) {
		uint16_t port = 0;

		if (icmp_parse(&port, &media[i], data, size) && size < 36)
			abort();	/* the least of headers is longer */
	}
	return 0;
}
