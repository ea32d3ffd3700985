/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a relay may answer, behind the right cookie; and as an SDP alone. */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/probe/rtp_ng.h"

enum { COOKIE_LEN = 18 };

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t random[RTP_NG_RANDOM];
	static struct site_node node = { .name = "fra1" };
	static struct site site;
	static const struct prober_conf conf = {
		.site = &site,
		.node = &node,
		.target = { .family = ADDR_IP4, .bytes_be = { 127, 0, 0, 1 } },
	};
	char text[PROBER_TEXT_MAX], *datagram, asked[RTP_NG_MAX];
	enum rtp_ng_meaning meaning;
	struct addr media = { .family = ADDR_NONE };
	struct rtp_ng *ng;
	uint16_t port = 0;

	if (rtp_ng_new(&ng, &conf))
		return 0;
	rtp_ng_renew(ng, random, 1);
	check(rtp_ng_offer(asked, ng, 4000) > COOKIE_LEN);
	datagram = malloc(COOKIE_LEN + 1 + size);
	memcpy(datagram, asked, COOKIE_LEN + 1);
	if (size)
		memcpy(datagram + COOKIE_LEN + 1, data, size);
	meaning = rtp_ng_read(ng, text, &media, &port,
			      slice_of(datagram, COOKIE_LEN + 1 + size));
	check((meaning == RTP_NG_MEDIA) == (port && addr_is_set(&media)) ||
	      meaning == RTP_NG_REFUSED);
	check(strlen(text) < sizeof(text));
	for (const char *c = text; *c; c++)
		check(*c >= ' ' && *c <= '~');
	free(datagram);
	rtp_ng_free(ng);

	if (!rtp_ng_media(&media, &port,
			  slice_of((const char *)data, size)))
		check(port && addr_is_set(&media));
	return 0;
}
