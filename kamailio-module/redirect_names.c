/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for what redirect.h counts, logs and reads. */
#include "kamailio-module/redirect.h"

#include <errno.h>

#define NAME_FUNCTION(function_, enum_, names_)                               \
	const char *function_(enum enum_ which)                               \
	{                                                                     \
		size_t i = (size_t)which;                                     \
									      \
		return i < sizeof(names_) / sizeof(names_[0]) ? names_[i] :   \
								"invalid";    \
	}

static const char *const methods[SIP_METHODS] = {
	[SIP_METHOD_OTHER] = "other",
	[SIP_METHOD_INVITE] = "INVITE",
	[SIP_METHOD_ACK] = "ACK",
	[SIP_METHOD_CANCEL] = "CANCEL",
	[SIP_METHOD_BYE] = "BYE",
	[SIP_METHOD_REGISTER] = "REGISTER",
	[SIP_METHOD_OPTIONS] = "OPTIONS",
	[SIP_METHOD_SUBSCRIBE] = "SUBSCRIBE",
	[SIP_METHOD_NOTIFY] = "NOTIFY",
	[SIP_METHOD_MESSAGE] = "MESSAGE",
	[SIP_METHOD_INFO] = "INFO",
	[SIP_METHOD_PRACK] = "PRACK",
	[SIP_METHOD_UPDATE] = "UPDATE",
	[SIP_METHOD_REFER] = "REFER",
	[SIP_METHOD_PUBLISH] = "PUBLISH",
};
NAME_FUNCTION(sip_method_name, sip_method, methods)

static const char *const transports[SIP_TRANSPORTS] = {
	[SIP_UDP] = "udp",
	[SIP_TCP] = "tcp",
	[SIP_TLS] = "tls",
	[SIP_WS] = "ws",
	[SIP_WSS] = "wss",
	[SIP_OTHER_TRANSPORT] = "other",
};
NAME_FUNCTION(sip_transport_name, sip_transport, transports)

static const char *const actions[REDIRECT_ACTIONS] = {
	[REDIRECT_SERVE] = "serve",
	[REDIRECT_TO_NODE] = "redirect",
	[REDIRECT_ABSORB] = "absorb",
	[REDIRECT_ANSWER] = "answer",
	[REDIRECT_REFUSE] = "refuse",
	[REDIRECT_RELAY] = "relay",
	[REDIRECT_PASS] = "pass",
	[REDIRECT_ASK] = "ask",
	[REDIRECT_DROP] = "drop",
};
NAME_FUNCTION(redirect_action_name, redirect_action, actions)

static const char *const reasons[REDIRECT_REASONS] = {
	[REASON_NOT_SERVICE] = "not-service-address",
	[REASON_TRANSACTION] = "known-transaction",
	[REASON_UNREADABLE] = "unreadable",
	[REASON_CLAIMED] = "claimed",
	[REASON_LOOP_SELF] = "names-this-node",
	[REASON_LOOP_OTHER] = "names-other-node",
	[REASON_LOOP_DOWN] = "names-node-down",
	[REASON_STRAY] = "stray",
	[REASON_OWNED] = "owned",
	[REASON_DELIVERED] = "delivered",
	[REASON_OWNER_UNKNOWN] = "owner-unknown",
	[REASON_FOREIGN] = "foreign",
	[REASON_ACK_OURS] = "ack-of-our-reply",
	[REASON_IN_DIALOG] = "in-dialog",
	[REASON_ACK_STRAY] = "ack-stray",
	[REASON_CANCEL_REDIRECTED] = "cancel-of-redirected",
	[REASON_CANCEL_SERVED] = "cancel-of-served",
	[REASON_SCHEME] = "unknown-scheme",
	[REASON_SIPS_OVER_UDP] = "sips-over-udp",
	[REASON_PROXY_REQUIRE] = "proxy-require",
	[REASON_MAX_FORWARDS] = "max-forwards",
	[REASON_VIA_MADDR] = "via-maddr",
	[REASON_MALFORMED] = "malformed",
	[REASON_URI_TOO_LONG] = "uri-too-long",
	[REASON_OPTIONS] = "options",
	[REASON_OPTIONS_NO_NODE] = "options-no-node",
	[REASON_WEBSOCKET] = "websocket",
	[REASON_METHOD] = "method",
	[REASON_CLIENT_NEVER] = "client-never-follows",
	[REASON_NOT_FOLLOWING] = "not-following",
	[REASON_FIRST_ANSWER] = "first-answer",
	[REASON_PROBE] = "probe",
	[REASON_OWN_NODE] = "own-node",
	[REASON_OTHER_NODE] = "other-node",
	[REASON_LAST_NODE] = "last-node",
	[REASON_NO_ADDRESS] = "no-address",
	[REASON_AMPLIFICATION] = "amplification",
};
NAME_FUNCTION(redirect_reason_name, redirect_reason, reasons)

static const char *const verdicts[STRAY_VERDICTS] = {
	[STRAY_NONE] = "none",
	[STRAY_YOURS] = "yours",
	[STRAY_NOBODY] = "nobody",
	[STRAY_OWNED] = "owned",
	[STRAY_DELIVERED] = "delivered",
};
NAME_FUNCTION(stray_verdict_name, stray_verdict, verdicts)

static const char *const defects[SIP_DEFECTS] = {
	[DEFECT_NONE] = "",
	[DEFECT_URI] = "Bad Request-URI",
	[DEFECT_URI_TOO_LONG] = "Request-URI Too Long",
	[DEFECT_CSEQ] = "Bad CSeq",
	[DEFECT_CALL_ID] = "Bad Call-ID",
	[DEFECT_FROM] = "Bad From",
	[DEFECT_TO] = "Bad To",
	[DEFECT_CONTENT_LENGTH] = "Bad Content-Length",
	[DEFECT_MAX_FORWARDS] = "Bad Max-Forwards",
};
NAME_FUNCTION(sip_defect_text, sip_defect, defects)

const char *sip_status_text(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 302:
		return "Moved Temporarily";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 414:
		return "Request-URI Too Long";
	case 416:
		return "Unsupported URI Scheme";
	case 420:
		return "Bad Extension";
	case 480:
		return "Temporarily Unavailable";
	case 481:
		return "Call/Transaction Does Not Exist";
	case 483:
		return "Too Many Hops";
	case 503:
		return "Service Unavailable";
	default:
		return "Refused";
	}
}

/* Methods are case-sensitive (RFC 3261 7.1). */
enum sip_method sip_method_parse(struct slice name)
{
	for (unsigned i = SIP_METHOD_OTHER + 1; i < SIP_METHODS; i++)
		if (slice_equal(name, slice_str(methods[i])))
			return (enum sip_method)i;
	return SIP_METHOD_OTHER;
}

int redirect_methods_parse(uint32_t *out, struct slice list, struct slice *bad)
{
	struct cursor c = cursor_of(list.text, list.len);
	uint32_t bits = 0;

	for (;;) {
		struct slice word = slice_trim(cursor_until(&c, ","));
		enum sip_method method = sip_method_parse(word);

		if (method == SIP_METHOD_OTHER || method == SIP_METHOD_ACK ||
		    method == SIP_METHOD_CANCEL) {
			*bad = word;
			return EINVAL;
		}
		bits |= 1U << method;
		if (!cursor_left(&c))
			break;
		cursor_byte(&c);
	}
	*out = bits;
	return 0;
}
