# SPDX-License-Identifier: GPL-2.0-or-later
"""ng.py - a client of the ng protocol (bencode or JSON over UDP)

Ng(address).command("offer", call_id=..., from_tag=..., sdp=...) sends one
command as Kamailio does: again with the same cookie when no reply comes.
Underscores in the names of keys stand for hyphens.  Text is str on both
sides; bytes that are no UTF-8 survive as surrogates.
"""
import ipaddress
import itertools
import json
import os
import socket


def encode(value):
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, str):
        return encode(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, Pairs):
        return b"d%se" % b"".join(encode(k) + encode(v) for k, v in value)
    return b"l%se" % b"".join(encode(v) for v in value)


class Pairs(list):
    """A dictionary whose keys may come twice: a list of (key, value)."""


def decode(data):
    """The value of a bencoded text; ValueError when it is none."""
    value, rest = _decode(data, 0)
    if rest != len(data):
        raise ValueError(f"{len(data) - rest} bytes after the value")
    return value


def _decode(data, at):
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = _decode(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        if len(items) % 2:
            raise ValueError("a key without a value")
        return dict(zip(items[::2], items[1::2])), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    if end > len(data):
        raise ValueError("a string longer than its datagram")
    return data[colon + 1:end].decode("utf-8", "surrogateescape"), end


class Ng:
    """One client socket.  address: (host, port) of the daemon; source: its
    own address, or address and port."""

    def __init__(self, address, *, as_json=False, timeout=1.0, tries=5,
                 source=None):
        self.address, self.as_json, self.tries = address, as_json, tries
        self.cookies = itertools.count(1)
        self.name = os.urandom(4).hex()
        v6 = ipaddress.ip_address(address[0]).version == 6
        self.socket = socket.socket(
            socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
        if source:
            self.socket.bind(source if isinstance(source, tuple)
                             else (source, 0))
        self.socket.settimeout(timeout)

    def close(self):
        self.socket.close()

    def cookie(self):
        return f"{self.name}_{next(self.cookies)}"

    def raw(self, body, *, cookie=None, tries=None):
        """Send the bytes of a dictionary, return those of the reply; None
        when there is no reply."""
        cookie = (cookie or self.cookie()).encode()
        for _ in range(tries or self.tries):
            self.socket.sendto(cookie + b" " + body, self.address)
            while True:
                try:
                    reply = self.socket.recv(0x10000)
                except (TimeoutError, ConnectionRefusedError):
                    break
                if reply.startswith(cookie + b" "):
                    return reply[len(cookie) + 1:]
        return None

    def pack(self, keys):
        if not self.as_json:
            return encode(keys)
        return json.dumps(keys).encode()

    def command(self, name, *pairs, cookie=None, tries=None, **keys):
        """The reply's dictionary.  pairs: (key, value) sent as they are, after
        the others; they may repeat a key (bencode only)."""
        items = Pairs((key.replace("_", "-"), value)
                      for key, value in keys.items() if value is not None)
        items.insert(0, ("command", name))
        items += pairs
        body = self.pack(dict(items) if self.as_json else items)
        reply = self.raw(body, cookie=cookie, tries=tries)
        if reply is None:
            raise TimeoutError(f"no reply to {name}")
        return json.loads(reply) if self.as_json else decode(reply)

    def ok(self, name, *pairs, **keys):
        """As command(), and the result has to be ok."""
        reply = self.command(name, *pairs, **keys)
        if reply.get("result") not in ("ok", "pong"):
            raise AssertionError(f"{name} {keys.get('call_id', '')}: {reply}")
        return reply
