/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two URIs with a newline between them: each part lies inside the text it was
 * cut from, nothing dangerous to echo gets through, and equality is reflexive
 * and symmetric.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/sipuri.h"

#include <errno.h>
#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void inside(struct slice part, struct slice text)
{
	if (!part.len)
		return;
	check(part.text >= text.text &&
	      part.text + part.len <= text.text + text.len);
	for (size_t i = 0; i < part.len; i++)
		check(part.text[i] > ' ' && part.text[i] < 0x7f &&
		      !strchr("<>\"\\", part.text[i]));
}

static bool parse(struct sipuri *uri, struct slice text)
{
	int err = sipuri_parse(uri, text);

	check(!err || err == EBADMSG || err == EMSGSIZE);
	inside(uri->scheme_text, text);
	inside(uri->opaque, text);
	inside(uri->user, text);
	inside(uri->password, text);
	inside(uri->host, text);
	inside(uri->params, text);
	inside(uri->headers, text);
	if (!err)
		check(sipuri_equal(uri, uri));
	return !err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((const char *)data, size);
	struct slice first = cursor_until(&c, "\n");
	struct slice second = { 0 };
	struct sipuri a, b;

	if (cursor_left(&c)) {
		cursor_byte(&c);
		second = cursor_take(&c, cursor_left(&c));
	}
	if (parse(&a, first) && parse(&b, second))
		check(sipuri_equal(&a, &b) == sipuri_equal(&b, &a));
	return 0;
}
