#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Registrations on every node: three nodes with the shipped cfg, phones that
register at one and are called through each, and strangers who try to join in.

usage: registrations.py BUILD [--postgres | --tls] [--long] [WORD...]
WORDs: the tests with one of them in their names
"""
import contextlib
import os
import signal
import subprocess
import sys
import time
from itertools import product

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "pinner"))
# pylint: disable=wrong-import-position
import waiting
from calls import (SDP, bye_from_callee, from_callee, in_dialog, talk,
                   talk_on)
from database import Database
from dual import Dual, enter
from kdmq import request, signature
from node import PASSWORDS, skip
from ng import Ng
from phone import fresh
from voice import Voice, heard, where

# for tests that a node's late news of earlier ones must not disturb
PASSWORDS.update(dora="paint:box", emil="tin soldier")

FAMILIES = (False, True)        # IPv6?
TRANSPORTS = ("udp", "tcp", "tls")


def registered(site, user, at="fra1", *, place=1, ip6=False, transport="udp",
               **options):
    """at: a node's name, or None: the service address."""
    ua = site.phone(user, place, to=at, ip6=ip6, transport=transport)
    ua.register(site.at(at, ip6=ip6, transport=transport), PASSWORDS[user],
                **options)
    return ua


def invite(site, caller, user, at, *, ip6=False, **options):
    """By a phone with a password: INVITE to our user at this node."""
    return caller.request_with_password(
        "INVITE", f"sip:{user}@{caller.domain}", site.at(at, ip6=ip6),
        PASSWORDS[caller.user], body=SDP, **options)


def ring(site, caller, callee, at, **options):
    call = invite(site, caller, callee.user, at, **options)
    ringing = callee.expect("INVITE")
    callee.reply(ringing, 180, tag="callee")
    caller.expect(180)
    return call, ringing


def refused(site, caller, user, at, status=480):
    call = invite(site, caller, user, at)
    caller.ack(call, caller.expect(status))


def whole_call(site, caller, callee, at, home, *, ip6=False):
    """Rings, is answered, held and ended: each in-dialog request arrives."""
    call, ringing = ring(site, caller, callee, at, ip6=ip6)
    ok, _ = talk(caller, callee, call, ringing)
    talk_on(caller, callee, call, ok)
    bye_from_callee(callee, ringing, site.at(home, ip6=ip6,
                                             transport=callee.transport))
    caller.reply(caller.expect("BYE"), 200)
    callee.expect(200)
    return ringing


# --- registered at one, known to all -----------------------------------------

def a_phone_is_called_through_every_node(site):
    for transport, ip6 in product(TRANSPORTS, FAMILIES):
        bob = registered(site, "bob", place=2, ip6=ip6, transport=transport)
        site.wait_for("bob")
        for at in ("fra1", "ams1", "par1"):
            alice = site.phone("alice", ip6=ip6)
            whole_call(site, alice, bob, at, "fra1", ip6=ip6)
            for ua in (alice, bob):
                ua.expect_nothing(0.02)
        site.hang_up()
        site.wait_for("bob", 0)


def a_phone_on_the_service_address_is_called_from_there(site):
    """Its NAT lets in nobody else, whichever node a call came to."""
    bob = registered(site, "bob", None, place=2)
    site.wait_for("bob")
    for at in ("fra1", "par1"):
        alice = site.phone("alice")
        ringing = whole_call(site, alice, bob, at, "fra1")
        assert ringing.source == site.at(None), ringing.source


def a_phone_behind_nat_is_called_where_it_is(site):
    contact = "sip:bob@10.9.8.7:5060"
    bob = registered(site, "bob", place=2, contact=contact)
    site.wait_for("bob")
    alice = site.phone("alice")
    call, ringing = ring(site, alice, bob, "ams1")
    bob.reply(ringing, 200, tag="callee", contact=contact)
    ok = alice.expect(200)
    assert f";alias={bob.ip}~{bob.port}~1" in ok.contact(), ok.text
    in_dialog(alice, "ACK", call, ok)
    bob.expect("ACK")
    in_dialog(alice, "BYE", call, ok, cseq=60)
    bob.reply(bob.expect("BYE"), 200)
    alice.expect(200)


def a_ringing_phone_of_another_node_is_cancelled(site):
    bob, alice = registered(site, "bob", place=2), site.phone("alice")
    site.wait_for("bob")
    call, ringing = ring(site, alice, bob, "par1")
    alice.request("CANCEL", call["uri"], call["to"], call_id=call["call_id"],
                  cseq=call["cseq"], from_uri=call["from_uri"],
                  from_tag=call["from_tag"], to_uri=call["to_uri"],
                  branch=call["branch"])
    alice.expect(200)
    bob.reply(bob.expect("CANCEL"), 200)
    bob.reply(ringing, 487, tag="callee")
    bob.expect("ACK")
    alice.ack(call, alice.expect(487))
    alice.expect_nothing(0.1)


