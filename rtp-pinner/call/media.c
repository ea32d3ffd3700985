/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/media.h"

#include <errno.h>

static bool has_flag(const struct ng_command *command, enum ng_flag flag)
{
	return command->flags & NG_F(flag);
}

static void set_flag(struct call_media *m, uint16_t flag, bool on)
{
	if (on)
		m->flags |= flag;
	else
		m->flags &= (uint16_t)~flag;
}

static struct call_endpoint endpoint(const struct calls_conf *conf,
				     struct addr addr, uint32_t port)
{
	addr_unmap(&addr);
	if (!port || !gate_may_send(conf, &addr))
		return (struct call_endpoint){ 0 };
	return (struct call_endpoint){ .addr = addr, .port = (uint16_t)port };
}

static void set_endpoints(struct call_media *m, const struct calls_conf *conf,
			  const struct ng_command *command,
			  const struct sdp_media *section)
{
	struct addr rtp = section->addr;
	struct addr rtcp = section->rtcp_addr;
	uint16_t rtcp_port = section->rtcp_port;

	if (has_flag(command, NG_SIP_SOURCE_ADDRESS)) {
		struct addr received = gate_received(conf, command);

		if (addr_is_set(&received)) {
			rtp = received;
			rtcp = received;
		}
	}
	m->rtp = endpoint(conf, rtp, section->port);
	m->rtcp = endpoint(conf, rtcp, rtcp_port);
}

static void set_rates(struct call_media *m, const struct sdp_media *section)
{
	m->rate_cnt = 0;
	for (size_t i = 0;
	     i < section->rate_cnt && m->rate_cnt < FLOW_RATES_MAX; i++) {
		uint32_t khz = section->rates[i].hz / 1000;

		if (!khz || khz > UINT8_MAX)
			continue;
		m->rates[m->rate_cnt++] = (struct flow_rate){
			.payload_type = section->rates[i].payload_type,
			.rate_khz = (uint8_t)khz,
		};
	}
}

/* The party is where it was. */
static void keep_gate(struct gate *gate, const struct call_media *before)
{
	for (unsigned i = 0; i < before->gate_cnt; i++)
		gate_add(gate, &before->gate[i]);
}

static void set_kind(struct call_media *m, const struct sdp_media *section)
{
	bool alone = section->proto == SDP_PROTO_OTHER;
	bool dead = !section->port && !section->bundle_only;

	m->type = call_media_type_of(section->type);
	m->proto = call_proto_of(section->proto_text);
	m->direction = section->direction;
	m->bundle_head = section->bundle_head >= 0 ?
		(uint8_t)section->bundle_head : CALL_NONE;
	set_flag(m, CALL_M_KNOWN, true);
	set_flag(m, CALL_M_ALONE, alone);
	set_flag(m, CALL_M_REJECTED, dead);
	set_flag(m, CALL_M_BUNDLE_ONLY, !section->port && !dead);
	set_flag(m, CALL_M_RTP, section->proto == SDP_PROTO_RTP ||
				section->proto == SDP_PROTO_SRTP);
	set_flag(m, CALL_M_SRTP, section->proto == SDP_PROTO_SRTP);
	set_flag(m, CALL_M_MUX_ASKED, section->rtcp_mux);
	/* with ICE it only means that candidates will follow (RFC 8839 4.4) */
	set_flag(m, CALL_M_HELD,
		 section->zero_addr && !section->ice && !dead);
}

