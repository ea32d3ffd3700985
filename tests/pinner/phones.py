#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two real phones (baresip) talk through a node with its pinner.

Each lives in a network namespace of its own and knows the node alone: alice
calls through the service address.  The wire is watched at both phones: RTP goes
to and comes from the node address only.  What bob hears is recorded and has to
be what alice plays, and the other way round.  Then once more with ICE and
DTLS-SRTP on both phones, which pass through the pinner.

usage: phones.py BUILD
"""
import collections
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import wave
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from baresip import Baresip, modules
from node import PASSWORDS, Node, namespace, skip
from relay import Relay
from sound import RATE, recorded, share

SERVICE, OWN = "192.0.2.53", "198.51.100.11"
PHONES = {"alice": ("203.0.113.1", 440), "bob": ("203.0.113.2", 1000)}
ROUTER = {"alice": "203.0.113.129", "bob": "203.0.113.130"}
SECONDS = 3         # of talk


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.05)


def write_tone(path, hertz):
    """A minute of it: 16 bit, mono, 8000 samples a second."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        second = b"".join(
            struct.pack("<h", round(9000 * math.sin(
                2 * math.pi * hertz * i / RATE))) for i in range(RATE))
        file.writeframes(second * 60)


class House:
    """A network namespace with one phone's address, behind the node."""

    def __init__(self, name):
        self.name, self.ip = name, PHONES[name][0]
        self.holder = subprocess.Popen(
            ["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        until("the namespace is there", lambda: os.readlink(
            f"/proc/{self.holder.pid}/ns/net") != os.readlink(
                "/proc/self/ns/net"))
        far, near = f"p-{name}", f"n-{name}"
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        run("ip", "link", "set", far, "netns", str(self.holder.pid))
        run("ip", "link", "set", near, "up")
        run("ip", "addr", "add", f"{ROUTER[name]}/32", "dev", near)
        run("ip", "route", "add", f"{self.ip}/32", "dev", near,
            "src", ROUTER[name])
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", far, "up")
        self.run("ip", "addr", "add", f"{self.ip}/32", "dev", far)
        self.run("ip", "route", "add", f"{ROUTER[name]}/32", "dev", far)
        self.run("ip", "route", "add", "default", "via", ROUTER[name])
        self.link = far

    def inside(self, *command):
        return ["nsenter", "--net", "-t", str(self.holder.pid), *command]

    def run(self, *command):
        run(*self.inside(*command))

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()


class Capture:
    """All UDP at one phone."""

    def __init__(self, node, house):
        self.file = node.dir / f"{house.name}.pcap"
        self.process = subprocess.Popen(
            house.inside("tshark", "-q", "-p", "-i", house.link, "-f", "udp",
                         "-w", str(self.file)), stderr=subprocess.PIPE,
            text=True)
        for line in self.process.stderr:
            if "Capturing on" in line:
                break
        until("the capture has begun",
              lambda: self.file.exists() and self.file.stat().st_size > 0)

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()

    def read(self, what, *fields, more=()):
        words = [w for f in fields for w in ("-e", f)]
        out = subprocess.run(
            ["tshark", "-r", self.file, *more, "-Y", what, "-T", "fields",
             *words], check=True, capture_output=True, text=True).stdout
        return [line.split("\t") for line in out.splitlines()]


class Listener(Baresip):
    """Plays its own tone and keeps what it hears."""

    def __init__(self, node, house, secure):
        self.name = house.name
        folder = node.dir / f"phone-{self.name}"
        shutil.rmtree(folder, ignore_errors=True)
        super().__init__(
            folder, self.name, PASSWORDS[self.name],
            SERVICE if self.name == "alice" else OWN, address=house.link,
            words=house.inside,
            account=";medianat=ice;mediaenc=dtls_srtp" if secure else "",
            extra=["sndfile"] + (["ice", "srtp", "dtls_srtp"] if secure else []),
            config=f"snd_path {folder}\n",
            tone=lambda path: write_tone(path, PHONES[self.name][1]))

    def wait(self, text, seconds=20, after=0):
        super().wait(text, seconds, after)

    def heard(self):
        """Samples it has decoded."""
        return recorded(self.dir)


