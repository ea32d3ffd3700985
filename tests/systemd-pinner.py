#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit of the RTP pinner, without systemd: `systemd-analyze verify' reads
it, and its commands are run as it says (units.py), with a descriptor store.

usage: systemd-pinner.py BUILD
"""
import json
import os
import shutil
import signal
import socket
from pathlib import Path

from units import Service, Unit, configure, play

NAME = "sip-anycast-rtp-pinner.service"
CAPABILITIES = "CAP_BPF CAP_NET_ADMIN CAP_NET_RAW"
RESERVED = Path("/proc/sys/net/ipv4/ip_local_reserved_ports")
SITE = """[service]
domain = sip.example.net
address = 127.0.53.53
secret = file:secret
[node fra1]
address = 127.0.53.11
"""
SDP = """v=0
o=- 1 1 IN IP4 {0}
s=-
c=IN IP4 {0}
t=0 0
m=audio {1} RTP/AVP 0
"""


def install(root, build):
    shutil.copy(build / "bin/rtp-pinner", "/usr/sbin/rtp-pinner")
    configure(root, SITE)


def check(root, unit):
    """What the player takes for granted."""
    assert (root / "etc/sip-anycast/rtp-pinner.conf").exists()
    assert unit.all("AmbientCapabilities") == [CAPABILITIES]
    assert unit.all("CapabilityBoundingSet") == [CAPABILITIES]
    assert unit.all("RuntimeDirectory") == ["sip-anycast/rtp-pinner"]
    assert unit.all("RuntimeDirectoryPreserve") == ["restart"]
    assert unit.all("Type") == ["notify"]
    # the file descriptors of the daemon must fit
    assert int(unit.all("FileDescriptorStoreMax")[0]) >= 32


def ask(command, **keys):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ng:
        ng.settimeout(5)
        ng.connect(("127.0.0.1", 2223))
        body = json.dumps({"command": command, **keys}).encode()
        ng.send(b"cookie " + body)
        return json.loads(ng.recv(65536).split(b" ", 1)[1])


def port_of(reply):
    assert reply["result"] == "ok", reply
    assert "c=IN IP4 127.0.53.11" in reply["sdp"], reply
    return int(reply["sdp"].split("m=audio ")[1].split()[0])


class Call:
    """Two phones, and what they say to each other through the relay."""

    def __init__(self):
        self.phones = []
        for _ in range(2):
            phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            phone.bind(("127.0.0.2", 0))
            phone.settimeout(5)
            self.phones.append(phone)
        a, b = (SDP.format(*phone.getsockname()) for phone in self.phones)
        to_b = port_of(ask("offer", **{"call-id": "c", "from-tag": "a",
                                       "sdp": a, "ICE": "remove"}))
        to_a = port_of(ask("answer", **{"call-id": "c", "from-tag": "a",
                                        "to-tag": "b", "sdp": b,
                                        "ICE": "remove"}))
        self.ports = (to_a, to_b)
        self.sequence = 0

    def say(self):
        self.sequence += 1
        for at in (0, 1):
            packet = (bytes([0x80, 0]) + self.sequence.to_bytes(2, "big") +
                      (160 * self.sequence).to_bytes(4, "big") +
                      bytes([at] * 4) + bytes(160))
            self.phones[at].sendto(packet, ("127.0.53.11", self.ports[at]))
            heard, source = self.phones[1 - at].recvfrom(2048)
            assert heard == packet
            assert source == ("127.0.53.11", self.ports[1 - at]), source

    def close(self):
        for phone in self.phones:
            phone.close()


def the_unit_starts_a_relay(unit):
    service = Service(unit, {"NODE": "fra1"})
    try:
        service.start()
        assert "30000-40000" in RESERVED.read_text()
        info = ask("node info")
        assert info["relay"] == "range", info["relay reason"]
        assert info["node"] == "fra1"
        # the health agent, of another user of the group, watches this one
        pid = service.folder / "rtp-pinner.pid"
        assert int(pid.read_text()) == service.process.pid
        assert pid.stat().st_mode & 0o40, oct(pid.stat().st_mode)
        call = Call()
        call.say()
        call.close()
        service.stop()
        assert not pid.exists()
    finally:
        service.end()


def a_killed_one_goes_on_with_its_calls(unit):
    service = Service(unit, {"NODE": "fra1"})
    try:
        service.start()
        call = Call()
        call.say()
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        service.start()
        assert ask("node info")["resumed"] == 1
        assert ask("list")["calls"] == ["c"]
        call.say()
        call.close()
    finally:
        service.end()


def without_its_capabilities_it_has_sockets(unit):
    unit = Unit(unit.path)
    unit.settings = [("AmbientCapabilities", "") if key == "AmbientCapabilities"
                     else (key, value) for key, value in unit.settings]
    service = Service(unit, {"NODE": "fra1", "PINNER_OPTIONS":
                             "--port-min 31000 --port-max 31999"})
    try:
        service.start()
        assert ask("node info")["relay"] == "sockets"
        call = Call()
        call.say()
        call.close()
    finally:
        service.end()


def a_wrong_site_file_does_not_start(unit):
    site = Path("/etc/sip-anycast/site.conf")
    site.write_text(SITE.replace("[node fra1]", "[nod fra1]"))
    service = Service(unit, {"NODE": "fra1"})
    try:
        fault = service.run("ExecStartPre")
        assert "[nod fra1]" in fault and "[node NAME]" in fault, fault
    finally:
        service.end()
        site.write_text(SITE)


STORIES = [
    the_unit_starts_a_relay,
    a_killed_one_goes_on_with_its_calls,
    without_its_capabilities_it_has_sockets,
    a_wrong_site_file_does_not_start,
]


play(NAME, ["rtp-pinner"], check, install, STORIES)
