#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What ExaBGP's Python no longer waits for (configs/python/sitecustomize.py): a
router or a name server that does not answer.

usage: exabgp-waits.py BUILD
"""
import subprocess
import sys
import time

from node import SOURCE, namespace

PATIENCE = 10
SILENT = "198.51.100.1"
# As exabgp.reactor.network.tcp does it.
CONNECT = f"""
import select, socket
io = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
io.bind(("198.51.100.11", 0))
io.setblocking(0)
try:
    io.connect(("{SILENT}", 179))
except BlockingIOError:
    pass
select.select([], [io], [], {2 * PATIENCE})
print(io.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
"""
NAME = """
import socket
socket.gethostbyaddr = None     # who asks a name server fails
print(socket.getfqdn() == socket.gethostname(), socket.getfqdn("a.example"))
"""


def python(text):
    return subprocess.run(
        ["/usr/bin/python3", "-c", text], check=False, capture_output=True,
        text=True, env={"PYTHONPATH": str(SOURCE / "configs/python")}).stdout


def a_silent_router_is_asked_anew():
    for words in ("link add eth0 type veth peer name far",
                  "link set far up", "link set eth0 up",
                  "address add 198.51.100.11/24 dev eth0",
                  f"neighbor add {SILENT} lladdr 02:00:00:00:00:01 dev eth0"):
        subprocess.run(["ip", *words.split()], check=True)
    began = time.monotonic()
    said = python(CONNECT)
    took = time.monotonic() - began
    assert said == "110\n" and took < PATIENCE, f"{said} after {took:.1f} s"


def no_name_server_is_asked_for_the_host():
    assert python(NAME) == "True a.example\n"


STORIES = [
    a_silent_router_is_asked_anew,
    no_name_server_is_asked_for_the_host,
]

namespace()
for story in STORIES:
    try:
        story()
    except AssertionError as error:
        print(f"not ok: {story.__name__.replace('_', ' ')}\n{error}",
              file=sys.stderr)
        sys.exit(1)
    print(f"ok: {story.__name__.replace('_', ' ')}", flush=True)
