/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A SIP reply as a stream, as a datagram, and as its neighbour sees it: what
 * is cut must lie in the input, what is read must be clean, what is written in
 * answer to it must be one message without foreign lines.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/probe/sip_ask.h"
#include "health-agent/probe/sip_frame.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const struct prober_conf *conf_of_fra1(void)
{
	static struct site site = { .domain = "sip.example.net" };
	static struct site_node node = {
		.name = "fra1",
		.ip4 = { .family = ADDR_IP4, .bytes_be = { 198, 51, 100, 11 } },
		.sip_port = 5060,
		.sips_port = 5061,
	};
	static struct prober_conf conf = {
		.kind = PROBER_SIP,
		.timeout_ms = 500,
		.site = &site,
		.node = &node,
		.target = { .family = ADDR_IP4, .bytes_be = { 192, 0, 2, 53 } },
		.port = 5060,
	};

	return &conf;
}

static void check_request(const char *text, size_t len)
{
	size_t ends = 0;

	check(len < SIP_REQUEST_MAX);
	for (size_t i = 0; i + 3 < len; i++)
		ends += !memcmp(text + i, "\r\n\r\n", 4);
	check(!len || ends == 1);
}

static void judge(const struct sip_reply *reply)
{
	static const uint8_t random[SIP_ASK_RANDOM];
	const struct addr local = {
		.family = ADDR_IP4, .bytes_be = { 192, 0, 2, 53 },
	};
	char words[PROBER_TEXT_MAX] = "";
	char text[SIP_REQUEST_MAX];
	enum sip_meaning meaning;
	struct sip_ask ask;

	check(!sip_ask_init(&ask, conf_of_fra1()));
	sip_ask_renew(&ask, random, &local, 40000, 1700000000);
	meaning = sip_ask_judge(words, &ask, reply, 0);
	/* the input may know our names, these are constant, but not the key */
	check(meaning == SIP_STRANGE || words[0]);
	for (const char *c = words; *c; c++)
		check(*c >= ' ' && *c <= '~');
	check_request(text, sip_ask_ack(text, &ask, reply));
	check_request(text, sip_ask_bye(text, &ask, reply));
}

static void read_one(struct slice message)
{
	struct sip_reply reply;

	if (sip_osip_read(&reply, message))
		return;
	check(reply.status >= 100 && reply.status <= 699 && reply.via_cnt);
	for (const char *c = reply.reason; *c; c++)
		check(*c >= ' ' && *c <= '~');
	judge(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of((const char *)data, size);
	size_t before, len, all;

	if (sip_frame_datagram(&before, &len, bytes) == SIP_FRAME_WHOLE) {
		check(before + len <= size);
		read_one(slice_of(bytes.text + before, len));
	}
	if (sip_frame_stream(&before, &len, bytes) == SIP_FRAME_WHOLE) {
		check(before + len <= size && len <= SIP_FRAME_MAX);
		all = before + len;
		read_one(slice_of(bytes.text + before, len));
		/* a byte less is not enough, and that much is as good as all */
		check(sip_frame_stream(&before, &len,
				       slice_of(bytes.text, all - 1)) ==
		      SIP_FRAME_MORE);
		check(sip_frame_stream(&before, &len,
				       slice_of(bytes.text, all)) ==
		      SIP_FRAME_WHOLE);
	}
	read_one(bytes);
	return 0;
}
