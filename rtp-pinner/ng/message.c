/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/ng/message.h"

#include <errno.h>
#include <string.h>

#include "rtp-pinner/ng/bencode.h"
#include "rtp-pinner/ng/ngjson.h"

int ng_message_split(struct slice *cookie, struct slice *body,
		     struct slice datagram)
{
	struct cursor c = cursor_of(datagram.text, datagram.len);

	*cookie = cursor_until(&c, " ");
	cursor_byte(&c);
	*body = cursor_take(&c, cursor_left(&c));
	return cursor_ok(&c) && cookie->len && cookie->len <= NG_COOKIE_MAX
		       ? 0
		       : EBADMSG;
}

int ng_message_read(struct ng_dict *d, enum ng_encoding *encoding,
		    const char **reason, struct slice body)
{
	*encoding = NG_BENCODE;
	if (body.len && body.text[0] == 'd') {
		*reason = "Could not decode bencode dictionary";
		return bencode_read(d, body);
	}
	if (body.len && body.text[0] == '{') {
		*encoding = NG_JSON;
		*reason = "Failed to parse JSON document";
		return ngjson_read(d, body);
	}
	ng_dict_reset(d);
	*reason = "Invalid NG data format";
	return EBADMSG;
}

int ng_message_write(char *buf, size_t size, size_t *out_len,
		     struct slice cookie, enum ng_encoding encoding,
		     const struct ng_dict *d)
{
	const struct ng_value *root = &d->values[0];
	size_t before = cookie.len + 1;
	size_t len;
	int err;

	if (!ng_dict_ok(d) || size < before)
		return ENOBUFS;
	if (cookie.len)
		memcpy(buf, cookie.text, cookie.len);
	buf[cookie.len] = ' ';
	err = encoding == NG_JSON
		      ? ngjson_write(buf + before, size - before, &len, root)
		      : bencode_write(buf + before, size - before, &len, root);
	if (!err)
		*out_len = before + len;
	return err;
}
