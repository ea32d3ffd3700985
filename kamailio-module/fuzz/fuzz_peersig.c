/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A header's value, a newline, a request's body.  Nobody without the key makes
 * a valid one; with the key it is valid for that body and for no other.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "kamailio-module/peersig.h"

#define NOW UINT64_C(1700000000)

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the input cannot know this key, unlike that of a stored secret */
	struct site site = {
		.keys = { .peer = { 0x5a, 1, 2, 3 } },
		.previous_keys = { .peer = { 0x5a, 3, 2, 1 } },
		.has_previous = size % 2,
	};
	struct cursor c = cursor_of((const char *)data, size);
	struct slice self = slice_str("ams1");
	struct slice value = cursor_until(&c, "\n");
	struct peersig_request req = { .method = slice_str("KDMQ") };
	char good[PEERSIG_VALUE_MAX];
	enum peersig_verdict verdict;
	struct slice signer;
	size_t len;

	cursor_byte(&c);
	req.body = cursor_take(&c, cursor_left(&c));

	verdict = peersig_check(&signer, value, &site, self, &req, NOW);
	check((unsigned)verdict < PEERSIG_VERDICTS && verdict != PEERSIG_VALID &&
	      !signer.len);

	len = peersig_format(good, &site, slice_str("fra1"), &req, NOW);
	check(len && len < PEERSIG_VALUE_MAX);
	check(peersig_check(&signer, slice_of(good, len), &site, self, &req,
			    NOW) == PEERSIG_VALID &&
	      slice_equal(signer, slice_str("fra1")));
	if (req.body.len) {
		req.body.len--;
		check(peersig_check(NULL, slice_of(good, len), &site, self,
				    &req, NOW) == PEERSIG_FORGED);
	}
	return 0;
}
