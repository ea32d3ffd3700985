#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What strangers send to the port where nodes pass each other messages, and what
they write into messages that nodes pass: datagrams made up, recorded or changed,
responses with the token of another transaction, claims to other people's calls.
Dropped with a counter; each packet of theirs makes a few among the nodes at most.

usage: bad-strays.py BUILD
"""
import os
import random
import re
import socket
import sys
import time

from calls import SDP
from cluster import NAMES, NET, SERVICE, Cluster, address, enter
from node import PASSWORDS
from phone import Phone, fresh
from unbroken import Counters, Unbroken, shared_memory, told
from waiting import until
from wire import Wire

STRANGER = f"{NET}.66"
PASS_PORT = 7054
ADDRESSES = {name: address(name) for name in NAMES}
# It does not follow a 302, so it is served where it is.
SERVED = ["User-Agent: JsSIP 3.10.1"]
AT_SERVICE = (SERVICE, 5060)
READ = ("short", "version", "unopenable", "sender", "malformed", "hops")


def phone(cluster, user, ip=f"{NET}.1", domain="sip.example.net"):
    with cluster.outside.inside():
        return Phone(ip, user, domain)


def registered(cluster, user, where):
    ua = phone(cluster, user)
    ua.register(where, PASSWORDS[user])
    return ua


def counters(node):
    return Counters(
        node, *(f"anycast:pass_read_{name}" for name in READ),
        "anycast:pass_read_ok", "anycast:event_pass_other_source",
        *(f"anycast:reply_{name}" for name in (
            "passed", "forged", "malformed", "no_token", "own",
            "unknown_node")))


def dropped(counted):
    return sum(counted.rose(f"anycast:pass_read_{name}") for name in READ) \
        + counted.rose("anycast:event_pass_other_source")


def throw(space, source, datagrams, to):
    """From this machine and address, wait for nothing."""
    with space.inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    for data in datagrams:
        sock.sendto(data, to)
    return sock


def served_call(cluster, bob, **options):
    """A stranger's call for bob over the service address, as far as 180."""
    caller = phone(cluster, "caller", domain="far.example")
    call = caller.request("INVITE", "sip:bob@sip.example.net", AT_SERVICE,
                          headers=SERVED, body=SDP, **options)
    invite = bob.expect("INVITE")
    bob.reply(invite, 180, tag="callee")
    caller.expect(180)
    return caller, call, invite


def refused_by_bob(caller, call, bob, invite):
    bob.reply(invite, 486, tag="callee")
    bob.expect("ACK")
    caller.ack(call, caller.expect(486))
    caller.close()


def recorded(cluster, bob, nodes=len(NAMES)):
    """True datagrams between the nodes, of calls that are over: until there is
    one to so many of them."""
    with Wire(cluster, ADDRESSES) as wire:
        def one_more():
            """Who is asked depends on the Call-ID."""
            caller, call, invite = served_call(cluster, bob)
            refused_by_bob(caller, call, bob, invite)
            return len({to for _, to, data in wire.ways
                        if data[:4] == b"SAP1"}) >= nodes

        until(f"datagrams to {nodes} nodes", one_more)
    found = [(source, data) for source, port, data in wire.taken
             if port == PASS_PORT]
    return found, {data: to for (source, to, data) in wire.ways}


# --- the port -----------------------------------------------------------------

def what_is_made_up_is_dropped(cluster, bob):
    fra1, watch = cluster["fra1"], [Unbroken(node) for node in cluster]
    true, ways = recorded(cluster, bob)
    data = next(d for _, d in true if ways[d] == address("fra1"))
    random.seed(5)
    lies = [b"", b"S", b"SAP1", b"SAP2" + data[4:], data[:-1], data + b"x",
            data[4:], os.urandom(60), b"SAP1" + os.urandom(1000),
            b"SAP1" + b"\0" * 60000, b"OPTIONS sip:x SIP/2.0\r\n\r\n"]
    lies += [data[:at] + bytes([data[at] ^ 1 << random.randrange(8)])
             + data[at + 1:] for at in range(len(data))]
    lies += [data[:size] for size in range(0, len(data), 7)]
    counted = counters(fra1)
    with Wire(cluster, ADDRESSES) as wire:
        for at in range(0, len(lies), 50):
            part = lies[at:at + 50]
            sock = throw(cluster.outside, STRANGER, part,
                         (fra1.own, PASS_PORT))
            until("each dropped", lambda n=at + len(part):
                  dropped(counted) >= n)
            sock.settimeout(0.01)
            try:
                raise AssertionError(f"answered: {sock.recv(65535)!r}")
            except (TimeoutError, socket.timeout):
                pass
            sock.close()
        assert counted.rose("anycast:pass_read_ok") == 0
        assert not wire.to_port(PASS_PORT), "the nodes talked about it"
    for one in watch:
        one.check()


