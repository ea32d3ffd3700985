# SPDX-License-Identifier: GPL-2.0-or-later
"""world.py - the lab while a story runs: its machines, who asks, what is measured

A story gets a Lab and calls, in this order: start(), a cause (kill(), freeze(),
cause()), and what must come of it (gone(), elsewhere(), back(), no_flap()).
Each prints a line with its time and is kept for the summary; a wait in vain is
an AssertionError that says what was seen instead.

Targets are for a machine that has nothing else to do: a run fails only past
limit(), the summary tells whether the target itself was met.
"""
import os
import signal
import time

from . import topology
from .callers import SipCaller, WebCaller
from .nodes import Node
from .routers import Bird, Neighbor
from .routes import RouteWatch
from .supervisor import Supervisor

V4, V6 = topology.PREFIXES
OURS, THEIRS = "anycast-health", "healthcheck"


WORDS = {"kamailio": "Kamailio", "pinner": "the pinner",
         "worker": "the agent's worker", "guardian": "the agent's guardian",
         "exabgp": "ExaBGP"}


def limit(target_ms):
    return target_ms + max(400, target_ms / 2)


def ms(text_or_number):
    if text_or_number is None:
        return "never"
    return f"{text_or_number:.0f} ms" if text_or_number >= 10 \
        else f"{text_or_number:.1f} ms"


class Finished(Exception):
    """There is no more to measure in this run."""


