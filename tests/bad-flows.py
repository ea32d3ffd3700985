#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Flow tokens: the Path by which another node finds a phone is all there is to
know.  Changed in any character, of another node, of another site's secret, too
old: refused and counted.  A true one leads to its own phone and nowhere else,
whatever comes with it.

usage: bad-flows.py BUILD
"""
import base64
import hashlib
import re
import socket
import sys
import time

from calls import SDP
from cluster import NET, SECRET, SERVICE, Cluster, address, enter
from node import PASSWORDS
from phone import Phone
from unbroken import Counters, Unbroken, told
from waiting import until

STRANGER, VICTIM = f"{NET}.66", f"{NET}.67"
NAMES = ("fra1", "ams1")
UDP, ON_SERVICE = 0, 8


def phone(cluster, user, ip=f"{NET}.1", domain="sip.example.net", **options):
    with cluster.outside.inside():
        return Phone(ip, user, domain, **options)


def token(node, remote, port, *, secret=SECRET, age_s=0, first=UDP,
          local_port=5060):
    """As kamailio-module/token.h has it, written a second time."""
    root = hashlib.blake2b(secret.strip().encode(), digest_size=32).digest()
    key = hashlib.blake2b(b"sip-anycast token 1", digest_size=32,
                          key=root).digest()
    said = bytes([first]) + local_port.to_bytes(2, "big") \
        + port.to_bytes(2, "big") \
        + (int(time.time() - age_s) // 60).to_bytes(4, "big") \
        + socket.inet_aton(remote)
    mac = hashlib.blake2b(digest_size=16, key=key)
    for part in (b"sip-anycast-flow 1", node.encode(), said):
        mac.update(len(part).to_bytes(8, "big") + part)
    return "f1-" + base64.urlsafe_b64encode(
        said + mac.digest()).decode().rstrip("=")


def path(name, user):
    return f"<sip:{user}@{address(name)}:5060;lr>"


def path_of(node, user):
    found = re.search(rf"AoR: {user}\b.*?Path: (\S+)", node.rpc("ul.dump"),
                      re.S)
    assert found, node.rpc("ul.dump")
    return found.group(1)


def counters(node):
    return Counters(node, *(f"anycast:flow_{n}" for n in (
        "valid", "malformed", "forged", "stale")), "anycast:event_flow_gone")


def tried(cluster, routes, *, where=None, uri="sip:bob@192.0.2.99",
          method="INVITE", **options):
    """A stranger's request with these Routes; the status it gets."""
    stranger = phone(cluster, "mallory", STRANGER, "example.com")
    stranger.request(method, uri, where or (address("fra1"), 5060),
                     routes=routes, body=SDP if method == "INVITE" else "",
                     **options)
    deadline = time.monotonic() + 2
    while True:
        got = stranger._next(deadline)
        if not got or got.status != 100:
            stranger.close()
            return got.status if got else 0


# --- tokens that are none -----------------------------------------------------

def no_changed_character_leads_to_a_phone(cluster, bob):
    fra1 = cluster["fra1"]
    counted, true = counters(fra1), path_of(fra1, "bob")
    user = re.search(r"f1-[\w-]+", true).group(0)
    lies = [user[:at] + ("A" if user[at] != "A" else "B") + user[at + 1:]
            for at in range(3, len(user))]
    lies += [user[:size] for size in range(3, len(user), 5)]
    lies += [user + "A", user + user[3:], "f1-", "f1-" + "A" * 600,
             "f1-" + "%41" * 20, user + "="]
    for lie in lies:
        assert tried(cluster, [true.replace(user, lie)],
                     method="MESSAGE") in (403, 430), lie
    bob.expect_nothing(0.2)
    until("each counted", lambda: counted.rose("anycast:flow_malformed")
          + counted.rose("anycast:flow_forged") >= len(lies))
    assert counted.rose("anycast:flow_valid") == 0


def no_token_of_elsewhere_leads_to_a_phone(cluster, bob):
    """Of another node, of another site's secret, too old, from the future."""
    fra1 = cluster["fra1"]
    victim = phone(cluster, "victim", VICTIM)
    where = (VICTIM, victim.port)
    # what is written here is a token: this one is believed
    stranger = phone(cluster, "mallory", STRANGER, "example.com")
    stranger.request("MESSAGE", "sip:bob@192.0.2.99", (fra1.own, 5060),
                     routes=[path("fra1", token("fra1", *where))])
    victim.reply(victim.expect("MESSAGE"), 200)
    stranger.expect(200)
    stranger.close()
    counted = counters(fra1)
    lies = [token("ams1", *where), token("par1", *where),
            token("fra1", *where, secret="another site's secret of old"),
            token("fra1", *where, age_s=3800), token("fra1", *where,
                                                     age_s=-3800),
            token("fra1", *where, age_s=10 ** 9)]
    for lie in lies:
        assert tried(cluster, [path("fra1", lie)], method="MESSAGE") == 403, lie
    # true, but of a socket or transport that is not there
    for odd in (token("fra1", *where, local_port=7), token(
            "fra1", *where, first=1), token("fra1", *where, first=3)):
        assert tried(cluster, [path("fra1", odd)], method="MESSAGE") \
            in (403, 430), odd
    victim.expect_nothing(0.3)
    assert counted.rose("anycast:flow_forged") == 3
    assert counted.rose("anycast:flow_stale") == 3
    bob.expect_nothing(0.1)
    victim.close()