def what_is_recorded_is_dropped_elsewhere_and_no_news_at_home(cluster, bob):
    watch = [Unbroken(node) for node in cluster]
    true, ways = recorded(cluster, bob)
    counted = {n.name: counters(n) for n in cluster}
    # from a stranger's address, to the node it was for
    for _, data in true:
        throw(cluster.outside, STRANGER, [data], (ways[data],
                                                  PASS_PORT)).close()
    until("each from a wrong address", lambda: sum(
        c.rose("anycast:event_pass_other_source")
        for c in counted.values()) == len(true))
    # from its sender's address, to the nodes it was not for
    sent = 0
    for source, data in true:
        sender = next(n for n in cluster if n.own == source)
        for node in cluster:
            if node.own not in (source, ways[data]):
                throw(sender.space, source, [data],
                      (node.own, PASS_PORT)).close()
                sent += 1
    until("each unopenable", lambda: sum(
        c.rose("anycast:pass_read_unopenable")
        for c in counted.values()) == sent)
    # from its sender's address, to its receiver: all said once more, while
    # the transactions live
    true, ways = recorded(cluster, bob, nodes=2)
    counted = {n.name: counters(n) for n in cluster}
    with Wire(cluster, ADDRESSES) as wire:
        for source, data in true:
            sender = next(n for n in cluster if n.own == source)
            throw(sender.space, source, [data], (ways[data],
                                                 PASS_PORT)).close()
        until("each read", lambda: sum(
            c.rose("anycast:pass_read_ok")
            for c in counted.values()) >= len(true))
        bob.expect_nothing(0.3)
        assert len(wire.to_port(PASS_PORT)) <= 3 * len(true)
    for one in watch:
        one.check()


# --- tokens in responses ------------------------------------------------------

def a_response_goes_where_its_own_token_says_or_nowhere(cluster, bob):
    """bob was called from the service address, which is at another node now."""
    watch = [Unbroken(node) for node in cluster]
    caller, call, invite = served_call(cluster, bob)
    via = invite.header("via")
    token = re.search(r";sa=([a-z0-9-]+\.[0-9a-f]{20})", via)
    assert token, via
    token, home = token.group(1), token.group(1).partition(".")[0]
    away = next(n for n in cluster if n.name != home)
    cluster.route(away.name)
    counted = counters(away)
    branch = re.search(r"branch=([^;]+)", via).group(1)
    name, mac = token.split(".")
    other = next(n.name for n in cluster if n.name not in (home, away.name))
    lies = [token[:i] + chr(ord(token[i]) ^ 1) + token[i + 1:]
            for i in range(len(token))]
    lies += [f"{other}.{mac}", f"{away.name}.{mac}", f"nowhere.{mac}",
             name, f"{name}.", f".{mac}", f"{name}.{mac}0", "x" * 4000,
             f"{name}.{mac[:-1]}", f"{name}.{mac.upper()}g"]
    vias = [via.replace(token, lie) for lie in lies]
    vias += [via.replace(branch, branch[:-2] + "99"),   # another transaction
             via.replace(branch, "z9hG4bKx"), via.replace(f";sa={token}", "")]
    with Wire(cluster, ADDRESSES) as wire:
        for lie in vias:
            bob.send(response(invite, 200, lie), AT_SERVICE)
        until("each counted", lambda: sum(
            counted.rose(f"anycast:reply_{n}") for n in
            ("forged", "malformed", "no_token", "unknown_node"))
            >= len(vias) - 2)
        assert not wire.to_port(PASS_PORT), "one was passed on"
    assert counted.rose("anycast:reply_passed") == 0
    caller.expect_nothing(0.2)
    # the true one
    bob.send(response(invite, 486, via), AT_SERVICE)
    caller.ack(call, caller.expect(486))
    assert counted.rose("anycast:reply_passed") == 1
    # and when the call is over it reaches nobody
    bob.send(response(invite, 180, via), AT_SERVICE)
    caller.expect_nothing(0.2)
    cluster.route("fra1")
    caller.close()
    for one in watch:
        one.check()


