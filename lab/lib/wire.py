# SPDX-License-Identifier: GPL-2.0-or-later
"""wire.py - how the messages of a scripted phone come and go: UDP, TCP, TLS

A Conn is a connection to one place.  When it breaks, by a reset or otherwise,
the phone is told once, and the next message opens another one.  A Loop waits for
all phones of a case in one thread.
"""
import re
import select
import socket
import time

from .files import TOP     # noqa: F401  tests/ is in the path now

# pylint: disable=wrong-import-order
from phone import Msg    # noqa: F401  for transactions.py, too

CONNECT = 5.0


class Overdue(AssertionError):
    """What a case waited for did not come."""


class Loop:
    def __init__(self, deadline):
        self.began, self.deadline = time.monotonic(), deadline
        self.poller, self.readers = select.poll(), {}
        self.phones, self.soon = [], []

    def watch(self, sock, reader):
        self.readers[sock.fileno()] = reader
        self.poller.register(sock, select.POLLIN)

    def forget(self, sock):
        if self.readers.pop(sock.fileno(), None):
            self.poller.unregister(sock)

    def turn(self, until):
        """One look at everything; returns when something may have changed."""
        now = time.monotonic()
        due = now if self.soon else min([until, *[phone.due() for phone in self.phones]])
        for fd, _ in self.poller.poll(max(0, due - now) * 1000 + 0.5):
            if fd in self.readers:
                self.readers[fd]()
        while self.soon:
            self.soon.pop(0)()
        now = time.monotonic()
        for phone in self.phones:
            phone.tick(now)

    def until(self, what, condition, seconds=None):
        """Its first result that is true."""
        end = self.deadline if seconds is None else \
            min(self.deadline, time.monotonic() + seconds)
        while not (result := condition()):
            if time.monotonic() >= end:
                raise Overdue(f"not {what}")
            self.turn(end)
        return result

    def for_a_while(self, seconds):
        """Let come what comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(end)


class Datagrams:
    """The one socket of a phone with UDP."""

    def __init__(self, loop, ip, port, heard):
        self.loop, self.heard = loop, heard
        self.sock = socket.socket(socket.AF_INET6 if ":" in ip
                                  else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((ip, port))
        self.sock.setblocking(False)
        self.port, self.alive = port, True
        loop.watch(self.sock, self._read)

    def send(self, text, to):
        self.sock.sendto(text.encode(), to)
        return True

    def _read(self):
        while True:
            try:
                data, source = self.sock.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError:
                continue    # an ICMP error
            if data.strip(b"\0\r\n"):
                self.heard(Msg(data.decode(errors="replace"), source[:2]),
                           self)

    def close(self):
        self.loop.forget(self.sock)
        self.sock.close()


class Conn:
    """heard(msg, conn), lost(conn); OSError when nobody accepts."""

    def __init__(self, loop, ip, to, heard, lost, tls=None, name=None):
        self.loop, self.to, self.heard, self.lost = loop, to, heard, lost
        self.alive, self.buffer = True, b""
        self.sock = socket.socket(socket.AF_INET6 if ":" in ip
                                  else socket.AF_INET, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT)
        try:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.bind((ip, 0))
            self.sock.connect(to)
            if tls:
                self.sock = tls.wrap_socket(self.sock, server_hostname=name)
        except OSError as error:
            self.sock.close()
            raise OSError(f"to {to[0]}:{to[1]}: {error}") from error
        self.port = self.sock.getsockname()[1]
        self.sock.setblocking(False)
        loop.watch(self.sock, self._read)

    def send(self, text, _to=None):
        """Has it left?  If not, lost() is called in a moment."""
        if not self.alive:
            return False
        try:
            self.sock.setblocking(True)
            self.sock.settimeout(CONNECT)
            self.sock.sendall(text.encode())
            self.sock.setblocking(False)
        except OSError:
            self.loop.soon.append(self._broken)
            return False
        return True

    def _broken(self):
        if self.alive:
            self.close()
            self.lost(self)

    def close(self):
        if self.alive:
            self.alive = False
            self.loop.forget(self.sock)
            self.sock.close()

    def _read(self):
        end = False
        while self.alive:
            try:
                data = self.sock.recv(65535)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                if type(error).__name__ in ("SSLWantReadError",
                                            "SSLWantWriteError"):
                    break
                end = True
                break
            if not data:
                end = True
                break
            self.buffer += data
        while self.alive and (msg := self._take()):
            self.heard(msg, self)
        if end:
            self._broken()

    def _take(self):
        """A whole message off the buffer, if there is one."""
        self.buffer = self.buffer.lstrip(b"\r\n")
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = re.search(rb"(?im)^content-length\s*:\s*(\d+)", head)
        size = int(length.group(1)) if length else 0
        if len(rest) < size:
            return None
        self.buffer = rest[size:]
        return Msg((head + end + rest[:size]).decode(errors="replace"),
                   self.to)
