#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a WebSocket is sent by those who wish it ill: frames that are none, lengths
of 2^63, half messages, SIP with wrong bytes.  It ends their own connection alone,
and its memory comes back.

usage: bad-websocket.py BUILD
"""
import os
import random
import socket
import struct
import sys
from pathlib import Path

from calls import OUTSIDE, at_node, registered
from node import Node, namespace, run, skip
from phone import Phone
from unbroken import Unbroken, shared_memory
from waiting import until

HTTP = 8080
HANDSHAKE = ("GET / HTTP/1.1\r\nHost: {0}\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: sip\r\n\r\n")


def opened(address):
    sock = socket.create_connection((address, HTTP))
    sock.settimeout(2)
    sock.sendall(HANDSHAKE.format(address).encode())
    answer = sock.recv(65535)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    sock.settimeout(0.02)
    return sock


def frame(opcode, data, *, mask=True, last=True, length=None, reserved=0):
    """length: what the frame says of itself."""
    size = len(data) if length is None else length
    out = bytes([(128 if last else 0) | reserved << 4 | opcode])
    bit = 128 if mask else 0
    if size < 126:
        out += bytes([bit | size])
    elif size < 65536:
        out += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        out += bytes([bit | 127]) + struct.pack("!Q", size)
    if not mask:
        return out + data
    return out + b"abcd" + bytes(c ^ b"abcd"[i % 4] for i, c in enumerate(data))


def lies(node):
    sip = (f"OPTIONS sip:{node.own} SIP/2.0\r\n"
           "Via: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
           f"From: <sip:a@x.invalid>;tag=1\r\nTo: <sip:{node.own}>\r\n"
           "Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").encode()
    yield from (
        frame(1, sip, mask=False), frame(1, sip, last=False), frame(0, sip),
        frame(1, sip, last=False) + frame(0, sip), frame(3, sip),
        frame(11, sip), frame(1, sip, reserved=7), frame(9, b"x" * 200),
        frame(10, b"x" * 5), frame(8, b"x"), frame(8, b"\xff\xff" + b"z" * 200),
        frame(1, b"", length=2 ** 63 - 1), frame(1, b"abc", length=2 ** 64 - 1),
        frame(1, b"abc", length=2 ** 31), frame(1, b"abc", length=70000),
        frame(1, b"x" * 60000), frame(1, b"x" * 65535), frame(1, b""),
        frame(1, b"\0" * 100), frame(1, sip * 20), frame(1, sip) * 50,
        b"\x81", b"\x81\xff", b"\x81\xfe\xff", os.urandom(500),
        b"GET / HTTP/1.1\r\n\r\n")
    for _ in range(60):
        yield bytes(random.randrange(256)
                    for _ in range(random.randrange(1, 300)))
    whole = frame(1, sip)
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(3):
            changed[random.randrange(len(changed))] = random.randrange(256)
        yield bytes(changed)


def frames_that_are_none_end_their_own_connection_alone(node):
    random.seed(7)
    watch, bob = Unbroken(node), registered(node, "bob")
    for address in (node.own, node.service):
        before = shared_memory(node)
        for lie in lies(node):
            sock = opened(address)
            try:
                sock.sendall(lie)
                sock.recv(65535)
            except OSError:
                pass
            sock.close()
        until("the memory back",
              lambda b=before: shared_memory(node) - b < 1 << 20)
    stranger = Phone(OUTSIDE, "mallory", "example.com")
    stranger.request("INVITE", f"sip:bob@{node.own}", at_node(node))
    bob.reply(bob.expect("INVITE"), 486, tag="no")
    stranger.expect(486)
    for ua in (bob, stranger):
        ua.close()
    watch.check()


if __name__ == "__main__":
    if not list(Path("/usr/lib").glob("*/kamailio/modules/websocket.so")):
        skip("Kamailio's module websocket is not installed")
    namespace(OUTSIDE)
    run([frames_that_are_none_end_their_own_connection_alone],
        Node(sys.argv[1], defines=["WITH_WEBSOCKET"]))