def response(invite, status, via):
    lines = [f"SIP/2.0 {status} Test", f"Via: {via}"]
    lines += [f"{n}: {v}" for n, v in invite.headers
              if n in ("from", "call-id", "cseq", "record-route")]
    lines += [f"To: {invite.header('to')};tag=callee", "Content-Length: 0"]
    for extra in invite.all("via")[1:]:
        lines.insert(2, f"Via: {extra}")
    return "\r\n".join(lines) + "\r\n\r\n"


# --- other people's calls -----------------------------------------------------

def nobody_cancels_a_call_he_only_knows_of(cluster, bob):
    """Call-ID, From-tag and CSeq alone, without the branch: at the owner and
    at the node that was asked."""
    watch = [Unbroken(node) for node in cluster]
    caller, call, invite = served_call(cluster, bob)
    stranger = phone(cluster, "mallory", STRANGER, "example.com")
    for name in NAMES:
        cluster.route(name)
        for method in ("CANCEL", "ACK", "BYE"):
            stranger.request(
                method, call["uri"], AT_SERVICE, call_id=call["call_id"],
                cseq=call["cseq"], from_uri=call["from_uri"],
                from_tag=call["from_tag"], to_uri=call["to_uri"],
                headers=SERVED)
        got = stranger._next(time.monotonic() + 1)
        assert got and got.status in (200, 407, 481), got and got.text
    cluster.route("fra1")
    bob.expect_nothing(0.3)
    refused_by_bob(caller, call, bob, invite)
    stranger.close()
    for one in watch:
        one.check()


def a_claim_of_a_stranger_keeps_no_call_from_its_phone(cluster, bob):
    """He has guessed Call-ID and From-tag and is first, at another node."""
    watch = [Unbroken(node) for node in cluster]
    cluster.route("ams1")
    known = dict(call_id=fresh("guessed"), from_tag="guessed")
    stranger = phone(cluster, "mallory", STRANGER, "example.com")
    stranger.request("INVITE", "sip:nobody@sip.example.net", AT_SERVICE,
                     headers=SERVED, **known)
    stranger.expect(480)
    first = stranger.request("INVITE", "sip:bob@sip.example.net", AT_SERVICE,
                             headers=SERVED, **known)
    his = bob.expect("INVITE")
    cluster.route("fra1")
    caller, call, invite = served_call(cluster, bob, **known)
    refused_by_bob(caller, call, bob, invite)
    bob.reply(his, 486, tag="no")
    bob.expect("ACK")
    stranger.ack(first, stranger.expect(486))
    stranger.close()
    for one in watch:
        one.check()


# --- floods -------------------------------------------------------------------

def a_packet_of_a_stranger_makes_three_among_the_nodes_at_most(cluster, bob):
    """Whatever it is: INVITEs that are claimed, CANCELs and ACKs nobody knows,
    requests that name another node."""
    watch = [Unbroken(node) for node in cluster]
    cases = {
        "INVITE": ("sip:bob@sip.example.net", {"body": SDP}),
        "CANCEL": ("sip:bob@sip.example.net", {}),
        "ACK": ("sip:bob@sip.example.net", {"to_tag": "x"}),
        "BYE": ("sip:bob@sip.example.net", {"to_tag": "x"}),
        "MESSAGE": (f"sip:bob@{address('par1')}", {}),
        "OPTIONS": (f"sip:{address('par1')}", {}),
    }
    count = 40
    for method, (uri, options) in cases.items():
        with Wire(cluster, ADDRESSES) as wire:
            mob = [phone(cluster, "m", STRANGER, "example.com")
                   for _ in range(count)]
            for ua in mob:
                ua.request(method, uri, AT_SERVICE, headers=SERVED, **options)
            quiet = [0, time.monotonic()]

            def silence(w=wire, q=quiet):
                if len(w.taken) != q[0]:
                    q[:] = [len(w.taken), time.monotonic()]
                return time.monotonic() - q[1] > 0.3

            until("silence among the nodes", silence)
            said = [d for d in wire.to_port(PASS_PORT)]
            assert len(said) <= 3 * count, f"{method}: {len(said)} of {count}"
            for ua in mob:
                ua.close()
    drain(bob)
    for one in watch:
        one.check()


