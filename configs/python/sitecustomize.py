# SPDX-License-Identifier: GPL-2.0-or-later
"""sitecustomize.py - what ExaBGP 4.2.21 should not wait for

Python loads a file of this name from PYTHONPATH before the program.

A clock that is stepped: ExaBGP measures its hold and keepalive timers by
time.time().  When the wall clock is stepped (the first NTP answer after a boot, a
wrong server), it believes that its router has been silent, or that it has just
spoken itself, and the sessions end: those of all nodes that are stepped, at once.
From here on time.time() is the wall clock of this moment plus what the monotonic
clock has counted since.  Only ExaBGP's own log shows the difference.

A name server that does not answer: ExaBGP asks it for its host's full name before
it reads its configuration, and would start ten seconds late.

A router that does not answer: ExaBGP leaves it to the kernel to ask again, which
does so after 1, 2, 4 ... 64 seconds.  A router that is back would wait for the
next one.  Two are enough; then ExaBGP makes a new connection, from another port.
"""
import socket
import time

_BEGAN = time.time() - time.monotonic()


def _unstepped():
    return _BEGAN + time.monotonic()


def _name(name=""):
    return name or socket.gethostname()


def _connect(self, address):
    if self.proto == socket.IPPROTO_TCP:
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
    return _patiently(self, address)


_patiently = socket.socket.connect
time.time = _unstepped
socket.getfqdn = _name
socket.socket.connect = _connect
