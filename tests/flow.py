#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A phone is called back through the hole its REGISTER made, by the token in
its Path, and by nothing else.

usage: flow.py BUILD
"""
import re
import sys
import time
from pathlib import Path

from node import Node, namespace, run
from phone import WAIT, Phone
from waiting import until

SERVICE6, OWN6, OTHER6 = "2001:db8:53::53", "2001:db8::11", "2001:db8::12"
PHONES = {4: "127.0.0.7", 6: "2001:db8::7"}
STRANGERS = {4: "127.0.0.8", 6: "2001:db8::8"}


def address(node, where, family=4):
    return ((node.service, node.service6) if where == "service"
            else (node.own, node.own6))[family == 6], 5060


def path_of(node, user):
    dump = node.rpc("ul.dump")
    found = re.search(rf"AoR: {user}\b.*?Path: (\S+)", dump, re.S)
    assert found, dump
    return found.group(1)


def registered(node, user, where, transport="udp", family=4, headers=()):
    """A phone, and the Path that stands in its binding."""
    to = address(node, where, family)
    ua = Phone(PHONES[family], user, node.domain, transport,
               to=to if transport != "udp" else None)
    ua.request("REGISTER", f"sip:{node.domain}", to, to_uri=ua.aor(),
               headers=["Expires: 600", *headers])
    ok = ua.expect(200)
    assert "f1-" not in ok.header("service-route"), ok.text
    assert ok.header("service-route"), ok.text
    return ua, path_of(node, user)


def call(node, ua, routes, family=4, at="own"):
    """Somebody sends a request for this phone with these Routes."""
    caller = Phone(STRANGERS[family], "caller", "example.com")
    caller.request("MESSAGE", ua.uri, address(node, at, family),
                   routes=routes)
    return caller


def a_call_leaves_from_the_socket_its_phone_registered_on(node):
    for family in (4, 6):
        for where in ("service", "own"):
            ua, path = registered(node, "alice", where, family=family)
            # the other nodes' business: in the family they talk in
            assert re.fullmatch(
                rf"<sip:f1-[\w-]+@{re.escape(node.own)}:5060;lr>", path), path
            caller = call(node, ua, [path], family)
            got = ua.expect("MESSAGE")
            assert got.source == address(node, where, family), got.source
            assert not got.header("route"), got.text
            ua.reply(got, 200)
            caller.expect(200)
            caller.close()
            ua.close()
            node.forget("alice")


def a_call_takes_the_connection_its_phone_opened(node):
    for family in (4, 6):
        for where in ("service", "own"):
            ua, path = registered(node, "alice", where, "tcp", family)
            assert "transport" not in path, path
            caller = call(node, ua, [path], family)
            got = ua.expect("MESSAGE")
            ua.reply(got, 200)
            caller.expect(200)
            caller.close()
            ua.close()
            node.forget("alice")


def a_flow_that_is_gone_is_430(node):
    before = node.stat("anycast:event_flow_gone")
    ua, path = registered(node, "alice", "service", "tcp")
    other = Phone(PHONES[4], "bob", node.domain, "tcp",
                  to=address(node, "service"))
    ua.close()
    until("the connection gone",
          lambda: str(ua.port) not in node.rpc("core.tcp_list"))
    caller = call(node, ua, [path])
    caller.expect(430)
    assert node.stat("anycast:event_flow_gone") == before + 1
    other.expect_nothing()      # no new connection, no other one
    caller.close()
    other.close()


def only_a_token_of_this_node_is_believed(node):
    ua, path = registered(node, "alice", "service")
    token = re.search(r"f1-[\w-]+", path).group(0)
    swapped = token[:-1] + ("A" if token[-1] != "A" else "Q")
    forged = node.stat("anycast:flow_forged")
    malformed = node.stat("anycast:flow_malformed")
    for user, status in ((swapped, 403), ("f1-AAAA", 403),
                         ("f1-!", 403), ("bob", 404)):
        caller = call(node, ua, [path.replace(token, user)])
        caller.expect(status)
        caller.close()
    assert node.stat("anycast:flow_forged") \
        + node.stat("anycast:flow_malformed") == forged + malformed + 3
    for routes in ([], [path.replace(node.own, node.listed["other"])],
                   [path.replace(node.own, "192.0.2.99")]):
        caller = call(node, ua, routes)
        # the other node is up as far as anybody knows; it is just not us
        caller.expect(404)
        caller.close()
    ua.expect_nothing()
    ua.close()


def a_phone_that_comes_with_its_own_token_is_not_sent_back_to_itself(node):
    ua, path = registered(node, "alice", "service")
    ua.request("MESSAGE", "sip:x@example.com", address(node, "service"),
               routes=[path])
    ua.expect(404)
    ua.close()


def a_client_cannot_bring_a_path(node):
    before = node.stat("anycast:event_path_removed")
    ua, path = registered(
        node, "alice", "service",
        headers=["Path: <sip:evil@192.0.2.1;lr>", "Supported: path",
                 "Path: <sip:worse@192.0.2.2;lr>,<sip:x@192.0.2.3;lr>"])
    assert "192.0.2" not in node.rpc("ul.dump"), path
    assert path.count("<") == 1, path
    assert node.stat("anycast:event_path_removed") == before + 2
    ua.close()


def a_token_outlives_a_new_secret_while_the_old_one_is_set(node):
    ua, path = registered(node, "alice", "service")
    site = node.dir / "site.conf"
    text = site.read_text()
    (node.dir / "new").write_text("another secret of the tests\n")
    rotated = text.replace("secret = file:secret",
                           "secret = file:new\nprevious-secret = file:secret")
    new = text.replace("file:secret", "file:new")
    # without a word of the old one it is gone; taken out later, it is still
    # read for some minutes
    for content, status in ((new, 403), (text, 200), (rotated, 200), (new, 200),
                            (text, 200)):
        site.write_text(content)
        node.rpc("anycast.reload")
        caller = call(node, ua, [path])
        if status == 200:
            ua.reply(ua.expect("MESSAGE"), 200)
        caller.expect(status)
        caller.close()
    ua.close()


def a_dead_node_is_no_next_hop(node):
    before = node.stat("anycast:event_next_dead")
    other = node.listed["other"].split(",")[0]

    def status(uri):
        caller = Phone(PHONES[4], "caller", "example.com")
        caller.request("MESSAGE", uri, address(node, "own"))
        msg = caller._next(time.monotonic() + WAIT)
        caller.close()
        assert msg, "no answer"
        return msg.status

    assert status(f"sip:x@{other}") == 404
    for state, expected in (("down", 480), ("disabled", 404),
                            ("draining", 404), ("up", 404)):
        (node.dir / "state.new").write_text(
            f"sip-anycast-state 1\nself fra1 up\nnode ams1 {state} "
            f"{time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000}\n")
        (node.dir / "state.new").rename(node.dir / "node.state")
        until(f"{expected} for {state}",
              lambda s=expected: status(f"sip:x@{other}") == s)
        assert status("sip:x@192.0.2.1") == 404
        assert status(f"sip:x@{node.own}") == 404
    assert node.stat("anycast:event_next_dead") > before


TESTS = [
    a_call_leaves_from_the_socket_its_phone_registered_on,
    a_call_takes_the_connection_its_phone_opened,
    a_flow_that_is_gone_is_430,
    only_a_token_of_this_node_is_believed,
    a_phone_that_comes_with_its_own_token_is_not_sent_back_to_itself,
    a_client_cannot_bring_a_path,
    a_token_outlives_a_new_secret_while_the_old_one_is_set,
    a_dead_node_is_no_next_hop,
]

if __name__ == "__main__":
    namespace(SERVICE6, OWN6, OTHER6, PHONES[6], STRANGERS[6])
    run(TESTS, Node(sys.argv[1], cfg=Path(__file__).parent / "flow.cfg",
                    service=f"127.0.53.53, {SERVICE6}",
                    own=f"127.0.53.11, {OWN6}",
                    other=f"127.0.53.12, {OTHER6}"))
