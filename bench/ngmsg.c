/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/ngmsg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	SDP_MAX = 1024,
	DEPTH_MAX = 8,		/* lists in lists of a reply */
};

static const char *const op_names[NGMSG_OPS] = {
	[NGMSG_PING] = "ping",
	[NGMSG_OFFER] = "offer",
	[NGMSG_ANSWER] = "answer",
	[NGMSG_DELETE] = "delete",
};

const char *ngmsg_op_name(enum ngmsg_op op)
{
	return op_names[op];
}

/* ---- writing ---- */

struct writer {
	char *text;		/* NGMSG_MAX */
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void put(struct writer *w, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(w->text + w->len, NGMSG_MAX - w->len, fmt, args);
	va_end(args);
	/* the longest command is well below NGMSG_MAX; see the test */
	if (n > 0 && (size_t)n < NGMSG_MAX - w->len)
		w->len += (size_t)n;
}

static void put_string(struct writer *w, const char *text)
{
	put(w, "%zu:%s", strlen(text), text);
}

static void put_pair(struct writer *w, const char *key, const char *value)
{
	put_string(w, key);
	put_string(w, value);
}

__attribute__((format(printf, 3, 4)))
static void put_name(struct writer *w, const char *key, const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put_pair(w, key, text);
}

static void put_sdp(struct writer *w, const struct ngmsg_call *call,
		    const struct sockaddr_in *party, bool offer)
{
	static const char *const codecs[] = {
		"a=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-15\r\n",
		"a=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:0 PCMU/8000\r\n"
		"a=rtpmap:9 G722/8000\r\n"
		"a=rtpmap:18 G729/8000\r\n"
		"a=fmtp:18 annexb=no\r\n"
		"a=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-15\r\n",
	};
	char ip[INET_ADDRSTRLEN], sdp[SDP_MAX];
	unsigned port = ntohs(party->sin_port);

	inet_ntop(AF_INET, &party->sin_addr, ip, sizeof(ip));
	snprintf(sdp, sizeof(sdp),
		 "v=0\r\n"
		 "o=- %" PRIu64 " 1 IN IP4 %s\r\n"
		 "s=call\r\n"
		 "c=IN IP4 %s\r\n"
		 "t=0 0\r\n"
		 "m=audio %u RTP/AVP %s\r\n"
		 "%s"
		 "a=ptime:20\r\n"
		 "a=rtcp:%u IN IP4 %s\r\n"
		 "a=sendrecv\r\n",
		 call->number + 1, ip, ip, port, offer ? "8 0 9 18 101" : "0 101",
		 codecs[offer], port + 1, ip);
	put_pair(w, "sdp", sdp);
}

static void put_session(struct writer *w, const struct ngmsg_call *call,
			const struct sockaddr_in *party, bool offer)
{
	put_sdp(w, call, party, offer);
	put_pair(w, "ICE", "remove");
	put(w, "5:flagsl13:strict-sourcee");
	put(w, "7:replacel6:origin18:session-connectione");
	put_pair(w, "transport-protocol", "RTP/AVP");
}

static void put_call(struct writer *w, enum ngmsg_op op,
		     const struct ngmsg_call *call)
{
	const struct sockaddr_in *party = op == NGMSG_ANSWER ? &call->callee
							     : &call->caller;
	char ip[INET_ADDRSTRLEN];

	if (op != NGMSG_DELETE)
		put_session(w, call, party, op == NGMSG_OFFER);
	put_name(w, "call-id", "%08" PRIx32 "-%" PRIu64 "@bench.test",
		 call->run, call->number);
	/* a BYE has a branch of its own */
	put_name(w, "via-branch", "z9hG4bK%08" PRIx32 "%" PRIu64 "%s",
		 call->run, call->number, op == NGMSG_DELETE ? "b" : "i");
	inet_ntop(AF_INET, &party->sin_addr, ip, sizeof(ip));
	put(w, "13:received-froml3:IP4");
	put_string(w, ip);
	put(w, "e");
	put_name(w, "from-tag", "%08" PRIx32 "f%" PRIu64, call->run,
		 call->number);
	if (op == NGMSG_ANSWER)
		put_name(w, "to-tag", "%08" PRIx32 "t%" PRIu64, call->run,
			 call->number);
}

size_t ngmsg_write(char out[static NGMSG_MAX], enum ngmsg_op op,
		   const struct ngmsg_call *call, uint64_t cookie)
{
	struct writer w = { .text = out };

	put(&w, "%08" PRIx32 "_%" PRIu64 " d", call->run, cookie);
	if (op != NGMSG_PING) {
		put(&w, "8:supportsl10:load limite");
		put_call(&w, op, call);
	}
	put_pair(&w, "command", ngmsg_op_name(op));
	put(&w, "e");
	return w.len;
}

/* ---- reading ---- */

static struct slice take_string(struct cursor *c)
{
	struct slice digits = cursor_until(c, ":");
	uint32_t len;

