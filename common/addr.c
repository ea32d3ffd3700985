/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
	IP4_LEN = 4,
	IP6_LEN = 16,
};

/* Four decimal numbers of up to 255, without leading zeros. */
static bool parse_ip4(uint8_t bytes_be[static IP4_LEN], const char *text,
		      size_t len)
{
	unsigned part = 0, digits = 0, dots = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)text[i] - '0';

		if (text[i] == '.') {
			if (!digits || dots == IP4_LEN - 1)
				return false;
			bytes_be[dots++] = (uint8_t)part;
			part = digits = 0;
			continue;
		}
		if (digit > 9 || (digits && !part))
			return false;
		part = part * 10 + digit;
		digits++;
		if (part > 255)
			return false;
	}
	if (!digits || dots != IP4_LEN - 1)
		return false;
	bytes_be[dots] = (uint8_t)part;
	return true;
}

int addr_parse(struct addr *out, const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];

	memset(out, 0, sizeof(*out));
	if (len == 0 || len >= sizeof(copy))
		return EINVAL;
	if (parse_ip4(out->bytes_be, text, len)) {
		out->family = ADDR_IP4;
		return 0;
	}
	memset(out, 0, sizeof(*out));
	if (!memchr(text, ':', len) || memchr(text, '\0', len))
		return EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, out->bytes_be) == 1) {
		out->family = ADDR_IP6;
		return 0;
	}
	memset(out, 0, sizeof(*out));
	return EINVAL;
}

int addr_parse_host(struct addr *out, const char *text, size_t len)
{
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	uint8_t want = bracketed ? ADDR_IP6 : ADDR_IP4;
	int err;

	if (bracketed)
		err = addr_parse(out, text + 1, len - 2);
	else
		err = addr_parse(out, text, len);
	if (!err && out->family != want) {
		memset(out, 0, sizeof(*out));
		err = EINVAL;
	}
	return err;
}

/* inet_ntop() goes through sprintf(), which costs a reply more than all of its
 * own building: IPv4 is written here.
 */
static size_t format_ip4(char *out, const uint8_t bytes_be[static IP4_LEN])
{
	char *at = out;

	for (unsigned i = 0; i < IP4_LEN; i++) {
		unsigned byte = bytes_be[i];

		if (i)
			*at++ = '.';
		if (byte >= 100)
			*at++ = (char)('0' + byte / 100);
		if (byte >= 10)
			*at++ = (char)('0' + byte / 10 % 10);
		*at++ = (char)('0' + byte % 10);
	}
	*at = '\0';
	return (size_t)(at - out);
}

size_t addr_format(char out[static ADDR_TEXT_MAX], const struct addr *a)
{
	if (a->family == ADDR_IP4)
		return format_ip4(out, a->bytes_be);
	if (a->family != ADDR_IP6 ||
	    !inet_ntop(AF_INET6, a->bytes_be, out, ADDR_TEXT_MAX)) {
		memcpy(out, "-", 2);
		return 1;
	}
	return strlen(out);
}

size_t addr_format_host(char out[static ADDR_TEXT_MAX], const struct addr *a)
{
	size_t len = addr_format(out, a);

	if (a->family != ADDR_IP6)
		return len;
	memmove(out + 1, out, len);
	out[0] = '[';
	out[len + 1] = ']';
	out[len + 2] = '\0';
	return len + 2;
}

void addr_from_ip4(struct addr *out, const uint8_t bytes_be[static 4])
{
	*out = (struct addr){ .family = ADDR_IP4 };
	memcpy(out->bytes_be, bytes_be, IP4_LEN);
}

void addr_from_ip6(struct addr *out, const uint8_t bytes_be[static 16])
{
	*out = (struct addr){ .family = ADDR_IP6 };
	memcpy(out->bytes_be, bytes_be, IP6_LEN);
}

void addr_unmap(struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t ip4[IP4_LEN];

	if (a->family != ADDR_IP6 ||
	    memcmp(a->bytes_be, mapped, sizeof(mapped)) != 0)
		return;
	memcpy(ip4, a->bytes_be + sizeof(mapped), sizeof(ip4));
	addr_from_ip4(a, ip4);
}

bool addr_is_set(const struct addr *a)
{
	return a->family == ADDR_IP4 || a->family == ADDR_IP6;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes_be, b->bytes_be, sizeof(a->bytes_be)) == 0;
}

bool addr_is_link_local(const struct addr *a)
{
	return a->family == ADDR_IP6 && a->bytes_be[0] == 0xfe &&
	       (a->bytes_be[1] & 0xc0) == 0x80;
}

bool addr_is_unicast(const struct addr *a)
{
	static const uint8_t zero[IP6_LEN];
	static const uint8_t broadcast[IP4_LEN] = { 255, 255, 255, 255 };

	if (!addr_is_set(a) ||
	    memcmp(a->bytes_be, zero, sizeof(zero)) == 0)
		return false;
	if (a->family == ADDR_IP6)
		return a->bytes_be[0] != 0xff;
	return (a->bytes_be[0] & 0xf0) != 0xe0 &&
	       memcmp(a->bytes_be, broadcast, sizeof(broadcast)) != 0;
}
