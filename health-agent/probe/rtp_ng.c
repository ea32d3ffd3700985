/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/rtp_ng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/probe.h"
#include "health-agent/probe/prober_priv.h"
#include "rtp-pinner/ng/dict.h"
#include "rtp-pinner/ng/message.h"

enum {
	VALUES = 128,
	TEXT = 1 << 14,
	ID_MAX = 40,
};

struct rtp_ng {
	const struct prober_conf *conf;	/* borrowed */
	struct ng_dict *dict;		/* of a command, or of an answer */
	uint64_t id;			/* of the call */
	unsigned asked;			/* commands of this call */
	char call_id[ID_MAX];
	char cookie[ID_MAX];		/* of the last one */
	char probe[PROBE_VALUE_MAX];
};

int rtp_ng_new(struct rtp_ng **out, const struct prober_conf *conf)
{
	struct rtp_ng *n = calloc(1, sizeof(*n));
	int err;

	*out = NULL;
	if (!n)
		return ENOMEM;
	n->conf = conf;
	err = ng_dict_new(&n->dict, VALUES, TEXT);
	if (err)
		rtp_ng_free(n);
	else
		*out = n;
	return err;
}

void rtp_ng_free(struct rtp_ng *n)
{
	if (!n)
		return;
	ng_dict_free(n->dict);
	free(n);
}

void rtp_ng_renew(struct rtp_ng *n, const uint8_t random[static RTP_NG_RANDOM],
		  uint64_t wall_s)
{
	const struct prober_conf *conf = n->conf;

	memcpy(&n->id, random, sizeof(n->id));
	n->asked = 0;
	snprintf(n->call_id, sizeof(n->call_id), "anycast-probe-%016" PRIx64,
		 n->id);
	probe_format(n->probe, conf->site, slice_str(conf->node->name),
		     slice_str(n->call_id), wall_s);
}

/* ---- commands ---- */

static const char *family_of(const struct addr *a)
{
	return a->family == ADDR_IP6 ? "IP6" : "IP4";
}

static void put_sdp(struct rtp_ng *n, struct ng_value *root, uint16_t port)
{
	const char *family = family_of(&n->conf->target);
	char addr[ADDR_TEXT_MAX];

	addr_format(addr, &n->conf->target);
	ng_put_text(n->dict, root, "sdp",
		    "v=0\r\n"
		    "o=anycast-health 1 1 IN %s %s\r\n"
		    "s=health probe\r\n"
		    "c=IN %s %s\r\n"
		    "t=0 0\r\n"
		    "m=audio %u RTP/AVP 0\r\n"
		    "a=rtcp-mux\r\n",
		    family, addr, family, addr, port);
}

static struct ng_value *begin(struct rtp_ng *n, const char *command)
{
	struct ng_value *root;

	ng_dict_reset(n->dict);
	root = ng_root(n->dict);
	ng_put(n->dict, root, "command", slice_str(command));
	ng_put(n->dict, root, "call-id", slice_str(n->call_id));
	ng_put(n->dict, root, "from-tag", slice_str("caller"));
	return root;
}

static void put_terms(struct rtp_ng *n, struct ng_value *root)
{
	struct ng_value *supports = ng_put_list(n->dict, root, "supports");
	const char *family = family_of(&n->conf->target);

	ng_put(n->dict, supports, NULL, slice_str("load limit"));
	ng_put(n->dict, root, "anycast-probe", slice_str(n->probe));
	ng_put(n->dict, root, "label", slice_str("health probe"));
	ng_put(n->dict, root, "ICE", slice_str("remove"));
	ng_put(n->dict, root, "address-family", slice_str(family));
}

static size_t finish(char out[static RTP_NG_MAX], struct rtp_ng *n)
{
	size_t len;

	snprintf(n->cookie, sizeof(n->cookie), "%016" PRIx64 "-%u", n->id,
		 n->asked++);
	if (ng_message_write(out, RTP_NG_MAX, &len, slice_str(n->cookie),
			     NG_JSON, n->dict))
		return 0;
	return len;
}

size_t rtp_ng_offer(char out[static RTP_NG_MAX], struct rtp_ng *n,
		    uint16_t port)
{
	struct ng_value *root = begin(n, "offer");

	put_terms(n, root);
	put_sdp(n, root, port);
	return finish(out, n);
}