def phones_of_one_user_ring_at_all_their_nodes(site):
    phones = [registered(site, "bob", at, place=place)
              for place, at in enumerate(("fra1", "ams1", "par1"), 2)]
    site.wait_for("bob", 3)
    alice = site.phone("alice")
    call = invite(site, alice, "bob", "ams1")
    ringing = [ua.expect("INVITE") for ua in phones]
    for ua, asked in zip(phones, ringing):
        ua.reply(asked, 180, tag="callee" if ua is phones[2] else "other")
        alice.expect(180)
    phones[2].reply(ringing[2], 200, tag="callee")
    ok = alice.expect(200)
    in_dialog(alice, "ACK", call, ok)
    phones[2].expect("ACK")
    for ua, asked in zip(phones[:2], ringing[:2]):
        ua.reply(ua.expect("CANCEL"), 200)
        ua.reply(asked, 487, tag="other")
        ua.expect("ACK")
    in_dialog(alice, "BYE", call, ok, cseq=70)
    phones[2].reply(phones[2].expect("BYE"), 200)
    alice.expect(200)


def a_stranger_may_call_through_any_node_too(site):
    bob = registered(site, "bob", place=2)
    site.wait_for("bob")
    stranger = site.phone("eve", 9)
    call = stranger.request(
        "INVITE", f"sip:bob@{bob.domain}", site.at("ams1"), body=SDP,
        from_uri="sip:eve@example.com",
        headers=["P-Asserted-Identity: <sip:boss@example.com>"])
    ringing = bob.expect("INVITE")
    assert "boss" not in ringing.text, ringing.text
    bob.reply(ringing, 486, tag="callee")
    bob.expect("ACK")
    stranger.ack(call, stranger.expect(486))


def voice(site, ua, told):
    """Behind the same NAT as the phone: its SDP names a private address."""
    with site.outside.inside():
        return Voice(ua.ip, told)


def both_hear_each_other(one, other, one_to, other_to):
    """one sends to one_to, other to other_to: the relay's ports."""
    for mouth, to in ((one, one_to), (other, other_to)):
        mouth.send(to)      # before it the relay cannot know where they are
    waiting.until("the relay knows both", lambda: all(
        _echo(*way) for way in ((one, other, one_to), (other, one, other_to))))
    for mouth in (one, other):
        mouth.take(wait=0.05)
    heard(one, other, one_to, other_to)
    heard(other, one, other_to, one_to)


def _echo(sender, receiver, to):
    sender.send(to, 1)
    return receiver.take(want=1, wait=0.05)


def phones_behind_nat_at_two_nodes_hear_each_other(site):
    """By one relay, the caller's; after a re-INVITE of the callee too."""
    bob = registered(site, "bob", place=2, contact="sip:bob@10.9.8.7:5060")
    site.wait_for("bob")
    alice = site.phone("alice")
    mouths = voice(site, alice, "10.1.1.1"), voice(site, bob, "10.9.8.7")
    call = alice.request_with_password(
        "INVITE", f"sip:bob@{bob.domain}", site.at("ams1"),
        PASSWORDS["alice"], body=mouths[0].sdp(),
        contact="sip:alice@10.1.1.1:5060")
    ringing = bob.expect("INVITE")
    bob.reply(ringing, 200, tag="callee", contact="sip:bob@10.9.8.7:5060",
              body=mouths[1].sdp())
    ok = alice.expect(200)
    in_dialog(alice, "ACK", call, ok)
    bob.expect("ACK")
    for body in (ringing.body, ok.body):
        assert where(body)[0] == site["ams1"].own, body
    both_hear_each_other(*mouths, where(ok.body), where(ringing.body))

    again = voice(site, bob, "10.9.8.7")
    routes = [r.strip() for v in ringing.all("record-route")
              for r in v.split(",")]
    bob.request("INVITE", ringing.contact(), site.at("fra1"),
                call_id=ringing.header("call-id"), cseq=77,
                from_uri=f"sip:bob@{bob.domain}", from_tag="callee",
                to_uri=call["from_uri"], to_tag=ringing.tag("from"),
                routes=routes, contact="sip:bob@10.9.8.7:5060",
                body=again.sdp())
    held = alice.expect("INVITE")
    alice.reply(held, 200, contact="sip:alice@10.1.1.1:5060",
                body=mouths[0].sdp())
    okay = bob.expect(200)
    both_hear_each_other(mouths[0], again, where(held.body),
                         where(okay.body))
    in_dialog(alice, "BYE", call, ok, cseq=90)
    bob.reply(bob.expect("BYE"), 200)
    alice.expect(200)
    assert call["call_id"] in calls_of(site["ams1"])
    assert call["call_id"] not in calls_of(site["fra1"])


def calls_of(member):
    """The Call-IDs its pinner knows."""
    with member.space.inside():
        ng = Ng(("127.0.0.1", 2223))
    try:
        return ng.command("list", limit=1000)["calls"]
    finally:
        ng.close()


# --- what changes -------------------------------------------------------------

