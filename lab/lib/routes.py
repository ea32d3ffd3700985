# SPDX-License-Identifier: GPL-2.0-or-later
"""routes.py - what a machine's kernel routes to where, and since when

RouteWatch hears the changes of its main table (rtnetlink) and keeps them with
the time they were heard, CLOCK_MONOTONIC in ns.  A route leads to an interface,
which has the name of the machine at its other end.
"""
import ipaddress
import socket
import struct
import threading
import time

NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
NLM_REQUEST, NLM_REPLACE, NLM_DUMP = 1, 0x100, 0x300
DST, OIF, PRIORITY, MULTIPATH, TABLE = 1, 4, 6, 9, 15
MAIN = 254
GROUPS = 0x40 | 0x400       # IPv4 and IPv6 routes


def attributes(data):
    """(type, value) of each rtattr."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:
            return
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def route(body):
    """(prefix, metric, interfaces) of a unicast route of the main table."""
    family, bits, _, _, table, _, _, kind = struct.unpack_from("=8B", body)
    found = dict(attributes(body[12:]))
    if TABLE in found:
        table, = struct.unpack("=I", found[TABLE])
    if table != MAIN or kind != 1 or family not in (
            socket.AF_INET, socket.AF_INET6):
        return None
    size = 4 if family == socket.AF_INET else 16
    address = ipaddress.ip_address(found.get(DST, bytes(size)))
    metric, = struct.unpack("=I", found.get(PRIORITY, bytes(4)))
    return f"{address}/{bits}", metric, interfaces(found)


def interfaces(found):
    """Their indices."""
    hops, data = [], found.get(MULTIPATH, b"")
    while len(data) >= 8:
        size, _, _, index = struct.unpack_from("=HBBi", data)
        hops.append(index)
        data = data[size:]
    if OIF in found:
        hops.append(struct.unpack("=i", found[OIF])[0])
    return tuple(hops)


class RouteWatch(threading.Thread):
    """space: the machine; prefixes: those that matter."""

    def __init__(self, space, prefixes):
        super().__init__(name=f"routes {space.name}", daemon=True)
        self.prefixes = set(prefixes)
        self.table = {}         # (prefix, metric) -> interfaces
        self.events = []        # (ns, prefix, interfaces after it)
        self.changed = threading.Condition()
        with space.inside():
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
            self.names = dict(socket.if_nameindex())
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((0, GROUPS))
        for family in (socket.AF_INET, socket.AF_INET6):
            head = struct.pack("=IHHII", 28, GETROUTE, NLM_REQUEST | NLM_DUMP,
                               1, 0)
            self.socket.send(head + struct.pack("=8BI", family, *[0] * 8))
            self._take_until_done()
        self.start()

    def _take_until_done(self):
        while True:
            data = self.socket.recv(1 << 16)
            if struct.unpack_from("=H", data, 4)[0] == 3:
                return
            self._take(data, None)

    def run(self):
        while True:
            data = self.socket.recv(1 << 16)
            self._take(data, time.monotonic_ns())

    def _take(self, data, now_ns):
        while len(data) >= 16:
            size, kind, flags = struct.unpack_from("=IHH", data)
            if kind in (NEWROUTE, DELROUTE):
                found = route(data[16:size])
                if found and found[0] in self.prefixes:
                    self._change(kind, flags, found, now_ns)
            data = data[(size + 3) & ~3:]

    def _change(self, kind, flags, found, now_ns):
        prefix, metric, indices = found
        hops = tuple(self.names.get(index, str(index)) for index in indices)
        key = prefix, metric
        with self.changed:
            had = self.table.get(key, ())
            if kind == DELROUTE:
                left = tuple(hop for hop in had if hop not in hops)
            elif flags & NLM_REPLACE:
                left = hops
            else:
                left = had + tuple(hop for hop in hops if hop not in had)
            self.table[key] = left
            self.events.append((now_ns or 0, prefix, self.via(prefix)))
            self.changed.notify_all()

    def via(self, prefix):
        """The interfaces of the best route, () without one."""
        best = [(metric, hops) for (of, metric), hops in self.table.items()
                if of == prefix and hops]
        return min(best)[1] if best else ()

    def since(self, at_ns, prefix):
        with self.changed:
            return [(ns, hops) for ns, of, hops in self.events
                    if of == prefix and ns >= at_ns]

    def wait(self, prefix, what, *, after_ns=0, seconds=10):
        """When the interfaces of prefix first were as what() says, after that
        time; None when they never are.  after_ns 0: it may be so already."""
        end = time.monotonic() + seconds
        with self.changed:
            if not after_ns and what(self.via(prefix)):
                return time.monotonic_ns()
            at = 0
            while True:
                for ns, of, hops in self.events[at:]:
                    if of == prefix and ns >= after_ns and what(hops):
                        return ns
                at = len(self.events)
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(left)
