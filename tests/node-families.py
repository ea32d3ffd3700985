#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls through a node between transports and families: TLS with the names of
the certificate, IPv6, and both ends of a dialog on different ones.

usage: node-families.py BUILD
"""
import re
import sys
import time

from calls import (SDP, at_node, bye_from_callee, in_dialog, phone,
                   registered, ring, talk)
from node import PASSWORDS, SOURCE, Node, namespace, run
from phone import Phone
from waiting import until

SIX = "2001:db8:66::66"
# a host's whole net, and another's
NET = [f"2001:db8:67::{i:x}" for i in range(1, 13)]
NEIGHBOUR = "2001:db8:67:1::1"
FLOOD_LIMIT = 200


def tls_phone(node, host, name):
    return Phone("127.0.0.1", "alice", node.domain, "tls", to=(host, 5061),
                 authority=node.dir / "node.crt", name=name)


def hang_up_both_ways(node, alice, bob, call, ok, invite, *, where=None):
    bye_from_callee(bob, invite, where or at_node(node))
    alice.reply(alice.expect("BYE"), 200)
    bob.expect(200)
    # and as if the caller had been first
    in_dialog(alice, "BYE", call, ok, cseq=70)
    bob.reply(bob.expect("BYE"), 200)
    alice.expect(200)


def a_tls_caller_is_sent_to_the_name_in_the_certificate(node):
    bob = registered(node, "bob")
    front = tls_phone(node, node.service, node.domain)
    call = front.request("INVITE", f"sip:bob@{node.domain}", None, body=SDP)
    moved = front.expect(302)
    front.ack(call, moved)
    target = moved.contact()
    assert f"fra1.{node.domain}:5061" in target, moved.text
    front.close()

    alice = tls_phone(node, node.own, f"fra1.{node.domain}")
    call = alice.request_with_password("INVITE", target, None,
                                       PASSWORDS["alice"], body=SDP)
    invite = bob.expect("INVITE")
    routes = invite.all("record-route")
    assert len(routes) == 2, invite.text
    assert routes[0].startswith(f"<sip:{node.own}:5060;lr"), routes
    assert routes[1].startswith(
        f"<sip:fra1.{node.domain}:5061;transport=tls;lr"), routes
    bob.reply(invite, 180, tag="callee")
    alice.expect(180)
    ok, _ = talk(alice, bob, call, invite)
    hang_up_both_ways(node, alice, bob, call, ok, invite)
    alice.close()
    bob.close()


def a_tls_phone_is_called_on_its_connection(node):
    carol = registered(node, "carol")
    alice = tls_phone(node, node.service, node.domain)
    alice.register(None, PASSWORDS["alice"])
    call, invite, _ = ring(node, carol, alice, PASSWORDS["carol"])
    ok, _ = talk(carol, alice, call, invite)
    in_dialog(carol, "BYE", call, ok, cseq=70)
    alice.reply(alice.expect("BYE"), 200)
    carol.expect(200)
    alice.close()
    carol.close()


def an_ipv6_phone_calls_an_ipv4_phone(node):
    bob = registered(node, "bob")
    alice = phone(node, "alice", ip=SIX)
    alice.register((node.own6, 5060), PASSWORDS["alice"])
    call = alice.request("INVITE", f"sip:bob@{node.domain}",
                         (node.service6, 5060), body=SDP)
    moved = alice.expect(302)
    alice.ack(call, moved)
    assert f"@[{node.own6}]" in moved.contact(), moved.text
    call = alice.request_with_password(
        "INVITE", moved.contact(), (node.own6, 5060), PASSWORDS["alice"],
        body=SDP)
    invite = bob.expect("INVITE")
    routes = invite.all("record-route")
    assert len(routes) == 2, invite.text
    assert routes[0].startswith(f"<sip:{node.own}:5060;lr"), routes
    assert routes[1].startswith(f"<sip:[{node.own6}]:5060;lr"), routes
    bob.reply(invite, 180, tag="callee")
    alice.expect(180)
    ok, _ = talk(alice, bob, call, invite)
    hang_up_both_ways(node, alice, bob, call, ok, invite)
    alice.close()
    bob.close()


def an_ipv6_phone_of_the_service_address_is_called_from_it(node):
    """Its firewall lets in the service address alone."""
    alice = registered(node, "alice")
    bob = registered(node, "bob", (node.service6, 5060), ip=SIX)
    call, invite, _ = ring(node, alice, bob, PASSWORDS["alice"])
    assert invite.source == (node.service6, 5060), invite.source
    routes = invite.all("record-route")
    assert routes[0].startswith(f"<sip:[{node.own6}]:5060;lr"), routes
    ok, ack = talk(alice, bob, call, invite)
    assert ack.source == (node.service6, 5060), ack.source
    hang_up_both_ways(node, alice, bob, call, ok, invite,
                      where=(node.own6, 5060))
    alice.close()
    bob.close()


def megabytes(node):
    return int(re.search(r"\breal_used: (\d+)", node.rpc(
        "core.shmmem")).group(1)) / (1 << 20)


def all_connections_leave_a_quarter_of_the_memory(node):
    """Below that nobody's calls are taken, and anybody may connect."""
    cfg = (SOURCE / "configs/kamailio/kamailio.cfg").read_text()
    unit = (SOURCE / "configs/systemd/sip-anycast-kamailio.service").read_text()
    total = int(re.search(r'MEMORY=-m (\d+)', unit).group(1))
    tcp, tls = (int(re.search(rf"(?m)^{name}_max_connections=(\d+)", cfg)
                    .group(1)) for name in ("tcp", "tls"))
    # 10,000 registrations and 2,000 calls: docs/operations.md
    used, each = megabytes(node) + 10 + 64, []
    for make in (lambda: Phone("127.0.0.1", transport="tcp",
                               to=(node.service, 5060)),
                 lambda: tls_phone(node, node.service, node.domain)):
        before = megabytes(node)
        phones = [make() for _ in range(40)]
        until("they are counted", lambda n=len(phones): int(re.search(
            r"opened_connections: (\d+)", node.rpc("core.tcp_info"))
            .group(1)) >= n)
        each.append((megabytes(node) - before) / len(phones))
        for ua in phones:
            ua.close()
        until("they are gone", lambda b=before: megabytes(node) < b + 0.5)
    all_of_them = used + (tcp - tls) * each[0] + tls * each[1]
    assert each[0] < each[1] and all_of_them < 0.75 * total, \
        f"{all_of_them:.0f} of {total} MB, {each} each"


