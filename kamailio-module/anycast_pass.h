/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_pass.h - what comes to the wrong node is handled on the right one
 *
 * Messages pass between the modules of the site as the datagrams of pass.h,
 * from node address to node address.  Every process of the host may send;
 * the processes "anycast strays" receive, and hand what they get to the host
 * as if it had come to its own socket on the service address: so a reply
 * leaves from the address the client wrote to, on whichever node that is.
 *
 * Nothing of this exists, no socket and no process, where it has nothing to
 * do: without tm, without another node in the site file, without a listen line
 * on the node address, or with modparam strays = 0.
 *
 * Call order: _init() in mod_init, _open() in child_init(PROC_INIT), _start()
 * in child_init(PROC_MAIN).
 */
#ifndef KAMAILIO_MODULE_ANYCAST_PASS_H
#define KAMAILIO_MODULE_ANYCAST_PASS_H

#include <stdbool.h>

#include "kamailio-module/anycast_site.h"
#include "kamailio-module/pass.h"

struct sip_msg;

/* Reserve workers processes; 0: switched off.  0 or -1 (logged). */
int anycast_pass_init(int workers);

/* Open the sockets of the families this node listens in; 0 or -1 (logged). */
int anycast_pass_open(void);
int anycast_pass_start(void);

/* After _init(): will there be processes? */
bool anycast_pass_wanted(void);

/* Are messages passed at all? */
bool anycast_pass_active(void);

/* With what the message being handled was passed to us; NULL when it came from
 * a client.
 */
const struct pass_head *anycast_pass_current(void);

/* What that says of the message's owner; *owner is set for STRAY_OWNED. */
enum stray_verdict anycast_pass_verdict(
		uint32_t *owner, const struct anycast_view *view);

/* Remember the bytes of msg as they came, for anycast_pass_message(): what the
 * script does to a message is done again where it arrives.
 */
void anycast_pass_keep(const struct sip_msg *msg);

/* Send msg, as it came, to a node; key as in pass_head.  False, counted, when
 * it cannot be sent or has been passed often enough: handle it here.
 */
bool anycast_pass_message(const struct sip_msg *msg,
		const struct anycast_view *view, uint32_t node, enum pass_kind kind,
		bool claim, uint64_t key);

/* The same with a head of the caller's; message is empty for a TELL. */
bool anycast_pass_send(const struct anycast_view *view, uint32_t node,
		const struct pass_head *head, struct slice message);

/* Hand a message to the host as if it had come to our socket. */
void anycast_pass_inject(const struct pass_head *head, struct slice message);

/* The head of what this node starts: hops, sender and origin are filled. */
struct pass_head anycast_pass_head(
		const struct anycast_view *view, enum pass_kind kind, uint64_t key);

#endif
