# SPDX-License-Identifier: GPL-2.0-or-later
"""Send SIP messages over one WebSocket and print the answer to each.

usage: ws.py HOST PORT FILE...
"""
import base64
import os
import socket
import struct
import sys

LIMIT_S = 10


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            sys.exit("the connection was closed")
        data += more
    return data


def handshake(sock, host):
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall((
        "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"
        "Origin: http://%s\r\n\r\n" % (host, key, host)).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(sock, 1)
    if not head.startswith(b"HTTP/1.1 101"):
        sys.exit("no WebSocket: %r" % head)


def send_text(sock, payload):
    mask = os.urandom(4)
    if len(payload) < 126:
        size = struct.pack("!B", 0x80 | len(payload))
    else:
        size = struct.pack("!BH", 0x80 | 126, len(payload))
    masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    sock.sendall(b"\x81" + size + mask + masked)


def read_frame(sock):
    _, size = read_exactly(sock, 2)
    size &= 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", read_exactly(sock, 2))
    return read_exactly(sock, size)


def main():
    host, port, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    with socket.create_connection((host, port), LIMIT_S) as sock:
        handshake(sock, host)
        for name in files:
            with open(name, "rb") as file:
                send_text(sock, file.read())
            sys.stdout.buffer.write(read_frame(sock))


main()
