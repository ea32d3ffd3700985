// SPDX-License-Identifier: GPL-2.0-or-later
// The routes of a node as a KEMI script.

function ksr_request_route()
{
	if (KSR.anycast.redirect() > 0)
		return;
	if (KSR.is_ACK())
		return;
	if (!KSR.is_INVITE()) {
		KSR.sl.sl_send_reply(404, "Not Here");
		return;
	}
	KSR.hdr.append("X-Served: " + KSR.pv.get("$anycast(node)") + " " +
		       KSR.pv.get("$anycast(action)") + " " +
		       KSR.pv.get("$anycast(reason)") + "\r\n");
	KSR.pv.sets("$du", "sip:203.0.113.80:5080");
	KSR.anycast.pin();
	KSR.tm.t_relay();
}

function ksr_xhttp_event(name)
{
	KSR.anycast.http_redirect();
}
