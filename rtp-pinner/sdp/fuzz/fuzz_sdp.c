/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two bytes say what is asked for, the rest is the text. */
#include <stdio.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/sdp/sdp_osip.h"
#include "rtp-pinner/sdp/test/sdp_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *reason, *broken;
	struct slice text;
	struct sdp *sdp;
	unsigned bits;

	if (size < 2)
		return 0;
	bits = (unsigned)(data[0] << 8 | data[1]) % ASK_END;
	text = slice_of((const char *)data + 2, size - 2);

	(void)sdp_osip_check(text);
	if (sdp_parse(&sdp, &reason, text)) {
		if (!reason || sdp)
			abort();
		return 0;
	}
	broken = broken_invariant(sdp, bits);
	if (broken) {
		fprintf(stderr, "asked for %#x: %s\n", bits, broken);
		abort();
	}
	sdp_free(sdp);
	return 0;
}
