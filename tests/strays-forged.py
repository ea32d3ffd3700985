#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes: what passes between them is believed only when a node of the
site sealed it, whatever secret and site file each has at the moment.

usage: strays-forged.py BUILD [WORD...]
"""
import contextlib
import re
import socket
import time

from cluster import NAMES, address
from node import Node
from strayworld import (SERVED, asked_about, end_cancelled, main, rewrite,
                        served)

STRAY_PORT = 7054

# --- secrets and site files ----------------------------------------------------

def calls_survive(world, bob, carol):
    """A call with strays of each kind, between nodes in whatever state."""
    before = world.snapshot()
    ua, call, invite = served(world, bob)
    for stray in ("ams1", "par1"):
        world.route(stray)
        ua.repeat()
        ua.expect(180)
    ua.cancel(call)
    ua.expect(200)
    end_cancelled(ua, call, bob, invite)
    bob.expect_nothing(0.05)
    ua.close()
    ua, call, invite = served(world, carol, status=0)
    world.route("par1")
    carol.reply(invite, 486, tag="c")
    carol.expect("ACK")
    ua.ack(call, ua.expect(486))
    ua.close()
    for refused in ("pass_read_unopenable", "pass_read_sender",
                    "pass_read_malformed", "reply_forged", "claim_unanswered"):
        assert world.grown(before, refused) == 0, refused


def a_new_secret_comes_to_the_nodes_in_any_order(world, bob):
    both = "secret = file:new\nprevious-secret = file:secret"
    new = "secret = file:new"
    world.route("fra1")
    carol = world.registered("carol", world.service)
    for member in world.live():
        (member.dir / "new").write_text("another secret of the tests\n")
    for name in ("par1", "fra1", "ams1"):
        rewrite(world, name, secrets=both)
        calls_survive(world, bob, carol)
    for name in ("ams1", "par1", "fra1"):
        rewrite(world, name, secrets=new)
        calls_survive(world, bob, carol)
    for name in NAMES:
        rewrite(world, name)
    carol.close()


def a_site_file_of_another_day_costs_no_call(world, bob):
    """ams1 has not heard of fra1 yet."""
    rewrite(world, "ams1", names=("ams1", "par1"))
    before = world.snapshot()
    for _ in range(12):
        world.route("fra1")
        ua = world.phone("alice")
        call = ua.request("INVITE", f"sip:bob@{Node.domain}", world.service,
                          headers=SERVED)
        invite = bob._next(time.monotonic() + 0.2)
        if not invite:
            ua.repeat()
            invite = bob.expect("INVITE")
        bob.reply(invite, 486, tag="b")
        bob.expect("ACK")
        ua.ack(call, ua.expect(486))
        ua.close()
    assert world.grown(before, "pass_read_sender", "ams1") > 0
    assert world.grown(before, "claim_unanswered", "fra1") > 0
    rewrite(world, "ams1")


# --- forgeries -------------------------------------------------------------------

@contextlib.contextmanager
def wire(world):
    """Datagrams to the stray-port as they pass the bridge."""
    with world.cluster.hub.inside():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                            socket.htons(0x0800))
        tap.bind(("bridge", 0))
    with world.cluster.hub.inside():
        world.cluster.hub.ip("link set bridge promisc on")

    def next_datagram():
        tap.settimeout(4)
        while True:
            frame = tap.recv(65535)
            ip = frame[14:]
            udp = ip[(ip[0] & 15) * 4:]
            if ip[9] == 17 and int.from_bytes(udp[2:4], "big") == STRAY_PORT:
                return socket.inet_ntoa(ip[16:20]), udp[8:]

    try:
        yield next_datagram
    finally:
        tap.close()


def forged_datagrams_are_dropped_and_counted(world, bob):
    with wire(world) as next_datagram:
        for _ in range(40):     # until another node is asked
            before = world.snapshot()
            ua, call, invite = served(world, bob)
            ua.cancel(call)
            ua.expect(200)
            end_cancelled(ua, call, bob, invite)
            ua.close()
            if asked_about(world, before) != "fra1":
                break
        to, genuine = next_datagram()
    world.settles(before)
    name = NAMES[int(to.rpartition(".")[2]) - 11]
    before = world.snapshot()
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def throw(data, where=to):
        stranger.sendto(data, (where, STRAY_PORT))

    throw(b"")
    throw(b"SAP1")
    world.grows(before, "pass_read_short", name, 2)
    throw(b"SIP/2" + genuine[5:])
    throw(b"SAP2" + genuine[4:])
    world.grows(before, "pass_read_version", name, 2)
    for at in (4, 40, len(genuine) // 2, len(genuine) - 1):
        throw(genuine[:at] + bytes([genuine[at] ^ 1]) + genuine[at + 1:])
    throw(genuine + b"x")
    throw(genuine[:-1])
    world.grows(before, "pass_read_unopenable", name, 6)
    # sealed for one node, it opens at no other
    other = next(n for n in NAMES if n != name)
    throw(genuine, address(other))
    world.grows(before, "pass_read_unopenable", other)
    # replayed from an address that is not its sender's
    throw(genuine)
    world.grows(before, "event_pass_other_source", name)
    for kind in ("ask", "deliver", "yours", "tell"):
        assert world.grown(before, f"pass_in_{kind}") == 0
    stranger.close()
    bob.expect_nothing()


def forged_tokens_lead_nowhere(world, _bob):
    world.route("fra1")
    carol = world.registered("carol", world.service)
    ua, call, invite = served(world, carol)
    token = re.search(r";sa=(fra1\.[0-9a-f]+)", invite.text).group(1)
    before = world.snapshot()
    world.route("ams1")
    text = invite.text

    def answer(changed):
        invite.headers = [(n, v.replace(f";sa={token}", changed))
                          for n, v in headers]
        carol.reply(invite, 183, tag="c")

    headers = list(invite.headers)
    flipped = token[:-1] + ("0" if token[-1] != "0" else "1")
    answer(f";sa={flipped}")
    answer(f";sa={token.replace('fra1', 'par1')}")
    answer(f";sa={token.replace('fra1', 'nobody')}")
    world.grows(before, "reply_forged", "ams1", 3)
    answer(";sa=fra1.abc")
    answer(";sa=")
    answer(";sa")
    answer(f";sa={'a' * 200}.{token[-20:]}")
    answer("")
    world.grows(before, "reply_malformed", "ams1", 2)
    world.grows(before, "reply_no_token", "ams1", 3)
    # of another branch
    invite.headers = [(n, v.replace("branch=z9hG4bK", "branch=z9hG4bKx", 1))
                      for n, v in headers]
    carol.reply(invite, 183, tag="c")
    world.grows(before, "reply_forged", "ams1", 4)
    assert world.grown(before, "reply_passed") == 0
    ua.expect_nothing()
    # right, and the end of the transaction
    invite.headers = headers
    carol.reply(invite, 486, tag=f"t-{invite.header('call-id')}")
    carol.expect("ACK")
    ua.ack(call, ua.expect(486))
    assert invite.text == text
    ua.close()
    carol.close()


if __name__ == "__main__":
    main((4, [
        forged_datagrams_are_dropped_and_counted,
        forged_tokens_lead_nowhere,
        a_new_secret_comes_to_the_nodes_in_any_order,
        a_site_file_of_another_day_costs_no_call,
    ]))