def a_phone_that_moves_to_another_node_is_called_there(site):
    bob = registered(site, "bob", place=2)
    site.wait_for("bob")
    bob.register(site.at("ams1"), PASSWORDS["bob"])
    for member in site:
        waiting.until(f"{member.name} knows that bob moved",
                      lambda m=member: site["ams1"].own in m.contacts("bob")[0]
                      and len(m.contacts("bob")) == 1)
    for at in ("fra1", "ams1", "par1"):
        ringing = whole_call(site, site.phone("alice"), bob, at, "ams1")
        assert ringing.source == site.at("ams1"), ringing.source


def a_call_follows_a_phone_that_lost_its_connection(site):
    """To the service address, where a node is not told of a reset: the phone has
    registered anew, at another node, and is heard of there."""
    for transport, closed in product(("tcp", "tls"), (False, True)):
        bob = registered(site, "bob", None, place=2, transport=transport)
        site.wait_for("bob")
        alice = site.phone("alice")
        call, ringing = ring(site, alice, bob, "fra1")
        ok, _ = talk(alice, bob, call, ringing)
        if closed:
            bob.close()
            waiting.until("fra1 knows that the connection is closed",
                          lambda: "203.0.113.2" not in site["fra1"].rpc(
                              "core.tcp_list"))
        moved = registered(site, "bob", "ams1", place=2, transport=transport,
                           contact=bob.uri)
        waiting.until("fra1 knows that bob moved", lambda: any(
            site["ams1"].own in one for one in site["fra1"].contacts("bob")))
        before = site["fra1"].stat("script:dialog_moved")
        talk_on(alice, moved, call, ok)
        in_dialog(alice, "BYE", call, ok, cseq=60)
        moved.reply(moved.expect("BYE"), 200)
        alice.expect(200)
        assert site["fra1"].stat("script:dialog_moved") >= before + 3
        site.hang_up()


def a_phone_is_reached_by_the_connection_it_opened_in_the_call(site):
    """Called by way of the service address, it puts the call on hold over a
    connection to the node address, which its Route names; the other hangs up."""
    for transport in ("tcp", "tls"):
        bob = registered(site, "bob", None, place=2, transport=transport)
        site.wait_for("bob")
        alice = site.phone("alice")
        call, ringing = ring(site, alice, bob, "fra1")
        ok, _ = talk(alice, bob, call, ringing)
        other = site.phone("bob", 2, to="fra1", transport=transport)
        hold = from_callee(other, "INVITE", ringing, None, body=SDP)
        seen = alice.expect("INVITE")
        alice.reply(seen, 200)
        held = other.expect(200)
        from_callee(other, "ACK", ringing, None)
        assert alice.expect("ACK") and held.header("cseq") and hold
        in_dialog(alice, "BYE", call, ok, cseq=60, uri=seen.contact())
        other.reply(other.expect("BYE"), 200)
        alice.expect(200)
        bob.expect_nothing(0.02)
        site.hang_up()
        site.wait_for("bob", 0)


def a_phone_with_the_same_address_behind_another_nat_is_left_alone(site):
    """Bob's office and home both call it 192.168.1.10; home is called, and its
    Contact in the call is not quite the registered one."""
    office = registered(site, "bob", "ams1", place=3, transport="tcp",
                        contact="sip:bob@192.168.1.10:5060;transport=tcp")
    site.wait_for("bob")
    home = registered(site, "bob", None, place=2, transport="tcp",
                      contact="sip:bob@192.168.1.10:5070;transport=tcp")
    site.wait_for("bob", 2)
    alice = site.phone("alice")
    call = invite(site, alice, "bob", "fra1")
    ringing = home.expect("INVITE")
    asked = office.expect("INVITE")
    office.reply(asked, 180, tag="office")
    home.reply(ringing, 200, tag="callee",
               contact="sip:bob@192.168.1.10:5070;transport=tcp;ob")
    ok = alice.expect(200, skip=(100, 180))
    office.reply(office.expect("CANCEL"), 200)
    office.reply(asked, 487, tag="office")
    office.expect("ACK")
    before = site["fra1"].stat("script:dialog_moved")
    in_dialog(alice, "ACK", call, ok)
    home.expect("ACK")
    assert site["fra1"].stat("script:dialog_moved") == before
    site.hang_up()
    site.wait_for("bob", 0)


def a_phone_that_leaves_is_gone_everywhere(site):
    bob = registered(site, "bob", place=2)
    site.wait_for("bob")
    bob.request_with_password(
        "REGISTER", f"sip:{bob.domain}", site.at("par1"), PASSWORDS["bob"],
        to_uri=bob.aor(), headers=["Expires: 0"])
    bob.expect(200)
    site.wait_for("bob", 0)
    refused(site, site.phone("alice"), "bob", "ams1")


def a_phone_that_is_not_heard_of_again_is_gone_everywhere(site):
    """By each node's own clock; nobody has to say so."""
    bob = site.phone("bob", 2)
    bob.request_with_password(
        "REGISTER", f"sip:{bob.domain}", site.at("fra1"), PASSWORDS["bob"],
        to_uri=bob.aor(), headers=["Expires: 2"])
    assert "expires=2" in bob.expect(200).header("contact")
    site.wait_for("bob")
    whole_call(site, site.phone("alice"), bob, "par1", "fra1")
    for member in site:
        waiting.until(f"bob's binding has expired at {member.name}",
                      lambda m=member: "Expires: expired" in "".join(
                          m.contacts("bob")) or not m.contacts("bob"))
    for at in ("fra1", "ams1", "par1"):
        refused(site, site.phone("alice"), "bob", at)


