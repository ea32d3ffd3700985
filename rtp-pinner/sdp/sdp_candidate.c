/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates of ICE: RFC 8839 5.1 (text), RFC 8445 5.1.2.1 (priority). */
#include <stdio.h>

#include "rtp-pinner/sdp/sdp.h"
#include "rtp-pinner/sdp/sdp_priv.h"

#include "common/cursor.h"

bool sdp_candidate_read(struct sdp_candidate *out, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice foundation = sdp_word(&c);
	struct slice component = sdp_word(&c);
	struct slice transport = sdp_word(&c);
	struct slice priority = sdp_word(&c);
	struct slice address = sdp_word(&c);
	struct slice port = sdp_word(&c);
	uint32_t component_id, port_number;

	if (!foundation.len || !priority.len ||
	    !sdp_number(&component_id, component, 256) ||
	    !sdp_number(&port_number, port, UINT16_MAX))
		return false;
	*out = (struct sdp_candidate){
		.component = component_id,
		.udp = slice_case_equal(transport, slice_str("UDP")),
		.addr = sdp_addr_read(address),
		.port = (uint16_t)port_number,
	};
	return true;
}

static uint32_t host_priority(unsigned component, unsigned family_index)
{
	uint32_t host = 126, local = 65535 - family_index;

	return host << 24 | local << 8 | (256 - component);
}

size_t sdp_candidate_format(char out[static SDP_CANDIDATE_TEXT_MAX],
			    unsigned component, unsigned family_index,
			    const struct addr *addr, uint16_t port)
{
	char text[ADDR_TEXT_MAX];
	int len;

	addr_format(text, addr);
	len = snprintf(out, SDP_CANDIDATE_TEXT_MAX,
		       "a=candidate:%u %u UDP %u %s %u typ host",
		       family_index + 1, component,
		       (unsigned)host_priority(component, family_index), text,
		       port);
	return len < 0 ? 0 : (size_t)len;
}