	cursor_expect(c, slice_str(":"));
	if (!cursor_ok(c) || slice_u32(&len, digits, 65535)) {
		cursor_fail(c);
		return (struct slice){ 0 };
	}
	return cursor_take(c, len);
}

/* Any value; what it is when that is a string. */
static struct slice take_value(struct cursor *c)
{
	unsigned depth = 0;
	struct slice text = { 0 };

	do {
		switch (cursor_peek(c)) {
		case 'd':
		case 'l':
			cursor_byte(c);
			if (++depth > DEPTH_MAX)
				cursor_fail(c);
			break;
		case 'e':
			cursor_byte(c);
			if (!depth--)
				cursor_fail(c);
			break;
		case 'i':
			cursor_until(c, "e");
			cursor_expect(c, slice_str("e"));
			break;
		default:
			text = take_string(c);
		}
	} while (depth && cursor_ok(c));
	return text;
}

static int read_cookie(uint64_t *out, uint32_t run, struct cursor *c)
{
	char want[16];
	struct slice tag, number;

	snprintf(want, sizeof(want), "%08" PRIx32, run);
	tag = cursor_until(c, "_ ");
	cursor_expect(c, slice_str("_"));
	number = cursor_until(c, " ");
	cursor_expect(c, slice_str(" "));
	if (!cursor_ok(c) || slice_u64(out, number, UINT64_MAX))
		return EBADMSG;
	return slice_equal(tag, slice_str(want)) ? 0 : ENOENT;
}

static bool text_address(struct in_addr *out, struct slice text)
{
	char ip[INET_ADDRSTRLEN];

	if (text.len >= sizeof(ip))
		return false;
	memcpy(ip, text.text, text.len);
	ip[text.len] = '\0';
	return inet_pton(AF_INET, ip, out) == 1;
}

/* The first c= and the first m=: one medium, one address. */
static void read_sdp(struct sockaddr_in *out, struct slice sdp)
{
	static const char connection[] = "c=IN IP4 ", audio[] = "m=audio ";
	struct cursor c = cursor_of(sdp.text, sdp.len);
	struct sockaddr_in media = { 0 };
	bool located = false;

	while (cursor_left(&c)) {
		struct slice line = slice_trim(cursor_until(&c, "\n"));
		struct cursor l = cursor_of(line.text, line.len);
		uint32_t port;

		cursor_byte(&c);
		if (line.len > strlen(connection) &&
		    !memcmp(line.text, connection, strlen(connection))) {
			cursor_take(&l, strlen(connection));
			located = text_address(&media.sin_addr,
					       cursor_until(&l, " "));
		} else if (line.len > strlen(audio) && !media.sin_port &&
			   !memcmp(line.text, audio, strlen(audio))) {
			cursor_take(&l, strlen(audio));
			if (!slice_u32(&port, cursor_until(&l, " "), 65535))
				media.sin_port = htons((uint16_t)port);
		}
	}
	if (!located || !media.sin_port)
		return;

	media.sin_family = AF_INET;
	*out = media;
}

int ngmsg_read(struct ngmsg_reply *out, uint32_t run, struct slice datagram)
{
	struct cursor c = cursor_of(datagram.text, datagram.len);
	int err;

	*out = (struct ngmsg_reply){ 0 };
	err = read_cookie(&out->cookie, run, &c);
	if (err)
		return err;

	cursor_expect(&c, slice_str("d"));
	while (cursor_ok(&c) && cursor_peek(&c) != 'e') {
		struct slice key = take_string(&c);
		struct slice value = take_value(&c);

		if (slice_equal(key, slice_str("result")))
			out->result = value;
		else if (slice_equal(key, slice_str("error-reason")) ||
			 slice_equal(key, slice_str("message")))
			out->reason = value;
		else if (slice_equal(key, slice_str("sdp")))
			read_sdp(&out->media, value);
	}
	cursor_expect(&c, slice_str("e"));
	return cursor_ok(&c) && !cursor_left(&c) ? 0 : EBADMSG;
}
