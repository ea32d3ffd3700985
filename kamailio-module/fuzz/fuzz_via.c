/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two bytes of port, then a raw Via field: what is written is one field again,
 * says where the request came from exactly once, keeps every byte of the
 * further values, and written once more stays as it is.
 */
#include "common/fuzz/harness.h"
#include "kamailio-module/via.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const struct addr source = { ADDR_IP4, { 192, 0, 2, 1 } };

static struct slice write_to(char *out, size_t size, struct slice field,
			     uint16_t port)
{
	struct writer w = writer_of(out, size);

	via_write(&w, field, &source, port);
	check(!w.failed && w.len >= 2);
	return slice_of(out, w.len);
}

/* No line break but folding, and the one at the end. */
static void check_one_line(struct slice text)
{
	check(text.text[text.len - 2] == '\r' &&
	      text.text[text.len - 1] == '\n');
	for (size_t i = 0; i + 2 < text.len; i++) {
		char next = text.text[i + 1];

		check(text.text[i] != '\r' || next == '\n');
		/* folding; the input is not split here, so it may have others */
		check(text.text[i] != '\n' || next == ' ' || next == '\t');
	}
}

/* A field as siphead.h gives it: no line break but folding. */
static bool is_field(struct slice field)
{
	struct slice s = slice_trim(field);

	for (size_t i = 0; i < s.len; i++)
		if (s.text[i] == '\n' && s.text[i + 1] != ' ' &&
		    s.text[i + 1] != '\t')
			return false;
	return s.len > 0;
}

static size_t count(struct slice text, const char *what)
{
	size_t len = strlen(what), cnt = 0;

	for (size_t i = 0; i + len <= text.len; i++)
		cnt += !memcmp(text.text + i, what, len);
	return cnt;
}

/* An open quote reaches to the end, and over what is added there. */
static bool is_closed(struct slice text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.text[i] == '"')
			quoted = !quoted;
		else if (quoted && text.text[i] == '\\')
			i++;
	}
	return !quoted;
}

/* What ends in the same bytes: the further values. */
static void check_rest(struct slice field, struct slice written)
{
	struct slice s = slice_trim(field);
	const char *comma = memchr(s.text, ',', s.len);
	const char *cr = memchr(s.text, '\r', s.len);
	size_t len;

	/* in a plain field the first comma ends the first value */
	if (!comma || cr || memchr(s.text, '"', s.len))
		return;
	len = (size_t)(s.text + s.len - comma);
	check(written.len >= len + 2);
	check(!memcmp(written.text + written.len - 2 - len, comma, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char once[1 << 17], again[1 << 17];
	struct slice field, first, second;
	uint16_t port;

	if (size < 2 || size > 1 << 16)
		return 0;
	port = (uint16_t)(data[0] << 8 | data[1]);
	field = slice_of((const char *)data + 2, size - 2);
	if (!is_field(field))
		return 0;

	first = write_to(once, sizeof(once), field, port);
	check_one_line(first);
	/* 16 bytes of rport and 19 of received at most */
	check(first.len <= field.len + 2 + 16 + 19);
	if (!count(field, ";received=192.0.2.1"))
		check(count(first, ";received=192.0.2.1") <= 1);
	check_rest(field, first);
	if (!is_closed(field))
		return 0;
	second = write_to(again, sizeof(again), first, port);
	check(slice_equal(first, second));
	return 0;
}
