#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes with the shipped kamailio.cfg; a message that comes to the wrong
one ends as it would have at the right one.

usage: strays.py BUILD [WORD...]
"""
import re
import time

from cluster import NAMES, address
from node import PASSWORDS, Node
from strayworld import (SERVED, T1, Callee, Caller, asked_about, end_cancelled,
                        forget_calls, main, quiet, rewrite, served)
from waiting import until
from wire import Wire

# --- what goes astray ----------------------------------------------------------

def a_cancel_reaches_the_node_that_serves_the_call(world, bob):
    """Many Call-IDs: each of the three nodes is asked about some."""
    before = world.snapshot()
    callers = []
    for n in range(6):
        stray = ("ams1", "par1")[n % 2]
        ua, call, invite = served(world, bob)
        world.route(stray)
        ua.cancel(call)
        ua.expect_from(200, world.service)
        end_cancelled(ua, call, bob, invite)
        callers.append(ua)
    # the ACKs found their transactions: nothing comes again
    quiet(bob, *callers)
    assert world.grown(before, "claim_granted", "fra1") \
        + world.grown(before, "claim_here", "fra1") == 6
    assert world.grown(before, "reason_known_transaction", "fra1") == 12
    for ua in callers:
        ua.close()


def an_invite_that_comes_again_elsewhere_rings_once(world, bob):
    for stray in ("ams1", "par1"):
        before = world.snapshot()
        ua, call, invite = served(world, bob)
        world.route(stray)
        # and again, as when the 180 is lost: that somebody else has it is an
        # answer, too
        for _ in range(3):
            ua.repeat()
            ua.expect_from(180, world.service)
            world.settles(before)
        bob.expect_nothing(0.15)
        ua.cancel(call)
        first = ua.expect(200)
        bob.reply(bob.expect("CANCEL"), 200)
        bob.expect_nothing(0.15)
        ua.repeat()
        assert ua.expect(200).tag("to") == first.tag("to")
        bob.reply(invite, 487, tag=f"t-{invite.header('call-id')}")
        bob.expect("ACK")
        ua.ack(call, ua.expect(487))
        quiet(ua, bob)
        ua.close()


def what_a_slow_phone_has_is_not_sent_to_it_again(world, bob):
    """A MESSAGE comes again until there is a final reply, whoever has it: that
    the rendezvous passed it to its owner is an answer to who asked."""
    for stray in ("ams1", "par1", "ams1", "par1"):
        world.route("fra1")
        before = world.snapshot()
        ua = world.phone("alice")
        ua.request("MESSAGE", f"sip:bob@{Node.domain}", world.service,
                   headers=SERVED)
        message = bob.expect("MESSAGE")
        world.route(stray)
        for n in range(1, 4):
            ua.repeat()
            world.grows(before, "reason_known_transaction", "fra1", n)
            world.settles(before)
        bob.expect_nothing()
        assert world.grown(before, "claim_unanswered") == 0
        bob.reply(message, 200, tag="b")
        ua.expect_from(200, world.service)
        ua.close()


def an_ack_elsewhere_ends_the_repetitions_of_a_486(world, bob):
    ua, call, invite = served(world, bob)
    bob.reply(invite, 486, tag=f"t-{invite.header('call-id')}")
    bob.expect("ACK")
    reply = ua.expect_from(486, world.service)
    again = ua.expect_from(486, world.service)      # nobody has ACKed it
    assert again.tag("to") == reply.tag("to")
    before = world.snapshot()
    world.route("par1")
    ua.ack(call, reply)
    world.grows(before, "reason_known_transaction", "fra1")
    quiet(ua, wait=5 * T1)
    ua.close()


def a_response_reaches_the_node_that_asked(world, _bob):
    """A phone at the service address is called from there, and answers there."""
    world.route("fra1")
    carol = world.registered("carol", world.service)
    ua, call, invite = served(world, carol, status=0)
    assert invite.source == world.service, invite.source
    via = invite.header("via")
    assert re.search(r";sa=fra1\.[0-9a-f]{20}(;|$)", via), via
    assert ";sa=" not in invite.all("via")[1], invite.text
    before = world.snapshot()
    world.route("ams1")
    carol.reply(invite, 180, tag="c")
    ua.expect_from(180, world.service)
    ua.cancel(call)
    ua.expect(200)
    cancel = carol.expect("CANCEL")
    assert cancel.header("via") == via, "CANCEL and INVITE differ in the Via"
    carol.reply(cancel, 200)
    carol.reply(invite, 487, tag="c")
    carol.expect("ACK")
    ua.ack(call, ua.expect(487))
    quiet(ua, carol)
    # 180, 200 and 487
    assert world.grown(before, "reply_passed", "ams1") == 3
    assert world.grown(before, "reply_still_stray") == 0
    ua.close()
    carol.close()


def a_request_that_names_another_node_is_handled_there(world, bob):
    world.route("ams1")
    before = world.snapshot()
    ua = world.phone("alice")
    host = world.node("fra1")[0]
    uri = f"sip:bob@[{host}]" if ":" in host else f"sip:bob@{host}"
    call = ua.request("INVITE", uri, world.service)
    invite = bob.expect("INVITE")
    bob.reply(invite, 180, tag="b")
    ua.expect_from(180, world.service)
    ua.cancel(call)
    ua.expect_from(200, world.service)
    bob.reply(bob.expect("CANCEL"), 200)
    bob.reply(invite, 487, tag="b")
    bob.expect("ACK")
    ua.ack(call, ua.expect(487))
    quiet(ua, bob)
    assert world.grown(before, "action_pass", "ams1") == 3
    assert world.grown(before, "action_relay") == 0
    assert world.grown(before, "reason_names_this_node", "fra1") == 1
    ua.close()


def an_outbound_proxy_setting_keeps_no_dialog_from_its_node(world, bob):
    """Some phones write it before the route of the dialog."""
    host = world.service[0]
    proxy = f"<sip:{f'[{host}]' if ':' in host else host};lr>"
    for stray, transport in (("fra1", "udp"), ("ams1", "udp"),
                             ("fra1", "tcp"), ("ams1", "tcp")):
        world.route("fra1")
        over = {"transport": transport}
        if transport == "tcp":
            over["to"] = world.service
        ua, call, invite = served(world, bob, status=0, **over)
        bob.reply(invite, 200, tag="b")
        ok = ua.expect(200)
        routes = [proxy] + ok.all("record-route")[::-1]
        target = ok.header("contact").strip("<>")
        if stray != "fra1":
            world.route(stray)
            ua.close()
            ua = world.phone("alice", **over)
        for method, cseq in (("ACK", 1), ("BYE", 2)):
            ua.request(method, target, world.service, cseq=cseq, to_tag="b",
                       call_id=call["call_id"], from_uri=call["from_uri"],
                       from_tag=call["from_tag"], to_uri=call["to_uri"],
                       routes=routes)
            request = bob.expect(method)
            assert not request.all("route"), request.text
        bob.reply(request, 200)
        ua.expect(200)
        ua.close()


def a_phone_registers_where_its_connection_ends(world, _bob):
    """Not at the node its REGISTER names, which has no way back to it."""
    host = world.node("fra1")[0]
    for uri, routes in ((f"sip:fra1.{Node.domain}", []), (None, [
            f"<sip:{f'[{host}]' if ':' in host else host};lr>"])):
        world.route("ams1")
        for member in world.live():
            member.forget("carol")
        carol = world.phone("carol", Node.domain, Callee, transport="tcp",
                            to=world.service)
        carol.request_with_password(
            "REGISTER", uri or f"sip:{Node.domain}", world.service,
            PASSWORDS["carol"], to_uri=carol.aor(), headers=["Expires: 600"],
            routes=routes)
        carol.expect(200)
        for name in NAMES:
            until(f"carol known at {name}", lambda n=name:
                  str(carol.port) in world[n].rpc("ul.dump"))
            ua = world.phone("alice")
            call = ua.request("INVITE", f"sip:carol@{Node.domain}",
                              world.node(name))
            invite = carol.expect("INVITE")
            carol.reply(invite, 486, tag="c")
            carol.expect("ACK")
            ua.ack(call, ua.expect(486))
            ua.close()
        carol.close()


def a_stream_cancels_what_another_connection_began(world, bob):
    """The connection is gone with the route; so is the 487, but not the call.
    The owner does not dial the client for a CANCEL another node has answered."""
    for stray in ("ams1", "par1"):
        ua, call, invite = served(world, bob, transport="tcp", to=world.service)
        before = world.snapshot()
        world.route(stray)
        other = world.phone("alice", transport="tcp", to=world.service)
        dialled = world.dialled("fra1")
        other.send(cancel_text(ua, call))
        other.expect(200)
        bob.reply(bob.expect("CANCEL"), 200)
        bob.reply(invite, 487, tag=f"t-{invite.header('call-id')}")
        bob.expect("ACK")
        assert world.grown(before, "reason_known_transaction", "fra1") == 1
        assert world.dialled("fra1") == dialled, "the owner dialled the client"
        ua.close()
        other.close()


def cancel_text(ua, call):
    """The CANCEL that ua would send, as text."""
    class Catch(Caller):
        def __init__(self):     # pylint: disable=super-init-not-called
            self.__dict__.update(ua.__dict__)

        def send(self, text, to=None):
            self.sent = (text, to)

    catch = Catch()
    catch.cancel(call)
    return catch.sent[0]


# --- nodes that are gone -------------------------------------------------------

def a_call_whose_node_died_is_481(world, bob):
    ua, call, _ = served(world, bob)
    with world.without("fra1"):
        world.route("ams1")
        ua.cancel(call, SERVED)
        ua.expect(481)
    ua.close()
    forget_calls(bob)


def a_disabled_node_keeps_its_calls(world, bob):
    """An operator has disabled it and BGP has turned away; nobody gives it a
    new call, or asks it about one."""
    world.route("fra1")
    carol = world.registered("carol", world.service)
    calls = [served(world, bob) for _ in range(6)]
    others = served(world, carol, status=0)
    world.say(fra1="disabled")
    before = world.snapshot()
    for n, (ua, call, invite) in enumerate(calls):
        world.route(("ams1", "par1")[n % 2])
        ua.repeat()
        ua.expect_from(180, world.service)
        ua.cancel(call)
        ua.expect_from(200, world.service)
        end_cancelled(ua, call, bob, invite)
    ua, call, invite = others
    carol.reply(invite, 180, tag="c")
    ua.expect_from(180, world.service)
    ua.cancel(call)
    ua.expect_from(200, world.service)
    end_cancelled(ua, call, carol, invite)
    quiet(bob, carol, *(ua for ua, _, _ in calls), ua)
    assert world.grown(before, "reply_passed") == 3
    assert world.grown(before, "reply_dead_node") == 0

    started = [served(world, bob, at="ams1") for _ in range(6)]
    for ua, call, invite in started:
        ua.cancel(call)
        ua.expect(200)
        end_cancelled(ua, call, bob, invite)
    assert world.grown(before, "pass_in_ask", "fra1") == 0
    assert world.grown(before, "pass_in_tell", "fra1") == 0
    for ua, _, _ in calls + started + [others]:
        ua.close()
    carol.close()
    world.say()


def the_second_place_answers_when_the_first_is_gone(world, bob):
    done = set()
    for _ in range(40):
        before = world.snapshot()
        ua, call, invite = served(world, bob)
        first = asked_about(world, before)
        if first == "fra1" or first in done:
            ua.cancel(call)
            ua.expect(200)
            end_cancelled(ua, call, bob, invite)
            ua.close()
            continue
        done.add(first)
        stray = ({"ams1", "par1"} - {first}).pop()
        with world.without(first):
            world.route(stray)
            ua.cancel(call)
            ua.expect_from(200, world.service)
            end_cancelled(ua, call, bob, invite)
        ua.close()
        if len(done) == 2:
            return
    raise AssertionError(f"of 40 calls only {done} were asked about any")


def a_named_node_that_is_down_is_answered_for(world, _bob):
    host = address("par1")
    with world.without("par1"):
        world.route("ams1")
        ua = world.phone("alice")
        before = world.snapshot()
        for method, tag, status in (("INVITE", "", 480), ("MESSAGE", "", 480),
                                    ("BYE", "x", 481), ("INVITE", "x", 481)):
            call = ua.request(method, f"sip:bob@{host}", world.service,
                              to_tag=tag)
            reply = ua.expect(status)
            if method == "INVITE":
                ua.ack(call, reply)
        ua.request("ACK", f"sip:bob@{host}", world.service, to_tag="x")
        ua.expect_nothing()
        assert world.grown(before, "reason_names_node_down", "ams1") >= 5
        ua.close()


def a_node_that_does_not_answer_costs_one_repetition(world, bob):
    """It is dead, and nobody knows yet."""
    world["par1"].stop()
    world.route("fra1")
    before, lost = world.snapshot(), 0
    for _ in range(60):
        ua = world.phone("alice")
        call = ua.request("INVITE", f"sip:bob@{Node.domain}", world.service,
                          headers=SERVED)
        invite = bob._next(time.monotonic() + 0.5)
        if not invite:
            lost += 1
            ua.repeat()
            invite = bob.expect("INVITE")
        bob.reply(invite, 486, tag="b")
        ua.ack(call, ua.expect(486))
        bob.expect("ACK")
        ua.close()
        if world.grown(before, "claim_unanswered", "fra1") == 4:
            break
    assert lost == 1, f"{lost} calls waited"
    assert world.grown(before, "claim_unanswered", "fra1") == 4

    world["par1"].start()
    before = world.snapshot()

    def is_asked():
        ua = world.phone("alice")
        call = ua.request("INVITE", f"sip:bob@{Node.domain}", world.service,
                          headers=SERVED)
        invite = bob.expect("INVITE")
        bob.reply(invite, 486, tag="b")
        ua.ack(call, ua.expect(486))
        bob.expect("ACK")
        ua.close()
        return world.grown(before, "pass_in_ask", "par1")

    until("par1 asked again", is_asked)


def a_cancel_has_time_to_find_its_call(world, _bob):
    """Whom it is asked of is dead, and nobody knows yet; 481 would be wrong if
    only the question was lost."""
    world["par1"].stop()
    world.route("ams1")
    before = world.snapshot()
    for _ in range(60):
        ua = world.phone("alice")
        began = time.monotonic()
        ua.request("CANCEL", f"sip:bob@{Node.domain}", world.service,
                   headers=SERVED)
        if not ua._next(began + 0.3):
            break
        ua.close()
    else:
        raise AssertionError("of 60 CANCELs par1 was asked about none")

    def is_answered():
        ua.repeat()
        return ua._next(time.monotonic() + 0.2)

    assert until("the CANCEL is answered", is_answered).status == 481
    took = time.monotonic() - began
    assert took >= 2, f"481 after {took:.3f} s"
    assert world.grown(before, "event_ask_unanswered", "ams1") == 1
    ua.close()
    world["par1"].start()


def a_response_that_comes_too_late_is_counted(world, _bob):
    """fra1 was restarted and knows nothing of it any more."""
    world.route("fra1")
    carol = world.registered("carol", world.service)
    ua, _, invite = served(world, carol)
    world["fra1"].stop()
    world["fra1"].start()
    before = world.snapshot()
    carol.reply(invite, 183, tag="c")
    world.grows(before, "reply_own", "fra1")
    world.route("ams1")
    carol.reply(invite, 183, tag="c")
    world.grows(before, "reply_passed", "ams1")
    world.grows(before, "reply_still_stray", "fra1")
    with world.without("fra1"):
        carol.reply(invite, 183, tag="c")
        world.grows(before, "reply_dead_node", "ams1")
        rewrite(world, "ams1", names=("ams1", "par1"))
        carol.reply(invite, 183, tag="c")
        world.grows(before, "reply_unknown_node", "ams1")
        rewrite(world, "ams1")
    ua.expect_nothing()
    ua.close()
    forget_calls(carol)
    carol.close()


def what_is_passed_may_be_broken_up_on_its_way(world, bob):
    """As SIP itself: between nodes there may be a tunnel with less room, and a
    filter that keeps back the word that a packet was too large."""
    with Wire(world.cluster, {name: address(name) for name in NAMES}) as wire:
        for at in NAMES:
            ua, call, invite = served(world, bob, at=at)
            ua.cancel(call)
            ua.expect_from(200, world.service)
            end_cancelled(ua, call, bob, invite)
            ua.close()
        until("something is passed", lambda: wire.to_port(7054))
    assert 5060 not in wire.whole and 7054 not in wire.whole, wire.whole
    quiet(bob)


def an_operator_sees_what_is_passed(world, _bob):
    for name in NAMES:
        text = world[name].rpc("anycast.strays")
        values = dict(re.findall(r"(\w+): (\S+)", text))
        counters = world.counters(name)
        assert values["active"] == "yes" and values["stray_port"] == "7054"
        for key, prefix in (("received", "pass_in_"), ("sent", "pass_out_")):
            assert int(values[key]) == sum(
                v for n, v in counters.items() if n.startswith(prefix)), text
        assert int(values["owners"]) <= int(values["owner_slots"])
    assert "anycast strays" in world["fra1"].rpc("core.psx")


BOTH = [
    a_cancel_reaches_the_node_that_serves_the_call,
    an_invite_that_comes_again_elsewhere_rings_once,
    what_a_slow_phone_has_is_not_sent_to_it_again,
    an_ack_elsewhere_ends_the_repetitions_of_a_486,
    a_response_reaches_the_node_that_asked,
    a_request_that_names_another_node_is_handled_there,
    an_outbound_proxy_setting_keeps_no_dialog_from_its_node,
    a_phone_registers_where_its_connection_ends,
    a_stream_cancels_what_another_connection_began,
]
GONE = [
    what_is_passed_may_be_broken_up_on_its_way,
    a_disabled_node_keeps_its_calls,
    a_named_node_that_is_down_is_answered_for,
    the_second_place_answers_when_the_first_is_gone,
    a_node_that_does_not_answer_costs_one_repetition,
    a_cancel_has_time_to_find_its_call,
    a_call_whose_node_died_is_481,
    a_response_that_comes_too_late_is_counted,
    an_operator_sees_what_is_passed,
]

if __name__ == "__main__":
    main((6, BOTH), (4, BOTH + GONE))
