#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The torture messages of RFC 4475 and RFC 5118 against a real Kamailio.

  torture.py foreign|ours|fast|front|shipped

Each message is sent alone, over UDP and over TCP, from an address of its own;
what comes back is compared with the table in expected.py and looked at by a
strict checker; then the next request must be answered.  The runs differ in
whose domains the messages name and in what the node does with them:

  foreign  the service is sip.example.net: nearly all requests are for others
  ours     every domain in the messages is the service's: INVITE is redirected
  front    the same, and every method is redirected
  fast     as ours, with fast_path: plain INVITEs are answered unparsed
  shipped  as ours, with the kamailio.cfg of configs/ behind the module
"""
import os
import socket
import sys
import time
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../pylib'))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, '../../tests'))

# pylint: disable=wrong-import-position
import node  # noqa: E402
import sandbox  # noqa: E402
import sipcheck  # noqa: E402
from expected import ROWS, wanted  # noqa: E402

DOMAINS = ['example.com', 'example.org', 'example.net', 'company.com',
           'registrar.example.com', 'chair-dnrc.example.com',
           'host.example.net']
ALL_METHODS = ('INVITE,REGISTER,OPTIONS,BYE,SUBSCRIBE,NOTIFY,MESSAGE,INFO,'
               'PRACK,UPDATE,REFER,PUBLISH')
RUNS = {
    'foreign': (['sip.example.net'], 'INVITE'),
    'ours': (DOMAINS, 'INVITE'),
    'fast': (DOMAINS, 'INVITE'),
    'front': (DOMAINS, ALL_METHODS),
    'shipped': (DOMAINS, 'INVITE'),
}
FENCE = ('OPTIONS sip:{domain} SIP/2.0\r\n'
         'Via: SIP/2.0/{transport} {host};branch=z9hG4bKfence{number}\r\n'
         'From: <sip:fence@{domain}>;tag=f{number}\r\n'
         'To: <sip:{domain}>\r\n'
         'Call-ID: fence-{number}\r\n'
         'CSeq: 1 OPTIONS\r\n'
         'Max-Forwards: 70\r\n'
         'Content-Length: 0\r\n\r\n')
INVITE = ('INVITE {uri} SIP/2.0\r\n'
          'Via: SIP/2.0/UDP host.example.com;branch=z9hG4bK{name}\r\n'
          'From: "A" <sip:a@example.com>;tag=1\r\n'
          'To: <sip:b@example.com>\r\n'
          'Call-ID: {name}@host.example.com\r\n'
          'CSeq: 1 INVITE\r\n'
          'Contact: <sip:a@host.example.com>\r\n'
          'Max-Forwards: 70\r\n'
          'Content-Length: 0\r\n\r\n')
STRAY = ('SIP/2.0 200 OK\r\n'
         'Via: SIP/2.0/UDP {service};branch=z9hG4bKnobodys\r\n'
         'Via: SIP/2.0/UDP {victim};branch=z9hG4bKvictims\r\n'
         'From: <sip:a@example.com>;tag=1\r\n'
         'To: <sip:b@example.com>;tag=2\r\n'
         'Call-ID: stray@example.com\r\n'
         'CSeq: 1 {method}\r\n'
         'Content-Length: 0\r\n\r\n')
UDP_PORTS = (5060, 5050, 6050, 5070)    # what the messages' Vias name
WAIT_S = 10


def site(domains):
    alias = f'alias = {", ".join(domains[1:])}\n' if domains[1:] else ''
    return (f'[service]\ndomain = {domains[0]}\n{alias}'
            f'address = {sandbox.SERVICE4}, {sandbox.SERVICE6}\n'
            'secret = file:secret\n'
            f'[node fra1]\naddress = {sandbox.NODE4}, {sandbox.NODE6}\n'
            f'[node ams1]\naddress = {sandbox.OTHER4}, {sandbox.OTHER6}\n')


class Client:
    """One source address, of UDP sockets on the ports replies may go to."""

    def __init__(self, address):
        self.address = address
        self.family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.service = (sandbox.SERVICE6 if ':' in address
                        else sandbox.SERVICE4)
        self.udp = []
        for port in UDP_PORTS:
            s = socket.socket(self.family, socket.SOCK_DGRAM)
            s.bind((address, port))
            s.setblocking(False)
            self.udp.append(s)

    def close(self):
        for s in self.udp:
            s.close()

    def send_udp(self, message):
        self.udp[0].sendto(message, (self.service, 5060))

    def datagrams(self):
        """What has arrived by now; each must come from the service."""
        found = []
        for s in self.udp:
            while True:
                try:
                    text, peer = s.recvfrom(65536)
                except BlockingIOError:
                    break
                if peer[:2] != (self.service, 5060):
                    text = b'from ' + str(peer).encode()
                found.append(text)
        return found

    def connect(self):
        s = socket.socket(self.family, socket.SOCK_STREAM)
        s.bind((self.address, 0))
        s.settimeout(WAIT_S)
        s.connect((self.service, 5060))
        return s


def message_of(row):
    if row.path:
        with open(f'{sandbox.data("sip")}/{row.path}', 'rb') as f:
            return f.read() + row.end.encode()
    return INVITE.format(uri=row.uri, name=row.name).encode()


def split_stream(stream):
    """The messages of a stream, by their Content-Length."""
    found = []
    while stream := stream.lstrip(b'\r\n'):
        head, sep, rest = stream.partition(b'\r\n\r\n')
        _, fields, _ = sipcheck.split_head(head + sep)
        lengths = sipcheck.values(fields, 'content-length') or ['0']
        length = int(lengths[0]) if lengths[0].isdigit() else 0
        found.append(head + sep + rest[:length])
        stream = rest[length:]
    return found


class Shipped(node.Node):
    """The shipped configuration, one process for each transport."""
    domain = DOMAINS[0]

    def __init__(self):
        super().__init__(Path(sandbox.module()).parent.parent,
                         service=f'{sandbox.SERVICE4}, {sandbox.SERVICE6}',
                         own=f'{sandbox.NODE4}, {sandbox.NODE6}',
                         other=f'{sandbox.OTHER4}, {sandbox.OTHER6}',
                         site=f'alias = {", ".join(DOMAINS[1:])}')

    def command(self, *more):
        return [{'UDP_WORKERS=2': 'UDP_WORKERS=1',
                 'TCP_WORKERS=2': 'TCP_WORKERS=1'}.get(word, word)
                for word in super().command(*more)]

    def start(self, answers):
        super().start()
        sandbox.until(20, answers, 'Kamailio to answer')

    def log(self):
        return (self.dir / 'log').read_text(errors='replace')

    def faults(self):
        return sandbox.faults_in(self.log(), self.process)

    def clean(self, keep):
        if keep:
            print(f'logs: {self.dir}')
        else:
            self.remove()


class Torture:
    def __init__(self, run):
        self.run = run
        domains, methods = RUNS[run]
        self.domain = domains[0]
        self.number = 0
        self.failed = 0
        if run == 'shipped':
            self.kamailio = Shipped()
        else:
            self.kamailio = sandbox.Kamailio(
                os.path.join(HERE, 'kamailio.cfg'), site(domains),
                METHODS=methods, FAST=int(run == 'fast'))

    def fence(self, transport, host):
        self.number += 1
        return FENCE.format(domain=self.domain, number=self.number,
                            transport=transport, host=host).encode()

    def is_up(self):
        client = Client(sandbox.CLIENTS4 + '250')
        try:
            client.send_udp(self.fence('UDP', client.address))
            time.sleep(0.05)
            return client.datagrams()
        finally:
            client.close()

    def fence_udp(self, client):
        """Replies that came before the answer to the next request."""
        host = (f'[{client.address}]' if ':' in client.address
                else client.address)
        client.send_udp(self.fence('UDP', host))
        mark = f'Call-ID: fence-{self.number}\r\n'.encode()
        found = []

        def answered():
            found.extend(client.datagrams())
            return [m for m in found if mark in m]
        answer = sandbox.until(WAIT_S, answered, 'the next request')
        if sipcheck.status_of(answer[0]) != '200':
            raise RuntimeError('the next request is answered '
                               + sipcheck.status_of(answer[0]))
        return [m for m in found if mark not in m]

    def over_udp(self, client, message):
        client.send_udp(message)
        return self.fence_udp(client)

    def over_tcp(self, client, message, count):
        """Replies on the connection; count of them are waited for."""
        stream = b''
        with client.connect() as s:
            s.sendall(message)
            with client.connect() as next_one:
                next_one.sendall(self.fence('TCP', client.address
                                            if ':' not in client.address
                                            else f'[{client.address}]'))
                if not next_one.recv(65536).startswith(b'SIP/2.0 200 '):
                    raise RuntimeError('the next connection is not answered')
            end = time.monotonic() + (WAIT_S if count else 0.05)
            while time.monotonic() < end:
                s.settimeout(max(0.01, end - time.monotonic()))
                try:
                    part = s.recv(65536)
                except (TimeoutError, ConnectionResetError):
                    break
                stream += part
                if not part:
                    break
                if len(split_stream(stream)) >= count:
                    end = min(end, time.monotonic() + 0.05)
        return split_stream(stream)

    def problems_of(self, row, transport, message, replies, client):
        want, contact = wanted(row, self.run, transport)
        got = [sipcheck.status_of(r) for r in replies]
        if got != want:
            yield f'answered {got or "nothing"}, not {want or "nothing"}'
        requests = split_stream(message) or [message]
        for number, reply in enumerate(replies):
            request = requests[min(number, len(requests) - 1)]
            status = sipcheck.status_of(reply)
            if transport == 'udp':
                request = message
            ours = (b';tag=a1-' in reply if self.run == 'shipped'
                    else status != '480')
            yield from sipcheck.faults(request, reply, client.address,
                                       transport, ours)
            _, fields, _ = sipcheck.split_head(reply)
            contacts = sipcheck.values(fields, 'contact')
            if status == '302' and number == 0 and contacts != [f'<{contact}>']:
                yield f'Contact is {contacts}, not <{contact}>'

    def judge(self, row, transport, message, replies, client):
        problems = list(self.problems_of(row, transport, message, replies,
                                         client))
        label = f'{row.name} over {transport}'
        if not problems:
            got = ' '.join(sipcheck.status_of(r) for r in replies)
            print(f'ok: {label}: {got or "nothing"}')
            return
        self.failed += 1
        print(f'not ok: {label}: ' + '; '.join(problems))
        print(f'    ({row.why})')
        for reply in replies:
            for line in reply.decode('latin-1').split('\r\n'):
                print(f'    | {line!r}')

    def one(self, index, row):
        prefix = sandbox.CLIENTS6 if row.ip6 else sandbox.CLIENTS4
        # another source for each: a second INVITE is not a retransmission
        client = Client(f'{prefix}{index + 1}')
        other = Client(f'{prefix}{index + 101}')
        message = message_of(row)
        try:
            replies = self.over_udp(client, message)
            self.judge(row, 'udp', message, replies, client)
            count = len(wanted(row, self.run, 'tcp')[0])
            replies = self.over_tcp(other, message, count)
            self.judge(row, 'tcp', message, replies, other)
            if other.datagrams() or self.fence_udp(client):
                self.failed += 1
                print(f'not ok: {row.name}: a late reply')
        finally:
            client.close()
            other.close()

    def strays(self):
        """3.3.10: a response to nothing is not sent on to its second Via."""
        client = Client(sandbox.CLIENTS4 + '240')
        victim = Client(sandbox.CLIENTS4 + '241')
        try:
            for method in ('INVITE', 'OPTIONS', 'BYE'):
                client.send_udp(STRAY.format(
                    service=client.service, victim=victim.address,
                    method=method).encode())
                if self.fence_udp(client) or victim.datagrams():
                    self.failed += 1
                    print(f'not ok: a stray 200 to {method} is sent on')
                else:
                    print(f'ok: a stray 200 to {method} goes nowhere')
        finally:
            client.close()
            victim.close()

    def main(self):
        try:
            self.kamailio.start(self.is_up)
            for index, row in enumerate(ROWS):
                self.one(index, row)
            self.strays()
            for fault in self.kamailio.faults():
                self.failed += 1
                print(f'not ok: {fault}')
        except (TimeoutError, RuntimeError, OSError) as error:
            self.failed += 1
            print(f'not ok: {type(error).__name__}: {error}')
            print(self.kamailio.log()[-4000:])
        finally:
            self.kamailio.stop()
            self.kamailio.clean(keep=self.failed)
        print(f'{len(ROWS)} messages, {self.failed} faults')
        return 1 if self.failed else 0


if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1] not in RUNS:
        sys.exit(__doc__)
    sandbox.data('sip')
    sandbox.enter()
    sys.exit(Torture(sys.argv[1]).main())
