# SPDX-License-Identifier: GPL-2.0-or-later
"""callers.py - clients that ask all the time, and keep who answered when

SipCaller sends an INVITE each few milliseconds, each a call of its own that is
never repeated; WebCaller asks for a page; DnsCaller how SIP is reached.  An
answer counts for the node its Contact, Location or NSID names.
"""
import re
import select
import socket
import struct
import threading
import time

INVITE = (
    "INVITE sip:bob@{host} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK-lab-{at}\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:lab@client.example>;tag=lab-{at}\r\n"
    "To: <sip:bob@{host}>\r\n"
    "Call-ID: lab-{at}@client.example\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:lab@{own}>\r\n"
    "User-Agent: lab/{at}\r\n"      # another one each time: a new client
    "Content-Length: 0\r\n\r\n")

ACK = (
    "ACK sip:bob@{host} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK-lab-{at}\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:lab@client.example>;tag=lab-{at}\r\n"
    "{to}\r\n"
    "Call-ID: lab-{at}@client.example\r\n"
    "CSeq: 1 ACK\r\n"
    "Content-Length: 0\r\n\r\n")


def bracketed(address):
    return f"[{address}]" if ":" in address else address


class Asked:
    __slots__ = ("sent_ns", "answered_ns", "who", "status")

    def __init__(self, sent_ns):
        self.sent_ns, self.answered_ns = sent_ns, 0
        self.who, self.status = "", 0