int media_describe(struct call_media *m, struct gate *gate,
		   const struct calls_conf *conf,
		   const struct ng_command *command,
		   const struct sdp_media *section, bool stays)
{
	struct call_endpoint rtp = m->rtp;
	struct call_endpoint rtcp = m->rtcp;
	uint32_t ufrag = section->ufrag.len ?
		(uint32_t)text_hash(section->ufrag) | 1 : 0;

	set_kind(m, section);
	set_rates(m, section);
	gate_make(gate, conf, command, section);
	if (m->flags & CALL_M_REJECTED)
		return 0;	/* where it was, should it come back */
	if (stays || (m->flags & CALL_M_HELD))
		keep_gate(gate, m);
	else
		set_endpoints(m, conf, command, section);
	if (call_media_set_gate(m, gate->entries, gate->cnt))
		return ENOMEM;
	if (!call_endpoint_equal(&rtp, &m->rtp) || m->ufrag_hash != ufrag)
		m->epoch++;
	if (!call_endpoint_equal(&rtcp, &m->rtcp) || m->ufrag_hash != ufrag)
		m->rtcp_epoch++;
	m->ufrag_hash = ufrag;
	return 0;
}

void media_reject(struct call_media *m)
{
	set_flag(m, CALL_M_REJECTED | CALL_M_KNOWN, true);
	set_flag(m, CALL_M_HELD | CALL_M_BUNDLE_ONLY, false);
	m->bundle_head = CALL_NONE;
}

static bool passes_ice(const struct call_media *from,
		       const struct ng_command *command)
{
	return from->ufrag_hash && command->ice != NG_ICE_REMOVE;
}

void media_offer(struct call_media *from, struct call_media *to,
		 const struct ng_command *command, bool crossed)
{
	bool asked = from->flags & CALL_M_MUX_ASKED;
	bool require = has_flag(command, NG_RTCP_MUX_REQUIRE);
	bool demux = has_flag(command, NG_RTCP_MUX_DEMUX);
	bool offered = require || has_flag(command, NG_RTCP_MUX_OFFER) ||
		       (asked && !demux);
	bool ice = passes_ice(from, command);

	set_flag(from, CALL_M_MUX_REFUSE,
		 has_flag(command, NG_RTCP_MUX_REJECT));
	set_flag(from, CALL_M_MUX_FORCE,
		 demux || has_flag(command, NG_RTCP_MUX_ACCEPT));
	set_flag(from, CALL_M_ICE, ice);
	if (!asked)
		set_flag(from, CALL_M_MUX, false);

	set_flag(to, CALL_M_MUX_OFFERED, offered);
	set_flag(to, CALL_M_MUX_FORCE, require);
	if (require)
		set_flag(to, CALL_M_MUX, true);
	else if (!offered)
		set_flag(to, CALL_M_MUX, false);
	set_flag(to, CALL_M_ICE | CALL_M_ICE_OFFERED, ice);
	if (crossed && to->flags & CALL_M_KNOWN)
		return;
	to->bundle_head = from->bundle_head;
	to->type = from->type;
	to->proto = from->proto;
	set_flag(to, CALL_M_RTP, from->flags & CALL_M_RTP);
	set_flag(to, CALL_M_SRTP, from->flags & CALL_M_SRTP);
	set_flag(to, CALL_M_ALONE, from->flags & CALL_M_ALONE);
	if (call_media_alive(from))
		set_flag(to, CALL_M_REJECTED, false);
}

void media_answer(struct call_media *from, struct call_media *to,
		  const struct ng_command *command)
{
	bool accepted = from->flags & CALL_M_MUX_ASKED;
	bool force = to->flags & CALL_M_MUX_FORCE ||
		     has_flag(command, NG_RTCP_MUX_ACCEPT);
	bool ice = from->flags & CALL_M_ICE_OFFERED &&
		   passes_ice(from, command);

	set_flag(from, CALL_M_MUX, accepted || from->flags & CALL_M_MUX_FORCE);
	set_flag(to, CALL_M_MUX,
		 to->flags & CALL_M_MUX_ASKED &&
			 !(to->flags & CALL_M_MUX_REFUSE) &&
			 (force || accepted));
	set_flag(from, CALL_M_ICE, ice);
	set_flag(to, CALL_M_ICE, ice);
	to->bundle_head = from->bundle_head;
}
