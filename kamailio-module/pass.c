/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/pass.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

#include "common/be.h"

enum {
	MAGIC_LEN = 4,
	NONCE_LEN = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_LEN = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SEALED_AT = MAGIC_LEN + NONCE_LEN,
	HEAD_FIXED_LEN = 4 + 8 + 4 + 2 * (1 + 16 + 2),
	HEAD_MIN = HEAD_FIXED_LEN + 3,	/* three lengths of names */
	HEAD_MAX = HEAD_MIN + 3 * (SITE_NAME_MAX - 1),
	SHORTEST = SEALED_AT + HEAD_MIN + TAG_LEN,
	AD_MAX = MAGIC_LEN + SITE_NAME_MAX,
	FLAG_CLAIM = 1,
};

static const char magic[MAGIC_LEN + 1] = "SAP1";

const char *pass_kind_name(enum pass_kind kind)
{
	static const char *const names[PASS_KINDS] = {
		[PASS_ASK] = "ask",
		[PASS_DELIVER] = "deliver",
		[PASS_YOURS] = "yours",
		[PASS_NOBODY] = "nobody",
		[PASS_OWNED] = "owned",
		[PASS_TELL] = "tell",
	};

	return (unsigned)kind < PASS_KINDS ? names[kind] : "?";
}

const char *pass_verdict_name(enum pass_verdict verdict)
{
	static const char *const names[PASS_VERDICTS] = {
		[PASS_OK] = "ok",
		[PASS_SHORT] = "short",
		[PASS_VERSION] = "version",
		[PASS_UNOPENABLE] = "unopenable",
		[PASS_SENDER] = "sender",
		[PASS_MALFORMED] = "malformed",
		[PASS_HOPS] = "hops",
	};

	return (unsigned)verdict < PASS_VERDICTS ? names[verdict] : "?";
}

/* A growing piece of plain text; its room is known to be enough. */
struct plain_out {
	uint8_t *bytes;
	size_t len;
};

static void put_number(struct plain_out *to, uint64_t value, size_t len)
{
	to->len += be_put(to->bytes + to->len, value, len);
}

static void put_bytes(struct plain_out *to, const void *bytes, size_t len)
{
	memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

static void put_endpoint(struct plain_out *to, const struct addr *addr,
			 uint16_t port)
{
	put_number(to, addr->family, 1);
	put_bytes(to, addr->bytes_be, sizeof(addr->bytes_be));
	put_number(to, port, 2);
}

static void put_name(struct plain_out *to, const char *name)
{
	size_t len = strnlen(name, SITE_NAME_MAX - 1);

	put_number(to, len, 1);
	put_bytes(to, name, len);
}

static void put_head(struct plain_out *to, const struct pass_head *head)
{
	put_number(to, head->kind, 1);
	put_number(to, head->claim ? FLAG_CLAIM : 0, 1);
	put_number(to, head->hops, 1);
	put_number(to, head->transport, 1);
	put_number(to, head->key, 8);
	put_number(to, head->connection, 4);
	put_endpoint(to, &head->source, head->source_port);
	put_endpoint(to, &head->local, head->local_port);
	put_name(to, head->sender);
	put_name(to, head->origin);
	put_name(to, head->owner);
}

static void take_endpoint(struct cursor *c, struct addr *addr, uint16_t *port)
{
	uint64_t family = cursor_number(c, 1);
	struct slice bytes = cursor_take(c, sizeof(addr->bytes_be));

	*port = (uint16_t)cursor_number(c, 2);
	if (!cursor_ok(c))
		return;
	if (family == ADDR_IP4)
		addr_from_ip4(addr, (const uint8_t *)bytes.text);
	else if (family == ADDR_IP6)
		addr_from_ip6(addr, (const uint8_t *)bytes.text);
	else if (family != ADDR_NONE)
		cursor_fail(c);
}

/* "" is a name here: nobody's. */
static void take_name(struct cursor *c, char out[static SITE_NAME_MAX])
{
	struct slice name = cursor_take(c, cursor_byte(c));

	if (name.len && !site_name_copy(out, name))
		cursor_fail(c);
}

static bool take_head(struct cursor *c, struct pass_head *head)
{
	uint64_t flags;

	head->kind = (enum pass_kind)cursor_number(c, 1);
	flags = cursor_number(c, 1);
	head->claim = flags & FLAG_CLAIM;
	head->hops = (uint8_t)cursor_number(c, 1);
	head->transport = (enum sip_transport)cursor_number(c, 1);
	head->key = cursor_number(c, 8);
	head->connection = (uint32_t)cursor_number(c, 4);
	take_endpoint(c, &head->source, &head->source_port);
	take_endpoint(c, &head->local, &head->local_port);
	take_name(c, head->sender);
	take_name(c, head->origin);
	take_name(c, head->owner);
	return cursor_ok(c) && !(flags & ~(uint64_t)FLAG_CLAIM);
}

static bool has_path(const struct pass_head *head)
{
	return addr_is_set(&head->source) && addr_is_set(&head->local) &&
	       head->source.family == head->local.family &&
	       head->source_port && head->local_port;
}

static bool has_no_path(const struct pass_head *head)
{
	return !addr_is_set(&head->source) && !addr_is_set(&head->local) &&
	       !head->source_port && !head->local_port && !head->connection;
}

/* Does the kind fit its fields? */
static bool is_sound(const struct pass_head *head, size_t message_len)
{
	bool names_owner = head->kind == PASS_OWNED || head->kind == PASS_TELL;

	if ((unsigned)head->kind >= PASS_KINDS ||
	    (unsigned)head->transport >= SIP_TRANSPORTS)
		return false;
	if (!head->sender[0] || !head->origin[0] ||
	    names_owner != !!head->owner[0])
		return false;
	if (head->claim && head->kind != PASS_ASK)
		return false;
	if (head->kind == PASS_TELL)
		return !message_len && has_no_path(head);
	return message_len && has_path(head);
}

/* What is authenticated beside the sealed part: the version and for whom. */
static size_t additional(uint8_t out[static AD_MAX], struct slice receiver)
{
	memcpy(out, magic, MAGIC_LEN);
	memcpy(out + MAGIC_LEN, receiver.text, receiver.len);
	return MAGIC_LEN + receiver.len;
}

int pass_encode(uint8_t out[static PASS_DATAGRAM_MAX], size_t *len,
		const struct site *site, struct slice receiver,
		const struct pass_head *head, struct slice message)
{
	const struct secret_keys *keys = site_writing_keys(site);
	struct plain_out plain = { .bytes = out + SEALED_AT };
	unsigned long long sealed_len;
	uint8_t ad[AD_MAX];
	size_t ad_len;

	*len = 0;
	if (!site_name_valid(receiver) || !is_sound(head, message.len))
		return EINVAL;
	if (!head->hops || head->hops > PASS_HOPS_MAX)
		return ELOOP;
	static_assert(SEALED_AT + HEAD_MAX + TAG_LEN < PASS_DATAGRAM_MAX, "");
	put_head(&plain, head);
	if (message.len > PASS_DATAGRAM_MAX - SEALED_AT - TAG_LEN - plain.len)
		return EMSGSIZE;
	if (message.len)
		put_bytes(&plain, message.text, message.len);

	memcpy(out, magic, MAGIC_LEN);
	randombytes_buf(out + MAGIC_LEN, NONCE_LEN);
	ad_len = additional(ad, receiver);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		plain.bytes, &sealed_len, plain.bytes, plain.len, ad, ad_len,
		NULL, out + MAGIC_LEN, keys->pass);
	*len = SEALED_AT + (size_t)sealed_len;
	return 0;
}

