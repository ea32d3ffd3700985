# SPDX-License-Identifier: GPL-2.0-or-later
"""talk.py - calls in progress: two phones, and voice that never stops

alice calls bob the way a phone does: she asks the service address, follows the
302 to a node and is put through there; both then send RTP each 20 ms through
the node's pinner, and it is kept what of it arrives and when.
"""
import select
import struct
import threading
import time

from .nodes import PASSWORDS, domain
from .topology import SERVICE

# pylint: disable=wrong-import-order,wrong-import-position
from calls import in_dialog
from phone import Phone
from voice import Voice, rtp, where

EVERY = 0.02
PATIENCE = 1.0      # seconds; a busy machine hears late
IPS = {"alice": "203.0.113.11", "bob": "203.0.113.12"}


class Call:
    """One call and its two voices; lost and gap say what was not heard."""

    def __init__(self, lab, alice, bob, node):
        self.alice, self.bob, self.node = alice, bob, node
        with lab.spaces["c1"].inside():
            self.voices = [Voice(IPS["alice"]), Voice(IPS["bob"])]
        uri = f"sip:bob@{SERVICE[0]}"
        asked = alice.request("INVITE", uri, (SERVICE[0], 5060),
                              body=self.voices[0].sdp())
        moved = alice.expect(302)
        alice.ack(asked, moved)
        self.told = moved.contact()
        assert node.own in self.told, f"the 302 names {self.told}"
        self.call = alice.request_with_password(
            "INVITE", self.told, (node.own, 5060), PASSWORDS["alice"],
            body=self.voices[0].sdp())
        invite = bob.expect("INVITE")
        bob.reply(invite, 200, tag="callee", contact=bob.uri,
                  body=self.voices[1].sdp())
        self.ok = alice.expect(200)
        in_dialog(alice, "ACK", self.call, self.ok)
        bob.expect("ACK")
        # what each was told to send its voice to
        self.ats = [where(self.ok.body), where(invite.body)]
        assert {at[0] for at in self.ats} == {node.own}, self.ats

    def hang_up(self):
        in_dialog(self.alice, "BYE", self.call, self.ok,
                  cseq=self.call["cseq"] + 1)
        self.bob.reply(self.bob.expect("BYE"), 200)
        self.alice.expect(200)


class Talk(threading.Thread):
    """count calls between the same two phones, all of them at the node."""

    def __init__(self, lab, node, count=3):
        super().__init__(name="talk", daemon=True)
        space = lab.spaces["c1"]
        space.ip(*[f"addr replace {ip}/25 dev r1" for ip in IPS.values()])
        with space.inside():
            self.phones = [Phone(ip, user, domain) for user, ip in IPS.items()]
        for phone in self.phones:
            phone.register((node.own, 5060), PASSWORDS[phone.user])
        self.calls = [Call(lab, *self.phones, node) for _ in range(count)]
        self.sent, self.heard = {}, {}      # (call, side) -> [ns of seq]
        self.ending = False
        self.start()

    def run(self):
        poller, voices = select.poll(), {}
        for at, call in enumerate(self.calls):
            for side, voice in enumerate(call.voices):
                voices[voice.rtp.fileno()] = (at, 1 - side), voice
                voice.rtp.setblocking(False)
                poller.register(voice.rtp, select.POLLIN)
                self.sent[at, side], self.heard[at, side] = [], {}
        due = time.monotonic()
        while not self.ending:
            left = due - time.monotonic()
            if left <= 0:
                due = max(due + EVERY, time.monotonic())
                self._speak()
                continue
            for fd, _ in poller.poll(left * 1000):
                self._listen(*voices[fd])

    def _speak(self):
        for at, call in enumerate(self.calls):
            for side, voice in enumerate(call.voices):
                sent = self.sent[at, side]
                try:
                    voice.rtp.sendto(rtp(voice.ssrc, len(sent)),
                                     call.ats[side])
                except OSError:
                    pass
                sent.append(time.monotonic_ns())

    def _listen(self, way, voice):
        try:
            data = voice.rtp.recv(2048)
        except OSError:
            return
        seq, = struct.unpack_from("!H", data, 2)
        self.heard[way][seq] = time.monotonic_ns()

    def count(self, since_ns=0):
        """(sent, not heard), both ways of all calls.  What is still on its way
        is waited for, as long as some of it comes within PATIENCE."""
        until_ns, waited = time.monotonic_ns(), time.monotonic()
        sent, lost = self._count(since_ns, until_ns)
        while lost and time.monotonic() < waited + PATIENCE:
            time.sleep(0.02)    # between two looks
            before = lost
            sent, lost = self._count(since_ns, until_ns)
            if lost < before:
                waited = time.monotonic()
        return sent, lost

    def _count(self, since_ns, until_ns):
        sent = lost = 0
        for way, times in list(self.sent.items()):
            for seq, at in enumerate(times[:]):
                if since_ns <= at < until_ns:
                    sent += 1
                    lost += seq not in self.heard[way]
        return sent, lost

    def heard_since(self, since_ns):
        return sum(at >= since_ns for times in self.heard.values()
                   for at in list(times.values()))

    def end(self):
        """Every call is hung up as it should be; how many were not."""
        failed = 0
        for call in self.calls:
            try:
                call.hang_up()
            except AssertionError:
                failed += 1
        self.ending = True
        return failed
