#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a registrar is sent by those who wish it ill: contacts by the hundred,
headers of 64 kB, routes that lead to others, phones that are the registrar
itself, floods.  Refused or ignored, counted, and nobody else notices.

usage: bad-registers.py BUILD
"""
import re
import sys
import time

from calls import (OUTSIDE, SDP, at_node, at_service, phone, registered)
from node import PASSWORDS, Node, namespace, run
from phone import Phone, fresh
from unbroken import Counters, Unbroken, anonymous, contacts, shared_memory
from waiting import until

MIB = 1 << 20


def attempt(node, ua, contact_lines, *, to=None, want=(400, 503), more=()):
    """A REGISTER with the password whose Contact headers are these lines."""
    uri, where = f"sip:{node.domain}", to or at_node(node)
    tag, call_id = fresh("tag"), fresh("call")
    for cseq, auth in ((1, ()), (2, None)):
        if auth is None:
            auth = [ua.digest("REGISTER", uri, challenge,
                              PASSWORDS[ua.user])]
        send_register(ua, uri, where, tag, call_id, cseq,
                      [*contact_lines, *more, *auth])
        got = answer_of(ua, cseq)
        if cseq == 1 and got.status == 401:
            challenge = got
            continue
        assert got.status in want, f"{want} expected, came:\n{got.text}"
        ua.expect_nothing(0.01)
        return got
    raise AssertionError("not reached")


def send_register(ua, uri, where, tag, call_id, cseq, lines):
    head = [f"REGISTER {uri} SIP/2.0",
            f"Via: SIP/2.0/{ua.transport.upper()} {ua.host}:{ua.port};rport;"
            f"branch={fresh('z9hG4bK')}",
            # never the same, as no count may go by what a phone can choose
            "Max-Forwards: 70", f"From: <{ua.aor()};n={call_id}>;tag={tag}",
            f"To: <{ua.aor()}>", f"Call-ID: {call_id}",
            f"CSeq: {cseq} REGISTER", *lines, "Content-Length: 0"]
    ua.send("\r\n".join(head) + "\r\n\r\n", where)


def answer_of(ua, cseq):
    deadline = time.monotonic() + 4
    while True:
        msg = ua._next(deadline)
        assert msg, "no answer to a REGISTER"
        if msg.is_reply and msg.header("cseq").startswith(f"{cseq} "):
            return msg


class Folding(Phone):
    """All Vias in one line (RFC 3261 7.3.1)."""

    def send(self, text, to=None):
        lines = text.split("\r\n")
        vias = [line[5:] for line in lines if line.startswith("Via: ")]
        rest = [line for line in lines[1:] if not line.startswith("Via: ")]
        super().send("\r\n".join(
            [lines[0], "Via: " + ", ".join(vias), *rest]), to)


def call_from_outside(node, user, kind=Phone, **options):
    stranger = kind(OUTSIDE, "mallory", "example.com")
    stranger.call = stranger.request("INVITE", f"sip:{user}@{node.own}",
                                     at_node(node), body=SDP, **options)
    return stranger


def reached_at_home(node, bob):
    """A call for bob rings bob; the caller's answer is his 486."""
    stranger = call_from_outside(node, "bob")
    invite = bob.expect("INVITE")
    bob.reply(invite, 486, tag="no")
    bob.expect("ACK")
    # or it comes again, to whoever has the port next
    stranger.ack(stranger.call, stranger.expect(486))
    stranger.close()


# --- contacts ----------------------------------------------------------------

def a_hundred_contacts_are_too_many(node):
    watch, alice = Unbroken(node), phone(node, "alice")
    many = ", ".join(f"<sip:alice@192.0.2.{i % 200}:{7000 + i}>"
                     for i in range(100))
    got = attempt(node, alice, [f"Contact: {many}", "Expires: 600"],
                  want=(503,))
    assert not contacts(node, "alice"), got.text
    lines = [f"Contact: <sip:alice@192.0.2.9:{7000 + i}>" for i in range(100)]
    attempt(node, alice, [*lines, "Expires: 600"], want=(503,))
    # one by one: as many as the limit
    for i in range(15):
        attempt(node, alice, [f"Contact: <sip:alice@192.0.2.9:{7000 + i}>",
                              "Expires: 600"], want=(200, 503))
    assert len(contacts(node, "alice")) == 10
    alice.close()
    watch.check()


