/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"
#include "core/mem/shm.h"
#include "core/pvar.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_pv.h"
#include "kamailio-module/anycast_sip.h"

enum pv_which
{
	PV_NODE,
	PV_STATE,
	PV_ACTION,
	PV_REASON,
	PV_PEER,
	PV_STRAY,
	PV_MEMORY,
	PV_SOURCE,
	PV_NAMES
};

static const char *const pv_names[PV_NAMES] = {
		[PV_NODE] = "node",
		[PV_STATE] = "state",
		[PV_ACTION] = "action",
		[PV_REASON] = "reason",
		[PV_PEER] = "peer",
		[PV_STRAY] = "stray",
		[PV_MEMORY] = "memory",
		[PV_SOURCE] = "source",
};

int anycast_pv_parse_name(pv_spec_t *spec, str *name)
{
	for(int i = 0; i < PV_NAMES; i++) {
		if(!slice_equal(slice_of_str(name), slice_str(pv_names[i])))
			continue;
		spec->pvp.pvn.type = PV_NAME_INTSTR;
		spec->pvp.pvn.u.isname.type = 0;
		spec->pvp.pvn.u.isname.name.n = i;
		return 0;
	}
	LM_ERR("$anycast(%.*s): unknown name, known are node, state, action, "
		   "reason, peer, stray, memory, source\n",
			name->len, name->s);
	return -1;
}

/* The other node whose address the message came from. */
static const char *peer_of(
		const struct sip_msg *msg, const struct anycast_view *view)
{
	struct addr source = addr_of_ip(&msg->rcv.src_ip);
	uint32_t node;

	/* no node's SIP is at port 1, but it is of no interest here */
	switch(nodes_host_kind(
			view->nodes, (struct slice){0}, &source, 1, &node)) {
		case HOST_NODE:
		case HOST_NODE_OTHER_PORT:
			break;
		default:
			return NULL;
	}
	return node == nodes_self(view->nodes)
				   ? NULL
				   : nodes_at(view->nodes, node)->name;
}

/* Whom to count: an IPv4 address, or the /64 that a host with IPv6 has whole. */
static const char *source_of(const struct sip_msg *msg)
{
	static char text[ADDR_TEXT_MAX];
	struct addr source = addr_of_ip(&msg->rcv.src_ip);

	if(source.family == ADDR_IP6)
		memset(source.bytes_be + 8, 0, 8);
	addr_format(text, &source);
	return text;
}

static const char *value_of(struct sip_msg *msg, int which)
{
	const struct redirect_answer *last = anycast_last_answer(msg);
	const struct anycast_view *view = anycast_site_view();
	uint32_t owner;

	switch(which) {
		case PV_NODE:
			return anycast_site_node();
		case PV_STATE:
			return view ? node_state_name(nodes_state(
						   view->nodes, nodes_self(view->nodes)))
						: NULL;
		case PV_ACTION:
			return last ? redirect_action_name(last->action) : NULL;
		case PV_REASON:
			return last ? redirect_reason_name(last->reason) : NULL;
		case PV_PEER:
			return view ? peer_of(msg, view) : NULL;
		case PV_STRAY:
			return view ? stray_verdict_name(anycast_pass_verdict(&owner, view))
						: NULL;
		case PV_SOURCE:
			return source_of(msg);
		default:
			return NULL;
	}
}

/* Of the shared memory, free at this moment, in per cent. */
static unsigned free_memory(void)
{
	struct mem_info info;

	shm_info(&info);
	return info.total_size ? (unsigned)(info.free_size * 100 / info.total_size)
						   : 0;
}

int anycast_pv_get(struct sip_msg *msg, pv_param_t *param, pv_value_t *res)
{
	int which = (int)param->pvn.u.isname.name.n;
	const char *value;
	str text;

	if(which == PV_MEMORY)
		return pv_get_uintval(msg, param, res, free_memory());
	value = value_of(msg, which);
	if(value == NULL)
		return pv_get_null(msg, param, res);
	text = (str){(char *)value, (int)strlen(value)};
	return pv_get_strval(msg, param, res, &text);
}
