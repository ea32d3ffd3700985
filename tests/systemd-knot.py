#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit of Knot, without systemd: `systemd-analyze verify' reads it, and its
commands are run as it says (units.py).

usage: systemd-knot.py BUILD
"""
import shutil
import subprocess
from pathlib import Path

from node import skip
from units import Service, configure, play
from waiting import until

NAME = "sip-anycast-knot.service"
SITE = """[service]
domain = sip.example.net
address = 127.0.53.53
dns = yes
secret = file:secret
[node fra1]
address = 127.0.53.11
host = fra1.sip.example.net
"""


def install(_root, build):
    shutil.copy(build / "bin/anycastctl", "/usr/sbin/anycastctl")
    configure(_root, SITE)


def check(_root, unit):
    assert unit.all("AmbientCapabilities") == ["CAP_NET_BIND_SERVICE"]
    assert unit.all("CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE"]
    assert unit.all("RuntimeDirectory") == ["sip-anycast/knot"]


def asked(name, kind="A"):
    return subprocess.run(["kdig", "@127.0.53.53", name, kind, "+nsid",
                           "+timeout=1"], check=False, capture_output=True,
                          text=True).stdout


def the_unit_answers_on_port_53(unit):
    service = Service(unit, {"NODE": "fra1"})
    try:
        service.start()
        said = asked("sip.example.net")
        assert "127.0.53.53\n" in said and '"fra1"' in said, said
        # the health agent, of another user of the group, watches this one
        pid = service.folder / "knot.pid"
        assert int(pid.read_text()) == service.process.pid
        assert pid.stat().st_mode & 0o40, oct(pid.stat().st_mode)
        Path("/etc/sip-anycast/site.conf").write_text(
            SITE.replace("127.0.53.11", "127.0.53.12"))
        fault = service.run("ExecReload")
        assert not fault, fault
        until("the new address", lambda: "127.0.53.12\n" in
              asked("fra1.sip.example.net"))
        Path("/etc/sip-anycast/site.conf").write_text(
            SITE.replace("dns = yes", "dns = si"))
        fault = service.run("ExecReload")
        assert "yes or no" in fault, fault
        assert "127.0.53.12\n" in asked("fra1.sip.example.net")
        service.stop()
    finally:
        service.end()
        Path("/etc/sip-anycast/site.conf").write_text(SITE)


def the_local_variant_by_the_environment(unit):
    service = Service(unit, {"NODE": "fra1", "KNOT_RENDER": "--node-local"})
    try:
        service.start()
        said = asked("sip.example.net")
        assert "127.0.53.11\n" in said, said
        service.stop()
    finally:
        service.end()


def a_site_without_dns_does_not_start(unit):
    Path("/etc/sip-anycast/site.conf").write_text(
        SITE.replace("dns = yes", "dns = no"))
    service = Service(unit, {"NODE": "fra1"})
    try:
        fault = service.run("ExecStartPre")
        assert "the service has no dns = yes" in fault, fault
    finally:
        service.end()


for program in ("knotd", "kdig"):
    if not shutil.which(program):
        skip(f"{program} is not installed (scripts/setup run)")
play(NAME, ["anycastctl"], check, install,
     [the_unit_answers_on_port_53, the_local_variant_by_the_environment,
      a_site_without_dns_does_not_start])