def claims_without_end_take_no_memory_and_push_no_call_out(cluster, bob):
    watch = [Unbroken(node) for node in cluster]
    caller, call, invite = served_call(cluster, bob)
    before = {n.name: shared_memory(n) for n in cluster}
    mob = [phone(cluster, "m", STRANGER, "example.com") for _ in range(20)]
    for i in range(1500):
        ua = mob[i % len(mob)]
        ua.request("CANCEL", "sip:bob@sip.example.net", AT_SERVICE,
                   headers=SERVED)
        if i % len(mob) == len(mob) - 1:
            assert ua._next(time.monotonic() + 2), "no answer to a CANCEL"
    for node in cluster:
        assert shared_memory(node) - before[node.name] < 1 << 20, node.name
    # the call is still known where its CANCEL is asked about
    cluster.route("ams1")
    caller.request("CANCEL", call["uri"], AT_SERVICE, call_id=call["call_id"],
                   cseq=call["cseq"], from_uri=call["from_uri"],
                   from_tag=call["from_tag"], to_uri=call["to_uri"],
                   branch=call["branch"])
    caller.expect(200)
    bob.reply(bob.expect("CANCEL"), 200)
    bob.reply(invite, 487, tag="callee")
    caller.ack(call, caller.expect(487))
    cluster.route("fra1")
    for ua in [caller, *mob]:
        ua.close()
    for one in watch:
        one.check()


def what_comes_back_from_another_node_is_counted_once(build):
    """As a flood: a claimed request is seen twice here, but has come once."""
    cluster = Cluster(build, defines=["FLOOD_LIMIT=40"])
    cluster.outside.ip(f"addr add {STRANGER}/24 dev hub")
    fra1 = cluster["fra1"]
    try:
        cluster.start()
        counted = Counters(fra1, "script:flood_dropped",
                           "anycast:claim_granted")
        for ip in (f"{NET}.1", STRANGER):
            ua = phone(cluster, "m", ip, "example.com")
            for _ in range(35):
                ua.request("MESSAGE", "sip:nobody@sip.example.net",
                           AT_SERVICE, headers=SERVED)
            for _ in range(35):
                ua.expect(480)
            ua.close()
        assert counted.rose("anycast:claim_granted") > 20
        assert counted.rose("script:flood_dropped") == 0
    finally:
        cluster.remove()
    print("ok: what comes back from another node is counted once", flush=True)


def drain(ua):
    while ua._next(time.monotonic() + 0.05):
        pass


TESTS = [
    what_is_made_up_is_dropped,
    what_is_recorded_is_dropped_elsewhere_and_no_news_at_home,
    a_response_goes_where_its_own_token_says_or_nowhere,
    nobody_cancels_a_call_he_only_knows_of,
    a_claim_of_a_stranger_keeps_no_call_from_its_phone,
    a_packet_of_a_stranger_makes_three_among_the_nodes_at_most,
    claims_without_end_take_no_memory_and_push_no_call_out,
]


def told_with_bob(test, cluster):
    cluster.route("fra1")
    # bob lives on the service address: he is called from there
    bob = registered(cluster, "bob", AT_SERVICE)
    try:
        return told(test, cluster, bob, nodes=cluster)
    finally:
        bob.close()
        for node in cluster:
            node.forget()


def main():
    enter()
    cluster = Cluster(sys.argv[1], defines=["FLOOD_LIMIT=5000"])
    cluster.outside.ip(f"addr add {STRANGER}/24 dev hub")
    try:
        cluster.start()
        good = all(told_with_bob(test, cluster) for test in TESTS)
    finally:
        cluster.remove()
    if good:
        what_comes_back_from_another_node_is_counted_once(sys.argv[1])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
