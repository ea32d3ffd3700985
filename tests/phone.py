# SPDX-License-Identifier: GPL-2.0-or-later
"""phone.py - a SIP phone for tests, small enough to misbehave on purpose

A Phone is one socket with one address.  It sends exactly the text it is told
to and hands out what arrives as Msg; nothing is answered behind the test's
back.  Every wait is bounded and a wait in vain is an AssertionError that shows
what did arrive.
"""
import hashlib
import itertools
import re
import socket
import ssl
import time

WAIT = 4.0      # seconds for what must come
QUIET = 0.4     # seconds of silence that count as "nothing came"

_serial = itertools.count(1)


def fresh(prefix):
    return f"{prefix}{next(_serial)}-{time.monotonic_ns():x}"


class Msg:
    """A SIP message, taken apart as far as a test needs."""

    def __init__(self, text, source):
        self.text, self.source = text, source
        head, _, self.body = text.partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = []
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.append((name.strip().lower(), value.strip()))
        self.is_reply = self.first.startswith("SIP/2.0 ")
        self.status = int(self.first.split()[1]) if self.is_reply else 0
        self.method = self.header("cseq").split()[-1]
        self.uri = "" if self.is_reply else self.first.split()[1]

    def all(self, name):
        return [v for n, v in self.headers if n == name.lower()]

    def header(self, name):
        return (self.all(name) or [""])[0]

    def tag(self, name):
        found = re.search(r";tag=([^;>\s]+)", self.header(name))
        return found.group(1) if found else ""

    def contact(self):
        found = re.search(r"<([^>]+)>", self.header("contact"))
        return found.group(1) if found else ""


