/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gate.h - whose packets one media of a leg takes, and where they go
 *
 * The gate is made of what signalling says about the party, and of nothing a
 * packet says:
 *
 *   SDP address        unless SIP-source-address
 *   received-from      unless trust-address, or it is a trusted proxy
 *   a=rtcp address
 *   prefixes           of gate=prefix, by the command or by the site's peer
 *   ICE candidates
 *
 * in this order of importance: what does not fit into FLOW_GATE_MAX entries is
 * left out from the end.  Service, multicast and unspecified addresses are
 * never in it.  A strict gate may end up empty (a name in c=, no received-from,
 * or a callee that has not answered): then nothing passes.
 *
 * Pure.
 */
#ifndef CALL_GATE_H
#define CALL_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "rtp-pinner/call/call.h"
#include "rtp-pinner/call/calls.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/sdp/sdp.h"

struct gate {
	enum flow_gate_mode mode;
	bool by_prefix;		/* prefixes are in it */
	bool truncated;
	bool proxy_left_out;	/* a received-from that is a trusted proxy */
	uint8_t cnt;
	struct call_gate entries[FLOW_GATE_MAX];
};

/* The gate of a media as its party has described it. */
void gate_make(struct gate *out, const struct calls_conf *conf,
	       const struct ng_command *command, const struct sdp_media *media);

/* The gate of a party that has not said anything: empty. */
enum flow_gate_mode gate_default_mode(const struct calls_conf *conf);

/* The received-from that counts: the first that is no trusted proxy and an
 * address to send to.  Unset when there is none.
 */
struct addr gate_received(const struct calls_conf *conf,
			  const struct ng_command *command);

/* False when the gate was full and the entry is not in it. */
bool gate_add(struct gate *gate, const struct call_gate *entry);

bool gate_is_service(const struct calls_conf *conf, const struct addr *a);

/* An address media may be sent to: unicast, none of the service's, and no
 * loopback address unless ours is one too (programs listen there that believe
 * whoever reaches them).
 */
bool gate_may_send(const struct calls_conf *conf, const struct addr *a);

#endif
