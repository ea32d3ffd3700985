#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""with_relay.py - runs a client program beside a relay, both in a namespace

  with_relay.py BUILD [KEY=VALUE...] -- COMMAND...
  with_relay.py --reference -- COMMAND...        with Debian's rtpengine

COMMAND finds the relay by RTPENGINE_HOST and RTPENGINE_PORT, its media
addresses in RELAY_V4 and RELAY_V6, which one it is in RELAY.  A Perl program
whose modules are missing is skipped.  A JavaScript program gets the npm
packages its first lines name (// npm: NAME...), kept in the build folder.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# pylint: disable=wrong-import-position
import node
import npm
from relay import Relay, find

V4, V6 = "203.0.113.1", "2001:db8:2::1"
CLIENTS4 = [f"198.51.100.{n}" for n in (1, 2, 3, 4)]
CLIENTS6 = [f"2001:db8:c::{n}" for n in (1, 2)]


def need_perl(command):
    """Skip where a module of the script is missing."""
    done = subprocess.run(["perl", "-c", *command[1:2]], capture_output=True,
                          text=True, check=False)
    missing = re.search(r"Can't locate (\S+)", done.stderr)
    if missing:
        node.skip(f"Perl has no {missing[1]} (scripts/setup installs it)")
    if done.returncode:
        sys.exit(done.stderr)


def need_npm(build, script):
    """The packages the script names; skip without them."""
    return npm.need(build, re.search(r"^// npm: (.*)$", Path(script)
                                     .read_text(), re.M)[1])


def main():
    if "--" not in sys.argv or sys.argv[1] == "--":
        sys.exit(__doc__)
    cut = sys.argv.index("--")
    build, command = sys.argv[1], sys.argv[cut + 1:]
    settings = dict(word.split("=", 1) for word in sys.argv[2:cut])
    program = "rtpengine" if build == "--reference" else "rtp-pinner"
    find(program, build)
    environment = dict(
        os.environ, RTPE_TEST_NO_LAUNCH="1", RTPENGINE_HOST="127.0.0.1",
        RTPENGINE_PORT="2223", RELAY=program, RELAY_V4=V4, RELAY_V6=V6,
        RTPE_TEST_V4_ADDRS=" ".join(CLIENTS4[:2]),
        RTPE_TEST_V6_ADDRS=" ".join(CLIENTS6))
    if command[0] == "perl":
        need_perl(command)
    elif command[0] == "node":
        environment["NODE_PATH"] = need_npm(
            "build" if program == "rtpengine" else build, command[1])
    node.namespace(V4, V6, *CLIENTS4, *CLIENTS6)
    with Relay(program, build, media=[V4, V6], ports=(30000, 30999),
               settings=settings) as relay:
        status = subprocess.run(command, env=environment, timeout=100,
                                stdin=subprocess.DEVNULL,
                                check=False).returncode
        if not relay.alive():
            status = 1
        if status not in (0, node.SKIP):
            relay.show_log()
    # a signal or an odd code of the client's is a failure, not a skip
    sys.exit(status if status in (0, node.SKIP) else 1)


if __name__ == "__main__":
    main()
