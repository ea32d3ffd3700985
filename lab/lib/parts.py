# SPDX-License-Identifier: GPL-2.0-or-later
"""parts.py - which processes of a node a story means by a name"""
import os
from pathlib import Path


def command_line(pid):
    try:
        line = Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return []
    return line.decode(errors="replace").split("\0")


def _program(name, worker=None):
    def told(words):
        return any(os.path.basename(word) == name for word in words[:2]) and (
            worker is None or worker == ("--worker" in words))
    return told


# part: the unit it belongs to, and how its processes are told apart
PARTS = {
    "kamailio": ("kamailio", _program("kamailio")),
    "pinner": ("pinner", _program("rtp-pinner")),
    "knot": ("knot", _program("knotd")),
    "exabgp": ("exabgp", _program("exabgp")),
    "guardian": ("exabgp", _program("anycast-health", False)),
    "worker": ("exabgp", _program("anycast-health", True)),
    "agent": ("agent", _program("anycast-health", False)),
    "web": ("web", lambda words: any(
        word.endswith("download.py") for word in words)),
    "healthcheck": ("exabgp", lambda words: "healthcheck" in words),
}
