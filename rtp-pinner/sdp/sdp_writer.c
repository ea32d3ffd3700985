/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/sdp/sdp_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/sdp/sdp_priv.h"

enum {
	SPARE = 256,		/* room for what is longer than before, */
	SPARE_PER_MEDIA = 384,	/* so that one allocation mostly does */
};

static bool reserve(struct sdp_writer *w, size_t len)
{
	size_t size = w->size;
	char *text;

	if (w->failed)
		return false;
	if (len < w->size - w->len)	/* the NUL fits too */
		return true;
	while (size - w->len <= len)
		size *= 2;
	text = realloc(w->text, size);
	if (!text) {
		w->failed = true;
		return false;
	}
	w->text = text;
	w->size = size;
	return true;
}

void sdp_writer_init(struct sdp_writer *w, const struct sdp *sdp)
{
	size_t size = sdp->text.len + SPARE + sdp->media_cnt * SPARE_PER_MEDIA;

	*w = (struct sdp_writer){
		.sdp = sdp,
		.text = malloc(size),
		.size = size,
	};
	w->failed = !w->text;
}

void sdp_put(struct sdp_writer *w, struct slice s)
{
	if (!s.len || !reserve(w, s.len))
		return;
	memcpy(w->text + w->len, s.text, s.len);
	w->len += s.len;
}

void sdp_put_text(struct sdp_writer *w, const char *text)
{
	sdp_put(w, slice_str(text));
}

void sdp_put_number(struct sdp_writer *w, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	sdp_put(w, slice_of(digits + at, sizeof(digits) - at));
}

void sdp_put_addr(struct sdp_writer *w, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];
	size_t len = addr_format(text, addr);

	sdp_put_text(w, addr->family == ADDR_IP6 ? "IP6 " : "IP4 ");
	sdp_put(w, slice_of(text, len));
}

static void copy_up_to(struct sdp_writer *w, size_t off)
{
	if (off <= w->copied)
		return;
	sdp_put(w, slice_of(w->sdp->text.text + w->copied, off - w->copied));
	w->copied = off;
}

static bool has_end(const struct sdp *sdp, const struct sdp_line *line)
{
	size_t next = line->off + line->len + line->end;

	return line->end && sdp->text.text[next - 1] == sdp->end;
}

static struct slice end_of(const struct sdp *sdp, const struct sdp_line *line)
{
	if (!has_end(sdp, line))
		line = &sdp->lines[0];
	if (!has_end(sdp, line))
		return slice_str("\r\n");
	return slice_of(sdp->text.text + line->off + line->len, line->end);
}

void sdp_put_end(struct sdp_writer *w, const struct sdp_line *line)
{
	sdp_put(w, end_of(w->sdp, line));
}

void sdp_replace(struct sdp_writer *w, struct slice piece)
{
	size_t off = (size_t)(piece.text - w->sdp->text.text);

	copy_up_to(w, off);
	w->copied = off + piece.len;
}

void sdp_drop_line(struct sdp_writer *w, const struct sdp_line *line)
{
	copy_up_to(w, line->off);
	w->copied = line->off + line->len + line->end;
}

void sdp_begin_line(struct sdp_writer *w, const struct sdp_line *line)
{
	copy_up_to(w, line->off + line->len + line->end);
	if (w->len && w->text[w->len - 1] != w->sdp->end)
		sdp_put_end(w, line);
}

void sdp_finish_line(struct sdp_writer *w, const struct sdp_line *line)
{
	if (has_end(w->sdp, line))
		sdp_put_end(w, line);
}

int sdp_writer_take(char **out, size_t *out_len, struct sdp_writer *w)
{
	copy_up_to(w, w->sdp->text.len);
	if (w->failed) {
		free(w->text);
		return ENOMEM;
	}
	w->text[w->len] = '\0';
	*out = w->text;
	*out_len = w->len;
	w->text = NULL;
	return 0;
}
