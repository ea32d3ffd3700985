/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A datagram as the control socket gets it: whatever it is, counts stay within
 * their arrays and slices within the datagram or the dict.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/ng/message.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_command(const struct ng_command *c)
{
	check((unsigned)c->verb < NG_VERBS);
	check(c->received_cnt <= NG_RECEIVED_MAX);
	check(c->gate_prefix_cnt <= NG_GATE_MAX);
	check(c->gate != NG_GATE_PREFIX || c->gate_prefix_cnt);
	for (size_t i = 0; i < c->gate_prefix_cnt; i++)
		check(c->gate_prefixes[i].len <=
		      (c->gate_prefixes[i].addr.family == ADDR_IP4 ? 32 : 128));
	check(c->tos >= -1 && c->tos <= 255);
	check(c->delete_delay_ms >= -1);
	check(!(c->flags >> NG_FLAGS));
}

static volatile char sink;

static void touch(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		sink ^= s.text[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ng_dict *dict;
	struct slice cookie, body;
	struct ng_command command;
	enum ng_encoding encoding;
	const char *reason;

	if (!dict && ng_dict_new(&dict, 8192, 1 << 17))
		abort();
	if (ng_message_split(&cookie, &body,
			     slice_of((const char *)data, size)))
		return 0;
	if (ng_message_read(dict, &encoding, &reason, body) ||
	    ng_command_read(&command, &reason, dict)) {
		check(reason && *reason);
		return 0;
	}
	check_command(&command);
	touch(command.call_id);
	touch(command.from_tag);
	touch(command.to_tag);
	touch(command.via_branch);
	touch(command.label);
	touch(command.sdp);
	touch(command.transport_protocol);
	return 0;
}
