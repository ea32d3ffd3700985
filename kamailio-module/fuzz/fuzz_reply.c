/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A byte of wishes, then any bytes as a request: the reply keeps the bound, is
 * one message of the fields it must have and no other, and brings back what it
 * must bring back.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/reply.h"
#include "kamailio-module/totag.h"
#include "kamailio-module/writer.h"

#include <stdlib.h>

#define TAG "a1-0123456789abcdef"

enum {
	STREAM = 1,
	FALLBACK = 2,
	EXPIRES = 4,
	HINTS = 8,
	NAMES = 16,
	NO_CONTACT = 32,
	IP6 = 64,
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The field as it must come back, made in the simplest way. */
static void check_field(struct slice got, struct slice asked)
{
	static char want[1 << 17];
	struct slice s = slice_trim(asked);

	for (size_t i = 0; i < s.len; i++)
		want[i] = s.text[i] == '\r' && (i + 1 == s.len ||
						s.text[i + 1] != '\n') ?
				  ' ' : s.text[i];
	memcpy(want + s.len, "\r\n", 2);
	check(slice_equal(got, slice_of(want, s.len + 2)));
}

static void check_to(struct slice got, struct slice asked, bool tagged)
{
	struct slice end = slice_str(";tag=" TAG "\r\n");

	if (!tagged) {
		check_field(got, asked);
		return;
	}
	check(got.len > end.len);
	got.len -= end.len;
	check(slice_equal(slice_of(got.text + got.len, end.len), end));
	check(got.len == slice_trim(asked).len);
}

/* Lines of the head that are not folded into another. */
static size_t count_fields(struct slice text)
{
	size_t cnt = 0;

	for (size_t i = 0; i + 1 < text.len; i++)
		cnt += text.text[i] == '\n' && text.text[i + 1] != ' ' &&
		       text.text[i + 1] != '\t' && text.text[i + 1] != '\r';
	return cnt;
}

static size_t count_named(struct slice text, const char *name)
{
	size_t len = strlen(name), cnt = 0;

	for (size_t i = 0; i + 1 + len < text.len; i++)
		cnt += text.text[i] == '\n' &&
		       slice_case_equal(slice_of(text.text + i + 1, len),
					slice_of(name, len));
	return cnt;
}

static void check_reply(struct slice text, const struct siphead *asked,
			const struct reply *reply)
{
	static struct siphead head;
	size_t extra;

	check(text.len > 8 && !memcmp(text.text, "SIP/2.0 ", 8));
	check(siphead_scan(&head, text));
	check(head.body_at == text.len);
	check(head.via_cnt == asked->via_cnt && !head.too_many_vias);
	for (size_t i = 1; i < head.via_cnt; i++)
		check_field(head.vias[i], asked->vias[i]);
	check_field(head.from, asked->from);
	check_field(head.call_id, asked->call_id);
	check_field(head.cseq, asked->cseq);
	check_to(head.to, asked->to, reply->to_tag.len);
	/* the request's fields, and of ours at most these */
	extra = count_fields(text) - head.via_cnt - 4;
	check(extra == count_named(text, "Contact:") +
			       count_named(text, "Retry-After:") +
			       count_named(text, "Unsupported:") +
			       count_named(text, "Allow:") +
			       count_named(text, "Server:") +
			       count_named(text, "Content-Length:"));
	check(count_named(text, "Contact:") == !!reply->contact_cnt);
	if (!reply->datagram)
		check(head.has_content_length &&
		      slice_equal(head.content_length, slice_str("0")));
}

static struct reply wishes(unsigned bits, const struct siphead *head)
{
	struct slice tag;

	return (struct reply){
		.status = bits & NO_CONTACT ? 503 : 302,
		.phrase = "Moved Temporarily",
		.to_tag = totag_find(head->to_value, &tag) ? (struct slice){ 0 } :
							     slice_str(TAG),
		.contacts = { slice_str("sip:bob@198.51.100.11:5060"),
			      slice_str("sip:bob@198.51.100.12:5060") },
		.contact_cnt = bits & NO_CONTACT ? 0 : bits & FALLBACK ? 2 : 1,
		.expires_s = bits & EXPIRES ? 60 : 0,
		.retry_after_s = bits & HINTS ? 5 : 0,
		.unsupported = bits & HINTS && head->proxy_require_cnt ?
				       head->proxy_requires[0] :
				       (struct slice){ 0 },
		.allow = bits & NAMES ? "INVITE" : NULL,
		.server = bits & NAMES ? "x" : NULL,
		.datagram = !(bits & STREAM),
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[1 << 16];
	static struct siphead head;
	struct reply_request req = {
		.bytes = size - 1, .head = &head, .source_port = 5060,
		.source = { ADDR_IP4, { 192, 0, 2, 1 } },
	};
	struct reply reply;
	size_t len;

	if (size < 1 || size > 1 << 16)
		return 0;
	if (data[0] & IP6)
		req.source.family = ADDR_IP6;
	if (!siphead_scan(&head, slice_of((const char *)data + 1, size - 1)) ||
	    !head.from.len || !head.to.len || !head.call_id.len ||
	    !head.cseq.len)
		return 0;
	reply = wishes(data[0], &head);
	len = reply_build(out, sizeof(out), &reply, &req);
	check(len || !head.via_cnt || head.too_many_vias || reply.datagram ||
	      size > sizeof(out) / 2);
	if (!len)
		return 0;
	check(!reply.datagram || 2 * len <= 3 * req.bytes);
	check_reply(slice_of(out, len), &head, &reply);
	return 0;
}
