# SPDX-License-Identifier: GPL-2.0-or-later
"""wire.py - the datagrams that nodes of a cluster send each other

Seen at the ports of the hub, where each leaves its sender once.
"""
import socket
import threading


class Wire:
    """While it is entered, .taken gets (source, port, payload) of every UDP
    datagram from one of these addresses to another, .ways (source,
    destination, payload), .whole the port of each that no router may break
    into fragments."""

    def __init__(self, cluster, addresses):
        self.nodes = {socket.inet_aton(a) for a in addresses.values()}
        self.taken, self.ways, self.whole = [], [], []
        self.socks, self.threads = [], []
        self.go_on = True
        with cluster.hub.inside():
            for name in addresses:
                # 3: ETH_P_ALL; a bridge's port hands nothing else to sockets
                sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                     socket.htons(3))
                sock.bind((name, 3))
                sock.settimeout(0.05)
                self.socks.append(sock)

    def __enter__(self):
        self.threads = [threading.Thread(target=self.listen, args=(sock,),
                                         daemon=True) for sock in self.socks]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.go_on = False
        for thread in self.threads:
            thread.join()
        for sock in self.socks:
            sock.close()

    def listen(self, sock):
        while self.go_on:
            try:
                frame, source = sock.recvfrom(65535)
            except (TimeoutError, socket.timeout):
                continue
            if source[2] != socket.PACKET_OUTGOING \
                    and frame[12:14] == b"\x08\0" and frame[23] == 17 \
                    and {frame[26:30], frame[30:34]} <= self.nodes:
                size = int.from_bytes(frame[38:40], "big") - 8
                data = frame[42:42 + size]
                came, went = (socket.inet_ntoa(frame[at:at + 4])
                              for at in (26, 30))
                self.taken.append((came, int.from_bytes(frame[36:38], "big"),
                                   data))
                self.ways.append((came, went, data))
                if frame[20] & 0x40:
                    self.whole.append(int.from_bytes(frame[36:38], "big"))

    def to_port(self, port):
        """The payloads sent to this port so far."""
        return [data for _, to, data in self.taken if to == port]
