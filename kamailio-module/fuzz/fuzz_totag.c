/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of a From or To: a tag that is found lies in it, is no longer than
 * a token, and stands behind ";tag="; where none is found in a value without
 * quotes and brackets, one that is added is found.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/totag.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool contains(struct slice text, char c)
{
	return text.len && memchr(text.text, c, text.len);
}

/* Walk back over white space. */
static size_t back_over_white(struct slice text, size_t at)
{
	while (at && memchr(" \t\r\n", text.text[at - 1], 4))
		at--;
	return at;
}

static void check_found(struct slice value, struct slice tag)
{
	size_t at = (size_t)(tag.text - value.text);

	check(tag.text >= value.text && at + tag.len <= value.len);
	for (size_t i = 0; i < tag.len; i++)
		check(!memchr("; \t\r\n,", tag.text[i], 6));
	at = back_over_white(value, at);
	check(at && value.text[at - 1] == '=');
	at = back_over_white(value, at - 1);
	check(at >= 3 && slice_case_equal(slice_of(value.text + at - 3, 3),
					  slice_str("tag")));
	at = back_over_white(value, at - 3);
	check(at && value.text[at - 1] == ';');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct secret_keys keys = { .totag = { 1, 2, 3 } };
	static char longer[1 << 16];
	struct slice value = slice_of((const char *)data, size), tag, added;
	char made[TOTAG_LEN];

	if (totag_find(value, &tag)) {
		check(tag.len > 0);
		check_found(value, tag);
	} else {
		check(!tag.len);
	}

	/* whatever its parts, a tag is known again */
	totag_make(made, &keys, value, tag, (uint32_t)size);
	check(totag_is_ours(slice_of(made, TOTAG_LEN), &keys, value, tag,
			    (uint32_t)size));
	check(!totag_is_ours(value, &keys, value, tag, (uint32_t)size));

	if (tag.len || contains(value, '"') || contains(value, '<') ||
	    size + 5 + TOTAG_LEN > sizeof(longer))
		return 0;
	if (size)
		memcpy(longer, data, size);
	memcpy(longer + size, ";tag=", 5);
	memcpy(longer + size + 5, made, TOTAG_LEN);
	check(totag_find(slice_of(longer, size + 5 + TOTAG_LEN), &added));
	check(slice_equal(added, slice_of(made, TOTAG_LEN)));
	return 0;
}