class Lab:
    """agent: OURS or THEIRS.  options: see start()."""

    def __init__(self, build, agent=OURS, router="bird"):
        self.build, self.agent, self.router_kind = build, agent, router
        self.theirs = agent == THEIRS
        self.began = time.monotonic_ns()
        self.cause_ns, self.rows = 0, []
        self.supervisors, self.callers = {}, {}
        self.spaces, self.nodes = {}, {}
        self.router = self.watch = None

    # --- telling

    def say(self, text, at_ns=None):
        at = ((at_ns or time.monotonic_ns()) - self.began) / 1e9
        print(f"{at:8.3f} s  {text}", flush=True)

    def since_cause(self, at_ns):
        return (at_ns - self.cause_ns) / 1e6

    def keep(self, what, value_ms, target_ms=None):
        """One figure of the present cause; false past the limit."""
        row = self.rows[-1]
        row[what] = value_ms
        if target_ms is not None:
            row[f"{what}_target"] = target_ms
        return target_ms is None or self.theirs or (
            value_ms is not None and value_ms <= limit(target_ms))

    def measured(self):
        """The story goes on for our own agent only."""
        if self.theirs:
            raise Finished

    # --- building it up

    def start(self, *, nodes=("fra1", "ams1"), site="", agent="", bfd=False,
              hold=9, upstream=False, prefer="fra1", wait=True, sip_every=0.01):
        """site: text of the site file; agent: further lines of the agent's
        file; hold: of the sessions, in seconds; prefer: whose answers the
        story begins with."""
        self.spaces = topology.lay_out(upstream)
        self._start_router(bfd, hold, upstream)
        self.watch = RouteWatch(self.spaces["r1"], topology.PREFIXES)
        for name in nodes:
            node = self.nodes[name] = Node(
                self.spaces[name], self.build, site=site, agent=agent,
                hold=hold, bfd=bfd, theirs=self.theirs)
            self.supervisors[name] = node.supervisor
            node.up(wait=False)
        for node in self.nodes.values():
            node.wait_ready()
        self.say("Kamailio, pinner and ExaBGP run on " + " and ".join(nodes))
        self._start_callers(sip_every)
        if wait:
            self.serving(prefer)

    def _start_router(self, bfd, hold, upstream):
        neighbors = [
            Neighbor(name, router, own, topology.NODE_AS, bfd=bfd, hold=hold)
            for name, (own_both, router_both) in topology.NODES.items()
            for own, router in zip(own_both, router_both)]
        if upstream:
            neighbors += [
                Neighbor("r2", own, there, topology.UPSTREAM_AS, upstream=True)
                for there, own in zip(*topology.UPSTREAM)]
            self.far = self._router("r2", Bird, topology.UPSTREAM_AS, [
                Neighbor("r1", own, there, topology.ROUTER_AS)
                for own, there in zip(*topology.UPSTREAM)])
        kind = ROUTERS[self.router_kind]()
        self.router = self._router("r1", kind, topology.ROUTER_AS, neighbors)

    def _router(self, name, kind, asn, neighbors):
        space = self.spaces[name]
        supervisor = self.supervisors[name] = Supervisor(space)
        router = kind(space, asn, topology.ROUTER_IDS[name], neighbors)
        for unit in router.units():
            supervisor.add(unit)
            supervisor.up(unit.name)
            supervisor.wait_ready(unit.name)
        return router

    def _start_callers(self, every):
        names = {address: name for name, (own, _) in topology.NODES.items()
                 for address in own}
        for family, (own, service) in enumerate(
                zip(topology.CALLER, topology.SERVICE)):
            self.callers[f"sip{family * 2 + 4}"] = SipCaller(
                self.spaces["c1"], own, service, names,
                every=every * (1 + 4 * family))
        self.callers["web"] = WebCaller(
            self.spaces["c1"], topology.CALLER[0], topology.SERVICE[0], names)

    def serving(self, name, seconds=30):
        """Routes of both families lead to the node, and it answers."""
        for prefix in topology.PREFIXES:
            at = self.watch.wait(prefix, self.leads_to(name), seconds=seconds)
            assert at, f"no route for {prefix} to {name}: " \
                       f"{self.watch.via(prefix)}"
        for kind, caller in self.callers.items():
            assert caller.settled(name, count=5), \
                f"{kind}: answers are of {caller.last()}, not of {name}"
        self.say(f"r1 routes {V4} and {V6} to {name}, callers are answered there")

    def leads_to(self, name):
        own, _ = topology.NODES[name]
        return lambda hops: any(a in hops for a in own)

    def leads_elsewhere(self, name):
        to = self.leads_to(name)
        return lambda hops: not to(hops)

    @property
    def fra1(self):
        return self.nodes["fra1"]

    @property
    def ams1(self):
        return self.nodes["ams1"]

    # --- causes

    def cause(self, text, do=None):
        """The time is taken right before do() is called."""
        self.rows.append({"step": len(self.rows), "cause": text,
                          "agent": self.agent, "router": self.router_kind})
        self.say(text)
        self.cause_ns = time.monotonic_ns()
        if do:
            do()

    def kill(self, name, part, number=signal.SIGKILL, text=""):
        pid = self.nodes[name].victim(part)
        self.cause(text or f"kill -9 of {WORDS.get(part, part)}",
                   lambda: os.kill(pid, number))

    def freeze(self, name, part):
        pids = self.nodes[name].victims(part)
        self.cause(f"{WORDS.get(part, part)} frozen (SIGSTOP)",
                   lambda: [os.kill(pid, signal.SIGSTOP) for pid in pids])
        return lambda: [os.kill(pid, signal.SIGCONT) for pid in pids]

    # --- what comes of it

    def moved(self, prefixes, what, seconds):
        """When, after the cause, the routes of all prefixes were as what()
        says; None when they never are."""
        end, times = time.monotonic() + seconds, []
        for prefix in prefixes:
            at = self.watch.wait(prefix, what, after_ns=self.cause_ns,
                                 seconds=end - time.monotonic())
            if not at:
                return None
            times.append(at)
        return max(times)

    def gone(self, name="fra1", target_ms=None, prefixes=(V4, V6)):
        """The router no longer routes to the node."""
        return self._moved("gone", name, self.leads_elsewhere(name), target_ms,
                           prefixes)

    def added(self, name="fra1", target_ms=None, prefixes=(V4, V6)):
        return self._moved("added", name, self.leads_to(name), target_ms,
                           prefixes)

    def _moved(self, figure, name, what, target_ms, prefixes):
        seconds = 25 if self.theirs or target_ms is None \
            else limit(target_ms) / 1000 + 1
        at = self.moved(prefixes, what, seconds)
        value = at and self.since_cause(at)
        word = "gone from" if figure == "gone" else "there at"
        self.say(f"route to {name} {word} r1 after {ms(value)}", at)
        assert self.keep(figure, value, target_ms), \
            f"the route to {name} is {word} r1 after {ms(value)}, " \
            f"target {ms(target_ms)}"
        return value

    def elsewhere(self, name="ams1", seconds=10, kinds=("sip4", "sip6")):
        """The first client that asked after the cause and got the node."""
        first = []
        if self.theirs and self.rows[-1].get("gone", 0) is None:
            seconds = 1
        for kind in kinds:
            ask = self.callers[kind].wait(
                lambda a: a.who == name, after_ns=self.cause_ns,
                seconds=seconds)
            assert ask or self.theirs, \
                f"{kind}: nobody is answered by {name}; last: " \
                f"{self.callers[kind].last()}"
            first.append(ask and ask.answered_ns)
        value = self.since_cause(first[0]) if first[0] else None
        self.say(f"first client answered by {name} after {ms(value)}", first[0])
        self.keep("elsewhere", value)
        return value

    def no_flap(self, seconds, name="fra1", prefixes=(V4, V6)):
        """For so long the route stays where it is."""
        for prefix in prefixes:
            at = self.watch.wait(
                prefix, self.leads_elsewhere(name), after_ns=self.cause_ns,
                seconds=max(0, seconds - (time.monotonic_ns() - self.cause_ns)
                            / 1e9))
            assert not at, f"the route for {prefix} was gone from {name} " \
                           f"{ms(self.since_cause(at or 0))} after the cause"
        self.say(f"the route to {name} has not moved for {seconds} s")

    def unanswered(self, kind="sip4", settle=0.5):
        """How many of those who asked since the cause got no answer; who asked
        within the last moment may still get one."""
        end_ns = time.monotonic_ns()
        time.sleep(settle)
        asks = self.callers[kind].between(self.cause_ns, end_ns)
        lost = sum(1 for ask in asks if not ask.answered_ns)
        self.say(f"{lost} of {len(asks)} INVITEs since then got no answer")
        self.keep("unanswered", lost)
        return lost

    def until(self, what, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.02)

    def leave(self):
        for supervisor in self.supervisors.values():
            supervisor.leave()

    def logs(self):
        for supervisor in self.supervisors.values():
            for name in supervisor.units:
                yield supervisor.log_end(name)


def _frr():
    from .frr import Frr
    return Frr


def _gobgp():
    from .gobgp import Gobgp
    return Gobgp


ROUTERS = {"bird": lambda: Bird, "frr": _frr, "gobgp": _gobgp}
