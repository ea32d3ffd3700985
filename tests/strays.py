#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Three nodes with the shipped kamailio.cfg; a message that comes to the wrong
one ends as it would have at the right one.

usage: strays.py BUILD [WORD...]    only the tests whose names have these words
"""
import contextlib
import re
import socket
import sys
import time

from cluster import NAMES, NET, SERVICE, Cluster, address, enter
from node import PASSWORDS, Node
from phone import Phone
from waiting import until

SERVICE6, NET6 = "2001:db8:53::53", "2001:db8:1:"
# its User-Agent does not follow a 302, so it is served where it comes
SERVED = ["User-Agent: JsSIP 3.10.1"]
STRAY_PORT = 7054
T1 = 0.5


def address6(name):
    return f"{NET6}:{11 + NAMES.index(name)}"


def site_text(names=NAMES, secrets="secret = file:secret"):
    text = (f"[service]\ndomain = {Node.domain}\n"
            f"address = {SERVICE}, {SERVICE6}\n{secrets}\nhttp-port = 8080\n")
    for name in names:
        text += (f"[node {name}]\naddress = {address(name)}, {address6(name)}\n"
                 f"host = {name}.{Node.domain}\n"
                 f"http = http://{address(name)}:8080\n")
    return text


class Caller(Phone):
    """Remembers what it sent, to send it again."""
    sent = None

    def send(self, text, to=None):
        self.sent = (text, to)
        super().send(text, to)

    def repeat(self):
        super().send(*self.sent)

    def cancel(self, call, headers=()):
        return self.request(
            "CANCEL", call["uri"], call["to"], call_id=call["call_id"],
            cseq=call["cseq"], from_uri=call["from_uri"],
            from_tag=call["from_tag"], to_uri=call["to_uri"],
            branch=call["branch"], headers=headers)

    def expect_from(self, what, where, **options):
        msg = self.expect(what, **options)
        assert msg.source == where, f"{what} from {msg.source}, not {where}"
        return msg


class World:
    """The cluster, what its phones have in common, and its counters."""

    def __init__(self, build):
        self.cluster = Cluster(build, texts=dict.fromkeys(NAMES, site_text()))
        self.family = 4
        outside = self.cluster.outside
        outside.ip(f"addr add {NET6}:1/64 dev hub")
        for name in NAMES:
            self.cluster[name].space.ip(
                f"addr add {address6(name)}/64 dev hub",
                f"addr add {SERVICE6}/128 dev lo",
                f"route add default via {NET6}:1 dev hub")
        self.route("fra1")

    def __getitem__(self, name):
        return self.cluster[name]

    def live(self):
        return [m for m in self.cluster if m.process]

    def route(self, name):
        self.cluster.route(name)
        self.cluster.outside.ip(
            f"route replace {SERVICE6}/128 via {address6(name)}")

    @property
    def service(self):
        return (SERVICE6 if self.family == 6 else SERVICE), 5060

    def node(self, name):
        return (address6 if self.family == 6 else address)(name), 5060

    def phone(self, user, domain="example.com", kind=Caller, **options):
        """In another domain: a stranger, who may call our users."""
        own = f"{NET6}:1" if self.family == 6 else f"{NET}.1"
        return kind(own, user, domain, **options)

    def registered(self, user, to):
        """This phone alone: what it was before is forgotten everywhere."""
        for member in self.live():
            member.forget(user)
        for member in self.live():
            until(f"{user} forgotten at {member.name}",
                  lambda m=member: f"AoR: {user}" not in m.rpc("ul.dump"))
        ua = self.phone(user, Node.domain)
        ua.register(to, PASSWORDS[user])
        for member in self.live():
            until(f"{user} known at {member.name}",
                  lambda m=member: str(ua.port) in m.rpc("ul.dump"))
        return ua

    def counters(self, name):
        text = self[name].rpc("stats.get_statistics", "anycast:")
        return {n: int(v) for n, v in re.findall(r"anycast:(\w+) = (\d+)", text)}

    def dialled(self, name):
        """Connections it has tried to open."""
        text = self[name].rpc("stats.get_statistics", "tcp:")
        return sum(int(v) for v in re.findall(
            r"tcp:connect_(?:success|failed) = (\d+)", text))

    def snapshot(self):
        return {m.name: self.counters(m.name) for m in self.live()}

    def grown(self, before, counter, name=None):
        """By how much: at one node, or at all that live."""
        return sum(self.counters(m.name)[counter] - before[m.name][counter]
                   for m in self.live()
                   if m.name in before and name in (None, m.name))

    def grows(self, before, counter, name=None, by=1):
        until(f"{counter} of {name or 'all'} up by {by}",
              lambda: self.grown(before, counter, name) >= by, 5)

    def say(self, **states):
        """Each live node is told the state of the others."""
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000
        for member in self.live():
            text = f"sip-anycast-state 1\nself {member.name} up\n"
            for name in NAMES:
                if name != member.name:
                    text += f"node {name} {states.get(name, 'up')} {now}\n"
            (member.dir / "state.new").write_text(text)
            (member.dir / "state.new").rename(member.dir / "node.state")
            for name in set(NAMES) - {member.name}:
                want = states.get(name, "up")
                until(f"{name} {want} at {member.name}",
                      lambda m=member, n=name, w=want: re.search(
                          rf"node: {n}\s+state: {w}\b", m.rpc("anycast.nodes")))

    def kill(self, name):
        """Dead, and the others know."""
        self[name].stop()
        self.say(**{name: "down"})

    @contextlib.contextmanager
    def without(self, name):
        self.kill(name)
        try:
            yield
        finally:
            self[name].start()
            self.say()


def served(world, callee="bob", caller="alice", at="fra1", status=180,
           **options):
    """A call that is served on the service address, as far as 180."""
    world.route(at)
    ua = world.phone(caller, **options)
    call = ua.request("INVITE", f"sip:{callee.user}@{Node.domain}",
                      world.service, headers=SERVED)
    invite = callee.expect("INVITE")
    ua.expect(100, skip=())
    if status:
        callee.reply(invite, status, tag=f"t-{invite.header('call-id')}")
        ua.expect_from(status, world.service)
    return ua, call, invite


def end_cancelled(ua, call, callee, invite):
    """From the CANCEL on its way to the ACK of the 487."""
    callee.reply(callee.expect("CANCEL"), 200)
    callee.reply(invite, 487, tag=f"t-{invite.header('call-id')}")
    callee.expect("ACK")
    reply = ua.expect(487)
    ua.ack(call, reply)
    return reply


def quiet(*phones, wait=3 * T1):
    """Nobody repeats anything."""
    end = time.monotonic() + wait
    for ua in phones:
        ua.expect_nothing(max(end - time.monotonic(), 0.01))


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
        ua, call, invite = served(world, bob)
        world.route(stray)
        ua.repeat()
        ua.expect_from(180, world.service)
        bob.expect_nothing()
        ua.cancel(call)
        ua.expect(200)
        end_cancelled(ua, call, bob, invite)
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


def forget_calls(ua):
    """What a node said before it died, or after."""
    while ua._next(time.monotonic() + 0.3):
        pass


def asked_about(world, before):
    """The node that was asked, or the one that asked itself."""
    for name in NAMES[1:]:
        if world.grown(before, "pass_in_ask", name):
            return name
    return "fra1"


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
    callers, before = [], world.snapshot()
    for _ in range(40):
        world.route("fra1")
        ua = world.phone("alice")
        call = ua.request("INVITE", f"sip:bob@{Node.domain}", world.service,
                          headers=SERVED)
        callers.append(ua)
        invite = bob._next(time.monotonic() + 0.3)
        if invite:
            bob.reply(invite, 486, tag="b")
            ua.ack(call, ua.expect(486))
            bob.expect("ACK")
            continue
        ua.repeat()
        invite = bob.expect("INVITE")
        bob.reply(invite, 180, tag="b")
        ua.expect(180)
        assert world.grown(before, "claim_unanswered", "fra1") == 1
        # and a CANCEL at the third node, which may ask the dead one too
        world.route("ams1")
        ua.cancel(call)
        answer = ua._next(time.monotonic() + 0.3)
        if not answer:
            ua.repeat()
            answer = ua.expect(200)
        break
    else:
        raise AssertionError("of 40 calls par1 was asked about none")
    world["par1"].start()
    for ua in callers:
        ua.close()
    forget_calls(bob)


# --- secrets and site files ----------------------------------------------------

def rewrite(world, name, **site):
    (world[name].dir / "site.conf").write_text(site_text(**site))
    world[name].rpc("anycast.reload")


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
    # the old one leaves all at once: who still has it writes with it
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


BOTH_FAMILIES = [
    a_cancel_reaches_the_node_that_serves_the_call,
    an_invite_that_comes_again_elsewhere_rings_once,
    an_ack_elsewhere_ends_the_repetitions_of_a_486,
    a_response_reaches_the_node_that_asked,
    a_request_that_names_another_node_is_handled_there,
    a_stream_cancels_what_another_connection_began,
]
TESTS = [
    forged_datagrams_are_dropped_and_counted,
    forged_tokens_lead_nowhere,
    a_new_secret_comes_to_the_nodes_in_any_order,
    a_site_file_of_another_day_costs_no_call,
    a_named_node_that_is_down_is_answered_for,
    the_second_place_answers_when_the_first_is_gone,
    a_node_that_does_not_answer_costs_one_repetition,
    a_call_whose_node_died_is_481,
    a_response_that_comes_too_late_is_counted,
    an_operator_sees_what_is_passed,
]


def run_family(world, family, tests, words):
    world.family = family
    world.route("fra1")
    with world.cluster.outside.inside():
        bob = world.registered("bob", world.node("fra1"))
        for test in tests:
            name = test.__name__.replace("_", " ")
            if words and not any(w in name for w in words):
                continue
            start = time.monotonic()
            world.what = f"{name} (IPv{family})"
            test(world, bob)
            print(f"ok: {world.what} {time.monotonic() - start:.1f} s",
                  flush=True)
        bob.close()


def main():
    enter()
    words = sys.argv[2:]
    world = World(sys.argv[1])
    world.what, status = "the nodes start", 1
    try:
        world.cluster.start()
        world.say()
        run_family(world, 6, BOTH_FAMILIES, words)
        run_family(world, 4, BOTH_FAMILIES + TESTS, words)
        status = 0
    except AssertionError as error:
        print(f"not ok: {world.what}\n{error}", file=sys.stderr)
        for member in world.cluster:
            print(f"--- {member.name}", file=sys.stderr)
            if member.process:
                print({n: v for n, v in world.counters(member.name).items() if v},
                      file=sys.stderr)
            member.show_log()
    finally:
        world.cluster.remove()
    sys.exit(status)


if __name__ == "__main__":
    main()