def a_host_with_a_net_of_addresses_guesses_no_longer(node):
    """Ten wrong passwords from one source: that is its /64."""
    statuses = []
    for ip in NET:
        ua = phone(node, "carol", ip=ip)
        ua.request_with_password("REGISTER", f"sip:{node.domain}",
                                 (node.own6, 5060), "guess", to_uri=ua.aor())
        statuses.append(ua.expect(403 if len(statuses) >= 10 else 401).status)
        ua.close()
    assert statuses.count(403) == 2, statuses
    carol = phone(node, "carol", ip=NEIGHBOUR)
    carol.register((node.own6, 5060), PASSWORDS["carol"])
    carol.close()


def a_host_with_a_net_of_addresses_is_one_flood(node):
    """For as long as it goes on, not for the first two seconds only."""
    phones = [phone(node, "noise", ip=ip) for ip in NET]
    polite = phone(node, "polite", ip=NEIGHBOUR)
    where = (node.own6, 5060)

    def answered(ua):
        ua.request("OPTIONS", f"sip:[{node.own6}]", where)
        return ua._next(time.monotonic() + 1)

    for _ in range(2):
        before = node.stat("script:flood_dropped")
        for i in range(3 * FLOOD_LIMIT):
            phones[i % len(phones)].request(
                "OPTIONS", f"sip:[{node.own6}]", where)
            if i % 50 == 49:
                polite.request("OPTIONS", f"sip:[{node.own6}]", where)
                polite.expect(200)
        assert node.stat("script:flood_dropped") > before
        until("the noise is heard again", lambda: answered(phones[0]))
        for ua in phones:
            while ua._next(time.monotonic() + 0.05):
                pass
    for ua in (*phones, polite):
        ua.close()


TESTS = [
    all_connections_leave_a_quarter_of_the_memory,
    a_tls_caller_is_sent_to_the_name_in_the_certificate,
    a_tls_phone_is_called_on_its_connection,
    an_ipv6_phone_calls_an_ipv4_phone,
    an_ipv6_phone_of_the_service_address_is_called_from_it,
    a_host_with_a_net_of_addresses_guesses_no_longer,
    a_host_with_a_net_of_addresses_is_one_flood,
]

if __name__ == "__main__":
    namespace(SIX, *NET, NEIGHBOUR, "2001:db8:53::53", "2001:db8:1::11")
    NODE = Node(sys.argv[1], site="tls = yes\nhttps-port = 8443",
                service="127.0.53.53, 2001:db8:53::53",
                own="127.0.53.11, 2001:db8:1::11",
                other="127.0.53.12, 2001:db8:2::11",
                defines=[f"FLOOD_LIMIT={FLOOD_LIMIT}"])
    NODE.make_certificate()
    run(TESTS, NODE)
