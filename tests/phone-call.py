#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two real phones (baresip) talk: bob registers on the node, alice calls him
through the service address.  What went over the wire is judged, not what the
phones say: 302, then the INVITE at the node, and audio both ways, by SSRC.

usage: phone-call.py BUILD
"""
import collections
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

from node import Node, namespace, run, skip

PACKETS = 100       # of each direction: two seconds of 20 ms packets
MODULES = "/usr/lib/baresip/modules"


def write_tone(path):
    samples = (struct.pack("<h", 8000) * 10 + struct.pack("<h", -8000) * 10)
    data = samples * 400 * 60
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
        + b"data" + struct.pack("<I", len(data)) + data)


class Baresip:
    """One phone, driven on its standard input."""

    def __init__(self, node, user, password, server):
        self.dir = node.dir / f"phone-{user}"
        self.dir.mkdir(exist_ok=True)
        self.log = self.dir / "log"
        tone = self.dir / "tone.wav"
        write_tone(tone)
        (self.dir / "accounts").write_text(
            f"<sip:{user}@{server}>;auth_pass={password};regint=60;"
            "answermode=auto;sip_autoredirect=yes\n")
        (self.dir / "contacts").write_text("")
        (self.dir / "config").write_text(
            f"module_path {MODULES}\nnet_interface 127.0.0.1\n"
            f"audio_source aufile,{tone}\naudio_player none\n"
            "ringback_disabled yes\n"
            "module stdio.so\nmodule g711.so\nmodule aufile.so\n"
            "module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n")
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["baresip", "-f", self.dir], stdin=subprocess.PIPE,
                stdout=log, stderr=subprocess.STDOUT)
        self.wait("registered successfully")

    def wait(self, text, seconds=15):
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, \
                f"{self.dir.name}: no `{text}':\n{self.said()}"
            time.sleep(0.05)

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()


class Capture:
    """tshark on the namespace's loopback: UDP only, at most a minute."""

    def __init__(self, node):
        self.file = node.dir / "wire.pcapng"
        self.process = subprocess.Popen(
            ["tshark", "-q", "-i", "lo", "-f", "udp", "-a", "duration:60",
             "-w", self.file], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "Capturing on" in line:
                break
        # the file has its header once the first packets have been written
        deadline = time.monotonic() + 20
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while not self.file.exists() or self.file.stat().st_size < 300:
            assert time.monotonic() < deadline, "tshark captures nothing"
            probe.sendto(b"probe", ("127.0.0.1", 9))
            time.sleep(0.05)
        probe.close()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self.process.stderr.close()

    def read(self, what, *fields):
        words = [w for f in fields for w in ("-e", f)]
        out = subprocess.run(
            ["tshark", "-r", self.file, "-Y", what, "-T", "fields", *words],
            check=True, capture_output=True, text=True).stdout
        return [line.split("\t") for line in out.splitlines()]


def wait_for_packet(capture, what):
    """The capture lags behind the wire."""
    deadline = time.monotonic() + 10
    while not capture.read(what, "frame.number"):
        assert time.monotonic() < deadline, f"not captured: {what}"
        time.sleep(0.2)


def rtp_streams(capture):
    """(from, to, SSRC) -> packets."""
    return collections.Counter(tuple(row) for row in capture.read(
        "rtp", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "rtp.ssrc"))


def a_call_through_the_service_address_is_heard_on_both_sides(node):
    capture, phones = Capture(node), []
    try:
        phones.append(Baresip(node, "bob", "builder-7", node.own))
        phones.append(Baresip(node, "alice", "wonder-land", node.service))
        bob, alice = phones
        alice.type(f"/dial sip:bob@{node.service}")
        for phone in phones:
            phone.wait("incoming rtp for 'audio' established")
        deadline = time.monotonic() + 20
        while True:
            streams = rtp_streams(capture)
            if len(streams) == 2 and min(streams.values()) >= PACKETS:
                break
            assert time.monotonic() < deadline, streams
            time.sleep(0.5)
        alice.type("b")
        bob.wait("terminated")
        wait_for_packet(capture, "sip.Method == BYE")
    finally:
        for phone in phones:
            phone.end()
        capture.end()
    judge_signalling(node, capture)
    judge_media(node, capture)


def judge_signalling(node, capture):
    rows = capture.read("sip", "ip.src", "ip.dst", "sip.Method",
                        "sip.Status-Code", "sip.CSeq.method")
    heard = [tuple(row) for row in rows]
    phone, front, node_ip = "127.0.0.1", node.service, node.own
    story = [
        (phone, front, "INVITE", "", "INVITE"),
        (front, phone, "", "302", "INVITE"),
        (phone, front, "ACK", "", "ACK"),
        (phone, node_ip, "INVITE", "", "INVITE"),
        (node_ip, phone, "", "407", "INVITE"),
        (phone, node_ip, "INVITE", "", "INVITE"),
        (node_ip, phone, "INVITE", "", "INVITE"),
        (node_ip, phone, "", "200", "INVITE"),
        (phone, node_ip, "ACK", "", "ACK"),
        (phone, node_ip, "BYE", "", "BYE"),
        (node_ip, phone, "BYE", "", "BYE"),
    ]
    rest = iter(heard)
    for step in story:      # in this order; others may stand between
        assert step in rest, f"{step} did not come in its turn:\n" + \
            "\n".join(map(str, heard))
    service = [row for row in heard if node.service in row[:2]]
    methods = {row[2] for row in service if row[2]}
    assert methods == {"REGISTER", "INVITE", "ACK"}, \
        f"the dialog touches the service address: {methods}"


def judge_media(node, capture):
    streams = rtp_streams(capture)
    assert len(streams) == 2, streams
    (a, b) = streams
    assert a[:2] == b[2:4] and a[2:4] == b[:2], f"not one call: {streams}"
    assert a[4] != b[4], f"one SSRC in both directions: {streams}"
    for stream, packets in streams.items():
        assert packets >= PACKETS, streams
        assert node.service not in stream, f"media on anycast: {streams}"
    print(f"# {dict(streams)}")


def main():
    for program in ("baresip", "tshark"):
        if not shutil.which(program):
            skip(f"{program} is not installed (scripts/setup test)")
    if not os.path.isdir(MODULES):
        skip(f"baresip keeps its modules elsewhere than {MODULES}")
    namespace()
    run([a_call_through_the_service_address_is_heard_on_both_sides],
        Node(sys.argv[1]))


main()
