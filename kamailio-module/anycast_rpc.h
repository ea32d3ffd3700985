/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_rpc.h - anycast.status, .nodes, .reload, .follow, .strays */
#ifndef KAMAILIO_MODULE_ANYCAST_RPC_H
#define KAMAILIO_MODULE_ANYCAST_RPC_H

#include "core/rpc.h"

#include "kamailio-module/follow.h"

extern rpc_export_t anycast_rpc_cmds[];

void anycast_rpc_init(struct follow *follow);

#endif
