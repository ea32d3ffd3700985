# SPDX-License-Identifier: GPL-2.0-or-later
"""transactions.py - requests and answers as RFC 3261 wants them, T1 = 50 ms

- UDP: requests and final answers to INVITE are sent again (17.1, 17.2, 13.3.1.4);
- 401 and 407 are answered once, 3xx is followed (8.1.3.4): the URI of the
  Contact becomes the request URI, From, To and Call-ID stay, CSeq is one
  more, no URI is tried twice;
- a connection that breaks: an answer goes out on a new one to where the Via says
  (17.2.4, 18.2.2), again if it may not have been heard; a request that waits is made again on a new one, with a CSeq of its
  own; an INVITE is a new call, after a CANCEL of what may have been heard.

Each belongs to a Ua (ua.py), which reads, writes and knows the time.
"""
import hashlib
import re
import time

from .stage import PASSWORD
from .wire import Msg

T1, T2 = 0.05, 0.4
PATIENCE = 128 * T1     # twice RFC 3261's: machines of tests stall
NEVER = float("inf")
REASONS = {100: "Trying", 180: "Ringing", 200: "OK", 481: "No Such Call",
           482: "Loop Detected", 486: "Busy Here",
           487: "Request Terminated"}


def bracketed(ip):
    return f"[{ip}]" if ":" in ip else ip


def uri_of(text):
    found = re.search(r"<([^>]+)>", text)
    return found[1] if found else text.split(";")[0].strip()


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Dialog:
    """Call-ID, tags, target and routes; from the caller's or callee's side."""

    def __init__(self, call_id, local, remote, local_tag, remote_tag="",
                 target="", routes=(), cseq=0):
        self.call_id, self.local, self.remote = call_id, local, remote
        self.local_tag, self.remote_tag = local_tag, remote_tag
        self.target, self.routes, self.cseq = target, list(routes), cseq

    @classmethod
    def of_request(cls, msg, tag):
        """What a callee makes of it (12.1.1)."""
        return cls(msg.header("call-id"), uri_of(msg.header("to")),
                   uri_of(msg.header("from")), tag, msg.tag("from"),
                   msg.contact(), recorded(msg), cseq=100)

    def learn(self, msg):
        """What a caller makes of a 2xx (12.1.2)."""
        self.remote_tag = msg.tag("to")
        self.target = msg.contact() or self.target
        self.routes = recorded(msg)[::-1]


def recorded(msg):
    """Its Record-Route, part by part."""
    return [part.strip() for value in msg.all("record-route")
            for part in value.split(",")]


class Asked:
    """A request of ours, through challenges and redirects, and its answer."""

    def __init__(self, ua, method, dialog, headers, body, hop, follows=True):
        self.ua, self.method, self.dialog = ua, method, dialog
        self.headers, self.body, self.hop = list(headers), body, hop
        self.credentials, self.tried = "", {dialog.target}
        self.follows = follows
        self.initial = not dialog.remote_tag
        self.statuses, self.final = [], None
        self.rounds = 0         # how often it was made anew
        self.made = 0           # the same, for the judge
        self.heard_of = False   # a provisional answer to this round
        self.cancelled = self.acked = None
        self.message = None     # the Sent that is on its way
        self.go()

    def go(self):
        self.dialog.cseq += 1
        self.cseq = self.dialog.cseq
        self.message = Sent(self.ua, self.method, self)

    def heard(self, msg):
        if self.final:
            return
        if msg.status < 200:
            self.heard_of = True
            if msg.status > 100:
                self.statuses.append(msg.status)
            return
        self.statuses.append(msg.status)
        if msg.status in (401, 407) and not self.credentials:
            self.credentials = digest(self.ua.user, self.method,
                                      self.dialog.target, msg)
            self.go()
        elif 300 <= msg.status < 400 and self.follows and self._follow(msg):
            self.go()
        else:
            self.final = msg
            if msg.status < 300 and self.method in ("INVITE", "SUBSCRIBE"):
                self._learn(msg)

    def _learn(self, msg):
        """Of a 2xx: the dialog, or its new target (12.2.1.2)."""
        if self.initial:
            self.dialog.learn(msg)
            self.ua.dialogs[self.dialog.call_id,
                            self.dialog.local_tag] = self.dialog
        else:
            self.dialog.target = msg.contact() or self.dialog.target

    def _follow(self, msg):
        target = msg.contact()
        if not target or target in self.tried:
            return False
        self.tried.add(target)
        self.dialog.target, self.credentials = target, ""
        self.hop = None
        return True

    def lost(self):
        """Its connection has broken while it waited."""
        self.ua.facts.append(f"{self.method} broken")
        if self.rounds >= 3:
            self.gave_up("gave up")
            return
        self.rounds, self.made = self.rounds + 1, self.made + 1
        if self.method == "INVITE" and self.initial:
            self.cancel()
            self.dialog.call_id += "x"
            self.dialog.local_tag += "x"
            self.heard_of = False
        self.statuses.clear()
        self.go()

    def gave_up(self, why):
        self.final = Msg(f"SIP/2.0 408 {why}\r\nCSeq: 1 {self.method}\r\n\r\n",
                         None)
        self.statuses.append(why)

    def cancel(self):
        self.cancelled = Sent(self.ua, "CANCEL", self, of=self.message)
        return self.cancelled

    def ack(self):
        """Of a 2xx: a transaction of its own, sent again with each 2xx."""
        if self.acked:
            self.acked.send(again=True)
        else:
            self.acked = Sent(self.ua, "ACK", self)


