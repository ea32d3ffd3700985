# SPDX-License-Identifier: GPL-2.0-or-later
"""load.py - many whole calls a second, and what became of each

A caller asks the service address, follows the 302 to a node, and is put through
to a phone that is registered; both sides send voice through the node's pinner;
the caller hangs up.  One socket for each side's signalling and one for its
voice, as a trunk has; each call has an SSRC for each direction.

Both sides repeat over UDP what is not answered (T1 500 ms, RFC 3261 17), so one
lost packet fails no call.  A call is good when it was answered, when all voice
of both sides was heard, and when its BYE was answered.
"""
import collections
import heapq
import itertools
import re
import select
import socket
import struct
import threading
import time

from .nodes import PASSWORDS, domain
from .topology import SERVICE

# pylint: disable=wrong-import-order,wrong-import-position
from phone import Msg, Phone
from voice import Voice, rtp, where

T1, T2, GIVE_UP = 0.5, 4.0, 16.0
RCVBUFFORCE = 33    # linux/asm-generic/socket.h
LATE = 0.3          # voice that is not heard by then is lost

_numbers = itertools.count(1)
_hosts = itertools.count(21)


class Call:
    """asked, answered, ended: time.monotonic(); 0: it has not come to that."""

    def __init__(self, sdp):
        self.sdp = sdp
        self.number = next(_numbers)
        self.id = f"load-{self.number}@client.example"
        self.asked = self.answered = self.ended = 0.0
        self.node = self.failure = ""
        self.pinned = False         # its voice goes by way of a node
        self.cseq = 1
        self.target = self.ok = None
        self.waits_for = None       # "INVITE" or "BYE", its branch and packet
        self.ats = [None, None]     # where caller and callee send their voice
        self.sent = [0, 0]
        self.heard = [set(), set()]     # of the caller's, of the callee's

    def lost(self):
        return sum(sent - len(heard)
                   for sent, heard in zip(self.sent, self.heard))

    def verdict(self):
        """"" for a good one."""
        if self.failure:
            return self.failure
        if not self.ended:
            return "not ended" if self.answered else "not answered"
        if not min(self.sent):
            return "no voice"
        if not self.pinned:
            return "voice not by way of a node"
        return f"{self.lost()} packets of voice lost" if self.lost() else ""


