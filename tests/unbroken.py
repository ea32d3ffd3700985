# SPDX-License-Identifier: GPL-2.0-or-later
"""unbroken.py - what bad input must leave as it was: a node's processes, its
log, its memory, the bindings of others, and its will to serve

    watch = Unbroken(node)
    ...bad input...
    watch.check()
"""
import contextlib
import os
import re
import sys
import time
import traceback
from pathlib import Path

from node import PASSWORDS, process_group
from phone import Phone
from waiting import until

# What Kamailio says of itself when something has gone wrong inside of it.
WRECKED = re.compile(r"signal|core was|BUG|CRITICAL|[Ss]egmentation|freeing")


def processes(node):
    """Of that Kamailio: {pid: start time}, so that none was replaced."""
    return {pid: fields[19]
            for pid, fields in process_group(node.process.pid).items()}


def shared_memory(node):
    """Bytes of the shared pool that are in use."""
    text = node.rpc("core.shmmem")
    return int(re.search(r"real_used: (\d+)", text).group(1))


def anonymous(node):
    """The largest process's own pages, in KiB."""
    sizes = [0]
    for pid in processes(node):
        try:
            text = Path("/proc", str(pid), "status").read_text()
        except OSError:
            continue
        sizes += [int(n) for n in re.findall(r"RssAnon:\s+(\d+)", text)]
    return max(sizes)


def contacts(node, user):
    """What is registered for a user: URIs, in order."""
    text = node.rpc("ul.dump")
    found = re.search(rf"AoR: {user}\n(.*?)(?=AoR: |\Z)", text, re.S)
    return re.findall(r"Address: (\S+)", found.group(1)) if found else []


class Unbroken:
    def __init__(self, node):
        self.node = node
        # it starts that one last
        until("all its processes", lambda: "tcp main process" in node.rpc(
            "core.psx"), pause=0.05)
        self.before = processes(node)
        self.log_size = (node.dir / "log").stat().st_size

    def check(self):
        now = processes(self.node)
        assert now == self.before, f"processes changed: {self.before} {now}"
        with open(self.node.dir / "log", "rb") as log:
            log.seek(self.log_size)
            said = log.read().decode(errors="replace").splitlines()
        wrecked = [line for line in said if WRECKED.search(line)]
        assert not wrecked, "it is unwell:\n" + "\n".join(wrecked[:10])
        assert not list(self.node.dir.glob("core*")), os.listdir(self.node.dir)
        # and it serves: somebody with a password registers
        with getattr(self.node, "inside", contextlib.nullcontext)():
            ua = Phone(getattr(self.node, "near", "127.0.0.77"), "carol",
                       self.node.domain)
        ua.register((self.node.own, 5060), PASSWORDS["carol"])
        ua.close()
        self.node.forget("carol")


class Counters:
    """By how much counters have risen: {name: at least}, and those that must
    stand still."""

    def __init__(self, node, *names):
        self.node = node
        self.before = {name: node.stat(name) for name in names}

    def rose(self, name):
        return self.node.stat(name) - self.before[name]

    def check(self, **least):
        for leaf, count in least.items():
            name = next(n for n in self.before if n.endswith(":" + leaf))
            assert self.rose(name) >= count, \
                f"{name} rose by {self.rose(name)}, not by {count}"


def told(test, *args, nodes=(), watch=()):
    """Does it pass, and leave these as they were?  A line says so; if not, so
    do the nodes' logs."""
    name, began = test.__name__.replace("_", " "), time.monotonic()
    try:
        test(*args)
        for one in watch:
            one.check()
    except AssertionError:
        print(f"not ok: {name}\n{traceback.format_exc()}", file=sys.stderr)
        for node in nodes:
            node.show_log()
        return False
    print(f"ok: {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return True
