# SPDX-License-Identifier: GPL-2.0-or-later
"""relay.py - starts rtp-pinner or Debian's rtpengine for a test

To be used in a network namespace of the test's own (node.namespace()), so
that every port is free and addresses are chosen at will:

    with Relay("rtpengine", media=["192.0.2.11"]) as relay:
        relay.ng.ok("offer", ...)

Both answer the same protocol, so a test says only which one it wants.
"""
import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from ng import Ng
from node import skip
from waiting import ended

PDEATHSIG = 1
SITE = """[service]
domain = sip.example.net
address = {service}
secret = a-secret-of-the-tests-long-enough
[node a]
address = {node}
"""


def find(program, build):
    """Path of the program, or skip."""
    path = shutil.which("rtpengine") if program == "rtpengine" \
        else Path(build, "bin", program)
    if not path or not Path(path).exists():
        skip(f"there is no {path or program}")
    return str(Path(path).resolve())


def name_of(program):
    """rtpengine with its version, for a line of figures."""
    if program != "rtpengine":
        return program
    done = subprocess.run([find(program, "")] + ["--version"],
                          capture_output=True, text=True, check=False)
    return "rtpengine " + (done.stdout + done.stderr).split()[-1]


class Relay:
    """program: "rtpengine" or "rtp-pinner", the latter of build/bin.

    media: its addresses, IPv4 and IPv6 (the first of a family is the default
    one); ports: first and last of the range; listen: (address, port) of ng;
    settings: further keys of rtp-pinner; options: of rtpengine.
    """

    def __init__(self, program, build="", *, media=("127.0.53.11",),
                 ports=(30000, 30399), listen=("127.0.0.1", 2223),
                 service="192.0.2.53", settings=None, options=(), wrap=()):
        self.program, self.path = program, find(program, build)
        self.media, self.ports, self.listen = list(media), ports, listen
        self.settings = dict(settings or {})
        self.options, self.wrap = list(options), list(wrap)
        self.service, self.process, self.ng = service, None, None
        self.dir = Path(tempfile.mkdtemp(prefix="relay-test."))

    def _host_port(self):
        host, port = self.listen
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def command(self):
        if self.program == "rtpengine":
            line = [self.path, "--foreground", "--table=-1", "--log-stderr",
                    f"--listen-ng={self._host_port()}", "--config-file=none",
                    f"--port-min={self.ports[0]}", f"--port-max={self.ports[1]}",
                    f"--pidfile={self.dir}/pid", "--num-threads=2"]
            return self.wrap + line + [f"--interface={a}" for a in self.media] \
                + self.options
        (self.dir / "site.conf").write_text(SITE.format(
            service=self.service, node=", ".join(self.media)))
        keys = {
            "site": self.dir / "site.conf", "node": "a",
            "listen": self._host_port(), "port-min": self.ports[0],
            "port-max": self.ports[1], "state-dir": self.dir / "state",
            **self.settings,
        }
        (self.dir / "state").mkdir(exist_ok=True)
        (self.dir / "rtp-pinner.conf").write_text(
            "".join(f"{key} = {value}\n" for key, value in keys.items()))
        return self.wrap + [self.path, "--config",
                            str(self.dir / "rtp-pinner.conf")]

    def start(self):
        """Start it; returns when it answers a ping."""
        libc = ctypes.CDLL(None)
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, cwd=self.dir,
                preexec_fn=lambda: libc.prctl(PDEATHSIG, signal.SIGKILL))
        self.ng = Ng(self.listen)
        probe = Ng(self.listen, timeout=0.05, tries=1)
        deadline = time.monotonic() + 20
        while True:
            try:
                if probe.command("ping").get("result") == "pong":
                    probe.close()
                    return self
            except TimeoutError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.show_log()
                raise AssertionError(f"{self.program} does not start")
            # a refused port answers at once
            time.sleep(0.02)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return (self.dir / "log").read_text(errors="replace")

    def show_log(self, lines=40):
        print(f"-- {' '.join(map(str, self.command()))}", file=sys.stderr)
        print("\n".join(self.log().splitlines()[-lines:]), file=sys.stderr)

    def stop(self):
        """Its exit status; negative is the signal that ended it."""
        if not self.process:
            return 0
        status, self.process = ended(self.process), None
        self.ng.close()
        return status

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind, value, trace):
        if kind and kind is not SystemExit:
            self.show_log()
        self.remove()
