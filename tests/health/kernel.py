#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kernel.py BUILD [ROUNDS] - routes in the kernel's table, as a router sees them

    n1: kernel_drive --table 200--> BIRD ----- BGP or OSPF ----- r1: BIRD
        (the output `kernel',       (anycastctl                  what its kernel
        by hand)                     render ...)                 has, is measured

The settings of n1's BIRD are what anycastctl prints.  Announce, drain, resume,
withdraw, a restart in place, and kill -9 of who owns the routes: how long until
r1's kernel has it, and that nothing happens in between.
"""
import os
import re
import select
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(SOURCE / "lab")]
# pylint: disable=wrong-import-position
from lib.routers import Bird  # noqa: E402
from lib.routes import RouteWatch  # noqa: E402
from lib.spaces import Space, enter, join, run, skip  # noqa: E402
from lib.supervisor import Supervisor, Unit  # noqa: E402

OWN, ROUTER = ("198.51.100.11", "2001:db8:1::11"), ("198.51.100.1", "2001:db8:1::1")
V4, V6 = "192.0.2.53/32", "2001:db8:53::53/128"
PREFIXES = (V4, V6)
SITE = """[service]
domain = sip.example.net
address = 192.0.2.53, 2001:db8:53::53
secret = a-secret-of-the-tests-long-enough
[node fra1]
address = 198.51.100.11, 2001:db8:1::11
local-as = 64511
neighbor = 198.51.100.1 as 64500
neighbor = 2001:db8:1::1 as 64500
"""
DRAIN = "65535:0"


class Owner:
    """kernel_drive: who has the device and the routes."""

    def __init__(self, build, space):
        self.process = subprocess.Popen(
            space.words(build / "bin/kernel_drive", 200, *PREFIXES),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.generation, self.lines, self.rest = 0, [], b""
        self.until(lambda line: re.match(r"0 ", line))

    def until(self, is_it):
        end = time.monotonic() + 10
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                self.lines.append(line.decode())
                if is_it(self.lines[-1]):
                    return self.lines[-1]
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, end - time.monotonic()))
            said = self.process.stdout.read(4096) if ready else b""
            assert said, f"kernel_drive says no more: {self.lines[-5:]}"
            self.rest += said

    def tell(self, line):
        self.process.stdin.write(f"{line}\n".encode())

    def want(self, state=None):
        """When it was asked for; returns when the table has it."""
        self.generation += 1
        words = [f"{prefix}={state}" for prefix in PREFIXES] if state else []
        began = time.monotonic_ns()
        self.tell(" ".join(["want", *words]))
        proof = "advertised" if state else "none"
        said = self.until(lambda line: line.startswith(f"{self.generation} "))
        for prefix in PREFIXES:
            plain = prefix.partition("/")[0]
            assert f" {plain}={proof}" in said, said
        return began

    def restart(self):
        self.generation = 0
        self.tell("restart")
        found = self.until(lambda line: line.startswith("found"))
        self.until(lambda line: line.startswith("0 "))
        return found

    def usage(self):
        """Microseconds of a processor: its own, and the kernel's."""
        self.tell("usage")
        said = self.until(lambda line: line.startswith("usage"))
        return [int(n) for n in re.findall(r"\d+", said)]

    def resident_kb(self):
        status = Path("/proc", str(self.process.pid), "status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+) kB", status)[1])

    def kill(self):
        began = time.monotonic_ns()
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return began


class World:
    """kind: bgp or ospf."""

    def __init__(self, build, kind):
        self.build, self.kind = build, kind
        self.node, self.router = Space(f"n1{kind}"), Space(f"r1{kind}")
        join(self.node, self.router)
        for space, link, both in (
                (self.node, self.router.name, OWN),
                (self.router, self.node.name, ROUTER)):
            space.ip(f"addr add {both[0]}/26 dev {link}",
                     f"addr add {both[1]}/64 dev {link} nodad")
        site = self.node.dir / "site.conf"
        site.write_text(SITE)
        self.site = site
        self.watch = RouteWatch(self.router, PREFIXES)
        self.bird = Bird(
            self.router, 64500, "198.51.100.1",
            [self.render("bird")] if kind == "bgp" else [],
            ospf=[self.node.name] if kind == "ospf" else ())
        self.supervisors = [self.start(self.router, list(self.bird.units())),
                            self.start(self.node, [self.own_bird()])]
        self.owner = Owner(build, self.node)
        self.figures = {}

    def render(self, *words):
        return run(self.build / "bin/anycastctl", "render", *words, "--site",
                   self.site, "--node", "fra1")

    def own_bird(self):
        conf, control = self.node.dir / "bird.conf", self.node.dir / "bird.ctl"
        conf.write_text(
            self.render("bird-kernel") if self.kind == "bgp" else
            self.render("bird-igp", "--interface", self.router.name))
        return Unit("bird", ["/usr/sbin/bird", "-f", "-c", conf, "-s", control],
                    ready=lambda: "" if control.exists() else "its socket")

    @staticmethod
    def start(space, units):
        supervisor = Supervisor(space)
        for unit in units:
            supervisor.add(unit)
        supervisor.up(*[unit.name for unit in units])
        supervisor.wait_ready(*[unit.name for unit in units])
        return supervisor

    def wait_connected(self):
        """Sessions, or adjacencies, of both families."""
        end = time.monotonic() + 40
        while True:
            if self.kind == "bgp":
                up = all(self.bird.session_up("fra1", f) for f in (4, 6))
            else:
                up = all("Full" in self.bird.birdc("show", "ospf", "neighbors",
                                                   each)
                         for each in self.protocols())
            if up:
                return
            assert time.monotonic() < end, self.bird.birdc("show", "protocols")
            time.sleep(0.05)

    def protocols(self):
        return re.findall(r"^(ospf\S*) ", self.bird.birdc("show", "protocols"),
                          re.M)

    def keep(self, what, began, ns):
        assert ns, f"{self.kind}: {what}: never seen by the router"
        self.figures.setdefault(what, []).append((ns - began) / 1e6)

    def measure(self, what, began, is_there, prefixes=PREFIXES):
        """Until the router's kernel has them, or has them no more."""
        seen = [self.watch.wait(prefix, lambda via: bool(via) == is_there,
                                after_ns=began, seconds=20)
                for prefix in prefixes]
        assert all(seen), f"{self.kind}: {what}: {self.watch.table}"
        self.keep(what, began, max(seen))

    def until_shown(self, what, began, is_shown):
        """Until the router's BIRD shows it; asked again and again."""
        end = time.monotonic() + 20
        for prefix in PREFIXES:
            while not is_shown(self.bird.birdc("show", "route", "for",
                                               prefix.partition("/")[0],
                                               "all")):
                assert time.monotonic() < end, \
                    f"{what}: {self.bird.birdc('show', 'route', 'all')}"
                time.sleep(0.002)
        self.keep(what, began, time.monotonic_ns())

    def no_gap(self, began):
        for prefix in PREFIXES:
            gone = [ns for ns, via in self.watch.since(began, prefix) if not via]
            assert not gone, f"{prefix} was gone at the router"

    def quiet(self, began):
        for prefix in PREFIXES:
            changes = self.watch.since(began, prefix)
            assert not changes, f"{prefix}: {changes}"

    def report(self, order):
        for what in order:
            values = sorted(self.figures[what])
            print(f"ok: {self.kind}: {what}: {statistics.median(values):.1f} ms"
                  f" (n={len(values)}, {values[0]:.1f} to {values[-1]:.1f})",
                  flush=True)

    def leave(self):
        self.owner.process.kill()
        for supervisor in self.supervisors:
            supervisor.stop("bird")
            supervisor.leave()


def bgp(build, rounds):
    world = World(build, "bgp")
    world.wait_connected()
    owner = world.owner
    for _ in range(rounds):
        began = owner.want("up")
        world.measure("announced", began, True)
        shown = world.bird.routes(V4)
        assert len(shown) == 1 and shown[0].med == 100, shown
        assert DRAIN not in shown[0].communities, shown

        began = owner.want("degraded")
        world.until_shown("degraded", began, lambda text: re.search(
            r"BGP\.med: 500$", text, re.M))
        began_drain = owner.want("draining")
        world.until_shown("draining", began_drain, lambda text: re.search(
            r"BGP\.med: 4294967295$", text, re.M) and "(65535,0)" in text)
        resumed = owner.want("up")
        world.until_shown("resumed", resumed, lambda text: re.search(
            r"BGP\.med: 100$", text, re.M) and "(65535,0)" not in text)
        world.no_gap(began)

        began = owner.want()
        world.measure("withdrawn", began, False)
    kills(world, rounds)
    restarts(world)
    repairs(world)
    world.report(["announced", "degraded", "draining", "resumed", "withdrawn",
                  "owner killed (-9)", "route deleted by hand: back"])
    costs(world)
    world.leave()


def kills(world, rounds):
    for _ in range(rounds):
        began = world.owner.want("up")
        world.measure("announced", began, True)
        began = world.owner.kill()
        world.measure("owner killed (-9)", began, False)
        world.owner = Owner(world.build, world.node)


def restarts(world):
    began = world.owner.want("up")
    world.measure("announced", began, True)
    world.owner.want("draining")
    world.until_shown("draining", time.monotonic_ns(), lambda text: re.search(
        r"BGP\.med: 4294967295$", text, re.M))
    began = time.monotonic_ns()
    for _ in range(5):
        found = world.owner.restart()
        for prefix in PREFIXES:
            assert f" {prefix.partition('/')[0]}=draining" in found, found
        world.owner.want("draining")
    assert "BGP.med: 4294967295" in world.bird.birdc("show", "route", "all")
    world.quiet(began)
    print("ok: bgp: executed anew five times, and the router saw nothing",
          flush=True)


def repairs(world):
    world.owner.want("up")
    world.until_shown("resumed", time.monotonic_ns(), lambda text: re.search(
        r"BGP\.med: 100$", text, re.M))
    began = time.monotonic_ns()
    world.node.ip(f"route del {V4} table 200")
    # gone and back so fast that it may not have been seen gone
    end = time.monotonic() + 10
    while V4.partition("/")[0] not in world.node.run(
            "ip", "route", "show", "table", "200"):
        assert time.monotonic() < end
    world.keep("route deleted by hand: back", began, time.monotonic_ns())
    world.watch.wait(V4, bool, seconds=10)


def costs(world):
    """Of a change, of both families; and of a second without one."""
    user, system = world.owner.usage()
    for _ in range(200):
        world.owner.want("draining")
        world.owner.want("up")
    user2, system2 = world.owner.usage()
    print(f"ok: a change costs {(user2 - user) / 400:.0f} us user, "
          f"{(system2 - system) / 400:.0f} us system; "
          f"resident {world.owner.resident_kb()} kB", flush=True)
    time.sleep(5)       # idle is what is measured
    user3, system3 = world.owner.usage()
    print(f"ok: a second without one {(user3 - user2) / 5:.0f} us user, "
          f"{(system3 - system2) / 5:.0f} us system", flush=True)


def ospf(build):
    """OSPF sends the news of a route every 5 s at most (MinLSInterval)."""
    world = World(build, "ospf")
    world.wait_connected()
    owner = world.owner
    began = owner.want("up")
    world.measure("announced", began, True)
    began = owner.want("draining")
    world.until_shown("draining", began, lambda text: re.search(
        r"OSPF\.metric1: 600\d\d$", text, re.M))
    world.no_gap(began)
    began = owner.want()
    world.measure("withdrawn", began, False)
    began = owner.want("up")
    world.measure("announced", began, True)
    time.sleep(6)       # MinLSInterval: the kill is what is measured
    began = owner.kill()
    world.measure("owner killed (-9)", began, False)
    world.report(["announced", "draining", "withdrawn", "owner killed (-9)"])
    world.leave()


def main():
    build = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    for program in ("bin/kernel_drive", "bin/anycastctl"):
        if not (build / program).exists():
            skip(f"there is no {build / program}")
    if not Path("/usr/sbin/bird").exists():
        skip("there is no BIRD (scripts/setup installs it)")
    if not os.access("/dev/net/tun", os.W_OK):
        skip("there is no /dev/net/tun")
    enter()
    bgp(build, rounds)
    ospf(build)


if __name__ == "__main__":
    main()
