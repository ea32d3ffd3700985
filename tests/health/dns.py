#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dns.py BUILD - the agent's DNS probe against a real Knot

A zone as a site would have it, in a network namespace of its own: each type,
over UDP and, where the answer is too long, over TCP; then what a probe is for:
another answer, no such name, a server that refuses, hangs or is gone.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import node as nodes  # noqa: E402  pylint: disable=wrong-import-position

SERVICE = ("192.0.2.53", "2001:db8:53::53")
PORT = 5353
DOMAIN = "sip.example.net"
SRV = f"10 50 5060 fra1.{DOMAIN}."
NAPTR = f'100 10 "S" "SIP+D2U" "" _sip._udp.{DOMAIN}.'

ZONE = f"""$ORIGIN {DOMAIN}.
$TTL 60
@ SOA ns.{DOMAIN}. admin.{DOMAIN}. 1 3600 600 86400 60
@ NS ns
ns A {SERVICE[0]}
@ A {SERVICE[0]}
@ AAAA {SERVICE[1]}
@ NAPTR {NAPTR}
_sip._udp SRV {SRV}
node TXT "fra1"
alias CNAME {DOMAIN}.
""" + "".join(f'long TXT "{number:03} {"x" * 100}"\n' for number in range(40))

SITE = f"""[service]
domain = {DOMAIN}
address = {", ".join(SERVICE)}
secret = 0123456789abcdef0123
[node fra1]
address = 198.51.100.11, 2001:db8:1::11
"""


class Knot:
    def __init__(self, build):
        self.probe_once = Path(build).resolve() / "bin/probe_once"
        if not self.probe_once.exists():
            nodes.skip(f"{self.probe_once} is not built")
        if not shutil.which("knotd"):
            nodes.skip("knotd is not installed (scripts/setup test)")
        self.dir = Path(tempfile.mkdtemp(prefix="anycast-knot."))
        (self.dir / "site.conf").write_text(SITE)
        (self.dir / "zone").write_text(ZONE)
        listen = ", ".join(f"{address}@{PORT}" for address in SERVICE)
        (self.dir / "knot.conf").write_text(
            f"server:\n    listen: [{listen}]\n    rundir: {self.dir}\n"
            f"    nsid: fra1\n"
            f"database:\n    storage: {self.dir}\n"
            f"log:\n  - target: stderr\n    any: warning\n"
            f"zone:\n  - domain: {DOMAIN}\n    file: {self.dir}/zone\n")
        with open(self.dir / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["knotd", "-c", self.dir / "knot.conf"], stdout=log,
                stderr=log)
        end = time.monotonic() + 20
        while self.ask("A").startswith("bad") and time.monotonic() < end:
            assert self.process.poll() is None, \
                (self.dir / "log").read_text()
            time.sleep(0.05)

    def ask(self, kind, name=DOMAIN, answer="", family=0, timeout=2000):
        """Returns "good TEXT" or "bad TEXT"."""
        done = subprocess.run(
            [self.probe_once, self.dir / "site.conf", "fra1", "kind=dns",
             f"target={SERVICE[family]}", f"port={PORT}", f"timeout={timeout}",
             f"dns-type={kind}", f"dns-name={name}", f"dns-answer={answer}"],
            capture_output=True, text=True, check=False, timeout=30)
        found = re.fullmatch(r"(good|bad) \d+ (.*)\n", done.stdout)
        assert found and done.returncode < 2, done.stdout + done.stderr
        return f"{found[1]} {found[2]}"

    def remove(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir)


def each_type_is_answered(knot):
    for family in (0, 1):
        for kind, name, answer in (
                ("A", DOMAIN, SERVICE[0]), ("AAAA", DOMAIN, SERVICE[1]),
                ("SRV", f"_sip._udp.{DOMAIN}", SRV.rstrip(".")),
                ("NAPTR", DOMAIN, NAPTR.rstrip(".")),
                ("TXT", f"node.{DOMAIN}", '"fra1"'),
                ("A", f"alias.{DOMAIN}", SERVICE[0])):
            got = knot.ask(kind, name, answer, family)
            assert got.startswith("good "), (kind, name, answer, got)
            assert knot.ask(kind, name, "", family).startswith("good ")


def a_long_answer_comes_over_tcp(knot):
    got = knot.ask("TXT", f"long.{DOMAIN}", f'"039 {"x" * 100}"')
    assert got.startswith("good "), got


def what_is_wrong_is_said(knot):
    for kind, name, answer, words in (
            ("A", DOMAIN, "192.0.2.54", SERVICE[0]),
            ("A", f"nobody.{DOMAIN}", "", "NXDOMAIN"),
            ("AAAA", f"ns.{DOMAIN}", "", ""),
            ("A", "other.example", "", "REFUSED")):
        got = knot.ask(kind, name, answer)
        assert got.startswith("bad ") and words in got, (name, got)
        print(f"# {kind} {name}: {got}")


def a_server_that_hangs_or_is_gone_is_bad(knot):
    knot.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, knot.process.pid, os.WSTOPPED | os.WNOWAIT)
    got = knot.ask("A", timeout=300)
    assert got == "bad no answer in 300 ms", got
    knot.process.send_signal(signal.SIGCONT)
    assert knot.ask("A").startswith("good ")
    knot.process.kill()
    knot.process.wait()
    got = knot.ask("A")
    assert got == "bad nobody listens there", got


def main():
    nodes.namespace(*SERVICE)
    knot = Knot(sys.argv[1])
    try:
        for test in (each_type_is_answered, a_long_answer_comes_over_tcp,
                     what_is_wrong_is_said,
                     a_server_that_hangs_or_is_gone_is_bad):
            test(knot)
            print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)
    finally:
        knot.remove()


main()
