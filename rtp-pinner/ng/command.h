/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h - one command of the ng protocol, understood
 *
 * Keys are taken as rtpengine takes them: space, '-' and '_' are equal, a key
 * may stand twice (the last one counts; the operator's received-from wins over
 * Kamailio's own), unknown keys and flags are counted and otherwise ignored.
 * A list may be a string with commas.  `rtpp-flags' of Kamailio 6.0 is split
 * here.  Pure.
 *
 * Slices point into the datagram or the dict: valid as long as those.
 */
#ifndef NG_COMMAND_H
#define NG_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

enum {
	NG_RECEIVED_MAX = 4,
	NG_GATE_MAX = 8,
};

enum ng_verb {
	NG_PING,
	NG_OFFER,
	NG_ANSWER,
	NG_DELETE,
	NG_QUERY,
	NG_LIST,
	NG_STATISTICS,
	NG_DRAIN,
	NG_UNDRAIN,
	NG_NODE_INFO,
	NG_VERBS
};

#define NG_F(n) (UINT64_C(1) << (n))
enum ng_flag {			/* bit numbers, for NG_F() */
	NG_STRICT_SOURCE,
	NG_ASYMMETRIC,
	NG_SYMMETRIC,
	NG_TRUST_ADDRESS,
	NG_SIP_SOURCE_ADDRESS,
	NG_MEDIA_HANDOVER,
	NG_PORT_LATCHING,
	NG_NO_PORT_LATCHING,
	NG_REPLACE_ORIGIN,
	NG_REPLACE_SESSION_CONNECTION,
	NG_REPLACE_ZERO_ADDRESS,
	NG_NO_RTCP_ATTRIBUTE,
	NG_FULL_RTCP_ATTRIBUTE,
	NG_RTCP_MUX_OFFER,
	NG_RTCP_MUX_REQUIRE,
	NG_RTCP_MUX_DEMUX,
	NG_RTCP_MUX_ACCEPT,
	NG_RTCP_MUX_REJECT,
	NG_LOAD_LIMIT,		/* supports: load limit */
	NG_FATAL,
	NG_NO_OTHER_RELAY,	/* take the call although it is to be drained */
	NG_FLAGS
};

enum ng_ice {
	NG_ICE_UNSET,
	NG_ICE_REMOVE,
	NG_ICE_DEFAULT,		/* as the offer: pass through if it has ICE */
	NG_ICE_FORCE,
	NG_ICE_PASS,		/* force-relay, optional, ... see command.c */
};

enum ng_gate {
	NG_GATE_UNSET,
	NG_GATE_STRICT,
	NG_GATE_PREFIX,		/* there is at least one prefix */
	NG_GATE_LEARN,
	NG_GATE_OFF,
};

enum ng_message_type {
	NG_SIP_UNSET,
	NG_SIP_REQUEST,
	NG_SIP_REPLY,
};

struct ng_prefix {
	struct addr addr;
	uint8_t len;		/* 0..32 or 0..128 */
};

struct ng_command {
	enum ng_verb verb;
	uint64_t flags;		/* NG_F(enum ng_flag) */
	struct slice call_id;	/* len 0: absent, for all slices */
	struct slice from_tag;
	struct slice to_tag;
	struct slice via_branch;	/* what Kamailio found, never "auto" */
	struct slice label;
	struct slice probe;	/* of the health agent: common/probe.h */
	bool is_probe;		/* the caller's to set, who has the key */
	struct slice sdp;	/* text is NULL when absent; it may be empty */
	struct slice transport_protocol;	/* RTP/AVP ...; "" unset */
	struct addr received[NG_RECEIVED_MAX];	/* the operator's, else
						 * Kamailio's own */
	size_t received_cnt;
	struct addr media_address;
	uint8_t address_family;	/* 0 unset, 4, 6 */
	enum ng_ice ice;
	enum ng_gate gate;
	struct ng_prefix gate_prefixes[NG_GATE_MAX];
	size_t gate_prefix_cnt;
	enum ng_message_type message_type;
	int tos;		/* 0..255 (DSCP << 2); -1 unset */
	int64_t delete_delay_ms;	/* -1 unset */
	uint32_t limit;		/* of list; 0 unset */
	unsigned unknown_cnt;	/* keys, flags and values not known */
	unsigned refused_cnt;	/* known, but this relay does not do it */
};

struct ng_dict;		/* ng/dict.h */

/* Understand the dict of a datagram.  0, or EBADMSG with *reason set to the
 * text rtpengine would answer (static).  Strings of rtpp-flags point into the
 * dict too.
 */
int ng_command_read(struct ng_command *out, const char **reason,
		    const struct ng_dict *dict);

const char *ng_verb_name(enum ng_verb verb);
const char *ng_flag_name(enum ng_flag flag);

#endif