def a_phone_whose_connection_is_gone_is_not_waited_for(site):
    bob = registered(site, "bob", place=2, transport="tcp")
    site.wait_for("bob")
    bob.close()
    waiting.until("fra1 knows that the connection is closed",
                  lambda: "203.0.113.2" not in site["fra1"].rpc(
                      "core.tcp_list"))
    before = site["fra1"].event("flow_gone")
    started = time.monotonic()
    for at in ("ams1", "fra1"):
        refused(site, site.phone("alice"), "bob", at)
    assert time.monotonic() - started < 2, "it was waited for"
    assert site["fra1"].event("flow_gone") > before


def one_node_s_challenge_is_answered_at_another(site):
    bob = site.phone("bob")
    call = bob.request("REGISTER", f"sip:{bob.domain}", site.at("fra1"),
                       to_uri=bob.aor())
    challenge = bob.expect(401)
    bob.request("REGISTER", f"sip:{bob.domain}", site.at("par1"),
                to_uri=bob.aor(), call_id=call["call_id"], cseq=2,
                headers=[bob.digest("REGISTER", f"sip:{bob.domain}",
                                    challenge, PASSWORDS["bob"])])
    bob.expect(200)
    site.wait_for("bob")


# --- keep-alives --------------------------------------------------------------

def only_the_node_a_phone_is_at_pings_it(site):
    """Every second or two, through the socket its NAT knows."""
    bob = registered(site, "bob", None, place=2,
                     contact="sip:bob@10.9.8.7:5060")
    site.wait_for("bob")
    for _ in range(3):
        ping = bob.expect("OPTIONS")
        assert ping.source == site.at(None), ping.source
        bob.reply(ping, 200)
    bob.register(site.at("ams1"), PASSWORDS["bob"],
                 contact="sip:bob@10.9.8.7:5060")
    waiting.until("bob is at ams1 for fra1", lambda: site["ams1"].own in
                  site["fra1"].contacts("bob")[0])
    seen = [bob.expect("OPTIONS").source for _ in range(4)]
    assert set(seen[1:]) == {site.at("ams1")}, seen


# --- nodes come and go --------------------------------------------------------

def kill(member):
    """As its machine would die: nothing is said to anybody."""
    os.killpg(member.process.pid, signal.SIGKILL)
    member.process.wait()
    member.process = None


def a_node_that_starts_again_learns_everything(site):
    """Also which socket of its own a phone's NAT knows."""
    phones = [registered(site, "bob", None, place=2),
              registered(site, "carol", "par1", place=3)]
    site.wait_for("bob")
    site.wait_for("carol")
    kill(site["fra1"])
    site["fra1"].start()
    for ua in phones:
        site.wait_for(ua.user)
    for ua, home, at in ((phones[0], "fra1", "ams1"),
                         (phones[0], "fra1", "fra1"),
                         (phones[1], "par1", "fra1")):
        ringing = whole_call(site, site.phone("alice"), ua, at, home)
        if ua is phones[0]:
            assert ringing.source == site.at(None), (at, ringing.text)
    site.wait_for_peers()


def no_connection(site, at, to):
    waiting.until(f"{at} has no connection to {to}", lambda:
                  site[to].own not in site[at].rpc("core.tcp_list"))


def a_node_nobody_knows_to_be_dead_is_not_waited_for(site):
    """Its machine refuses the connection; there is no health agent here."""
    registered(site, "bob", place=2)
    site.wait_for("bob")
    kill(site["fra1"])
    no_connection(site, "ams1", "fra1")
    started = time.monotonic()
    refused(site, site.phone("alice"), "bob", "ams1")
    assert time.monotonic() - started < 2, "it was waited for"
    site["fra1"].start()
    site.wait_for("bob")
    site.wait_for_peers()


@contextlib.contextmanager
def silent(site, name, *others):
    """Nothing comes from it to the others any more, not even a refusal."""
    ways = [f"blackhole {site[other].own}/32" for other in others]
    site[name].space.ip(*(f"route add {way}" for way in ways))
    try:
        yield
    finally:
        site[name].space.ip(*(f"route del {way}" for way in ways))


def past_invites(ua, method):
    """The next request, but for INVITEs that were sent again in the meantime."""
    while True:
        msg = ua._next(time.monotonic() + 8)
        assert msg, f"{ua.user}: {method} did not come"
        if msg.method != "INVITE":
            assert msg.method == method, msg.text
            return msg


