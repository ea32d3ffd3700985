/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_socket.h - nothing this node starts leaves from the service address
 *
 * The service address belongs to every node, so what is sent from it is
 * answered to whichever node BGP likes best by then.  Only replies to what
 * came in on it leave from it.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_SOCKET_H
#define KAMAILIO_MODULE_ANYCAST_SOCKET_H

#include "core/ip_addr.h"
#include "core/parser/msg_parser.h"

#include "kamailio-module/anycast_site.h"
#include "kamailio-module/redirect.h"

/* The host's number of a transport, and back. */
enum sip_transport anycast_transport(int proto);
int anycast_proto(enum sip_transport transport);

/* The listen socket with this address and port, or NULL. */
struct socket_info *anycast_find_socket(
		const struct addr *addr, uint16_t port, enum sip_transport transport);

/* The node's own listen socket, or NULL when there is no such listen line.
 * af is AF_INET or AF_INET6, proto PROTO_UDP, _TCP or _TLS.
 */
struct socket_info *anycast_node_socket(
		const struct anycast_view *view, int af, int proto);

/* Make the node's sockets the host's default ones: it takes the first of each
 * kind otherwise, and the service address is listed first.  In
 * child_init(PROC_INIT), when they are open and no worker is forked yet.
 */
void anycast_socket_defaults(void);

/* Let this request leave from the node's socket that fits its next hop. */
int anycast_socket_force(
		struct sip_msg *msg, const struct anycast_view *view);

/* UDP, TCP or TLS: what the transport of the next hop of msg is, as far as it
 * is known now.
 */
int anycast_next_proto(struct sip_msg *msg);

#endif
