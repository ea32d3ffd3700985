#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The units of ExaBGP and the health agent, of BFD, and of the agent alone,
without systemd: `systemd-analyze verify' reads them, and their commands are run
as they say (units.py), with a BIRD as the router.

usage: systemd-exabgp.py BUILD
"""
import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

from node import skip
from units import (Service, Unit, as_the_unit_says, configure, mount, play,
                   verify)
from waiting import until

NAME = "sip-anycast-exabgp.service"
PROGRAMS = ["anycastctl", "anycast-health"]
STATE = Path("/var/lib/sip-anycast")
LOG = Path("/run/exabgp.log")
PREFIX = "192.0.2.53/32"
LIMIT = 20
SITE = f"""[service]
domain = sip.example.net
address = 127.0.53.53
prefix = {PREFIX}
secret = file:secret
[node fra1]
address = 127.0.53.11
local-as = 64511
neighbor = 127.0.53.1 as 64500 port 1790 multihop bfd md5 a1b2 name router
[node ams1]
address = 127.0.53.12
"""
# What its own stories are about needs no Kamailio; /run/serving is the service.
AGENT = """[agent]
interval = 500ms
[probe serving]
type = command
command = /usr/bin/test -e /run/serving
rise = 1
fall = 1
[group service]
hold-down = 0s
drain-wait = 500ms
"""


def ctl(*words, fails=False):
    done = subprocess.run(["/usr/sbin/anycastctl", *words], check=False,
                          capture_output=True, text=True)
    assert fails or done.returncode == 0, done.stderr
    return done.stdout


def routes():
    status = json.loads(ctl("status", "--json", fails=True) or '{"groups": []}')
    return [(route["prefix"], route["proof"])
            for group in status["groups"] for route in group["routes"]]


def descendants(pid):
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [each for child in map(int, children)
            for each in (child, *descendants(child))]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1][1] != "Z"
    except FileNotFoundError:
        return False


class Router:
    """A BIRD with what `anycastctl render bird' prints."""

    def __init__(self):
        self.dir = Path("/run/router")
        self.dir.mkdir()
        (self.dir / "bird.conf").write_text(
            "router id 127.0.53.1;\nlog stderr { error, fatal };\n"
            "protocol device { }\nprotocol bfd { }\n"
            + ctl("render", "bird", "--node", "fra1"))
        self.process = subprocess.Popen(
            ["/usr/sbin/bird", "-f", "-c", self.dir / "bird.conf", "-s",
             self.dir / "ctl"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        until("a BIRD", lambda: "ready" in self.ask("show status"))

    def ask(self, what):
        return subprocess.run(
            ["/usr/sbin/birdc", "-s", self.dir / "ctl", what], check=False,
            capture_output=True, text=True).stdout

    def route(self):
        text = self.ask(f"show route all for {PREFIX}")
        return text if PREFIX in text else ""

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir)


class ExaBGP(Service):
    """With what systemd does besides for this unit: ExecStartPost, ExecStop,
    KillMode=mixed and the watchdog's environment."""

    def __init__(self, unit):
        super().__init__(unit, {"NODE": "fra1"})
        self.group = []
        seconds = int(unit.all("WatchdogSec")[0])
        self.env["WATCHDOG_USEC"] = str(seconds * 1000000)
        # pylint: disable=consider-using-with
        self.log = LOG.open("w", encoding="utf-8")

    def start(self):
        fault = self.run("ExecStartPre")
        assert not fault, fault
        (words,) = self.unit.commands("ExecStart", self.env)
        self.process = subprocess.Popen(
            ["bash", "-c", 'export WATCHDOG_PID=$$; exec "$@"', "bash",
             *as_the_unit_says(self.unit, words)], cwd=self.folder,
            env=self.env, umask=int(self.unit.all("UMask")[0], 8),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)
        self.notice("READY=1")
        fault = self.run("ExecStartPost")
        assert not fault, fault

    def stop(self):
        fault = self.run("ExecStop")
        assert not fault, fault
        self.group = descendants(self.process.pid)
        self.process.terminate()
        self.process.wait(LIMIT)
        self.end_group()

    def end_group(self):
        """What is left of the control group."""
        self.process.kill()
        for pid in self.group:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        until("the end of the agent", lambda: not any(
            alive(pid) for pid in self.group))
        self.process = None

    def reload(self):
        return self.run("ExecReload", MAINPID=str(self.process.pid))

    def end(self):
        if self.process:
            self.group = descendants(self.process.pid)
            self.end_group()
        super().end()
        self.log.close()
        for folder in (Path("/run/sip-anycast"), STATE):
            shutil.rmtree(folder, ignore_errors=True)


def install(root, build):
    for program in PROGRAMS:
        shutil.copy(build / "bin" / program, f"/usr/sbin/{program}")
    shutil.copytree(root / "usr/lib/sip-anycast", "/usr/lib/sip-anycast")
    configure(root, SITE, **{"health-agent.conf": AGENT})
    Path("/run/serving").touch()
    # as udev makes it
    os.mknod("/run/tun", 0o666 | stat.S_IFCHR, os.makedev(10, 200))
    os.chmod("/run/tun", 0o666)
    mount("--bind", "/run/tun", "/dev/net/tun")


def check(_, unit):
    """What the player takes for granted, and what must not be forgotten."""
    for program in ("exabgp", "bird"):
        if not Path("/usr/sbin", program).exists():
            skip(f"{program} is not installed")
    folder, build = unit.path.parent, Path(sys.argv[1]).resolve()
    for name in ("sip-anycast-bfd.service", "sip-anycast-health.service"):
        verify(folder / name, [build / "bin" / each for each in PROGRAMS])
    assert unit.all("Type") == ["notify"]
    assert unit.all("NotifyAccess") == ["all"]
    assert unit.all("KillMode") == ["mixed"]
    assert unit.all("CapabilityBoundingSet") == [""]
    assert unit.all("WatchdogSignal") == ["SIGKILL"]
    assert "PYTHONPATH=/usr/lib/sip-anycast/exabgp" in unit.all("Environment")
    # it stops before what it announces does
    text = unit.path.read_text()
    for other in ("kamailio", "rtp-pinner", "bfd"):
        assert any(f"sip-anycast-{other}.service" in line
                   for line in text.splitlines() if line.startswith("After="))
    # a drain that is given up leaves ExaBGP time to end
    (stop,) = unit.all("ExecStop")
    wait = int(stop.split("--timeout ")[1].split()[0])
    assert wait + 10 <= int(unit.all("TimeoutStopSec")[0])


def told(story):
    """A story with a router, and a unit that is ended whatever happens."""
    def tell(unit):
        with contextlib.ExitStack() as stack:
            router = Router()
            stack.callback(router.close)
            service = ExaBGP(unit)
            stack.callback(service.end)
            try:
                story(service, router)
            except AssertionError:
                print(LOG.read_text(encoding="utf-8"), file=sys.stderr)
                raise
    tell.__name__ = story.__name__
    return tell


@told
def the_unit_announces_a_node_that_serves(service, router):
    service.start()
    route = until("a route", router.route)
    assert "BGP.as_path: 64511" in route and "BGP.med: 100" in route, route
    service.notice("WATCHDOG=1")
    status = json.loads(ctl("status", "--json"))
    assert status["node"] == "fra1" and status["state"] == "up", status
    mode = Path("/run/sip-anycast/exabgp/exabgp.conf").stat().st_mode
    assert mode & 0o7 == 0, "anybody may read the password"
    mode = Path("/run/sip-anycast/node.state").stat().st_mode
    assert mode & 0o4, "Kamailio may not read the node's state"
    Path("/run/serving").unlink()
    until("a withdrawal", lambda: not router.route())
    Path("/run/serving").touch()
    until("a route again", router.route)
    service.stop()


@told
def a_stop_drains_and_the_next_start_takes_it_back(service, router):
    service.start()
    until("a route", router.route)
    # the drain of the last node: nobody else is up
    drain = subprocess.Popen(["/usr/sbin/anycastctl", "drain", "--wait"],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    route = until("65535:0 at the router", lambda: (
        lambda text: "(65535,0)" in text and text)(router.route()))
    assert "BGP.local_pref: 0" in route, route
    ctl("drain", "--force")
    assert drain.wait(LIMIT) == 0
    until("a withdrawal", lambda: not router.route())
    session = router.ask("show protocols anycast_fra1_1")
    assert "Established" in session, session
    ctl("resume")
    until("a route again", router.route)

    (words,) = service.unit.commands("ExecStop", service.env)
    ctl(*words[1:], "--force")
    assert (STATE / "in-service").exists()
    assert not router.route()
    service.stop()
    service.start()
    until("a route after the start", router.route)
    assert not (STATE / "in-service").exists()


@told
def who_was_drained_stays_so_over_a_restart(service, router):
    service.start()
    until("a route", router.route)
    ctl("drain", "--wait", "--force")
    service.stop()
    service.start()
    until("a session", lambda: "Established" in
          router.ask("show protocols anycast_fra1_1"))
    status = json.loads(ctl("status", "--json"))
    assert status["order"] == "drain" and status["drained"], status
    assert not router.route()
    ctl("resume")
    until("a route", router.route)


@told
def a_frozen_exabgp_is_no_longer_vouched_for(service, router):
    service.start()
    until("a route", router.route)
    service.process.send_signal(signal.SIGSTOP)
    silent = time.monotonic()
    end = silent + 12
    service.notices.settimeout(0.2)
    while time.monotonic() < end:
        try:
            if b"WATCHDOG=1" in service.notices.recv(4096):
                silent = time.monotonic()
        except TimeoutError:
            pass
        if time.monotonic() - silent > 8:
            break
    else:
        raise AssertionError("it goes on feeding the watchdog")
    service.notices.settimeout(LIMIT)
    # WatchdogSignal; the kernel closes the session
    service.group = descendants(service.process.pid)
    service.process.kill()
    until("a withdrawal", lambda: not router.route())
    service.end_group()
    service.start()
    until("a route again", router.route)


@told
def a_reload_refuses_what_is_wrong_and_keeps_what_runs(service, router):
    site = Path("/etc/sip-anycast/site.conf")
    service.start()
    until("a route", router.route)
    try:
        site.write_text(SITE.replace("local-as", "local-sa"))
        fault = service.reload()
        assert "local-sa" in fault, fault
        assert router.route()
        site.write_text(SITE.replace(PREFIX, f"{PREFIX}, 203.0.113.0/24"))
        since = router.ask("show protocols anycast_fra1_1").splitlines()[-1]
        fault = service.reload()
        assert not fault, fault
        until("the new prefix", lambda: ("203.0.113.0/24", "advertised")
              in routes())
        now = router.ask("show protocols anycast_fra1_1").splitlines()[-1]
        assert now == since, f"the session was ended\n{since}\n{now}"
    finally:
        site.write_text(SITE)


def a_wrong_site_file_does_not_start(unit):
    site = Path("/etc/sip-anycast/site.conf")
    site.write_text(SITE.replace("multihop", "mutlihop"))
    service = ExaBGP(unit)
    try:
        fault = service.run("ExecStartPre")
        assert "did you mean `multihop'" in fault, fault
    finally:
        service.end()
        site.write_text(SITE)


def bfd_runs_without_more_than_raw_sockets(unit):
    bfd = Unit(unit.path.parent / "sip-anycast-bfd.service")
    service = Service(bfd, {"NODE": "fra1"})
    try:
        fault = service.run("ExecStartPre")
        assert not fault, fault
        (words,) = bfd.commands("ExecStart", service.env)
        service.process = subprocess.Popen(
            as_the_unit_says(bfd, words), cwd=service.folder,
            start_new_session=True)
        until("a BFD session", lambda: "127.0.53.1" in subprocess.run(
            ["/usr/sbin/birdc", "-s", service.folder / "bird.ctl",
             "show bfd sessions"], check=False, capture_output=True,
            text=True).stdout)
        fault = service.run("ExecReload")
        assert not fault, fault
        assert service.process.poll() is None
    finally:
        service.end()


def kernel_routes():
    return subprocess.run(["ip", "route", "show", "table", "200"], check=False,
                          capture_output=True, text=True).stdout


def the_agent_alone_puts_routes_into_the_kernel(unit):
    service = ExaBGP(Unit(unit.path.parent / "sip-anycast-health.service"))
    try:
        service.start()
        route = until("a kernel route", kernel_routes)
        assert "192.0.2.53 dev anycast0 proto 200" in route, route
        service.notice("WATCHDOG=1")
        (words,) = service.unit.commands("ExecStop", service.env)
        ctl(*words[1:], "--force")
        assert not kernel_routes(), "it is drained and still there"
        service.stop()
        service.start()
        until("a kernel route after the start", kernel_routes)
        service.process.kill()
        until("no route of a dead agent", lambda: not kernel_routes())
    finally:
        service.end()


STORIES = [
    the_unit_announces_a_node_that_serves,
    a_stop_drains_and_the_next_start_takes_it_back,
    who_was_drained_stays_so_over_a_restart,
    a_frozen_exabgp_is_no_longer_vouched_for,
    a_reload_refuses_what_is_wrong_and_keeps_what_runs,
    a_wrong_site_file_does_not_start,
    bfd_runs_without_more_than_raw_sockets,
    the_agent_alone_puts_routes_into_the_kernel,
]


play(NAME, PROGRAMS, check, install, STORIES, ["/var/lib", "/usr/lib"])