def waited(site, at, status, *, answers=None, at_once=False):
    """A call for bob: what its caller gets, when the branch to fra1 is given
    up; answers: another phone of bob's, which refuses or takes it."""
    def counted():
        waiting.until("fra1 is given up", lambda: site[at].stat(
            "script:node_silent") == since + 1, 8)

    since, started = site[at].stat("script:node_silent"), time.monotonic()
    alice = site.phone("alice")
    call = invite(site, alice, "bob", at)
    if answers:
        asked = answers.expect("INVITE")
        if not at_once:
            counted()
        answers.reply(asked, status, tag="callee")
        if status >= 300:
            past_invites(answers, "ACK")
    reply = alice.expect(status, wait=10)
    (in_dialog(alice, "ACK", call, reply) if status == 200
     else alice.ack(call, reply))
    took = time.monotonic() - started
    print(f"    {status} after {took:.1f} s", flush=True)
    assert took < 8, f"{took:.1f} s"
    counted()


def a_node_that_is_silent_is_given_up_soon(site):
    """By a branch of its own: a phone that takes its time may do so.  What the
    node says afterwards ends its call."""
    bob = registered(site, "bob", place=2)
    site.wait_for("bob")
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")
    with silent(site, "fra1", "ams1"):
        waited(site, "ams1", 480)
    late = bob.expect("INVITE")
    bob.reply(late, 180, tag="callee")
    bob.reply(past_invites(bob, "CANCEL"), 200)
    bob.reply(late, 487, tag="callee")
    past_invites(bob, "ACK")
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")

    other = registered(site, "bob", "ams1", place=3)
    site.wait_for("bob", 2)
    with silent(site, "fra1", "ams1"):
        waited(site, "ams1", 486, answers=other)
        waited(site, "ams1", 486, answers=other, at_once=True)
        waited(site, "ams1", 200, answers=other)
        past_invites(other, "ACK")
    site.wait_for_peers()


def a_node_that_takes_no_connection_is_given_up_soon(site):
    registered(site, "bob", place=2)
    site.wait_for("bob")
    kill(site["fra1"])
    for name in ("ams1", "par1"):
        no_connection(site, name, "fra1")
    site["fra1"].start()
    site.wait_for("bob")
    site.wait_for_peers()
    with silent(site, "fra1", "par1"):
        waited(site, "par1", 480)


def a_node_that_is_heard_again_is_not_taken_for_down(site):
    """The agents' word comes round a second after its first phone has called."""
    bob = registered(site, "bob", place=2)
    site.wait_for("bob")
    ams1 = site["ams1"]
    (ams1.dir / "node.state").write_text(
        "sip-anycast-state 1\nself ams1 up\nnode fra1 down 1\n")
    waiting.until("ams1 takes fra1 for down",
                  lambda: "down" in ams1.rpc("anycast.nodes"))
    heard = ams1.event("peer_valid")
    bob.register(site.at("fra1"), PASSWORDS["bob"])
    waiting.until("ams1 hears of it",
                  lambda: ams1.event("peer_valid") > heard)
    before = ams1.event("next_dead")
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")
    assert ams1.event("next_dead") == before
    (ams1.dir / "node.state").unlink()
    waiting.until("ams1 takes fra1 for up",
                  lambda: "down" not in ams1.rpc("anycast.nodes"))


def phones_of_a_dead_node_are_back_when_they_register(site):
    bob = registered(site, "bob", None, place=2)
    site.wait_for("bob")
    kill(site["fra1"])
    for member in (site["ams1"], site["par1"]):
        (member.dir / "node.state").write_text(
            f"sip-anycast-state 1\nself {member.name} up\nnode fra1 down 1\n")
        waiting.until(f"{member.name} knows that fra1 is down", lambda m=member:
                      "down" in m.rpc("anycast.nodes"))
    before = site["ams1"].event("next_dead")
    started = time.monotonic()
    refused(site, site.phone("alice"), "bob", "ams1")
    assert time.monotonic() - started < 2, "the dead node was waited for"
    assert site["ams1"].event("next_dead") == before + 1
    site.route("ams1")      # BGP
    bob.register(site.at(None), PASSWORDS["bob"])
    site.wait_for("bob")
    for at in ("ams1", "par1"):
        whole_call(site, site.phone("alice"), bob, at, "ams1")
    for member in (site["ams1"], site["par1"]):
        (member.dir / "node.state").unlink()
    site["fra1"].start()
    site.wait_for("bob")
    site.wait_for_peers()
    site.route("fra1")


def a_node_joins_and_leaves_without_a_restart_elsewhere(site):
    """The others need not even have read about it."""
    site["par1"].stop()
    site.write_sites("fra1", "ams1")
    for name in ("fra1", "ams1"):
        site[name].rpc("anycast.reload")
        site[name].rpc("dmq.remove", f"sip:{site['par1'].own}:5060")
    assert "par1" not in site["fra1"].rpc("anycast.nodes")
    dora = registered(site, "dora", place=2)
    site.wait_for("dora")

    site.write_sites("fra1", "ams1", "par1", only=["par1"])
    site["par1"].start()
    site.wait_for("dora")
    whole_call(site, site.phone("alice"), dora, "par1", "fra1")
    emil = registered(site, "emil", "par1", place=3)
    site.wait_for("emil")
    whole_call(site, site.phone("alice"), emil, "ams1", "par1")
    site.write_sites("fra1", "ams1", "par1")
    for member in site:
        member.rpc("anycast.reload")
    whole_call(site, site.phone("alice"), emil, "fra1", "par1")


