#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two real phones (baresip) talk: bob registers on the node, alice calls him
through the service address.  What went over the wire is judged, not what the
phones say: 302, then the INVITE at the node, and audio both ways, by SSRC.

usage: phone-call.py BUILD
"""
import collections
import shutil
import socket
import subprocess
import sys
import time

from baresip import Baresip, modules
from node import Node, namespace, run, skip

PACKETS = 100       # of each direction: two seconds of 20 ms packets


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
        phones.append(Baresip(node.dir / "phone-bob", "bob", "builder-7",
                              node.own))
        phones.append(Baresip(node.dir / "phone-alice", "alice", "wonder-land",
                              node.service))
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
    if not modules():
        skip("baresip keeps its modules where nobody looks for them")
    namespace()
    run([a_call_through_the_service_address_is_heard_on_both_sides],
        Node(sys.argv[1]))


main()
