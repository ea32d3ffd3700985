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
	// one node, no Route: go on, alive, no token
	KSR.hdr.append("X-Strays: " + KSR.anycast.claim() + " " +
		       KSR.anycast.next_alive() + " " +
		       KSR.anycast.route_flow() + " " +
		       KSR.pv.get("$anycast(stray)") + "\r\n");
	// no node's, and on a service address; signed, as our own would be
	KSR.hdr.append("X-Peers: " + KSR.anycast.peer_check() + " " +
		       KSR.anycast.peer_sign() + "\r\n");
	KSR.pv.sets("$du", "sip:203.0.113.80:5080");
	KSR.anycast.pin();
	KSR.tm.t_relay();
}

// A response to nothing: no other node is there it could go to.
function ksr_reply_route()
{
	if (KSR.tm.t_check_trans() <= 0)
		KSR.anycast.pass_reply();
	return 1;
}

function ksr_xhttp_event(name)
{
	KSR.anycast.http_redirect();
}