def what_a_node_missed_it_learns_by_the_next_refresh(site):
    """Its cable was out: the others go on, and find it again by themselves."""
    site.hub.ip("link set ams1 down")
    bob = registered(site, "bob", place=2)
    site.wait_for("bob", members=[site["fra1"], site["par1"]])
    waiting.until("fra1 misses ams1", lambda:
                  site["ams1"].own not in site["fra1"].peers(), 60, pause=0.2)
    whole_call(site, site.phone("alice"), bob, "par1", "fra1")
    site.hub.ip("link set ams1 up")
    waiting.until("the nodes find each other", lambda: all(
        {m.own for m in site} <= member.peers() for member in site), 60,
                  pause=0.2)
    assert not site["ams1"].contacts("bob"), "it was told: say so in docs/"
    bob.register(site.at("fra1"), PASSWORDS["bob"])
    site.wait_for("bob")
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")


# --- with a database ----------------------------------------------------------

def written(site, *users):
    for member in site:
        waiting.until(f"{' '.join(users)} in the rows of {member.name}",
                      lambda m=member: site.database.users(m.name)
                      == sorted(users))


def nothing_is_lost_when_every_node_is_killed(site):
    """At once, by signal 9; and once more in good order, without a second's
    time for the rows."""
    bob = registered(site, "bob", None, place=2)
    written(site, "bob")
    for member in site:
        kill(member)
    site.start()
    site.wait_for("bob")
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")
    carol = registered(site, "carol", "par1", place=3)
    site.wait_for("carol")
    for member in site:
        member.stop()
    site.start()
    for ua, home in ((bob, "fra1"), (carol, "par1")):
        site.wait_for(ua.user)
        for at in ("fra1", "ams1"):
            whole_call(site, site.phone("alice"), ua, at, home)


def a_database_that_is_away_costs_nobody_anything(site):
    """Stopped, then frozen: phones register and call as ever, at once, and the
    rows are there when it is back."""
    bob = registered(site, "bob", place=2)
    written(site, "bob")
    users = ["bob"]
    for user, away, back in (
            ("carol", site.database.stop, site.database.start),
            ("dora", site.database.freeze,
             lambda: site.database.freeze(False))):
        away()
        started = time.monotonic()
        other = registered(site, user, "ams1", place=3)
        users.append(user)
        for _ in range(5):
            bob.register(site.at("fra1"), PASSWORDS["bob"])
        site.wait_for(user)
        for ua, home in ((bob, "fra1"), (other, "ams1")):
            whole_call(site, site.phone("alice"), ua, "par1", home)
        assert time.monotonic() - started < 2, "somebody waited"
        back()
        written(site, *users)


# --- TLS between the nodes ----------------------------------------------------

def between_nodes_there_is_nothing_but_tls(site):
    """While a phone registers and is called: no node hears SIP of another."""
    names = [member.own for member in site]
    listener = "".join(f" or host {own}" for own in names)[4:]
    capture = site["fra1"].dir / "between"
    with open(capture, "w", encoding="ascii") as out:
        tcpdump = subprocess.Popen(
            site["fra1"].space.words("tshark", "-lni", "hub", "-T", "fields",
                                     "-e", "ip.src", "-e", "ip.dst", "-e",
                                     "tcp.port", "-e", "udp.port", listener),
            stdout=out, stderr=subprocess.DEVNULL)
    try:
        probe = site.phone("carol", 3)

        def captured():
            probe.request("OPTIONS", f"sip:{site['fra1'].own}",
                          site.at("fra1"), from_uri="sip:x@example.com")
            return capture.read_text().count("203.0.113.3")
        waiting.until("the capture has begun", captured, pause=0.2)
        bob = registered(site, "bob", place=2)
        site.wait_for("bob")
        whole_call(site, site.phone("alice"), bob, "ams1", "fra1")
        tls = f"{names[0]}\t{names[1]}"
        waiting.until("the call is in the capture",
                      lambda: tls in capture.read_text())
    finally:
        tcpdump.terminate()
        tcpdump.wait()
    between = [line.split("\t") for line in capture.read_text().splitlines()
               if all(end in names for end in line.split("\t")[:2])]
    assert between, "nothing between the nodes"
    for source, to, tcp, _udp in between:
        assert "7054" in tcp.split(","), f"{source} to {to}: not TLS"


def a_node_with_a_certificate_of_somebody_else_is_refused(site):
    """It has the secret, and a certificate of a public authority."""
    site["par1"].stop()
    site.sign(site["par1"], "ca", "nodes", f"IP:{site['par1'].own}")
    bob = registered(site, "bob", place=2)
    site.wait_for("bob")
    before = [site[name].event("peer_valid") for name in ("fra1", "ams1")]
    site["par1"].start()
    waiting.until("somebody refused somebody", lambda: any(
        "certificate" in line for member in site for line in member.errors()))
    registered(site, "carol", "par1", place=3)
    assert not site["par1"].contacts("bob"), "it was told"
    assert not site["fra1"].contacts("carol"), "it was believed"
    refused(site, site.phone("alice"), "carol", "ams1")
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")
    assert sum(before) <= sum(site[name].event("peer_valid")
                              for name in ("fra1", "ams1"))

    site["par1"].stop()
    site.sign(site["par1"], "nodes-ca", "nodes", f"IP:{site['par1'].own}")
    site["par1"].start()
    site.wait_for("bob")
    site.wait_for_peers()


