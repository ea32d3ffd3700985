/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a message: a branch that is found lies in it, in a line that
 * begins as ours do, and a parameter added where it says ends that line and
 * changes nothing of what is found.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/ownvia.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void add_and_find_again(struct slice message, const struct ownvia *via)
{
	static const char param[] = ";sa=x";
	struct ownvia again;
	size_t len = message.len + sizeof(param) - 1;
	char *text = malloc(len);

	check(text != NULL);
	memcpy(text, message.text, via->end);
	memcpy(text + via->end, param, sizeof(param) - 1);
	memcpy(text + via->end + sizeof(param) - 1, message.text + via->end,
	       message.len - via->end);
	check(ownvia_find(&again, slice_of(text, len)));
	check(slice_equal(again.branch, via->branch));
	check(again.end == via->end + sizeof(param) - 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice message = slice_of((const char *)data, size);
	struct ownvia via;

	if (!ownvia_find(&via, message))
		return 0;
	check(via.branch.len && via.branch.text > message.text &&
	      via.branch.text + via.branch.len <= message.text + via.end);
	check(via.end + 2 <= size && !memcmp(data + via.end, "\r\n", 2));
	check(!memchr(via.branch.text, ';', via.branch.len) &&
	      !memchr(via.branch.text, '\r', via.branch.len));
	add_and_find_again(message, &via);
	return 0;
}