class Sent:
    """A client transaction."""

    def __init__(self, ua, method, asked, of=None):
        self.ua, self.method, self.asked = ua, method, asked
        self.branch = of.branch if of else ua.fresh("z9hG4bK")
        self.final, self.statuses = None, set()
        self.interval, self.at, self.ends = T1, NEVER, NEVER
        self.conn = None
        # an answer names the branch and the method
        ua.sent[self.branch, method] = self
        self.hop = of.hop if of else ua.next_hop(asked, method)
        self.text = of.canceller() if of else None
        self.send()

    def send(self, again=False):
        self.conn = self.ua.reach(self.hop)
        if not self.text:
            self.text = self.ua.request_text(self.asked, self.method,
                                             self.branch, self.conn)
        if not again:
            now = time.monotonic()
            self.ends = NEVER if self.method == "ACK" else now + PATIENCE
            if self.ua.transport == "udp" and self.method != "ACK":
                self.at = now + self.interval
        self.ua.transmit(self.text, self.conn, self.hop,
                         None if again else self.method)

    def canceller(self):
        """Its CANCEL (9.1)."""
        lines = self.text.split("\r\n\r\n")[0].split("\r\n")
        method = lines[0].split()[0]
        lines = [line for line in lines if line.split(":")[0] in (
            "Via", "From", "To", "Call-ID", "CSeq", "Route", "Max-Forwards",
            "User-Agent") or line == lines[0]]
        return "\r\n".join(lines).replace(
            f"{method} ", "CANCEL ", 1).replace(
            f" {method}\r\n", " CANCEL\r\n") + \
            "\r\nContent-Length: 0\r\n\r\n"

    def is_news(self, msg):
        """Has this answer not been heard before?"""
        new = not self.final and msg.status not in self.statuses
        self.statuses.add(msg.status)
        return new

    def heard(self, msg):
        if msg.status < 200:
            if not self.final:
                self.at = NEVER if self.method == "INVITE" else \
                    time.monotonic() + T2
                self.ends = NEVER if self.method == "INVITE" else self.ends
                self.asked.heard(msg)
            return
        again, self.final = self.final, msg
        self.at = self.ends = NEVER
        if self.method == "INVITE":
            self._acknowledge(msg, again)
        if not again and self.method != "CANCEL" and \
                self is self.asked.message:
            self.asked.heard(msg)

    def _acknowledge(self, msg, again):
        """A final answer that is not 2xx, by the transaction (17.1.1.3)."""
        if msg.status < 300:
            if again and self is self.asked.message:
                self.asked.ack()
            return
        text = self.canceller().replace("CANCEL ", "ACK ", 1).replace(
            " CANCEL\r\n", " ACK\r\n")
        text = re.sub(r"(?m)^To: .*\r$", f"To: {msg.header('to')}\r", text)
        if again:
            self.ua.transmit(text, self.ua.reach(self.hop), self.hop, None)
        else:
            self.ua.transmit(text, self.ua.reach(self.hop), self.hop, "ACK")

    def tick(self, now):
        if self.at <= now:
            self.interval = self.interval * 2 if self.method == "INVITE" \
                else min(self.interval * 2, T2)
            self.at = now + self.interval
            self.send(again=True)
        if self.ends <= now:
            self.at = self.ends = NEVER
            if self.method == "CANCEL":
                self.ua.facts.append("CANCEL unanswered")
            elif self is self.asked.message:
                self.asked.gave_up("no answer")

    def lost(self):
        if self.final or self.ends == self.at == NEVER and \
                self.method == "ACK":
            return
        if self.method == "CANCEL":
            self.ua.facts.append("CANCEL broken")
            if self.interval < 8 * T1:
                self.interval *= 2
                self.send(again=True)
        elif self is self.asked.message:
            self.final = True
            self.asked.lost()


