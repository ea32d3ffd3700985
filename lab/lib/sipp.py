# SPDX-License-Identifier: GPL-2.0-or-later
"""sipp.py - many calls a second by SIPp, and its statistics of them

Callers: SIPp with scenarios/caller.xml, which follow the 302 or are served, as
their User-Agent decides (clients.conf).  The phone that is called: one SIPp too,
which registers again and again and answers over the same socket.

What SIPp says of itself is the verdict: its statistics (-trace_stat) of callers
and registrations; of the phone's calls it has none, so its scenario logs them.
How it follows a 302, and what it sends again: tests/sipp-follows.py.
"""
import csv
import itertools
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from .nodes import PASSWORDS, domain
from .topology import SERVICE

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
GIVE_UP = 40        # what the longest timer of a scenario is shorter than

_hosts = itertools.count(91)


class Sipp:
    """One SIPp in the callers' machine; more: of its command line."""

    def __init__(self, lab, name, scenario, *more):
        space, self.name = lab.spaces["c1"], name
        self.dir = space.dir / name
        self.dir.mkdir()
        self.ip = f"203.0.113.{next(_hosts)}"
        space.ip(f"addr replace {self.ip}/25 dev r1")
        words = [
            "sipp", "-sf", SCENARIOS / scenario, "-i", self.ip, "-p", 5060,
            "-mi", self.ip, "-mp", 6000, "-t", "u1", "-nostdin",
            "-key", "domain", domain, "-l", 10000, "-buff_size", 1 << 20,
            "-trace_stat", "-stf", self.dir / "stat.csv", "-fd", 1,
            "-trace_err", "-error_file", self.dir / "errors",
            "-trace_logs", "-log_file", self.dir / "log",
            # a machine that is busy is no reason to end
            "-watchdog_minor_maxtriggers", 1000000,
            "-watchdog_major_maxtriggers", 1000000,
            *more, f"{SERVICE[0]}:5060"]
        with open(self.dir / "out", "wb") as out:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                space.words(*words), cwd=self.dir, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out)

    def text(self, file):
        path = self.dir / file
        return path.read_text(errors="replace") if path.exists() else ""

    def logged(self):
        """Whole lines of its scenarios' logs."""
        return self.text("log").split("\n")[:-1]

    def statistics(self):
        """{name: how many so far}, by itself."""
        rows = list(csv.DictReader(self.text("stat.csv").splitlines(),
                                   delimiter=";"))
        return {name[:-3]: int(value) for name, value in rows[-1].items()
                if name and name.endswith("(C)") and value.isdigit()} \
            if rows else {}

    def complaints(self):
        """What it wrote of calls that went wrong."""
        told = re.split(r"(?<!\n)(?=\d{4}-\d\d-\d\d\t)|\n(?=\d{4}-\d\d-)",
                        self.text("errors"))
        return [one for one in told if not re.search(
            "Dead call|out-of-call|The following events|Maximum number", one)]

    def ask_no_more(self):
        """Calls that run are let end, then it ends."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)

    def wait(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def failures(self):
        """{why: how many}, by its statistics."""
        counts = self.statistics()
        failed = Counter({f"{self.name}: {name}": count
                          for name, count in counts.items()
                          if name.startswith("Failed") and count
                          and name != "FailedCall"})
        whole = counts.get("OutgoingCall", 0)
        if missing := whole - counts.get("SuccessfulCall", 0) - \
                counts.get("FailedCall", 0):
            failed[f"{self.name}: not ended"] = missing
        if not whole:
            failed[f"{self.name}: made no calls"] = 1
        if self.process.poll() not in (None, 0):
            failed[f"{self.name}: exit status"] = self.process.returncode
        return failed


class SippLoad:
    """rate: calls a second by callers that follow, others: by those that are
    served; seconds: how long each; again: how often the phone registers."""

    def __init__(self, lab, user="bob", *, rate, others, seconds, again):
        self.user = user
        self.phone = Sipp(
            lab, "sipp-phone", "registers.xml", "-oocsf",
            SCENARIOS / "answers.xml", "-s", user, "-r", 1, "-rp",
            again * 1000, "-au", user, "-ap", PASSWORDS[user])
        lab.until("SIPp's phone has registered",
                  lambda: self.phone.statistics().get("SuccessfulCall"))
        self.callers = [
            Sipp(lab, name, "caller.xml", "-s", user, "-r", rate, "-d",
                 int(seconds * 1000), "-key", "agent", agent)
            for name, rate, agent in (
                ("sipp-follow", rate, "lab"),
                ("sipp-served", others, "Asterisk PBX"))]
        self.seconds = seconds
        self.names = {node.own: name for name, node in lab.nodes.items()}

    def nodes(self):
        """Of each call that was answered, in that order: its node."""
        return [self.names.get(line, line)
                for caller in self.callers for line in caller.logged()]

    def counts(self):
        """Of all callers together."""
        return sum((Counter(caller.statistics()) for caller in self.callers),
                   Counter())

    def end(self):
        """No more calls; those that run are let end; {why: how many failed}."""
        for caller in self.callers:
            caller.ask_no_more()
        for caller in self.callers:
            caller.wait(self.seconds + GIVE_UP)
        # its calls wait for a BYE that is repeated, and then it ends
        self.phone.ask_no_more()
        self.phone.wait(GIVE_UP)
        failed = sum((one.failures() for one in (*self.callers, self.phone)),
                     Counter())
        heard = Counter(self.phone.logged())
        if missing := heard["asked"] - heard["ended"]:
            failed["sipp-phone: calls not ended"] = missing
        return failed

    def complaints(self):
        """The first of each."""
        return "\n".join(f"-- {one.name}: {said}"
                         for one in (*self.callers, self.phone)
                         for said in one.complaints()[:4])
