# SPDX-License-Identifier: GPL-2.0-or-later
"""ear.py - what arrives of the voices of real phones, taken off the wire

A phone says what it has heard when its call is over; an Ear says it all the
while.  It sees what comes in to their machines: each stream of RTP by its addresses
and SSRC, what of it is missing and what out of order.
"""
import socket
import struct
import threading
import time

from .nodes import MEDIA

IPV4 = 0x0800
UDP = 17


class Stream:
    def __init__(self, source, to, seq, now):
        self.source, self.to = source, to
        self.first = self.last = seq
        self.count, self.late, self.heard_at = 1, 0, now

    def take(self, seq, now):
        ahead = (seq - self.last) & 0xffff
        if ahead == 0:
            return      # heard before
        self.heard_at = now
        self.count += 1
        if ahead < 0x8000:
            self.last += ahead
        else:
            self.late += 1

    @property
    def lost(self):
        return self.last - self.first + 1 - self.count


class Ear:
    """spaces: the phones' machines, whose link to the world is called r1."""

    def __init__(self, spaces):
        self.streams = {}
        for space in spaces:
            with space.inside():
                heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                      socket.htons(IPV4))
                heard.bind(("r1", IPV4))
            threading.Thread(target=self._run, args=(heard,), daemon=True,
                             name=f"ear {space.name}").start()

    def _run(self, heard):
        while True:
            data, (_, _, kind, *_) = heard.recvfrom(2048)
            if kind == socket.PACKET_HOST and data[9] == UDP:
                self._take(data, time.monotonic())

    def _take(self, data, now):
        head = (data[0] & 15) * 4
        ports = struct.unpack_from("!HH", data, head)
        rtp = data[head + 8:]
        # version 2, and no RTCP (RFC 5761)
        if ports[0] not in MEDIA or len(rtp) < 12 or rtp[0] >> 6 != 2 \
                or 64 <= rtp[1] & 0x7f <= 95:
            return
        seq, _, ssrc = struct.unpack_from("!HII", rtp, 2)
        source, to = (socket.inet_ntoa(data[at:at + 4]) for at in (12, 16))
        key = source, to, *ports, ssrc
        stream = self.streams.get(key)
        if stream:
            stream.take(seq, now)
        else:
            self.streams[key] = Stream(source, to, seq, now)

    def of(self, node, since=0.0):
        """The streams that this node relays, and that have been heard after
        that time."""
        return [s for s in list(self.streams.values())
                if s.source == node.own and s.heard_at >= since]

    def sums(self, node):
        """(heard, lost, out of order) of a node's."""
        found = self.of(node)
        return (sum(s.count for s in found), sum(s.lost for s in found),
                sum(s.late for s in found))
