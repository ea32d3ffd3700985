/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtpp.c - the flags of Kamailio 6.0 that the relay splits itself
 *
 * Words between spaces: `strict-source replace=origin received-from=[IP4
 * 192.0.2.1]'.  A word without '=' is a flag, or part of a transport; a word
 * with '=' is a key of the dict; brackets make a list.  A list in a list has
 * no meaning for any key we know: it is skipped and counted.
 */
#include "rtp-pinner/ng/command_priv.h"

#include <string.h>

enum {
	LIST_MAX = 32,
	UNCLOSED_MAX = 4,

	SECURE = 1,
	FEEDBACK = 2,
	DTLS = 4,
	GIVEN = 8,
};

static const char *const transports[8] = {
	[0] = "RTP/AVP",
	[SECURE] = "RTP/SAVP",
	[FEEDBACK] = "RTP/AVPF",
	[SECURE | FEEDBACK] = "RTP/SAVPF",
	[DTLS] = "UDP/TLS/RTP/SAVP",
	[DTLS | SECURE] = "UDP/TLS/RTP/SAVP",
	[DTLS | FEEDBACK] = "UDP/TLS/RTP/SAVPF",
	[DTLS | SECURE | FEEDBACK] = "UDP/TLS/RTP/SAVPF",
};

/* True when the word was part of a transport. */
static bool transport_word(unsigned *transport, struct slice word)
{
	static const struct {
		const char *word;
		unsigned set;
		unsigned clear;
	} parts[] = {
		{ "RTP", 0, SECURE },  { "AVP", 0, FEEDBACK },
		{ "SRTP", SECURE, 0 }, { "AVPF", FEEDBACK, 0 },
		{ "DTLS", DTLS, 0 },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (slice_equal(word, slice_str(parts[i].word))) {
			*transport &= ~parts[i].clear;
			*transport |= parts[i].set | GIVEN;
			return true;
		}
	}
	for (unsigned i = 0; i < sizeof(transports) / sizeof(transports[0]);
	     i++) {
		if (slice_equal(word, slice_str(transports[i]))) {
			*transport = i | GIVEN;
			return true;
		}
	}
	return false;
}

/* The value after '=': up to a space, or a list up to its closing bracket.
 * After a few that never close brackets mean nothing, for each has cost a look
 * at all the rest.
 */
static struct slice take_value(struct cursor *c, unsigned *unclosed)
{
	size_t start = c->pos;
	unsigned depth = 0;

	while (*unclosed < UNCLOSED_MAX && (cursor_peek(c) == '[' || depth)) {
		unsigned char byte = cursor_byte(c);

		if (!cursor_ok(c)) { /* never closed: a word like any other */
			c->failed = false;
			c->pos = start;
			++*unclosed;
			break;
		}
		if (byte == '[')
			depth++;
		else if (byte == ']' && --depth == 0)
			return slice_of(c->start + start, c->pos - start);
	}
	return cursor_until(c, " ");
}

static void read_list(struct reader *r, struct slice key, struct slice text)
{
	struct ng_value items[LIST_MAX];
	struct ng_value list = { .type = NG_IS_LIST, .key = key };
	struct cursor c = cursor_of(text.text, text.len);
	size_t cnt = 0;

	while (cursor_left(&c)) {
		struct slice word;

		cursor_skip_blanks(&c);
		word = cursor_until(&c, " ");
		if (!word.len)
			continue;
		if (cnt == LIST_MAX || memchr(word.text, '[', word.len)) {
			r->command->unknown_cnt++;
			return;
		}
		items[cnt] = (struct ng_value){ .type = NG_IS_STRING,
						.string = word };
		if (cnt)
			items[cnt - 1].next = &items[cnt];
		cnt++;
	}
	if (cnt) {
		list.first = &items[0];
		list.last = &items[cnt - 1];
	}
	read_key(r, &list);
}

static void read_pair(struct reader *r, struct slice key, struct slice value)
{
	struct ng_value v = { .type = NG_IS_STRING,
			      .key = key,
			      .string = value };

	if (value.len >= 2 && value.text[0] == '[' &&
	    value.text[value.len - 1] == ']' && value.text[1] != '[' &&
	    !ng_key_equal(key, slice_str("media-address")))
		read_list(r, key, slice_of(value.text + 1, value.len - 2));
	else
		read_key(r, &v);
}

void read_rtpp_flags(struct reader *r, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	unsigned transport = 0, unclosed = 0;

	r->in_rtpp = true;
	r->had_rtpp = true;
	for (;;) {
		struct slice word;

		cursor_skip_blanks(&c);
		if (!cursor_left(&c))
			break;
		word = cursor_until(&c, " =");
		if (cursor_peek(&c) == '=') {
			cursor_byte(&c);
			read_pair(r, word, take_value(&c, &unclosed));
		} else if (!transport_word(&transport, word) &&
			   !read_flag(r, word)) {
			r->command->unknown_cnt++;
		}
	}
	if (transport)
		r->command->transport_protocol =
			slice_str(transports[transport & 7]);
	r->in_rtpp = false;
}
