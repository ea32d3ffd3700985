#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stranger sends as fast as he can, to free ports and to those of a call.

The calls' own media must come through: with the range backend none of it may
be lost, whichever port is flooded; with a socket for each port a flood of free
ports must not cost any, and what a flood of the calls' ports costs is printed.

usage: flood.py BUILD [SECONDS]
"""
import multiprocessing
import os
import select
import signal
import struct
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
import socket
from node import namespace
from relay import Relay
from voice import Voice, rtp, where

HOME, STRANGER = "127.0.53.11", "127.0.9.9"
PORTS = (30000, 30399)
CALLS = 10
INTERVAL_S = 0.02


def flooder(ports, sent):
    """Sends until it is killed; from one socket, as one stranger."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((STRANGER, 0))
    packet = rtp(0xbad, 1)
    while True:
        for port in ports:
            try:
                sock.sendto(packet, (HOME, port))
            except ConnectionRefusedError:
                pass
        sent.value += len(ports)


class Flood:
    def __init__(self, ports):
        self.sent = multiprocessing.Value("Q", 0, lock=False)
        self.process = multiprocessing.Process(
            target=flooder, args=(list(ports), self.sent), daemon=True)

    def __enter__(self):
        self.process.start()
        end = time.monotonic() + 10
        while not self.sent.value:
            assert time.monotonic() < end, "the flood does not start"
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()


class Quiet:
    """No flood: what the path itself loses."""
    sent = type("Zero", (), {"value": 0})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Talk:
    """CALLS calls that talk at 50 packets a second and direction."""

    def __init__(self, relay):
        self.pairs, self.ports = [], set()
        for i in range(CALLS):
            a, b = Voice("127.0.1.1"), Voice("127.0.1.2")
            offer = relay.ng.ok("offer", call_id=f"flood-{i}", from_tag="a",
                                sdp=a.sdp())
            answer = relay.ng.ok("answer", call_id=f"flood-{i}", from_tag="a",
                                 to_tag="b", sdp=b.sdp())
            at = (where(answer["sdp"]), where(offer["sdp"]))
            self.pairs += [(a, at[0], b), (b, at[1], a)]
            for _, port in at:
                self.ports |= {port, port + 1}
        for voice, _, _ in self.pairs:
            voice.rtp.setblocking(False)
            voice.rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

    def run(self, seconds):
        """(sent, lost, packets of a stranger that came)."""
        sent = strange = 0
        got = set()
        begin = time.monotonic()
        ticks = int(seconds / INTERVAL_S)
        for tick in range(ticks):
            for voice, at, _ in self.pairs:
                voice.send(at, 1)
                sent += 1
            while (left := begin + (tick + 1) * INTERVAL_S
                   - time.monotonic()) > 0:
                strange += self.take(got, left)
        end = time.monotonic() + 2
        while len(got) < sent and time.monotonic() < end:
            strange += self.take(got, 0.1)
        return sent, sent - len(got), strange

    def take(self, got, wait):
        strange = 0
        sockets = {voice.rtp: peer for voice, _, peer in
                   ((r, None, s) for s, _, r in self.pairs)}
        for sock in select.select(list(sockets), [], [], wait)[0]:
            while True:
                try:
                    data = sock.recv(2048)
                except (BlockingIOError, ConnectionRefusedError):
                    break
                seq, ssrc = struct.unpack("!2xH4xI", data[:12])
                if ssrc == sockets[sock].ssrc:
                    got.add((ssrc, seq))
                else:
                    strange += 1
        return strange


def measure(build, kind, seconds):
    faults = []
    with Relay("rtp-pinner", build, ports=PORTS,
               settings={"relay": kind}) as relay:
        talk = Talk(relay)
        free = set(range(PORTS[0], PORTS[1] + 1)) - talk.ports
        for what, flood in (("no flood", Quiet()),
                            ("free ports", Flood(sorted(free))),
                            ("the calls' ports", Flood(sorted(talk.ports)))):
            with flood:
                before, start = flood.sent.value, time.monotonic()
                sent, lost, strange = talk.run(seconds)
                rate = (flood.sent.value - before) / \
                    (time.monotonic() - start)
            print(f"# {kind:8s} {what:17s} {rate:9,.0f} packets/s of a "
                  f"stranger: {lost} of {sent} packets of calls lost, "
                  f"{strange} strange ones came")
            if strange:
                faults.append(f"{kind}, {what}: a stranger came through")
            if lost and (kind == "range" or what != "the calls' ports"):
                faults.append(f"{kind}, {what}: {lost} packets lost")
        assert relay.alive()
    return faults


def main():
    namespace()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3
    faults = [f for kind in ("range", "sockets")
              for f in measure(sys.argv[1], kind, seconds)]
    for fault in faults:
        print(f"not ok: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


main()
