/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl call ID: one call, and why one side hears nothing.
 *
 * The reply to ng's query: tags (the parties) have medias, these have streams
 * (a port each: RTP, RTCP); what was received is told by SSRC.
 */
#include "ctl/call.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "ctl/ctl.h"
#include "ctl/ng.h"

static const struct {
	const char *name;
	const char *words;
} drops[] = {
	{ "stranger", "from addresses no signalling has named" },
	{ "other_source", "from another source than the one that is sending" },
	{ "not_media", "neither RTP nor RTCP" },
	{ "no_sink", "as the other side was not there or its media was off" },
	{ "no_target", "as the other side has named no address" },
	{ "forbidden", "as they would have gone to an address never sent to" },
	{ "too_big", "longer than the relay takes" },
	{ "old", "that waited longer than 100 ms, as after a restart" },
	{ "rate", "above max-packet-rate" },
	{ "stun", "STUN that nobody asked for" },
	{ "send", "that the kernel refused to send" },
	{ "busy", "while their port was being changed" },
};

long long call_now(void)
{
	return (long long)clock_wall_s();
}

static bool has_flag(json_t *stream, const char *flag)
{
	json_t *flags = ng_get(stream, "flags", NULL), *word;
	size_t at;

	json_array_foreach(flags, at, word) {
		if (strcmp(ng_text_of(word), flag) == 0)
			return true;
	}
	return false;
}

static const char *media_why(json_t *media)
{
	json_t *streams = ng_get(media, "streams", NULL), *stream;
	size_t at;

	json_array_foreach(streams, at, stream) {
		if (has_flag(stream, "RTP") && ng_get(stream, "why", NULL))
			return ng_text(stream, "why");
	}
	return NULL;
}

const char *call_why(json_t *call)
{
	json_t *tags = ng_get(call, "tags", NULL), *tag, *media;
	const char *name;
	size_t at;

	json_object_foreach(tags, name, tag) {
		json_array_foreach(ng_get(tag, "medias", NULL), at, media) {
			const char *why = media_why(media);

			if (why)
				return why;
		}
	}
	return NULL;
}

static void print_endpoint(json_t *e)
{
	const char *address = ng_text(e, "address");
	bool v6 = strchr(address, ':') != NULL;

	if (!*address || strcmp(address, "-") == 0) {
		printf("nowhere yet");
		return;
	}
	printf("%s%s%s:%lld", v6 ? "[" : "", address, v6 ? "]" : "",
	       (long long)ng_number(e, "port"));
}

/* "0.2 %" of all that should have come. */
static void print_loss(long long lost, long long packets)
{
	long long all = lost + packets;
	long long per_mille = all > 0 ? (lost * 1000 + all / 2) / all : 0;

	printf(", %lld lost (%lld.%lld %%)", lost, per_mille / 10,
	       per_mille % 10);
}

static void print_quality(json_t *call, json_t *stream)
{
	json_t *source;
	char ssrc[32];
	long long mos;

	if (!ng_get(stream, "SSRC", NULL))
		return;
	snprintf(ssrc, sizeof(ssrc), "%lld",
		 (long long)ng_number(stream, "SSRC"));
	source = ng_get(call, "SSRC", ssrc, NULL);
	if (!source)
		return;
	print_loss(ng_number(source, "cumulative loss"),
		   ng_number(source, "packets"));
	printf(", jitter %lld ms", (long long)ng_number(source, "jitter"));
	mos = ng_number(source, "average MOS", "MOS");
	if (mos)
		printf(", MOS %lld.%lld", mos / 10, mos % 10);
}

static void print_gate(json_t *stream)
{
	json_t *gate = ng_get(stream, "gate", NULL), *word;
	size_t at;

	if (!json_array_size(gate))
		return;
	printf("           gate");
	json_array_foreach(gate, at, word)
		printf("%s %s", at > 1 ? "," : at ? ":" : "",
		       ng_text_of(word));
	putchar('\n');
}

