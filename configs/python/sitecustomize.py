# SPDX-License-Identifier: GPL-2.0-or-later
"""sitecustomize.py - a clock for ExaBGP that nobody steps

ExaBGP 4.2.21 measures its hold and keepalive timers by time.time().  When the
wall clock is stepped (the first NTP answer after a boot, a wrong server), it
believes that its router has been silent, or that it has just spoken itself, and
the sessions end: those of all nodes that are stepped, at once.

Python loads a file of this name from PYTHONPATH before the program: from then
on time.time() is the wall clock of that moment plus what the monotonic clock
has counted since.  Only ExaBGP's own log shows the difference.
"""
import time

_BEGAN = time.time() - time.monotonic()


def _unstepped():
    return _BEGAN + time.monotonic()


time.time = _unstepped