# --- strangers ----------------------------------------------------------------

def binding(user, contact):
    """The JSON by which Kamailio's dmq_usrloc tells of a contact."""
    now = int(time.time())
    texts = {"aor": user, "ruid": fresh("uloc-"), "c": contact,
             "received": "", "path": "", "callid": fresh("call"),
             "user_agent": "n/a", "instance": ""}
    numbers = {"expires": now + 600, "cseq": 1, "flags": 0, "cflags": 0,
               "q": -1, "last_modified": now, "methods": -1, "reg_id": 0,
               "server_id": 1}
    return ('{"action":1,' + ",".join(
        [f'"{k}":"{v}"' for k, v in texts.items()]
        + [f'"{k}":{v}' for k, v in numbers.items()]) + "}")


def nobody_else_registers_a_phone_by_kdmq(site):
    """Unsigned, wrongly signed, old, sent back, to the service: silence.  The
    same, rightly signed, is believed: so it was the signature."""
    stranger, fra1 = site.phone("eve", 9), site["fra1"]
    secret = (fra1.dir / "secret").read_text()
    now, at = int(time.time()), site.at("fra1")

    def send(event, *, to=at, **options):
        before = fra1.event(event)
        body = binding("carol", f"sip:carol@203.0.113.9:{stranger.port}")
        stranger.send(request(fra1.own, body, stranger, **options), to)
        waiting.until(f"{event} is counted",
                      lambda: fra1.event(event) == before + 1)
        stranger.expect_nothing(0.05)
        assert not fra1.contacts("carol"), event

    def signed(key=secret, node="ams1", when=now):
        return lambda parts: signature(key, node, when, parts)

    send("peer_missing")
    send("peer_malformed", sign=lambda _: "node=ams1;time=now;mac=none")
    send("peer_forged", sign=signed(key="not the secret of this site\n"))
    send("peer_stale", sign=signed(when=now - 61 - 5))
    send("peer_stale", sign=signed(when=now + 61 + 5))
    send("peer_own", sign=signed(node="fra1"))
    send("peer_on_service", to=site.at(None), sign=signed())
    # signed for another node's address
    send("peer_forged", sign=lambda parts: signature(
        secret, "ams1", now, [parts[0], f"sip:usrloc@{site['par1'].own}:5060",
                              *parts[2:]]))

    stranger.send(request(fra1.own, binding("carol", "sip:carol@203.0.113.9"),
                          stranger, sign=signed()), at)
    stranger.expect(200)
    assert fra1.contacts("carol")
    fra1.forget("carol")


def a_new_secret_does_not_stop_the_news(site):
    """Node by node: the new one beside the old, then the new one alone."""
    def registers(at, place):
        bob = registered(site, "bob", at, place=place)
        site.wait_for("bob")
        for member in site:
            member.forget("bob")
        site.wait_for("bob", 0)
        bob.close()

    dora = registered(site, "dora", place=5)
    site.wait_for("dora")
    forged = [m.event("peer_forged") for m in site]
    for member in site:
        (member.dir / "old").write_text((member.dir / "secret").read_text())
        (member.dir / "new").write_text("quite another secret of the tests\n")
    for secret, more in (("new", "previous-secret = file:old"), ("new", "")):
        for member in site:
            site.write_sites(*site.members, only=[member.name], secret=secret,
                             service=more)
            member.rpc("anycast.reload")
            for place, at in enumerate(site.members, 2):
                registers(at, place)
    assert forged == [m.event("peer_forged") for m in site]
    # a phone that has not registered anew is found all the same
    for at in ("fra1", "ams1"):
        whole_call(site, site.phone("alice"), dora, at, "fra1")
    for member in site:     # back
        site.write_sites(*site.members, only=[member.name], secret="old",
                         service="previous-secret = file:new")
        member.rpc("anycast.reload")
    site.write_sites(*site.members)
    for member in site:
        member.rpc("anycast.reload")


def what_a_phone_says_of_its_path_is_not_believed(site):
    bob, evil = site.phone("bob", 2), site.phone("eve", 9)
    before = site["fra1"].event("path_removed")
    bob.request_with_password(
        "REGISTER", f"sip:{bob.domain}", site.at("fra1"), PASSWORDS["bob"],
        to_uri=bob.aor(), headers=[
            "Supported: path", f"Path: <sip:{evil.ip}:{evil.port};lr>",
            f"Service-Route: <sip:{evil.ip}:{evil.port};lr>"])
    ok = bob.expect(200)
    assert evil.ip not in ok.text and not ok.header("path"), ok.text
    assert ok.header("service-route") == \
        f"<sip:{site['fra1'].own}:5060;lr>", ok.text
    site.wait_for("bob")
    assert site["fra1"].event("path_removed") > before
    whole_call(site, site.phone("alice"), bob, "ams1", "fra1")
    evil.expect_nothing(0.05)


