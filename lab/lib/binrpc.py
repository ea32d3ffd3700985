# SPDX-License-Identifier: GPL-2.0-or-later
"""binrpc.py - asks a Kamailio what it knows, thousands of times

What kamcmd does, without a process for each question: the protocol of the module
ctl, text parameters, and the answer as it comes.
"""
import socket
import struct

MAGIC, REQUEST, FAULT = 0xa1, 0, 3
TEXT = 1


def parameter(text):
    data = text.encode() + b"\0"
    if len(data) < 8:
        return bytes([len(data) << 4 | TEXT]) + data
    return bytes([0x80 | 1 << 4 | TEXT, len(data)]) + data


def asked(path, *words):
    """The answer, texts in it as they are; b"" for a fault."""
    body = b"".join(parameter(word) for word in words)
    # lengths and cookie of two bytes each
    head = bytes([MAGIC, REQUEST << 4 | 1 << 2 | 1]) \
        + struct.pack("!HH", len(body), 1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(5)
        sock.connect(str(path))
        sock.sendall(head + body)
        answer = sock.recv(65536)
    assert len(answer) > 2 and answer[0] == MAGIC, answer
    return b"" if answer[1] >> 4 == FAULT else answer