# --- a true token -------------------------------------------------------------

def a_true_token_leads_to_its_phone_and_nowhere_else(cluster, bob):
    """Further Routes, other Request-URIs, To-tags: only bob hears it."""
    fra1 = cluster["fra1"]
    victim = phone(cluster, "victim", VICTIM)
    true = path_of(fra1, "bob")
    away = f"<sip:{VICTIM}:{victim.port};lr>"
    foreign = f"sip:x@{VICTIM}:{victim.port}"
    cases = [([true, away], {}), ([true], {"uri": foreign}),
             ([true, away], {"uri": foreign}), ([away, true], {}),
             ([true], {"uri": foreign, "to_tag": "x"}),
             ([true, away], {"to_tag": "x"}),
             ([true.replace(";lr", "")], {"uri": foreign}),
             ([true.replace(";lr>", f";lr;maddr={VICTIM}>")], {}),
             ([true, true, away], {}),
             ([true], {"uri": foreign, "headers": [
                 f"Route: {away}", f"Path: {away}", f"Record-Route: {away}"]})]
    for routes, options in cases:
        for where in ((fra1.own, 5060), (SERVICE, 5060)):
            for method in ("MESSAGE", "SUBSCRIBE", "BYE", "ACK"):
                stranger = phone(cluster, "mallory", STRANGER, "example.com")
                stranger.request(method, options.get(
                    "uri", f"sip:bob@{bob.ip}:{bob.port}"), where, routes=routes,
                    **{k: v for k, v in options.items() if k != "uri"})
                stranger.close()
    victim.expect_nothing(0.5)
    victim.close()
    answer_all(bob)


def answer_all(ua):
    """Whatever came to it: so that nothing of it is sent again."""
    while True:
        msg = ua._next(time.monotonic() + 0.1)
        if not msg:
            return
        if not msg.is_reply and msg.method != "ACK":
            ua.reply(msg, 481, tag="gone")


def a_token_whose_phone_has_hung_up_its_connection_leads_to_nobody(cluster,
                                                                   bob):
    """Its binding is gone; the next client with a connection gets nothing."""
    fra1 = cluster["fra1"]
    counted = counters(fra1)
    alice = phone(cluster, "alice", transport="tcp", to=(fra1.own, 5060))
    alice.register((fra1.own, 5060), PASSWORDS["alice"])
    true, port = path_of(fra1, "alice"), alice.port
    alice.close()
    until("its connection gone",
          lambda: f":{port}" not in fra1.rpc("core.tcp_list"))
    other = phone(cluster, "carol", transport="tcp", to=(fra1.own, 5060))
    assert tried(cluster, [true], method="MESSAGE") in (430, 480)
    other.expect_nothing(0.2)
    assert counted.rose("anycast:event_flow_gone") >= 1
    other.close()
    bob.expect_nothing(0.1)


def nobody_is_shown_a_token(cluster, bob):
    """Neither the phone itself nor who calls or is called."""
    fra1 = cluster["fra1"]
    alice = phone(cluster, "alice")
    ok = alice.register((fra1.own, 5060), PASSWORDS["alice"],
                        )
    assert "f1-" not in ok.text, ok.text
    for name in NAMES:
        caller = phone(cluster, "x", domain="far.example")
        call = caller.request("INVITE", f"sip:bob@{address(name)}",
                              (address(name), 5060), body=SDP)
        invite = bob.expect("INVITE")
        assert "f1-" not in invite.text, invite.text
        bob.reply(invite, 486, tag="no")
        bob.expect("ACK")
        no = caller.expect(486)
        assert "f1-" not in no.text, no.text
        caller.ack(call, no)
        caller.close()
    alice.close()


TESTS = [
    no_changed_character_leads_to_a_phone,
    no_token_of_elsewhere_leads_to_a_phone,
    a_true_token_leads_to_its_phone_and_nowhere_else,
    a_token_whose_phone_has_hung_up_its_connection_leads_to_nobody,
    nobody_is_shown_a_token,
]


def told_with_bob(test, cluster):
    watch = [Unbroken(node) for node in cluster]
    bob = phone(cluster, "bob")
    bob.register((address("fra1"), 5060), PASSWORDS["bob"])
    until("bob known at ams1",
          lambda: "AoR: bob" in cluster["ams1"].rpc("ul.dump"))
    try:
        return told(test, cluster, bob, nodes=cluster, watch=watch)
    finally:
        bob.close()
        for node in cluster:
            node.forget()


def main():
    enter()
    cluster = Cluster(sys.argv[1], NAMES, defines=["FLOOD_LIMIT=5000"])
    cluster.outside.ip(f"addr add {STRANGER}/24 dev hub",
                       f"addr add {VICTIM}/24 dev hub")
    try:
        cluster.start()
        good = all(told_with_bob(test, cluster) for test in TESTS)
    finally:
        cluster.remove()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
