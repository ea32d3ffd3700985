# SPDX-License-Identifier: GPL-2.0-or-later
"""ngworld.py - a pinner with ng clients around it, and rtpengine beside it

For the tests of its control: run(tests) gives each of them a World, with no
call left by the one before.
"""
import shutil
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
# pylint: disable=wrong-import-position
from ng import Pairs, encode
from node import namespace
from relay import Relay

V4, V6, SERVICE = "127.0.53.11", "2001:db8::11", "127.0.53.53"
SERVICE6 = "2001:db8:53::53"
HERE4, HERE6 = ("127.0.0.1", 2223), ("::1", 2223)
METRICS = ("127.0.0.1", 9103)
PROXY, STRANGER = "127.0.7.1", "127.0.1.99"
ALICE, BOB = "127.0.1.1", "127.0.1.2"
LOAD_LIMIT = {"supports": ["load limit"]}


class World:
    def __init__(self, build):
        self.relay = Relay("rtp-pinner", build, media=[V4, V6],
                           service=f"{SERVICE}, {SERVICE6}", settings={
                               "listen": "127.0.0.1:2223, [::1]:2223",
                               "allow": "127.0.0.1, 127.0.0.2, ::1",
                               "metrics": "127.0.0.1:9103",
                               "trusted-proxies": f"{PROXY}/32"})
        self.relay.settings["node-state"] = self.relay.dir / "node.state"
        self.oracle = None
        if shutil.which("rtpengine"):
            self.oracle = Relay("rtpengine", media=[V4, V6],
                                listen=("127.0.0.1", 2224),
                                ports=(31000, 31399))
        self.serial = 0

    @property
    def ng(self):
        return self.relay.ng

    def both(self):
        return [relay.ng for relay in (self.relay, self.oracle) if relay]

    def name(self):
        self.serial += 1
        return f"call-{self.serial}@x"

    def calls(self):
        return self.ng.ok("list", limit=1000)["calls"]

    def forget(self):
        """No call is left, at either relay."""
        for ng in self.both():
            for call in ng.ok("list", limit=1000)["calls"]:
                ng.ok("delete", ("delete delay", 0), call_id=call)


def until(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for: {what}"
        time.sleep(0.05)


def sdp(ip=ALICE, port=4000, *lines):
    kind = "IP6" if ":" in ip else "IP4"
    return "\r\n".join(["v=0", f"o=- 1 1 IN {kind} {ip}", "s=-",
                        f"c=IN {kind} {ip}", "t=0 0",
                        f"m=audio {port} RTP/AVP 8", *lines]) + "\r\n"


def pack(command, *pairs, **keys):
    return encode(Pairs([("command", command)] + [
        (key.replace("_", "-"), value) for key, value in keys.items()]
        + list(pairs)))


def run(tests):
    """The exit status."""
    namespace(V6)
    world = World(sys.argv[1])
    name, status = "the relays start", 0
    try:
        for relay in filter(None, (world.relay, world.oracle)):
            relay.start()
        for test in tests:
            name = test.__name__.replace("_", " ")
            test(world)
            assert world.relay.alive()
            world.forget()
            print(f"ok: {name}", flush=True)
    except (AssertionError, TimeoutError, KeyError) as error:
        print(f"not ok: {name}\n{type(error).__name__}: {error}",
              file=sys.stderr)
        world.relay.show_log()
        status = 1
    finally:
        for relay in filter(None, (world.relay, world.oracle)):
            relay.remove()
    return status
