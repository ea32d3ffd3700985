/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/gate.h"

#include <string.h>

static uint8_t full_len(const struct addr *a)
{
	return a->family == ADDR_IP4 ? 32 : 128;
}

bool gate_is_service(const struct calls_conf *conf, const struct addr *a)
{
	for (size_t i = 0; i < conf->service_cnt; i++)
		if (addr_equal(&conf->service[i], a))
			return true;
	return false;
}

static bool is_loopback(const struct addr *a)
{
	static const uint8_t ip6[16] = { [15] = 1 };

	if (a->family == ADDR_IP4)
		return a->bytes_be[0] == 127;
	return a->family == ADDR_IP6 && !memcmp(a->bytes_be, ip6, sizeof(ip6));
}

static bool is_at_loopback(const struct calls_conf *conf)
{
	return is_loopback(&conf->media4) || is_loopback(&conf->media6);
}

bool gate_may_send(const struct calls_conf *conf, const struct addr *a)
{
	return addr_is_set(a) && addr_is_unicast(a) &&
	       !gate_is_service(conf, a) &&
	       (!is_loopback(a) || is_at_loopback(conf));
}

static bool is_trusted_proxy(const struct calls_conf *conf,
			     const struct addr *a)
{
	for (size_t i = 0; i < conf->trusted_proxy_cnt; i++)
		if (prefix_has(&conf->trusted_proxies[i], a))
			return true;
	return false;
}

static struct addr unmapped(struct addr a)
{
	addr_unmap(&a);
	return a;
}

struct addr gate_received(const struct calls_conf *conf,
			  const struct ng_command *command)
{
	for (size_t i = 0; i < command->received_cnt; i++) {
		struct addr a = unmapped(command->received[i]);

		if (gate_may_send(conf, &a) && !is_trusted_proxy(conf, &a))
			return a;
	}
	return (struct addr){ 0 };
}

bool gate_add(struct gate *gate, const struct call_gate *entry)
{
	for (size_t i = 0; i < gate->cnt; i++)
		if (gate->entries[i].prefix_len == entry->prefix_len &&
		    addr_equal(&gate->entries[i].addr, &entry->addr))
			return true;
	if (gate->cnt == FLOW_GATE_MAX) {
		gate->truncated = true;
		return false;
	}
	gate->entries[gate->cnt++] = *entry;
	return true;
}

static void add_addr(struct gate *gate, const struct calls_conf *conf,
		     const struct addr *a)
{
	struct addr plain = unmapped(*a);

	if (addr_is_set(&plain) && addr_is_unicast(&plain) &&
	    !gate_is_service(conf, &plain))
		gate_add(gate, &(struct call_gate){
			.addr = plain,
			.prefix_len = full_len(&plain),
		});
}

static void add_received(struct gate *gate, const struct calls_conf *conf,
			 const struct ng_command *command)
{
	for (size_t i = 0; i < command->received_cnt; i++) {
		struct addr a = unmapped(command->received[i]);

		if (is_trusted_proxy(conf, &a))
			gate->proxy_left_out = true;
		else
			add_addr(gate, conf, &a);
	}
}

static enum flow_gate_mode mode_of(enum ng_gate gate)
{
	switch (gate) {
	case NG_GATE_LEARN:
		return FLOW_GATE_LEARN;
	case NG_GATE_OFF:
		return FLOW_GATE_OFF;
	default:
		return FLOW_GATE_STRICT;
	}
}

enum flow_gate_mode gate_default_mode(const struct calls_conf *conf)
{
	return mode_of(conf->gate);
}

static const struct site_peer *find_peer(const struct calls_conf *conf,
					 const struct ng_command *command,
					 const struct sdp_media *media)
{
	const struct site_peer *peer = NULL;

	if (!conf->site)
		return NULL;
	for (size_t i = 0; i < command->received_cnt && !peer; i++) {
		struct addr a = unmapped(command->received[i]);

		peer = site_find_peer(conf->site, &a);
	}
	return peer ? peer : site_find_peer(conf->site, &media->addr);
}

static void add_prefix(struct gate *gate, const struct addr *a, uint8_t len)
{
	gate->by_prefix = true;
	gate_add(gate, &(struct call_gate){ .addr = *a, .prefix_len = len });
}

static void set_peer(struct gate *gate, const struct site_peer *peer)
{
	switch (peer->gate) {
	case SITE_GATE_LEARN:
		gate->mode = FLOW_GATE_LEARN;
		break;
	case SITE_GATE_OFF:
		gate->mode = FLOW_GATE_OFF;
		break;
	default:
		gate->mode = FLOW_GATE_STRICT;
		break;
	}
	for (size_t i = 0; i < peer->prefix_cnt; i++)
		add_prefix(gate, &peer->prefixes[i].addr,
			   peer->prefixes[i].len);
}

static void set_mode(struct gate *gate, const struct calls_conf *conf,
		     const struct ng_command *command,
		     const struct sdp_media *media)
{
	const struct site_peer *peer;

	if (command->gate != NG_GATE_UNSET) {
		gate->mode = mode_of(command->gate);
		for (size_t i = 0; i < command->gate_prefix_cnt; i++)
			add_prefix(gate, &command->gate_prefixes[i].addr,
				   command->gate_prefixes[i].len);
		return;
	}
	gate->mode = gate_default_mode(conf);
	peer = find_peer(conf, command, media);
	if (peer)
		set_peer(gate, peer);
}

void gate_make(struct gate *out, const struct calls_conf *conf,
	       const struct ng_command *command, const struct sdp_media *media)
{
	struct addr received = gate_received(conf, command);
	bool by_source = command->flags & NG_F(NG_SIP_SOURCE_ADDRESS) &&
			 addr_is_set(&received);

	*out = (struct gate){ .cnt = 0 };
	if (!by_source)
		add_addr(out, conf, &media->addr);
	if (!(command->flags & NG_F(NG_TRUST_ADDRESS)) || by_source)
		add_received(out, conf, command);
	if (!by_source)
		add_addr(out, conf, &media->rtcp_addr);
	set_mode(out, conf, command, media);
	for (size_t i = 0; i < media->candidate_cnt; i++)
		if (media->candidates[i].udp)
			add_addr(out, conf, &media->candidates[i].addr);
}
