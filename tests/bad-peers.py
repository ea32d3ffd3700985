#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What strangers tell a node in the name of the others, what phones would have
it tell them, and nodes whose site files differ: refused or ignored with a
counter, never a crash, never somebody else's binding.

usage: bad-peers.py BUILD
"""
import json
import socket
import sys
import time
from pathlib import Path

from calls import SDP
from cluster import (NET, SECRET, SERVICE, Cluster, address, enter, run,
                     site_text)
from node import PASSWORDS
from peersign import binding, kdmq
from phone import Phone, fresh
from unbroken import Counters, Unbroken, contacts, told
from waiting import until
from wire import Wire

STRANGER = f"{NET}.66"
NAMES = ("fra1", "ams1")
ADDRESSES = {name: address(name) for name in NAMES}
EVIL = f"sip:bob@{STRANGER}:6666"
PEER_EVENTS = ("missing", "malformed", "own", "stale", "forged", "on_service")


def uri_of(node, peer="usrloc"):
    return f"sip:{peer}@{node.own}:5060"


def counters(node):
    return Counters(node, *(f"anycast:event_peer_{e}" for e in PEER_EVENTS),
                    "anycast:event_peer_valid", "script:peer_misdirected")


def refused(counted):
    return counted.rose("script:peer_misdirected") \
        + sum(counted.rose(f"anycast:event_peer_{e}") for e in PEER_EVENTS)


def tell(cluster, data, where, *, tcp=False, source=STRANGER):
    """Send it; what is answered within a moment."""
    with cluster.outside.inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp
                             else socket.SOCK_DGRAM)
        sock.bind((source, 0))
    sock.settimeout(0.03)
    try:
        if tcp:
            sock.connect(where)
            sock.sendall(data)
        else:
            sock.sendto(data, where)
        return sock.recv(65535)
    except (TimeoutError, socket.timeout, ConnectionError):
        return b""
    finally:
        sock.close()


def phone(cluster, user, **options):
    with cluster.outside.inside():
        return Phone(f"{NET}.1", user, "sip.example.net", **options)


def registered(cluster, user, name, **options):
    ua = phone(cluster, user)
    ua.register((address(name), 5060), PASSWORDS[user], **options)
    return ua


def forget(cluster):
    for node in cluster:
        node.forget()


def rings(cluster, name, user, ua):
    """A call for a user at this node rings this phone."""
    caller = phone(cluster, "x")
    caller.domain = "far.example"
    call = caller.request("INVITE", f"sip:{user}@{address(name)}",
                          (address(name), 5060), body=SDP)
    ua.reply(ua.expect("INVITE"), 486, tag="no")
    ua.expect("ACK")
    # or it comes again, to whoever has the port next
    caller.ack(call, caller.expect(486))
    caller.close()


def over(cluster, ua, watch):
    """The phone goes; the nodes are as they were."""
    ua.close()
    forget(cluster)
    for one in watch:
        one.check()


def unharmed(cluster, bob, watch):
    """He is still called through either node, and they are as they were."""
    for name in NAMES:
        rings(cluster, name, "bob", bob)
    over(cluster, bob, watch)


def list_of_nodes(node):
    return sorted(line.split()[1] for line in
                  node.rpc("dmq.list_nodes").splitlines() if "host:" in line)


# --- strangers ---------------------------------------------------------------

def a_stranger_tells_no_node_anything(cluster):
    fra1, ams1 = cluster["fra1"], cluster["ams1"]
    watch = [Unbroken(node) for node in cluster]
    bob = registered(cluster, "bob", "fra1")
    until("bob known at ams1", lambda: contacts(ams1, "bob"))
    before = {n.name: (n.rpc("ul.dump").count("Address:"), list_of_nodes(n))
              for n in cluster}
    via, uri, body = STRANGER, uri_of(fra1), binding("bob", EVIL)
    join = "0 " + json.dumps({"x": 1}) + f"\r\nsip:{STRANGER}:5060;status=active\r\n"
    lies = [
        kdmq(uri, body, via=via),
        kdmq(uri, body, via=address("ams1")),
        kdmq(uri, body, via=via, secret="a secret of another site altogether"),
        kdmq(uri, body, via=via, secret=SECRET, age_s=90),
        kdmq(uri, body, via=via, secret=SECRET, age_s=-90),
        kdmq(uri, body, via=via, secret=SECRET, node="fra1"),
        kdmq(uri, body, via=via, header=""),
        kdmq(uri, body, via=via, header="node=ams1"),
        kdmq(uri, body, via=via, header="node=ams1;time=1;mac=" + "0" * 32),
        kdmq(uri, body, via=via, header="node=" + "a" * 9000),
        kdmq(uri, body, via=via, header="node=ams1;time=" + "9" * 4000
             + ";mac=" + "f" * 32),
        kdmq(uri_of(ams1), body, via=via, secret=SECRET),  # for another
        kdmq(uri, body, via=via, secret=SECRET).replace(
            b'"aor": "bob"', b'"aor": "eve"'),
        kdmq(uri, body, via=via, secret=SECRET).replace(
            b"Anycast-Peer: ", b"Anycast-Peer: x\r\nAnycast-Peer: "),
        kdmq(uri_of(fra1, "notification_peer"), join, via=via,
             content="text/plain"),
        kdmq(uri_of(fra1, "htable"), "{}", via=via),
        kdmq(uri, "", via=via), kdmq(uri, "{", via=via),
        kdmq(uri, "[" * 30000, via=via), kdmq(uri, b"\0\xff" * 10000, via=via),
        kdmq(uri, '{"multi":[' + ",".join([body] * 100) + "]}", via=via),
        kdmq(uri, json.dumps({"aor": "x" * 60000}), via=via),
    ]
    for tcp in (False, True):
        for where in ((fra1.own, 5060), (SERVICE, 5060)):
            counted = counters(fra1)
            for number, lie in enumerate(lies):
                answer = tell(cluster, lie, where, tcp=tcp)
                assert not answer, f"lie {number} was believed:\n" \
                    + lie[:900].decode(errors="replace")
            # a few are no SIP a UDP or TCP reader hands on
            until("each counted", lambda c=counted: refused(c) >= len(lies) - 3)
            assert counted.rose("anycast:event_peer_valid") <= 1
    after = {n.name: (n.rpc("ul.dump").count("Address:"), list_of_nodes(n))
             for n in cluster}
    assert before == after, (before, after)
    unharmed(cluster, bob, watch)


def a_recorded_message_is_worth_nothing(cluster):
    """To another node, back to its sender, with another body; and to the same
    node again it changes nothing."""
    fra1, ams1 = cluster["fra1"], cluster["ams1"]
    watch = [Unbroken(node) for node in cluster]
    with Wire(cluster, ADDRESSES) as wire:
        bob = registered(cluster, "bob", "fra1")
        until("bob known at ams1", lambda: contacts(ams1, "bob"))
        true = until("the news of bob on the wire", lambda: next(
            (m for m in wire.to_port(5060) if b'"bob"' in m), None))
    at_ams1, at_fra1 = counters(ams1), counters(fra1)
    was = contacts(ams1, "bob")
    # what is answered goes to the Via of the true sender
    tell(cluster, true, (ams1.own, 5060))
    until("it heard", lambda: at_ams1.rose("anycast:event_peer_valid") >= 1)
    assert contacts(ams1, "bob") == was
    for lie, where in ((true, fra1), (true.replace(b'"bob"', b'"eve"'), ams1),
                       (true.replace(bob.ip.encode(), b"192.0.2.111"), ams1)):
        assert not tell(cluster, lie, (where.own, 5060))
    until("both counted", lambda: refused(at_fra1) >= 1
          and refused(at_ams1) >= 2)
    assert contacts(ams1, "bob") == was and not contacts(ams1, "eve")
    over(cluster, bob, watch)


def a_stranger_starts_no_talk_among_the_nodes(cluster):
    """One packet of his, none of theirs."""
    with Wire(cluster, ADDRESSES) as wire:
        for node in cluster:
            for lie in (kdmq(uri_of(node), binding("bob", EVIL), via=STRANGER),
                        kdmq(uri_of(node), '{"action":3}', via=STRANGER),
                        kdmq(uri_of(node), '{"action":3}',
                             via=address("ams1"))):
                for _ in range(20):
                    tell_only(cluster, lie, (node.own, 5060))
        counted = {n.name: counters(n) for n in cluster}
        for node in cluster:
            tell(cluster, kdmq(uri_of(node), "{}", via=STRANGER),
                 (node.own, 5060))
            until("the last one counted",
                  lambda n=node: refused(counted[n.name]) >= 1)
        said = [m for m in wire.to_port(5060)
                if b"usrloc@" in m.partition(b"\r\n")[0]]
    assert not said, said[0].decode(errors="replace")


def a_phone_that_registers_without_end_is_cut_short(cluster):
    """Each REGISTER is told the other nodes: sixty a minute and user."""
    fra1 = cluster["fra1"]
    watch = [Unbroken(node) for node in cluster]
    counted = Counters(fra1, "script:registers_refused")
    alice, statuses = phone(cluster, "alice"), []
    began = time.monotonic()
    with Wire(cluster, ADDRESSES) as wire:
        while statuses.count(503) < 90 and len(statuses) < 600:
            alice.request_with_password(
                "REGISTER", "sip:sip.example.net", (fra1.own, 5060),
                PASSWORDS["alice"], to_uri=alice.aor(),
                headers=["Expires: 600"])
            statuses.append(alice._next(time.monotonic() + 4).status)
        windows = 2 + int((time.monotonic() - began) / 60)
        told_others = [m for m in wire.to_port(5060)
                       if b'"alice"' in m and m.startswith(b"KDMQ")]
    assert set(statuses) == {200, 503}, statuses
    # another window of a minute began if one ended just then
    assert len(told_others) <= 60 * windows, len(told_others)
    counted.check(registers_refused=90)
    over(cluster, alice, watch)


def tell_only(cluster, data, where):
    with cluster.outside.inside():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((STRANGER, 0))
    sock.sendto(data, where)
    sock.close()


# --- phones ------------------------------------------------------------------

def what_a_phone_says_of_itself_stays_its_own(cluster):
    """User-Agent, Call-ID, Contact and instance travel as JSON: what looks like
    the end of a string there is no such thing."""
    ams1, watch = cluster["ams1"], [Unbroken(node) for node in cluster]
    bob = registered(cluster, "bob", "fra1")
    until("bob known at ams1", lambda: contacts(ams1, "bob"))
    own = contacts(ams1, "bob")
    breakout = '","aor":"bob","c":"' + EVIL + '","x":"'
    for value in (breakout, breakout.replace('"', '\\"'), "\\", "\\u0000",
                  "\\u0000" + breakout, "\x01\x02\x7f", "ÿþ€", "%00%22", "{}[]",
                  "'; DROP TABLE location; --", "\t", "😀" * 50, "x" * 3000):
        alice = phone(cluster, "alice")
        contact = f'{alice.uri}>;+sip.instance="<urn:uuid:{value[:60]}>"' \
            if '"' not in value else f"{alice.uri};n=%22%5c>"
        alice.request_with_password(
            "REGISTER", "sip:sip.example.net", (address("fra1"), 5060),
            PASSWORDS["alice"], to_uri=alice.aor(), contact=contact + ";x=<y",
            headers=["Expires: 600", f"User-Agent: {value}"])
        alice.expect(200)
        until("alice known at ams1", lambda: contacts(ams1, "alice"))
        assert contacts(ams1, "bob") == own, contacts(ams1, "bob")
        assert STRANGER not in "".join(contacts(ams1, "alice"))
        for node in cluster:
            node.forget("alice")
        alice.close()
    unharmed(cluster, bob, watch)


# --- site files that differ ---------------------------------------------------

def differing(build, texts, secrets=None):
    """Two nodes, started with these site files."""
    cluster = Cluster(build, NAMES, texts=texts)
    for name, secret in (secrets or {}).items():
        (cluster[name].dir / "secret").write_text(secret)
    cluster.outside.ip(f"addr add {STRANGER}/24 dev hub")
    cluster.start()
    return cluster


def a_node_of_another_secret_is_a_stranger(build):
    cluster = differing(build, {}, {"ams1": "a secret of another time\n"})
    try:
        watch = [Unbroken(node) for node in cluster]
        counted = {n.name: counters(n) for n in cluster}
        bob = registered(cluster, "bob", "ams1")
        until("both refused", lambda: all(
            refused(counted[name]) for name in NAMES), 20)
        assert not contacts(cluster["fra1"], "bob")
        rings(cluster, "ams1", "bob", bob)
        caller = phone(cluster, "x")
        caller.domain = "far.example"
        caller.request("INVITE", f"sip:bob@{address('fra1')}",
                       (address("fra1"), 5060), body=SDP)
        caller.expect(480)
        bob.expect_nothing(0.1)
        for one in watch:
            one.check()
    finally:
        cluster.remove()


def a_node_that_is_not_in_ours_yet_is_known_by_the_secret(build):
    cluster = differing(build, {"fra1": site_text(("fra1",))})
    try:
        watch = [Unbroken(node) for node in cluster]
        bob = registered(cluster, "bob", "ams1")
        carol = registered(cluster, "carol", "fra1")
        # what the two make of it is theirs; nobody rings for somebody else
        rings(cluster, "ams1", "bob", bob)
        rings(cluster, "fra1", "carol", carol)
        for node in cluster:
            for user, ua in (("bob", bob), ("carol", carol)):
                for contact in contacts(node, user):
                    assert f":{ua.port}" in contact, contact
        for one in watch:
            one.check()
    finally:
        cluster.remove()


def a_node_with_other_ports_is_not_found_and_harms_nobody(build):
    cluster = differing(build, {"fra1": site_text(
        NAMES, nodes={"ams1": "sip-port = 5999"})})
    try:
        watch = [Unbroken(node) for node in cluster]
        carol = registered(cluster, "carol", "fra1")
        rings(cluster, "fra1", "carol", carol)
        bob = registered(cluster, "bob", "ams1")
        rings(cluster, "ams1", "bob", bob)
        for one in watch:
            one.check()
    finally:
        cluster.remove()


def a_name_nobody_answers_for_holds_no_worker_for_long(build):
    """Every worker of the node address asks a DNS server that is silent."""
    resolver = Path("/run/resolv.conf")
    resolver.write_text(f"nameserver {NET}.1\n")
    run("mount", "--bind", resolver, "/etc/resolv.conf")
    cluster = differing(build, {})
    try:
        watch = [Unbroken(node) for node in cluster]
        fra1, silent = cluster["fra1"], phone(cluster, "silent", port=53)
        began = time.monotonic()
        for i in range(2):
            alice = phone(cluster, "alice")
            alice.request_with_password(
                "MESSAGE", f"sip:x@silent{i}.example", (fra1.own, 5060),
                PASSWORDS["alice"])
            alice.close()
        silent.sock.settimeout(2)
        assert silent.sock.recv(512), "nobody asked"
        until("an answer", lambda: tell(cluster, options(fra1.own), (
            fra1.own, 5060)), 15)
        took = time.monotonic() - began
        assert took < 5, f"{took:.1f} s"
        silent.close()
        for one in watch:
            one.check()
    finally:
        cluster.remove()
        run("umount", "/etc/resolv.conf")


def options(host):
    return (f"OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {STRANGER};rport;"
            f"branch={fresh('z9hG4bK')}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:o@far.example>;tag=o\r\nTo: <sip:{host}>\r\n"
            f"Call-ID: {fresh('o')}\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n").encode()


TOGETHER = [
    a_stranger_tells_no_node_anything,
    a_recorded_message_is_worth_nothing,
    a_stranger_starts_no_talk_among_the_nodes,
    what_a_phone_says_of_itself_stays_its_own,
    a_phone_that_registers_without_end_is_cut_short,
]
APART = [
    a_node_of_another_secret_is_a_stranger,
    a_node_that_is_not_in_ours_yet_is_known_by_the_secret,
    a_node_with_other_ports_is_not_found_and_harms_nobody,
    a_name_nobody_answers_for_holds_no_worker_for_long,
]


def main():
    build = sys.argv[1]
    enter()
    cluster = differing(build, {})
    try:
        until("nodes that know each other", lambda: all(
            node.rpc("dmq.list_nodes").count("status: active") == 2
            for node in cluster), 20)
        good = all(told(test, cluster, nodes=cluster)
                   for test in TOGETHER)
    finally:
        cluster.remove()
    sys.exit(0 if good and all(told(test, build) for test in APART) else 1)


if __name__ == "__main__":
    main()
