/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A probe header's value, a newline, a Call-ID.  Nobody without the key makes
 * a valid one; with the key it is valid for that Call-ID and for no other.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "common/probe.h"

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
		.keys = { .probe = { 0x5a, 1, 2, 3 } },
		.previous_keys = { .probe = { 0x5a, 3, 2, 1 } },
		.has_previous = size % 2,
	};
	struct cursor c = cursor_of((const char *)data, size);
	struct slice node = slice_str("fra1");
	struct slice value = cursor_until(&c, "\n");
	char good[PROBE_VALUE_MAX];
	enum probe_verdict verdict;
	struct slice call_id, shorter;
	size_t len;

	cursor_byte(&c);
	call_id = cursor_take(&c, cursor_left(&c));

	verdict = probe_check(value, &site, node, call_id, NOW);
	check((unsigned)verdict < PROBE_VERDICTS && verdict != PROBE_VALID);

	len = probe_format(good, &site, node, call_id, NOW);
	check(len && len < PROBE_VALUE_MAX);
	check(probe_check(slice_of(good, len), &site, node, call_id, NOW) ==
	      PROBE_VALID);
	if (call_id.len) {
		shorter = slice_of(call_id.text, call_id.len - 1);
		check(probe_check(slice_of(good, len), &site, node, shorter,
				  NOW) == PROBE_FORGED);
	}
	return 0;
}
