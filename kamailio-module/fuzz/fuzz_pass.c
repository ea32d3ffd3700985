/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram, and the same bytes as the head and message inside one that is
 * sealed right: the first never opens, the second is refused or says what the
 * header promises, and comes out the same when it is encoded again.
 */
#include <sodium.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "kamailio-module/pass.h"

static const char site_text[] =
	"[service]\ndomain = x.net\naddress = 192.0.2.53, 2001:db8:53::53\n"
	"secret = a secret of sixteen or more\n"
	"[node fra1]\naddress = 198.51.100.11\n"
	"[node ams1]\naddress = 198.51.100.12\n"
	"[node lon1]\naddress = 198.51.100.13, 2001:db8::3\n";

static uint8_t sealed[PASS_DATAGRAM_MAX];
static struct pass_buffer buffer;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void complain(void *arg, const char *line)
{
	(void)arg;
	(void)line;
	abort();
}

static size_t seal(const struct site *site, const uint8_t *plain, size_t len)
{
	unsigned long long sealed_len;

	memcpy(sealed, "SAP1", 4);
	memset(sealed + 4, 7, 24);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		sealed + 28, &sealed_len, plain, len,
		(const uint8_t *)"SAP1fra1", 8, NULL, sealed + 4,
		site->keys.pass);
	return 28 + (size_t)sealed_len;
}

static bool is_node(const struct site *site, const char *name)
{
	return site_find_node(site, slice_str(name));
}

static void check_promises(const struct site *site,
			   const struct pass_head *head, struct slice message)
{
	check(is_node(site, head->sender) && strcmp(head->sender, "fra1"));
	check(is_node(site, head->origin));
	check(!head->owner[0] || is_node(site, head->owner));
	check(head->hops && head->hops <= PASS_HOPS_MAX);
	check((unsigned)head->kind < PASS_KINDS &&
	      (unsigned)head->transport < SIP_TRANSPORTS);
	check((head->kind == PASS_TELL) == !message.len);
	if (!message.len)
		return;
	check(head->source.family == head->local.family);
	check(head->source_port && head->local_port);
	check((const uint8_t *)message.text >= buffer.bytes &&
	      (const uint8_t *)message.text + message.len <
		      buffer.bytes + sizeof(buffer));
	check(!message.text[message.len]);
}

static void check_again(const struct site *site, const struct pass_head *head,
			struct slice message)
{
	static uint8_t again[PASS_DATAGRAM_MAX];
	static struct pass_buffer second;
	struct pass_head got;
	struct slice text;
	size_t len;

	check(!pass_encode(again, &len, site, slice_str("fra1"), head,
			   message));
	check(pass_decode(&got, &text, &second, site, slice_str("fra1"), again,
			  len) == PASS_OK);
	check(slice_equal(text, message));
	check(got.kind == head->kind && got.key == head->key &&
	      got.connection == head->connection &&
	      got.source_port == head->source_port &&
	      addr_equal(&got.source, &head->source) &&
	      !strcmp(got.owner, head->owner));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct site *site;
	struct slice self = slice_str("fra1"), message;
	struct pass_head head;
	enum pass_verdict verdict;

	if (!site)
		check(!site_parse(&site, "fuzz", NULL, slice_str(site_text),
				  complain, NULL));
	verdict = pass_decode(&head, &message, &buffer, site, self, data, size);
	check(verdict == PASS_SHORT || verdict == PASS_VERSION ||
	      verdict == PASS_UNOPENABLE);
	check(!head.sender[0] && !message.text);

	if (size > PASS_DATAGRAM_MAX - 44)
		return 0;
	verdict = pass_decode(&head, &message, &buffer, site, self, sealed,
			      seal(site, data, size));
	check((unsigned)verdict < PASS_VERDICTS && verdict != PASS_VERSION &&
	      verdict != PASS_UNOPENABLE);
	if (verdict == PASS_OK) {
		check_promises(site, &head, message);
		check_again(site, &head, message);
	}
	return 0;
}