def a_made_up_token_opens_no_way_to_a_phone(site):
    registered(site, "bob", place=2)
    site.wait_for("bob")
    path = site["ams1"].contacts("bob")[0].split("Path: <sip:")[1]
    token = path.split("@")[0]
    stranger = site.phone("eve", 9)
    for name, wrong in (("flow_malformed", "f1-AAAA"),
                        ("flow_forged", token[:20] + "AAAA" + token[24:])):
        before = site["fra1"].stat(f"anycast:{name}")
        stranger.request(
            "INVITE", "sip:bob@203.0.113.2:5060", site.at("fra1"), body=SDP,
            routes=[f"<sip:{wrong}@{site['fra1'].own}:5060;lr>"])
        stranger.expect(403)
        assert site["fra1"].stat(f"anycast:{name}") == before + 1, name
    # another node's token is none
    stranger.request(
        "INVITE", "sip:bob@203.0.113.2:5060", site.at("ams1"), body=SDP,
        routes=[f"<sip:{token}@{site['ams1'].own}:5060;lr>"])
    stranger.expect(403)


TESTS = [
    a_phone_is_called_through_every_node,
    a_phone_on_the_service_address_is_called_from_there,
    a_phone_behind_nat_is_called_where_it_is,
    a_ringing_phone_of_another_node_is_cancelled,
    phones_of_one_user_ring_at_all_their_nodes,
    a_stranger_may_call_through_any_node_too,
    phones_behind_nat_at_two_nodes_hear_each_other,
    a_phone_that_moves_to_another_node_is_called_there,
    a_call_follows_a_phone_that_lost_its_connection,
    a_phone_is_reached_by_the_connection_it_opened_in_the_call,
    a_phone_with_the_same_address_behind_another_nat_is_left_alone,
    a_phone_that_leaves_is_gone_everywhere,
    a_phone_that_is_not_heard_of_again_is_gone_everywhere,
    a_phone_whose_connection_is_gone_is_not_waited_for,
    one_node_s_challenge_is_answered_at_another,
    only_the_node_a_phone_is_at_pings_it,
    nobody_else_registers_a_phone_by_kdmq,
    a_new_secret_does_not_stop_the_news,
    what_a_phone_says_of_its_path_is_not_believed,
    a_made_up_token_opens_no_way_to_a_phone,
]
# nodes that are not there are errors in the others' logs
RESTARTS = [
    a_node_that_starts_again_learns_everything,
    a_node_nobody_knows_to_be_dead_is_not_waited_for,
    a_node_that_is_silent_is_given_up_soon,
    a_node_that_takes_no_connection_is_given_up_soon,
    a_node_that_is_heard_again_is_not_taken_for_down,
    phones_of_a_dead_node_are_back_when_they_register,
    a_node_joins_and_leaves_without_a_restart_elsewhere,
]


TLS = [
    between_nodes_there_is_nothing_but_tls,
    a_node_with_a_certificate_of_somebody_else_is_refused,
]
# each of them waits for timers
LONG = [
    what_a_node_missed_it_learns_by_the_next_refresh,
]
DATABASE = [
    nothing_is_lost_when_every_node_is_killed,
    a_database_that_is_away_costs_nobody_anything,
]


def nothing_is_wrong_in_the_logs(site):
    for member in site:
        assert not member.errors(), "\n".join(member.errors()[:10])


def main():
    if os.geteuid():
        skip("a network namespace needs root")
    only = [word for word in sys.argv[2:] if word[:2] != "--"]
    tls = "--tls" in sys.argv
    tests = TESTS + [nothing_is_wrong_in_the_logs] + RESTARTS
    enter()
    site = Dual(sys.argv[1], service="tls = yes\n"
                + ("cluster-tls = yes" if tls else ""),
                defines=["NAT_PING=1", "MIN_EXPIRES=1",
                                              "WITH_PINNER"])
    name = "the nodes start"
    try:
        tests += TLS if tls else []
        tests += LONG if "--long" in sys.argv else []
        if "--postgres" in sys.argv:
            tests += DATABASE
            site.use(Database(*site.members))
        site.make_certificates()
        for member in site:
            member.start_pinner()
        site.start()
        if tls:     # the first one found no other to connect to
            for member in site:
                member.forget_log()
        for test in tests:
            name = test.__name__.replace("_", " ")
            if only and not any(word in test.__name__ for word in only):
                continue
            started = time.monotonic()
            test(site)
            site.hang_up()
            print(f"ok: {name} ({time.monotonic() - started:.1f} s)",
                  flush=True)
    except AssertionError as error:
        print(f"not ok: {name}\n{error}", file=sys.stderr)
        for member in site:
            print(f"--- {member.name}", file=sys.stderr)
            print("\n".join(member.errors()[-15:] + member.news()),
                  file=sys.stderr)
        sys.exit(1)
    finally:
        site.remove()


main()
