#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is no command, and what once was one: the pinner counts it by kind and
answers the next ping within a second.

usage: garbage.py BUILD [SEED]
"""
import json
import random
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from figures import figures, risen
from ng import Ng, Pairs, encode
from node import namespace
from relay import Relay

METRICS = ("127.0.0.1", 9103)
KINDS = NO_COOKIE, BROKEN, NO_COMMAND = [
    f"rtp_pinner_ng_{name}_total" for name in ("no_cookie", "broken",
                                               "no_command")]
DATAGRAMS = "rtp_pinner_ng_datagrams_total"
HELD = ('rtp_pinner_sessions', 'rtp_pinner_ports{use="used"}')
SDP = "\r\n".join([
    "v=0", "o=- 1 1 IN IP4 127.0.1.1", "s=-", "c=IN IP4 127.0.1.1", "t=0 0",
    "m=audio 4000 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000",
    "a=rtcp:4001", "a=rtcp-mux", "a=candidate:1 1 UDP 1 127.0.1.1 4000 typ host",
    "m=video 4002 RTP/SAVP 96", "c=IN IP6 2001:db8::1", "a=sendonly", ""])
TAGS = {"call-id": "c", "from-tag": "f", "via-branch": "z9hG4bKi1",
        "received-from": ["IP4", "127.0.1.1"], "supports": ["load limit"]}

# What a stock Kamailio sends, and the rest of what is understood.
COMMANDS = [
    {"command": "ping"},
    {"supports": ["load limit"], "sdp": SDP, "ICE": "remove",
     "address-family": "IP4", "label": "caller", "direction": ["ext", "int"],
     "flags": ["strict-source", "media handover", "no-rtcp-attribute"],
     "replace": ["origin", "session-connection"],
     "transport-protocol": "RTP/AVP", **TAGS, "command": "offer"},
    {"sdp": SDP, **TAGS, "to-tag": "t", "rtcp-mux": ["accept"], "TOS": 184,
     "command": "answer"},
    {**TAGS, "sdp": SDP, "sip-message-type": "sip_request", "rtpp-flags":
     "RTP/SAVP replace=origin strict-source ICE=remove TOS=46 "
     "received-from=[IP4 127.0.1.1] via-branch=auto rtcp-mux-offer "
     "gate=198.51.100.0/24", "command": "offer"},
    {**TAGS, "delete delay": 5, "delete-delay": "5", "flags": ["fatal"],
     "command": "delete"},
    {**TAGS, "to-tag": "t", "command": "query"},
    {"command": "list", "limit": "32"}, {"command": "statistics"},
]


def bodies():
    for command in COMMANDS:
        yield encode(Pairs(command.items()))
        yield json.dumps(command).encode()


class Sender:
    """Sends datagrams; each batch is followed by a ping with its second."""

    def __init__(self, relay):
        self.relay, self.sent, self.slowest = relay, 0, 0.0
        self.ng = Ng(relay.listen, timeout=0.2, tries=5)
        self.out = Ng(relay.listen)
        self.out.socket.setblocking(False)

    def raw(self, datagram):
        self.out.socket.sendto(datagram, self.relay.listen)
        self.sent += 1
        if self.sent % 40 == 0:
            self.check()

    def body(self, body):
        self.raw(b"g%d " % self.sent + body)

    def check(self):
        """Alive, and all that was sent has been looked at."""
        begin = time.monotonic()
        reply = self.ng.command("ping")
        took = time.monotonic() - begin
        assert reply == {"result": "pong"}, reply
        assert took < 1, f"a ping took {took:.1f} s after {self.sent} datagrams"
        assert self.relay.alive(), f"it died of one of {self.sent} datagrams"
        self.slowest = max(self.slowest, took)
        try:
            while self.out.socket.recv(65536):
                pass
        except (BlockingIOError, ConnectionRefusedError):
            pass


def counted(what, relay, datagrams, *more):
    """Each of the datagrams counts once, as what it is."""
    sender, before = Sender(relay), figures(METRICS)
    for datagram in datagrams:
        sender.raw(datagram)
    sender.check()
    risen(METRICS, before, **dict.fromkeys((what, *more), len(datagrams)))


def each_kind_is_counted(relay, _):
    counted(NO_COOKIE, relay, [
        b"", b" ", b"x", b"cookie-alone", b" d7:command4:pinge",
        b"x" * 256 + b" d7:command4:pinge", b"\0" * 100, b"d7:command4:pinge"])
    counted(BROKEN, relay, [b"%d " % n + body for n, body in enumerate((
        # neither of both
        b"", b"hello", b"l4:pinge", b"i1e", b"4:ping", b" d", b"[1]", b'"x"',
        b"\xff", b"\0",
        # bencode
        b"d7:command4:pin", b"d7:command99999:pinge", b"d7:command4:ping1:xe",
        b"di1ei2ee", b"d1:xi-e7:command4:pinge", b"d1:xi1", b"d07:commande",
        b"d18446744073709551617:a", b"d-1:a1:be", b"d1:al", b"d1:ad1:b",
        # JSON
        b"{", b'{"command"', b'{"command":ping}', b'{"command":"ping"',
        b"{'command':'ping'}", b'{"a":"\xff"}'))])
    counted(NO_COMMAND, relay, [b"%d " % n + body for n, body in enumerate((
        b"de", b"{}", b"d7:commandi1ee", b'{"command":[]}',
        b'{"commands":"ping"}', b"d7:command0:e", b"d7:command3:flye",
        b'{"command":"fly"}', b"d7:command5:offere", b"d7:command6:deletee"))])


def deep_nesting_is_refused(relay, _):
    depths = (16, 17, 100, 1000, 20000)
    bodies = []
    for depth in depths:
        bodies += [b"d1:a" + head * depth + tail * depth + b"7:command4:pinge"
                   for head, tail in ((b"d1:a", b"e"), (b"l", b"e"))
                   if len(head * depth) < 60000]
        bodies += [b"d1:a" + head * depth for head in (b"d1:", b"l", b"d1:al")
                   if len(head * depth) < 60000]
        bodies += [b'{"a":' + head * depth + b"1" + tail * depth
                   + b',"command":"ping"}'
                   for head, tail in ((b'{"a":', b"}"), (b"[", b"]"))
                   if len(head * depth) < 50000]
        bodies += [b'{"a":' + head * depth for head in (b'{"', b'[', b'{"":')
                   if len(head * depth) < 60000]
    counted(BROKEN, relay, [b"%d " % n + b for n, b in enumerate(bodies)])


def large_datagrams_are_survived(relay, chance):
    sender = Sender(relay)
    for size in (65507, 65506, 60000, 30000, 9000, 1473):
        for body in (chance.randbytes(size), b"d" * size, b"{" * size,
                     b"[" * size, b"9" * size, b"\0" * size,
                     b"l" * (size - 2) + b"e"):
            sender.raw(body)
            sender.raw((b"c " + body)[:size])
        # many small things, one long one
        for body in (b"d" + b"0:0:" * (size // 4), b"d" + b"1:ai1e" * (size // 6),
                     b"d1:al" + b"le" * (size // 2), b"d%d:" % (size - 10),
                     b"{" + b'"a":1,' * (size // 6)):
            sender.body(body[:size - 10])
        long_id = encode({"command": "offer", "call-id": "x" * (size - 400),
                          "from-tag": "f", "sdp": SDP})
        sender.body(long_id[:65400])
    sender.check()


def mutant(body, chance):
    data = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            break
        at = chance.randrange(len(data))
        kind = chance.randrange(7)
        if kind <= 2:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 3:
            data[at] = chance.choice(b"0123456789:deil{}[]\",\r\n \0\xff-")
        elif kind == 4:
            del data[at:at + chance.randrange(1, 20)]
        elif kind == 5:
            piece = data[at:at + chance.randrange(1, 60)]
            there = chance.randrange(len(data))
            data[there:there] = piece
        else:
            data[at:at] = b"%d" % chance.randrange(1 << 33)
    return bytes(data)


def truncated_and_bent_commands_are_survived(relay, chance):
    sender, before = Sender(relay), figures(METRICS)
    for body in bodies():
        for end in range(len(body)):
            sender.body(body[:end])
        for _ in range(400):
            sender.body(mutant(body, chance))
    sender.check()
    now = figures(METRICS)
    print(f"# {sender.sent} datagrams; slowest ping {sender.slowest * 1000:.0f} "
          f"ms; {', '.join(f'{now[n] - before[n]:.0f} {n}' for n in KINDS)}")
    # none was lost on the way
    assert now[DATAGRAMS] - before[DATAGRAMS] >= sender.sent
    for name in (BROKEN, NO_COMMAND):
        assert now[name] > before[name], f"none counted: {name}"


def nothing_is_left_of_it(relay, _):
    while True:
        calls = relay.ng.ok("list", limit=1000)["calls"]
        if not calls:
            break
        for call in calls:
            relay.ng.ok("delete", ("delete delay", 0), call_id=call)
    end = time.monotonic() + 10
    while any(figures(METRICS)[name] for name in HELD):
        assert time.monotonic() < end, figures(METRICS)
        time.sleep(0.05)


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20260823
    print(f"# seed {seed}")
    namespace("2001:db8::11")
    with Relay("rtp-pinner", sys.argv[1], media=["127.0.53.11", "2001:db8::11"],
               ports=(20000, 29999), settings={
                   "metrics": "127.0.0.1:9103", "quarantine": "0s"}) as relay:
        for test in (each_kind_is_counted, deep_nesting_is_refused,
                     large_datagrams_are_survived,
                     truncated_and_bent_commands_are_survived,
                     nothing_is_left_of_it):
            test(relay, random.Random(seed))
            print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)


main()
