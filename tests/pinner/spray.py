#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""spray.py - a stranger sprays every port of the relay around calls

  spray.py BUILD [RELAY-SETTING=VALUE...]
  spray.py --reference            rtpengine alone

Before, during and after the set-up of each call an attacker at another
address, who knows the parties' SSRCs and sequence numbers, sends RTP, RTCP,
STUN and garbage to every port of the range, most of all to those of the call.
Counted: packets of the attacker that reach a party, and packets that reach the
attacker.  For rtp-pinner both have to be 0, and no packet of a party may be
missing; rtpengine's figures are printed beside.
"""
import random
import re
import select
import shutil
import socket
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# pylint: disable=wrong-import-position
import node
from bodies import audio, body
from relay import Relay, find, name_of

SEED = 53
MARK = b"SPRAYED-BY-A-STRANGER"
PORTS = (30000, 30399)
TICKS = 50                     # packets of each party in a stretch of media
TICK_S = 0.004
PUBLIC = {4: ("198.51.100.1", "198.51.100.2", "203.0.113.66", "192.0.2.11"),
          6: ("2001:db8:c::1", "2001:db8:c::2", "2001:db8:bad::66",
              "2001:db8::11")}
PRIVATE = {4: ("10.0.0.1", "192.168.7.2"), 6: ("fd00:1::1", "fd00:2::2")}

# name, family, is the caller behind NAT, is the callee
SCENES = [
    ("no NAT", 4, False, False),
    ("caller behind NAT", 4, True, False),
    ("callee behind NAT", 4, False, True),
    ("both behind NAT", 4, True, True),
    ("no NAT, IPv6", 6, False, False),
    ("both private, IPv6", 6, True, True),
]


def udp(address, port):
    v6 = ":" in address
    made = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
                         socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind((address, port))
    made.setblocking(False)
    return made


def rtp(ssrc, seq, payload, marker=0):
    return struct.pack("!BBHII", 0x80, marker << 7, seq & 0xffff,
                       (seq * 160) & 0xffffffff, ssrc) + payload


def rtcp(ssrc, tail=b"", kind=200):
    return struct.pack("!BBHIIIIII", 0x80, kind, 6, ssrc, 1, 2, 3, 4, 5) + tail


def stun(tail):
    return struct.pack("!HHI", 1, len(tail) + 4, 0x2112a442) + \
        random.randbytes(12) + struct.pack("!HH", 0x8022, len(tail)) + tail


class Party:
    """A phone: what it sends, and what it gets from whom."""

    def __init__(self, public, private, port):
        self.public, self.nat = public, private is not None
        # a NAT gives another port than the SDP says
        self.said = (private or public, port)
        self.sockets = [udp(public, port + (9000 if self.nat else 0) + step)
                        for step in (0, 1)]
        self.ssrc, self.seq = random.getrandbits(32), random.getrandbits(15)
        self.sent, self.good, self.bad, self.reports = 0, 0, 0, 0
        self.to = None         # (address, port) of the relay

    def sdp(self, version=1):
        return body(self.said[0], *audio(self.said[1]), version=version)

    def send(self, counted=True):
        self.seq += 1
        self.sent += counted
        text = b"media" if counted else b"early"
        self.sockets[0].sendto(rtp(self.ssrc, self.seq, text * 32), self.to)

    def report(self, kind=200):
        self.sockets[1].sendto(rtcp(self.ssrc, kind=kind),
                               (self.to[0], self.to[1] + 1))

    def open(self):
        """What a phone behind NAT has to do before it can be reached."""
        if self.nat:
            self.send(counted=False)
            self.report(kind=201)

    def drain(self):
        for sock in self.sockets:
            for data in drain(sock):
                self.bad += MARK in data
                self.good += data[12:17] == b"media" and MARK not in data
                self.reports += data[1:2] == b"\xc8" and MARK not in data

    def close(self):
        for sock in self.sockets:
            sock.close()


def drain(sock):
    while True:
        try:
            yield sock.recv(2048)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            pass


class Attacker:
    def __init__(self, address, target, calm):
        self.calm = calm       # does nothing: shows that calls work
        # also from the very port the caller has
        self.sockets = [udp(address, port) for port in (4000, 4001, 6666)]
        self.target, self.sent, self.got = target, 0, 0
        self.order = list(range(PORTS[0], PORTS[1] + 1))
        random.shuffle(self.order)
        self.at = 0

    def shot(self, kind, victims):
        who = random.choice(victims)
        ssrc = random.choice((who.ssrc, random.getrandbits(32)))
        seq = who.seq + random.choice((1, 2, 5, 100, 30000))
        if kind == 0:
            return rtp(ssrc, seq, MARK, random.getrandbits(1))
        if kind == 1:
            return rtcp(ssrc, MARK)
        if kind == 2:
            return stun(MARK + b"!!!")
        return random.randbytes(random.randrange(1, 40)) + MARK

    def send(self, port, kind, victims):
        sock = self.sockets[self.sent % len(self.sockets)]
        try:
            sock.sendto(self.shot(kind, victims), (self.target, port))
        except ConnectionRefusedError:
            pass
        self.sent += 1

    def sweep(self, victims, part=1, aimed=()):
        """Part of the range (1: all of it), and the aimed ports."""
        if self.calm:
            return
        for _ in range(int(len(self.order) * part)):
            port = self.order[self.at % len(self.order)]
            self.at += 1
            for kind in range(4):
                self.send(port, kind, victims)
        for port in aimed:
            self.send(port, random.randrange(4), victims)
            self.send(port, 0, victims)

    def drain(self):
        for sock in self.sockets:
            self.got += sum(1 for _ in drain(sock))

    def close(self):
        for sock in self.sockets:
            sock.close()


class Unreachable:
    """Counts ICMP errors that go to an address."""

    def __init__(self, address):
        v6 = ":" in address
        self.sock = socket.socket(
            socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
            socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
        self.sock.bind((address, 0))
        self.sock.setblocking(False)
        self.kind, self.skip = (1, 0) if v6 else (3, 20)
        self.count = 0

    def drain(self):
        for data in drain(self.sock):
            self.count += data[self.skip] == self.kind

    def close(self):
        self.sock.close()


class Scene:
    def __init__(self, relay, scene, flags, calm):
        self.relay, self.flags = relay, flags
        self.name, family, nat_a, nat_b = scene
        a, b, evil, home = PUBLIC[family]
        self.a = Party(a, PRIVATE[family][0] if nat_a else None, 4000)
        self.b = Party(b, PRIVATE[family][1] if nat_b else None, 5000)
        self.evil, self.home = Attacker(evil, home, calm), home
        self.icmp = Unreachable(evil)
        self.call = f"spray-{scene[0]}-{random.getrandbits(32)}"

    def everyone(self):
        return (self.a, self.b, self.evil, self.icmp)

    def settle(self):
        """Take what comes until nothing does."""
        sockets = [*self.a.sockets, *self.b.sockets, *self.evil.sockets]
        while select.select(sockets, [], [], 0.02)[0]:
            for one in self.everyone():
                one.drain()
        self.icmp.drain()

    def spray(self, **more):
        self.evil.sweep((self.a, self.b), **more)
        self.settle()

    def signal(self, command, source, version=1, *, swapped=False):
        """An offer or answer of source; the port the other one sends to."""
        tags = ("t", "f") if swapped else ("f", "t")
        family = "IP6" if ":" in self.home else "IP4"
        reply = self.relay.ng.ok(
            command, call_id=self.call, from_tag=tags[0],
            to_tag=tags[1] if command == "answer" or version > 1 else None,
            sdp=source.sdp(version), flags=self.flags,
            received_from=[family, source.public])
        port = int(re.search(r"m=audio (\d+)", reply["sdp"])[1])
        other = self.b if source is self.a else self.a
        other.to = (self.home, port)

    def aimed(self):
        return [port + step for party in (self.a, self.b) if party.to
                for port in (party.to[1],) for step in (0, 1)]

    def media(self):
        """Both talk while every port is sprayed once over."""
        for party in (self.a, self.b):
            party.open()
        self.settle()
        for tick in range(TICKS):
            self.a.send()
            self.b.send()
            if tick % 10 == 5:
                self.a.report()
                self.b.report()
            self.evil.sweep((self.a, self.b), part=1 / TICKS,
                            aimed=self.aimed())
            select.select(self.evil.sockets, [], [], TICK_S)
            for one in self.everyone():
                one.drain()
        self.settle()

    def play(self):
        self.spray()                            # before
        self.signal("offer", self.a)
        self.spray(aimed=self.aimed() * 4)
        self.b.send(counted=False)              # early media
        self.spray(part=0.1, aimed=self.aimed())
        self.signal("answer", self.b)
        self.spray(aimed=self.aimed() * 4)      # the first packets of the call
        self.media()
        self.spray(aimed=self.aimed())
        self.signal("offer", self.b, 2, swapped=True)       # a re-INVITE
        self.spray(aimed=self.aimed())
        self.signal("answer", self.a, 2, swapped=True)
        self.media()
        self.relay.ng.ok("delete", call_id=self.call, from_tag="f",
                         delete_delay=0)
        self.spray(aimed=self.aimed())          # after
        for party in (self.a, self.b):          # a phone that talks on
            party.send(counted=False)
        self.spray(part=0.1)
        for one in self.everyone():
            one.close()

    def row(self, name):
        to_parties = self.a.bad + self.b.bad
        print(f"{name:<24} {self.name:<19} {self.evil.sent:>6} {to_parties:>8}"
              f" {self.evil.got:>8} {self.icmp.count:>6}"
              f"  {self.b.good:>3}/{self.a.sent:<3}"
              f" {self.a.good:>3}/{self.b.sent:<3}"
              f" {self.a.reports + self.b.reports:>4}", flush=True)

    def faults(self):
        if self.a.bad + self.b.bad:
            yield f"{self.a.bad + self.b.bad} packets reached a party"
        if self.evil.got:
            yield f"{self.evil.got} packets reached the attacker"
        for who, sent, good in (("caller", self.a.sent, self.b.good),
                                ("callee", self.b.sent, self.a.good)):
            if good != sent:
                yield f"{good} of {sent} packets of the {who} arrived"
        if self.a.reports + self.b.reports < 2 * 2 * TICKS // 10:
            yield f"{self.a.reports + self.b.reports} RTCP reports arrived"


HEAD = (f"{'relay':<24} {'scene':<19} {'shots':>6} {'to party':>8} "
        f"{'to enemy':>8} {'ICMP':>6}  {'A->B':<7} {'B->A':<7} RTCP")


def scenes(relay, name, flags=(), calm=False):
    """All scenes with one relay; what is wrong for a relay that pins."""
    for scene in SCENES:
        random.seed(SEED)
        played = Scene(relay, scene, list(flags), calm)
        played.play()
        played.row(name)
        for fault in played.faults():
            yield f"{scene[0]}: {fault}"


def beside(media):
    """rtpengine's figures, and that calls work where nobody attacks."""
    with Relay("rtpengine", media=media, ports=PORTS) as relay:
        name = name_of("rtpengine").split("-")[0]
        bad = list(scenes(relay, "rtpengine, no attack", calm=True))
        if bad:
            sys.exit(f"not ok: this test itself: {bad}")
        list(scenes(relay, name))
        list(scenes(relay, f"{name} strict", ["strict-source"]))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] != "--reference":
        find("rtp-pinner", sys.argv[1])
    settings = dict(word.split("=", 1) for word in sys.argv[2:])
    media = [PUBLIC[4][3], PUBLIC[6][3]]
    node.namespace(*(address for family in PUBLIC.values()
                     for address in family))
    print(f"random seed {SEED}\n{HEAD}", flush=True)
    if sys.argv[1] == "--reference" or shutil.which("rtpengine"):
        beside(media)
    else:
        print("no rtpengine here to show beside")
    if sys.argv[1] == "--reference":
        return
    with Relay("rtp-pinner", sys.argv[1], media=media, ports=PORTS,
               settings=settings) as relay:
        bad = list(scenes(relay, "rtp-pinner"))
        for fault in bad:
            print(f"not ok: {fault}", file=sys.stderr)
        if bad or not relay.alive():
            relay.show_log()
            sys.exit(1)
    print("ok: no packet of a stranger to a party, none to the stranger")


if __name__ == "__main__":
    main()
