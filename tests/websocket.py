#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Phones over WebSocket at the shipped kamailio.cfg: handshakes that are refused,
registrations, calls in each direction, connections that close.

usage: websocket.py BUILD
"""
import contextlib
import re
import sys
import time

from calls import SDP, at_node, bye_from_callee, in_dialog, phone, \
    registered, talk
from node import PASSWORDS, Node, namespace, run, skip
from waiting import until
from wsphone import WsPhone, connect, handshake

HTTP, HTTPS = 8080, 8443
SIX = "2001:db8:c::10"                  # a browser's
WEB = "https://phones.example.org"      # of the setting


def asked(node, change=(), address=None, **options):
    with contextlib.closing(connect((address or node.own, HTTP))) as sock:
        return handshake(sock, address or node.own, change, **options)


def counts(node, *names):
    return [node.stat(f"script:{name}") for name in names]


def log_of(node):
    """But that ams1 is not there, which it says every few seconds."""
    text = (node.dir / "log").read_text(errors="replace")
    return [line for line in text.splitlines()
            if "not deleting notification peer" not in line]


def ws(node, user, address=None, port=HTTP, **options):
    if ":" in (address or ""):
        options["ip"] = SIX
    return WsPhone(user, node.domain, (address or node.own, port), **options)


def wss(node, user, address=None):
    return ws(node, user, address, HTTPS, authority=str(node.dir / "node.crt"),
              name=f"fra1.{node.domain}")


def ws_registered(node, user, make=ws, address=None):
    browser = make(node, user, address)
    browser.register(None, PASSWORDS[user])
    return browser


def binding(node, user):
    """What usrloc has of the only binding of the user."""
    text = node.rpc("ul.lookup", "location", user)
    return dict(re.findall(r"(?m)^\s*(\S+): (\S+)$", text))


# --- handshakes

def a_handshake_that_is_not_right_is_refused(node):
    rows = [
        (400, {"Connection": "close"}),
        (400, {"Connection": None}),
        (400, {"Sec-WebSocket-Key": None}),
        (400, {"Sec-WebSocket-Key": "short"}),
        (400, {"Sec-WebSocket-Key": "A" * 4000 + "=="}),
        (400, {"Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ=="] * 2}),
        (400, {"Sec-WebSocket-Protocol": None}),
        (400, {"Sec-WebSocket-Protocol": "msrp"}),
        (400, {"Sec-WebSocket-Protocol": "sips, xsip"}),
        (426, {"Sec-WebSocket-Version": "8"}),
        (426, {"Sec-WebSocket-Version": None}),
        (426, {"Sec-WebSocket-Version": ["13", "8"]}),
    ]
    had, = counts(node, "websocket_refused")
    log = log_of(node)
    for address in (node.own, node.service):
        for wanted, change in rows:
            status, head = asked(node, change, address)
            assert status == wanted, (address, change, head)
            assert wanted != 426 or "Sec-WebSocket-Version: 13\r\n" in head
    now, = counts(node, "websocket_refused")
    assert now - had == 2 * len(rows), (had, now)
    assert log_of(node) == log, "strangers write into the log"
    status, head = asked(node, {"Sec-WebSocket-Protocol": ["chat", "sip"]})
    assert status == 101, head


def a_page_from_elsewhere_is_refused(node):
    own = [f"http://{node.own}", f"http://{node.own}:8080",
           f"http://{node.service}", f"https://{node.domain}",
           f"https://fra1.{node.domain}", f"https://ams1.{node.domain}",
           f"https://a.b.{node.domain}:8443", WEB]
    strange = ["null", "https://evil.example", "https://192.0.2.66",
               f"https://evil{node.domain}", f"https://{node.domain}.evil.example",
               f"https://evil.example/{node.domain}", f"ftp://{node.domain}",
               f"https://evil.example#.{node.domain}", f"{WEB}.evil.example",
               f"https://evil.example:80.{node.domain}", "https://",
               f"https://user@{node.own}", "http://[::1",
               "https://" + "a" * 3000 + ".evil.example"]
    had, = counts(node, "websocket_origin_refused")
    for origin in own:
        status, head = asked(node, {"Origin": origin})
        assert status == 101, (origin, head)
    for origin in strange:
        status, head = asked(node, {"Origin": origin})
        assert status == 403, (origin, head)
    status, head = asked(node, {"Origin": [own[0], "https://evil.example"]})
    assert status == 403, head
    now, = counts(node, "websocket_origin_refused")
    assert now - had == len(strange) + 1, (had, now)


def the_service_address_redirects_pages_and_serves_websockets(node):
    had = node.stat("anycast:http_websocket")
    assert asked(node, {}, node.service)[0] == 101
    assert node.stat("anycast:http_websocket") == had + 1
    for change, method in (({"Upgrade": None}, "GET"), ({}, "POST")):
        status, head = asked(node, change, node.service, method=method)
        assert status in (302, 307), head
        assert f"Location: http://{node.own}:8080/ws\r\n" in head, head
    assert asked(node, {"Upgrade": None})[0] == 404     # on the node address


def frames_that_are_none_cost_their_own_connection(node):
    other = ws_registered(node, "bob")
    for payload, options in ((b"x", {"masked": False}), (b"x", {"first": 0xf0})):
        browser = ws(node, "alice")
        browser.frame(1, payload, **options)
        end = browser.next_frame(time.monotonic() + 4)
        assert end and end[0] in (0, 8), end
    other.register(None, PASSWORDS["bob"])      # is still served


# --- registrations and calls

def a_browser_registers_with_a_contact_that_does_not_exist(node):
    for make, transport, socket in ((ws, "ws", f"tcp:{node.own}:{HTTP}"),
                                    (wss, "ws", f"tls:{node.own}:{HTTPS}")):
        browser = ws_registered(node, "alice", make)
        has = binding(node, "alice")
        assert has["Socket"] == socket, has
        assert has["Received"] == f"sip:127.0.0.1:{browser.port};" \
            f"transport={transport}", has
        node.forget("alice")


def call(node, caller, callee, to=None):
    """Set up and ACKed: the call, the INVITE as it arrived, the 200."""
    asked_for = caller.request_with_password(
        "INVITE", f"sip:{callee.user}@{node.domain}", to,
        PASSWORDS[caller.user], body=SDP)
    invite = callee.expect("INVITE")
    callee.reply(invite, 180, tag="callee")
    caller.expect(180)
    ok, _ = talk(caller, callee, asked_for, invite)
    return asked_for, invite, ok


def ended_by_both(node, caller, callee, to=None):
    """Two calls: the caller hangs up one, the callee the other."""
    asked_for, invite, ok = call(node, caller, callee, to)
    in_dialog(caller, "BYE", asked_for, ok, cseq=asked_for["cseq"] + 1)
    callee.reply(callee.expect("BYE"), 200)
    caller.expect(200)
    asked_for, invite, ok = call(node, caller, callee, to)
    bye_from_callee(callee, invite, invite.source)
    caller.reply(caller.expect("BYE"), 200)
    callee.expect(200)
    return invite, ok


def calls_go_in_each_direction(node):
    for make, via, route in (
            (ws, f"WS {node.own}:{HTTP}",
             f"<sip:{node.own}:5060;transport=tcp"),
            (wss, f"WSS {node.own}:{HTTPS}",
             f"<sip:fra1.{node.domain}:5061;transport=tls")):
        browser = ws_registered(node, "alice", make)
        desk = registered(node, "bob")
        invite, ok = ended_by_both(node, browser, desk, at_node(node))
        assert invite.source == (node.own, 5060), invite.source
        routes = " ".join(ok.all("record-route"))
        assert f"<sip:{node.own}:5060;" in routes, routes
        # which other nodes can reach, as they cannot a WebSocket
        assert f"{route};" in routes and ";r2=on" in routes, routes
        invite, _ = ended_by_both(node, desk, browser, at_node(node))
        # Kamailio 5.6 writes two spaces there
        assert " ".join(invite.header("via").split()).startswith(
            f"SIP/2.0/{via};"), invite.text
        other = ws_registered(node, "carol", ws)
        ended_by_both(node, browser, other)
        ended_by_both(node, other, browser)
        node.forget()


def a_browser_at_the_service_address_is_called_from_there(node):
    for make, port in ((ws, HTTP), (wss, HTTPS)):
        browser = ws_registered(node, "alice", make, node.service)
        desk = registered(node, "bob")
        assert binding(node, "alice")["Socket"].endswith(
            f"{node.service}:{port}"), binding(node, "alice")
        invite, _ = ended_by_both(node, desk, browser, at_node(node))
        assert f"{node.service}:{port}" in invite.header("via"), invite.text
        ended_by_both(node, browser, desk)
        node.forget()


def over_ipv6_it_is_the_same(node):
    desk = registered(node, "bob")
    for make, port in ((ws, HTTP), (wss, HTTPS)):
        for address in (node.own6, node.service6):
            browser = ws_registered(node, "alice", make, address)
            assert binding(node, "alice")["Socket"].endswith(
                f"[{address}]:{port}"), binding(node, "alice")
            ended_by_both(node, browser, desk)
            ended_by_both(node, desk, browser, at_node(node))
            asked_for, _, ok = call(node, desk, browser, at_node(node))
            closed(node, browser)
            in_dialog(desk, "BYE", asked_for, ok, cseq=asked_for["cseq"] + 1)
            desk.expect(430)
            node.forget("alice")


def a_cancelled_call_stops_ringing_in_the_browser(node):
    browser, desk = ws_registered(node, "alice"), registered(node, "bob")
    asked_for = desk.request_with_password(
        "INVITE", f"sip:alice@{node.domain}", at_node(node), PASSWORDS["bob"],
        body=SDP)
    invite = browser.expect("INVITE")
    browser.reply(invite, 180, tag="callee")
    desk.expect(180)
    desk.request("CANCEL", asked_for["uri"], at_node(node),
                 call_id=asked_for["call_id"], cseq=asked_for["cseq"],
                 from_uri=asked_for["from_uri"],
                 from_tag=asked_for["from_tag"], branch=asked_for["branch"])
    desk.expect(200)
    browser.reply(browser.expect("CANCEL"), 200, tag="callee")
    browser.reply(invite, 487, "Request Terminated", tag="callee")
    desk.ack(asked_for, desk.expect(487))
    browser.expect("ACK")


# --- connections that end

def asked_about(node, user, callee=None):
    """The answer to an OPTIONS for the user, None without one; callee: the
    phone that gives it."""
    with contextlib.closing(phone(node, "carol")) as caller:
        caller.request_with_password(
            "OPTIONS", f"sip:{user}@{node.domain}", at_node(node),
            PASSWORDS["carol"])
        if callee:
            callee.reply(callee.expect("OPTIONS"), 200, tag="callee")
        reply = caller._next(   # pylint: disable=protected-access
            time.monotonic() + (4 if callee else 0.2))
        return reply and reply.status


def closed(node, browser):
    browser.close()
    until("the connection is gone", lambda: not re.search(
        rf"\bsrc_port: {browser.port}\b", node.rpc("core.tcp_list")))


def a_closed_browser_is_unavailable_at_once(node):
    browser, desk = ws_registered(node, "alice"), registered(node, "bob")
    asked_for, invite, ok = call(node, desk, browser, at_node(node))
    gone = node.stat("script:websocket_gone")
    closed(node, browser)
    began = time.monotonic()
    in_dialog(desk, "BYE", asked_for, ok, cseq=asked_for["cseq"] + 1)
    desk.expect(430)
    asked_for = desk.request_with_password(
        "INVITE", f"sip:alice@{node.domain}", at_node(node), PASSWORDS["bob"],
        body=SDP)
    reply = desk.expect(480)
    desk.ack(asked_for, reply)
    took = time.monotonic() - began
    # not after fr_timer, 10 s
    assert took < 5, f"480 after {took:.1f} s"
    assert node.stat("script:websocket_gone") == gone + 1
    wrong = [line for line in log_of(node)
             if "ERROR" in line or "CRITICAL" in line]
    assert not wrong, wrong


def who_answers_no_ping_is_unavailable(node):
    # long enough for this test to answer in time on a busy machine
    node.rpc("cfg.set_now_int", "websocket", "keepalive_timeout", "3")
    try:
        alive, dead = ws_registered(node, "bob"), ws_registered(node, "alice")
        dead.answers_pings = False

        def forgotten():
            dead.next_frame(time.monotonic() + 0.1)
            alive.expect_nothing(0.1)       # and its pings are answered
            return f":{dead.port} " not in node.rpc("ws.dump")
        assert f":{dead.port} " in node.rpc("ws.dump"), node.rpc("ws.dump")
        until("the end of who answers no ping", forgotten, 40)
        assert asked_about(node, "alice") == 480
        assert dead.pings, "nobody has asked"
        assert alive.pings and asked_about(node, "bob", alive) == 200
    finally:
        node.rpc("cfg.set_now_int", "websocket", "keepalive_timeout", "20")


TESTS = [a_handshake_that_is_not_right_is_refused,
         a_page_from_elsewhere_is_refused,
         the_service_address_redirects_pages_and_serves_websockets,
         frames_that_are_none_cost_their_own_connection,
         a_browser_registers_with_a_contact_that_does_not_exist,
         calls_go_in_each_direction,
         a_browser_at_the_service_address_is_called_from_there,
         over_ipv6_it_is_the_same,
         a_cancelled_call_stops_ringing_in_the_browser,
         a_closed_browser_is_unavailable_at_once,
         who_answers_no_ping_is_unavailable]


def main():
    namespace("2001:db8:53::53", "2001:db8:1::11", SIX)
    node = Node(sys.argv[1], service="127.0.53.53, 2001:db8:53::53",
                own="127.0.53.11, 2001:db8:1::11",
                other="127.0.53.12, 2001:db8:2::11",
                site=f"tls = yes\nhttps-port = {HTTPS}\n",
                defines=["WITH_WEBSOCKET",
                         'WS_ORIGINS="^https://phones[.]example[.]org$"'])
    fault = node.check()
    if "websocket.so" in fault:
        node.remove()
        skip("Kamailio has no module websocket (scripts/setup run)")
    node.make_certificate()
    run(TESTS, node)


main()