static bool open_with(const struct secret_keys *keys, uint8_t *plain,
		      struct slice self, const uint8_t *datagram, size_t len)
{
	uint8_t ad[AD_MAX];
	size_t ad_len = additional(ad, self);

	return !crypto_aead_xchacha20poly1305_ietf_decrypt(
		plain, NULL, NULL, datagram + SEALED_AT, len - SEALED_AT, ad,
		ad_len, datagram + MAGIC_LEN, keys->pass);
}

static bool is_node(const struct site *site, const char *name)
{
	return site_find_node(site, slice_str(name));
}

static enum pass_verdict judge(const struct pass_head *head,
			       size_t message_len, const struct site *site,
			       struct slice self)
{
	if (!is_sound(head, message_len))
		return PASS_MALFORMED;
	if (!is_node(site, head->sender) ||
	    slice_equal(slice_str(head->sender), self))
		return PASS_SENDER;
	if (!is_node(site, head->origin) ||
	    (head->owner[0] && !is_node(site, head->owner)))
		return PASS_MALFORMED;
	if (head->kind != PASS_TELL && !addr_equal(&head->local, &site->ip4) &&
	    !addr_equal(&head->local, &site->ip6))
		return PASS_MALFORMED;
	return head->hops && head->hops <= PASS_HOPS_MAX ? PASS_OK : PASS_HOPS;
}

static enum pass_verdict decode(struct pass_head *head, struct slice *message,
				struct pass_buffer *buffer,
				const struct site *site, struct slice self,
				const uint8_t *datagram, size_t len)
{
	struct cursor c;

	if (len < SHORTEST)
		return PASS_SHORT;
	if (memcmp(datagram, magic, MAGIC_LEN) != 0)
		return PASS_VERSION;
	if (len > PASS_DATAGRAM_MAX || !site_name_valid(self))
		return PASS_UNOPENABLE;
	if (!open_with(&site->keys, buffer->bytes, self, datagram, len) &&
	    !(site->has_previous && open_with(&site->previous_keys,
					      buffer->bytes, self, datagram,
					      len)))
		return PASS_UNOPENABLE;

	c = cursor_of((const char *)buffer->bytes, len - SEALED_AT - TAG_LEN);
	if (!take_head(&c, head))
		return PASS_MALFORMED;
	*message = cursor_take(&c, cursor_left(&c));
	buffer->bytes[len - SEALED_AT - TAG_LEN] = '\0';
	return judge(head, message->len, site, self);
}

enum pass_verdict pass_decode(struct pass_head *head, struct slice *message,
			      struct pass_buffer *buffer,
			      const struct site *site, struct slice self,
			      const uint8_t *datagram, size_t len)
{
	enum pass_verdict verdict;

	*head = (struct pass_head){ 0 };
	*message = (struct slice){ 0 };
	verdict = decode(head, message, buffer, site, self, datagram, len);
	if (verdict != PASS_OK) {
		*head = (struct pass_head){ 0 };
		*message = (struct slice){ 0 };
	}
	return verdict;
}

struct pass_head pass_next(const struct pass_head *head, enum pass_kind kind,
			   struct slice self)
{
	struct pass_head next = *head;

	next.kind = kind;
	next.claim = false;
	next.hops = head->hops ? (uint8_t)(head->hops - 1) : 0;
	next.owner[0] = '\0';
	site_name_copy(next.sender, self);
	return next;
}