def a_star_means_all_of_ones_own_and_only_with_zero(node):
    watch, alice = Unbroken(node), phone(node, "alice")
    bob = registered(node, "bob")
    alice.register(at_node(node), PASSWORDS["alice"])
    for lines in (["Contact: *"], ["Contact: *", "Expires: 600"],
                  ["Contact: *;expires=0", "Expires: 1"],
                  ["Contact: *", "Contact: <sip:alice@192.0.2.9>",
                   "Expires: 0"],
                  ["Contact: *, <sip:alice@192.0.2.9>", "Expires: 0"]):
        attempt(node, alice, lines, want=(400,))
        assert len(contacts(node, "alice")) == 1, lines
    attempt(node, alice, ["Contact: *", "Expires: 0"], want=(200,))
    assert not contacts(node, "alice")
    assert len(contacts(node, "bob")) == 1
    reached_at_home(node, bob)
    for ua in (alice, bob):
        ua.close()
    watch.check()


def odd_expiries_stay_within_bounds(node):
    watch, alice = Unbroken(node), phone(node, "alice")
    for expires in ("4294967295", "99999999999999999999", "-1", "1e9", "",
                    "600;x", "\x01", "0x10"):
        node.forget("alice")
        got = attempt(node, alice,
                      [f"Contact: <sip:alice@127.0.0.1:{alice.port}>"
                       f";expires={expires}"], want=(200, 400))
        if got.status == 200:
            for part in got.header("contact").split(";"):
                if part.startswith("expires="):
                    assert 0 < int(part[8:]) <= 600, got.text
        node.forget("alice")
        attempt(node, alice, [f"Contact: <{alice.uri}>",
                              f"Expires: {expires}"], want=(200, 400))
    alice.close()
    watch.check()


def broken_contacts_are_not_stored(node):
    watch, alice = Unbroken(node), phone(node, "alice")
    for value in ("<", "<sip:", "sip:@", "<>", '"', "<sip:alice@>",
                  "<sip:alice@[::1>", "<sip:alice@192.0.2.9:99999>",
                  "<sip:alice@192.0.2.9>;q=7", "<sip:a@b;=;=;=>" + ";" * 500,
                  "<javascript:alert(1)>", "<mailto:a@b.example>",
                  "<tel:+4930>", "<sip:%00%0d%0a@192.0.2.9>",
                  "<sip:" + "a" * 4000 + "@192.0.2.9>",
                  "<sip:alice@" + "a." * 2000 + "example>",
                  "<sip:alice@192.0.2.9>" + ";x=" + "y" * 8000):
        attempt(node, alice, [f"Contact: {value}", "Expires: 600"],
                want=(200, 400, 403, 500, 503))
        assert all(len(c) < 512 for c in contacts(node, "alice")), value
        node.forget("alice")
    alice.close()
    watch.check()


def a_contact_that_is_no_phone_keeps_none_from_ringing(node):
    watch, bob = Unbroken(node), registered(node, "bob")
    other = phone(node, "bob")
    for value in ("javascript:alert(1)", "mailto:a@b.example", "tel:+4930",
                  "sip:bob@192.0.2.9:1;transport=sctp", "sips:bob@192.0.2.9",
                  "sip:bob@nowhere.invalid", "sip:bob@127.0.0.1;maddr=[::1]"):
        attempt(node, other, [f"Contact: <{value}>", "Expires: 600"],
                want=(200, 400))
    stranger = call_from_outside(node, "bob")
    bob.reply(bob.expect("INVITE"), 200, tag="yes")
    stranger.expect(200)
    for ua in (bob, other, stranger):
        ua.close()
    watch.check()


