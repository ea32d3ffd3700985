/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_peer.h - KDMQ requests between the nodes of a site are signed
 *
 * The host's module dmq believes whoever sends it a request.  So the script
 * signs what leaves (event_route[tm:local-request]) and drops what comes in
 * without a signature of the site's secret; peersig.h says what is signed.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_PEER_H
#define KAMAILIO_MODULE_ANYCAST_PEER_H

struct sip_msg;

/* Add the header field to a request of our own.  1, or -1 (logged). */
int anycast_peer_sign(struct sip_msg *msg);

/* Is it from another node?  1, or -1: not signed, wrongly, too old or too new,
 * by ourselves, or on a service address; each is counted.
 */
int anycast_peer_check(struct sip_msg *msg);

#endif