class Caller(threading.Thread):
    """names: address or host -> node, by which answers are told apart."""

    def __init__(self, name, names):
        super().__init__(name=name, daemon=True)
        self.names, self.asked = names, []
        self.changed = threading.Condition()

    def answered(self, ask, who, status):
        with self.changed:
            ask.answered_ns = time.monotonic_ns()
            ask.who, ask.status = who, status
            self.changed.notify_all()

    def last(self):
        """Who gave the newest answer."""
        for ask in reversed(self.asked):
            if ask.answered_ns:
                return ask.who
        return ""

    def wait(self, what, *, after_ns, seconds):
        """The first asked after that time whose answer is as what() says."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for ask in self.asked[:]:
                    if ask.sent_ns >= after_ns and ask.answered_ns \
                            and what(ask):
                        return ask
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(min(left, 0.5))

    def settled(self, who, *, count=20, seconds=10):
        """The newest count answers, all asked from now on, are of who."""
        begin, end = time.monotonic_ns(), time.monotonic() + seconds
        while time.monotonic() < end:
            recent = [ask for ask in self.asked[-count * 2:]
                      if ask.sent_ns >= begin and ask.answered_ns][-count:]
            if len(recent) == count and all(a.who == who for a in recent):
                return True
            time.sleep(0.02)
        return False

    def between(self, begin_ns, end_ns):
        return [a for a in self.asked[:] if begin_ns <= a.sent_ns < end_ns]


class UdpCaller(Caller):
    """message(at): what is asked for the time number at; _hear() reads."""

    def __init__(self, name, space, own, to, names, every):
        super().__init__(name, names)
        family = socket.AF_INET6 if ":" in own else socket.AF_INET
        with space.inside():
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
            self.socket.bind((own, 0))
        self.socket.setblocking(False)
        self.every, self.to = every, to

    def run(self):
        poller, due = select.poll(), time.monotonic()
        poller.register(self.socket, select.POLLIN)
        while True:
            left = due - time.monotonic()
            if left <= 0:
                due = max(due + self.every, time.monotonic())
                self._ask()
            elif poller.poll(left * 1000):
                self._hear()

    def _ask(self):
        message = self.message(len(self.asked))
        self.asked.append(Asked(time.monotonic_ns()))
        try:
            self.socket.sendto(message, self.to)
        except OSError:
            pass        # no route, or an ICMP error of an earlier one


class SipCaller(UdpCaller):
    def __init__(self, space, own, service, names, *, port=5060, every=0.01):
        super().__init__(f"caller {service}", space, own, (service, port),
                         names, every)
        self.texts = {
            "host": bracketed(service),
            "own": f"{bracketed(own)}:{self.socket.getsockname()[1]}"}
        self.start()

    def message(self, at):
        return INVITE.format(at=at, **self.texts).encode()

    def _hear(self):
        try:
            data, _ = self.socket.recvfrom(4096)
        except OSError:
            return
        text = data.decode(errors="replace")
        status = re.match(r"SIP/2\.0 (\d+)", text)
        at = re.search(r"(?im)^call-id: lab-(\d+)@", text)
        contact = re.search(r"(?im)^contact:[^\r]*?@\[?([0-9a-f.:]+?)\]?"
                            r"(?::\d+)?[;>]", text)
        if not status or not at or status[1] == "100":
            return
        ask = self.asked[int(at[1])]
        to = re.search(r"(?im)^to:[^\r]*", text)[0]
        try:
            self.socket.sendto(ACK.format(at=at[1], to=to, **self.texts)
                               .encode(), self.to)
        except OSError:
            pass
        if not ask.answered_ns:
            who = self.names.get(contact[1], contact[1]) if contact else ""
            self.answered(ask, who, int(status[1]))


NAPTR, NSID = 35, 3


class DnsCaller(UdpCaller):
    """A question each time, and by its NSID who has answered it."""

    def __init__(self, space, own, service, *, port=53, every=0.02,
                 name="sip.example.net"):
        super().__init__(f"dns {service}", space, own, (service, port), {},
                         every)
        labels = b"".join(bytes([len(label)]) + label.encode()
                          for label in name.split("."))
        # one question, and an OPT (RFC 6891) that asks for the NSID
        self.rest = struct.pack("!5H", 0, 1, 0, 0, 1) + labels + struct.pack(
            "!BHHBHHIHHH", 0, NAPTR, 1, 0, 41, 1232, 0, 4, NSID, 0)
        self.start()

    def message(self, at):
        return struct.pack("!H", at & 0xffff) + self.rest

    def _hear(self):
        try:
            data = self.socket.recv(4096)
        except OSError:
            return
        number, flags = struct.unpack_from("!HH", data)
        ask = self.asked[(len(self.asked) - 1 - number & ~0xffff) + number]
        # the OPT is the last record, and has no other option
        nsid = re.search(rb"\0\x29.{6}\0.\0\x03\0.([a-z0-9-]+)$", data, re.S)
        if not ask.answered_ns and nsid:
            self.answered(ask, nsid[1].decode(), flags & 15)


class WebCaller(Caller):
    """A page of the service each time, by a connection of its own."""

    def __init__(self, space, own, service, names, *, port=80, every=0.1,
                 patience=1.0):
        super().__init__(f"web {service}", names)
        self.space, self.own, self.to = space, own, (service, port)
        self.every, self.patience = every, patience
        self.start()

    def run(self):
        with self.space.inside():
            while True:
                begin = time.monotonic()
                ask = Asked(time.monotonic_ns())
                with self.changed:
                    self.asked.append(ask)
                self._ask(ask)
                left = self.every - (time.monotonic() - begin)
                if left > 0:
                    time.sleep(left)

    def _ask(self, ask):
        try:
            with socket.create_connection(self.to, self.patience,
                                          (self.own, 0)) as connection:
                connection.sendall(
                    f"GET /hello HTTP/1.1\r\nHost: {bracketed(self.to[0])}\r\n"
                    "Connection: close\r\n\r\n".encode())
                text = connection.recv(4096).decode(errors="replace")
        except OSError:
            return
        status = re.match(r"HTTP/1\.1 (\d+)", text)
        host = re.search(r"(?im)^location: *https?://\[?([0-9a-z.:-]+?)\]?"
                         r"(?::\d+)?/", text)
        if status:
            who = self.names.get(host[1], host[1]) if host else ""
            self.answered(ask, who, int(status[1]))
