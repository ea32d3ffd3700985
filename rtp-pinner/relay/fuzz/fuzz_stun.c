/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read as STUN is as long as it says, and is classified so too. */
#include <errno.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/relay/rtp.h"
#include "rtp-pinner/relay/stun.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum rtp_kind kind = rtp_classify(data, size);
	struct stun stun;
	int err = stun_parse(&stun, data, size);

	check(!err || err == EBADMSG);
	if (err)
		return 0;
	check(size >= STUN_HEADER_LEN && size % 4 == 0);
	check(stun.id && stun.method <= 0xfff && stun.class <= STUN_ERROR);
	/* The relay reads Binding messages only; all begin like STUN. */
	check(stun.method != STUN_BINDING || kind == RTP_KIND_STUN);
	return 0;
}
