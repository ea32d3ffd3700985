/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dprint.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_content.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_peer.h"
#include "kamailio-module/anycast_pin.h"
#include "kamailio-module/anycast_site.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/peersig.h"

/* Slices into the message as it came or will go; -1 when it has not even the
 * header fields.
 */
static int read_request(struct peersig_request *out, struct sip_msg *msg)
{
	const char *body;

	if(msg->first_line.type != SIP_REQUEST
			|| parse_headers(msg, HDR_EOH_F, 0) < 0 || msg->from == NULL
			|| msg->callid == NULL || msg->cseq == NULL)
		return -1;
	body = get_body(msg);
	*out = (struct peersig_request){
			.method = slice_of_str(&msg->first_line.u.request.method),
			.uri = slice_of_str(&msg->first_line.u.request.uri),
			.from = slice_of_str(&msg->from->body),
			.call_id = slice_of_str(&msg->callid->body),
			.cseq = slice_of_str(&msg->cseq->body),
	};
	if(body)
		out->body = slice_of(body, (size_t)(msg->buf + msg->len - body));
	return 0;
}

int anycast_peer_sign(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	char text[PEERSIG_VALUE_MAX];
	struct peersig_request req;
	size_t len;

	if(view == NULL || read_request(&req, msg) < 0) {
		LM_ERR("cannot sign a request for another node\n");
		return -1;
	}
	len = peersig_format(text, view->site, slice_str(anycast_site_node()),
			&req, clock_wall_s());
	if(!len
			|| anycast_insert_header(msg, PEERSIG_HEADER, slice_of(text, len))
					   < 0)
		return -1;
	anycast_count(EVENT_PEER_SIGNED);
	return 1;
}

/* The only one there is: two are no signature at all. */
static struct slice find_header(const struct sip_msg *msg)
{
	struct slice name = slice_str(PEERSIG_HEADER);
	struct slice value = {0};

	for(const struct hdr_field *h = msg->headers; h; h = h->next) {
		if(!slice_case_equal(slice_of_str(&h->name), name))
			continue;
		if(value.text)
			return slice_str("twice");
		value = slice_of_str(&h->body);
	}
	return value;
}

static bool on_service(const struct sip_msg *msg, const struct site *site)
{
	struct addr local = addr_of_ip(&msg->rcv.dst_ip);

	return addr_equal(&local, &site->ip4) || addr_equal(&local, &site->ip6);
}

int anycast_peer_check(struct sip_msg *msg)
{
	static const enum anycast_event events[PEERSIG_VERDICTS] = {
			[PEERSIG_VALID] = EVENT_PEER_VALID,
			[PEERSIG_MISSING] = EVENT_PEER_MISSING,
			[PEERSIG_MALFORMED] = EVENT_PEER_MALFORMED,
			[PEERSIG_OWN] = EVENT_PEER_OWN,
			[PEERSIG_STALE] = EVENT_PEER_STALE,
			[PEERSIG_FORGED] = EVENT_PEER_FORGED,
	};
	const struct anycast_view *view = anycast_site_view();
	enum peersig_verdict verdict = PEERSIG_MALFORMED;
	struct peersig_request req;
	struct slice signer = {0};

	if(view == NULL)
		return -1;
	if(on_service(msg, view->site)) {
		anycast_count(EVENT_PEER_ON_SERVICE);
		return -1;
	}
	if(read_request(&req, msg) == 0)
		verdict = peersig_check(&signer, find_header(msg), view->site,
				slice_str(anycast_site_node()), &req, clock_wall_s());
	anycast_count(events[verdict]);
	if(verdict != PEERSIG_VALID)
		return -1;
	anycast_site_heard(nodes_find(view->nodes, signer));
	return 1;
}
