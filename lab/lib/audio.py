# SPDX-License-Identifier: GPL-2.0-or-later
"""audio.py - two voices of one call, kept in order, and a relay to compare with

Each side sends an RTP packet each 20 ms and an RTCP sender report each 340 ms,
and it is kept what the other hears, in the order it does.
"""
import re
import select
import socket
import struct
import threading
import time

from .nodes import NG, PASSWORDS, domain
from .talk import EVERY, IPS, Call
from .topology import SERVICE

# pylint: disable=wrong-import-order,wrong-import-position
from ng import Ng
from phone import Phone
from voice import Voice, rtp

REPORTS = 17    # packets between two reports
PORTS = (40000, 40002)


def sender_report(ssrc, count):
    now = time.time() + 2208988800
    return struct.pack("!BBHIIIIII", 0x80, 200, 6, ssrc, int(now),
                       int(now % 1 * 2 ** 32), count * 160 & 0xffffffff,
                       count, count * 160 & 0xffffffff)


class ServiceRelay(threading.Thread):
    """On fra1, at the service address: what comes to one port goes to whom the
    other hears.  ams1 has the address too, and nobody who knows the call."""

    def __init__(self, spaces):
        super().__init__(name="relay", daemon=True)
        with spaces["fra1"].inside():
            self.socks = [[self._socket(port + more) for port in PORTS]
                          for more in (0, 1)]
        self.start()

    def __str__(self):
        return f"a relay at {SERVICE[0]}"

    @staticmethod
    def _socket(port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((SERVICE[0], port))
        return sock

    def run(self):
        poller, other, heard = select.poll(), {}, {}
        for pair in self.socks:
            for one, two in (pair, pair[::-1]):
                other[one.fileno()] = one, two
                poller.register(one, select.POLLIN)
        while True:
            for fd, _ in poller.poll():
                one, two = other[fd]
                data, heard[fd] = one.recvfrom(2048)
                if two.fileno() in heard:
                    two.sendto(data, heard[two.fileno()])


class Audio(threading.Thread):
    """A call at the node; or only its media, by a relay."""

    def __init__(self, lab, node=None, relay=None):
        super().__init__(name="audio", daemon=True)
        self.node, self.ending = node, False
        if relay:
            with lab.spaces["c1"].inside():
                self.voices = [Voice(ip) for ip in IPS.values()]
            self.ats = [(SERVICE[0], port) for port in PORTS]
        else:
            self._dial(lab, node)
        self.sent, self.heard = [0, 0], [[], []]
        self.reports, self.reports_heard = [0, 0], [0, 0]
        self.start()

    def _dial(self, lab, node):
        space = lab.spaces["c1"]
        space.ip(*[f"addr replace {ip}/25 dev r1" for ip in IPS.values()])
        with space.inside():
            phones = [Phone(ip, user, domain) for user, ip in IPS.items()]
        for phone in phones:
            phone.register((node.own, 5060), PASSWORDS[phone.user])
        self.call = Call(lab, *phones, node)
        self.voices, self.ats = self.call.voices, self.call.ats

    def run(self):
        poller, readers = select.poll(), {}
        for side, voice in enumerate(self.voices):
            for sock, heard in ((voice.rtp, self._hear_rtp),
                                (voice.rtcp, self._hear_rtcp)):
                sock.setblocking(False)
                poller.register(sock, select.POLLIN)
                readers[sock.fileno()] = sock, heard, side
        due = time.monotonic()
        while True:
            left = due - time.monotonic()
            if left <= 0 and self.ending != "quiet":
                due += EVERY
                self._speak()
                continue
            for fd, _ in poller.poll(max(left, 0.01) * 1000):
                sock, heard, side = readers[fd]
                try:
                    heard(1 - side, sock.recv(2048))
                except OSError:
                    pass

    def _speak(self):
        if self.ending:
            self.ending = "quiet"
            return
        for side, voice in enumerate(self.voices):
            seq = self.sent[side]
            self.sent[side] += 1
            self._send(voice.rtp, rtp(voice.ssrc, seq), self.ats[side])
            if seq % REPORTS == 0:
                host, port = self.ats[side]
                self.reports[side] += 1
                self._send(voice.rtcp, sender_report(voice.ssrc, seq + 1),
                           (host, port + 1))

    @staticmethod
    def _send(sock, data, to):
        try:
            sock.sendto(data, to)
        except OSError:
            pass        # nobody there, says an earlier one

    def _hear_rtp(self, sender, data):
        self.heard[sender].append(struct.unpack_from("!H", data, 2)[0])

    def _hear_rtcp(self, sender, data):
        self.reports_heard[sender] += data[1] == 200

    # --- what a story asks

    def runs_for(self, seconds):
        end = min(self.sent) + seconds / EVERY
        while min(self.sent) < end:
            time.sleep(EVERY)

    def stop(self):
        """The last packets have arrived when this returns."""
        self.ending = self.ending or "ending"
        end = time.monotonic() + 1
        while time.monotonic() < end and (
                self.ending != "quiet" or [len(h) for h in self.heard]
                != self.sent):
            time.sleep(0.01)

    def told(self, lab, what):
        """(RTP packets lost, out of order or twice), both ways."""
        lost = sum(sent - len(set(heard))
                   for sent, heard in zip(self.sent, self.heard))
        moved = sum(sum(a >= b for a, b in zip(heard, heard[1:]))
                    for heard in self.heard)
        lab.rows[-1]["told"] = text = (
            f"{what}: {lost} of {sum(self.sent)} RTP packets lost, "
            f"{moved} out of order or twice; "
            f"{sum(self.reports) - sum(self.reports_heard)} of "
            f"{sum(self.reports)} RTCP reports lost")
        lab.say(text)
        lab.keep("voice", lost)
        return lost, moved

    def quality(self, lab):
        """The lowest MOS the pinner has for a side of the call."""
        call_id = self.call.call["call_id"]
        with self.node.space.inside():
            ng = Ng(NG, timeout=1)
        said = ng.command("query", call_id=call_id)
        ng.close()
        found = re.findall(r"'average MOS'?.*?'MOS': (\d+)", str(said))
        assert found, f"no MOS in {said}"
        return min(int(mos) for mos in found) / 10

    def hang_up(self):
        self.call.hang_up()
