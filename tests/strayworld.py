# SPDX-License-Identifier: GPL-2.0-or-later
"""strayworld.py - three nodes, a route that moves, and calls to lose on the way

For the tests of strays: the cluster of cluster.py with IPv4 and IPv6, phones
that remember what they sent, and the counters of all nodes.
"""
import contextlib
import re
import subprocess
import sys
import time

import cluster
from cluster import NAMES, NET, SERVICE, Cluster, address, enter
from node import PASSWORDS, Node
from phone import Phone
from waiting import until

SERVICE6, NET6 = "2001:db8:53::53", "2001:db8:1:"
# its User-Agent does not follow a 302, so it is served where it comes
SERVED = ["User-Agent: JsSIP 3.10.1"]
T1 = 0.5


def address6(name):
    return f"{NET6}:{11 + NAMES.index(name)}"


def site_text(names=NAMES, **options):
    return cluster.site_text(
        names, at=f"{SERVICE}, {SERVICE6}",
        own=lambda name: f"{address(name)}, {address6(name)}", **options)


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


class Callee(Phone):
    """Hears a request once, however often it is sent: the machine is busy."""

    def _next(self, deadline):
        while True:
            msg = super()._next(deadline)
            if not msg or msg.is_reply:
                return msg
            this = (msg.method, msg.header("via"))
            if this not in self.heard:
                self.heard.add(this)
                return msg

    def __init__(self, *words, **options):
        self.heard = set()
        super().__init__(*words, **options)


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
        ua = self.phone(user, Node.domain, Callee)
        ua.register(to, PASSWORDS[user])
        for member in self.live():
            until(f"{user} known at {member.name}",
                  lambda m=member: str(ua.port) in m.rpc("ul.dump"))
        return ua

    def counters(self, name):
        text = self[name].rpc("stats.get_statistics", "anycast:")
        return {n: int(v) for n, v in re.findall(r"anycast:(\w+) = (\d+)", text)}

    def risen(self, name):
        """Counters that are not 0, or that it does not answer."""
        try:
            return {n: v for n, v in self.counters(name).items() if v}
        except subprocess.CalledProcessError:
            return "it does not answer"

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

    def settles(self, before):
        """What a node has sent to another since has been read there.  A node
        whose question is not answered yet serves what is repeated, which no
        client does as soon as a test."""
        def total(prefix):
            return sum(value - before[name][counter]
                       for name, counters in self.snapshot().items()
                       for counter, value in counters.items()
                       if counter.startswith(prefix))

        # in this order: what is sent in between is not taken for read
        until("all datagrams between nodes are read",
              lambda: total("pass_in_") == total("pass_out_"), 5)

    def say(self, **states):
        """Each live node is told the state of all."""
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000
        for member in self.live():
            text = "sip-anycast-state 1\n" \
                f"self {member.name} {states.get(member.name, 'up')}\n"
            for name in NAMES:
                if name != member.name:
                    text += f"node {name} {states.get(name, 'up')} {now}\n"
            (member.dir / "state.new").write_text(text)
            (member.dir / "state.new").rename(member.dir / "node.state")
            for name in NAMES:
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
    """Nobody repeats anything, but what was repeated until the last word came."""
    for ua in phones:
        forget_calls(ua, T1 / 5)
    end = time.monotonic() + wait
    for ua in phones:
        ua.expect_nothing(max(end - time.monotonic(), 0.01))


def forget_calls(ua, silence=0.3):
    """What a node said before it died, or after."""
    while ua._next(time.monotonic() + silence):
        pass


def asked_about(world, before):
    """The node that was asked, or the one that asked itself."""
    for name in NAMES[1:]:
        if world.grown(before, "pass_in_ask", name):
            return name
    return "fra1"


def rewrite(world, name, **site):
    (world[name].dir / "site.conf").write_text(site_text(**site))
    world[name].rpc("anycast.reload")


def run_tests(world, family, tests, words):
    world.family = family
    world.route("fra1")
    with world.cluster.outside.inside():
        bob = world.registered("bob", world.node("fra1"))
        for test in tests:
            name = test.__name__.replace("_", " ")
            if words and not any(w in name for w in words):
                continue
            world.what = f"{name} (IPv{family})"
            test(world, bob)
            print(f"ok: {world.what}", flush=True)
        bob.close()


def main(*families):
    """Each of families: 4 or 6, and its tests.  Arguments: the build, and
    words: only the tests whose names have one of them."""
    enter()
    world = World(sys.argv[1])
    world.what, status = "the nodes start", 1
    try:
        world.cluster.start()
        world.say()
        for family, tests in families:
            run_tests(world, family, tests, sys.argv[2:])
        status = 0
    except AssertionError as error:
        print(f"not ok: {world.what}\n{error}", file=sys.stderr)
        for member in world.cluster:
            print(f"--- {member.name}", file=sys.stderr)
            print(world.risen(member.name), file=sys.stderr)
            member.show_log()
    finally:
        world.cluster.remove()
    sys.exit(status)
