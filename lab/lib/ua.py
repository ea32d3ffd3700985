# SPDX-License-Identifier: GPL-2.0-or-later
"""ua.py - a scripted phone

A Ua sends requests and answers them as a case tells it to; transactions.py has
what a phone does by itself, and besides: one that is registered by a connection
that breaks registers again, and OPTIONS is answered, as NAT wants it.

What it saw as a user would is in facts, all messages are in trace.  Each message
that is sent or heard for the first time is a point of the flow, told to passed().
"""
import itertools
import re
import time

from .stage import domain
from .transactions import NEVER, Asked, Dialog, Served, bracketed, uri_of, \
    with_body
from .wire import Conn, Datagrams


class Ua:
    """agent: its User-Agent; service: where its registrar and proxy is."""

    def __init__(self, stage, loop, user, ip, transport, agent, name, mark):
        self.stage, self.loop, self.user = stage, loop, user
        self.ip, self.transport, self.agent = ip, transport, agent
        self.name, self.mark = name, mark   # mark: unique to the case
        self.proxied = False    # all it sends goes to the service
        self.serial = itertools.count(1)
        self.sent, self.served, self.inbox = {}, {}, []
        self.dialogs = {}       # (Call-ID, own tag) -> Dialog
        self.conns, self.facts, self.trace = {}, [], []
        self.resets, self.registered = 0, None
        self.passed = lambda label: None
        self.around = lambda to, conn, send: send()
        self.flipped = False
        self.deaf, self.lost = lambda msg: False, None
        self.socket = Datagrams(loop, ip, 5060, self.heard) \
            if transport == "udp" else None
        loop.phones.append(self)

    # --- names

    @property
    def service(self):
        ip = self.stage.hosts[domain][":" in self.ip]
        return ip, 5061 if self.transport == "tls" else 5060

    @property
    def aor(self):
        return f"sip:{self.user}@{domain}"

    def fresh(self, prefix):
        return f"{prefix}{self.mark}{next(self.serial)}"

    @property
    def contact(self):
        """Stays what it is, whatever connection there is."""
        tail = "" if self.transport == "udp" else \
            f";transport={self.transport}"
        return f"sip:{self.user}@{bracketed(self.ip)}:5060{tail}"

    def address(self, host):
        """Of our family: what DNS would say."""
        if host in self.stage.hosts:
            return self.stage.hosts[host][":" in self.ip]
        return host

    def next_hop(self, asked, method):
        """To where; a 302 says another place, a dialog the first of its routes."""
        if self.proxied:
            return self.service
        if asked.hop and method != "ACK":
            return asked.hop
        uri = uri_of(asked.dialog.routes[0]) if asked.dialog.routes else \
            asked.dialog.target
        found = re.match(r"sips?:(?:[^@]*@)?(\[[^]]+\]|[^:;?]+)(?::(\d+))?",
                         uri)
        port = int(found[2] or (5061 if self.transport == "tls" else 5060))
        return self.address(found[1].strip("[]")), port

    # --- sending

    def reach(self, hop):
        """The socket, or a connection to there."""
        if self.socket:
            return self.socket
        conn = self.conns.get(hop)
        if not conn or not conn.alive:
            tls = self.stage.tls if self.transport == "tls" else None
            conn = self.conns[hop] = Conn(
                self.loop, self.ip, hop, self.heard, self.broken, tls,
                self.stage.named.get(hop[0]))
        return conn

    def transmit(self, text, conn, to, label):
        self.note(">", to, text)
        self.around(to, conn, lambda: conn.send(text, to))
        if label:
            self.passed(label)

    def request_text(self, asked, method, branch, conn):
        dialog, uri = asked.dialog, asked.dialog.target
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {bracketed(self.ip)}:"
            f"{conn.port};rport;branch={branch}",
            "Max-Forwards: 70",
            f"From: <{dialog.local}>;tag={dialog.local_tag}",
            f"To: <{dialog.remote}>" + (
                f";tag={dialog.remote_tag}" if dialog.remote_tag and (
                    not asked.initial or method == "ACK") else ""),
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {asked.cseq} {method}",
            f"User-Agent: {self.agent}"]
        if not asked.initial or method == "ACK":
            lines += [f"Route: {route}" for route in dialog.routes]
        if method != "ACK":
            lines.append(f"Contact: <{self.contact}>")
            lines += asked.headers
        if asked.credentials:
            lines.append(asked.credentials)
        return "\r\n".join([*lines, *with_body(
            asked.body if method != "ACK" else "")])

    # --- what a script asks for

    def ask(self, method, to_uri, *, headers=(), body="", call_id=None,
            target=None, follows=True):
        """A request out of a dialog, to the service."""
        dialog = Dialog(call_id or self.fresh("c"), self.aor,
                        to_uri, self.fresh("f"), target=target or to_uri)
        return Asked(self, method, dialog, headers, body, self.service,
                     follows)

    def ask_within(self, dialog, method, *, headers=(), body=""):
        return Asked(self, method, dialog, headers, body, None)

    def register(self, expires=600):
        self.registered = self.ask(
            "REGISTER", self.aor, headers=[f"Expires: {expires}"],
            target=f"sip:{domain}")
        return self.registered

    def dialog_of(self, served):
        """The one a request has made or is of; its Contact is the new target."""
        key = served.msg.header("call-id"), served.tag
        if key not in self.dialogs:
            self.dialogs[key] = Dialog.of_request(served.msg, served.tag)
        self.dialogs[key].target = served.msg.contact() or \
            self.dialogs[key].target
        return self.dialogs[key]

    def take(self, method):
        """The next request of this method nobody has taken yet, or None."""
        for served in self.inbox:
            if served.method == method:
                self.inbox.remove(served)
                return served
        return None

    # --- hearing

    def heard(self, msg, conn):
        if self.deaf(msg):
            self.deaf, self.lost = lambda msg: False, msg
            self.note("lost", msg.source, msg.text)
            return
        self.note("<", msg.source, msg.text)
        if msg.is_reply:
            self._reply(msg)
        elif msg.method == "ACK":
            self._ack(msg)
        else:
            self._request(msg, conn)

    def _reply(self, msg):
        branch = re.search(r"branch=([^;\s,]+)", msg.header("via"))
        sent = self.sent.get((branch[1] if branch else "", msg.method))
        if not sent:
            self.facts.append(f"answer to nothing: {msg.first}")
            return
        if sent.is_news(msg):
            self.passed(f"<{msg.status}" + (
                "/CANCEL" if msg.method == "CANCEL" else ""))
        sent.heard(msg)

    def _ack(self, msg):
        for served in self.served.values():
            if served.method == "INVITE" and served.status >= 200 and \
                    served.msg.header("call-id") == msg.header("call-id") \
                    and served.msg.header("cseq").split()[0] == \
                    msg.header("cseq").split()[0]:
                if not served.acked:
                    served.acknowledged()
                    self.facts.append("ACK")
                    self.passed("<ACK")
                return
        self.facts.append("ACK of nothing")

    def _request(self, msg, conn):
        branch = re.search(r"branch=([^;\s,]+)", msg.header("via"))[1]
        served = self.served.get((branch, msg.method))
        if served:
            served.again()
            return
        served = self.served[branch, msg.method] = Served(self, msg, conn)
        if msg.method == "OPTIONS":
            served.answer(200, point=False)
            return
        self.facts.append(msg.method)
        self.passed(f"<{msg.method}")
        if msg.method == "CANCEL":
            self._cancelled(served, self.served.get((branch, "INVITE")))
            return
        if msg.method == "INVITE" and any(
                other is not served and other.method == "INVITE" and all(
                    other.msg.header(name) == msg.header(name)
                    for name in ("call-id", "cseq", "from"))
                for other in self.served.values()):
            self.facts.append("the same INVITE twice")
            served.answer(482)
            return
        if msg.tag("to") and msg.method == "INVITE":
            self.dialog_of(served)      # a target refresh (12.2.2)
        self.inbox.append(served)

    def _cancelled(self, served, invite):
        if not invite:
            served.answer(481)
            return
        served.answer(200)
        if invite.status < 200:
            invite.cancelled = True
            invite.answer(487)

    # --- time and trouble

    def due(self):
        return min([NEVER, *[min(x.at, x.ends) for x in (
            *self.sent.values(), *self.served.values())]])

    def tick(self, now):
        for one in (*self.sent.values(), *self.served.values()):
            if one.at <= now or one.ends <= now:
                one.tick(now)

    def broken(self, conn):
        self.resets += 1
        self.note("broken", conn.to, "\r\n")
        self.conns = {to: c for to, c in self.conns.items() if c is not conn}
        waiting = [sent for sent in self.sent.values()
                   if sent.conn is conn and not sent.final]
        unheard = [served for served in self.served.values()
                   if served.conn is conn and served.is_fresh()]
        if self.registered and self.registered.message.conn is conn and \
                self.registered.final:
            self.register()
        for served in unheard:
            served.again()      # 17.2.4
        for sent in waiting:
            sent.lost()

    def note(self, way, where=None, text=""):
        self.trace.append((time.monotonic(), way, where, text))

    def close(self):
        self.loop.phones.remove(self)
        for conn in [*self.conns.values(), *([self.socket] if self.socket
                                              else ())]:
            conn.close()
