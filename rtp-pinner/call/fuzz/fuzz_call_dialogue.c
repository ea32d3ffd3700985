/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Offers, answers, deletes, restarts of the clock in any order: each byte pair
 * is a step.  What fake_check() says must hold after every one, and in the end
 * every call ends and gives its ports back.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/call/fuzz/fake.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\n"
#define C1 "c=IN IP4 203.0.113.1\r\nt=0 0\r\n"
#define C2 "c=IN IP4 203.0.113.2\r\nt=0 0\r\n"

static const char *const sdps[] = {
	HEAD C1 "m=audio 4000 RTP/AVP 0\r\n",
	HEAD C2 "m=audio 5000 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\n",
	HEAD C1 "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\n",
	HEAD C1 "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 97\r\n",
	HEAD C2 "m=audio 5000 RTP/AVP 0\r\nm=video 0 RTP/AVP 97\r\n",
	HEAD C1 "m=audio 0 RTP/AVP 0\r\n",
	HEAD "c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
	HEAD C1 "m=image 4600 udptl t38\r\n",
	HEAD C1 "a=group:BUNDLE 0 1\r\nm=audio 4000 RTP/AVP 0\r\na=mid:0\r\n"
		"m=video 4002 RTP/AVP 97\r\na=mid:1\r\n",
	HEAD C2 "a=group:BUNDLE 0 1\r\nm=audio 5000 RTP/AVP 0\r\na=mid:0\r\n"
		"m=video 5000 RTP/AVP 97\r\na=mid:1\r\n",
	HEAD C1 "m=audio 4000 RTP/SAVP 0\r\na=ice-ufrag:ff\r\n"
		"a=ice-pwd:0123456789012345678901\r\n"
		"a=candidate:1 1 UDP 99 10.0.0.1 4000 typ host\r\n",
	HEAD "c=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
	HEAD "c=IN IP4 192.0.2.53\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
	HEAD "c=IN IP4 198.51.100.11\r\nt=0 0\r\nm=audio 30002 RTP/AVP 0\r\n",
	HEAD C1 "m=message 7000 TCP/MSRP *\r\nm=audio 4000 RTP/AVP 0\r\n",
	HEAD C1 "a=group:BUNDLE 0 1\r\nm=audio 4000 RTP/AVP 0\r\na=mid:0\r\n"
		"m=video 0 RTP/AVP 97\r\na=mid:1\r\na=bundle-only\r\n",
};

static const char *const tags[] = { "f", "t", "u", "" };
static const char *const branches[] = { "", "z1", "z2", "z9" };

static void step(struct fake *f, uint8_t what, uint8_t who)
{
	struct calls_deleted deleted;
	struct calls_reply reply = { 0 };
	struct ng_command command = {
		.call_id = slice_str(who & 128 ? "d" : "c"),
		.from_tag = slice_str(tags[who & 3]),
		.to_tag = slice_str(tags[(who >> 2) & 3]),
		.via_branch = slice_str(branches[(who >> 4) & 3]),
		.flags = who & 64 ? NG_F(NG_NO_PORT_LATCHING) : 0,
		.sdp = slice_str(sdps[what & 15]),
		.tos = -1,
		.delete_delay_ms = what & 1 ? 0 : -1,
		.is_probe = what & 32,
	};

	switch (what >> 6) {
	case 0:
		calls_offer(f->calls, &reply, &command, f->now_ms);
		break;
	case 1:
		calls_answer(f->calls, &reply, &command, f->now_ms);
		break;
	case 2:
		command.message_type = (what >> 1) & 1 ? NG_SIP_REPLY : 0;
		calls_delete(f->calls, &deleted, &command, f->now_ms);
		break;
	default:
		f->now_ms += UINT64_C(50) * (what & 63) * who;
		break;
	}
	free(reply.sdp);
	calls_tick(f->calls, f->now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fake f;

	fake_start(&f);
	for (size_t i = 0; i + 1 < len && i < 400; i += 2) {
		step(&f, data[i], data[i + 1]);
		fake_check(&f);
	}
	fake_finish(&f);
	fake_stop(&f);
	return 0;
}