def judge_sound(phone, hertz):
    """A second from the middle of what was heard is that tone."""
    samples = phone.heard()
    middle = samples[-RATE * 2:-RATE]
    found = share(middle, hertz)
    loud = max(map(abs, middle), default=0)
    print(f"# {phone.name} hears {hertz} Hz: {found:.3f} of the power, peak "
          f"{loud}")
    assert found > 0.95, f"{phone.name} hears something else: {found:.3f}"
    # G.711 keeps 9000 as about that
    assert 8000 < loud < 10000, f"{phone.name}: peak {loud}"


def judge_wire(house, capture, secure):
    """Media at this phone: with the node address, and nobody else."""
    flows = collections.Counter()
    for src, dst, sport, dport in capture.read(
            "udp && !sip && !icmp", "ip.src", "ip.dst", "udp.srcport",
            "udp.dstport"):
        if 5060 in (int(sport), int(dport)):
            continue
        flows[src, dst] += 1
    want = {(house.ip, OWN), (OWN, house.ip)}
    print(f"# {house.name}: {dict(flows)}")
    assert set(flows) == want, f"media of {house.name}: {dict(flows)}"
    assert min(flows.values()) > 40 * SECONDS, dict(flows)
    if secure:
        kinds = capture.read("dtls.handshake.type == 1 || stun", "ip.src",
                             "stun.type", "dtls.handshake.type")
        assert any(row[2] for row in kinds if len(row) > 2), "no DTLS"
        assert any(row[1] for row in kinds), "no STUN"
    candidates = capture.read("sdp.media_attr contains \"candidate\"",
                              "ip.dst", "sdp.media_attr")
    for row in candidates:
        if row[0] == house.ip:
            assert all(ip not in row[1] for n, (ip, _) in PHONES.items()
                       if n != house.name), f"the other's candidate: {row[1]}"
    if secure:
        assert candidates, "no candidates in the SDP"


def fingerprints(captures):
    """What either phone offers and reads, each the same set: end to end."""
    seen = []
    for capture in captures.values():
        text = str(capture.read("sdp", "sdp.media_attr", "sdp.session_attr"))
        seen.append(set(re.findall(r"fingerprint:(?i:sha-256) ([0-9A-F:]+)",
                                   text)))
    return seen


def phones_talk(node, secure, passed):
    houses = {name: House(name) for name in PHONES}
    captures, phones = {}, {}
    try:
        for name, house in houses.items():
            captures[name] = Capture(node, house)
        for name in ("bob", "alice"):
            phones[name] = Listener(node, houses[name], secure)
        phones["alice"].type(f"/dial sip:bob@{SERVICE}")
        for phone in phones.values():
            until(f"{phone.name} hears {SECONDS} s",
                  lambda: len(phone.heard()) > RATE * SECONDS, 30)
        for name, phone in phones.items():
            other = "bob" if name == "alice" else "alice"
            judge_sound(phone, PHONES[other][1])
        phones["alice"].type("b")
        phones["bob"].wait("terminated")
    except AssertionError as error:
        logs = "\n".join(p.said()[-3000:] for p in phones.values())
        raise AssertionError(f"{error}\n{logs}") from None
    finally:
        for phone in phones.values():
            phone.end()
        for capture in captures.values():
            capture.end()
        for house in houses.values():
            house.close()
    for name, house in houses.items():
        judge_wire(house, captures[name], secure)
    if secure and passed:
        (one, other) = fingerprints(captures)
        assert len(one) == 2 and one == other, \
            f"DTLS is not end to end: {one} {other}"


def main():
    for program in ("baresip", "tshark", "nsenter"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup test)")
    if not modules():
        skip("baresip's modules are not where they are looked for")
    namespace(SERVICE, OWN)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
    program = sys.argv[2] if len(sys.argv) > 2 else "rtp-pinner"
    node = Node(sys.argv[1], service=SERVICE, own=OWN, other="198.51.100.12",
                defines=["WITH_PINNER"])
    status = 0
    try:
        with Relay(program, sys.argv[1], media=[OWN], service=SERVICE):
            node.start()
            for secure in (False, True):
                name = "two phones are heard" + \
                    (" with ICE and DTLS-SRTP" if secure else "")
                phones_talk(node, secure, program == "rtp-pinner")
                print(f"ok: {name}", flush=True)
    except AssertionError as error:
        print(f"not ok: {error}", file=sys.stderr)
        node.show_log()
        status = 1
    finally:
        node.remove()
    sys.exit(status)


main()