size_t rtp_ng_answer(char out[static RTP_NG_MAX], struct rtp_ng *n,
		     uint16_t port)
{
	struct ng_value *root = begin(n, "answer");

	ng_put(n->dict, root, "to-tag", slice_str("callee"));
	put_terms(n, root);
	put_sdp(n, root, port);
	return finish(out, n);
}

size_t rtp_ng_delete(char out[static RTP_NG_MAX], struct rtp_ng *n)
{
	struct ng_value *root = begin(n, "delete");

	ng_put_integer(n->dict, root, "delete-delay", 0);
	return finish(out, n);
}

/* ---- answers ---- */

/* "IN IP4 192.0.2.1" */
static int read_connection(struct addr *out, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice text;

	cursor_expect(&c, slice_str("IN "));
	cursor_until(&c, " ");
	cursor_skip_blanks(&c);
	text = cursor_until(&c, " /");
	if (!cursor_ok(&c) || addr_parse(out, text.text, text.len))
		return EBADMSG;
	return 0;
}

/* "audio 4000 RTP/AVP 0" */
static int read_audio(uint16_t *out, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	uint32_t port;

	cursor_expect(&c, slice_str("audio "));
	if (slice_u32(&port, cursor_until(&c, " "), UINT16_MAX) ||
	    !cursor_ok(&c))
		return EBADMSG;
	*out = (uint16_t)port;
	return 0;
}

int rtp_ng_media(struct addr *out, uint16_t *port, struct slice sdp)
{
	struct cursor c = cursor_of(sdp.text, sdp.len);
	unsigned media = 0;

	*out = (struct addr){ .family = ADDR_NONE };
	*port = 0;
	while (cursor_left(&c)) {
		struct slice line = slice_trim(cursor_until(&c, "\n"));
		struct slice rest;
		int err = 0;

		cursor_take(&c, cursor_left(&c) ? 1 : 0);
		if (line.len < 2 || line.text[1] != '=')
			continue;
		rest = slice_of(line.text + 2, line.len - 2);
		if (line.text[0] == 'c')
			err = read_connection(out, rest);
		else if (line.text[0] == 'm' && ++media == 1)
			err = read_audio(port, rest);
		if (err)
			return err;
		if (media > 1)
			break;
	}
	return addr_is_set(out) && *port ? 0 : EBADMSG;
}

/* What it says of itself cannot be more than words for us. */
static void say(char text[static PROBER_TEXT_MAX], const char *what,
		struct slice words)
{
	prober_say(text, "%s: %.*s", what, (int)words.len, words.text);
}

static enum rtp_ng_meaning judge(const struct ng_value *root,
				 char text[static PROBER_TEXT_MAX],
				 struct addr *media, uint16_t *port)
{
	struct slice result = ng_find_string(root, "result");
	struct slice message = ng_find_string(root, "message");

	if (slice_equal(result, slice_str("load limit"))) {
		say(text, "load limit", message);
		/* draining or full; else it lacks ports or memory */
		return slice_equal(message, slice_str("Parallel session limit "
						      "reached"))
			       ? RTP_NG_FULL
			       : RTP_NG_REFUSED;
	}
	if (!slice_equal(result, slice_str("ok"))) {
		say(text, "it says", ng_find_string(root, "error-reason"));
		return RTP_NG_REFUSED;
	}
	if (rtp_ng_media(media, port, ng_find_string(root, "sdp"))) {
		prober_say(text, "no audio in the SDP it returns");
		return RTP_NG_REFUSED;
	}
	return RTP_NG_MEDIA;
}

enum rtp_ng_meaning rtp_ng_read(struct rtp_ng *n,
				char text[static PROBER_TEXT_MAX],
				struct addr *media, uint16_t *port,
				struct slice datagram)
{
	struct slice cookie, body;
	enum ng_encoding encoding;
	const char *reason;

	text[0] = '\0';
	if (ng_message_split(&cookie, &body, datagram) ||
	    !slice_equal(cookie, slice_str(n->cookie)) ||
	    ng_message_read(n->dict, &encoding, &reason, body))
		return RTP_NG_STRANGE;
	return judge(ng_root(n->dict), text, media, port);
}