def a_header_of_64_kb_costs_its_sender_alone(node):
    watch, bob = Unbroken(node), registered(node, "bob")
    before = shared_memory(node)
    filler = "Contact: <sip:alice@192.0.2.9>;x=" + "y" * 63000
    for transport in ("udp", "tcp"):
        for where in (at_node(node), at_service(node)):
            ua = phone(node, "alice", transport=transport,
                       to=where if transport == "tcp" else None)
            send_register(ua, f"sip:{node.domain}", where, fresh("tag"),
                          fresh("call"), 1, [filler])
            # it is answered, or not, or hung up on
            try:
                ua._next(time.monotonic() + 0.3)
            except ConnectionError:
                pass
            ua.close()
    ua = phone(node, "alice", transport="tcp", to=at_node(node))
    try:
        ua.send("REGISTER sip:x SIP/2.0\r\nX: " + "z" * 200_000)
        assert ua._next(time.monotonic() + 2) is None
    except ConnectionError:
        pass
    ua.close()
    reached_at_home(node, bob)
    bob.close()
    watch.check()
    assert shared_memory(node) - before < MIB


# --- routes that clients bring ----------------------------------------------

def a_path_of_a_clients_own_is_not_believed(node):
    """Neither stored nor followed, wherever it leads."""
    watch, victim = Unbroken(node), Phone(OUTSIDE, "victim", "example.com")
    away = f"<sip:{OUTSIDE}:{victim.port};lr>"
    for where in (at_node(node), at_service(node)):
        for lines in ([f"Path: {away}"], [f"Path: {away}, <sip:{node.own};lr>"],
                      [f"Path: <sip:{node.own};lr>", f"pAtH : {away}"],
                      [f"Path: <sip:{node.service};lr>, {away}"],
                      ["Path: <sip:" + "x" * 3000 + ";lr>"], ["Path: ,,<"]):
            bob = phone(node, "bob")
            got = attempt(node, bob, [f"Contact: <{bob.uri}>", "Expires: 600",
                                      "Supported: path, outbound", *lines],
                          to=where, want=(200, 400, 403, 420))
            text = node.rpc("ul.dump")
            assert OUTSIDE not in text and "xxxx" not in text, text
            if got.status == 200:
                assert OUTSIDE not in "".join(got.all("path")), got.text
                reached_at_home(node, bob)
            bob.close()
            node.forget("bob")
    victim.expect_nothing(0.2)
    victim.close()
    watch.check()


def a_route_or_service_route_in_a_register_leads_nowhere(node):
    watch, victim = Unbroken(node), Phone(OUTSIDE, "victim", "example.com")
    away = f"<sip:{OUTSIDE}:{victim.port};lr>"
    for where in (at_node(node), at_service(node)):
        for lines in ([f"Route: {away}"], [f"Route: <sip:{node.own};lr>, {away}"],
                      [f"Service-Route: {away}"], [f"Record-Route: {away}"],
                      [f"P-Associated-URI: {away}"]):
            bob = phone(node, "bob")
            got = attempt(node, bob, [f"Contact: <{bob.uri}>", "Expires: 600",
                                      *lines], to=where, want=(200, 400, 403))
            led = got.all("service-route") + got.all("path")
            assert OUTSIDE not in "".join(led), got.text
            assert OUTSIDE not in node.rpc("ul.dump")
            bob.close()
            node.forget("bob")
    victim.expect_nothing(0.2)
    victim.close()
    watch.check()


def a_binding_that_leads_back_to_us_rings_nobody(node):
    """Ten contacts that are the registrar itself would be rung ten by ten,
    each time round (RFC 5393)."""
    watch, alice = Unbroken(node), phone(node, "alice")
    hosts = (node.own, node.service, node.domain, f"fra1.{node.domain}",
             f"{node.own}:5060;transport=udp")
    for i in range(10):
        attempt(node, alice, [f"Contact: <sip:alice@{hosts[i % 5]};n={i}>",
                              "Expires: 600"], want=(200, 400, 403))
    counters = Counters(node, "tmx:UAS_transactions")
    stranger = call_from_outside(node, "alice")
    # 480; or where its REGISTERs came from rings, once for each
    rung, deadline = 0, time.monotonic() + 0.4
    while got := alice._next(deadline):
        if got.method == "ACK":
            continue
        assert got.method == "INVITE" and len(got.all("via")) == 2, got.text
        rung += 1
        alice.reply(got, 486, tag=fresh("no"))
    got = stranger.expect(486 if rung else 480)
    assert not got.header("server") and rung <= 10
    assert counters.rose("tmx:UAS_transactions") <= 1, "it called itself"
    for ua in (alice, stranger):
        ua.close()
    watch.check()


