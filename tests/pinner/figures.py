# SPDX-License-Identifier: GPL-2.0-or-later
"""figures.py - what a relay counts, as Prometheus fetches it

    before = figures(("127.0.0.1", 9103))
    ...
    assert figures(...)["rtp_pinner_x_total"] == before[...] + 1

A figure is found by its full name, labels included, as it is printed.
"""
import re
import time
import urllib.request

LINE = re.compile(r"^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (-?[\d.e+-]+|NaN|\+Inf)$")


def fetch(address):
    """The page, and its content type."""
    host, port = address
    host = f"[{host}]" if ":" in host else host
    with urllib.request.urlopen(f"http://{host}:{port}/metrics",
                                timeout=5) as page:
        return page.read().decode("ascii"), page.headers["Content-Type"]


def figures(address):
    out = {}
    for line in fetch(address)[0].splitlines():
        if line.startswith("#"):
            continue
        found = LINE.match(line)
        assert found, f"no figure: {line!r}"
        assert found.group(1) not in out, f"twice: {line!r}"
        out[found.group(1)] = float(found.group(2))
    return out


def risen(address, before, seconds=5, **names):
    """Waits until each name has risen by so much; it must not rise by more."""
    end = time.monotonic() + seconds
    while True:
        now = figures(address)
        got = {name: now[name] - before[name] for name in names}
        if all(got[name] >= by for name, by in names.items()) \
                or time.monotonic() > end:
            assert got == names, f"risen by {got}, not {names}"
            return
        time.sleep(0.02)
