/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the receiver of an SDP reads. */
#include <errno.h>
#include <stdlib.h>

#include "rtp-pinner/call/exchange.h"

static bool has_flag(const struct exchange *x, enum ng_flag flag)
{
	return x->command->flags & NG_F(flag);
}

static struct addr our_addr(const struct calls_conf *conf, uint8_t family)
{
	struct addr a = family == ADDR_IP6 ? conf->advertised6 :
					     conf->advertised4;

	if (!addr_is_set(&a))
		a = family == ADDR_IP6 ? conf->advertised4 : conf->advertised6;
	return a;
}

/* The family of the receiver's own SDP; a callee that has said nothing gets
 * that of the offer.
 */
static enum calls_result choose_addr(struct exchange *x)
{
	const struct calls_conf *conf = &x->calls->conf;
	uint8_t family = x->call->legs[x->to.leg].family;

	if (addr_is_set(&x->command->media_address)) {
		x->to_addr = x->command->media_address;
		x->to_family = x->to_addr.family;
		return addr_is_unicast(&x->to_addr) &&
		       !gate_is_service(conf, &x->to_addr) ?
			CALLS_OK : CALLS_MEDIA_ADDRESS;
	}
	if (x->command->address_family)
		family = x->command->address_family;
	else if (!family)
		family = x->from_family ? x->from_family : ADDR_IP4;
	x->to_addr = our_addr(conf, family);
	x->to_family = x->to_addr.family;
	return CALLS_OK;
}

static enum sdp_mux mux_change(const struct call_media *from,
			       const struct call_media *to, bool offer)
{
	bool says = from->flags & CALL_M_MUX_ASKED;
	bool shall = to->flags & (offer ? CALL_M_MUX_OFFERED : CALL_M_MUX);

	if (says == shall || !(from->flags & CALL_M_RTP))
		return SDP_MUX_KEEP;
	return shall ? SDP_MUX_ADD : SDP_MUX_REMOVE;
}

/* A transport can be renamed as long as nothing has to be encrypted for it;
 * the answer goes back under the name the receiver has offered.
 */
static struct slice proto_change(struct exchange *x, unsigned i)
{
	const struct call_media *from = &x->from.media[i];
	struct slice want = { 0 };
	uint8_t proto;

	if (x->offer)
		want = x->command->transport_protocol;
	else
		want = slice_str(call_proto_text(x->to.media[i].proto));
	proto = call_proto_of(want);
	if (!want.len || proto == from->proto)
		return (struct slice){ 0 };
	if (call_protos_alike(proto, from->proto))
		return want;
	if (x->offer)
		calls_count(x->calls, CALLS_C_TRANSPORT_KEPT);
	return (struct slice){ 0 };
}

static enum sdp_ice ice_change(const struct exchange *x, unsigned i)
{
	const struct sdp_media *section = sdp_media(x->sdp, i);

	if (x->to.media[i].flags & CALL_M_ICE)
		return SDP_ICE_OURS;
	return section->ice ? SDP_ICE_REMOVE : SDP_ICE_KEEP;
}

static void change_media(struct exchange *x, struct sdp_media_change *out,
			 unsigned i)
{
	const struct call_media *from = &x->from.media[i];
	const struct call_media *to = &x->to.media[i];
	const struct calls_conf *conf = &x->calls->conf;
	uint16_t port = call_media_alive(from) ? exchange_port(x, &x->to, i) :
						 0;
	/* The answer may refuse what an offer only asks for. */
	bool muxed = to->flags & (x->offer ? CALL_M_MUX_FORCE : CALL_M_MUX);

	*out = (struct sdp_media_change){
		.touch = !(from->flags & CALL_M_ALONE),
		.port = from->flags & CALL_M_BUNDLE_ONLY && x->offer ? 0 : port,
		.addr = x->to_addr,
		.keep_zero_addr = from->flags & CALL_M_HELD &&
				  !has_flag(x, NG_REPLACE_ZERO_ADDRESS),
		.rtcp_port = (uint16_t)(muxed ? port : port + 1),
		.rtcp_line = port && from->flags & CALL_M_RTP &&
			     !has_flag(x, NG_NO_RTCP_ATTRIBUTE),
		.rtcp_full = has_flag(x, NG_FULL_RTCP_ATTRIBUTE),
		.mux = mux_change(from, to, x->offer),
		.ice = ice_change(x, i),
		.proto_text = proto_change(x, i),
	};
	if (addr_is_set(&conf->advertised4) && addr_is_set(&conf->advertised6))
		out->addr_other = our_addr(conf, x->to_family == ADDR_IP6 ?
							 ADDR_IP4 : ADDR_IP6);
}

enum calls_result exchange_text(struct exchange *x)
{
	struct sdp_change change = {
		.origin = has_flag(x, NG_REPLACE_ORIGIN),
		.session_connection =
			has_flag(x, NG_REPLACE_SESSION_CONNECTION),
	};
	size_t cnt = sdp_media_cnt(x->sdp);
	enum calls_result result = choose_addr(x);
	int err;

	if (result)
		return result;
	change.addr = x->to_addr;
	change.media = calloc(cnt ? cnt : 1, sizeof(*change.media));
	if (!change.media)
		return CALLS_MEMORY;
	for (unsigned i = 0; i < cnt; i++)
		change_media(x, &change.media[i], i);
	err = sdp_rewrite(&x->sdp_text, &x->sdp_len, x->sdp, &change);
	free(change.media);
	if (err == ENOMEM)
		return CALLS_MEMORY;
	return err ? CALLS_NOT_REWRITTEN : CALLS_OK;
}
