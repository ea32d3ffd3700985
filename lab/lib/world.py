# SPDX-License-Identifier: GPL-2.0-or-later
"""world.py - the lab while a story runs: its machines, who asks, what is measured

A story gets a Lab and calls, in this order: start(), a cause (kill(), freeze(),
cause()), and what must come of it (outcomes.py).
"""
import os
import signal
import time

from . import topology
from .callers import DnsCaller, SipCaller, WebCaller
from .files import SECRET, site_text
from .nodes import Node, domain, web_unit
from .outcomes import V4, V6, Outcomes
from .routers import Bird, Neighbor
from .routes import RouteWatch
from .spaces import run
from .supervisor import Supervisor

OURS, THEIRS = "anycast-health", "healthcheck"

WORDS = {"kamailio": "Kamailio", "pinner": "the pinner", "knot": "Knot",
         "worker": "the agent's worker", "guardian": "the agent's guardian",
         "exabgp": "ExaBGP"}


class Finished(Exception):
    """There is no more to measure in this run."""


class Lab(Outcomes):
    """agent: OURS or THEIRS."""

    def __init__(self, build, agent=OURS, router="bird"):
        self.build, self.agent, self.router_kind = build, agent, router
        self.theirs = agent == THEIRS
        self.full = False
        self.began = time.monotonic_ns()
        self.cause_ns, self.rows = 0, []
        self.supervisors, self.callers = {}, {}
        self.spaces, self.nodes, self.of_nodes = {}, {}, {}
        self.routers, self.far_callers = {}, {}
        self.router = self.watch = None

    # --- telling

    def say(self, text, at_ns=None):
        at = ((at_ns or time.monotonic_ns()) - self.began) / 1e9
        print(f"{at:8.3f} s  {text}", flush=True)

    def measured(self):
        """The story goes on for our own agent only."""
        if self.theirs:
            raise Finished

    # --- building it up

    def start(self, *, nodes=("fra1", "ams1"), site="", far=False,
              prefer="fra1", wait=True, more=(), **of_nodes):
        """site: text of the site file; far: ams1 is behind another router;
        prefer: whose answers the story begins with; more: prefixes to watch
        besides; of_nodes: see Node."""
        site = site or site_text(bfd=of_nodes.get("bfd", False), far=far)
        self.spaces = topology.lay_out(far)
        self._start_routers(site, far, of_nodes.get("kernel", False))
        self.watch = RouteWatch(self.spaces["r1"],
                                topology.PREFIXES + tuple(more))
        self.of_nodes = {"site": site, **of_nodes}
        for name in nodes:
            self.add_node(name, wait=False)
        for node in self.nodes.values():
            node.wait_ready()
        if nodes:
            self.say(f"{' and '.join(nodes)}: Kamailio, pinner, ExaBGP run")
        self._start_callers()
        if wait and nodes:
            self.serving(prefer)

    def add_node(self, name, parts=(), wait=True, **of_node):
        """parts: of its units those to start; default: all."""
        node = self.nodes[name] = Node(
            self.spaces[name], self.build, theirs=self.theirs,
            **{**self.of_nodes, **of_node})
        self.supervisors[name] = node.supervisor
        node.up(*parts, wait=wait)
        return node

    def _start_routers(self, site, far, ospf):
        routers = ["r1", "r2"] if far else ["r1"]
        (self.spaces["r1"].dir / "site.conf").write_text(site)
        (self.spaces["r1"].dir / "secret").write_text(SECRET)
        for name in routers:
            kind = ROUTERS[self.router_kind]()
            rendered = [self._render(kind, node) for node in topology.NODES
                        if kind.target and topology.router_of(node, far) == name]
            more = {}
            if far:
                more["others"] = [Neighbor(*p) for p in topology.others(name)]
            if ospf:
                rendered, more["ospf"] = [], tuple(topology.NODES)
            self.routers[name] = self._run_router(kind(
                self.spaces[name], topology.ASES[name],
                topology.ROUTER_IDS[name], rendered, **more))
        self.router = self.routers["r1"]

    def _render(self, kind, node):
        return run(f"{self.build}/bin/anycastctl", "render", kind.target,
                   "--site", self.spaces["r1"].dir / "site.conf",
                   "--node", node)

    def _run_router(self, router):
        name = router.space.name
        supervisor = self.supervisors[name] = Supervisor(router.space)
        for unit in router.units():
            supervisor.add(unit)
            supervisor.up(unit.name)
            supervisor.wait_ready(unit.name)
        return router

    @staticmethod
    def serve(supervisor, name, address, port):
        """A web server on a machine that is no node."""
        unit = supervisor.add(web_unit(supervisor.space, name, address, port))
        supervisor.up(unit.name)
        supervisor.wait_ready(unit.name)

    def _start_callers(self, every=0.01):
        names = {host: name for name, (own, _) in topology.NODES.items()
                 for host in (*own, f"{name}.{domain}")}

        def sip(space, both, family, every):
            return SipCaller(self.spaces[space], both[family],
                             topology.SERVICE[family], names, every=every)
        self.callers = {
            "sip4": sip("c1", topology.CALLER, 0, every),
            "sip6": sip("c1", topology.CALLER, 1, every * 2),
            "web": WebCaller(self.spaces["c1"], topology.CALLER[0],
                             topology.SERVICE[0], names)}
        if self.of_nodes.get("dns"):
            self.callers["dns"] = DnsCaller(
                self.spaces["c1"], topology.CALLER[0], topology.SERVICE[0])
        if "c2" in self.spaces:
            self.far_callers = {"far4": sip("c2", topology.FAR, 0, every * 5),
                                "far6": sip("c2", topology.FAR, 1, every * 5)}

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

    def drain(self, name):
        """What to do; ExaBGP's healthcheck is told by a file."""
        node = self.nodes[name]
        return (node.dir / "disabled").touch if self.theirs \
            else lambda: node.ask("drain")

    def freeze(self, name, part):
        pids = self.nodes[name].victims(part)
        self.cause(f"{WORDS.get(part, part)} frozen (SIGSTOP)",
                   lambda: [os.kill(pid, signal.SIGSTOP) for pid in pids])
        return lambda: [os.kill(pid, signal.SIGCONT) for pid in pids]

    def lead(self, name):
        """r1 sends the service prefixes to this node, whatever BGP says."""
        for prefix, own in zip(topology.PREFIXES, topology.NODES[name][0]):
            self.spaces["r1"].ip(f"route replace {prefix} via {own} metric 1")

    def lead_by_bgp(self):
        for prefix in topology.PREFIXES:
            self.spaces["r1"].ip(f"route del {prefix} metric 1")

    def until(self, what, condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.02)

    def leave(self):
        for supervisor in self.supervisors.values():
            supervisor.leave()

    def logs(self):
        """What r1's routes did last, and the ends of all logs."""
        if self.watch:
            yield "-- r1: routes"
            for at_ns, prefix, hops in self.watch.events[-12:]:
                yield f"{(at_ns - self.began) / 1e9:8.3f} s  {prefix} " \
                      f"to {' '.join(hops) or 'nobody'}"
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
