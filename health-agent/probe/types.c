/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/prober_priv.h"

const struct prober_type *const prober_types[PROBER_KINDS] = {
	[PROBER_SIP] = &prober_sip,
	[PROBER_HTTP] = &prober_http,
	[PROBER_DNS] = &prober_dns,
	[PROBER_RTP] = &prober_rtp,
	[PROBER_PROCESS] = &prober_process,
	[PROBER_COMMAND] = &prober_command,
};
