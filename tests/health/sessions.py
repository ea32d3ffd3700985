# SPDX-License-Identifier: GPL-2.0-or-later
"""sessions.py - a node with ExaBGP and a router with BIRD, and a played worker

    fra1 (ExaBGP, and the agent under it)  core1 ------ fra1  core1 (BIRD)
    198.51.100.11, 2001:db8:1::11                198.51.100.1, 2001:db8:1::1

One session per family.  The agent is agent-trial: the guardian as it is shipped,
its worker does what Worker tells it to.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
# pylint: disable=wrong-import-position
import announcer
from lab.lib.routes import RouteWatch
from lab.lib.spaces import Space, join, skip
from waiting import until

NODE = {4: "198.51.100.11", 6: "2001:db8:1::11"}
ROUTER = {4: "198.51.100.1", 6: "2001:db8:1::1"}
PREFIX = {4: "192.0.2.53/32", 6: "2001:db8:53::53/128"}
FOREIGN = "203.0.113.0/24"
ADOPT_MS = 2000     # the played worker may wait for a processor, too
SITE = f"""[service]
domain = sip.example.net
address = 192.0.2.53, 2001:db8:53::53
secret = a-secret-of-the-tests-long-enough
[node fra1]
address = {NODE[4]}, {NODE[6]}
local-as = 64511
neighbor = {ROUTER[4]} as 64500
neighbor = {ROUTER[6]} as 64500
"""
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "exabgp_api_cli": "false",
    "exabgp_daemon_drop": "false", "exabgp_daemon_user": "root",
    "exabgp_log_destination": "stderr", "exabgp_log_level": "WARNING",
}
EXABGP = """process agent {{ run {program}; encoder {encoder}; }}
process other {{ run {other}; encoder text; }}
template {{ neighbor router {{
	router-id 198.51.100.11; local-as 64511; peer-as 64500; hold-time 9;
	api {{ processes [ agent other ]; }}
	api agent {{ processes [ agent ]; neighbor-changes; }}
}} }}
"""
EXABGP_NEIGHBOR = """neighbor {router} {{
	inherit router; local-address {node}; family {{ ipv{family} unicast; }}
}}
"""
BIRD = """log "{dir}/bird.log" all;
router id 198.51.100.1;
protocol device {{ }}
protocol kernel {{ ipv4 {{ export all; import none; }}; }}
protocol kernel {{ ipv6 {{ export all; import none; }}; }}
template bgp node {{
	local as 64500; passive; hold time 9; error wait time 1, 2;
	error forget time 1;
}}
protocol bgp node4 from node {{
	neighbor 198.51.100.11 as 64511; ipv4 {{ import all; export none; }};
}}
protocol bgp node6 from node {{
	neighbor 2001:db8:1::11 as 64511; ipv6 {{ import all; export none; }};
}}
"""


def lives(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


class Worker(threading.Thread):
    """Takes the calls of each worker there is.  wants: told to a new one at
    once, as one would want that goes on from what it remembers; None: not.
    statuses: what the guardian has told the present one."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.peer, self.wants = None, None
        self.pids, self.statuses, self.words = [], [], []
        self.lock = threading.Lock()
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            with self.lock:
                self.peer = peer
            threading.Thread(target=self._hear, args=(peer,),
                             daemon=True).start()

    def _hear(self, peer):
        for line in peer.makefile(encoding="ascii", errors="replace"):
            kind, _, rest = line.strip().partition(" ")
            if kind == "worker":
                if self.wants is not None:
                    self.order(f"want {self.wants}")
                self.statuses.clear()
                self.pids.append(int(rest))
            elif kind == "status":
                self.statuses.append(rest)
            else:
                self.words.append(line.strip())

    def order(self, line):
        with self.lock:
            self.peer.sendall(f"{line}\n".encode())

    def want(self, text):
        self.wants = text
        self.order(f"want {text}")

    def pid(self):
        return until("a worker", lambda: self.pids and self.pids[-1])

    def said(self, text):
        return bool(self.statuses) and text in self.statuses[-1]

    def until_once_said(self, *texts):
        """In one status of this worker, the last or an earlier one."""
        until(f"{texts} ever", lambda: any(
            all(text in status for text in texts) for status in self.statuses))

    def until_said(self, *texts):
        until(f"{texts}; last: {self.statuses[-1:]}",
              lambda: all(self.said(text) for text in texts))


