/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram: what is called plain has its parts within it, none of the
 * things that are not plain, and a Via that says where to answer.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/plain.h"
#include "kamailio-module/totag.h"
#include "kamailio-module/via.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_within(struct slice part, struct slice all)
{
	return part.len && part.text >= all.text &&
	       part.text + part.len <= all.text + all.len;
}

static bool is_visible(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.text[i] <= ' ' || s.text[i] > '~')
			return false;
	return true;
}

static bool has_text(struct slice s, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 0; i + len <= s.len; i++)
		if (slice_case_equal(slice_of(s.text + i, len),
				     slice_of(what, len)))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct addr source = { ADDR_IP4, { 192, 0, 2, 1 } };
	static struct siphead head;
	static char via[1 << 17];
	struct slice message = slice_of((const char *)data, size), tag;
	struct plain out;
	struct writer w = writer_of(via, sizeof(via));
	uint32_t number;

	if (size > 1 << 16 || !siphead_scan(&head, message) ||
	    !plain_read(&out, message, &head))
		return 0;
	check(is_within(out.uri, message) && is_visible(out.uri));
	check(is_within(out.call_id, message) && is_visible(out.call_id));
	check(is_within(out.cseq_number, message));
	if (out.cseq_number.len <= 9)
		check(!slice_u32(&number, out.cseq_number, UINT32_MAX));
	check(!memcmp(message.text, "INVITE ", 7));
	check(!totag_find(head.to_value, &tag));
	check(!head.has_route && !head.has_probe && !head.proxy_require_cnt);
	check(is_visible(slice_of(head.to_value.text, 1)));

	check(!memchr(head.vias[0].text, ',', head.vias[0].len));
	check(!has_text(head.vias[0], ";maddr="));
	check(has_text(head.vias[0], ";rport") >= out.has_rport);
	via_write(&w, head.vias[0], &source, 5099);
	check(writer_len(&w) > 0);
	if (out.has_rport)
		check(has_text(slice_of(via, w.len), ";rport=5099"));
	return 0;
}