static void print_drops(json_t *stream)
{
	json_t *dropped = ng_get(stream, "drops", NULL), *cnt;
	const char *name;

	json_object_foreach(dropped, name, cnt) {
		const char *words = name;

		for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++) {
			if (strcmp(name, drops[i].name) == 0)
				words = drops[i].words;
		}
		printf("           dropped: %lld %s\n",
		       (long long)json_integer_value(cnt), words);
	}
}

static void print_stream(json_t *call, json_t *stream)
{
	bool rtp = has_flag(stream, "RTP");
	const char *local = ng_text(stream, "local address");
	bool v6 = strchr(local, ':') != NULL;
	long long errors = ng_number(stream, "stats", "errors");

	printf("    %-6s ", rtp ? "media" : "rtcp");
	if (*local)
		printf("our %s%s%s:%lld, theirs ", v6 ? "[" : "", local,
		       v6 ? "]" : "",
		       (long long)ng_number(stream, "local port"));
	else
		printf("closed, theirs ");
	print_endpoint(ng_get(stream, "endpoint", NULL));
	if (has_flag(stream, "confirmed")) {
		printf(" (latched; SDP said ");
		print_endpoint(ng_get(stream, "advertised endpoint", NULL));
		putchar(')');
	} else {
		printf(" (from SDP, nothing latched)");
	}
	printf("\n           heard %lld packets, %lld bytes",
	       (long long)ng_number(stream, "stats", "packets"),
	       (long long)ng_number(stream, "stats", "bytes"));
	if (errors)
		printf(", %lld errors", errors);
	print_quality(call, stream);
	putchar('\n');
	if (rtp)
		print_gate(stream);
	print_drops(stream);
	/* RTCP comes every few seconds, or never: not heard is no news */
	if (rtp && ng_get(stream, "why", NULL)) {
		printf("           not heard: ");
		ctl_print_clean(ng_text(stream, "why"));
		putchar('\n');
	}
}

static void print_media(json_t *call, json_t *media)
{
	json_t *streams = ng_get(media, "streams", NULL), *stream;
	const char *codec = ng_text(media, "codec");
	size_t at;

	printf("  %-8s %s%s%s%s%s\n", ng_text(media, "type"),
	       ng_text(media, "protocol"), *codec ? " " : "", codec,
	       has_flag(media, "held") ? ", on hold" : "",
	       has_flag(media, "rejected") ? ", rejected" : "");
	json_array_foreach(streams, at, stream)
		print_stream(call, stream);
}

static void print_party(json_t *call, const char *name, json_t *tag)
{
	json_t *medias = ng_get(tag, "medias", NULL), *media;
	size_t at;

	printf("party    ");
	ctl_print_clean(*ng_text(tag, "tag") ? ng_text(tag, "tag") : name);
	if (*ng_text(tag, "label")) {
		printf(", label ");
		ctl_print_clean(ng_text(tag, "label"));
	}
	putchar('\n');
	json_array_foreach(medias, at, media)
		print_media(call, media);
}

static void print_call(const char *id, json_t *call)
{
	json_t *tags = ng_get(call, "tags", NULL), *tag;
	const char *name;

	printf("call     ");
	ctl_print_clean(id);
	printf("\nage      %lld s, last signalled %lld s ago\n",
	       call_now() - (long long)ng_number(call, "created"),
	       call_now() - (long long)ng_number(call, "last signal"));
	json_object_foreach(tags, name, tag)
		print_party(call, name, tag);
	printf("in all   %lld packets of RTP, %lld of RTCP\n",
	       (long long)ng_number(call, "totals", "RTP", "packets"),
	       (long long)ng_number(call, "totals", "RTCP", "packets"));
	if (*ng_text(call, "warning"))
		printf("note     %s\n", ng_text(call, "warning"));
}

int ctl_call(const struct ctl *ctl)
{
	struct ng_client *ng;
	json_t *call = NULL;
	int status = ng_open(&ng, ctl->pinner);

	if (!status)
		status = ng_ask(ng, &call,
				json_pack("{ssss}", "command", "query",
					  "call-id", ctl->operand));
	if (!status && ctl->json)
		status = ctl_print_json(call);
	else if (!status)
		print_call(ctl->operand, call);
	json_decref(call);
	ng_close(ng);
	return status;
}