def a_request_that_has_been_here_twice_goes_no_further(node):
    """Over somebody else it comes back as often as Max-Forwards lets it."""
    watch, bob = Unbroken(node), registered(node, "bob")
    counters = Counters(node, "script:loops_refused")

    def via(host):
        return f"Via: SIP/2.0/UDP {host};branch={fresh('z9hG4bK')}"

    for turn, kind in enumerate((Phone, Folding)):
        stranger = call_from_outside(node, "bob", kind, headers=[
            via(node.own), via("192.0.2.9"), via(f"{node.own}:5060")])
        stranger.expect(482)
        counters.check(loops_refused=turn + 1)
        bob.expect_nothing(0.2)
        stranger.close()
        # once is a forwarding that somebody may have asked for
        stranger = call_from_outside(node, "bob", kind,
                                     headers=[via(node.own)])
        bob.reply(bob.expect("INVITE"), 486, tag="no")
        bob.expect("ACK")
        stranger.close()
    bob.close()
    watch.check()


# --- floods ------------------------------------------------------------------

def wrong_passwords_by_the_thousand_take_no_memory(node):
    watch, bob = Unbroken(node), registered(node, "bob")
    before, pages = shared_memory(node), anonymous(node)
    uri, refused = f"sip:{node.domain}", set()
    for i in range(4000):
        ua = FLOODERS[i % len(FLOODERS)]
        user = f"u{i}" if i % 2 else "alice"
        ua.user, ua.domain = user, node.domain
        send_register(ua, uri, at_node(node), "t", fresh("call"), 1, [
            f"Contact: <sip:{user}@192.0.2.9>", "Expires: 600",
            f'Authorization: Digest username="{user}", realm="{node.domain}", '
            f'nonce="YYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYY", uri="{uri}", '
            f'response="{i:032x}", qop=auth, nc=00000001, cnonce="c"'])
        refused |= taken(ua)
    assert refused <= {401, 403}, refused
    reached_at_home(node, bob)
    bob.close()
    watch.check()
    assert contacts(node, "alice") == []
    assert shared_memory(node) - before < MIB, shared_memory(node) - before
    assert anonymous(node) - pages < 1024, anonymous(node) - pages


def one_phone_that_registers_without_end_takes_one_place(node):
    """Ever new contacts, and names in credentials for somebody else: no more
    than the limit, and soon none at all; his neighbours register on."""
    watch = Unbroken(node)
    alice = phone(node, "alice", ip="127.0.0.21")
    bob = registered(node, "bob")
    alice.register(at_node(node), PASSWORDS["alice"])
    before, counted = shared_memory(node), Counters(
        node, "script:registers_refused")
    refused = 0
    for i in range(600):    # sixty a minute are heard
        got = attempt(node, alice, [
            f"Contact: <{alice.uri};n={i}>", "Expires: 600",
            f'Proxy-Authorization: Digest username="x{i}", realm="x", '
            'nonce="x", uri="sip:x", response="x"'], want=(200, 503))
        refused += got.header("retry-after") == "60"
        if refused == 50:
            break
    assert got.status == 503 and refused == 50, f"{refused}:\n{got.text}"
    counted.check(registers_refused=50)
    assert len(contacts(node, "alice")) == 10
    registered(node, "carol").close()
    # the minute over, the next is like it, though its old entry is there still
    entries = re.findall(r"name: (\S+)\s+value: (\d+)", node.rpc(
        "htable.dump", "registers"))
    name = max(entries, key=lambda entry: int(entry[1]))[0]
    node.rpc("htable.setex", "registers", f"s:{name}", "1")

    def again():
        return attempt(node, alice, [f"Contact: <{alice.uri}>",
                                     "Expires: 600"], want=(200, 503)).status

    until("the next minute begins", lambda: again() == 200)
    counted = Counters(node, "script:registers_refused")
    assert {again() for _ in range(120)} == {200, 503}
    counted.check(registers_refused=20)
    assert shared_memory(node) - before < MIB
    reached_at_home(node, bob)
    for ua in (alice, bob):
        ua.close()
    watch.check()


