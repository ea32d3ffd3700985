#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cost.py BUILD [SECONDS] - what a health agent costs the node it watches

Kamailio with the shipped kamailio.cfg, a pinner, and the agent with all its
default probes in both families at their default interval of a second; then the
processor time and the memory of guardian and worker together.  The targets are
1 % of a core and 16 MB; how near a machine comes to the first depends on it and on
who shares it, so only a cost that has got out of hand fails.
"""
import os
import struct
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "pinner")]
# pylint: disable=wrong-import-position
import node as nodes
from agents import Agent, children, until
from relay import Relay

SERVICE = ("192.0.2.53", "2001:db8:53::53")
OWN = ("198.51.100.11", "2001:db8:1::11")
OTHER = ("198.51.100.12", "2001:db8:1::12")
CPU_PERCENT, OUT_OF_HAND, MEMORY_MB, TIMES = 1.0, 3.0, 16.0, 3


class Node(nodes.Node):
    def __init__(self, build):
        super().__init__(build, service=", ".join(SERVICE),
                         own=", ".join(OWN), other=", ".join(OTHER),
                         site="tls = yes\nhttps-port = 8443",
                         defines=["FLOOD_LIMIT=1000000"])
        self.make_certificate()


class Defaults(Agent):
    """All default probes, at their default times."""

    def __init__(self, build, node, relay):
        self.about = (node, relay)
        super().__init__(build, settings={"peers": "yes"})

    def write(self):
        node, relay = self.about
        kamailio = self.dir / "kamailio.pid"
        pinner = self.dir / "pinner.pid"
        kamailio.write_text(f"{node.process.pid}\n")
        pinner.write_text(f"{relay.process.pid}\n")
        (self.dir / "conf").write_text(f"""[agent]
output = dry-run
site = {node.dir}/site.conf
node = fra1
control = {self.dir}/run/control.sock
state-dir = {self.state_dir}
audit-log = {self.state_dir}/audit.log
node-state = {node.dir}/node.state
default-probes = yes
[probe kamailio]
pid-file = {kamailio}
[probe pinner]
pid-file = {pinner}
[probe rtp]
delay = 250ms
""")


def running(pid):
    """Seconds all its threads have had a processor."""
    return sum(int(path.read_text().split()[0]) for path in
               Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def resident(pid):
    """The numbers of the page frames it has in memory."""
    page, frames = os.sysconf("SC_PAGE_SIZE"), set()
    with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            first, last = (int(word, 16) // page
                           for word in line.split()[0].split("-"))
            if "[v" in line:    # vdso, vvar, vsyscall: the kernel's
                continue
            pagemap.seek(first * 8)
            entries = pagemap.read((last - first) * 8)
            for (entry,) in struct.iter_unpack("=Q", entries):
                if entry >> 63:
                    frames.add(entry & (1 << 55) - 1)
    return frames


def megabytes(frames):
    return len(frames) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(agent, seconds):
    """Percent of a core, and MB, of both together.  What they share, the
    program and its libraries, is in memory once."""
    pids = {"guardian": agent.process.pid,
            "worker": children(agent.process.pid)[0]}
    before = {name: running(pid) for name, pid in pids.items()}
    begun = time.monotonic()
    until("the time is over", lambda: time.monotonic() >= begun + seconds,
          seconds + 5)
    took = time.monotonic() - begun
    cpu = {name: (running(pid) - before[name]) / took * 100
           for name, pid in pids.items()}
    frames = {name: resident(pid) for name, pid in pids.items()}
    for name in pids:
        print(f"{name}: {cpu[name]:.2f} % of a core, "
              f"{megabytes(frames[name]):.1f} MB resident")
    return sum(cpu.values()), megabytes(set().union(*frames.values()))


def run(agent, seconds):
    probes = agent.status()["probes"]
    assert all(p["state"] == "up" for p in probes), probes
    cpu, memory = measure(agent, seconds)
    made = sum(p["attempts"] for p in agent.status()["probes"]) \
        - sum(p["attempts"] for p in probes)
    print(f"both: {cpu:.2f} % of a core, {memory:.1f} MB resident; "
          f"{len(probes)} probes, {made / seconds:.1f} attempts a second",
          flush=True)
    return cpu, memory


def main():
    nodes.namespace(*SERVICE, *OWN)
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    node = Node(sys.argv[1])
    try:
        node.start()
        with Relay("rtp-pinner", sys.argv[1], media=OWN) as relay, \
                Defaults(sys.argv[1], node, relay) as agent:
            agent.is_up()
            # caches shared with a neighbour cost what is not the agent's
            for _ in range(TIMES):
                cpu, memory = run(agent, seconds)
                if cpu < CPU_PERCENT:
                    break
            assert cpu < OUT_OF_HAND and memory < MEMORY_MB
            assert agent.state() == "up"
    finally:
        node.remove()


main()
