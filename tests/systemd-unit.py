#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit of Kamailio, without systemd: `systemd-analyze verify' reads it, and
its commands are run as it says (units.py).

usage: systemd-unit.py BUILD
"""
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from calls import OUTSIDE
from phone import Phone
from units import Service, configure, play

NAME = "sip-anycast-kamailio.service"
SITE = """[service]
domain = sip.example.net
address = 127.0.53.53
secret = file:secret
[node fra1]
address = 127.0.53.11
http = http://127.0.53.11
"""


def modules():
    return Path(subprocess.run(
        ["bash", "-c", "dirname \"$(dpkg -L kamailio | grep '/tm.so$')\""],
        check=True, capture_output=True, text=True).stdout.strip())


def install(root, build):
    shutil.copy(build / "bin/anycastctl", "/usr/sbin/anycastctl")
    shutil.copy(build / "lib/anycast.so", modules() / "anycast.so")
    configure(root, SITE, users="username(string) ha1(string)\n")


def check(root, unit):
    """What the player takes for granted."""
    assert (root / "usr/lib/sysusers.d/sip-anycast.conf").exists()
    assert unit.all("AmbientCapabilities") == ["CAP_NET_BIND_SERVICE"]
    assert unit.all("CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE"]
    assert unit.all("KillMode") == ["control-group"]
    assert unit.all("RuntimeDirectory") == ["sip-anycast/kamailio"]
    for command in unit.all("ExecStart"):
        assert " -x fm -X fm " in command, command


def answers(address):
    stranger = Phone(OUTSIDE, "stranger", "example.com")
    stranger.request("OPTIONS", f"sip:{address}", (address, 5060))
    stranger.expect(200)
    stranger.close()


def the_unit_starts_a_node(unit):
    service = Service(unit, {"NODE": "fra1", "KAMAILIO_OPTIONS":
                             "-A UDP_WORKERS=2 -A TCP_WORKERS=2"})
    try:
        said = service.start()
        assert f"MAINPID={service.process.pid}" in said, said
        answers("127.0.53.53")
        answers("127.0.53.11")
        with socket.create_connection(("127.0.53.53", 80), 5) as web:
            web.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"http://127.0.53.11/x" in web.recv(4096)
        # the health agent, of another user of the group, watches this one
        pid = service.folder / "kamailio.pid"
        assert int(pid.read_text()) == service.process.pid
        assert pid.stat().st_mode & 0o40, oct(pid.stat().st_mode)
        part = service.folder / "site-kamailio.cfg"
        assert part.stat().st_mode & 0o7 == 0, "anybody may read the key"
        fault = service.run("ExecReload")
        assert not fault, fault
        service.stop()
        assert not pid.exists() or service.process.poll() is None
    finally:
        service.end()


def another_cfg_by_the_environment(unit):
    service = Service(unit, {
        "NODE": "fra1", "KAMAILIO_OPTIONS": "-A UDP_WORKERS=2 -A TCP_WORKERS=2",
        "KAMAILIO_CFG": "/etc/sip-anycast/kamailio/redirect-only.cfg"})
    try:
        service.start()
        answers("127.0.53.53")
        service.stop()
    finally:
        service.end()


def orphans_would_live_on(unit):
    """Why KillMode says control-group: if this fails, the reason has gone."""
    service = Service(unit, {"NODE": "fra1"})
    try:
        service.start()
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        time.sleep(0.2)
        answers("127.0.53.53")
    finally:
        service.end()


def a_wrong_site_file_does_not_start(unit):
    Path("/etc/sip-anycast/site.conf").write_text(
        SITE.replace("domain =", "domian ="))
    service = Service(unit, {"NODE": "fra1"})
    try:
        fault = service.run("ExecStartPre")
        assert "domian" in fault and "domain" in fault, fault
    finally:
        service.end()


STORIES = [
    the_unit_starts_a_node,
    another_cfg_by_the_environment,
    orphans_would_live_on,
    a_wrong_site_file_does_not_start,
]


play(NAME, ["anycastctl"], check, install, STORIES, [modules()])
