# SPDX-License-Identifier: GPL-2.0-or-later
"""agents.py - starts anycast-health for a test, with probes of the test's own

To be used in a network namespace of the test's own.  The probes look for files,
so that making and removing these is what happens to the node:

    with Agent(build, probes=["one"]) as agent:
        agent.touch("one")
        until("it is up", lambda: agent.state() == "up")
"""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from node import skip
from waiting import until

PDEATHSIG = 1
LIMIT = 20
SITE = """[service]
domain = sip.example.net
address = 192.0.2.53
secret = a-secret-of-the-tests-long-enough
[node fra1]
address = 127.0.53.11
[node ams1]
address = 127.0.53.12
"""


def children(pid):
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


class Agent:
    """settings: further keys of [agent], _ for -; group: lines of [group
    service]; environment: more of it; limits: preexec of the test."""

    def __init__(self, build, *, node="fra1", probes=("one",), site=SITE,
                 group="hold-down = 0\npenalty = 0\n", settings=None,
                 environment=None, prepare=None):
        self.path = Path(build, "bin/anycast-health").resolve()
        if not self.path.exists():
            skip(f"there is no {self.path}")
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-agent."))
        self.node, self.probes, self.site = node, list(probes), site
        self.group = group
        self.settings = {"peers": "no", **(settings or {})}
        self.environment = {**os.environ, **(environment or {})}
        self.prepare = prepare
        self.process = None
        self.stderr = None      # a descriptor in place of the log
        self.state_dir = self.dir / "state"
        self.write()

    def write(self):
        """Both files, as they are to be now."""
        (self.dir / "site.conf").write_text(self.site)
        keys = {
            "site": self.dir / "site.conf", "node": self.node,
            "output": "dry-run", "control": self.dir / "run/control.sock",
            "state-dir": self.state_dir,
            "audit-log": self.state_dir / "audit.log",
            "node-state": self.dir / "run/node.state",
            "interval": "500ms", "fast-interval": "20ms", "timeout": "500ms",
            "rise": 1, "fall": 2, "adopt-timeout": "4s",
            **{k.replace("_", "-"): v for k, v in self.settings.items()},
        }
        lines = ["[agent]"] + [f"{k} = {v}" for k, v in keys.items()]
        for probe in self.probes:
            lines += [f"[probe {probe}]", "type = command",
                      f"command = /usr/bin/test -e {self.dir}/{probe}"]
        lines += ["[group service]", self.group]
        (self.dir / "conf").write_text("\n".join(lines))

    # --- its life

    def start(self):
        libc = ctypes.CDLL(None)

        def prepare():
            libc.prctl(PDEATHSIG, signal.SIGKILL)
            if self.prepare:
                self.prepare()

        with open(self.dir / "log", "ab") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                [self.path, "--config", self.dir / "conf"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=log if self.stderr is None else self.stderr,
                cwd=self.dir, env=self.environment, preexec_fn=prepare)
        return self

    def worker(self):
        """Its pid, as soon as there is one."""
        return until("a worker", lambda: children(self.process.pid))[0]

    def another(self, worker):
        """Than that one, which is gone.  (Other children come and go: whether
        a restart would do is tried before.)"""
        return until("another worker", lambda: (
            lambda now: worker not in now and now)(children(
                self.process.pid)))[0]

    def kill(self):
        """As the kernel would; the worker goes with it."""
        worker = children(self.process.pid)
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process = None
        for pid in worker:
            until("the worker dies too",
                  lambda pid=pid: not Path(f"/proc/{pid}").exists())

    def kill_worker(self):
        """And wait for its end."""
        worker = self.worker()
        os.kill(worker, signal.SIGKILL)
        until("it is dead", lambda: not Path(f"/proc/{worker}").exists())

    def stop(self):
        """Its exit status."""
        if not self.process:
            return 0
        self.process.terminate()
        status = self.process.wait(LIMIT)
        self.process.stdin.close()
        self.process = None
        return status

    def remove(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind and kind is not SystemExit:
            print("\n".join(self.log().splitlines()[-60:]))
        self.remove()

    # --- its world

    def touch(self, *names):
        for name in names:
            (self.dir / name).touch()

    def forget(self, *names):
        for name in names:
            (self.dir / name).unlink(missing_ok=True)

    def log(self):
        return (self.dir / "log").read_text(errors="replace")

    def audit(self):
        path = self.state_dir / "audit.log"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def entries(self, what, cnt):
        """Those of a kind, as soon as there are so many: a thread writes."""
        return until(f"{cnt} entries of {what}", lambda: (
            lambda e: e if len(e) >= cnt else None)(
                [e for e in self.audit() if e["what"] == what]))

    def node_state(self):
        path = self.dir / "run/node.state"
        return path.read_text() if path.exists() else ""

    def remembered(self):
        """What a restart would find (daemon/snapshot.c): the order, and whether
        the first unit was announced."""
        memory = (self.state_dir / "health.memory").read_bytes()
        return ("resume", "drain", "disable")[memory[53]], memory[114] == 1

    def remembered_penalty(self):
        memory = (self.state_dir / "health.memory").read_bytes()
        return int.from_bytes(memory[116:120], sys.byteorder)

    def moves(self):
        """What a dry run would have done: "announce", "withdraw", ..."""
        return re.findall(r"dry-run: would (\w+)", self.log())

    # --- its socket

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(LIMIT)
        try:
            s.connect(str(self.dir / "run/control.sock"))
        except OSError:
            s.close()
            return None
        return s

    def ask(self, command, **more):
        """The reply; None while there is nobody."""
        s = self.connect()
        if not s:
            return None
        with s:
            try:
                s.sendall(json.dumps({"command": command, **more}).encode()
                          + b"\n")
                reply = b"".join(iter(lambda: s.recv(65536), b""))
            except OSError:
                return None
        return json.loads(reply) if reply else None

    def ok(self, command, **more):
        reply = until(f"an answer to {command}",
                      lambda: self.ask(command, **more))
        assert reply["ok"], reply
        return reply

    def status(self):
        return self.ok("status")

    def state(self):
        reply = self.ask("status")
        return reply and reply["state"]

    def announced(self):
        reply = self.ask("status")
        return reply and any(g["announced"] for g in reply["groups"])

    def is_up(self):
        until("it is up", lambda: self.state() == "up")
        assert self.announced()
