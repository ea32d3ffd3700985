#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `anycastctl render' prints for routers does what its comments say.

      fra1 (ExaBGP, or BIRD)  eth0 ------------- eth0  core1 (BIRD, or FRR)
      198.51.100.11, 2001:db8:1::11              198.51.100.1, 2001:db8:1::1

With MD5, TTL security and BFD in both families.  In the health agent's place
ExaBGP runs a program that announces what the test tells it to.

usage: routers.py BUILD
"""
import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
import announcer
from node import skip
from waiting import until

LIMIT = 30
NODE = {4: "198.51.100.11", 6: "2001:db8:1::11"}
ROUTER = {4: "198.51.100.1", 6: "2001:db8:1::1"}
PREFIX = {4: "192.0.2.0/24", 6: "2001:db8:53::/48"}
FOREIGN = {4: "203.0.113.0/24", 6: "2001:db8:bad::/48"}
# a password of hexadecimal digits alone is one ExaBGP would decode
SITE = """[service]
domain = sip.example.net
address = 192.0.2.53, 2001:db8:53::53
prefix = 192.0.2.0/24, 2001:db8:53::/48
secret = a-secret-of-the-tests-long-enough
[node fra1]
address = 198.51.100.11, 2001:db8:1::11
local-as = 64511
neighbor = 198.51.100.1 as 64500 md5 a;b#c{}$|?!%[x]~ ttl-security bfd name core1
neighbor = 2001:db8:1::1 as 64500 md5 0123abcdef ttl-security bfd name core1
"""
EXABGP_ENV = {
    "PATH": "/usr/sbin:/usr/bin:/bin", "exabgp_api_cli": "false",
    "exabgp_daemon_drop": "false", "exabgp_daemon_user": "root",
    "exabgp_log_destination": "stderr", "exabgp_log_level": "WARNING",
}


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def enter(space):
    assert ctypes.CDLL(None, use_errno=True).setns(space, 0) == 0


class World:
    def __init__(self, build):
        self.build = build
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-routers."))
        self.dir.chmod(0o755)
        self.node = f"anycast-n{os.getpid()}"
        self.router = f"anycast-r{os.getpid()}"
        (self.dir / "site.conf").write_text(SITE)
        self.log = (self.dir / "log").open("a")

    def make(self, stack):
        for space in (self.node, self.router):
            ip("netns", "add", space)
            stack.callback(ip, "netns", "del", space)
            ip("-n", space, "link", "set", "lo", "up")
        ip("link", "add", "eth0", "netns", self.node, "type", "veth", "peer",
           "name", "eth0", "netns", self.router)
        for space, addresses in ((self.node, NODE), (self.router, ROUTER)):
            ip("-n", space, "link", "set", "eth0", "up")
            ip("-n", space, "addr", "add", f"{addresses[4]}/24", "dev", "eth0")
            ip("-n", space, "addr", "add", f"{addresses[6]}/64", "dev", "eth0",
               "nodad")

    def render(self, target, *words):
        return subprocess.run(
            [self.build / "bin/anycastctl", "render", target, "--node", "fra1",
             "--site", self.dir / "site.conf", *words], check=True,
            capture_output=True, text=True).stdout

    def start(self, stack, space, *words, **more):
        """Before others, as BFD is shipped: it gives up after 150 ms."""
        # pylint: disable=consider-using-with
        process = subprocess.Popen(["nice", "-n", "-15", "ip", "netns", "exec",
                                    space, *words],
                                   stdout=self.log, stderr=self.log,
                                   stdin=subprocess.DEVNULL, **more)

        def end():
            process.terminate()
            process.wait(LIMIT)
        stack.callback(end)
        return process


# --- the node ----------------------------------------------------------------

class Announcer:
    """ExaBGP, and beside it the BIRD that does BFD."""

    def __init__(self, world, stack):
        self.pipe = world.dir / "commands"
        program = world.dir / "announcer"
        announcer.make(program, self.pipe)
        stack.callback(self.pipe.unlink)
        conf = world.dir / "exabgp.conf"
        conf.write_text(world.render("exabgp", "--agent-program", program))
        self.exabgp = world.start(stack, world.node, "/usr/sbin/exabgp", conf,
                                  env=EXABGP_ENV)
        (world.dir / "bfd.conf").write_text(world.render("bird-bfd"))
        world.start(stack, world.node, "/usr/sbin/bird", "-f", "-c",
                    world.dir / "bfd.conf", "-s", world.dir / "bfd.ctl")

    def tell(self, *lines):
        self.pipe.write_text("".join(f"{line}\n" for line in lines))

    def announce(self, prefix, attributes):
        family = 6 if ":" in prefix else 4
        self.tell(f"neighbor {ROUTER[family]} announce route {prefix} "
                  f"next-hop self {attributes}")


class Kernel:
    """A BIRD in ExaBGP's place; the test plays the agent, with a TUN."""

    METRICS = {"up": 1, "degraded": 5, "draining": 10}

    def __init__(self, world, stack):
        self.world, self.metric = world, None
        self.space = world.node
        conf = world.dir / "kernel.conf"
        conf.write_text(world.render("bird-kernel"))
        self.tun = self.make_tun()
        stack.callback(self.close_tun)
        world.start(stack, world.node, "/usr/sbin/bird", "-f", "-c", conf,
                    "-s", world.dir / "kernel.ctl")

    def make_tun(self):
        """In the node's namespace, held by a descriptor of ours."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.space}", os.O_RDONLY)
        try:
            enter(there)
            tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(tun, 0x400454ca,
                        struct.pack("16sH22x", b"anycast0", 0x1001))
        finally:
            enter(home)
            os.close(home)
            os.close(there)
        ip("-n", self.space, "link", "set", "anycast0", "up")
        return tun

    def close_tun(self):
        if self.tun is not None:
            os.close(self.tun)
        self.tun = None

    def become(self, state):
        was, self.metric = self.metric, self.METRICS[state]
        for verb, metric in (("add", self.metric), ("del", was)):
            for prefix in PREFIX.values() if metric else ():
                ip("-n", self.space, "route", verb, prefix, "dev", "anycast0",
                   "table", "200", "proto", "200", "metric", str(metric))


# --- the router --------------------------------------------------------------

class Bird:
    def __init__(self, world, stack, change=lambda text: text):
        conf, self.ctl = world.dir / "router.conf", world.dir / "router.ctl"
        conf.write_text("log stderr { remote, error, fatal };\n"
                        "router id 198.51.100.1;\nprotocol device { }\n"
                        "protocol bfd { }\n" + change(
                            world.render("bird", "--neighbor", "core1")))
        world.start(stack, world.router, "/usr/sbin/bird", "-f", "-c", conf,
                    "-s", self.ctl)

    def ask(self, what):
        return subprocess.run(["/usr/sbin/birdc", "-s", self.ctl, what],
                              check=False, capture_output=True,
                              text=True).stdout

    def sessions(self):
        return self.ask("show protocols").count("Established")

    def bfd(self):
        return self.ask("show bfd sessions").count(" Up ")

    def has(self, prefix):
        return prefix in self.ask(f"show route for {prefix}")

    def refused(self, prefix):
        """It has come and was not let in."""
        return any(prefix in self.ask(f"show route import table {channel}")
                   for channel in ("anycast_fra1_1.ipv4",
                                   "anycast_fra1_2.ipv6"))

    def preference(self, prefix):
        found = re.search(r"BGP\.local_pref: (\d+)",
                          self.ask(f"show route all for {prefix}"))
        return found and int(found[1])

    def attributes(self, prefix):
        return self.ask(f"show route all for {prefix}")


class Frr:
    DAEMONS = ("zebra", "bgpd", "bfdd")

    def __init__(self, world, stack):
        self.world, self.dir = world, world.dir / "frr"
        self.dir.mkdir()
        conf = self.dir / "frr.conf"
        conf.write_text(world.render("frr", "--neighbor", "core1"))
        for path in (self.dir, conf):
            shutil.chown(path, "frr", "frr")
        for daemon in self.DAEMONS:
            world.start(stack, world.router, f"/usr/lib/frr/{daemon}", "-f",
                        conf, "--vty_socket", self.dir, "-i",
                        self.dir / f"{daemon}.pid", "-z",
                        self.dir / "zserv.api", "-u", "frr", "-g", "frr",
                        *(["--bfdctl", self.dir / "bfdd.sock"]
                          if daemon == "bfdd" else []))
            until(daemon, (self.dir / f"{daemon}.vty").exists)

    def ask(self, what):
        return subprocess.run(["vtysh", "--vty_socket", self.dir, "-c", what],
                              check=False, capture_output=True,
                              text=True).stdout

    def sessions(self):
        return sum("BGP state = Established"
                   in self.ask(f"show bgp neighbors {address}")
                   for address in NODE.values())

    def bfd(self):
        return self.ask("show bfd peers brief").count(" up ")

    def table(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        return self.ask(f"show bgp {family} unicast {prefix}")

    def has(self, prefix):
        return "64511" in self.table(prefix)

    def refused(self, prefix):
        family = 6 if ":" in prefix else 4
        return prefix in self.ask(
            f"show bgp ipv{family} unicast neighbors {NODE[family]} "
            "received-routes")

    def preference(self, prefix):
        """It says nothing of the usual one."""
        text = self.table(prefix)
        if "localpref " not in text:
            return 100
        return int(text.split("localpref ")[1].split(",")[0])


# --- stories -----------------------------------------------------------------

def sessions_come_up(router):
    until("both sessions", lambda: router.sessions() == 2)
    until("BFD for both", lambda: router.bfd() == 2)


def only_what_is_the_services_is_taken(router, node):
    for family, prefix in PREFIX.items():
        node.announce(FOREIGN[family], "med 100")
        node.announce(prefix, "med 100 as-path [ 64511 64999 ]")
        until(f"{FOREIGN[family]} at the router",
              lambda f=family: router.refused(FOREIGN[f]))
        until(f"{prefix} at the router", lambda p=prefix: router.refused(p))
        assert not router.has(FOREIGN[family]), "a foreign prefix is taken"
        assert not router.has(prefix), "another AS's path is taken"
        node.announce(prefix, "med 100 as-path [ 64511 64511 64511 ]")
        until("a prepended path", lambda p=prefix: router.has(p))
        node.announce(prefix, "med 100")
        until("a plain path", lambda p=prefix: router.has(p))


def a_drain_makes_any_other_path_better(router, node):
    for prefix in PREFIX.values():
        until("the usual preference",
              lambda p=prefix: router.preference(p) == 100)
        node.announce(prefix, "med 4294967295 community [ 65535:0 64511:1 ]")
        until("local preference 0",
              lambda p=prefix: router.preference(p) == 0)
        node.announce(prefix, "med 100")
        until("preference again",
              lambda p=prefix: router.preference(p) == 100)
    until("both sessions", lambda: router.sessions() == 2)


def a_state_in_the_kernel_is_told(router, node):
    node.become("up")
    for prefix in PREFIX.values():
        until("MED 100", lambda p=prefix: "BGP.med: 100"
              in router.attributes(p))
    node.become("degraded")
    for prefix in PREFIX.values():
        until("MED 500", lambda p=prefix: "BGP.med: 500"
              in router.attributes(p))
    node.become("draining")
    for prefix in PREFIX.values():
        until("local preference 0",
              lambda p=prefix: router.preference(p) == 0 and
              "BGP.med: 4294967295" in router.attributes(p))
    node.close_tun()
    for prefix in PREFIX.values():
        until("a withdrawal", lambda p=prefix: not router.has(p))


def a_router_that_refuses_ends_one_session_alone(world):
    """Its NOTIFICATION has our AS in it, here as UTF-8 that is not ASCII."""
    site = world.dir / "site.conf"
    site.write_text(SITE.replace("64511", "50080"))
    with contextlib.ExitStack() as stack:
        stack.callback(site.write_text, SITE)
        world.make(stack)
        router = Bird(world, stack, lambda text: text.replace(
            f"neighbor {NODE[4]} as 50080", f"neighbor {NODE[4]} as 64999"))
        node = Announcer(world, stack)
        begun = (world.dir / "log").stat().st_size
        until("the IPv6 session", lambda: router.sessions() == 1)
        until("it is refused, and comes again", lambda: (
            world.dir / "log").read_text()[begun:].count(
                "Bad peer AS: 50080") >= 3)
        assert node.exabgp.poll() is None, "ExaBGP has ended"
        assert router.sessions() == 1
        print("ok: BIRD: a router that refuses ends one session alone",
              flush=True)


def tell(world, name, router_type, node_type, *stories):
    with contextlib.ExitStack() as stack:
        world.make(stack)
        router = router_type(world, stack)
        node = node_type(world, stack)
        sessions_come_up(router)
        print(f"ok: {name}: sessions with MD5 and TTL security, BFD",
              flush=True)
        for story in stories:
            story(router, node)
            print(f"ok: {name}: {story.__name__.replace('_', ' ')}",
                  flush=True)


def main():
    build = Path(sys.argv[1]).resolve()
    if os.geteuid() != 0:
        skip("network namespaces need root")
    for program in ("exabgp", "bird"):
        if not Path("/usr/sbin", program).exists():
            skip(f"{program} is not installed")
    world = World(build)
    filters = (only_what_is_the_services_is_taken,
               a_drain_makes_any_other_path_better)
    try:
        tell(world, "BIRD", Bird, Announcer, *filters)
        a_router_that_refuses_ends_one_session_alone(world)
        tell(world, "BIRD at both ends", Bird, Kernel,
             a_state_in_the_kernel_is_told)
        if Path("/usr/lib/frr/bgpd").exists():
            tell(world, "FRR", Frr, Announcer, *filters)
        else:
            print("# FRR is not installed: its story is left out")
    except AssertionError as error:
        world.log.close()
        print((world.dir / "log").read_text(), file=sys.stderr)
        print(f"not ok: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)


main()
