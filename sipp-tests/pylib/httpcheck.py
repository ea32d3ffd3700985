# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP answers of the module: read from a connection, and held to their form.
"""
import re
import socket

KNOWN = ('date', 'location', 'cache-control', 'content-length', 'connection',
         'allow', 'retry-after')
DATE = re.compile(r'(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|'
                  r'Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT')


class Answer:
    """One answer; raises ValueError for anything but the form promised."""

    def __init__(self, head):
        lines = head.decode('latin-1').split('\r\n')
        match = re.fullmatch(r'HTTP/1\.1 (\d{3}) [A-Za-z ]+', lines[0])
        if not match:
            raise ValueError(f'status line {lines[0]!r}')
        self.status = int(match.group(1))
        self.headers = {}
        for line in lines[1:]:
            match = re.fullmatch(r'([A-Za-z-]+): ([\x20-\x7e]+)', line)
            if not match:
                raise ValueError(f'header line {line!r}')
            name = match.group(1).lower()
            if name in self.headers or name not in KNOWN:
                raise ValueError(f'header {name} twice or unknown')
            self.headers[name] = match.group(2)
        self.location = self.headers.get('location')
        self.close = self.headers.get('connection') == 'close'
        self._check()

    def _check(self):
        if self.headers.get('content-length') != '0':
            raise ValueError('Content-Length is not 0')
        if self.headers.get('cache-control') != 'no-store':
            raise ValueError('Cache-Control is not no-store')
        if not DATE.fullmatch(self.headers.get('date', '')):
            raise ValueError(f'Date is {self.headers.get("date")}')
        if (self.status in (302, 307)) != (self.location is not None):
            raise ValueError(f'{self.status} with Location {self.location}')

    def __repr__(self):
        return f'{self.status} {self.location or ""}'


class Connection:
    def __init__(self, address, port=80, tls=None, timeout=30):
        self.socket = socket.create_connection((address, port), timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname='sip.example.net')
        self.pending = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        if isinstance(data, str):
            data = data.encode('latin-1')
        self.socket.sendall(data)

    def answer(self):
        """The next answer, or None at the end of the stream.

        Kamailio answers two line ends between requests with one (RFC 5626
        3.5.1, for SIP); they are skipped.
        """
        while b'\r\n\r\n' not in self.pending.lstrip(b'\r\n'):
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                part = b''
            if not part:
                if self.pending.strip(b'\r\n'):
                    raise ValueError(f'cut short: {self.pending!r}')
                return None
            self.pending += part
        self.pending = self.pending.lstrip(b'\r\n')
        head, _, self.pending = self.pending.partition(b'\r\n\r\n')
        return Answer(head)

    def answers(self):
        """All answers up to the end of the stream."""
        found = []
        while answer := self.answer():
            found.append(answer)
        return found

    def ask(self, data):
        self.send(data)
        return self.answer()