class Phone:
    """UDP, TCP or TLS; user is what it calls itself, in its own domain.
    authority is the file of certificates it trusts, name whom it expects.
    """

    def __init__(self, ip, user="", domain="", transport="udp", to=None,
                 authority=None, name=None, port=0):
        self.ip, self.user, self.domain = ip, user, domain
        self.transport = transport
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.sock = socket.socket(family, kind)
        self.sock.bind((ip, port))
        if to:
            self.sock.connect(to)
        if transport == "tls":
            context = ssl.create_default_context(cafile=authority)
            self.sock = context.wrap_socket(self.sock, server_hostname=name)
        self.port = self.sock.getsockname()[1]
        self.peer = self.sock.getpeername()[:2] if to else None
        self.buffer = ""
        self.heard = set()      # what came and was expected

    def close(self):
        self.sock.close()

    @property
    def host(self):
        return f"[{self.ip}]" if ":" in self.ip else self.ip

    @property
    def uri(self):
        tail = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{self.user}@{self.host}:{self.port}{tail}"

    def aor(self):
        return f"sip:{self.user}@{self.domain}"

    # --- sending

    def send(self, text, to=None):
        data = text.encode()
        if self.transport == "udp":
            self.sock.sendto(data, to)
        else:
            self.sock.sendall(data)

    def request(self, method, uri, to, *, headers=(), call_id=None, cseq=1,
                from_uri=None, from_tag=None, to_uri=None, to_tag="",
                contact=None, body="", branch=None, forwards=70, routes=()):
        """Build and send; returns what a CANCEL, ACK or retry must repeat."""
        call = dict(call_id=call_id or fresh("call"), cseq=cseq,
                    from_uri=from_uri or self.aor(),
                    from_tag=from_tag or fresh("tag"),
                    branch=branch or fresh("z9hG4bK"), uri=uri,
                    to_uri=to_uri or uri, to=to, routes=tuple(routes))
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.host}:{self.port}"
            f";rport;branch={call['branch']}",
            f"Max-Forwards: {forwards}",
            f"From: <{call['from_uri']}>;tag={call['from_tag']}",
            f"To: <{call['to_uri']}>" + (f";tag={to_tag}" if to_tag else ""),
            f"Call-ID: {call['call_id']}",
            f"CSeq: {cseq} {method}",
        ]
        lines += [f"Route: {r}" for r in routes]
        if method not in ("CANCEL", "ACK", "BYE"):
            lines.append(f"Contact: <{contact or self.uri}>")
        lines += list(headers)
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines) + "\r\n\r\n" + body, to)
        return call

    def reply(self, req, status, reason="Test", *, tag="", headers=(),
              contact=None, body=""):
        lines = [f"SIP/2.0 {status} {reason}"]
        for name, value in req.headers:
            if name in ("via", "from", "call-id", "cseq", "record-route"):
                lines.append(f"{name}: {value}")
            elif name == "to":
                if tag and ";tag=" not in value:
                    value += f";tag={tag}"
                lines.append(f"to: {value}")
        if req.method in ("INVITE", "SUBSCRIBE") and status < 300:
            lines.append(f"Contact: <{contact or self.uri}>")
        lines += list(headers)
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines) + "\r\n\r\n" + body, req.source)

    # --- receiving

    def _next(self, deadline):
        """One message, or None at the deadline."""
        while True:
            if self.transport != "udp":
                taken = self._take()
                if taken:
                    return taken
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                if self.transport == "udp":
                    data, source = self.sock.recvfrom(65535)
                else:
                    data = self.sock.recv(65535)
            except (TimeoutError, socket.timeout):
                return None
            if self.transport != "udp":
                if not data:
                    return None
                self.buffer += data.decode()
                continue
            if data.strip(b"\0\r\n"):
                return Msg(data.decode(), source[:2])

    def _take(self):
        """A whole message off the stream's buffer, if there is one."""
        self.buffer = self.buffer.lstrip("\r\n")
        head, end, rest = self.buffer.partition("\r\n\r\n")
        if not end:
            return None
        length = re.search(r"(?im)^content-length\s*:\s*(\d+)", head)
        size = int(length.group(1)) if length else 0
        if len(rest) < size:
            return None
        self.buffer = rest[size:]
        return Msg(head + end + rest[:size], self.peer)

    def expect(self, what, *, skip=(100,), wait=WAIT):
        """The next message must be this status, or a request of this method;
        statuses in skip, NAT pings and repetitions of what came before may come
        first: a busy machine answers late."""
        deadline = time.monotonic() + wait
        while True:
            msg = self._next(deadline)
            assert msg, f"{self.user or self.ip}: {what} did not come"
            if msg.is_reply and msg.status in skip and msg.status != what:
                continue
            if not msg.is_reply and msg.method == "OPTIONS" != what:
                continue
            got = msg.status if msg.is_reply else msg.method
            if got != what and msg.text in self.heard:
                continue
            assert got == what, \
                f"{self.user or self.ip}: {what} expected, came:\n{msg.text}"
            self.heard.add(msg.text)
            return msg

    def expect_nothing(self, wait=QUIET):
        msg = self._next(time.monotonic() + wait)
        assert not msg, f"{self.user or self.ip}: nothing expected, came:\n" \
            + msg.text

    # --- what every phone does

    def ack(self, call, reply):
        """Of a negative reply: same branch, the reply's To (17.1.1.3)."""
        self.request("ACK", call["uri"], call["to"], call_id=call["call_id"],
                     cseq=call["cseq"], from_uri=call["from_uri"],
                     from_tag=call["from_tag"], to_uri=call["to_uri"],
                     to_tag=reply.tag("to"), branch=call["branch"],
                     routes=call["routes"])

    def digest(self, method, uri, reply, password, user=None):
        """The header that answers the challenge in this 401 or 407."""
        name = "WWW-Authenticate" if reply.status == 401 \
            else "Proxy-Authenticate"
        challenge = reply.header(name)
        realm = re.search(r'realm="([^"]*)"', challenge).group(1)
        nonce = re.search(r'nonce="([^"]*)"', challenge).group(1)
        user = user or self.user

        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()

        ha1 = md5(f"{user}:{realm}:{password}")
        ha2 = md5(f"{method}:{uri}")
        answer = md5(f"{ha1}:{nonce}:00000001:c0:auth:{ha2}")
        kind = "Authorization" if reply.status == 401 \
            else "Proxy-Authorization"
        return (f'{kind}: Digest username="{user}", realm="{realm}", '
                f'nonce="{nonce}", uri="{uri}", response="{answer}", '
                f'qop=auth, nc=00000001, cnonce="c0", algorithm=MD5')

    def request_with_password(self, method, uri, to, password, **options):
        """Sent, challenged, sent again: the second one's call."""
        headers = list(options.pop("headers", ()))
        user = options.pop("user", None)
        call = self.request(method, uri, to, headers=headers, **options)
        challenge = self.expect(401 if method == "REGISTER" else 407)
        if method == "INVITE":
            self.ack(call, challenge)
        options.update(call_id=call["call_id"], from_tag=call["from_tag"])
        options["cseq"] = call["cseq"] + 1
        headers.append(self.digest(method, uri, challenge, password, user))
        return self.request(method, uri, to, headers=headers, **options)

    def register(self, to, password, **options):
        self.request_with_password("REGISTER", f"sip:{self.domain}", to,
                                   password, to_uri=self.aor(),
                                   headers=["Expires: 600"], **options)
        return self.expect(200)
