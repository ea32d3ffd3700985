#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""redirect-only.cfg: a front beside a server that owns the node address.

usage: front-only.py BUILD
"""
import sys

from calls import OUTSIDE, SDP, at_service
from node import Node, namespace, run
from phone import Phone


def caller():
    return Phone(OUTSIDE, "trunk", "example.com")


def all_requests_are_redirected(node):
    for method in ("INVITE", "REGISTER", "SUBSCRIBE", "MESSAGE"):
        trunk = caller()
        call = trunk.request(method, f"sip:bob@{node.domain}",
                             at_service(node))
        moved = trunk.expect(302)
        assert f"@{node.own}" in moved.contact() or method == "REGISTER", \
            moved.text
        assert not moved.header("server"), moved.text
        if method == "INVITE":
            trunk.ack(call, moved)
            trunk.expect_nothing()
        trunk.close()


def it_passes_nothing_to_other_nodes(node):
    assert "active: no" in node.rpc("anycast.strays")
    assert "anycast strays" not in node.rpc("core.psx")


def what_names_the_node_goes_on_to_it(node):
    """A client with the front as its outbound proxy."""
    pbx = Phone(node.own, "pbx", node.domain, port=5060)
    trunk = caller()
    uri = f"sip:bob@{node.own}"
    call = trunk.request("INVITE", uri, at_service(node), body=SDP)
    invite = pbx.expect("INVITE")
    pbx.reply(invite, 180, tag="pbx")
    trunk.expect(180)
    trunk.request("CANCEL", uri, at_service(node), call_id=call["call_id"],
                  from_uri=call["from_uri"], from_tag=call["from_tag"],
                  branch=call["branch"])
    trunk.expect(200)
    pbx.reply(pbx.expect("CANCEL"), 200)
    pbx.reply(invite, 487, tag="pbx")
    pbx.expect("ACK")
    trunk.ack(call, trunk.expect(487))
    trunk.expect_nothing()
    pbx.close()
    trunk.close()


def a_repeated_request_changes_nothing(node):
    """RFC 3261 17.2.1: tm answers it again; 403 would end a ringing call."""
    pbx = Phone(node.own, "pbx", node.domain, port=5060)
    trunk = caller()
    uri = f"sip:bob@{node.own}"
    call = trunk.request("INVITE", uri, at_service(node), body=SDP)
    invite = pbx.expect("INVITE")
    pbx.reply(invite, 180, tag="pbx")
    trunk.expect(180)
    trunk.request("INVITE", uri, at_service(node), body=SDP,
                  call_id=call["call_id"], from_tag=call["from_tag"],
                  branch=call["branch"])
    trunk.expect(180)
    pbx.reply(invite, 486, tag="pbx")
    pbx.expect("ACK")
    trunk.ack(call, trunk.expect(486))
    trunk.expect_nothing()
    # RFC 3261 9.2: a CANCEL of nothing
    trunk.request("CANCEL", uri, at_service(node))
    trunk.expect(481)
    pbx.close()
    trunk.close()


def nothing_else_goes_anywhere(node):
    victim = Phone(OUTSIDE, "victim", "example.com")
    away = f"sip:victim@{OUTSIDE}:{victim.port}"
    for uri, routes in ((away, []),
                        (f"sip:bob@{node.own}", [f"<{away};lr>"]),
                        (away, [f"<sip:{node.own};lr>"])):
        trunk = caller()
        trunk.request("INVITE", uri, at_service(node), routes=routes)
        trunk.expect(403)
        trunk.close()
    victim.expect_nothing()
    assert node.stat("script:serve_refused") == 3
    victim.close()


TESTS = [
    all_requests_are_redirected,
    it_passes_nothing_to_other_nodes,
    what_names_the_node_goes_on_to_it,
    a_repeated_request_changes_nothing,
    nothing_else_goes_anywhere,
]

if __name__ == "__main__":
    namespace(OUTSIDE)
    run(TESTS, Node(sys.argv[1], cfg="redirect-only.cfg"))
