# SPDX-License-Identifier: GPL-2.0-or-later
"""voice.py - the media of a phone: an RTP socket, its RTCP one, and their SDP

Packets carry the sender's SSRC and a running sequence number; a receiver says
which of them came and from where.  Nothing is sent behind the test's back.
"""
import itertools
import re
import socket
import struct
import time

PACKETS = 5         # of a try
WAIT = 3.0          # for what must come
QUIET = 0.25        # of silence that counts as "nothing came"

_ssrcs = itertools.count(0x1000)


def rtp(ssrc, seq, payload=b"\xd5" * 160, payload_type=8):
    return struct.pack("!BBHII", 0x80, payload_type, seq & 0xffff,
                       seq * 160 & 0xffffffff, ssrc) + payload


def receiver_report(ssrc, about=0):
    block = struct.pack("!IIIIII", about, 0, 1, 0, 0, 0) if about else b""
    words = 1 + len(block) // 4
    return struct.pack("!BBHI", 0x80 | bool(about), 201, words, ssrc) + block


class Voice:
    """ip: where its sockets live; told: what its SDP says (default: the same)."""

    def __init__(self, ip, told=None):
        self.ip, self.told = ip, told or ip
        self.family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.ssrc, self.seq = next(_ssrcs), 0
        self.rtp, self.rtcp = self._pair()
        self.port = self.rtp.getsockname()[1]
        self.version = 0

    def _pair(self):
        while True:
            first = socket.socket(self.family, socket.SOCK_DGRAM)
            first.bind((self.ip, 0))
            port = first.getsockname()[1]
            second = socket.socket(self.family, socket.SOCK_DGRAM)
            try:
                if port % 2 == 0 and port < 65535:
                    second.bind((self.ip, port + 1))
                    return first, second
            except OSError:
                pass
            first.close()
            second.close()

    def close(self):
        self.rtp.close()
        self.rtcp.close()

    def sdp(self, *lines, direction="sendrecv", port=None):
        kind = "IP6" if ":" in self.told else "IP4"
        self.version += 1
        lines = ["v=0", f"o=- 7 {self.version} IN {kind} {self.told}", "s=-",
                 f"c=IN {kind} {self.told}", "t=0 0",
                 f"m=audio {self.port if port is None else port} RTP/AVP 8",
                 "a=rtpmap:8 PCMA/8000", f"a={direction}", *lines]
        return "\r\n".join(lines) + "\r\n"

    def send(self, to, count=PACKETS, ssrc=None):
        for _ in range(count):
            self.rtp.sendto(rtp(ssrc or self.ssrc, self.seq), to)
            self.seq += 1

    def take(self, sock=None, want=None, wait=WAIT):
        """[(bytes, source)]: until want of them are there, or for wait."""
        sock, got = sock or self.rtp, []
        end = time.monotonic() + wait
        while want is None or len(got) < want:
            left = end - time.monotonic()
            if left <= 0:
                break
            sock.settimeout(left)
            try:
                data, source = sock.recvfrom(4096)
            except (TimeoutError, socket.timeout):
                break
            except ConnectionRefusedError:
                continue
            got.append((data, source[:2]))
        return got


def where(body):
    """(address, port) of the first media of an SDP."""
    port = re.search(r"^m=\w+ (\d+)", body, re.M)
    part = body[port.start():]
    address = re.search(r"^c=IN IP[46] (\S+)", part, re.M) \
        or re.search(r"^c=IN IP[46] (\S+)", body, re.M)
    return address.group(1), int(port.group(1))


def heard(sender, receiver, at, source):
    """All that sender sends to `at' reaches receiver, from `source'."""
    receiver.take(wait=0)
    sender.send(at)
    got = receiver.take(want=PACKETS)
    ssrcs = {struct.unpack("!I", data[8:12])[0] for data, _ in got}
    assert len(got) == PACKETS, \
        f"{len(got)} of {PACKETS} packets from {sender.ip} came to {receiver.ip}"
    assert ssrcs == {sender.ssrc}, f"SSRCs {ssrcs}"
    sources = {s for _, s in got}
    assert sources == {source}, f"from {sources}, not {source}"


def not_heard(sender, receiver, at):
    receiver.take(wait=0)
    sender.send(at)
    got = receiver.take(want=1, wait=QUIET)
    assert not got, f"a packet of {sender.ip} came to {receiver.ip}: {got}"
