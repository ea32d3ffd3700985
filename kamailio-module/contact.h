/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contact.h - the URI that sends a client to a node
 *
 * Of the same scheme, transport and family as the request came with:
 *
 *	UDP	sip:bob@198.51.100.11:5060
 *	TCP	sip:bob@198.51.100.11:5060;transport=tcp
 *	TLS	sip:bob@fra1.sip.example.net:5061;transport=tls
 *		sips:bob@fra1.sip.example.net:5061
 *
 * TLS names the node's `host`, so that its certificate matches (RFC 5922);
 * the others its address, so that DNS has no say.  User part (with password)
 * and parameters of the Request-URI are kept, except those that RFC 3261
 * table 1 forbids here (lr, method) and those that would lead elsewhere
 * (maddr, ttl, transport).  tel: becomes sip: with user=phone (19.1.6).
 */
#ifndef KAMAILIO_MODULE_CONTACT_H
#define KAMAILIO_MODULE_CONTACT_H

#include <stddef.h>

#include "common/site.h"
#include "kamailio-module/redirect.h"

enum contact_style {
	CONTACT_NODE,		/* the node in the host */
	CONTACT_MADDR,		/* the domain in the host, the node in maddr */
};

/* Write the URI, without brackets and NUL.  Returns its length, or 0 when it
 * does not fit size or the node has no address of this family.
 */
size_t contact_format(char *out, size_t size, const struct sipuri *uri,
		      enum sip_transport transport, enum addr_family family,
		      const struct site *site, const struct site_node *node,
		      enum contact_style style);

#endif
