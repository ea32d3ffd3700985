/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/why.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "rtp-pinner/relay/flow_access.h"

struct addr why_addr(const struct flow_endpoint *e)
{
	struct addr a = { 0 };

	if (e->family == ADDR_IP4)
		addr_from_ip4(&a, e->bytes_be);
	else if (e->family == ADDR_IP6)
		addr_from_ip6(&a, e->bytes_be);
	return a;
}

size_t why_format_endpoint(char out[static ADDR_TEXT_MAX + 6],
			   const struct flow_endpoint *e)
{
	struct addr a = why_addr(e);
	size_t len = addr_format_host(out, &a);

	if (addr_is_set(&a))
		len += (size_t)snprintf(out + len, 7, ":%u", e->port);
	return len;
}

static bool silent(const struct flow_state *state, uint64_t now_ms)
{
	return !state->last_ms || now_ms >= state->last_ms + WHY_SILENT_MS;
}

static enum flow_drop most_drops(const struct flow_state *state)
{
	enum flow_drop most = 0;

	for (unsigned i = 1; i < FLOW_DROPS; i++) {
		if (state->drops[i] > state->drops[most])
			most = i;
	}
	return most;
}

__attribute__((format(printf, 2, 3))) static size_t
say(char out[static WHY_TEXT_MAX], const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(out, WHY_TEXT_MAX, fmt, args);
	va_end(args);
	return len < WHY_TEXT_MAX ? (size_t)len : WHY_TEXT_MAX - 1;
}

/* The rows whose packets come in and go nowhere. */
static size_t why_no_way_out(char out[static WHY_TEXT_MAX], enum flow_drop drop,
			     uint32_t cnt)
{
	switch (drop) {
	case FLOW_DROP_NO_SINK:
		return say(out,
			   "%" PRIu32 " packets came and there is no "
			   "other leg to send them to",
			   cnt);
	case FLOW_DROP_NO_TARGET:
		return say(out,
			   "%" PRIu32 " packets came and the other leg "
			   "has told no address (hold, or no SDP yet)",
			   cnt);
	default:
		return say(out, "%" PRIu32 " packets dropped (%s): %s", cnt,
			   flow_drop_name(drop), flow_drop_help(drop));
	}
}

size_t why_silent(char out[static WHY_TEXT_MAX], const struct flow_conf *conf,
		  const struct flow_state *state,
		  const struct flow_steer *steer, uint64_t now_ms)
{
	char stranger[ADDR_TEXT_MAX + 6], alone[ADDR_TEXT_MAX];
	enum flow_drop drop = most_drops(state);
	struct addr addr = why_addr(&state->stranger);

	out[0] = '\0';
	if (!conf->active)
		return say(out, "the port is closed");
	if (!silent(state, now_ms))
		return 0;

	if (state->stranger.family && conf->gate_mode == FLOW_GATE_STRICT) {
		why_format_endpoint(stranger, &state->stranger);
		addr_format(alone, &addr);
		return say(out,
			   "%s sends to it from outside the gate (%" PRIu64
			   " packets dropped); if that is the party, use "
			   "gate=%s or a [peer] in the site file",
			   stranger,
			   state->drops[FLOW_DROP_STRANGER] + steer->stopped,
			   alone);
	}
	if (state->drops[drop])
		return why_no_way_out(out, drop, state->drops[drop]);
	if (state->last_ms)
		return say(out, "silent for %" PRIu64 " s",
			   (now_ms - state->last_ms) / 1000);
	if (conf->kind == FLOW_RTCP)
		return 0; /* many phones send none */
	return say(out, "nothing has come to this port");
}
