/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exchange.h - one SDP on its way from one leg to another
 *
 * Prepared on drafts of both legs' media: what the SDP says of its sender
 * (media.h), what follows for both (mux, ICE, bundle), ports, the text for the
 * receiver.  Until exchange_commit() the call is as it was, and that cannot
 * fail; exchange_fini() gives back what was not committed.
 */
#ifndef CALL_EXCHANGE_H
#define CALL_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtp-pinner/call/calls_priv.h"
#include "rtp-pinner/call/choice.h"
#include "rtp-pinner/call/gate.h"

struct exchange_side {
	unsigned leg;		/* index; not below leg_cnt while it is new */
	struct call_media *media;	/* draft, `cnt' of them */
	char *text;		/* new tag, branch, label; NULL: as it was */
	uint16_t tag_len;
	uint16_t branch_len;
	uint16_t label_len;
};

struct exchange {
	/* set by the user */
	struct calls *calls;
	struct call *call;
	const struct ng_command *command;
	const struct sdp *sdp;
	struct choice choice;
	uint64_t now_ms;
	uint32_t origin_hash;
	bool offer;
	bool first;		/* of a new call: may be refused for ports */

	/* drafts */
	struct exchange_side from;
	struct exchange_side to;
	unsigned cnt;
	unsigned new_legs;
	unsigned pairs;		/* of ports the call has, once has_pairs */
	bool has_pairs;
	enum flow_gate_mode gate_mode;
	uint8_t from_family;	/* of the SDP; 0: has no address */
	uint8_t to_family;
	struct addr to_addr;	/* what the text says */
	char *sdp_text;
	size_t sdp_len;
	bool committed;
};

enum calls_result exchange_prepare(struct exchange *x);
void exchange_commit(struct exchange *x);
void exchange_fini(struct exchange *x);

/* exchange_ports.c: ports for all media that need one. */
enum calls_result exchange_ports(struct exchange *x);

/* The port of the draft of a side that carries a media; 0: none. */
uint16_t exchange_port(const struct exchange *x,
		       const struct exchange_side *side, unsigned media);

/* exchange_text.c: the SDP for the receiver. */
enum calls_result exchange_text(struct exchange *x);

#endif
