# SPDX-License-Identifier: GPL-2.0-or-later
"""paths.py - moves the path of one client from one node to the other, at once

What a router does to a client when BGP moves: a rule in r1 sends packets with
its source address (or of one 5-tuple) to the service by another table.  Written
by rtnetlink, as a command for each of thousands would take too long.  A Roads
also sees what leaves r1 for each node, so that a flip waits for the message
before it instead of hoping.
"""
import ctypes
import ipaddress
import select
import socket
import struct
import threading
import time

from .topology import NODES, SERVICE

TABLES = {name: 101 + at for at, name in enumerate(NODES)}
PRIORITY, PRIORITY_FLOW = 1000, 900

NEWRULE, DELRULE = 32, 33
REQUEST, ACK, EXCL, CREATE = 1, 4, 0x200, 0x400
FRA_DST, FRA_SRC, FRA_PRIORITY, FRA_TABLE = 1, 2, 6, 15
FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE = 22, 23, 24
TO_TABLE = 1
PROTOCOLS = {"udp": socket.IPPROTO_UDP, "tcp": socket.IPPROTO_TCP,
             "tls": socket.IPPROTO_TCP}

# packets this machine sends, the first 96 bytes of them
OUTGOING = struct.pack("HBBI" * 4, 0x28, 0, 0, 0xfffff004, 0x15, 0, 1, 4,
                       0x6, 0, 0, 96, 0x6, 0, 0, 0)
SO_ATTACH_FILTER, ETH_P_ALL = 26, 3


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data \
        + bytes(-len(data) % 4)


def rule(source, table, flow):
    """The body of a message: what this source has for the service address.
    flow: (protocol, source port, destination port) of one 5-tuple, or None."""
    ip = ipaddress.ip_address(source)
    service = ipaddress.ip_address(SERVICE[ip.version == 6])
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    body = struct.pack("=BBBBBBBBI", family, ip.max_prefixlen,
                       ip.max_prefixlen, 0, table, 0, 0, TO_TABLE, 0)
    body += attribute(FRA_DST, service.packed) + attribute(FRA_SRC, ip.packed)
    body += attribute(FRA_PRIORITY, struct.pack(
        "=I", PRIORITY_FLOW if flow else PRIORITY))
    if flow:
        body += attribute(FRA_IP_PROTO, bytes([flow[0]]))
        for kind, port in zip((FRA_SPORT_RANGE, FRA_DPORT_RANGE), flow[1:]):
            body += attribute(kind, struct.pack("=HH", port, port))
    return body


class Roads:
    """Both nodes' roads; without a rule a client is sent to the first node."""

    def __init__(self, r1):
        for name, (own, _) in NODES.items():
            for service, via in zip(SERVICE, own):
                r1.ip(f"route add {service} via {via} table {TABLES[name]}")
        for service, via in zip(SERVICE, next(iter(NODES.values()))[0]):
            r1.ip(f"route add {service} via {via}")
        for name in ("all", *NODES):
            r1.sysctl(f"net.ipv4.conf.{name}.rp_filter", 0)
        self.lock, self.seen = threading.Lock(), {}
        with r1.inside():
            self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
            watched = {self._sniffer(name): name for name in NODES}
        threading.Thread(target=self._watch, args=(watched,),
                         daemon=True).start()

    @staticmethod
    def _sniffer(link):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        program = ctypes.create_string_buffer(OUTGOING)
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                        struct.pack("HL", 4, ctypes.addressof(program)))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((link, ETH_P_ALL))
        sock.setblocking(False)
        return sock

    def _watch(self, watched):
        services = {socket.inet_pton(socket.AF_INET6 if ":" in text
                                     else socket.AF_INET, text)
                    for text in SERVICE}
        poller = select.poll()
        by_fd = {sock.fileno(): (sock, name)
                 for sock, name in watched.items()}
        for fd in by_fd:
            poller.register(fd, select.POLLIN)
        while True:
            for fd, _ in poller.poll():
                sock, name = by_fd[fd]
                try:
                    while data := sock.recv(96):
                        four = data[0] >> 4 == 4
                        source, to = (data[12:16], data[16:20]) if four \
                            else (data[8:24], data[24:40])
                        if to in services:
                            key = name, source
                            self.seen[key] = self.seen.get(key, 0) + 1
                except BlockingIOError:
                    pass

    def change(self, kind, body):
        flags = REQUEST | ACK | (EXCL | CREATE if kind == NEWRULE else 0)
        with self.lock:
            self.netlink.send(struct.pack("=IHHII", 16 + len(body), kind,
                                          flags, 1, 0) + body)
            answer = self.netlink.recv(8192)
        error, = struct.unpack_from("=i", answer, 16)
        assert not error, f"rtnetlink: error {-error}"


class Path:
    """The way of one client address to the service."""

    def __init__(self, roads, ip):
        self.roads, self.ip = roads, ip
        self.packed = ipaddress.ip_address(ip).packed
        self.rules = []
        self.first, self.other = NODES

    def flip(self, flow=None):
        """To the other node; flow: of one 5-tuple alone."""
        if flow:
            flow = (PROTOCOLS[flow[0]], *flow[1:])
        body = rule(self.ip, TABLES[self.other], flow)
        self.roads.change(NEWRULE, body)
        self.rules.append(body)

    def back(self):
        while self.rules:
            self.roads.change(DELRULE, self.rules.pop())

    def count(self, node=None):
        """Packets r1 has sent on, to one node or to both."""
        return sum(self.roads.seen.get((name, self.packed), 0)
                   for name in ([node] if node else NODES))

    def wait_for_more(self, than, node=None):
        """Until r1 has passed on what was just sent."""
        end = time.monotonic() + 5
        while self.count(node) <= than:
            assert time.monotonic() < end, \
                f"r1 sees nothing more of {self.ip}"
            time.sleep(0.0005)
