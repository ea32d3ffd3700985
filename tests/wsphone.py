# SPDX-License-Identifier: GPL-2.0-or-later
"""wsphone.py - a SIP phone over WebSocket (RFC 7118), as a browser has it

Its Contact and Via name a host that does not exist.  What is wrong with a
handshake or a frame is up to the test.
"""
import base64
import hashlib
import os
import ssl
import socket
import struct
import time

from phone import WAIT, Msg, Phone, fresh

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def connect(to, ip="127.0.0.1", authority=None, name=None):
    sock = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
    sock.settimeout(WAIT)
    sock.bind((ip, 0))
    sock.connect(to)
    if not authority:
        return sock
    context = ssl.create_default_context(cafile=authority)
    return context.wrap_socket(sock, server_hostname=name)


def handshake(sock, host, change=(), method="GET"):
    """(status, head of the answer); change: header -> value, or None to leave
    it out, or a list for several."""
    key = base64.b64encode(os.urandom(16)).decode()
    headers = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade",
               "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Protocol": "sip", **dict(change)}
    lines = [f"{method} /ws HTTP/1.1"]
    for header, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                lines.append(f"{header}: {one}")
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(1)     # what follows the head are frames
        assert data, f"closed after {head}"
        head += data
    head = head.decode()
    status = int(head.split()[1])
    if status == 101:
        accept = base64.b64encode(hashlib.sha1(
            (key + GUID).encode()).digest()).decode()
        assert f"Sec-WebSocket-Accept: {accept}\r\n" in head, head
        assert "Sec-WebSocket-Protocol: sip\r\n" in head, head
    return status, head


class WsPhone(Phone):
    """secure: over TLS, with authority and name as a Phone has them."""

    def __init__(self, user, domain, to, *, ip="127.0.0.1", change=(),
                 authority=None, name=None):
        # pylint: disable=super-init-not-called
        self.user, self.domain, self.ip = user, domain, ip
        self.transport = "wss" if authority else "ws"
        self.nowhere = fresh("x").replace("-", "") + ".invalid"
        self.sock = connect(to, ip, authority, name)
        self.port, self.peer = self.sock.getsockname()[1], to
        literal = f"[{to[0]}]" if ":" in to[0] else to[0]
        status, head = handshake(self.sock, name or literal, change)
        assert status == 101, head
        self.bytes, self.heard, self.pings = b"", set(), 0
        self.answers_pings = True

    @property
    def host(self):
        return self.nowhere

    @property
    def uri(self):
        return f"sip:{self.user}@{self.nowhere};transport=ws"

    # --- frames

    def frame(self, kind, payload, *, first=0x80, masked=True):
        size = len(payload)
        head = bytes([first | kind])
        bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([bit | size])
        else:
            head += bytes([bit | 126]) + struct.pack("!H", size)
        mask = os.urandom(4)
        if masked:
            payload = mask + bytes(byte ^ mask[at % 4]
                                   for at, byte in enumerate(payload))
        self.sock.sendall(head + payload)

    def send(self, text, to=None):
        # no port in the Via of one that has no address
        self.frame(TEXT, text.replace(f"{self.nowhere}:{self.port}",
                                      self.nowhere).encode())

    def _frame_in(self):
        """(kind, payload) off what has come, or None."""
        data = self.bytes
        if len(data) < 2:
            return None
        size, at = data[1] & 0x7f, 2
        if size == 126:
            if len(data) < 4:
                return None
            size, at = struct.unpack_from("!H", data, 2)[0], 4
        assert not data[1] & 0x80 and size < 127 * 512, "no server's frame"
        if len(data) < at + size:
            return None
        self.bytes = data[at + size:]
        return data[0] & 0x0f, data[at:at + size]

    def next_frame(self, deadline):
        """Pings are answered on the way, unless answers_pings is false; kind 0
        when the connection has ended, None at the deadline."""
        while True:
            found = self._frame_in()
            if found and found[0] == PING:
                self.pings += 1
                if self.answers_pings:
                    self.frame(PONG, found[1])
                continue
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                data = self.sock.recv(65535)
            except (TimeoutError, socket.timeout):
                return None
            except OSError:
                data = b""
            if not data:
                return 0, b""
            self.bytes += data

    def _next(self, deadline):
        while True:
            found = self.next_frame(deadline)
            if not found or not found[0]:
                return None
            if found[0] in (1, 2) and found[1].strip():
                return Msg(found[1].decode(), self.peer)
