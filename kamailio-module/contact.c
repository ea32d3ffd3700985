/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/contact.h"

#include "kamailio-module/writer.h"

/* RFC 3261 25.1: unreserved and user-unreserved, plus ':' before a password */
static bool is_user_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c && strchr("-_.!~*'()&=+$,;?/%", c));
}

/* What a phone may write but the grammar does not know is escaped. */
static void put_user(struct writer *w, struct slice user)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < user.len; i++) {
		unsigned char c = (unsigned char)user.text[i];
		char escaped[3] = { '%', hex[c >> 4], hex[c & 15] };

		if (is_user_char(c))
			writer_put(w, &user.text[i], 1);
		else
			writer_put(w, escaped, sizeof(escaped));
	}
}

static void put_userinfo(struct writer *w, const struct sipuri *uri)
{
	if (uri->scheme == SIPURI_TEL) {
		put_user(w, uri->opaque);	/* number and its parameters */
		writer_str(w, "@");
		return;
	}
	if (!uri->user.len)
		return;
	put_user(w, uri->user);
	if (uri->has_password) {
		writer_str(w, ":");
		put_user(w, uri->password);
	}
	writer_str(w, "@");
}

static bool is_kept(const struct sipuri_item *item)
{
	static const char *const dropped[] = {
		"lr", "method", "maddr", "ttl", "transport",
	};

	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (sipuri_item_is(item, slice_str(dropped[i])))
			return false;
	return item->name.len > 0;
}

static void put_params(struct writer *w, const struct sipuri *uri)
{
	struct cursor c = cursor_of(uri->params.text, uri->params.len);
	struct sipuri_item item;

	if (uri->scheme == SIPURI_TEL) {
		writer_str(w, ";user=phone");
		return;
	}
	while (sipuri_next_param(&c, &item)) {
		if (!is_kept(&item))
			continue;
		writer_str(w, ";");
		writer_slice(w, item.name);
		if (item.has_value) {
			writer_str(w, "=");
			writer_slice(w, item.value);
		}
	}
}

size_t contact_format(char *out, size_t size, const struct sipuri *uri,
		      enum sip_transport transport, enum addr_family family,
		      const struct site *site, const struct site_node *node,
		      enum contact_style style)
{
	struct writer w = writer_of(out, size);
	bool sips = uri->scheme == SIPURI_SIPS;
	bool tls = sips || transport == SIP_TLS;
	const struct addr *addr = family == ADDR_IP6 ? &node->ip6 : &node->ip4;
	char literal[ADDR_TEXT_MAX];
	const char *host = literal;

	if (!addr_is_set(addr))
		return 0;
	addr_format_host(literal, addr);
	if (tls && node->host[0])
		host = node->host;

	writer_str(&w, sips ? "sips:" : "sip:");
	put_userinfo(&w, uri);
	writer_str(&w, style == CONTACT_MADDR ? site->domain : host);
	writer_str(&w, ":");
	writer_u32(&w, tls ? node->sips_port : node->sip_port);
	if (transport == SIP_TCP && !sips)
		writer_str(&w, ";transport=tcp");
	else if (transport == SIP_TLS && !sips)
		writer_str(&w, ";transport=tls");
	put_params(&w, uri);
	if (style == CONTACT_MADDR) {
		writer_str(&w, ";maddr=");
		writer_str(&w, host);
	}
	return writer_len(&w);
}