class World:
    def __init__(self, build, encoder, command=None, path=""):
        self.build, self.encoder = Path(build).resolve(), encoder
        self.trial = self.build / "bin/agent-trial"
        if not self.trial.exists():
            skip(f"there is no {self.trial}")
        self.command = command or ["/usr/sbin/exabgp"]
        self.environment = dict(ENVIRONMENT, PYTHONPATH=path)
        self.node, self.router = Space("fra1"), Space("core1")
        join(self.node, self.router)
        for space, link, addresses in (
                (self.node, "core1", NODE), (self.router, "fra1", ROUTER)):
            space.ip(f"addr add {addresses[4]}/24 dev {link}",
                     f"addr add {addresses[6]}/64 dev {link} nodad")
        self.dir, self.log = self.node.dir, self.node.dir / "log"
        (self.dir / "site.conf").write_text(SITE)
        self.watch = RouteWatch(self.router, PREFIX.values())
        self.worker = Worker(self.dir / "orders")
        self.bird = self.exabgp = None
        self.start_bird()
        self.write_exabgp()

    def popen(self, space, *words, **more):
        with open(self.log, "ab") as log:
            return subprocess.Popen(space.words(*words), stdout=log,
                                    stderr=log, stdin=subprocess.DEVNULL,
                                    **more)

    def start_bird(self):
        conf, self.control = self.router.dir / "conf", self.router.dir / "ctl"
        conf.write_text(BIRD.format(dir=self.router.dir))
        self.bird = self.popen(self.router, "/usr/sbin/bird", "-f", "-c", conf,
                               "-s", self.control)
        until("BIRD", lambda: "running" in self.birdc("show status"))

    def birdc(self, words):
        return self.router.run("/usr/sbin/birdc", "-s", self.control,
                               *words.split(), check=False)

    def route(self, prefix):
        """What BIRD has of it: med, communities, as_path; None without."""
        text = self.birdc(f"show route {prefix} all")
        if prefix not in text:
            return None

        def value(name):
            found = re.search(rf"BGP\.{name}: (.*)", text)
            return found[1].strip() if found else ""
        return (value("med"), sorted(value("community").split()),
                value("as_path"))

    # --- ExaBGP

    def write_exabgp(self):
        program, other = self.dir / "agent", self.dir / "other"
        prefixes = " ".join(f"--prefix {prefix}" for prefix in PREFIX.values())
        program.write_text(
            f"#!/bin/sh\nexec {self.trial} --site {self.dir}/site.conf "
            f"--node fra1 {prefixes} --orders {self.dir}/orders "
            f"--adopt {ADOPT_MS} 2>>{self.dir}/agent.log\n")
        program.chmod(0o755)
        # beside the agent
        announcer.make(other, self.dir / "commands")
        (self.dir / "exabgp.conf").write_text(
            EXABGP.format(program=program, other=other, encoder=self.encoder)
            + "".join(EXABGP_NEIGHBOR.format(
                router=ROUTER[family], node=NODE[family], family=family)
                for family in (4, 6)))

    def start_exabgp(self):
        self.exabgp = self.popen(self.node, *self.command,
                                 self.dir / "exabgp.conf",
                                 env=self.environment)

    def tell_other(self, line):
        (self.dir / "commands").write_text(f"{line}\n")

    def guardian(self):
        """The parent of the worker."""
        stat = Path(f"/proc/{self.worker.pid()}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])

    def session_up(self, family):
        return "Established" in self.birdc(f"show protocols node{family}")

    # --- measuring

    def after(self, act, prefix, there):
        """How many ms after act() the route has come, or gone."""
        begun = time.monotonic_ns()
        act()
        at = self.watch.wait(prefix, lambda hops: bool(hops) == there,
                             after_ns=begun)
        assert at, f"{prefix} has not {'come' if there else 'gone'}"
        return (at - begun) / 1e6

    def changes(self, begun_ns):
        """How often the router's table has changed since."""
        return sum(len(self.watch.since(begun_ns, prefix))
                   for prefix in PREFIX.values())


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
