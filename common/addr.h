/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr.h - an IPv4 or IPv6 address as a value
 *
 * Pure: no sockets, no resolver.  Bytes are in network order, as the names
 * say; ports everywhere in this project are plain host-order numbers unless
 * their name ends in _be.  A zeroed struct addr is "no address".
 */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_family {
	ADDR_NONE = 0,
	ADDR_IP4 = 4,
	ADDR_IP6 = 6,
};

enum {
	ADDR_TEXT_MAX = 48,	/* any formatted address, with its NUL */
};

struct addr {
	uint8_t family;		/* enum addr_family */
	uint8_t bytes_be[16];	/* IPv4 in the first four, the rest zero */
};

/* Parse the len characters at text: dotted IPv4 (no leading zeros, no short
 * forms) or IPv6 without brackets or zone (RFC 5954, RFC 4291 2.2).
 * Returns 0 or EINVAL; *out is zeroed on error.
 */
int addr_parse(struct addr *out, const char *text, size_t len);

/* As addr_parse, but IPv6 must and IPv4 must not stand in brackets: the
 * "host" of a SIP or HTTP URI (RFC 3261 25.1 IPv6reference).
 */
int addr_parse_host(struct addr *out, const char *text, size_t len);

/* Write the text form (RFC 5952 for IPv6), NUL-terminated, without brackets.
 * Returns its length; "-" for no address.
 */
size_t addr_format(char out[static ADDR_TEXT_MAX], const struct addr *a);

/* As addr_format, but IPv6 in brackets, ready for a URI or a listen line. */
size_t addr_format_host(char out[static ADDR_TEXT_MAX], const struct addr *a);

/* Make an address of network-order bytes: 4 or 16 of them. */
void addr_from_ip4(struct addr *out, const uint8_t bytes_be[static 4]);
void addr_from_ip6(struct addr *out, const uint8_t bytes_be[static 16]);

/* IPv4-mapped IPv6 (::ffff:a.b.c.d) becomes the IPv4 address it means;
 * anything else is left as it is.
 */
void addr_unmap(struct addr *a);

bool addr_is_set(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);

/* An address a packet can be sent to: not 0.0.0.0 or ::, not multicast, not
 * the IPv4 limited broadcast.  Loopback is fine: ./run lives there.
 */
bool addr_is_unicast(const struct addr *a);

/* IPv6, fe80::/10: an address on one link, which its text does not tell. */
bool addr_is_link_local(const struct addr *a);

#endif
