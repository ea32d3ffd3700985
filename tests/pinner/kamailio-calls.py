#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls through the shipped kamailio.cfg, its stock rtpengine module and the
pinner: in each the media must go by the node address, and by it alone.

usage: kamailio-calls.py BUILD [rtpengine]     (Debian's relay, to compare)
"""
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from calls import at_node, bye_from_callee, in_dialog, routes_of
from node import PASSWORDS, Node, namespace
from node import run as run_tests
from phone import Phone
from relay import Relay
from voice import Voice, heard, not_heard, where

IPS = {"alice": "127.0.1.1", "bob": "127.0.1.2", "bob2": "127.0.1.3"}
DELAY = 1           # the pinner's delete-delay, in seconds


class Party:
    """A registered phone with its media."""

    def __init__(self, node, name):
        user = name.rstrip("2")
        self.node, self.password = node, PASSWORDS[user]
        self.phone = Phone(IPS[name], user, node.domain)
        self.phone.register(at_node(node), self.password)
        self.voice = Voice(IPS[name])
        self.at = None      # where this party was told to send its media

    def close(self):
        self.phone.close()
        self.voice.close()


class Call:
    """alice calls bob, as far as the INVITE that bob sees."""

    def __init__(self, node, alice, bob, offer=None):
        self.node, self.alice, self.bob = node, alice, bob
        body = alice.voice.sdp() if offer is None else offer
        self.call = alice.phone.request_with_password(
            "INVITE", f"sip:bob@{node.own}", at_node(node), alice.password,
            body=body)
        self.invite = bob.phone.expect("INVITE")
        self.told(bob, self.invite.body)
        self.ok = None

    def told(self, party, body):
        """What a party reads in an SDP: the node's address, or nothing."""
        if not body:
            return
        address, port = where(body)
        assert address == self.node.own, f"media at {address}:\n{body}"
        other = self.alice if party is self.bob else self.bob
        assert other.voice.ip not in body, f"the other's address:\n{body}"
        party.at = (address, port)

    def ring(self, status=180, body="", party=None, invite=None, tag="callee"):
        (party or self.bob).phone.reply(invite or self.invite, status,
                                        tag=tag, body=body)
        seen = self.alice.phone.expect(status)
        self.told(self.alice, seen.body)
        return seen

    def answer(self, party=None, invite=None, tag="callee"):
        party, invite = party or self.bob, invite or self.invite
        party.phone.reply(invite, 200, tag=tag, contact=party.phone.uri,
                          body=party.voice.sdp())
        self.ok = self.alice.phone.expect(200)
        self.told(self.alice, self.ok.body)
        in_dialog(self.alice.phone, "ACK", self.call, self.ok)
        party.phone.expect("ACK")

    def talk(self, bob=None):
        alice, bob = self.alice, bob or self.bob
        heard(alice.voice, bob.voice, alice.at, bob.at)
        heard(bob.voice, alice.voice, bob.at, alice.at)

    def again(self, body, method="INVITE", ok=None):
        """A re-INVITE or UPDATE of alice's, as bob sees it.  ok: the reply
        that made the dialog."""
        ok = ok or self.ok
        self.call["cseq"] += 1
        sent = self.alice.phone.request(
            method, ok.contact(), self.call["to"],
            call_id=self.call["call_id"], cseq=self.call["cseq"],
            from_uri=self.call["from_uri"], from_tag=self.call["from_tag"],
            to_uri=self.call["to_uri"], to_tag=ok.tag("to"),
            routes=routes_of(ok), body=body)
        invite = self.bob.phone.expect(method)
        self.told(self.bob, invite.body)
        return sent, invite

    def refused(self, sent, request, status):
        """bob's refusal of a request within the dialog."""
        self.bob.phone.reply(request, status, tag="callee")
        seen = self.alice.phone.expect(status)
        if request.method == "INVITE":
            self.alice.phone.ack(sent, seen)
            self.bob.phone.expect("ACK")

    def goes_on(self):
        """Past the delete delay."""
        end = time.monotonic() + 2 * DELAY
        while time.monotonic() < end:
            self.talk()
            time.sleep(0.2)
        assert known(self.node, self)

    def agree(self, invite, body):
        self.bob.phone.reply(invite, 200, contact=self.bob.phone.uri,
                             body=body)
        ok = self.alice.phone.expect(200)
        self.told(self.alice, ok.body)
        in_dialog(self.alice.phone, "ACK", self.call, ok,
                  routes=routes_of(self.ok))
        self.bob.phone.expect("ACK")
        return ok

    def bye(self):
        in_dialog(self.alice.phone, "BYE", self.call, self.ok,
                  cseq=self.call["cseq"] + 1)
        seen = self.bob.phone.expect("BYE")
        self.bob.phone.reply(seen, 200)
        self.alice.phone.expect(200)

    @property
    def id(self):
        return self.call["call_id"]


def until(what, condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.05)


def known(node, call):
    return call.id in node.relay.ng.ok("list")["calls"]


def ended(node, call):
    until("the pinner forgets the call", lambda: not known(node, call))
    for party in (call.alice, call.bob):
        party.voice.take(wait=0)


def with_parties(*names):
    """Decorates a test: it gets the node and these parties."""
    def wrap(test):
        def inner(node):
            parties = [Party(node, name) for name in names]
            try:
                test(node, *parties)
            finally:
                for party in parties:
                    party.close()
        inner.__name__ = test.__name__
        return inner
    return wrap


@with_parties("alice", "bob")
def a_call_is_heard_both_ways_by_the_node_address_alone(node, alice, bob):
    call = Call(node, alice, bob)
    call.ring()
    call.answer()
    call.talk()
    call.bye()
    ended(node, call)
    not_heard(alice.voice, bob.voice, alice.at)
    not_heard(bob.voice, alice.voice, bob.at)


@with_parties("alice", "bob")
def early_media_is_heard_before_the_answer(node, alice, bob):
    call = Call(node, alice, bob)
    call.ring(183, bob.voice.sdp())
    call.talk()
    call.answer()
    call.talk()
    call.bye()


@with_parties("alice", "bob")
def a_reinvite_moves_the_media_of_one_party(node, alice, bob):
    call = Call(node, alice, bob)
    call.ring()
    call.answer()
    call.talk()
    alice.voice.close()
    moved = Voice(IPS["alice"])
    alice.voice = moved
    _, invite = call.again(moved.sdp())
    call.agree(invite, bob.voice.sdp())
    call.talk()
    call.bye()


@with_parties("alice", "bob")
def hold_and_resume_keep_the_call(node, alice, bob):
    call = Call(node, alice, bob)
    call.answer()
    call.talk()
    _, invite = call.again(alice.voice.sdp(direction="sendonly"))
    assert "a=sendonly" in invite.body, invite.body
    ok = call.agree(invite, bob.voice.sdp(direction="recvonly"))
    assert "a=recvonly" in ok.body, ok.body
    heard(alice.voice, bob.voice, alice.at, bob.at)     # music on hold
    _, invite = call.again(alice.voice.sdp())
    call.agree(invite, bob.voice.sdp())
    call.talk()
    call.bye()


@with_parties("alice", "bob")
def a_488_to_a_reinvite_does_not_end_the_call(node, alice, bob):
    call = Call(node, alice, bob)
    call.answer()
    call.talk()
    sent, invite = call.again(alice.voice.sdp("a=ptime:40"))
    call.refused(sent, invite, 488)
    call.goes_on()
    call.bye()
    ended(node, call)


@with_parties("alice", "bob")
def a_refused_request_without_an_offer_does_not_end_the_call(node, alice, bob):
    call = Call(node, alice, bob)
    call.answer()
    call.talk()
    # glare, or a session timer (RFC 4028) the other phone knows nothing of
    for method, status in (("INVITE", 491), ("UPDATE", 501)):
        sent, request = call.again("", method)
        call.refused(sent, request, status)
        call.goes_on()
    call.bye()
    ended(node, call)


@with_parties("alice", "bob")
def a_refused_update_does_not_end_what_rings(node, alice, bob):
    call = Call(node, alice, bob)
    rings = call.ring(183, bob.voice.sdp())
    call.talk()
    for body in (alice.voice.sdp("a=ptime:40"), ""):
        sent, request = call.again(body, "UPDATE", rings)
        call.refused(sent, request, 491)
        call.goes_on()
    call.call["cseq"] = 1
    call.answer()
    call.talk()
    call.call["cseq"] = 3
    call.bye()


@with_parties("alice", "bob")
def a_cancelled_call_is_forgotten(node, alice, bob):
    call = Call(node, alice, bob)
    call.ring()
    alice.phone.request(
        "CANCEL", call.call["uri"], call.call["to"], call_id=call.id,
        cseq=call.call["cseq"], from_uri=call.call["from_uri"],
        from_tag=call.call["from_tag"], to_uri=call.call["to_uri"],
        branch=call.call["branch"])
    alice.phone.expect(200)
    cancel = bob.phone.expect("CANCEL")
    bob.phone.reply(cancel, 200)
    bob.phone.reply(call.invite, 487, tag="callee")
    bob.phone.expect("ACK")
    gone = alice.phone.expect(487, skip=(100, 200))
    alice.phone.ack(call.call, gone)
    ended(node, call)


@with_parties("alice", "bob")
def a_call_to_a_phone_that_says_nothing_is_forgotten(node, alice, bob):
    call = Call(node, alice, bob)
    assert known(node, call)
    gone = alice.phone.expect(408, wait=15)     # fr_timer
    alice.phone.ack(call.call, gone)
    ended(node, call)


@with_parties("alice", "bob", "bob2")
def of_two_phones_that_ring_the_one_that_answers_is_heard(node, alice, bob,
                                                         bob2):
    call = Call(node, alice, bob)
    other = bob2.phone.expect("INVITE")
    call.told(bob2, other.body)
    call.ring()
    call.ring(party=bob2, invite=other, tag="second")
    call.answer(bob2, other, tag="second")
    cancel = bob.phone.expect("CANCEL")
    bob.phone.reply(cancel, 200)
    bob.phone.reply(call.invite, 487, tag="callee")
    bob.phone.expect("ACK")
    call.talk(bob2)
    not_heard(alice.voice, bob.voice, alice.at)
    end = time.monotonic() + 2 * DELAY
    while time.monotonic() < end:       # the other's branch has been deleted
        call.talk(bob2)
        time.sleep(0.2)
    in_dialog(alice.phone, "BYE", call.call, call.ok,
              cseq=call.call["cseq"] + 1)
    bye = bob2.phone.expect("BYE")
    bob2.phone.reply(bye, 200)
    alice.phone.expect(200)
    ended(node, call)


@with_parties("alice", "bob")
def a_bye_of_the_callee_ends_the_media(node, alice, bob):
    call = Call(node, alice, bob)
    call.answer()
    call.talk()
    bye_from_callee(bob.phone, call.invite, at_node(node))
    seen = alice.phone.expect("BYE")
    alice.phone.reply(seen, 200)
    bob.phone.expect(200)
    ended(node, call)


@with_parties("alice", "bob")
def a_bye_behind_a_reinvite_ends_the_media(node, alice, bob):
    call = Call(node, alice, bob)
    call.answer()
    call.talk()
    sent, invite = call.again(alice.voice.sdp("a=ptime:40"))
    bob.phone.reply(invite, 100)
    in_dialog(alice.phone, "BYE", call.call, call.ok,
              cseq=call.call["cseq"] + 1)
    bye = bob.phone.expect("BYE")
    bob.phone.reply(bye, 481)
    alice.phone.expect(481)
    ended(node, call)
    call.refused(sent, invite, 487)


@with_parties("alice", "bob")
def a_group_that_another_proxy_rings_keeps_the_one_who_answers(node, alice,
                                                               bob):
    """One call, forked before it comes here: two INVITEs of one Call-ID."""
    caller = Phone(IPS["bob2"], "pbx", "pbx.example.net")
    voice = Voice(IPS["bob2"])
    legs = {}
    for user, party in (("alice", alice), ("bob", bob)):
        legs[user] = caller.request(
            "INVITE", f"sip:{user}@{node.own}", at_node(node),
            call_id="group-call@pbx", from_tag="pbx", body=voice.sdp(),
            to_uri=f"sip:group@{node.own}")
        legs[user]["invite"] = party.phone.expect("INVITE")
        party.phone.reply(legs[user]["invite"], 180, tag=user)
        caller.expect(180)
    alice.phone.reply(legs["alice"]["invite"], 200, tag="alice",
                      contact=alice.phone.uri, body=alice.voice.sdp())
    ok = caller.expect(200)
    at = where(ok.body)
    in_dialog(caller, "ACK", legs["alice"], ok)
    alice.phone.expect("ACK")
    bob.phone.reply(legs["bob"]["invite"], 486, tag="bob")
    bob.phone.expect("ACK")
    caller.ack(legs["bob"], caller.expect(486))
    alice.at = where(legs["alice"]["invite"].body)
    end = time.monotonic() + 2 * DELAY
    while time.monotonic() < end:
        heard(voice, alice.voice, at, alice.at)
        heard(alice.voice, voice, alice.at, at)
        time.sleep(0.2)
    in_dialog(caller, "BYE", legs["alice"], ok, cseq=2)
    alice.phone.reply(alice.phone.expect("BYE"), 200)
    caller.expect(200)
    caller.close()
    voice.close()


def late_offer(node, alice, bob):
    call = Call(node, alice, bob, offer="")
    call.ring()
    bob.phone.reply(call.invite, 200, tag="callee", contact=bob.phone.uri,
                    body=bob.voice.sdp())
    call.ok = alice.phone.expect(200)
    call.told(alice, call.ok.body)
    alice.phone.request(
        "ACK", call.ok.contact(), call.call["to"], call_id=call.id,
        cseq=call.call["cseq"], from_uri=call.call["from_uri"],
        from_tag=call.call["from_tag"], to_uri=call.call["to_uri"],
        to_tag=call.ok.tag("to"), routes=routes_of(call.ok),
        body=alice.voice.sdp())
    ack = bob.phone.expect("ACK")
    call.told(bob, ack.body)
    call.talk()
    call.bye()


@with_parties("alice", "bob")
def an_offer_in_the_200_is_answered_in_the_ack(node, alice, bob):
    late_offer(node, alice, bob)


@with_parties("alice", "bob")
def who_is_served_while_the_pinner_drains_has_media_as_well(node, alice, bob):
    node.relay.ng.ok("drain")
    try:
        call = Call(node, alice, bob)
        call.ring(183, bob.voice.sdp())
        call.answer()
        call.talk()
        _, invite = call.again(alice.voice.sdp())
        call.agree(invite, bob.voice.sdp())
        call.talk()
        call.bye()
        late_offer(node, alice, bob)
    finally:
        node.relay.ng.ok("undrain")


@with_parties("alice", "bob")
def a_pinner_that_was_away_is_used_at_the_next_call(node, alice, bob):
    node.relay.stop()
    call = alice.phone.request_with_password(
        "INVITE", f"sip:bob@{node.own}", at_node(node), alice.password,
        body=alice.voice.sdp())
    invite = bob.phone.expect("INVITE")     # without a relay it goes on
    bob.phone.reply(invite, 486, tag="callee")
    alice.phone.ack(call, alice.phone.expect(486))
    bob.phone.expect("ACK")
    node.relay.start()
    call = Call(node, alice, bob)
    call.answer()
    call.talk()
    call.bye()


def main():
    program = sys.argv[2] if len(sys.argv) > 2 else "rtp-pinner"
    namespace()
    node = Node(sys.argv[1], defines=["WITH_PINNER"])
    settings = {"delete-delay": f"{DELAY}s"}
    options = [f"--delete-delay={DELAY}"]
    with Relay(program, sys.argv[1], media=[node.own], service=node.service,
               settings=settings, options=options) as relay:
        node.relay = relay
        tests = [
            a_call_is_heard_both_ways_by_the_node_address_alone,
            early_media_is_heard_before_the_answer,
            a_reinvite_moves_the_media_of_one_party,
            hold_and_resume_keep_the_call,
            a_488_to_a_reinvite_does_not_end_the_call,
            a_refused_request_without_an_offer_does_not_end_the_call,
            a_refused_update_does_not_end_what_rings,
            a_cancelled_call_is_forgotten,
            a_call_to_a_phone_that_says_nothing_is_forgotten,
            of_two_phones_that_ring_the_one_that_answers_is_heard,
            a_bye_of_the_callee_ends_the_media,
            a_bye_behind_a_reinvite_ends_the_media,
            a_group_that_another_proxy_rings_keeps_the_one_who_answers,
            an_offer_in_the_200_is_answered_in_the_ack,
            a_pinner_that_was_away_is_used_at_the_next_call,
            who_is_served_while_the_pinner_drains_has_media_as_well,
        ]
        if program == "rtpengine":      # ends the call after the delay
            tests.remove(a_488_to_a_reinvite_does_not_end_the_call)
            tests.remove(
                who_is_served_while_the_pinner_drains_has_media_as_well)
        run_tests(tests, node)


main()
