# SPDX-License-Identifier: GPL-2.0-or-later
"""calls.py - what phones do in more than one test: register, ring, talk, hang up"""
from node import PASSWORDS
from phone import Phone

OUTSIDE = "192.0.2.66"      # a stranger's address, in the namespace only
SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
       "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")


def at_node(node):
    return (node.own, 5060)


def at_service(node):
    return (node.service, 5060)


def phone(node, user, ip="127.0.0.1", **options):
    return Phone(ip, user, node.domain, **options)


def registered(node, user, where=None, **options):
    ua = phone(node, user, options.pop("ip", "127.0.0.1"))
    ua.register(where or at_node(node), PASSWORDS[user], **options)
    return ua


def ring(node, caller, callee, password, **options):
    """An INVITE through the node as far as 180: call, INVITE seen, tag."""
    uri = f"sip:{callee.user}@{node.own}"
    call = caller.request_with_password("INVITE", uri, at_node(node), password,
                                        body=SDP, **options)
    invite = callee.expect("INVITE")
    callee.reply(invite, 180, tag="callee")
    return call, invite, caller.expect(180)


def talk(caller, callee, call, invite):
    """From 180 to an ACKed 200: the 200 and the ACK seen."""
    callee.reply(invite, 200, tag="callee", contact=callee.uri)
    ok = caller.expect(200)
    in_dialog(caller, "ACK", call, ok)
    return ok, callee.expect("ACK")


def routes_of(reply):
    """The route set of the caller: Record-Route upside down (12.1.2)."""
    return [r.strip() for v in reply.all("record-route")
            for r in v.split(",")][::-1]


def in_dialog(caller, method, call, ok, *, cseq=None, routes=None,
              call_id=None, uri=None, to=None, headers=()):
    routes = routes_of(ok) if routes is None else routes
    return caller.request(
        method, uri or ok.contact(), to or call["to"],
        call_id=call_id or call["call_id"], cseq=cseq or call["cseq"],
        from_uri=call["from_uri"], from_tag=call["from_tag"],
        to_uri=call["to_uri"], to_tag=ok.tag("to"), routes=routes,
        headers=headers)


def talk_on(caller, callee, call, ok):
    """The caller's re-INVITE arrives, is answered and ACKed."""
    in_dialog(caller, "INVITE", call, ok, cseq=50)
    callee.reply(callee.expect("INVITE"), 200)
    caller.expect(200)
    in_dialog(caller, "ACK", call, ok, cseq=50)
    callee.expect("ACK")


def bye_from_callee(callee, invite, to, tag="callee"):
    return from_callee(callee, "BYE", invite, to, tag)


def from_callee(callee, method, invite, to, tag="callee", **options):
    routes = [r.strip() for v in invite.all("record-route")
              for r in v.split(",")]
    return callee.request(
        method, invite.contact(), to, call_id=invite.header("call-id"),
        cseq=77, from_uri=invite.header("to").strip("<>"), from_tag=tag,
        to_uri=invite.header("from").split(">")[0].strip("<"),
        to_tag=invite.tag("from"), routes=routes, **options)
