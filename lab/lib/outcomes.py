# SPDX-License-Identifier: GPL-2.0-or-later
"""outcomes.py - what a story expects of a cause

Each prints a line with its time and is kept for the summary; a wait in vain is
an AssertionError that says what was seen instead.  Targets are for a machine
that has nothing else to do: a run fails only past limit(), the summary tells
whether the target itself was met.
"""
import json
import time

from . import topology

V4, V6 = topology.PREFIXES


def limit(target_ms):
    return target_ms + max(400, target_ms / 2)


def ms(text_or_number):
    if text_or_number is None:
        return "never"
    return f"{text_or_number:.0f} ms" if text_or_number >= 10 \
        else f"{text_or_number:.1f} ms"


class Outcomes:
    """The half of a Lab (world.py) that looks at routes, callers and agents."""

    def since_cause(self, at_ns):
        return (at_ns - self.cause_ns) / 1e6

    def keep(self, what, value_ms, target_ms=None):
        """One figure of the present cause; false past the limit."""
        row = self.rows[-1]
        row[what] = value_ms
        if target_ms is not None:
            row[f"{what}_target"] = target_ms
        return self.theirs or (value_ms is not None and (
            target_ms is None or value_ms <= limit(target_ms)))

    def leads_to(self, name):
        link = name if name in self.watch.names.values() else "r2"
        return lambda hops: link in hops

    def leads_elsewhere(self, name):
        to = self.leads_to(name)
        return lambda hops: not to(hops)

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
        """The first client that asked after the cause and got the node; of
        several kinds of clients, the one that took longest."""
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
        at = None if None in first else max(first)
        value = at and self.since_cause(at)
        self.say(f"first client answered by {name} after {ms(value)}", at)
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

    def quiet(self, seconds, why):
        """Nothing is done for so long."""
        self.say(f"{seconds} s without a change: {why}")
        time.sleep(seconds)

    def stays_away(self, name, seconds, prefixes=(V4, V6)):
        """For so long nothing leads to the node."""
        for prefix in prefixes:
            assert not self.leads_to(name)(self.watch.via(prefix)), \
                f"r1 has a route for {prefix} to {name}"
        at = None
        end = time.monotonic() + seconds
        for prefix in prefixes:
            at = at or self.watch.wait(
                prefix, self.leads_to(name), after_ns=self.cause_ns,
                seconds=max(0, end - time.monotonic()))
        assert not at, f"{name} is announced {ms(self.since_cause(at or 0))} " \
                       "after the cause"
        self.say(f"{name} is not announced for {seconds} s")

    def always_served(self, seconds, kind="sip4"):
        """For so long each caller is answered, by whichever node."""
        self.cause_ns = time.monotonic_ns()
        time.sleep(seconds)
        assert not self.unanswered(kind), "a caller got no answer"

    def only(self, name, seconds=1, kind="sip4"):
        """Whoever asks from now on is answered by this node alone."""
        begin = time.monotonic_ns()
        time.sleep(seconds)
        asks = self.callers[kind].between(begin, time.monotonic_ns() - 10 ** 8)
        others = [ask for ask in asks if ask.who != name]
        assert not others, f"{len(others)} of {len(asks)} callers were not " \
            f"answered by {name} but by {others[0].who or 'nobody'}"
        self.say(f"all of the next {len(asks)} callers are answered by {name}")

    def path(self, name, prefix=V4):
        """The path to the node that the router has, None without one."""
        own, _ = topology.NODES[name]
        found = [route for route in self.router.routes(prefix)
                 if route.via in own]
        return found[0] if found else None

    def why(self, name, word):
        """The agent's words on what holds the node where it is."""
        lines = self.nodes[name].ask("why")["lines"]
        found = [line.strip() for line in lines if word in line]
        assert found, f"why does not say {word}: {lines}"
        self.say(f"why: {found[0]}")

    def states_told(self, name="ams1"):
        """What the agent of name has heard of the others."""
        return {peer["name"]: peer["state"]
                for peer in self.nodes[name].ask("nodes")["peers"]}

    def states(self):
        return {name: node.status()["state"]
                for name, node in self.nodes.items()}

    def probe(self, name, probe):
        """State of the first probe of that name."""
        return next(p["state"] for p in self.nodes[name].status()["probes"]
                    if p["name"] == probe)

    def suppressed(self, name):
        status = self.nodes[name].status()
        return any(group["suppressed"] for group in status["groups"])

    def unanswered(self, kind="sip4", settle=1.0):
        """How many of those who asked since the cause got no answer; who asked
        within the last moment may still get one."""
        end_ns = time.monotonic_ns()
        time.sleep(settle)
        asks = self.callers[kind].between(self.cause_ns, end_ns)
        lost = [ask for ask in asks if not ask.answered_ns]
        when = ", ".join(f"{self.since_cause(ask.sent_ns):.0f}"
                         for ask in lost[:8])
        what = "questions" if kind == "dns" else "INVITEs"
        self.say(f"{len(lost)} of {len(asks)} {what} since then got no answer"
                 + (f" (sent after {when} ms)" if lost else ""))
        self.keep("unanswered", len(lost))
        return len(lost)

    def right(self, name="fra1", target_ms=None, kept=True):
        """Everything is announced, and the agent's status says so.  kept: when
        it came to that is a figure."""
        end = time.monotonic() + (limit(target_ms or 10000) / 1000)
        while not self.nodes[name].is_right():
            assert time.monotonic() < end, \
                f"the agent of {name} does not say that its routes are out: " \
                f"{self.nodes[name].status()}"
            time.sleep(0.01)
        value = self.since_cause(time.monotonic_ns())
        if not kept:
            self.say(f"the agent of {name} says all is announced")
            return
        self.say(f"the agent of {name} says all is announced after {ms(value)}")
        assert self.keep("right", value, target_ms), \
            f"right again after {ms(value)}, target {ms(target_ms)}"

    def talk(self, name="fra1", count=3):
        """Calls in progress at the node."""
        # pylint: disable=import-outside-toplevel
        from .talk import Talk
        talk = Talk(self, self.nodes[name], count)
        self.say(f"{count} calls are set up at {name}, voice flows both ways")
        return talk

    def no_voice_lost(self, talk):
        sent, lost = talk.count(self.cause_ns)
        self.say(f"{lost} of {sent} packets of voice lost since then")
        self.keep("voice", lost)
        assert sent and not lost, f"{lost} packets of voice were lost"

    def audited(self, name, word):
        """Does a line of the audit log that is younger than the cause say it?"""
        return any(word in json.dumps(line)
                   for line in self.nodes[name].ask("log", lines=20)["lines"])

    def end_calls(self, talk, lost_packets=0):
        """Hang up; how many could not, and what was not heard."""
        sent, lost = talk.count(self.cause_ns)
        failed = talk.end()
        self.say(f"{lost} of {sent} packets of voice were lost, "
                 f"{failed} calls could not be hung up")
        self.keep("lost", failed)
        self.keep("voice", lost)
        assert not failed, f"{failed} calls were lost"
        assert lost <= lost_packets, f"{lost} packets of voice were lost"