class Served:
    """A server transaction: a request that was heard, and our answers to it."""

    def __init__(self, ua, msg, conn):
        self.ua, self.msg, self.conn, self.method = ua, msg, conn, msg.method
        self.tag = msg.tag("to") or ua.fresh("t")
        self.text, self.status = "", 0
        self.interval, self.at, self.ends = T1, NEVER, NEVER
        self.answered_at, self.acked, self.cancelled = 0, False, False
        self.dialog = None

    def answer(self, status, headers=(), body="", point=True):
        lines = [f"SIP/2.0 {status} {REASONS.get(status, 'Test')}"]
        for name, value in self.msg.headers:
            if name in ("via", "from", "call-id", "cseq", "record-route"):
                lines.append(f"{name}: {value}")
            elif name == "to":
                lines.append("To: " + value + (
                    "" if ";tag=" in value else f";tag={self.tag}"))
        self.conn = self._way()
        if self.method in ("INVITE", "SUBSCRIBE", "NOTIFY") and status < 300:
            lines.append(f"Contact: <{self.ua.contact}>")
        self.text = "\r\n".join([*lines, *headers, *with_body(body)])
        self.status, self.answered_at = status, time.monotonic()
        if self.method == "INVITE" and status >= 200:
            now = time.monotonic()
            self.ends, self.at = now + PATIENCE, now + self.interval
            if self.ua.transport != "udp" and status >= 300:
                self.at = NEVER
        self.ua.transmit(self.text, self.conn, self.msg.source,
                         str(status) if point else None)

    def _way(self):
        """The connection it came by, or one to where its Via says (18.2.2)."""
        if self.conn.alive:
            return self.conn
        via = re.search(r"SIP/2.0/\w+\s+(\[[^]]+\]|[^\s;:]+)(?::(\d+))?",
                        self.msg.header("via"))
        host = via[1].strip("[]")
        port = int(via[2] or (5061 if self.ua.transport == "tls" else 5060))
        return self.ua.reach((self.ua.address(host), port))

    def is_fresh(self):
        """May the last answer not have been heard?"""
        return self.text and not self.acked and (
            self.method == "INVITE" or
            time.monotonic() - self.answered_at < 64 * T1)

    def again(self):
        if self.text:
            self.conn = self._way()
            self.ua.transmit(self.text, self.conn, self.msg.source, None)

    def tick(self, now):
        if self.at <= now:
            self.interval = min(self.interval * 2, T2)
            self.at = now + self.interval
            self.again()
        if self.ends <= now:
            self.at = self.ends = NEVER
            self.ua.facts.append(f"{self.status} to INVITE without ACK")
            if self.status < 300:
                self.ua.ask_within(self.ua.dialog_of(self), "BYE")

    def acknowledged(self):
        self.at = self.ends = NEVER
        self.acked = True


def with_body(body):
    kind = ["Content-Type: application/sdp"] if body.startswith("v=0") else \
        ["Content-Type: text/plain"] if body else []
    return [*kind, f"Content-Length: {len(body)}", "", body]


def digest(user, method, uri, msg):
    """The header that answers the challenge."""
    name = "WWW-Authenticate" if msg.status == 401 else "Proxy-Authenticate"
    said = msg.header(name)
    realm, nonce = [re.search(rf'{key}="([^"]*)"', said)[1]
                    for key in ("realm", "nonce")]
    answer = md5(":".join((md5(f"{user}:{realm}:{PASSWORD}"), nonce,
                           "00000001", "c0", "auth", md5(f"{method}:{uri}"))))
    kind = name.replace("WWW-Authenticate", "Authorization").replace(
        "Proxy-Authenticate", "Proxy-Authorization")
    return (f'{kind}: Digest username="{user}", realm="{realm}", '
            f'nonce="{nonce}", uri="{uri}", response="{answer}", qop=auth, '
            'nc=00000001, cnonce="c0", algorithm=MD5')