class Load(threading.Thread):
    """user: who is called; rate: calls a second, each of so many seconds;
    voice: packets a second and side; register: where the phone does so; again:
    how often, in seconds; agent: the User-Agent of the callers, which decides
    whether they are redirected (clients.conf)."""

    def __init__(self, lab, user="bob", *, rate, seconds, voice=5,
                 register=SERVICE[0], again=0, agent="lab"):
        super().__init__(name=f"load {user}", daemon=True)
        self.user, self.uri = user, f"sip:{user}@{domain}"
        self.headers = (f"User-Agent: {agent}",)
        self.lab, self.rate, self.seconds, self.every = lab, rate, seconds, \
            1 / voice
        self.register_at, self.again = register, again
        space = lab.spaces["c1"]
        ips = [f"203.0.113.{next(_hosts)}" for _ in range(2)]
        space.ip(*[f"addr replace {ip}/25 dev r1" for ip in ips])
        with space.inside():
            self.caller = Phone(ips[0], "load", "client.example")
            self.phone = Phone(ips[1], user, domain)
            self.voices = [Voice(ip) for ip in ips]
        self.phone.register((register, 5060), PASSWORDS[user])
        self.calls, self.by_id, self.by_ssrc = [], {}, {}
        self.answers = {}       # of the callee: Call-ID -> last reply, ACKed
        self.due, self.order = [], itertools.count()
        self.asking, self.stopping = True, False
        self.registering = None
        self.statuses = collections.Counter()
        self.start()

    # --- the loop

    def at(self, when, do, *args):
        heapq.heappush(self.due, (when, next(self.order), do, args))

    def run(self):
        poller, hear = select.poll(), {}
        for sock, do in ((self.caller.sock, self.hear_caller),
                         (self.phone.sock, self.hear_phone),
                         (self.voices[0].rtp, lambda s: self.hear_voice(s, 0)),
                         (self.voices[1].rtp, lambda s: self.hear_voice(s, 1))):
            sock.setblocking(False)
            # so that nothing is lost on the way into this program
            sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 24)
            poller.register(sock, select.POLLIN)
            hear[sock.fileno()] = sock, do
        self.at(time.monotonic(), self.ask)
        if self.again:
            self.at(time.monotonic() + self.again, self.refresh)
        while not self.stopping:
            for _ in range(64):     # what has come is never far behind
                if not self.due or self.due[0][0] > time.monotonic():
                    break
                when, _, do, args = heapq.heappop(self.due)
                do(when, *args)
            left = self.due[0][0] - time.monotonic() if self.due else 0.1
            for fd, _ in poller.poll(max(0, left * 1000)):
                sock, do = hear[fd]
                self.drain(sock, do)

    @staticmethod
    def drain(sock, do):
        for _ in range(64):
            try:
                data, source = sock.recvfrom(65535)
            except OSError:
                return
            do((data, source[:2]))

    # --- the caller

    def ask(self, when):
        if not self.asking:
            return
        self.at(when + 1 / self.rate, self.ask)
        call = Call(self.voices[0].sdp())
        self.calls.append(call)
        self.by_id[call.id] = call
        call.asked = time.monotonic()
        self.invite(call, self.uri, (SERVICE[0], 5060))

    def invite(self, call, uri, to):
        call.target = uri, to
        sent = self.caller.request(
            "INVITE", uri, to, call_id=call.id, cseq=call.cseq,
            from_tag=f"load{call.number}", to_uri=self.uri,
            headers=self.headers, body=call.sdp)
        self.repeat(call, "INVITE", sent)

    def repeat(self, call, method, sent, body=None):
        """Until it is answered."""
        call.waits_for = method, sent["branch"]
        begin = time.monotonic()

        def again(when, wait):
            if call.waits_for != (method, sent["branch"]):
                return
            if when - begin > GIVE_UP:
                call.failure = f"{method} not answered"
                call.waits_for = None
                return
            self.statuses[f"{method} repeated"] += 1
            uri, to = sent["uri"], sent["to"]
            self.caller.request(
                method, uri, to, call_id=call.id, cseq=sent["cseq"],
                from_tag=sent["from_tag"], to_uri=sent["to_uri"],
                to_tag=body or "", branch=sent["branch"],
                headers=self.headers if method == "INVITE" else (),
                routes=sent["routes"],
                body=call.sdp if method == "INVITE" else "")
            self.at(when + min(wait, T2), again, wait * 2)
        self.at(begin + T1, again, T1 * 2)

    def hear_caller(self, packet):
        data, source = packet
        if not data.strip(b"\0\r\n"):
            return
        msg = Msg(data.decode(), source)
        if not msg.is_reply:
            return
        call = self.by_id.get(msg.header("call-id"))
        branch = re.search(r"branch=([^;\s]+)", msg.header("via"))
        if not call or not branch:
            return
        if call.waits_for == (msg.method, branch[1]):
            self.replied(call, msg)
        elif msg.method == "INVITE" and msg.status >= 200:
            # it comes again: the ACK was lost
            if msg.status == 200 and call.ok:
                self.ack_ok(call)
            elif msg.status >= 300:
                self.ack_refusal(call, msg, branch[1])

    def replied(self, call, msg):
        if msg.status < 200:
            return
        self.statuses[f"{msg.method} {msg.status}"] += 1
        _, branch = call.waits_for
        call.waits_for = None
        if msg.method == "BYE":
            call.ended = time.monotonic()
            if msg.status != 200:
                call.failure = f"BYE: {msg.status}"
        elif msg.status == 200:
            self.talk(call, msg)
        else:
            self.ack_refusal(call, msg, branch)
            if msg.status == 302 and call.cseq == 1:
                self.follow(call, msg)
            else:
                call.failure = f"INVITE: {msg.status}"

    def ack_refusal(self, call, msg, branch):
        cseq = int(msg.header("cseq").split()[0])
        uri, to = (self.uri, (SERVICE[0], 5060)) if cseq == 1 \
            else call.target
        self.caller.request(
            "ACK", uri, to, call_id=call.id, cseq=cseq,
            from_tag=f"load{call.number}", to_uri=self.uri,
            to_tag=msg.tag("to"), branch=branch)

    def follow(self, call, msg):
        uri = msg.contact()
        host = re.search(r"@\[?([0-9a-f.:]+?)\]?(?::\d+)?(?:;|$)", uri)[1]
        call.node = next((name for name, node in self.lab.nodes.items()
                          if node.own == host), host)
        call.cseq += 1
        self.invite(call, uri, (host, 5060))

    def ack_ok(self, call):
        self.in_dialog(call, "ACK", call.cseq)

    def in_dialog(self, call, method, cseq):
        routes = [r.strip() for v in call.ok.all("record-route")
                  for r in v.split(",")][::-1]
        # the first of them is where the next hop is
        host = re.search(r"<sips?:([0-9.]+)(?::(\d+))?", routes[0])
        to = host[1], int(host[2] or 5060)
        return self.caller.request(
            method, call.ok.contact(), to, call_id=call.id,
            cseq=cseq, from_tag=f"load{call.number}",
            to_uri=self.uri, to_tag=call.ok.tag("to"),
            routes=routes)

    def talk(self, call, msg):
        call.ok, call.answered = msg, time.monotonic()
        self.ack_ok(call)
        call.ats[0] = where(msg.body)
        own = {node.own for node in self.lab.nodes.values()}
        call.pinned = {at[0] for at in call.ats} <= own
        self.at(call.answered, self.speak, call, call.answered + self.seconds)

    def hang_up(self, _, call):
        sent = self.in_dialog(call, "BYE", call.cseq + 1)
        self.repeat(call, "BYE", sent, call.ok.tag("to"))

    # --- both, in voice

    def speak(self, when, call, until):
        if when >= until:
            self.at(when + LATE, self.hang_up, call)
            return
        for side, voice in enumerate(self.voices):
            ssrc = call.number << 1 | side
            self.by_ssrc[ssrc] = call
            try:
                voice.rtp.sendto(rtp(ssrc, call.sent[side]), call.ats[side])
            except OSError:
                pass
            call.sent[side] += 1
        self.at(when + self.every, self.speak, call, until)

    def hear_voice(self, packet, side):
        seq, _, ssrc = struct.unpack_from("!HII", packet[0], 2)
        call = self.by_ssrc.get(ssrc)
        if call and ssrc & 1 != side:
            call.heard[ssrc & 1].add(seq)

    # --- the phone that is called

    def hear_phone(self, packet):
        data, source = packet
        if not data.strip(b"\0\r\n"):
            return
        msg = Msg(data.decode(), source)
        if msg.is_reply:
            if msg.method == "REGISTER":
                self.registered(msg)
            return
        key = msg.header("call-id")
        if msg.method == "INVITE":
            self.invited(msg, key)
        elif msg.method == "ACK":
            if key in self.answers:
                self.answers[key] = True
        elif msg.method in ("BYE", "OPTIONS"):
            self.phone.reply(msg, 200)

    def invited(self, msg, key):
        call = self.by_id.get(key)
        if key in self.answers or not call:
            return          # a 200 is on its way, and is repeated
        call.ats[1] = where(msg.body)
        if not call.node:
            call.node = next((name for name, node in self.lab.nodes.items()
                              if node.own == call.ats[1][0]), "?")
        self.phone.reply(msg, 180, tag=f"phone{call.number}")
        begin = time.monotonic()
        self.answers[key] = False

        def answer(when, wait):
            if self.answers[key] or when - begin > GIVE_UP:
                return
            self.phone.reply(msg, 200, tag=f"phone{call.number}",
                           contact=self.phone.uri, body=self.voices[1].sdp())
            self.at(when + min(wait, T2), answer, wait * 2)
        self.at(begin, answer, T1)

    def refresh(self, when):
        """REGISTER again, as a phone does."""
        self.at(when + self.again, self.refresh)
        self.phone.request("REGISTER", f"sip:{domain}",
                           (self.register_at, 5060), to_uri=self.phone.aor(),
                           headers=["Expires: 600"])

    def registered(self, msg):
        if msg.status != 401:
            self.statuses[f"REGISTER {msg.status}"] += 1
            return
        self.phone.request(
            "REGISTER", f"sip:{domain}", msg.source, to_uri=self.phone.aor(),
            call_id=msg.header("call-id"), from_tag=msg.tag("from"),
            cseq=int(msg.header("cseq").split()[0]) + 1,
            headers=["Expires: 600",
                     self.phone.digest("REGISTER", f"sip:{domain}", msg,
                                     PASSWORDS[self.user])])

    # --- what came of it

    def first(self, after, node):
        """Of those asked since then: the first that was answered by way of
        the node."""
        return next((call for call in list(self.calls) if call.answered
                     and call.asked >= after and call.node == node), None)

    def running(self, node):
        return sum(call.node == node and not call.ended and not call.failure
                   for call in list(self.calls))

    def since(self, when):
        return [call for call in list(self.calls) if call.asked >= when]

    def end(self, seconds=GIVE_UP + 5):
        """No more calls; those that run are let end."""
        self.asking = False
        end = time.monotonic() + self.seconds + seconds
        while time.monotonic() < end and any(
                not call.ended and not call.failure for call in self.calls):
            time.sleep(0.05)
        self.stopping = True
        self.join()

    def failures(self):
        """{why: how many}"""
        return collections.Counter(
            call.verdict() for call in self.calls if call.verdict())