def a_flood_from_one_source_is_cut_off(node):
    """Last but one: this source is ignored from then on."""
    watch, bob = Unbroken(node), registered(node, "bob")
    counters = Counters(node, "script:flood_dropped")
    noisy = phone(node, "alice", ip="127.0.0.99")

    def flooded():
        """The limit is one of packets in two seconds: not all of the first
        flood need be heard within them."""
        for _ in range(3 * node.flood_limit):
            send_register(noisy, f"sip:{node.domain}", at_node(node), "t",
                          fresh("flood"), 1, ["Contact: <sip:alice@192.0.2.9>"])
        return counters.rose("script:flood_dropped")

    until("the flood dropped", flooded)
    until("an answer to others", lambda: answered(node))
    reached_at_home(node, bob)
    for ua in (noisy, bob):
        ua.close()
    watch.check()


def calls_without_end_use_up_no_more_than_there_is(node):
    """Strangers' INVITEs for a phone that never answers, until the shared
    memory is short: refused then, and when it is over all is as before."""
    watch, bob = Unbroken(node), registered(node, "bob")
    counted = Counters(node, "script:memory_refused")
    for timer in ("fr_timer", "wt_timer"):
        node.rpc("cfg.set_now_int", "tm", timer, "4000")
    before, statuses = shared_memory(node), set()
    body = SDP + "a=x:" + "y" * 12000 + "\r\n"
    for round_number in range(40):
        for ua in FLOODERS:
            ua.request("INVITE", f"sip:bob@{node.own}", at_node(node),
                       body=body, from_uri="sip:m@example.com")
            statuses |= taken(ua)
        drain(bob)
        if round_number > 1 and counted.rose("script:memory_refused") > 400:
            break
    assert 503 in statuses, f"memory did not end: {statuses}"
    assert 500 not in statuses, "memory was gone"
    counted.check(memory_refused=1)
    until("the memory back", lambda: shared_memory(node) - before < MIB, 20)
    node.forget("bob")
    bob.close()
    bob = registered(node, "bob")
    reached_at_home(node, bob)
    bob.close()
    watch.check()


def answered(node):
    """Does a stranger get an answer?  What came before has been read then."""
    ua = Phone(OUTSIDE, "mallory", "example.com")
    ua.request("OPTIONS", f"sip:{node.own}", at_node(node))
    got = ua._next(time.monotonic() + 0.2)
    ua.close()
    return got and got.status == 200


def taken(ua):
    """The statuses of what comes now."""
    got = set()
    while True:
        msg = ua._next(time.monotonic() + 0.05)
        if not msg:
            return got
        got.add(msg.status)
        if msg.status >= 100:
            return got


def drain(ua):
    ua.sock.setblocking(False)
    try:
        while ua.sock.recv(65535):
            pass
    except BlockingIOError:
        pass


FLOODERS = []

TESTS = [
    a_hundred_contacts_are_too_many,
    a_star_means_all_of_ones_own_and_only_with_zero,
    odd_expiries_stay_within_bounds,
    broken_contacts_are_not_stored,
    a_contact_that_is_no_phone_keeps_none_from_ringing,
    a_header_of_64_kb_costs_its_sender_alone,
    a_path_of_a_clients_own_is_not_believed,
    a_route_or_service_route_in_a_register_leads_nowhere,
    a_binding_that_leads_back_to_us_rings_nobody,
    a_request_that_has_been_here_twice_goes_no_further,
    wrong_passwords_by_the_thousand_take_no_memory,
    one_phone_that_registers_without_end_takes_one_place,
    a_flood_from_one_source_is_cut_off,
    calls_without_end_use_up_no_more_than_there_is,
]

if __name__ == "__main__":
    namespace(OUTSIDE)
    FLOODERS += [Phone(f"127.0.{1 + i // 200}.{1 + i % 200}", "alice", "x")
                 for i in range(200)]
    NODE = Node(sys.argv[1], defines=["FLOOD_LIMIT=400", "REGISTERS_MAX=100"])
    NODE.flood_limit = 400
    run(TESTS, NODE)
